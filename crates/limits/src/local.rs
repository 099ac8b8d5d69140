//! The store in memory: counters of one node.
//!
//! Exact under any concurrency: a hit takes the lock of its shard, reads the clock under it, and
//! decides and counts in one go. Nothing is awaited; a hit costs a hash, a lock and a few
//! comparisons.
//!
//! *Bound.* [`DEFAULT_CAPACITY`] windows (a window is one key under one limit): about 180 bytes
//! for a caller that came once, at most 1.25 KB for one that filled every slot, so 330 MB at the
//! very worst (`cargo run --release -p tollgate-limits --example memory` measures it). Windows that are wholly past are evicted as new keys come, and once a minute. What
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
use tollgate_core::services::{Charge, Counter, CounterGroup, Decision, Limit, Limiter, LimiterAway, Sharing};
use tollgate_core::time::Clock;

use crate::Outcome;
use crate::meter::{self, Rule};
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
pub(crate) struct LocalCounter {
    number: u32,
    shared: Arc<Shared>,
}

/// Several that decide together.
#[derive(Debug)]
pub(crate) struct LocalGroup {
    /// All keys of the group that are alike are in one shard, whichever counter they are of.
    number: u32,
    counters: Box<[u32]>,
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

impl LocalLimiter {
    fn number(&self, id: &str) -> u32 {
        let mut counters = self.counters.lock();
        let next = u32::try_from(counters.len()).unwrap_or(u32::MAX);
        match counters.get(id) {
            Some(number) => *number,
            None => *counters.entry(id.into()).or_insert(next),
        }
    }

    /// The counter of the limit with this id.
    pub(crate) fn local_counter(&self, id: &str) -> LocalCounter {
        LocalCounter { number: self.number(id), shared: Arc::clone(&self.shared) }
    }

    /// Counters by their names, below this id.
    pub(crate) fn local_group(&self, id: &str, names: &[&str]) -> LocalGroup {
        LocalGroup {
            number: self.number(id),
            counters: names.iter().map(|name| self.number(&format!("{id}#{name}"))).collect(),
            shared: Arc::clone(&self.shared),
        }
    }
}

impl Limiter for LocalLimiter {
    fn counter(&self, id: &str, _: Sharing) -> Arc<dyn Counter> {
        Arc::new(self.local_counter(id))
    }

    fn group(&self, id: &str, names: &[&str], _: Sharing) -> Arc<dyn CounterGroup> {
        Arc::new(self.local_group(id, names))
    }
}

impl LocalCounter {
    /// Counts a hit, now.
    pub(crate) fn count(&self, key: &str, limit: Limit, cost: u32) -> Decision {
        self.shared.hit(self.number, key, limit, cost)
    }
}

impl Counter for LocalCounter {
    fn hit<'a>(&'a self, key: &str, limit: Limit, cost: u32) -> MaybeLater<'a, Result<Decision, LimiterAway>> {
        MaybeLater::Now(Ok(self.count(key, limit, cost)))
    }
}

impl LocalGroup {
    /// Counts all charges or none, now.
    pub(crate) fn count(&self, key: &str, charges: &[Charge]) -> Vec<Decision> {
        self.shared.hit_all(self, key, charges)
    }

    /// What is meant by each charge.
    fn each<'k>(
        &'k self,
        base: u64,
        key: &'k str,
        charges: &'k [Charge],
    ) -> impl Iterator<Item = (Which<'k>, &'k Charge)> {
        self.counters.iter().zip(charges).map(move |(counter, charge)| {
            let rule = Rule::new(charge.limit, nanos);
            (Which { hash: self.shared.hasher.hash_one((base, counter, rule)), counter: *counter, rule, key }, charge)
        })
    }
}

impl CounterGroup for LocalGroup {
    fn hit<'a>(&'a self, key: &str, charges: &[Charge]) -> MaybeLater<'a, Result<Vec<Decision>, LimiterAway>> {
        MaybeLater::Now(Ok(self.count(key, charges)))
    }

    fn add(&self, key: &str, charges: &[Charge]) {
        let (base, shard) = self.shared.shard(self.number, key);
        let mut table = shard.lock();
        let now = self.shared.now();
        for (which, charge) in self.each(base, key, charges) {
            table.add(&which, now, charge.cost);
        }
    }
}

impl Shared {
    fn now(&self) -> u64 {
        nanos(self.clock.monotonic())
    }

    /// Where the keys of a counter or a group are, and the hash that they have in common.
    fn shard(&self, number: u32, key: &str) -> (u64, &Mutex<Table>) {
        let base = self.hasher.hash_one((number, key));
        // The low bits choose the bucket within the table, so the shard takes others.
        (base, &self.shards[(base >> 32) as usize % self.shards.len()])
    }

    fn hit(&self, counter: u32, key: &str, limit: Limit, cost: u32) -> Decision {
        let rule = Rule::new(limit, nanos);
        let (base, shard) = self.shard(counter, key);
        let which = Which { hash: self.hasher.hash_one((base, counter, rule)), counter, rule, key };
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
        meter::decision(outcome, Duration::from_nanos)
    }

    fn hit_all(&self, group: &LocalGroup, key: &str, charges: &[Charge]) -> Vec<Decision> {
        let (base, shard) = self.shard(group.number, key);
        let mut overflowed = false;
        let (outcomes, now) = {
            let mut table = shard.lock();
            let now = self.now();
            let mut each = |cost: &dyn Fn(usize, &Charge) -> u32| -> Vec<Outcome> {
                let charges = group.each(base, key, charges).enumerate();
                let outcomes = charges.map(|(index, (which, charge))| {
                    let (outcome, shared) = table.hit(&which, now, cost(index, charge));
                    overflowed |= shared;
                    outcome
                });
                outcomes.collect()
            };
            // One look tells what is left; only if there is enough of everything is anything counted.
            let looked = each(&|_, _| 0);
            let fits: Vec<bool> =
                looked.iter().zip(charges).map(|(outcome, charge)| charge.needed() <= outcome.remaining).collect();
            let outcomes = if fits.iter().all(|fits| *fits) {
                each(&|_, charge| charge.cost)
            } else {
                // What does not fit is not counted, but told how long to wait; what would have is only looked at.
                each(&|index, charge| if fits[index] { 0 } else { charge.needed() })
            };
            (outcomes, now)
        };
        if overflowed {
            self.overflowed(now);
        }
        outcomes.into_iter().map(|outcome| meter::decision(outcome, Duration::from_nanos)).collect()
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
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
