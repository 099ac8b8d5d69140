//! Requests that are over, as the recorder remembers them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::StepView;

/// A request that is over, in short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RecordedRequestSummary)]
pub struct RequestSummary {
    /// The request id: `x-request-id`.
    pub id: String,
    /// RFC 3339; when its head had arrived.
    pub time: String,
    /// `null` where the head could not be read.
    pub method: Option<String>,
    /// The path, normalised, without the query.
    pub path: String,
    /// Of the answer; 499 where the client was gone before it.
    pub status: u16,
    /// `ok`, or the entry of the closed list of reasons.
    pub reason: String,
    /// The id of the route; `null` where none matched.
    pub route: Option<String>,
    /// Who called.
    pub consumer: Option<String>,
    /// From the head of the request to the last byte of the answer, in milliseconds.
    pub ms: f64,
    /// Why it is remembered: `failure`, `refusal`, `slowness`, `sample` or `debugging`.
    pub kept_for: String,
}

/// Why a request was refused, or failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RecordedReason)]
pub struct ReasonView {
    /// The entry of the closed list: `key.unknown`.
    pub name: String,
    /// The code that the client saw.
    pub code: String,
    /// Whose fault it was: `client`, `upstream` or `gateway`.
    pub fault: String,
    /// What it means.
    pub meaning: String,
    /// What to do.
    pub fix: String,
    /// Its page, as the gateway serves it to clients.
    pub page: String,
    /// The stage that spoke; `null` before routing.
    pub stage: Option<String>,
    /// The policy that spoke, where one did.
    pub policy: Option<String>,
    /// What the client was told.
    pub detail: String,
    /// What only the operator is told.
    pub cause: Option<String>,
}

/// A policy that ran, or the handler.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RecordedStep)]
pub struct RanView {
    /// `guard`, `auth`, `limit`, `inbound`, `sign`, `handler`, `outbound`
    pub stage: String,
    /// The policy's name in the project; of the handler, what it is.
    pub name: String,
    /// `continued`, `answered` or `refused`; of the handler `answered` or `refused`.
    pub verdict: String,
    /// When it began, in milliseconds from the request's beginning.
    pub at_ms: f64,
    /// How long it took, in milliseconds.
    pub ms: f64,
}

/// One try to reach an upstream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RecordedAttempt)]
pub struct AttemptView {
    /// `host:port`
    pub target: String,
    /// `ok`, or the reason it failed with.
    pub outcome: String,
    /// When it began, in milliseconds from the request's beginning.
    pub at_ms: f64,
    /// How long it took until its outcome was known, in milliseconds.
    pub ms: f64,
    /// Whether a kept connection was used.
    pub reused: bool,
}

/// A request that a script made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RecordedFetch)]
pub struct FetchView {
    /// Its method.
    pub method: String,
    /// Without the query.
    pub url: String,
    /// The status of the answer, where one came.
    pub status: Option<u16>,
    /// How long the head of the answer took, in milliseconds.
    pub ms: f64,
}

/// Where the time went, in milliseconds; `null` for what did not happen.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RecordedTimings)]
pub struct TimingsView {
    /// From the head of the request to the last byte of the answer.
    pub total: f64,
    /// Until the route was known.
    pub routing: Option<f64>,
    /// All inbound policies.
    pub inbound: Option<f64>,
    /// Finding and reaching the upstream.
    pub connect: Option<f64>,
    /// The TLS handshake with it.
    pub tls: Option<f64>,
    /// Waiting for the head of its answer.
    pub first_byte: Option<f64>,
    /// All outbound policies.
    pub outbound: Option<f64>,
}

/// A request that is over, as the recorder remembers it. Header fields, values of queries and
/// bodies are no part of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RecordedRequest)]
pub struct RequestView {
    /// Who, what, when, and what came of it.
    #[serde(flatten)]
    pub summary: RequestSummary,
    /// How many other requests with this id are remembered: clients may choose their ids.
    pub others_with_this_id: usize,
    /// The host that was asked for.
    pub host: Option<String>,
    /// The names of the query's parameters.
    pub query: Vec<String>,
    /// `HTTP/1.1`, …
    pub protocol: String,
    /// The id of the caller's key.
    pub key_id: Option<String>,
    /// The caller's address.
    pub client: String,
    /// The other end of the connection, where that is a trusted proxy.
    pub peer: Option<String>,
    /// What the client calls itself.
    pub user_agent: Option<String>,
    /// Bytes of the request body that were read.
    pub bytes_in: u64,
    /// Bytes of the response body that were written.
    pub bytes_out: u64,
    /// The W3C trace that it belongs to.
    pub trace_id: String,
    /// The project that was in force, by the digest of its files.
    pub snapshot: String,
    /// Whether that project is still in force.
    pub snapshot_in_force: bool,
    /// Where the route is written: `openapi.yaml:9:5`; `null` where its project is not in force any more.
    pub place: Option<String>,
    /// Why it was refused, or failed; `null` where it was not.
    pub refusal: Option<ReasonView>,
    /// What ran, in the order in which it began.
    pub steps: Vec<RanView>,
    /// The steps of the route that it did not come to; empty where its project is not in force any more.
    pub not_reached: Vec<StepView>,
    /// Every try to reach an upstream.
    pub attempts: Vec<AttemptView>,
    /// What scripts asked others for; noted where spans are sent.
    pub fetches: Vec<FetchView>,
    /// Limits that would have refused it, if they did not only report.
    pub would_refuse: Vec<String>,
    /// Where the time went.
    pub timings: TimingsView,
    /// What policies and scripts added for the log.
    #[schema(value_type = Object)]
    pub fields: Value,
}

/// What the recorder keeps, and how much of it there is at the moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Recorder)]
pub struct RecorderView {
    /// Whether anything is remembered.
    pub enabled: bool,
    /// How much memory it may take, in bytes.
    pub size: u64,
    /// How much of it is used.
    pub bytes: u64,
    /// How many requests are remembered.
    pub kept: u64,
    /// How many had to go since the start, because others came.
    pub forgotten: u64,
    /// RFC 3339; when the oldest of them arrived.
    pub oldest: Option<String>,
    /// The share of requests without a failure that is remembered: 0 to 1.
    pub sample: f64,
    /// Requests that took longer than this are always remembered, in milliseconds.
    pub slow_ms: f64,
}

impl RecorderView {
    /// What is kept, in a sentence.
    pub fn describe(&self) -> String {
        if !self.enabled {
            return "Nothing is remembered: `recorder.enabled` is false.".to_owned();
        }
        let oldest = self.oldest.as_deref().map_or_else(String::new, |oldest| format!(", the oldest of {oldest}"));
        format!(
            "This gateway remembers all failures, requests slower than {} ms and {}% of the rest, in {:.1} MiB of \
             memory and until it stops: {} at this moment{oldest}; {} had to go for later ones.",
            self.slow_ms,
            self.sample * 100.0,
            self.size as f64 / 1_048_576.0,
            self.kept,
            self.forgotten
        )
    }
}

/// Which requests.
#[derive(Debug, Clone, Default)]
pub struct RequestFilter {
    /// Only those with this id.
    pub id: Option<String>,
    /// Only those with this reason; with a dot at its end all that begin so.
    pub reason: Option<String>,
    /// Only those on this route.
    pub route: Option<String>,
    /// Only those of this consumer.
    pub consumer: Option<String>,
    /// Only those with a status from here …
    pub from_status: u16,
    /// … up to here.
    pub to_status: u16,
    /// How many at most.
    pub limit: usize,
}
