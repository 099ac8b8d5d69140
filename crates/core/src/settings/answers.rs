//! What answers tell of their way through the gateway.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What answers tell of their way through the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AnswerSettings {
    /// What `Proxy-Status` (RFC 9209) tells of an answer that the gateway made itself.
    pub proxy_status: ProxyStatus,
    /// Whether every answer carries `Server-Timing`: how many milliseconds the gateway, its policies
    /// and the upstream took. Web pages of other origins read it only where CORS lets them.
    pub server_timing: bool,
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
