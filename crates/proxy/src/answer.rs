//! Answers that are made outside of a pipeline: before a route is known, or around it.

use http::header::{CACHE_CONTROL, HeaderName, HeaderValue};
use tollgate_core::problem::ProblemContext;
use tollgate_core::reason::{Fault, Reason};
use tollgate_core::record::{Record, Refusal};
use tollgate_core::{Problem, Response};

use crate::snapshot::Snapshot;

const PROXY_STATUS: HeaderName = HeaderName::from_static("proxy-status");

/// Notes a refusal that no policy spoke, and writes its answer.
pub(crate) fn refuse(snapshot: &Snapshot, record: &mut Record, id: &str, path: &str, problem: Problem) -> Response {
    record.refuse(Refusal {
        reason: problem.reason,
        stage: None,
        policy: None,
        cause: problem.cause.clone(),
        detail: problem.detail.clone().into_owned(),
    });
    let style = &snapshot.problems;
    let now = snapshot.services.clock.now();
    problem.into_response(&ProblemContext {
        request_id: id,
        instance: path,
        type_base: &style.type_base,
        trace: style.trace.as_deref().map(|snapshot| (now, snapshot)),
        explain: style.explain,
    })
}

/// Says in the words of RFC 9209 what went wrong with the upstream, so that the answer can be
/// told from one of the upstream's own.
pub(crate) fn proxy_status(record: &Record, response: &mut Response) {
    let Some(refusal) = &record.refusal else { return };
    let Some(error) = error_type(refusal.reason) else { return };
    if let Ok(value) = HeaderValue::try_from(format!("tollgate; error={error}")) {
        response.headers_mut().append(PROXY_STATUS, value);
    }
    response.headers_mut().entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// The proxy error types of RFC 9209, section 2.3.
fn error_type(reason: &Reason) -> Option<&'static str> {
    use tollgate_core::reason as r;
    let known = [
        (&r::UPSTREAM_REFUSED, "connection_refused"),
        (&r::UPSTREAM_DNS, "dns_error"),
        (&r::UPSTREAM_TLS, "tls_protocol_error"),
        (&r::UPSTREAM_NO_HTTP2, "http_protocol_error"),
        (&r::UPSTREAM_RESET, "connection_terminated"),
        (&r::UPSTREAM_MALFORMED, "http_protocol_error"),
        (&r::UPSTREAM_TIMEOUT_CONNECT, "connection_timeout"),
        (&r::UPSTREAM_TIMEOUT_FIRST_BYTE, "http_response_timeout"),
        (&r::UPSTREAM_TIMEOUT_IDLE, "connection_read_timeout"),
        (&r::UPSTREAM_TIMEOUT_TOTAL, "http_response_timeout"),
    ];
    let found = known.iter().find(|(known, _)| known.name == reason.name).map(|(_, error)| *error);
    found.or((reason.fault == Fault::Upstream).then_some("proxy_internal_error"))
}
