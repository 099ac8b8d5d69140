//! Where spans are sent.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::units::{Interval, Ratio};

/// Spans of requests, sent to a collector as OTLP over HTTP.
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TraceSettings {
    /// The collector's address for traces: `http://127.0.0.1:4318/v1/traces`.
    #[serde(deserialize_with = "http_url")]
    pub url: String,
    /// Fields that go along, such as `authorization`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// How spans are written.
    #[serde(default)]
    pub format: TraceFormat,
    /// What the gateway is called (`service.name`).
    #[serde(default = "product")]
    pub service: String,
    /// Which version of it this is (`service.version`).
    #[serde(default)]
    pub service_version: Option<String>,
    /// The share of traces that are sent: `10%`.
    #[serde(default = "all")]
    pub ratio: Ratio,
    /// What takes this long is slow: its spans are sent whatever the ratio says, and so are those of what failed (a
    /// status of 500 and above).
    #[serde(default = "a_second")]
    pub slow: Interval,
    /// Whether a caller's `traceparent` decides for its trace, rather than the ratio.
    #[serde(default = "yes")]
    pub accept_remote: bool,
}

/// How spans are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TraceFormat {
    /// Protocol buffers, which every collector reads.
    #[default]
    Protobuf,
    /// JSON.
    Json,
}

pub(super) fn product() -> String {
    "tollgate".to_owned()
}

const fn all() -> Ratio {
    Ratio(1.0)
}

const fn a_second() -> Interval {
    Interval::from_secs(1)
}

const fn yes() -> bool {
    true
}

fn http_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let is_url = text
        .parse::<http::Uri>()
        .is_ok_and(|uri| uri.authority().is_some() && matches!(uri.scheme_str(), Some("http" | "https")));
    if is_url { Ok(text) } else { Err(serde::de::Error::custom(format!("`{text}` is no http or https URL"))) }
}

impl fmt::Debug for TraceSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The headers may be secrets.
        f.debug_struct("TraceSettings").field("url", &self.url).finish_non_exhaustive()
    }
}
