//! Counting hits against limits.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::MaybeLater;

/// A sliding window: never more than `count` in any interval of length `window`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// How many.
    pub count: u32,
    /// In how long.
    pub window: Duration,
}

/// What a counter says to one hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Whether it was within the limit. A refused hit is not counted.
    pub allowed: bool,
    /// How many more would be allowed at this moment.
    pub remaining: u32,
    /// Until the next hit that was refused now would be allowed; zero where this one was.
    pub retry_after: Duration,
    /// Until more than `remaining` is available again.
    pub reset_after: Duration,
}

/// The counter of one limit, for all of its keys. Prepared at load.
pub trait WindowCounter: Send + Sync + fmt::Debug {
    /// Counts `cost` for `key` if that stays within `window`, and says so. The window may differ
    /// from call to call (limits by plan); each distinct one counts for itself.
    ///
    /// An error means that the counter's store is away. A counter that answers later keeps a copy
    /// of the key, so that the caller may go on with the exchange that the key came from.
    fn hit<'a>(&'a self, key: &str, window: Window, cost: u32) -> MaybeLater<'a, Result<Decision, LimiterAway>>;
}

/// The store behind a counter is away; what then happens is the policy's decision.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the store of the limits is unavailable: {0}")]
pub struct LimiterAway(pub String);

/// Where counters come from. The same id gives the same counter, so that a reload loses none.
pub trait Limiter: Send + Sync + fmt::Debug {
    /// The counter of the limit with this id (a policy instance's).
    fn window(&self, id: &str) -> Arc<dyn WindowCounter>;
}
