//! Asking the authorization server about a token.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use http::{StatusCode, Uri};
use serde_json::Value;
use tollgate_core::Services;
use tollgate_core::catalog::BuildError;

use crate::{query, remote};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest JWT that a header field shall carry.
const LONGEST: usize = 16 * 1024;

/// An introspection endpoint, and who the gateway is there.
pub(super) struct Introspection {
    url: Uri,
    credential: HeaderValue,
}

/// What the server says.
#[derive(Debug)]
pub(super) enum Verdict {
    Active(Phantom),
    Inactive,
}

/// The JWT that stands for a token. Its signature is the upstream's to verify; it came from the server itself.
pub(super) struct Phantom {
    pub(super) jwt: String,
    pub(super) sub: String,
    pub(super) claims: Value,
    /// In seconds since 1970.
    pub(super) expires: i64,
    /// Whether it has just come.
    pub(super) fetched: bool,
}

impl fmt::Debug for Phantom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Phantom").field("sub", &self.sub).finish_non_exhaustive()
    }
}

impl fmt::Debug for Introspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspection").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Introspection {
    pub(super) fn new(url: Uri, id: &str, secret: &str) -> Result<Self, BuildError> {
        // Both are encoded as in a form before they are joined (RFC 6749 §2.3.1).
        let pair = format!("{}:{}", query::encoded(id), query::encoded(secret));
        let credential = remote::secret(&format!("Basic {}", STANDARD.encode(pair)))
            .ok_or_else(|| BuildError::at("/clientSecret", "cannot be sent"))?;
        Ok(Self { url, credential })
    }

    /// Asks once.
    pub(super) async fn ask(&self, services: &Services, token: &str) -> Result<Verdict, String> {
        let form = format!("{}&token_type_hint=access_token", query::pair("token", token));
        let mut request = remote::post(self.url.clone(), form, "application/x-www-form-urlencoded");
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/jwt"));
        headers.insert(AUTHORIZATION, self.credential.clone());
        let who = "the authorization server";
        let answer = remote::ask(services, request, PATIENCE).await.map_err(|error| error.told(who))?;
        match answer.status {
            StatusCode::NO_CONTENT => return Ok(Verdict::Inactive),
            StatusCode::OK => {}
            status => return Err(format!("{who} answered {status}")),
        }
        let text = std::str::from_utf8(&answer.body).unwrap_or_default().trim();
        if let Some(phantom) = Phantom::read(text) {
            return Ok(Verdict::Active(Phantom { fetched: true, ..phantom }));
        }
        let inactive =
            serde_json::from_str::<Value>(text).ok().and_then(|body| body["active"].as_bool()) == Some(false);
        if inactive { Ok(Verdict::Inactive) } else { Err(format!("{who} answered something else than a JWT")) }
    }
}

impl Phantom {
    /// Reads a JWT that says who it is about and until when.
    pub(super) fn read(jwt: &str) -> Option<Self> {
        let mut parts = jwt.split('.');
        let (header, payload, signature, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else {
            return None;
        };
        if jwt.len() > LONGEST || header.is_empty() || signature.is_empty() {
            return None;
        }
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        let sub = claims.get("sub")?.as_str().filter(|sub| !sub.is_empty())?.to_owned();
        let expires = claims.get("exp")?.as_i64()?;
        Some(Self { jwt: jwt.to_owned(), sub, claims, expires, fetched: false })
    }
}
