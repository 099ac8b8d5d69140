//! The request for a token, and its answer (RFC 6749 §4.4.2, §5).

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Method, StatusCode, Uri};
use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::catalog::BuildError;
use tollgate_core::{Body, Request, Services};

use crate::{query, remote};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Where id and secret are sent (RFC 6749 §2.3.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Place {
    /// As parameters.
    #[default]
    Body,
    /// As name and password.
    Header,
}

/// What is asked for, and by whom. It has no debug form: the secret is in it.
pub(crate) struct Grant {
    pub(crate) url: Uri,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) place: Place,
    pub(crate) parameters: Vec<(String, String)>,
}

/// A token.
pub(crate) struct Answer {
    pub(crate) token: String,
    pub(crate) lifetime: Option<Duration>,
}

/// Why there is none.
pub(crate) enum Refused {
    /// It may be there in a moment.
    ForNow(String),
    /// Asking again would not help.
    Finally(String),
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    token_type: Option<String>,
    #[serde(default)]
    expires_in: serde_json::Value,
}

/// Reads the URL of a token endpoint.
pub(crate) fn token_url(text: &str, at: &str) -> Result<Uri, BuildError> {
    remote::url(text).ok_or_else(|| {
        BuildError::at(at, format!("`{text}` is not the URL of a token endpoint"))
            .help("write it whole: https://HOST/PATH, without user and password")
    })
}

/// All parameters but the credentials.
pub(crate) fn parameters(
    scope: Option<String>,
    audience: Option<String>,
    additional: BTreeMap<String, String>,
) -> Vec<(String, String)> {
    let known = [("grant_type", Some("client_credentials".to_owned())), ("scope", scope), ("audience", audience)];
    let known = known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.filter(|v| !v.is_empty())?)));
    known.chain(additional).collect()
}

impl Grant {
    /// Asks once.
    pub(crate) async fn send(&self, services: &Services) -> Result<Answer, Refused> {
        let request = self.request().map_err(Refused::Finally)?;
        let answer = remote::ask(services, request, PATIENCE).await;
        let answer = answer.map_err(|error| Refused::ForNow(error.told("the token endpoint")))?;
        read(answer.status, &answer.body)
    }

    fn request(&self) -> Result<Request, String> {
        let mut pairs: Vec<String> = self.parameters.iter().map(|(name, value)| query::pair(name, value)).collect();
        if self.place == Place::Body {
            pairs.push(query::pair("client_id", &self.client_id));
            pairs.push(query::pair("client_secret", &self.client_secret));
        }
        let mut request = Request::new(Body::full(pairs.join("&")));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.url.clone();
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if self.place == Place::Header {
            // Both are encoded as in a form before they are joined (RFC 6749 §2.3.1).
            let pair = format!("{}:{}", query::encoded(&self.client_id), query::encoded(&self.client_secret));
            let mut field = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair)))
                .map_err(|_| "id and secret cannot be sent".to_owned())?;
            field.set_sensitive(true);
            headers.insert(AUTHORIZATION, field);
        }
        Ok(request)
    }
}

fn read(status: StatusCode, body: &[u8]) -> Result<Answer, Refused> {
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(Refused::ForNow(format!("the token endpoint answered {status}")));
    }
    if status != StatusCode::OK {
        return Err(Refused::Finally(format!("the token endpoint answered {status}{}", error_of(body))));
    }
    let granted: Granted = serde_json::from_slice(body)
        .map_err(|_| Refused::Finally("the token endpoint answered something else than a token".to_owned()))?;
    if granted.access_token.is_empty() {
        return Err(Refused::Finally("the token endpoint answered an empty token".to_owned()));
    }
    // RFC 6749 §7.1: a token of a kind that one does not know must not be used.
    if let Some(kind) = granted.token_type.filter(|kind| !kind.eq_ignore_ascii_case("Bearer")) {
        let kind: String = kind.chars().filter(char::is_ascii_graphic).take(32).collect();
        return Err(Refused::Finally(format!("the token endpoint answered a token of the type {kind}")));
    }
    // Some servers write the number as a text.
    let seconds = granted.expires_in.as_u64().or_else(|| granted.expires_in.as_str()?.parse().ok());
    Ok(Answer { token: granted.access_token, lifetime: seconds.map(Duration::from_secs) })
}

/// The code of an error (RFC 6749 §5.2), and nothing else of the answer.
fn error_of(body: &[u8]) -> String {
    let code = serde_json::from_slice::<serde_json::Value>(body).ok();
    let code = code.as_ref().and_then(|answer| answer.get("error")?.as_str());
    let plain = |code: &&str| code.len() <= 64 && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    code.filter(plain).map(|code| format!(": {code}")).unwrap_or_default()
}
