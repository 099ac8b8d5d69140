//! What is logged of requests, and where it goes.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::units::{Interval, Ratio, Size};

/// The access log: one JSON line for every request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AccessLogSettings {
    /// Whether there is one.
    pub enabled: bool,
    /// The share of requests that have a line: `10%`. What was refused, failed (a status of 400 or above) or was
    /// slow has one in any case; the others say with `sample` how many they stand for.
    pub sample: Ratio,
    /// What takes this long is slow.
    pub slow: Interval,
    /// Whether lines go to standard output.
    pub stdout: bool,
    /// Files that lines go to, each under a name of yours.
    pub files: BTreeMap<String, LogFileSettings>,
    /// Servers that lines go to in batches, each under a name of yours.
    pub http: BTreeMap<String, LogHttpSettings>,
}

impl Default for AccessLogSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            sample: Ratio(1.0),
            slow: Interval::from_secs(1),
            stdout: true,
            files: BTreeMap::new(),
            http: BTreeMap::new(),
        }
    }
}

/// A file that lines go to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogFileSettings {
    /// Its path; a relative one is below the data folder. It is opened again when another program has moved it
    /// away, and on SIGUSR1.
    pub path: String,
    /// The size at which it is put aside, and a new one begun; 0 for never.
    #[serde(default = "hundred_mebibytes")]
    pub rotate_size: Size,
    /// The age at which it is put aside. Default: never.
    #[serde(default)]
    pub rotate_every: Option<Interval>,
    /// How many files that were put aside are kept.
    #[serde(default = "seven")]
    pub keep: u32,
    /// Whether files that were put aside are compressed.
    #[serde(default = "yes")]
    pub gzip: bool,
}

/// A server that lines go to in batches.
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogHttpSettings {
    /// Where batches are posted to.
    #[serde(deserialize_with = "http_url")]
    pub url: String,
    /// The shape that the server reads.
    #[serde(default)]
    pub preset: LogPreset,
    /// What the gateway shows to be let in, from `$env(NAME)`; sent as the preset has it.
    #[serde(default)]
    pub token: Option<String>,
    /// Fields that go along, such as `x-scope-orgid`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// What all lines have in common: labels of the stream (Loki), tags (Datadog), indexed fields (Splunk).
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// The index or data stream (Elastic, where it is required, and Splunk).
    #[serde(default)]
    pub index: Option<String>,
    /// What the gateway is called there.
    #[serde(default = "product")]
    pub service: String,
    /// Whether batches are compressed.
    #[serde(default = "yes")]
    pub gzip: bool,
    /// How long lines wait for others.
    #[serde(default = "a_second")]
    pub every: Interval,
    /// How much may wait in memory while the server is away. What finds no room is dropped and counted.
    #[serde(default = "sixteen_mebibytes")]
    pub queue: Size,
    /// For how long a batch is tried again, at growing intervals, before it is dropped and counted.
    #[serde(default = "five_minutes")]
    pub retry_for: Interval,
}

/// The shape of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogPreset {
    /// Lines of JSON as they are; the token as `Authorization: Bearer`.
    #[default]
    Ndjson,
    /// Grafana Loki's `/loki/api/v1/push`.
    Loki,
    /// Datadog's `/api/v2/logs`; the token as `DD-API-KEY`.
    Datadog,
    /// Splunk's HTTP Event Collector, `/services/collector/event`; the token as `Authorization: Splunk`.
    Splunk,
    /// `/_bulk` of Elasticsearch and OpenSearch; the token as `Authorization: ApiKey`.
    Elastic,
}

const fn hundred_mebibytes() -> Size {
    Size(100 << 20)
}

const fn sixteen_mebibytes() -> Size {
    Size(16 << 20)
}

const fn seven() -> u32 {
    7
}

const fn yes() -> bool {
    true
}

fn product() -> String {
    "tollgate".to_owned()
}

const fn a_second() -> Interval {
    Interval::from_secs(1)
}

const fn five_minutes() -> Interval {
    Interval::from_secs(300)
}

pub(super) fn http_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let is_url = text
        .parse::<http::Uri>()
        .is_ok_and(|uri| uri.authority().is_some() && matches!(uri.scheme_str(), Some("http" | "https")));
    // There may be a token in it.
    if is_url { Ok(text) } else { Err(serde::de::Error::custom("this is no http or https URL")) }
}

impl fmt::Debug for LogHttpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // URL, token and headers may be secrets.
        f.debug_struct("LogHttpSettings").field("preset", &self.preset).finish_non_exhaustive()
    }
}
