//! Refusals that still hold: a caller who is over his limit costs the shared store nothing until it may let
//! him through again.
//!
//! The store says how long a refused hit would go on being refused if no other came; others can only make it
//! longer. So the answer is known for that long. It is counted from before the store was asked, and errs on the
//! side of asking again.
//!
//! *Bound.* [`CAPACITY`] refusals, about 200 bytes each. Where there are more, the store is asked.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tollgate_core::services::{Charge, Decision};

/// How many refusals are remembered.
const CAPACITY: usize = 65_536;
/// How often a full table is looked through for those that are past, in milliseconds.
const SWEEP_EVERY: u64 = 200;

#[derive(Debug)]
struct Refusal {
    charges: Box<[Charge]>,
    decisions: Box<[Decision]>,
    asked_at: Duration,
    until: Duration,
}

/// The refusals that still hold, by the tag of the caller.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    known: papaya::HashMap<Box<str>, Refusal>,
    /// When a full table may be looked through again, in milliseconds.
    sweep_after: AtomicU64,
}

impl Refusals {
    /// What the store would say, where it is known that it would refuse.
    pub(crate) fn find(&self, tag: &str, charges: &[Charge], now: Duration) -> Option<Vec<Decision>> {
        if self.known.is_empty() {
            return None;
        }
        let known = self.known.pin();
        let refusal = known.get(tag)?;
        if now >= refusal.until {
            known.remove(tag);
            return None;
        }
        // Other limits, or a smaller cost, may fit.
        let covers = refusal.charges.len() == charges.len()
            && refusal
                .charges
                .iter()
                .zip(charges)
                .all(|(old, new)| old.limit == new.limit && old.needed() <= new.needed());
        let since = now.saturating_sub(refusal.asked_at);
        covers.then(|| {
            let aged = |decision: &Decision| Decision {
                retry_after: decision.retry_after.saturating_sub(since),
                reset_after: decision.reset_after.saturating_sub(since),
                ..*decision
            };
            refusal.decisions.iter().map(aged).collect()
        })
    }

    /// Remembers what the store said, where it refused.
    pub(crate) fn note(&self, tag: &str, charges: &[Charge], decisions: &[Decision], asked_at: Duration) {
        let refused = decisions.iter().filter(|decision| !decision.allowed);
        let Some(wait) = refused.map(|decision| decision.retry_after).max() else { return };
        let known = self.known.pin();
        if known.len() >= CAPACITY && !self.sweep(asked_at) {
            return;
        }
        known.insert(
            tag.into(),
            Refusal {
                charges: charges.into(),
                decisions: decisions.into(),
                asked_at,
                until: asked_at.saturating_add(wait),
            },
        );
    }

    /// Forgets what is past, and says whether there is room then.
    fn sweep(&self, now: Duration) -> bool {
        let millis = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let due = self.sweep_after.load(Ordering::Relaxed);
        let next = millis.saturating_add(SWEEP_EVERY);
        if millis < due || self.sweep_after.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return false;
        }
        let known = self.known.pin();
        known.retain(|_, refusal| now < refusal.until);
        known.len() < CAPACITY
    }
}

#[cfg(test)]
mod tests {
    use tollgate_core::services::{Limit, Window};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn charge(cost: u32) -> Charge {
        Charge::new(Limit::Window(Window { count: 5, window: 60 * SECOND }), cost)
    }

    fn refused(seconds: u32) -> Decision {
        Decision { allowed: false, remaining: 1, retry_after: seconds * SECOND, reset_after: seconds * SECOND }
    }

    #[test]
    fn a_refusal_holds_for_as_long_as_the_store_said_and_for_what_costs_as_much() {
        let refusals = Refusals::default();
        refusals.note("a", &[charge(2)], &[refused(10)], 5 * SECOND);
        let known = refusals.find("a", &[charge(2)], 8 * SECOND).unwrap();
        assert_eq!((known[0].retry_after, known[0].allowed), (7 * SECOND, false));
        assert!(refusals.find("a", &[charge(3)], 8 * SECOND).is_some());
        assert!(refusals.find("a", &[charge(1)], 8 * SECOND).is_none(), "a smaller cost may fit");
        assert!(refusals.find("b", &[charge(2)], 8 * SECOND).is_none());
        assert!(refusals.find("a", &[charge(2)], 15 * SECOND).is_none());
    }

    #[test]
    fn what_was_allowed_is_not_remembered() {
        let refusals = Refusals::default();
        refusals.note("a", &[charge(1)], &[Decision { allowed: true, ..refused(10) }], SECOND);
        assert!(refusals.find("a", &[charge(1)], SECOND).is_none());
    }

    #[test]
    fn a_flood_of_refused_callers_is_not_remembered_beyond_the_bound() {
        let refusals = Refusals::default();
        for caller in 0..CAPACITY + 1000 {
            refusals.note(&caller.to_string(), &[charge(1)], &[refused(10)], SECOND);
        }
        assert_eq!(refusals.known.len(), CAPACITY);
        refusals.note("later", &[charge(1)], &[refused(10)], 20 * SECOND);
        assert_eq!(refusals.known.len(), 1, "what is past makes room");
    }
}
