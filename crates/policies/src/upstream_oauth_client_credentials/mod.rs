//! Puts a token on the request that an OAuth server gives to the gateway (RFC 6749 §4.4).
//!
//! The token says who the gateway is, not who calls. Where the backend can verify the gateway's own tokens,
//! `upstream-jwt` needs no third party and tells it about the caller.

use std::collections::BTreeMap;
use std::fmt;

use http::header::{HeaderName, HeaderValue};
use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Exchange, Fault, Flow, Policy, Problem, Reason, Request, Step};

use crate::client_credentials::{Grant, Place, Tokens, parameters, token_url};
use crate::header_fields::field_name;

/// The most often that a server is asked again.
const MOST_RETRIES: u8 = 10;

/// There is no token.
pub static UNAVAILABLE: Reason = Reason {
    name: "oauth.token_unavailable",
    code: "unavailable",
    status: 503,
    title: "Service Unavailable",
    fault: Fault::Gateway,
    meaning: "The OAuth server gave no token for the upstream, and there is no earlier one that is still good.",
    fix: "The log has what it said; compare `tokenUrl`, `clientId`, `clientSecret` and `scope` of the policy with what the server knows.",
};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind = PolicyKind::of::<UpstreamOAuthClientCredentials>(
    "upstream-oauth-client-credentials",
    Direction::Inbound,
    include_str!("docs.md"),
)
.exports(&["UpstreamOAuthClientCredentialsInboundPolicy"])
.secrets(&["/clientSecret"])
.reasons(&[&UNAVAILABLE]);

/// Who gives the token, to whom, and where it goes.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// The URL of the server's token endpoint.
    token_url: String,
    /// The id of the client that the gateway is there.
    client_id: String,
    /// Its secret. Take it from the environment: `$env(NAME)`.
    client_secret: String,
    /// The scopes to ask for, with spaces between them.
    scope: Option<String>,
    /// The audience to ask for, where the server wants one.
    audience: Option<String>,
    /// Where id and secret are sent. Default: body.
    #[serde(default)]
    credentials_in: Place,
    /// Further parameters of the request for a token.
    #[serde(default)]
    additional_parameters: BTreeMap<String, String>,
    /// The header field that the upstream gets the token in. Default: Authorization.
    #[serde(default = "authorization")]
    header_name: String,
    /// What stands in front of the token; an empty text for nothing. Default: Bearer.
    #[serde(default = "bearer")]
    header_scheme: String,
    /// How often the server is asked again where it does not answer, or says that it cannot now. Default: 3.
    #[serde(default = "three")]
    token_retries: u8,
    /// How many seconds before its end a token is replaced. Default: 300, and never before half of its time.
    #[serde(default = "five_minutes")]
    expiration_offset_seconds: u64,
}

fn authorization() -> String {
    "Authorization".to_owned()
}

fn bearer() -> String {
    "Bearer".to_owned()
}

const fn three() -> u8 {
    3
}

const fn five_minutes() -> u64 {
    300
}

/// See the module.
struct UpstreamOAuthClientCredentials {
    /// `None` where a project of the Zuplo form names a field that no policy may set.
    header: Option<HeaderName>,
    tokens: Tokens,
}

impl fmt::Debug for UpstreamOAuthClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamOAuthClientCredentials").field("header", &self.header).finish_non_exhaustive()
    }
}

impl Configure for UpstreamOAuthClientCredentials {
    type Options = Options;

    fn configure(options: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        for (field, text) in [("clientId", &options.client_id), ("clientSecret", &options.client_secret)] {
            if text.is_empty() {
                return Err(BuildError::at(format!("/{field}"), "is empty").help("give it: `$env(NAME)`"));
            }
        }
        if options.token_retries > MOST_RETRIES {
            return Err(BuildError::at(
                "/tokenRetries",
                format!("more than {MOST_RETRIES} would keep clients waiting"),
            )
            .help("the server is asked again with the next request anyway"));
        }
        let scheme = options.header_scheme.trim();
        let prefix = if scheme.is_empty() { String::new() } else { format!("{scheme} ") };
        if HeaderValue::from_str(&prefix).is_err() {
            return Err(BuildError::at("/headerScheme", "has a character that no header field may hold"));
        }
        let reserved = ["grant_type", "client_id", "client_secret", "scope", "audience"];
        if let Some(name) = options.additional_parameters.keys().find(|name| reserved.contains(&name.as_str())) {
            let pointer = format!("/additionalParameters/{name}");
            return Err(BuildError::at(pointer, format!("`{name}` is said by another option")));
        }
        let grant = Grant {
            url: token_url(&options.token_url, "/tokenUrl")?,
            client_id: options.client_id,
            client_secret: options.client_secret,
            place: options.credentials_in,
            parameters: parameters(options.scope, options.audience, options.additional_parameters),
        };
        Ok(Self {
            header: field_name(&options.header_name, "/headerName", context)?,
            tokens: Tokens::new(grant, prefix, options.token_retries, options.expiration_offset_seconds),
        })
    }
}

impl Policy for UpstreamOAuthClientCredentials {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        let Some(header) = &self.header else { return Step::CONTINUE };
        if let Some(token) = self.tokens.at_hand(&exchange.services) {
            request.headers_mut().insert(header, token);
            return Step::CONTINUE;
        }
        Step::later(async move {
            match self.tokens.ask(&exchange.services).await {
                Ok(token) => {
                    request.headers_mut().insert(header, token);
                    Flow::Continue
                }
                // Without it the upstream would be asked as somebody else.
                Err(why) => {
                    Problem::new(&UNAVAILABLE, "The upstream cannot be asked at the moment").caused_by(why).into()
                }
            }
        })
    }
}

#[cfg(test)]
mod tests;
