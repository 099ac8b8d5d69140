//! What answers tell of their way through the gateway, and what comes before them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What answers tell of their way through the gateway, and what comes before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AnswerSettings {
    /// What `Proxy-Status` (RFC 9209) tells of an answer that the gateway made itself.
    pub proxy_status: ProxyStatus,
    /// Whether every answer carries `Server-Timing`: how many milliseconds the gateway, its policies
    /// and the upstream took. Web pages of other origins read it only where CORS lets them.
    pub server_timing: bool,
    /// Whether clients of HTTP/1.1 and HTTP/2 are sent what an upstream says before its answer:
    /// `103 Early Hints`, `102 Processing` and all others of 1xx but 100, which the gateway says
    /// itself, and 101. Policies do not see them.
    pub interim: bool,
}

impl Default for AnswerSettings {
    fn default() -> Self {
        Self { proxy_status: ProxyStatus::default(), server_timing: false, interim: true }
    }
}

/// What `Proxy-Status` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProxyStatus {
    /// There is none.
    Off,
    /// The kind of error: `connection_refused`, `http_request_denied`, …
    #[default]
    Error,
    /// The precise reason and the upstream's address as well: for gateways whose clients are your own.
    Detailed,
}
