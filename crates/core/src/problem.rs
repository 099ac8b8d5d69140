//! Everything the gateway itself says to a client, as `application/problem+json` (RFC 9457).

use std::borrow::Cow;

use http::header::{CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use crate::time::Timestamp;
use crate::{Body, Reason, Response};

/// A refusal: what the client sees, and what only the log sees.
#[derive(Debug)]
pub struct Problem {
    /// Which entry of the closed list this is.
    pub reason: &'static Reason,
    /// The status, where it differs from the reason's (a configured one).
    pub status: StatusCode,
    /// A sentence for the caller. Never holds a secret or an internal name.
    pub detail: Cow<'static, str>,
    /// The private cause, for the log only.
    pub cause: Option<String>,
    /// Fields that the answer carries, such as `WWW-Authenticate`, `Allow` or `Retry-After`.
    pub headers: HeaderMap,
    /// Further members of the body, such as `errors`.
    pub extensions: Map<String, Value>,
    /// Whether the connection must be closed after the answer, because what follows on it
    /// cannot be trusted or was not read.
    pub close: bool,
}

/// What the renderer must know besides the problem itself.
#[derive(Debug, Clone)]
pub struct ProblemContext<'a> {
    /// The request id, as in the access log.
    pub request_id: &'a str,
    /// The path that was asked for.
    pub instance: &'a str,
    /// Where the gateway serves its problem pages, ending in a slash.
    pub type_base: &'a str,
    /// The moment of the answer; with it the body carries the `trace` member that projects of
    /// the Zuplo form read.
    pub trace: Option<(Timestamp, &'a str)>,
    /// Whether the body says how to mend it, as `dev` does.
    pub explain: bool,
}

impl Problem {
    /// A problem whose detail is all that is known.
    pub fn new(reason: &'static Reason, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            reason,
            status: StatusCode::from_u16(reason.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            detail: detail.into(),
            cause: None,
            headers: HeaderMap::new(),
            extensions: Map::new(),
            close: false,
        }
    }

    /// Adds the private cause.
    #[must_use]
    pub fn caused_by(mut self, cause: impl std::fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// Adds a header field to the answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// Adds a member to the body.
    #[must_use]
    pub fn with(mut self, member: &str, value: Value) -> Self {
        self.extensions.insert(member.to_owned(), value);
        self
    }

    /// Closes the connection after the answer.
    #[must_use]
    pub fn closing(mut self) -> Self {
        self.close = true;
        self
    }

    /// The one place where an error body is written.
    pub fn into_response(self, context: &ProblemContext<'_>) -> Response {
        let mut body = Map::new();
        body.insert("type".into(), json!(format!("{}{}", context.type_base, self.reason.code)));
        body.insert("title".into(), json!(self.reason.title));
        body.insert("status".into(), json!(self.status.as_u16()));
        body.insert("detail".into(), json!(self.detail));
        body.insert("instance".into(), json!(context.instance));
        body.insert("code".into(), json!(self.reason.code));
        body.insert("requestId".into(), json!(context.request_id));
        if let Some((now, snapshot)) = context.trace {
            body.insert(
                "trace".into(),
                json!({ "timestamp": now.rfc3339(), "requestId": context.request_id, "buildId": snapshot }),
            );
        }
        if context.explain {
            body.insert("reason".into(), json!(self.reason.name));
            body.insert("fix".into(), json!(self.reason.fix));
        }
        for (member, value) in self.extensions {
            body.entry(member).or_insert(value);
        }
        let mut response = Response::new(Body::full(Value::Object(body).to_string()));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.close {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}
