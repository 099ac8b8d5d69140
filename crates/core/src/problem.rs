//! Everything the gateway itself says to a client, as `application/problem+json` (RFC 9457).

use std::borrow::Cow;

use http::header::{CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use crate::body::{BodyTimedOut, BodyTooLarge, CollectError};
use crate::reason::{CLIENT_BODY_BROKEN, REQUEST_TIMEOUT, REQUEST_TOO_LARGE};
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

    /// A request body that is longer than `limit` bytes.
    pub fn body_too_large(limit: u64) -> Self {
        Self::new(&REQUEST_TOO_LARGE, format!("The request body is longer than {limit} bytes.")).closing()
    }

    /// What a request body that ends in an error is answered with, whoever reads it: 413 and 408
    /// where the chain of causes says so, 400 for everything else.
    pub fn of_request_body(error: &(dyn std::error::Error + 'static)) -> Self {
        if let Some(large) = BodyTooLarge::in_chain(error) {
            return Self::body_too_large(large.limit);
        }
        if BodyTimedOut::in_chain(error).is_some() {
            return Self::new(&REQUEST_TIMEOUT, "The request body did not come in time.").closing();
        }
        Self::new(&CLIENT_BODY_BROKEN, "The request body broke off or was not well-framed.").caused_by(error).closing()
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

/// For whoever collects the body of a request.
impl From<CollectError> for Problem {
    fn from(error: CollectError) -> Self {
        match error {
            CollectError::TooLong(limit) => Self::body_too_large(limit as u64),
            CollectError::TimedOut(timed_out) => Self::of_request_body(&timed_out),
            CollectError::Broken(cause) => Self::of_request_body(&*cause),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("wrapped")]
    struct Wrapped<E: std::error::Error + 'static>(#[source] E);

    #[track_caller]
    fn check(error: CollectError, status: u16, reason: &str) {
        let problem = Problem::from(error);
        assert_eq!((problem.status.as_u16(), problem.reason.name), (status, reason));
        assert!(problem.close, "what follows on the connection was not read");
    }

    #[tokio::test]
    async fn a_body_that_cannot_be_collected_has_one_answer_wherever_it_is_read() {
        struct Broken<E>(Option<E>);
        impl<E: Into<crate::BoxError> + Unpin> http_body::Body for Broken<E> {
            type Data = bytes::Bytes;
            type Error = crate::BoxError;
            fn poll_frame(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, crate::BoxError>>> {
                std::task::Poll::Ready(self.get_mut().0.take().map(|error| Err(error.into())))
            }
        }
        async fn collect<E: Into<crate::BoxError> + Unpin + Send + 'static>(error: E) -> CollectError {
            Body::stream(Broken(Some(error))).collect_up_to(10).await.unwrap_err()
        }
        check(collect(BodyTimedOut).await, 408, "request.timeout");
        check(collect(Wrapped(BodyTimedOut)).await, 408, "request.timeout");
        check(collect(Wrapped(BodyTooLarge { limit: 3 })).await, 413, "request.too_large");
        check(collect(std::io::Error::other("gone")).await, 400, "client.body_broken");
        check(Body::full("12345678901").collect_up_to(10).await.unwrap_err(), 413, "request.too_large");
    }
}
