//! What bodies have in common.

use serde::{Deserialize, Deserializer};

/// Tells a member that is `null` from one that is not there: with `#[serde(default)]`, the latter is `None`.
#[allow(clippy::option_option, reason = "absent, null and a value are three things")]
pub(crate) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}
