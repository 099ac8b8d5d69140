//! Lets a request through only with a token of a user pool of Amazon Cognito, and says who sent it.
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
    PolicyKind::of::<CognitoJwtAuth>("cognito-jwt-auth", Direction::Inbound, include_str!("docs.md"))
        .exports(&["CognitoJwtInboundPolicy"])
        .authenticates()
        .reasons(REASONS);

/// Whose tokens are good.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// The region of the user pool: `eu-central-1`.
    region: String,
    /// The id of the user pool: `eu-central-1_Abc123`.
    user_pool_id: String,
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
struct CognitoJwtAuth(OpenIdJwtAuth);

impl Configure for CognitoJwtAuth {
    type Options = Options;

    fn configure(options: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        let demands = demands(options.allow_unauthenticated_requests, options.o_auth_resource_metadata_enabled);
        let region = plain(&options.region, "/region", "a region")?;
        let pool = plain(&options.user_pool_id, "/userPoolId", "the id of a user pool")?;
        let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let issuer = format!("https://cognito-idp.{region}.{domain}/{pool}");
        let provider = Provider { key_set: Some(format!("{issuer}/.well-known/jwks.json")), issuer, audience: None };
        provider.policy("/userPoolId", demands, context).map(Self)
    }
}

impl Policy for CognitoJwtAuth {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        self.0.on_request(exchange, request)
    }
}
