//! Lets a request through only with an ID token of a Firebase project, and says who sent it.
//!
//! `open-id-jwt-auth` with the issuer and its keys filled in.

use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Exchange, Policy, Request, Step};

use crate::open_id_jwt_auth::{OpenIdJwtAuth, REASONS};
use crate::preset::{Provider, demands, plain};

/// Where Google publishes the keys of all projects.
pub(crate) const KEYS: &str =
    "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<FirebaseJwtAuth>("firebase-jwt-auth", Direction::Inbound, include_str!("docs.md"))
        .exports(&["FirebaseJwtInboundPolicy"])
        .authenticates()
        .reasons(REASONS);

/// Whose tokens are good.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// The id of the Firebase project: `example-1234`.
    project_id: String,
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
struct FirebaseJwtAuth(OpenIdJwtAuth);

impl Configure for FirebaseJwtAuth {
    type Options = Options;

    fn configure(options: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        let demands = demands(options.allow_unauthenticated_requests, options.o_auth_resource_metadata_enabled);
        let project = plain(&options.project_id, "/projectId", "the id of a project")?;
        let provider = Provider {
            issuer: format!("https://securetoken.google.com/{project}"),
            // One set of keys for all projects: issuer and audience tell them apart.
            key_set: Some(KEYS.to_owned()),
            audience: Some(project.to_owned()),
        };
        provider.policy("/projectId", demands, context).map(Self)
    }
}

impl Policy for FirebaseJwtAuth {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        self.0.on_request(exchange, request)
    }
}
