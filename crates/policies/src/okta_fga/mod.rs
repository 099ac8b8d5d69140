//! `openfga` for Okta FGA: where its servers are follows from the region.

use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Exchange, Policy, Request, Step};

use crate::openfga::{Credentials, DENIED, OpenFga, UNAVAILABLE};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind = PolicyKind::of::<OktaFga>("okta-fga", Direction::Inbound, include_str!("docs.md"))
    .exports(&["OktaFGAAuthZInboundPolicy"])
    .secrets(&["/credentials/clientSecret"])
    .reasons(&[&DENIED, &UNAVAILABLE]);

/// Which store is asked.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// The region of the store.
    region: Region,
    /// The id of the store.
    store_id: String,
    /// The id of the authorization model.
    authorization_model_id: String,
    /// The client that the gateway is there.
    credentials: Client,
    /// Whether requests go on that are not allowed, or of which nobody knows it; the log says so. Default: false.
    #[serde(default)]
    allow_unauthorized_requests: bool,
}

/// A region.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Region {
    /// United States.
    Us1,
    /// Europe.
    Eu1,
    /// Australia.
    Au1,
}

/// A client of Okta FGA.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Client {
    /// Its id.
    client_id: String,
    /// Its secret. Take it from the environment: `$env(NAME)`.
    client_secret: String,
}

/// See the module.
#[derive(Debug)]
struct OktaFga(OpenFga);

impl Configure for OktaFga {
    type Options = Options;

    fn configure(options: Options, _: &BuildContext<'_>) -> Result<Self, BuildError> {
        let region = match options.region {
            Region::Us1 => "us1",
            Region::Eu1 => "eu1",
            Region::Au1 => "au1",
        };
        let url = format!("https://api.{region}.fga.dev");
        let Client { client_id, client_secret } = options.credentials;
        let audience = Some(format!("{url}/"));
        let credentials =
            Credentials::oauth(client_id, client_secret, "https://auth.fga.dev/oauth/token", audience, "/region")?;
        let lenient = options.allow_unauthorized_requests;
        OpenFga::new(&url, &options.store_id, options.authorization_model_id, credentials, lenient).map(Self)
    }
}

impl Policy for OktaFga {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        self.0.on_request(exchange, request)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{Reply, Room, passed, request, run};

    #[tokio::test]
    async fn the_servers_of_the_region_are_asked() {
        let mut room = Room::new();
        let server = room.serve(|asked| match asked.url.as_str() {
            "https://auth.fga.dev/oauth/token" => Reply::Json(200, json!({ "access_token": "t", "expires_in": 60 })),
            _ => Reply::Json(200, json!({ "allowed": true })),
        });
        let options = json!({ "region": "eu1", "storeId": "S", "authorizationModelId": "M",
            "credentials": { "clientId": "a", "clientSecret": "b" } });
        let policy = room.build(&KIND, options).unwrap();
        let (mut exchange, mut asked) = (room.exchange(), request(&[]));
        let check = json!({ "user": "user:alice", "relation": "viewer", "object": "folder:a" });
        exchange.ledger.notes.insert("OpenFGAAuthZInboundPolicy.checks".to_owned(), check);
        passed(run(&policy, &mut exchange, &mut asked).await);
        let asked = server.asked();
        assert!(asked[0].body.contains("audience=https%3A%2F%2Fapi.eu1.fga.dev%2F"), "{}", asked[0].body);
        assert_eq!(asked[1].url, "https://api.eu1.fga.dev/stores/S/check");
        assert_eq!(asked[1].field("authorization"), "Bearer t");
    }
}
