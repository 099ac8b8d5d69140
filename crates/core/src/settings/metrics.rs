//! Where metrics are sent.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::access_log::http_url;
use super::traces::{TraceFormat, product};
use crate::units::Interval;

/// Metrics, sent to a collector as OTLP over HTTP: the series of `/metrics`, and the durations of requests and of
/// tries to reach an upstream as OpenTelemetry's HTTP conventions name them.
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetricSettings {
    /// The collector's address for metrics: `http://127.0.0.1:4318/v1/metrics`.
    #[serde(deserialize_with = "http_url")]
    pub url: String,
    /// Fields that go along, such as `authorization`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// How metrics are written.
    #[serde(default)]
    pub format: TraceFormat,
    /// How often they are sent.
    #[serde(default = "quarter_minute")]
    pub every: Interval,
    /// What the gateway is called (`service.name`).
    #[serde(default = "product")]
    pub service: String,
    /// Which version of it this is (`service.version`).
    #[serde(default)]
    pub service_version: Option<String>,
    /// What else is said of it, such as `deployment.environment.name`.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

const fn quarter_minute() -> Interval {
    Interval::from_secs(15)
}

impl fmt::Debug for MetricSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The headers may be secrets.
        f.debug_struct("MetricSettings").field("service", &self.service).finish_non_exhaustive()
    }
}
