//! The fields by which an answer tells of its way through the gateway: `Proxy-Status` (RFC 9209) where
//! the gateway made it, `Server-Timing` where that is asked for, and for operators who debug, each step.
//!
//! Clients who hold no debug token learn nothing of addresses, policies or causes, unless
//! `server.answers` says so. Reasons that share a code, because clients must not tell them apart, share
//! what is told here.

use std::fmt::Write;
use std::time::Duration;

use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderName, HeaderValue};
use sfv::{Decimal, Integer, ListSerializer, key_ref, string_ref, token_ref};
use tollgate_core::reason::{Fault, Reason};
use tollgate_core::record::{Record, Refusal};
use tollgate_core::settings::{AnswerSettings, ProxyStatus};
use tollgate_core::{Response, reason as r};

const PROXY_STATUS: HeaderName = HeaderName::from_static("proxy-status");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
/// What an operator who debugs is told.
pub(crate) const TRACE: HeaderName = HeaderName::from_static("x-tollgate-trace");
/// How many steps that tells of, so that the field stays one that clients take.
const MOST_STEPS: usize = 40;

/// For whom an answer is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) settings: &'a AnswerSettings,
    /// Whether an operator debugs.
    pub(crate) debugs: bool,
    pub(crate) route: Option<&'a str>,
    pub(crate) snapshot: &'a str,
}

/// Says in the words of RFC 9209 that the gateway made this answer, and why, so that it can be told from
/// one of the upstream's own.
pub(crate) fn proxy_status(record: &Record, asked: Asked<'_>, response: &mut Response) {
    let Some(refusal) = &record.refusal else { return };
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return;
    }
    if refusal.reason.fault == Fault::Upstream {
        response.headers_mut().entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    let detailed = asked.debugs || asked.settings.proxy_status == ProxyStatus::Detailed;
    if asked.settings.proxy_status == ProxyStatus::Off && !detailed {
        return;
    }
    let brief = brief(refusal, status);
    if !detailed {
        response.headers_mut().append(PROXY_STATUS, HeaderValue::from_static(brief));
        return;
    }
    let mut field = String::new();
    let mut list = ListSerializer::with_buffer(&mut field);
    let mut entry = list.bare_item(token_ref("tollgate"));
    let error = brief.strip_prefix(BRIEF).unwrap_or(INTERNAL_ERROR);
    entry = entry.parameter(key_ref("error"), token_ref(error));
    if let Some(attempt) = record.attempts.last() {
        let target = text(&attempt.target);
        entry = entry.parameter(key_ref("next-hop"), &*target);
    }
    let _ = entry.parameter(key_ref("details"), &*text(refusal.reason.name));
    drop(list);
    append(response, PROXY_STATUS, field);
}

/// With what that begins.
const BRIEF: &str = "tollgate;error=";
const INTERNAL_ERROR: &str = "proxy_internal_error";

/// What the field says to those who learn nothing more: the proxy error types of RFC 9209 §2.3. Written out, because
/// every refusal has one.
fn brief(refusal: &Refusal, status: StatusCode) -> &'static str {
    let known: [(&Reason, &str); 15] = [
        (&r::UPSTREAM_REFUSED, "tollgate;error=connection_refused"),
        (&r::UPSTREAM_DNS, "tollgate;error=dns_error"),
        (&r::UPSTREAM_TLS, "tollgate;error=tls_protocol_error"),
        (&r::UPSTREAM_NO_HTTP2, "tollgate;error=http_protocol_error"),
        (&r::UPSTREAM_ONLY_HTTP2, "tollgate;error=http_protocol_error"),
        (&r::UPSTREAM_NO_WEBSOCKET, "tollgate;error=http_upgrade_failed"),
        (&r::UPSTREAM_RESET, "tollgate;error=connection_terminated"),
        (&r::UPSTREAM_MALFORMED, "tollgate;error=http_protocol_error"),
        (&r::UPSTREAM_TIMEOUT_CONNECT, "tollgate;error=connection_timeout"),
        (&r::UPSTREAM_TIMEOUT_FIRST_BYTE, "tollgate;error=http_response_timeout"),
        (&r::UPSTREAM_TIMEOUT_IDLE, "tollgate;error=connection_read_timeout"),
        (&r::UPSTREAM_TIMEOUT_TOTAL, "tollgate;error=http_response_timeout"),
        (&r::GATEWAY_OVERLOADED, "tollgate;error=connection_limit_reached"),
        (&r::GATEWAY_NO_PROJECT, "tollgate;error=proxy_configuration_error"),
        (&r::SCRIPT_LOOP, "tollgate;error=proxy_loop_detected"),
    ];
    if let Some((_, error)) = known.iter().find(|(known, _)| known.name == refusal.reason.name) {
        return error;
    }
    match (refusal.reason.fault, status.as_u16()) {
        (Fault::Upstream | Fault::Gateway, _) => "tollgate;error=proxy_internal_error",
        // By its rules, not for its form.
        (Fault::Client, 401 | 403 | 407 | 429 | 451) => "tollgate;error=http_request_denied",
        (Fault::Client, _) => "tollgate;error=http_request_error",
    }
}

/// Says where the time went until the head of the answer was there (W3C Server Timing).
pub(crate) fn server_timing(record: &Record, asked: Asked<'_>, now: Duration, response: &mut Response) {
    if !asked.settings.server_timing && !asked.debugs {
        return;
    }
    let spent = now.saturating_sub(record.started);
    let upstream: Duration = record.attempts.iter().map(|attempt| attempt.took).sum();
    let policies = record.timings.inbound.unwrap_or_default() + record.timings.outbound.unwrap_or_default();
    let mut field = format!("gateway;dur={}", Millis(spent.saturating_sub(upstream)));
    let _ = write!(field, ", policies;dur={}", Millis(policies));
    if !record.attempts.is_empty() {
        let _ = write!(field, ", upstream;dur={}", Millis(upstream));
    }
    append(response, SERVER_TIMING, field);
}

/// Milliseconds with three digits behind the point.
struct Millis(Duration);

impl std::fmt::Display for Millis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let micros = self.0.as_micros();
        write!(f, "{}.{:03}", micros / 1000, micros % 1000)
    }
}

/// Tells an operator who debugs what matched, each step, each try to reach an upstream, and the reason:
/// a list of structured fields (RFC 9651).
pub(crate) fn trace(record: &Record, asked: Asked<'_>, response: &mut Response) {
    if !asked.debugs {
        return;
    }
    let mut field = String::new();
    let mut list = ListSerializer::with_buffer(&mut field);
    let route = list.bare_item(token_ref("route"));
    let route = match asked.route {
        Some(id) => route.parameter(key_ref("id"), &*text(id)),
        None => route,
    };
    let route = route.parameter(key_ref("snapshot"), &*text(asked.snapshot));
    let _ = route.parameter(key_ref("ms"), millis(record.timings.routing.unwrap_or_default()));
    for visit in record.visits.iter().take(MOST_STEPS) {
        let step = list.bare_item(token_ref(visit.stage.as_str()));
        let step = step.parameter(key_ref("policy"), &*text(&visit.policy));
        let step = step.parameter(key_ref("verdict"), token_ref(visit.verdict.as_str()));
        let _ = step.parameter(key_ref("ms"), millis(visit.took));
    }
    if let Some((_, took)) = record.handled {
        let _ = list.bare_item(token_ref("handler")).parameter(key_ref("ms"), millis(took));
    }
    for attempt in record.attempts.iter().take(MOST_STEPS) {
        let tried = list.bare_item(token_ref("upstream"));
        let tried = tried.parameter(key_ref("target"), &*text(&attempt.target));
        let tried = tried.parameter(key_ref("outcome"), &*text(attempt.outcome));
        let _ = tried.parameter(key_ref("ms"), millis(attempt.took));
    }
    let _ = list.bare_item(token_ref("reason")).parameter(key_ref("name"), &*text(record.reason()));
    drop(list);
    if let Ok(value) = HeaderValue::try_from(field) {
        response.headers_mut().insert(TRACE, value);
        // What only an operator may see must not come out of a cache to somebody else.
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// A text as structured fields can hold it.
fn text(text: &str) -> sfv::String {
    let text: String = text.chars().map(|c| if (' '..='~').contains(&c) { c } else { '_' }).collect();
    sfv::String::from_string(text).unwrap_or_else(|_| string_ref("_").to_owned())
}

fn millis(duration: Duration) -> Decimal {
    let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    Integer::try_from(micros).map_or_else(|_| Decimal::from(0), Decimal::from_integer_scaled_1000)
}

/// A response may have passed others that told of themselves.
fn append(response: &mut Response, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        response.headers_mut().append(name, value);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tollgate_core::Body;
    use tollgate_core::project::Stage;
    use tollgate_core::record::{Verdict, Visit};

    use super::*;

    /// RFC 9209, section 2.3, as far as it can happen here.
    const REGISTERED: [&str; 15] = [
        "dns_error",
        "connection_timeout",
        "connection_terminated",
        "connection_refused",
        "connection_read_timeout",
        "connection_limit_reached",
        "tls_protocol_error",
        "http_request_error",
        "http_request_denied",
        "http_response_timeout",
        "http_protocol_error",
        "proxy_internal_error",
        "proxy_configuration_error",
        "proxy_loop_detected",
        "http_upgrade_failed",
    ];

    fn refusal(reason: &'static Reason) -> Refusal {
        Refusal { reason, stage: None, policy: None, cause: None, detail: Default::default() }
    }

    fn response(status: u16) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        response
    }

    #[test]
    fn every_reason_has_a_registered_error_type_and_those_of_one_code_have_the_same() {
        for reason in r::CORE {
            let status = StatusCode::from_u16(reason.status).unwrap();
            let error = brief(&refusal(reason), status);
            assert!(REGISTERED.contains(&error.strip_prefix(BRIEF).unwrap()), "{reason}: {error}");
            // How a tunnel ended is told by no answer.
            if reason.fault != Fault::Client || reason.name.starts_with("tunnel.") {
                continue;
            }
            for other in r::CORE.iter().filter(|other| other.code == reason.code && other.status == reason.status) {
                assert_eq!(brief(&refusal(other), status), error, "{reason} and {other}");
            }
        }
    }

    #[test]
    fn what_is_told_is_a_structured_field_whatever_the_names_hold() {
        let mut record = Record::default();
        for name in ["plain", "\"quoted\\\"", "nach Größe", "a;b=c, d"] {
            record.visits.push(Visit {
                policy: Arc::from(name),
                stage: Stage::Inbound,
                verdict: Verdict::Continued,
                began: Duration::ZERO,
                took: Duration::from_micros(1500),
            });
        }
        record.refusal = Some(refusal(&r::UPSTREAM_REFUSED).into());
        let settings = AnswerSettings::default();
        let asked = Asked { settings: &settings, debugs: true, route: Some("GET /{größe}"), snapshot: "abc" };
        let mut answer = response(502);
        proxy_status(&record, asked, &mut answer);
        trace(&record, asked, &mut answer);
        for name in [PROXY_STATUS, TRACE] {
            let text = answer.headers()[&name].to_str().unwrap();
            let list: sfv::List = sfv::Parser::new(text).parse().unwrap_or_else(|error| panic!("{error}: {text}"));
            assert_eq!(list.len(), if name == TRACE { 6 } else { 1 }, "{text}");
        }
        let told = answer.headers()[&TRACE].to_str().unwrap();
        assert!(told.contains("policy=\"nach Gr__e\""), "{told}");
        assert!(told.contains("ms=1.5"), "{told}");
    }

    #[test]
    fn who_may_not_know_is_told_neither_reason_nor_address_nor_times() {
        let mut record = Record { refusal: Some(refusal(&r::UPSTREAM_REFUSED).into()), ..Record::default() };
        record.attempts.push(tollgate_core::record::Attempt {
            target: "10.0.0.7:8888".into(),
            outcome: "upstream.connect_refused",
            took: Duration::ZERO,
            began: Duration::ZERO,
            reused: false,
            status: None,
        });
        let settings = AnswerSettings::default();
        let asked = Asked { settings: &settings, debugs: false, route: None, snapshot: "abc" };
        let mut answer = response(502);
        proxy_status(&record, asked, &mut answer);
        server_timing(&record, asked, Duration::from_secs(1), &mut answer);
        trace(&record, asked, &mut answer);
        assert_eq!(answer.headers()[PROXY_STATUS], "tollgate;error=connection_refused");
        assert_eq!(answer.headers().len(), 2, "that, and Cache-Control: {:?}", answer.headers());
        // An answer of the upstream's own that broke off later, or that code put in the place of a refusal.
        let mut fine = response(200);
        proxy_status(&record, asked, &mut fine);
        assert!(fine.headers().is_empty());
    }
}
