//! Lets a request through only with a token of Okta, and says who sent it.
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
    PolicyKind::of::<OktaJwtAuth>("okta-jwt-auth", Direction::Inbound, include_str!("docs.md"))
        .exports(&["OktaJwtInboundPolicy"])
        .authenticates()
        .reasons(REASONS);

/// Whose tokens are good.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// The URL of the authorization server: `https://example.okta.com/oauth2/default`.
    issuer_url: String,
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
struct OktaJwtAuth(OpenIdJwtAuth);

impl Configure for OktaJwtAuth {
    type Options = Options;

    fn configure(options: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        let demands = demands(options.allow_unauthenticated_requests, options.o_auth_resource_metadata_enabled);
        let provider = Provider {
            issuer: issuer_url(&options.issuer_url, "/issuerUrl")?,
            // Where they are depends on the kind of server; its discovery document says so.
            key_set: None,
            audience: options.audience,
        };
        provider.policy("/issuerUrl", demands, context).map(Self)
    }
}

impl Policy for OktaJwtAuth {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        self.0.on_request(exchange, request)
    }
}
