//! Tokens with which operators ask for more to be told of a request than others may know.

use std::fmt;

use crate::time::Timestamp;

/// What a debug token allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebugGrant {
    /// Who had it made.
    pub operator: String,
    /// The only route that it is for; `None` for all.
    pub route: Option<String>,
    /// From when on it is refused.
    pub expires_on: Timestamp,
}

/// Makes and checks debug tokens. Checking costs one HMAC of a few hundred bytes at most, whatever is
/// sent, and asks nobody.
pub trait DebugTokens: Send + Sync + fmt::Debug {
    /// Makes a token.
    fn make(&self, grant: &DebugGrant) -> String;
    /// What a token allows at a moment; `None` where it is forged, damaged or expired.
    fn check(&self, token: &[u8], now: Timestamp) -> Option<DebugGrant>;
}
