//! Lets a request through only with a token of an Auth0 tenant, and says who sent it.
//!
//! `open-id-jwt-auth` with the issuer and its keys filled in.

use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Exchange, Policy, Request, Step};

use crate::open_id_jwt_auth::{OpenIdJwtAuth, REASONS};
use crate::preset::{Provider, demands, plain};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<Auth0JwtAuth>("auth0-jwt-auth", Direction::Inbound, include_str!("docs.md"))
        .exports(&["Auth0JwtInboundPolicy"])
        .authenticates()
        .reasons(REASONS);

/// Whose tokens are good.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// The domain of the tenant, without a scheme: `example.eu.auth0.com`, or a domain of your own.
    auth0_domain: String,
    /// The `aud` that tokens must have, among others. Without it, a token that the issuer has signed for anyone
    /// is good here.
    audience: Option<String>,
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
struct Auth0JwtAuth(OpenIdJwtAuth);

impl Configure for Auth0JwtAuth {
    type Options = Options;

    fn configure(options: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        let demands = demands(options.allow_unauthenticated_requests, options.o_auth_resource_metadata_enabled);
        let domain = plain(&options.auth0_domain, "/auth0Domain", "the domain of a tenant")?;
        // Auth0 writes its issuer with the slash.
        let provider = Provider {
            issuer: format!("https://{domain}/"),
            key_set: Some(format!("https://{domain}/.well-known/jwks.json")),
            audience: options.audience,
        };
        provider.policy("/auth0Domain", demands, context).map(Self)
    }
}

impl Policy for Auth0JwtAuth {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        self.0.on_request(exchange, request)
    }
}
