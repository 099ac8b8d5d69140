//! How the gateway says to OpenFGA who it is.

use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::Services;
use tollgate_core::catalog::BuildError;

use crate::client_credentials::{Grant, Place, Tokens, parameters, token_url};
use crate::remote;

/// How often the OAuth server is asked again.
const RETRIES: u8 = 3;
/// How many seconds before its end a token is replaced.
const EARLIER: u64 = 300;

/// How the gateway says who it is.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Options {
    /// By what.
    method: Method,
    /// For `api-token`: the token. Take it from the environment: `$env(NAME)`.
    token: Option<String>,
    /// For `api-token` and `header`: the header field that is sent. Default: Authorization.
    header_name: Option<String>,
    /// For `api-token`: what stands in front of the token. Default: Bearer.
    header_value_prefix: Option<String>,
    /// For `client-credentials`: the id of the client that the gateway is there.
    client_id: Option<String>,
    /// For `client-credentials`: its secret. Take it from the environment: `$env(NAME)`.
    client_secret: Option<String>,
    /// For `client-credentials`: the URL of the token endpoint.
    oauth_token_endpoint_url: Option<String>,
    /// For `client-credentials`: the audience to ask for.
    api_audience: Option<String>,
}

/// By what the gateway says who it is.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Method {
    /// By nothing.
    None,
    /// By a token that both know.
    #[serde(alias = "api_token")]
    ApiToken,
    /// By a field of the client's request, as it is.
    Header,
    /// By a token of an OAuth server.
    #[serde(alias = "client_credentials")]
    ClientCredentials,
}

/// What is sent.
pub(crate) enum Credentials {
    None,
    Fixed(HeaderName, HeaderValue),
    Passed(HeaderName),
    OAuth(Box<Tokens>),
}

impl Credentials {
    pub(super) fn read(options: Options) -> Result<Self, BuildError> {
        let name = |name: Option<String>| match name {
            None => Ok(AUTHORIZATION),
            Some(name) => name.parse::<HeaderName>().map_err(|_| {
                BuildError::at("/credentials/headerName", format!("`{name}` is no name of a header field"))
            }),
        };
        let needed = |value: Option<String>, field: &str| {
            value.filter(|value| !value.is_empty()).ok_or_else(|| {
                BuildError::at(format!("/credentials/{field}"), "is missing: the method needs it")
                    .help("give it; what is secret from the environment: `$env(NAME)`")
            })
        };
        match options.method {
            Method::None => Ok(Self::None),
            Method::ApiToken => {
                let token = needed(options.token, "token")?;
                let prefix = options.header_value_prefix.unwrap_or_else(|| "Bearer".to_owned());
                let space = if prefix.is_empty() || prefix.ends_with(' ') { "" } else { " " };
                let value = remote::secret(&format!("{prefix}{space}{token}")).ok_or_else(|| {
                    BuildError::at("/credentials/token", "has a character that no header field may hold")
                })?;
                Ok(Self::Fixed(name(options.header_name)?, value))
            }
            Method::Header => Ok(Self::Passed(name(options.header_name)?)),
            Method::ClientCredentials => {
                let id = needed(options.client_id, "clientId")?;
                let secret = needed(options.client_secret, "clientSecret")?;
                let url = needed(options.oauth_token_endpoint_url, "oauthTokenEndpointUrl")?;
                let at = "/credentials/oauthTokenEndpointUrl";
                Self::oauth(id, secret, &url, options.api_audience, at)
            }
        }
    }

    /// A token of an OAuth server. `at` is where its URL stands in the options.
    pub(crate) fn oauth(
        client_id: String,
        client_secret: String,
        url: &str,
        audience: Option<String>,
        at: &str,
    ) -> Result<Self, BuildError> {
        for (field, text) in [("clientId", &client_id), ("clientSecret", &client_secret)] {
            if text.is_empty() {
                return Err(BuildError::at(format!("/credentials/{field}"), "is empty").help("give it: `$env(NAME)`"));
            }
        }
        let grant = Grant {
            url: token_url(url, at)?,
            client_id,
            client_secret,
            place: Place::Body,
            parameters: parameters(None, audience, Default::default()),
        };
        Ok(Self::OAuth(Box::new(Tokens::new(grant, "Bearer ".to_owned(), RETRIES, EARLIER))))
    }

    /// The field for a question.
    pub(super) async fn field(
        &self,
        services: &Services,
        headers: &HeaderMap,
    ) -> Result<Option<(HeaderName, HeaderValue)>, String> {
        Ok(match self {
            Self::None => None,
            Self::Fixed(name, value) => Some((name.clone(), value.clone())),
            Self::Passed(name) => headers.get(name).map(|value| (name.clone(), value.clone())),
            Self::OAuth(tokens) => {
                let token = match tokens.at_hand(services) {
                    Some(token) => token,
                    None => tokens.ask(services).await?,
                };
                Some((AUTHORIZATION, token))
            }
        })
    }
}
