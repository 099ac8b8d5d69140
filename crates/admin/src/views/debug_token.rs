//! A debug token that was just made.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A debug token that was just made. It is kept nowhere.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DebugToken)]
pub struct DebugTokenView {
    /// The token.
    pub token: String,
    /// The field to send it in.
    pub header: String,
    /// The only route that it is for; `null` for all.
    pub route: Option<String>,
    /// RFC 3339; from when on it is refused.
    pub expires_on: String,
}

impl std::fmt::Debug for DebugTokenView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DebugTokenView").field("expires_on", &self.expires_on).finish_non_exhaustive()
    }
}
