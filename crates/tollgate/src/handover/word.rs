//! What gateways say to each other while one takes the other's place.

use serde::{Deserialize, Serialize};
use tollgate_limits::quota::CountedElsewhere;

use super::Role;

/// Raised when an older gateway would misunderstand a newer one.
pub(crate) const PROTOCOL: u32 = 1;

/// One message: a line of JSON.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "kebab-case")]
pub(crate) enum Word {
    /// Asks for the place.
    TakeOver { protocol: u32, pid: u32, version: String },
    /// The sockets, whose descriptors travel with the message in the same order.
    Offer { pid: u32, version: String, sockets: Vec<Offered> },
    /// It does not happen.
    No { why: String, code: u8 },
    /// Everything is built.
    Ready,
    /// What only one may write is free.
    Released,
    /// Accepting.
    Serving,
    /// Accepts no more.
    Over,
    /// The successor gives up, and says why.
    Failed { why: String },
    /// What was counted of quotas by requests that were still under way.
    Counted { counts: Vec<CountedElsewhere> },
    /// Asks the gateway to start its successor.
    Upgrade,
    /// It has one.
    Upgraded { pid: u32, version: String, drain_seconds: u64 },
}

/// A socket that is listened on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Offered {
    pub(crate) role: Role,
    /// What a service manager calls it.
    pub(crate) name: Option<String>,
    /// The address that was asked for, as written.
    pub(crate) declared: String,
}
