//! Lets a request through only with a token of a Supabase project, and says who sent it.
//!
//! `open-id-jwt-auth` with the issuer and its keys filled in.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::services::VerifierSettings;
use tollgate_core::{Exchange, Policy, Request, Step};

use crate::open_id_jwt_auth::{
    CLAIM, Demands, EXPIRED, KEYS_UNAVAILABLE, MALFORMED, MISSING, OpenIdJwtAuth, REQUIRED_CLAIM, SIGNATURE,
};
use crate::preset::demands;

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<SupabaseJwtAuth>("supabase-jwt-auth", Direction::Inbound, include_str!("docs.md"))
        .exports(&["SupabaseJwtInboundPolicy"])
        .authenticates()
        .secrets(&["/secret"])
        .reasons(&[&MISSING, &MALFORMED, &SIGNATURE, &EXPIRED, &CLAIM, &REQUIRED_CLAIM, &KEYS_UNAVAILABLE]);

/// Whose tokens are good.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// The JWT secret of the project, which its tokens are signed with (HS256).
    secret: String,
    /// Claims that a token must have, and the values of which each must have one: `{ role: [authenticated] }`.
    /// A dotted path names a claim inside of another; of a list, one entry must have a value.
    #[serde(default)]
    #[schemars(with = "std::collections::BTreeMap<String, Vec<Value>>")]
    required_claims: IndexMap<String, Vec<Value>>,
    /// Whether requests without a good token go on, without a user. A wrong token is then like none. Default:
    /// false.
    #[serde(default)]
    allow_unauthenticated_requests: bool,
    /// Whether the challenge of a 401 names the metadata of this resource (RFC 9728), as MCP clients expect.
    /// Default: false.
    #[serde(default)]
    o_auth_resource_metadata_enabled: bool,
}

/// See the module.
#[derive(Debug)]
struct SupabaseJwtAuth(OpenIdJwtAuth);

impl Configure for SupabaseJwtAuth {
    type Options = Options;

    fn configure(options: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        let demands = demands(options.allow_unauthenticated_requests, options.o_auth_resource_metadata_enabled);
        if options.secret.is_empty() {
            return Err(BuildError::at("/secret", "the secret is empty").help("give it: `$env(NAME)`"));
        }
        if let Some((claim, _)) = options.required_claims.iter().find(|(_, values)| values.is_empty()) {
            let pointer = format!("/requiredClaims/{}", claim.replace('~', "~0").replace('/', "~1"));
            return Err(BuildError::at(pointer, "no token would be good without a value that it may have")
                .help("give the values, or take the claim out"));
        }
        let settings = VerifierSettings { secret: Some(options.secret), ..VerifierSettings::default() };
        let demands = Demands { claims: options.required_claims.into_iter().collect(), ..demands };
        OpenIdJwtAuth::with(&settings, demands, context).map(Self)
    }
}

impl Policy for SupabaseJwtAuth {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        self.0.on_request(exchange, request)
    }
}
