//! Puts a secret of the gateway's own on the request, by which the upstream knows the gateway.
//!
//! Where the backend can verify tokens, `upstream-jwt` is better: nothing there lives long enough to leak.

use http::header::{HeaderName, HeaderValue};
use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Exchange, Policy, Request, Step};

use crate::header_fields::field_name;

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<SetUpstreamApiKey>("set-upstream-api-key", Direction::Inbound, include_str!("docs.md"))
        .exports(&["SetUpstreamApiKeyInboundPolicy"])
        .shorthand("value")
        .secrets(&["/value"]);

/// Which secret, and where.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Options {
    /// The value of the field, with its scheme where it needs one: `Bearer $env(UPSTREAM_KEY)`. It may stand in
    /// place of all options.
    value: String,
    /// The header field. Default: Authorization.
    #[serde(default = "authorization")]
    header: String,
    /// Whether it replaces a field that the client sent. Otherwise the client's goes on, and the secret stays
    /// here. Default: true.
    #[serde(default = "yes")]
    overwrite: bool,
}

fn authorization() -> String {
    "Authorization".to_owned()
}

const fn yes() -> bool {
    true
}

/// See the module. The value is sensitive, so that its debug form hides it.
#[derive(Debug)]
struct SetUpstreamApiKey {
    /// `None` where a project of the Zuplo form names a field that no policy may set.
    header: Option<HeaderName>,
    value: HeaderValue,
    overwrite: bool,
}

impl Configure for SetUpstreamApiKey {
    type Options = Options;

    fn configure(options: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        if options.value.trim().is_empty() {
            // Without the secret the upstream would be asked as nobody, and the client's own would not be taken off.
            return Err(BuildError::at("/value", "the secret is empty").help("give it: `$env(NAME)`"));
        }
        let mut value = HeaderValue::from_str(&options.value).map_err(|_| {
            BuildError::at("/value", "the secret has a character that no header field may hold")
                .help("header fields hold visible characters, spaces and tabs; no line breaks")
        })?;
        value.set_sensitive(true);
        let header = field_name(&options.header, "/header", context)?;
        Ok(Self { header, value, overwrite: options.overwrite })
    }
}

impl Policy for SetUpstreamApiKey {
    fn on_request<'a>(&'a self, _: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        if let Some(header) = &self.header
            && (self.overwrite || !request.headers().contains_key(header))
        {
            request.headers_mut().insert(header, self.value.clone());
        }
        Step::CONTINUE
    }
}
