//! What runs at this moment, for whoever watches: counters that only go up, read when somebody asks.
//!
//! Metrics have the same in a form that other programs read; their histograms cannot be read back, and
//! consumers and targets are no labels of them, because there may be any number of those.

mod latencies;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tollgate_core::record::Record;

pub(crate) use latencies::Latencies;

/// What is counted of one route, as long as some snapshot has it.
#[derive(Default)]
pub struct RouteTally {
    client_errors: AtomicU64,
    server_errors: AtomicU64,
    latencies: Latencies,
}

/// What was counted of one route.
#[derive(Debug, Clone)]
pub struct RouteCounts {
    /// Its id.
    pub route: Arc<str>,
    /// Answers of 4xx.
    pub client_errors: u64,
    /// Answers of 5xx.
    pub server_errors: u64,
    /// Ends of classes in microseconds, and how many answers were in each.
    pub latencies: Vec<(u64, u64)>,
}

impl RouteTally {
    pub(crate) fn note(&self, status: u16, took: Duration) {
        match status {
            400..=499 => _ = self.client_errors.fetch_add(1, Ordering::Relaxed),
            500.. => _ = self.server_errors.fetch_add(1, Ordering::Relaxed),
            _ => {}
        }
        self.latencies.note(took);
    }

    pub(crate) fn counts(&self, route: &Arc<str>) -> RouteCounts {
        RouteCounts {
            route: Arc::clone(route),
            client_errors: self.client_errors.load(Ordering::Relaxed),
            server_errors: self.server_errors.load(Ordering::Relaxed),
            latencies: self.latencies.counts(),
        }
    }
}

impl fmt::Debug for RouteTally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouteTally").finish_non_exhaustive()
    }
}

/// What is counted besides routes. Only exchanges that were refused, or ran scripts, come here.
#[derive(Debug, Default)]
pub struct Tallies {
    reasons: Mutex<HashMap<&'static str, u64>>,
    scripts: Mutex<HashMap<Arc<str>, ScriptCounts>>,
}

/// What was counted of one script.
#[derive(Debug, Clone, Default)]
pub struct ScriptCounts {
    /// Exchanges that it ran in.
    pub runs: u64,
    /// Its processor time.
    pub cpu: Duration,
}

impl Tallies {
    pub(crate) fn note(&self, record: &Record) {
        if let Some(refusal) = &record.refusal {
            // There are as many as the closed list has.
            *self.reasons.lock().entry(refusal.reason.name).or_default() += 1;
        }
        if record.scripts.is_empty() {
            return;
        }
        let mut scripts = self.scripts.lock();
        for share in &record.scripts {
            // There are as many as projects have had so far.
            let counts = scripts.entry(Arc::clone(&share.name)).or_default();
            counts.runs += 1;
            counts.cpu += share.cpu;
        }
    }

    /// How often each reason was given.
    pub fn reasons(&self) -> Vec<(&'static str, u64)> {
        self.reasons.lock().iter().map(|(reason, count)| (*reason, *count)).collect()
    }

    /// What each script used.
    pub fn scripts(&self) -> Vec<(Arc<str>, ScriptCounts)> {
        self.scripts.lock().iter().map(|(name, counts)| (Arc::clone(name), counts.clone())).collect()
    }
}

/// What is counted of one target.
#[derive(Debug, Default)]
pub(crate) struct TargetTally {
    sent: AtomicU64,
    failed: AtomicU64,
    waiting: AtomicU64,
    last_failure: Mutex<Option<&'static str>>,
}

/// What was counted of one target.
#[derive(Debug, Clone)]
pub struct TargetCounts {
    /// `host:port`
    pub target: Arc<str>,
    /// Open connections that wait for a request.
    pub idle: usize,
    /// Requests whose answer has not begun.
    pub waiting: u64,
    /// Requests for it.
    pub sent: u64,
    /// Those that brought no answer.
    pub failed: u64,
    /// Why the last of those failed.
    pub last_failure: Option<&'static str>,
}

impl TargetCounts {
    /// Adds what was counted of the same target elsewhere.
    pub(crate) fn add(&mut self, other: Self) {
        self.idle += other.idle;
        self.waiting += other.waiting;
        self.sent += other.sent;
        self.failed += other.failed;
        self.last_failure = other.last_failure.or(self.last_failure);
    }
}

impl TargetTally {
    /// Counts a request that begins now, and until its head has come or nobody waits for it any more.
    pub(crate) fn begin(&self) -> Waiting<'_> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Waiting(self)
    }

    pub(crate) fn counts(&self, target: &Arc<str>, idle: usize) -> TargetCounts {
        TargetCounts {
            target: Arc::clone(target),
            idle,
            waiting: self.waiting.load(Ordering::Relaxed),
            sent: self.sent.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            last_failure: *self.last_failure.lock(),
        }
    }
}

/// A request that waits for its answer.
pub(crate) struct Waiting<'t>(&'t TargetTally);

impl Waiting<'_> {
    pub(crate) fn failed(&self, reason: &'static str) {
        self.0.failed.fetch_add(1, Ordering::Relaxed);
        *self.0.last_failure.lock() = Some(reason);
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
