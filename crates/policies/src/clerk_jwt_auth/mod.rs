//! Lets a request through only with a session token of Clerk, and says who sent it.
//!
//! `open-id-jwt-auth` with the issuer and its keys filled in.

use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Exchange, Policy, Request, Step};

use crate::open_id_jwt_auth::{OpenIdJwtAuth, REASONS};
use crate::preset::{Provider, demands, issuer_url};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<ClerkJwtAuth>("clerk-jwt-auth", Direction::Inbound, include_str!("docs.md"))
        .exports(&["ClerkJwtInboundPolicy"])
        .authenticates()
        .reasons(REASONS);

/// Whose tokens are good.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// The frontend API URL of the instance: `https://example.clerk.accounts.dev`.
    frontend_api_url: String,
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
struct ClerkJwtAuth(OpenIdJwtAuth);

impl Configure for ClerkJwtAuth {
    type Options = Options;

    fn configure(options: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        let demands = demands(options.allow_unauthenticated_requests, options.o_auth_resource_metadata_enabled);
        let issuer = issuer_url(&options.frontend_api_url, "/frontendApiUrl")?;
        let provider = Provider { key_set: Some(format!("{issuer}/.well-known/jwks.json")), issuer, audience: None };
        provider.policy("/frontendApiUrl", demands, context).map(Self)
    }
}

impl Policy for ClerkJwtAuth {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        self.0.on_request(exchange, request)
    }
}
