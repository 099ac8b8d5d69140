//! Everything the gateway itself says to a client, as `application/problem+json` (RFC 9457).

use std::borrow::Cow;
use std::ops::{Deref, DerefMut};

use http::header::{CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value, json};

use crate::body::{BodyTimedOut, BodyTooLarge, CollectError};
use crate::reason::{CLIENT_BODY_BROKEN, REQUEST_TIMEOUT, REQUEST_TOO_LARGE};
use crate::time::Timestamp;
use crate::{Body, Reason, Response};

/// A refusal: what the client sees, and what only the log sees. It is as large as a pointer: what may fail is handed on
/// far more often than it fails.
#[derive(Debug)]
pub struct Problem(Box<Told>);

/// What a [`Problem`] consists of.
#[derive(Debug)]
pub struct Told {
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
    /// What a project says in place of the reason's own type and title.
    pub worded: Option<Box<Worded>>,
}

/// A project's own words for a kind of problem (RFC 9457 §3.1.1, §3.1.3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Worded {
    /// The URI of the kind.
    pub kind: Option<String>,
    /// The title of the kind.
    pub title: Option<String>,
}

/// What the renderer must know besides the problem itself.
#[derive(Debug, Clone)]
pub struct ProblemContext<'a> {
    /// The request id, as in the access log.
    pub request_id: &'a str,
    /// The path that was asked for; empty where it is not known, and the body does without.
    pub instance: &'a str,
    /// Where the gateway serves its problem pages, ending in a slash.
    pub type_base: &'a str,
    /// The moment of the answer; with it the body carries the `trace` member that projects of
    /// the Zuplo form read.
    pub trace: Option<(Timestamp, &'a str)>,
    /// Whether the body says how to mend it, as `dev` does.
    pub explain: bool,
}

impl Deref for Problem {
    type Target = Told;

    fn deref(&self) -> &Told {
        &self.0
    }
}

impl DerefMut for Problem {
    fn deref_mut(&mut self) -> &mut Told {
        &mut self.0
    }
}

impl Problem {
    /// A problem whose detail is all that is known.
    pub fn new(reason: &'static Reason, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Told {
            reason,
            status: StatusCode::from_u16(reason.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            detail: detail.into(),
            cause: None,
            headers: HeaderMap::new(),
            extensions: Map::new(),
            close: false,
            worded: None,
        }))
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
    pub fn into_response(mut self, context: &ProblemContext<'_>) -> Response {
        let mut body = Vec::with_capacity(512);
        // Texts, numbers and trees of JSON are written, none of which fails.
        if serde_json::to_writer(&mut body, &Written { problem: &self, context }).is_err() {
            body.clear();
        }
        let mut response = Response::new(Body::full(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        *headers = std::mem::take(&mut self.headers);
        // Room for what every answer has besides, so that the map is not made anew for it.
        headers.reserve(FURTHER_FIELDS);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.close {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// How many fields are added to a refusal on its way out, mostly.
const FURTHER_FIELDS: usize = 6;

/// The body of a problem. Written member by member and not through a tree of JSON: a flood of
/// requests that are refused must cost little.
struct Written<'p> {
    problem: &'p Problem,
    context: &'p ProblemContext<'p>,
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { problem, context } = self;
        let mut body = serializer.serialize_map(None)?;
        let worded = problem.worded.as_deref();
        match worded.and_then(|worded| worded.kind.as_deref()) {
            Some(kind) => body.serialize_entry("type", kind)?,
            None => body.serialize_entry("type", &format_args!("{}{}", context.type_base, problem.reason.code))?,
        }
        let title = worded.and_then(|worded| worded.title.as_deref()).unwrap_or(problem.reason.title);
        body.serialize_entry("title", title)?;
        body.serialize_entry("status", &problem.status.as_u16())?;
        body.serialize_entry("detail", &problem.detail)?;
        if !context.instance.is_empty() {
            body.serialize_entry("instance", context.instance)?;
        }
        body.serialize_entry("code", problem.reason.code)?;
        body.serialize_entry("requestId", context.request_id)?;
        if let Some((now, snapshot)) = context.trace {
            let (timestamp, id) = (now.rfc3339(), context.request_id);
            body.serialize_entry("trace", &json!({ "timestamp": timestamp, "requestId": id, "buildId": snapshot }))?;
        }
        if context.explain {
            body.serialize_entry("reason", problem.reason.name)?;
            body.serialize_entry("fix", problem.reason.fix)?;
        }
        for (member, value) in problem.extensions.iter().filter(|(member, _)| !context.writes(member)) {
            body.serialize_entry(member, value)?;
        }
        body.end()
    }
}

impl ProblemContext<'_> {
    /// Whether the body has a member of this name in any case, which no extension may replace.
    fn writes(&self, member: &str) -> bool {
        match member {
            "type" | "title" | "status" | "detail" | "instance" | "code" | "requestId" => true,
            "trace" => self.trace.is_some(),
            "reason" | "fix" => self.explain,
            _ => false,
        }
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

    async fn written(problem: Problem, context: ProblemContext<'_>) -> String {
        let body = problem.into_response(&context).into_body().collect_up_to(4096).await.unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    }

    const CONTEXT: ProblemContext<'static> =
        ProblemContext { request_id: "r-1", instance: "/a\"b", type_base: "/problems/", trace: None, explain: false };

    #[tokio::test]
    async fn a_body_has_its_members_in_one_order_and_what_a_policy_adds_replaces_none() {
        let problem = || {
            let added =
                [("errors", json!([1])), ("status", json!(200)), ("trace", json!("own")), ("fix", json!("own"))];
            let problem = Problem::new(&REQUEST_TIMEOUT, "Too \"slow\".");
            added.into_iter().fold(problem, |problem, (member, value)| problem.with(member, value))
        };
        let (code, title, name) = (REQUEST_TIMEOUT.code, REQUEST_TIMEOUT.title, REQUEST_TIMEOUT.name);
        let beginning = format!(
            r#"{{"type":"/problems/{code}","title":"{title}","status":408,"detail":"Too \"slow\".","instance":"/a\"b","code":"{code}","requestId":"r-1","#
        );
        assert_eq!(
            written(problem(), CONTEXT).await,
            format!(r#"{beginning}"errors":[1],"trace":"own","fix":"own"}}"#)
        );
        let trace = Some((Timestamp::from_seconds(0), "abc"));
        let (trace_of, fix) = (
            r#""trace":{"timestamp":"1970-01-01T00:00:00.000Z","requestId":"r-1","buildId":"abc"}"#,
            Value::from(REQUEST_TIMEOUT.fix),
        );
        assert_eq!(
            written(problem(), ProblemContext { trace, explain: true, ..CONTEXT }).await,
            format!(r#"{beginning}{trace_of},"reason":"{name}","fix":{fix},"errors":[1]}}"#)
        );
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
