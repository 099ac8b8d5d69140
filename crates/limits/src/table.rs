//! A bounded table of sliding windows: one shard of the local store, behind its lock.
//!
//! *Bound.* A shard holds at most `capacity` windows, and never forgets one that still counts:
//! only windows that are wholly past are evicted. A key that finds no place is counted in the
//! overflow window of its limit, shared with all others that found none, and when it finds a
//! place later it begins with a copy of that. So a full table can only make limits stricter:
//! memory stays bounded, and no key ever gets more than its limit.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::Outcome;
use crate::meter::{Rule, State};

/// No sweep below this many windows: there is nothing to gain.
const SWEEP_FROM: usize = 64;
/// A table is swept at least this often as long as it is used at all, in nanoseconds, so that keys
/// that came once do not stay where no new ones push them out.
const SWEEP_EVERY: u64 = 60_000_000_000;
/// How long a full table that could not be swept is left alone, in nanoseconds, so that a flood
/// of new keys does not pay for a walk each.
const SWEEP_PAUSE: u64 = 100_000_000;

/// One window in the table.
#[derive(Debug)]
struct Counted {
    hash: u64,
    counter: u32,
    rule: Rule,
    key: Box<str>,
    state: State,
}

/// Which window is meant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Which<'a> {
    /// A good hash of all that follows.
    pub(crate) hash: u64,
    /// The counter's number.
    pub(crate) counter: u32,
    /// The limit: each distinct one counts for itself.
    pub(crate) rule: Rule,
    /// The key.
    pub(crate) key: &'a str,
}

impl Counted {
    fn is(&self, which: &Which<'_>) -> bool {
        self.counter == which.counter && self.rule == which.rule && *self.key == *which.key
    }
}

/// A bounded table of windows.
#[derive(Debug)]
pub(crate) struct Table {
    /// Boxed, because half of a table's places are empty.
    windows: HashTable<Box<Counted>>,
    capacity: usize,
    /// The size at which the next new key causes a sweep: twice what the last one left, so that
    /// sweeping costs a constant per new key.
    sweep_at: usize,
    /// No sweep before this moment.
    sweep_after: u64,
    /// The moment at which the next hit causes a sweep, whatever its key.
    sweep_due: u64,
    /// The shared windows of keys that found no place.
    overflow: Vec<(u32, Rule, State)>,
}

impl Table {
    pub(crate) fn new(capacity: usize) -> Self {
        let capacity = capacity.max(1);
        Self {
            windows: HashTable::new(),
            capacity,
            sweep_at: SWEEP_FROM.min(capacity),
            sweep_after: 0,
            sweep_due: 0,
            overflow: Vec::new(),
        }
    }

    /// Counts a hit. The second value tells whether it had to go to an overflow window.
    pub(crate) fn hit(&mut self, which: &Which<'_>, now: u64, cost: u32) -> (Outcome, bool) {
        self.on(which, now, |state| state.hit(which.rule, now, cost))
    }

    /// Counts without asking, as [`State::add`] does.
    pub(crate) fn add(&mut self, which: &Which<'_>, now: u64, cost: u32) -> bool {
        self.on(which, now, |state| state.add(which.rule, now, cost)).1
    }

    /// Does something to the state of a key, and finds a place for what is new.
    fn on<T>(&mut self, which: &Which<'_>, now: u64, act: impl FnOnce(&mut State) -> T) -> (T, bool) {
        if now >= self.sweep_due {
            self.sweep(now);
        }
        if let Some(counted) = self.windows.find_mut(which.hash, |counted| counted.is(which)) {
            return (act(&mut counted.state), false);
        }
        if self.windows.len() >= self.sweep_at && now >= self.sweep_after {
            self.sweep(now);
        }
        let shared =
            self.overflow.iter().position(|(counter, rule, _)| *counter == which.counter && *rule == which.rule);
        if self.windows.len() >= self.capacity {
            let index = shared.unwrap_or_else(|| {
                self.overflow.push((which.counter, which.rule, which.rule.unused()));
                self.overflow.len() - 1
            });
            return (act(&mut self.overflow[index].2), true);
        }
        let mut state = shared.map_or_else(|| which.rule.unused(), |index| self.overflow[index].2.clone());
        let done = act(&mut state);
        // A window that counted nothing is like no window: a flood of refusals leaves no trace.
        if state.past_at(which.rule) > now {
            let entry = self.windows.entry(which.hash, |counted| counted.is(which), |counted| counted.hash);
            if let Entry::Vacant(place) = entry {
                place.insert(Box::new(Counted {
                    hash: which.hash,
                    counter: which.counter,
                    rule: which.rule,
                    key: which.key.into(),
                    state,
                }));
            }
        }
        (done, false)
    }

    /// Evicts every window that is wholly past.
    fn sweep(&mut self, now: u64) {
        self.windows.retain(|counted| counted.state.past_at(counted.rule) > now);
        self.overflow.retain(|(_, rule, state)| state.past_at(*rule) > now);
        let live = self.windows.len();
        self.windows.shrink_to(2 * live, |counted| counted.hash);
        self.sweep_due = now.saturating_add(SWEEP_EVERY);
        self.sweep_at = (2 * live).clamp(SWEEP_FROM.min(self.capacity), self.capacity);
        if live >= self.capacity {
            self.sweep_after = now.saturating_add(SWEEP_PAUSE);
        }
    }

    /// How many windows it holds, overflow windows included.
    pub(crate) fn len(&self) -> usize {
        self.windows.len() + self.overflow.len()
    }
}
