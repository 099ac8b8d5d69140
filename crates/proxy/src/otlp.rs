//! What messages of OpenTelemetry's protocol have in common.

use std::collections::BTreeMap;

use bytes::Bytes;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;
use serde::Serialize;
use tollgate_core::settings::TraceFormat;

/// The stable part of the semantic conventions that the names of attributes are of.
pub(crate) const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.42.0";

/// What sends: a service, and what else is said of it.
pub(crate) fn resource(service: &str, version: Option<&str>, attributes: &BTreeMap<String, String>) -> Resource {
    let mut all = vec![text("service.name", service)];
    all.extend(version.map(|version| text("service.version", version)));
    all.extend(attributes.iter().map(|(name, value)| text(name, value)));
    Resource { attributes: all, ..Resource::default() }
}

pub(crate) fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: "tollgate".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    }
}

/// A message as the collector reads it.
pub(crate) fn encode<M: Message + Serialize>(message: &M, format: TraceFormat) -> Bytes {
    match format {
        TraceFormat::Protobuf => message.encode_to_vec().into(),
        // There is nothing in it that JSON cannot say.
        TraceFormat::Json => serde_json::to_vec(message).unwrap_or_default().into(),
    }
}

pub(crate) const fn media(format: TraceFormat) -> &'static str {
    match format {
        TraceFormat::Protobuf => "application/x-protobuf",
        TraceFormat::Json => "application/json",
    }
}

/// Host and port of an authority.
pub(crate) fn server(authority: &str) -> Vec<KeyValue> {
    let split = authority.rsplit_once(':').filter(|(host, _)| !host.contains(':') || host.ends_with(']'));
    match split.and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?))) {
        Some((host, port)) => vec![text("server.address", host), int("server.port", port.into())],
        None => vec![text("server.address", authority)],
    }
}

pub(crate) fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

pub(crate) fn int(key: &str, value: u64) -> KeyValue {
    attribute(key, Value::IntValue(i64::try_from(value).unwrap_or(i64::MAX)))
}

pub(crate) fn flag(key: &str, value: bool) -> KeyValue {
    attribute(key, Value::BoolValue(value))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

/// The version of HTTP as the conventions have it.
pub(crate) const fn protocol_version(version: http::Version) -> &'static str {
    match version {
        http::Version::HTTP_2 => "2",
        http::Version::HTTP_10 => "1.0",
        _ => "1.1",
    }
}
