//! The store in memory: counters of one node.
//!
//! Exact under any concurrency: a hit takes the lock of its shard, reads the clock under it, and
//! decides and counts in one go. Nothing is awaited; a hit costs a hash, a lock and a few
//! comparisons.
//!
//! *Bound.* [`DEFAULT_CAPACITY`] windows (a window is one key under one limit): about 150 bytes
//! for a caller that came once, at most 1.2 KiB for one that filled every slot, so 300 MiB at the
//! very worst. Windows that are wholly past are evicted as new keys come, and once a minute. What
//! happens when all of them still count is told in `table.rs`: limits get stricter, never looser,
//! and the log says so.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::hash::RandomState;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tollgate_core::MaybeLater;
use tollgate_core::services::limiter::LimiterAway;
use tollgate_core::services::{Decision, Limiter, Window, WindowCounter};
use tollgate_core::time::Clock;

use crate::sliding::Limit;
use crate::table::{Table, Which};

/// How many windows a limiter holds unless told otherwise.
pub const DEFAULT_CAPACITY: usize = 1 << 18;
/// Shards of a limiter of that size; a small one has one.
const SHARDS: usize = 64;
/// How often the log says that the table is full, in nanoseconds.
const WARN_EVERY: u64 = 10_000_000_000;

/// Counts in memory.
#[derive(Debug)]
pub struct LocalLimiter {
    shared: Arc<Shared>,
    /// The number of every counter that was ever asked for. Numbers are not taken back: a limit
    /// that a reload removes and another brings back finds its counts.
    counters: Mutex<HashMap<Box<str>, u32>>,
}

#[derive(Debug)]
struct Shared {
    clock: Arc<dyn Clock>,
    hasher: RandomState,
    shards: Box<[Mutex<Table>]>,
    overflowed: AtomicU64,
    /// When the log may next say that the table is full.
    warn_after: AtomicU64,
}

/// One limit's counter.
#[derive(Debug)]
struct LocalCounter {
    number: u32,
    shared: Arc<Shared>,
}

impl LocalLimiter {
    /// A limiter with the default capacity.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with_capacity(clock, DEFAULT_CAPACITY)
    }

    /// A limiter that holds at most `capacity` windows (rounded up to its shards).
    pub fn with_capacity(clock: Arc<dyn Clock>, capacity: usize) -> Self {
        let shards = if capacity >= SHARDS * SHARDS { SHARDS } else { 1 };
        let shared = Shared {
            clock,
            hasher: RandomState::new(),
            shards: (0..shards).map(|_| Mutex::new(Table::new(capacity.div_ceil(shards)))).collect(),
            overflowed: AtomicU64::new(0),
            warn_after: AtomicU64::new(0),
        };
        Self { shared: Arc::new(shared), counters: Mutex::default() }
    }

    /// How many windows are held at the moment.
    pub fn len(&self) -> usize {
        self.shared.shards.iter().map(|shard| shard.lock().len()).sum()
    }

    /// Whether no window is held at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many hits found the table full and were counted in a shared window.
    pub fn overflowed(&self) -> u64 {
        self.shared.overflowed.load(Ordering::Relaxed)
    }
}

impl Limiter for LocalLimiter {
    fn window(&self, id: &str) -> Arc<dyn WindowCounter> {
        let mut counters = self.counters.lock();
        let next = u32::try_from(counters.len()).unwrap_or(u32::MAX);
        let number = match counters.get(id) {
            Some(number) => *number,
            None => *counters.entry(id.into()).or_insert(next),
        };
        Arc::new(LocalCounter { number, shared: Arc::clone(&self.shared) })
    }
}

impl WindowCounter for LocalCounter {
    fn hit<'a>(&'a self, key: &str, window: Window, cost: u32) -> MaybeLater<'a, Result<Decision, LimiterAway>> {
        MaybeLater::Now(Ok(self.shared.hit(self.number, key, window, cost)))
    }
}

impl Shared {
    fn now(&self) -> u64 {
        nanos(self.clock.monotonic())
    }

    fn hit(&self, counter: u32, key: &str, window: Window, cost: u32) -> Decision {
        let limit = Limit { count: window.count, window: nanos(window.window) };
        let which = Which { hash: self.hasher.hash_one((counter, limit, key)), counter, limit, key };
        // The low bits choose the bucket within the table, so the shard takes others.
        let shard = &self.shards[(which.hash >> 32) as usize % self.shards.len()];
        let (outcome, overflowed, now) = {
            let mut table = shard.lock();
            // Under the lock: a moment that was read before it could be older than the last
            // counted hit, and the order of hits would not be the order of their times.
            let now = self.now();
            let (outcome, overflowed) = table.hit(&which, now, cost);
            (outcome, overflowed, now)
        };
        if overflowed {
            self.overflowed(now);
        }
        Decision {
            allowed: outcome.allowed,
            remaining: outcome.remaining,
            retry_after: Duration::from_nanos(outcome.retry_after),
            reset_after: Duration::from_nanos(outcome.reset_after),
        }
    }

    #[cold]
    fn overflowed(&self, now: u64) {
        let total = self.overflowed.fetch_add(1, Ordering::Relaxed) + 1;
        let due = self.warn_after.load(Ordering::Relaxed);
        let next = now.saturating_add(WARN_EVERY);
        if now >= due && self.warn_after.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            tracing::warn!(total, "the table of limits is full: callers that are new to it share one allowance");
        }
    }
}

/// Five hundred years of nanoseconds fit; a longer duration counts as that.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
