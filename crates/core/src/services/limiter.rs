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

/// A token bucket: `burst` at once, and then evenly `count` in every `window`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bucket {
    /// How many tokens come back …
    pub count: u32,
    /// … in how long.
    pub window: Duration,
    /// How many tokens it holds.
    pub burst: u32,
}

/// A limit, by one algorithm or the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// A sliding window.
    Window(Window),
    /// A token bucket.
    Bucket(Bucket),
}

impl Limit {
    /// How many, and in how long: the steady rate.
    pub const fn rate(self) -> Window {
        match self {
            Self::Window(window) => window,
            Self::Bucket(Bucket { count, window, .. }) => Window { count, window },
        }
    }

    /// How many are allowed at once where nothing was counted before.
    pub const fn most_at_once(self) -> u32 {
        match self {
            Self::Window(window) => window.count,
            Self::Bucket(bucket) => bucket.burst,
        }
    }
}

impl From<Window> for Limit {
    fn from(window: Window) -> Self {
        Self::Window(window)
    }
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

/// So much of one limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// The limit; each distinct one counts for itself.
    pub limit: Limit,
    /// How much.
    pub cost: u32,
    /// How much must be left, where that is more than the cost: for what is known only afterwards. Where both are
    /// nothing, the charge only looks.
    pub at_least: u32,
}

impl Charge {
    /// So much of a limit.
    pub const fn new(limit: Limit, cost: u32) -> Self {
        Self { limit, cost, at_least: 0 }
    }

    /// How much has to be left for it.
    pub fn needed(&self) -> u32 {
        self.cost.max(self.at_least)
    }
}

/// How a counter deals with a store that it shares with other nodes. Where counters are in memory, all of
/// it is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Sharing {
    /// Whether a hit is answered from what this node knows, while the store is told beside it. Such a
    /// counter may let through what arrives within one round trip to the store, on every node; it never lets
    /// a node have more than the limit.
    pub overtakes: bool,
    /// Whether this node counts for itself while the store is away, instead of saying that it is.
    pub stands_in: bool,
}

/// The counter of one limit, for all of its keys. Prepared at load.
pub trait Counter: Send + Sync + fmt::Debug {
    /// Counts `cost` for `key` if that stays within `limit`, and says so. The limit may differ
    /// from call to call (limits by plan); each distinct one counts for itself.
    ///
    /// An error means that the counter's store is away. A counter that answers later keeps a copy
    /// of the key, so that the caller may go on with the exchange that the key came from.
    fn hit<'a>(&'a self, key: &str, limit: Limit, cost: u32) -> MaybeLater<'a, Result<Decision, LimiterAway>>;
}

/// Several named counters that decide together.
pub trait CounterGroup: Send + Sync + fmt::Debug {
    /// Counts every charge (they stand in the order of the names) if each stays within its limit, and none
    /// otherwise. There is a decision for each.
    fn hit<'a>(&'a self, key: &str, charges: &[Charge]) -> MaybeLater<'a, Result<Vec<Decision>, LimiterAway>>;
    /// Counts every charge, whether it stays within its limit or not: what was used and is known only
    /// afterwards. Nobody waits for it; where the store is away, this node counts it alone.
    fn add(&self, key: &str, charges: &[Charge]);
}

/// The store behind a counter is away; what then happens is the policy's decision.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the store of the limits is unavailable: {0}")]
pub struct LimiterAway(pub String);

/// Where counters come from. The same id gives the same counter, so that a reload loses none.
pub trait Limiter: Send + Sync + fmt::Debug {
    /// The counter of the limit with this id (a policy instance's).
    fn counter(&self, id: &str, sharing: Sharing) -> Arc<dyn Counter>;
    /// Counters by their names, below this id.
    fn group(&self, id: &str, names: &[&str], sharing: Sharing) -> Arc<dyn CounterGroup>;
    /// Whether the store that several nodes share can be reached; `None` where there is no such store.
    fn shared_store_is_up(&self) -> Option<bool> {
        None
    }
}
