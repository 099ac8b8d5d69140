//! What one key has used of one quota in one period.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tollgate_core::services::{Anchor, Correction, Metered, Period, Schedule, Usage};
use tollgate_core::time::Timestamp;

/// How long the first call of a key is remembered after its last period: it decides when the next one begins.
const REMEMBERED: i64 = 400 * 86_400_000;

/// The counts of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// The first call, where periods are counted from it.
    #[serde(rename = "a", skip_serializing_if = "Option::is_none")]
    pub(crate) first: Option<Timestamp>,
    #[serde(rename = "s")]
    pub(crate) start: Timestamp,
    #[serde(rename = "e")]
    pub(crate) end: Timestamp,
    #[serde(rename = "u", default)]
    pub(crate) used: Vec<(Arc<str>, u64)>,
    /// What the period was reckoned by: as long as that is the same, there is nothing to reckon within it.
    #[serde(skip)]
    pub(crate) reckoned_by: Option<Schedule>,
    /// Of that, what a shared store has still to be told.
    #[serde(rename = "p", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) pending: Vec<(Arc<str>, i64)>,
}

impl Counts {
    /// The counts of a key that calls for the first time.
    pub(crate) fn new(schedule: Schedule, now: Timestamp) -> Self {
        let period = schedule.period(now, now);
        Self {
            first: (schedule.anchor == Anchor::FirstCall).then_some(now),
            start: period.start,
            end: period.end,
            used: Vec::new(),
            reckoned_by: Some(schedule),
            pending: Vec::new(),
        }
    }

    /// Counts of a key that nothing is known of, in a period.
    pub(crate) fn of_period(period: Period) -> Self {
        Self {
            first: None,
            start: period.start,
            end: period.end,
            used: Vec::new(),
            reckoned_by: None,
            pending: Vec::new(),
        }
    }

    pub(crate) fn period(&self) -> Period {
        Period { start: self.start, end: self.end }
    }

    /// Begins another period where this one is over, or the schedule has become another. A clock that is a
    /// little behind does not bring the last period back.
    pub(crate) fn turn(&mut self, schedule: Schedule, now: Timestamp) {
        if self.reckoned_by == Some(schedule) && self.start <= now && now < self.end {
            return;
        }
        self.reckoned_by = Some(schedule);
        let first = match schedule.anchor {
            Anchor::FirstCall => *self.first.get_or_insert(now),
            _ => now,
        };
        let period = schedule.period(first, now);
        if period == self.period() || (period.end == self.start && now < self.start) {
            return;
        }
        self.begin(period);
    }

    /// Begins a period with nothing used.
    pub(crate) fn begin(&mut self, period: Period) {
        self.start = period.start;
        self.end = period.end;
        self.used.clear();
        self.pending.clear();
    }

    /// Takes everything if it fits.
    pub(crate) fn take(&mut self, metered: &[Metered], pending: bool) -> Usage {
        // What is not known beforehand needs something to be left.
        let fits = |asked: &Metered| {
            let needed = asked.cost.max(1);
            asked.allowance.is_none_or(|allowance| self.used(&asked.meter).saturating_add(needed) <= allowance)
        };
        let allowed = metered.iter().all(fits);
        if allowed {
            for asked in metered.iter().filter(|asked| asked.cost > 0) {
                self.add(&asked.meter, i64::try_from(asked.cost).unwrap_or(i64::MAX), pending);
            }
        }
        self.usage(metered, allowed)
    }

    pub(crate) fn usage(&self, metered: &[Metered], allowed: bool) -> Usage {
        let used = metered.iter().map(|asked| self.used(&asked.meter)).collect();
        Usage { allowed, period: self.period(), used }
    }

    pub(crate) fn correct(&mut self, corrections: &[Correction], pending: bool) {
        for correction in corrections {
            self.add(&correction.meter, correction.by, pending);
        }
    }

    /// Takes over what a shared store has counted; what it has not been told of yet comes on top.
    pub(crate) fn take_over(&mut self, first: Option<Timestamp>, period: Period, used: &[(Arc<str>, u64)]) {
        if period != self.period() {
            self.begin(period);
        }
        self.first = first;
        for (meter, count) in used {
            let pending = self.pending.iter().find(|(name, _)| name == meter).map_or(0, |(_, by)| *by);
            self.set(meter, count.saturating_add_signed(pending));
        }
    }

    pub(crate) fn used(&self, meter: &str) -> u64 {
        self.used.iter().find(|(name, _)| **name == *meter).map_or(0, |(_, used)| *used)
    }

    fn add(&mut self, meter: &Arc<str>, by: i64, pending: bool) {
        let used = self.used(meter).saturating_add_signed(by);
        self.set(meter, used);
        if pending && by != 0 {
            match self.pending.iter_mut().find(|(name, _)| name == meter) {
                Some((_, sum)) => *sum = sum.saturating_add(by),
                None => self.pending.push((Arc::clone(meter), by)),
            }
        }
    }

    /// Notes again what a shared store could not be told: it is counted here already.
    pub(crate) fn still_pending(&mut self, pending: impl Iterator<Item = (Arc<str>, i64)>) {
        for (meter, by) in pending {
            match self.pending.iter_mut().find(|(name, _)| *name == meter) {
                Some((_, sum)) => *sum = sum.saturating_add(by),
                None => self.pending.push((meter, by)),
            }
        }
    }

    fn set(&mut self, meter: &Arc<str>, used: u64) {
        match self.used.iter_mut().find(|(name, _)| name == meter) {
            Some((_, count)) => *count = used,
            None => self.used.push((Arc::clone(meter), used)),
        }
    }

    /// Whether it says no more than nothing at all.
    pub(crate) fn is_past(&self, now: Timestamp) -> bool {
        let kept = if self.first.is_some() { REMEMBERED } else { 0 };
        now.0 >= self.end.0.saturating_add(kept)
    }
}
