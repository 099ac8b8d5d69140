//! From the record of an exchange to spans, in the words of OpenTelemetry's semantic conventions for HTTP.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use tollgate_core::exchange::{SpanId, TraceId};
use tollgate_core::project::Stage;
use tollgate_core::settings::{TraceFormat, TraceSettings};
use uuid::Uuid;

use super::Ended;
use crate::access_log::Entry;
use crate::metrics::method_name;
use crate::otlp::{self, int, text};

/// Makes the body of what a collector is sent.
pub(super) struct Encoder {
    resource: Resource,
    format: TraceFormat,
}

impl Encoder {
    pub(super) fn new(settings: &TraceSettings) -> Self {
        let version = settings.service_version.as_deref();
        Self { resource: otlp::resource(&settings.service, version, &BTreeMap::new()), format: settings.format }
    }

    pub(super) fn encode(&self, ended: &[Ended]) -> Bytes {
        let scope_spans = ScopeSpans {
            scope: Some(otlp::scope()),
            spans: ended.iter().flat_map(spans).collect(),
            schema_url: otlp::SCHEMA_URL.to_owned(),
        };
        let request = ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                resource: Some(self.resource.clone()),
                scope_spans: vec![scope_spans],
                ..ResourceSpans::default()
            }],
        };
        otlp::encode(&request, self.format)
    }
}

/// The spans of one exchange: its own first.
fn spans(ended: &Ended) -> Vec<Span> {
    let entry = &ended.entry;
    let family = Family::of(entry);
    let record = &entry.record;
    let mut spans = vec![server(entry, &family)];
    if let Some(why) = ended.kept {
        spans[0].attributes.push(text("tollgate.kept", why));
    }
    for visit in &record.visits {
        let mut attributes = vec![text("tollgate.policy", &visit.policy)];
        let direction = if visit.stage == Stage::Outbound { "outbound" } else { "inbound" };
        attributes.push(text("tollgate.stage", visit.stage.as_str()));
        let refused = record.refusal.as_ref().filter(|refusal| refusal.policy.as_ref() == Some(&visit.policy));
        if let Some(refusal) = refused {
            attributes.push(text("tollgate.reason", refusal.reason.name));
        }
        spans.push(family.child(
            format!("policy.{direction} {}", visit.policy),
            SpanKind::Internal,
            (visit.began, visit.took),
            attributes,
        ));
    }
    if let Some(handled) = record.handled {
        spans.push(family.child("handler".to_owned(), SpanKind::Internal, handled, Vec::new()));
    }
    for (resent, attempt) in record.attempts.iter().enumerate() {
        let (name, mut attributes) = method(entry.method.as_ref());
        attributes.extend(otlp::server(&attempt.target));
        attributes.extend(record.upstream_url.as_ref().map(|url| text("url.full", url)));
        attributes.extend(attempt.status.map(|status| int("http.response.status_code", status.into())));
        attributes.extend((resent > 0).then(|| int("http.request.resend_count", resent as u64)));
        attributes.push(otlp::flag("tollgate.connection_reused", attempt.reused));
        let mut span = family.child(name.to_owned(), SpanKind::Client, (attempt.began, attempt.took), attributes);
        let failed = match (attempt.outcome, attempt.status) {
            ("ok", Some(status)) if status >= 400 => Some(status.to_string()),
            ("ok", _) => None,
            (outcome, _) => Some(outcome.to_owned()),
        };
        if let Some(kind) = failed {
            span.attributes.push(text("error.type", &kind));
            span.status = Some(Status { message: String::new(), code: StatusCode::Error.into() });
        }
        spans.push(span);
    }
    for fetch in &record.fetches {
        let mut attributes = vec![text("http.request.method", fetch.method.as_str()), text("url.full", &fetch.url)];
        attributes.extend(fetch.status.map(|status| int("http.response.status_code", status.into())));
        let name = fetch.method.as_str().to_owned();
        let mut span = family.child(name, SpanKind::Client, (fetch.began, fetch.took), attributes);
        span.span_id = bytes(fetch.span_id.as_str());
        if fetch.status.is_none_or(|status| status >= 400) {
            let kind = fetch.status.map_or_else(|| "_OTHER".to_owned(), |status| status.to_string());
            span.attributes.push(text("error.type", &kind));
            span.status = Some(Status { message: String::new(), code: StatusCode::Error.into() });
        }
        spans.push(span);
    }
    spans
}

fn server(entry: &Entry, family: &Family) -> Span {
    let record = &entry.record;
    let (verb, mut attributes) = method(entry.method.as_ref());
    attributes.extend([
        text("url.path", &entry.path),
        text("url.scheme", if entry.tls.is_some() { "https" } else { "http" }),
        text("network.protocol.version", otlp::protocol_version(entry.version)),
        text("network.peer.address", &entry.peer.to_string()),
        text("client.address", &entry.client.to_string()),
        int("http.response.status_code", entry.status.into()),
        int("http.request.body.size", record.request_bytes),
        int("http.response.body.size", record.response_bytes),
        text("tollgate.request_id", &entry.id),
        text("tollgate.reason", record.reason()),
    ]);
    let optional = [
        ("user_agent.original", entry.user_agent.as_deref()),
        ("http.route", entry.template.as_deref()),
        ("tollgate.route", entry.route.as_deref()),
        ("enduser.id", entry.user.as_ref().map(|user| &*user.sub)),
    ];
    attributes.extend(optional.iter().filter_map(|(name, value)| value.map(|value| text(name, value))));
    attributes.extend(entry.host.iter().flat_map(|host| otlp::server(host)));
    // Of a server, only its own failures are errors.
    let failed = entry.status >= 500;
    if failed {
        attributes.push(text("error.type", &entry.status.to_string()));
    }
    let took = (record.started, record.timings.total.unwrap_or_default());
    let name = entry.template.as_ref().map_or_else(|| verb.to_owned(), |template| format!("{verb} {template}"));
    let mut span = family.child(name, SpanKind::Server, took, attributes);
    span.span_id = bytes(entry.span_id.as_str());
    span.parent_span_id = entry.parent_id.map(|id| bytes(id.as_str())).unwrap_or_default();
    if entry.parent_id.is_some() {
        span.flags |= PARENT_IS_REMOTE;
    }
    if failed {
        span.status = Some(Status { message: String::new(), code: StatusCode::Error.into() });
    }
    span
}

/// The method as a span is named by it, and its attributes: one that is not registered is `HTTP` and `_OTHER`, so that
/// names are few.
fn method(method: Option<&http::Method>) -> (&'static str, Vec<KeyValue>) {
    let known = method_name(method);
    let mut attributes = vec![text("http.request.method", known)];
    if known != "_OTHER" {
        return (known, attributes);
    }
    attributes.extend(method.map(|method| text("http.request.method_original", method.as_str())));
    ("HTTP", attributes)
}

/// That the flags say whether a parent is in another process.
const KNOWS_PARENT: u32 = 0x100;
/// That it is.
const PARENT_IS_REMOTE: u32 = 0x200;

/// What all spans of an exchange have in common.
struct Family {
    /// Whether the trace was chosen when it began.
    sampled: bool,
    trace_id: TraceId,
    parent: SpanId,
    /// The moment of the monotonic clock's zero, in nanoseconds since the epoch.
    zero: u64,
}

impl Family {
    fn of(entry: &Entry) -> Self {
        let began = u64::try_from(entry.time.0).unwrap_or_default().saturating_mul(1_000_000);
        Self {
            sampled: entry.sampled,
            trace_id: entry.trace_id,
            parent: entry.span_id,
            zero: began.saturating_sub(nanoseconds(entry.record.started)),
        }
    }

    fn child(
        &self,
        name: String,
        kind: SpanKind,
        (began, took): (Duration, Duration),
        attributes: Vec<KeyValue>,
    ) -> Span {
        let start = self.zero.saturating_add(nanoseconds(began));
        Span {
            trace_id: bytes(self.trace_id.as_str()),
            span_id: Uuid::new_v4().as_bytes()[8..].to_vec(),
            parent_span_id: bytes(self.parent.as_str()),
            name,
            kind: kind.into(),
            start_time_unix_nano: start,
            end_time_unix_nano: start.saturating_add(nanoseconds(took)),
            attributes,
            flags: u32::from(self.sampled) | KNOWS_PARENT,
            ..Span::default()
        }
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The bytes of hexadecimal digits.
fn bytes(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks_exact(2);
    pairs.filter_map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()).collect()
}
