//! What a run saw, as one line of JSON.

use std::io::Write;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::{Map, Value, json};

use crate::cpu::{self, Group};

/// Microseconds; one minute is the longest that is told apart.
const LONGEST: u64 = 60_000_000;

/// Counts answers and their latencies between two moments.
pub(crate) struct Report {
    pub(crate) requests: u64,
    pub(crate) bytes: u64,
    pub(crate) wrong_status: u64,
    pub(crate) wrong_length: u64,
    /// Connections that ended, or failed, while an answer was due.
    pub(crate) errors: u64,
    /// Due, but not answered when the run ended.
    pub(crate) unfinished: u64,
    pub(crate) reconnects: u64,
    /// The first thing that went wrong, in words.
    pub(crate) first_error: Option<String>,
    pub(crate) seconds: f64,
    latency: Histogram<u64>,
    groups: Vec<Group>,
    cpu: Vec<f64>,
    own: f64,
}

impl Report {
    pub(crate) fn new(groups: &[Group]) -> anyhow::Result<Self> {
        Ok(Self {
            requests: 0,
            bytes: 0,
            wrong_status: 0,
            wrong_length: 0,
            errors: 0,
            unfinished: 0,
            reconnects: 0,
            first_error: None,
            seconds: 0.0,
            latency: Histogram::new_with_bounds(1, LONGEST, 3)?,
            groups: groups.to_vec(),
            cpu: groups.iter().map(Group::seconds).collect(),
            own: cpu::own_seconds(),
        })
    }

    pub(crate) fn answered(&mut self, latency: Duration, bytes: u64) {
        self.requests += 1;
        self.bytes += bytes;
        let micros = u64::try_from(latency.as_micros()).unwrap_or(LONGEST);
        self.latency.saturating_record(micros.max(1));
    }

    pub(crate) fn blame(&mut self, what: impl FnOnce() -> String) {
        self.first_error.get_or_insert_with(what);
    }

    /// The measured time is over: reads the CPU clocks.
    pub(crate) fn close(&mut self, seconds: f64) {
        self.seconds = seconds;
        for (spent, group) in self.cpu.iter_mut().zip(&self.groups) {
            *spent = group.seconds() - *spent;
        }
        self.own = cpu::own_seconds() - self.own;
    }

    pub(crate) fn print(&self) -> anyhow::Result<()> {
        let cpu: Map<String, Value> =
            self.groups.iter().zip(&self.cpu).map(|(group, spent)| (group.name.clone(), json!(spent))).collect();
        let micros = |quantile: f64| self.latency.value_at_quantile(quantile);
        let report = json!({
            "requests": self.requests,
            "bytes": self.bytes,
            "seconds": self.seconds,
            "wrongStatus": self.wrong_status,
            "wrongLength": self.wrong_length,
            "errors": self.errors,
            "unfinished": self.unfinished,
            "reconnects": self.reconnects,
            "firstError": self.first_error,
            "microseconds": {
                "p50": micros(0.5), "p90": micros(0.9), "p99": micros(0.99), "p999": micros(0.999),
                "max": self.latency.max(), "mean": self.latency.mean(),
            },
            "cpuSeconds": cpu,
            "ownCpuSeconds": self.own,
        });
        writeln!(std::io::stdout().lock(), "{report}")?;
        Ok(())
    }
}
