//! What is remembered of requests that are over.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::{Interval, Ratio, Size};

/// The recorder: what `tollgate explain REQUEST_ID` knows of requests that are over. It is in memory,
/// and holds no header fields, no values of queries and no bodies.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RecorderSettings {
    /// Whether there is one. When it is switched off, it forgets what it has.
    pub enabled: bool,
    /// How much memory it may take. Half of it is for failures of the gateway and of upstreams, a
    /// quarter for what was the client's fault, a quarter for everything else, so that a flood of
    /// one kind pushes out none of another; the oldest go first.
    pub size: Size,
    /// The share of requests without a failure that is recorded as well. Failures always are.
    pub sample: Ratio,
    /// Requests that took longer than this are always recorded.
    pub slow: Interval,
}

impl Default for RecorderSettings {
    fn default() -> Self {
        Self { enabled: true, size: Size(8 * 1024 * 1024), sample: Ratio(0.01), slow: Interval::from_secs(1) }
    }
}
