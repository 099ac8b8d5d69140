//! One key under one limit, whichever algorithm the limit is of.

use std::time::Duration;

use tollgate_core::services::{Decision, Limit as Asked};

use crate::Outcome;
use crate::gcra::{self, Bucket, FullAt};
use crate::sliding::{Limit, SlidingWindow};

/// A limit in the ticks of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Rule {
    Window(Limit),
    Bucket(Bucket),
}

/// What has been counted under it.
#[derive(Debug, Clone)]
pub(crate) enum State {
    Window(SlidingWindow),
    Bucket(FullAt),
}

impl Rule {
    /// A limit, in ticks of which `ticks` says how many a duration has.
    pub(crate) fn new(limit: Asked, ticks: fn(Duration) -> u64) -> Self {
        match limit {
            Asked::Window(window) => Self::Window(Limit { count: window.count, window: ticks(window.window) }),
            Asked::Bucket(bucket) => {
                Self::Bucket(Bucket { count: bucket.count, window: ticks(bucket.window), burst: bucket.burst })
            }
        }
    }

    /// The state of a key that was never counted.
    pub(crate) fn unused(self) -> State {
        match self {
            Self::Window(_) => State::Window(SlidingWindow::default()),
            Self::Bucket(_) => State::Bucket(FullAt::default()),
        }
    }
}

impl State {
    /// Counts a hit if it stays within the limit, and says so. The rule is the one that made the state.
    pub(crate) fn hit(&mut self, rule: Rule, now: u64, cost: u32) -> Outcome {
        match (self, rule) {
            (Self::Window(window), Rule::Window(limit)) => window.hit(limit, now, cost),
            (Self::Bucket(full_at), Rule::Bucket(bucket)) => {
                let (after, outcome) = gcra::take(bucket, *full_at, now, cost);
                *full_at = after;
                outcome
            }
            // Rules name their states; another algorithm's begins anew.
            (state, rule) => {
                *state = rule.unused();
                state.hit(rule, now, cost)
            }
        }
    }

    /// Counts, whether it stays within the limit or not.
    pub(crate) fn add(&mut self, rule: Rule, now: u64, cost: u32) {
        match (self, rule) {
            (Self::Window(window), Rule::Window(limit)) => window.add(limit, now, cost),
            (Self::Bucket(full_at), Rule::Bucket(bucket)) => *full_at = gcra::drain(bucket, *full_at, now, cost),
            (state, rule) => {
                *state = rule.unused();
                state.add(rule, now, cost);
            }
        }
    }

    /// From which moment on it says no more than a new one does; 0 where it is new.
    pub(crate) fn past_at(&self, rule: Rule) -> u64 {
        match (self, rule) {
            (Self::Window(window), Rule::Window(limit)) => window.past_at(limit),
            (Self::Bucket(full_at), Rule::Bucket(bucket)) => full_at.past_at(bucket),
            _ => 0,
        }
    }
}

/// An outcome whose ticks are nanoseconds or microseconds, as the trait has it.
pub(crate) fn decision(outcome: Outcome, duration: fn(u64) -> Duration) -> Decision {
    Decision {
        allowed: outcome.allowed,
        remaining: outcome.remaining,
        retry_after: duration(outcome.retry_after),
        reset_after: duration(outcome.reset_after),
    }
}
