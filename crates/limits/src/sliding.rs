//! The sliding window: never more than `count` in any interval `[t, t + window)`.
//!
//! Hits are kept in slots, the oldest first. A slot remembers its *last* hit and how many it
//! holds, and leaves only when that last hit has left the window, so that nothing is ever
//! forgotten early: the promise holds for every interval, not only for those that begin at full
//! minutes.
//!
//! Up to [`EXACT`] hits a slot is one tick wide: every moment is known, and a refusal ends on
//! the tick. Above that a slot is 1/[`SLOTS`] of the window wide, so that state stays small for
//! any limit; the error bound is that a refusal may last up to `window / 60` too long.
//!
//! State per key: at most 64 slots exact, at most 61 otherwise, 16 bytes each.

use std::collections::VecDeque;

use crate::Outcome;

/// Up to this limit every hit's own moment is kept.
pub const EXACT: u32 = 64;
/// Into how many slots the window of a larger limit is divided.
pub const SLOTS: u64 = 60;

/// How many, in how many ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limit {
    /// How many.
    pub count: u32,
    /// In how many ticks.
    pub window: u64,
}

impl Limit {
    /// How wide a slot is. Rounded up, so that there are never more than 61 at a time.
    fn slot(self) -> u64 {
        if self.count <= EXACT { 1 } else { self.window.div_ceil(SLOTS).max(1) }
    }
}

/// Hits that share their moment, as far as the limit looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slot {
    /// The moment of the last of them.
    last: u64,
    /// What they cost together.
    cost: u32,
}

/// The state of one key under one limit. Which limit is the caller's knowledge: the same one
/// must be given every time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SlidingWindow {
    slots: VecDeque<Slot>,
    /// The costs of all slots together; above the limit's count only by what was added afterwards.
    used: u32,
}

impl SlidingWindow {
    /// Counts a hit at `now` if it stays within the limit, and says so.
    ///
    /// A `now` before the last counted hit is taken as that hit's moment: a clock that goes back
    /// must not let anything through twice.
    pub fn hit(&mut self, limit: Limit, now: u64, cost: u32) -> Outcome {
        let now = self.slots.back().map_or(now, |slot| slot.last.max(now));
        self.forget(limit, now);
        let free = limit.count.saturating_sub(self.used);
        if cost > free {
            return Outcome {
                allowed: false,
                remaining: free,
                retry_after: self.until_free(limit, now, cost),
                reset_after: self.until_next(limit, now),
            };
        }
        if cost > 0 {
            self.count(limit, now, cost);
        }
        Outcome { allowed: true, remaining: free - cost, retry_after: 0, reset_after: self.until_next(limit, now) }
    }

    /// Counts `cost` at `now`, whether it stays within the limit or not: what was used already.
    pub fn add(&mut self, limit: Limit, now: u64, cost: u32) {
        let now = self.slots.back().map_or(now, |slot| slot.last.max(now));
        self.forget(limit, now);
        if cost > 0 {
            self.count(limit, now, cost);
        }
    }

    /// From which moment on this state says no more than a new one does; 0 where it is new.
    pub fn past_at(&self, limit: Limit) -> u64 {
        self.slots.back().map_or(0, |slot| slot.last.saturating_add(limit.window))
    }

    /// Lets slots go that lie wholly outside the window.
    fn forget(&mut self, limit: Limit, now: u64) {
        while let Some(slot) = self.slots.front() {
            if slot.last.saturating_add(limit.window) > now {
                break;
            }
            self.used = self.used.saturating_sub(slot.cost);
            self.slots.pop_front();
        }
    }

    fn count(&mut self, limit: Limit, now: u64, cost: u32) {
        self.used = self.used.saturating_add(cost);
        let width = limit.slot();
        match self.slots.back_mut() {
            Some(slot) if slot.last / width == now / width => {
                slot.last = now;
                slot.cost = slot.cost.saturating_add(cost);
            }
            _ => {
                // Most callers come once: one place is enough for them, and a quarter of what a queue begins with.
                if self.slots.capacity() == 0 {
                    self.slots.reserve_exact(1);
                }
                self.slots.push_back(Slot { last: now, cost });
            }
        }
    }

    /// Ticks until `cost` is free, if nothing else is counted.
    fn until_free(&self, limit: Limit, now: u64, cost: u32) -> u64 {
        let mut used = self.used;
        for slot in &self.slots {
            used = used.saturating_sub(slot.cost);
            if cost <= limit.count.saturating_sub(used) {
                return slot.last.saturating_add(limit.window) - now;
            }
        }
        limit.window
    }

    /// Ticks until anything is freed.
    fn until_next(&self, limit: Limit, now: u64) -> u64 {
        let free = limit.count.saturating_sub(self.used);
        let mut used = self.used;
        for slot in &self.slots {
            used = used.saturating_sub(slot.cost);
            if limit.count.saturating_sub(used) > free {
                return slot.last.saturating_add(limit.window) - now;
            }
        }
        // Nothing is counted, or nothing was ever allowed.
        self.slots.front().map_or(0, |slot| slot.last.saturating_add(limit.window) - now)
    }
}
