//! Lets a request through only with a token of PropelAuth, and says who sent it.
//!
//! `open-id-jwt-auth` with the issuer and its keys filled in.

use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::services::VerifierSettings;
use tollgate_core::{Exchange, Policy, Request, Step};

use crate::open_id_jwt_auth::{OpenIdJwtAuth, REASONS};
use crate::preset::{demands, issuer_url};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<PropelAuthJwtAuth>("propel-auth-jwt-auth", Direction::Inbound, include_str!("docs.md"))
        .exports(&["PropelAuthJwtInboundPolicy"])
        .authenticates()
        .reasons(REASONS);

/// Whose tokens are good.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// The auth URL of the project: `https://auth.example.com`.
    auth_url: String,
    /// The public key that tokens are verified with, as PEM. In one line, its line breaks are written `\\n`.
    verifier_key: String,
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
struct PropelAuthJwtAuth(OpenIdJwtAuth);

impl Configure for PropelAuthJwtAuth {
    type Options = Options;

    fn configure(options: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        let demands = demands(options.allow_unauthenticated_requests, options.o_auth_resource_metadata_enabled);
        let settings = VerifierSettings {
            issuer: Some(issuer_url(&options.auth_url, "/authUrl")?),
            public_key: Some(options.verifier_key),
            ..VerifierSettings::default()
        };
        OpenIdJwtAuth::with(&settings, demands, context)
            .map(Self)
            .map_err(|error| BuildError { pointer: "/verifierKey".to_owned(), ..error })
    }
}

impl Policy for PropelAuthJwtAuth {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        self.0.on_request(exchange, request)
    }
}
