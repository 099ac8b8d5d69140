//! From the record of an exchange to spans, in the words of OpenTelemetry's semantic conventions for HTTP.

use std::time::Duration;

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;
use tollgate_core::exchange::{SpanId, TraceId};
use tollgate_core::project::Stage;
use tollgate_core::settings::{TraceFormat, TraceSettings};
use uuid::Uuid;

use crate::access_log::Entry;

/// Makes the body of what a collector is sent.
pub(super) struct Encoder {
    resource: Resource,
    format: TraceFormat,
}

impl Encoder {
    pub(super) fn new(settings: &TraceSettings) -> Self {
        let mut attributes = vec![text("service.name", &settings.service)];
        if let Some(version) = &settings.service_version {
            attributes.push(text("service.version", version));
        }
        Self { resource: Resource { attributes, ..Resource::default() }, format: settings.format }
    }

    pub(super) fn encode(&self, entries: &[Box<Entry>]) -> Bytes {
        let scope = InstrumentationScope {
            name: "tollgate".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..InstrumentationScope::default()
        };
        let spans = entries.iter().flat_map(|entry| spans(entry)).collect();
        let request = ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                resource: Some(self.resource.clone()),
                scope_spans: vec![ScopeSpans { scope: Some(scope), spans, ..ScopeSpans::default() }],
                ..ResourceSpans::default()
            }],
        };
        match self.format {
            TraceFormat::Protobuf => request.encode_to_vec().into(),
            // There is nothing in it that JSON cannot say.
            TraceFormat::Json => serde_json::to_vec(&request).unwrap_or_default().into(),
        }
    }
}

/// The spans of one exchange: its own first.
fn spans(entry: &Entry) -> Vec<Span> {
    let family = Family::of(entry);
    let record = &entry.record;
    let mut spans = vec![server(entry, &family)];
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
    for attempt in &record.attempts {
        let method = entry.method.as_ref().map_or("_OTHER", http::Method::as_str);
        let mut attributes = vec![text("http.request.method", method)];
        attributes.extend(server_attributes(&attempt.target));
        let mut span = family.child(method.to_owned(), SpanKind::Client, (attempt.began, attempt.took), attributes);
        if attempt.outcome != "ok" {
            span.attributes.push(text("error.type", attempt.outcome));
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
    let method = entry.method.as_ref().map_or("_OTHER", http::Method::as_str);
    let scheme = if entry.tls.is_some() { "https" } else { "http" };
    let version = match entry.version {
        http::Version::HTTP_2 => "2",
        http::Version::HTTP_10 => "1.0",
        _ => "1.1",
    };
    let mut attributes = vec![
        text("http.request.method", method),
        text("url.path", &entry.path),
        text("url.scheme", scheme),
        text("network.protocol.version", version),
        text("client.address", &entry.client.to_string()),
        int("http.response.status_code", entry.status.into()),
        int("http.request.body.size", record.request_bytes),
        int("http.response.body.size", record.response_bytes),
        text("tollgate.request_id", &entry.id),
        text("tollgate.reason", record.reason()),
    ];
    let optional = [
        ("user_agent.original", entry.user_agent.as_deref()),
        ("http.route", entry.template.as_deref()),
        ("tollgate.route", entry.route.as_deref()),
        ("enduser.id", entry.user.as_ref().map(|user| &*user.sub)),
    ];
    attributes.extend(optional.iter().filter_map(|(name, value)| value.map(|value| text(name, value))));
    attributes.extend(entry.host.iter().flat_map(|host| server_attributes(host)));
    // Of a server, only its own failures are errors.
    let failed = entry.status >= 500;
    if failed {
        attributes.push(text("error.type", &entry.status.to_string()));
    }
    let took = (record.started, record.timings.total.unwrap_or_default());
    let name = entry.template.as_ref().map_or_else(|| method.to_owned(), |template| format!("{method} {template}"));
    let mut span = family.child(name, SpanKind::Server, took, attributes);
    span.span_id = bytes(entry.span_id.as_str());
    span.parent_span_id = entry.parent_id.map(|id| bytes(id.as_str())).unwrap_or_default();
    if failed {
        span.status = Some(Status { message: String::new(), code: StatusCode::Error.into() });
    }
    span
}

/// What all spans of an exchange have in common.
struct Family {
    trace_id: TraceId,
    parent: SpanId,
    /// The moment of the monotonic clock's zero, in nanoseconds since the epoch.
    zero: u64,
}

impl Family {
    fn of(entry: &Entry) -> Self {
        let began = u64::try_from(entry.time.0).unwrap_or_default().saturating_mul(1_000_000);
        Self {
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
            // Sampled; and of those with a parent, it is in another process for the first alone.
            flags: 1,
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

/// Host and port of an authority.
fn server_attributes(authority: &str) -> Vec<KeyValue> {
    let split = authority.rsplit_once(':').filter(|(host, _)| !host.contains(':') || host.ends_with(']'));
    match split.and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?))) {
        Some((host, port)) => vec![text("server.address", host), int("server.port", port.into())],
        None => vec![text("server.address", authority)],
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

fn int(key: &str, value: u64) -> KeyValue {
    attribute(key, Value::IntValue(i64::try_from(value).unwrap_or(i64::MAX)))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}
