//! The access log: one line for every request, whatever became of it.
//!
//! Whoever ends an exchange turns its [`Entry`] into a line, in a buffer that its thread keeps, and
//! adds the line to the batch of its lane; a thread hands batches on to the sinks. Where a batch has grown too large
//! the line is dropped and counted: a slow disk must not slow down requests.
//!
//! What a line of JSON holds stands in [`schema`].

mod entry;
mod json;
mod lane;
mod pretty;
mod rules;
pub mod schema;
mod sinks;

use std::cell::RefCell;
use std::fmt;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use prometheus_client::metrics::counter::Counter;
use tollgate_core::Services;
use tollgate_core::settings::AccessLogSettings;

pub use entry::Entry;
pub(crate) use entry::cut;
use json::Moment;
use lane::Lane;
use rules::Kept;
pub(crate) use rules::LogRules;
use sinks::Sinks;
#[cfg(test)]
pub(crate) use tests::entry as test_entry;

use crate::metrics::Metrics;

/// How lines look on standard output. Everywhere else they are JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object in each line.
    Json,
    /// For people at a terminal: the time of day, what was asked, what came of it; how to mend a
    /// refusal.
    Pretty {
        /// Whether status and hints are coloured.
        color: bool,
    },
}

/// Takes entries; threads and tasks of its own write them.
#[derive(Clone)]
pub struct AccessLog {
    on: Option<Arc<On>>,
}

struct On {
    /// That of standard output first; the second is for the other sinks, where it is another format.
    lanes: Vec<Lane>,
    sinks: Mutex<Sinks>,
    dropped: Counter,
    sampled_out: Counter,
}

thread_local! {
    /// What a thread makes its lines in.
    static DRAFT: RefCell<(Vec<u8>, Moment)> = RefCell::default();
}

impl AccessLog {
    /// Starts with standard output alone. Relative paths of files are below `folder`.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub fn start(
        console: Box<dyn Write + Send>,
        format: Format,
        folder: &Path,
        metrics: &Metrics,
    ) -> std::io::Result<Self> {
        let sinks = Sinks::start(console, folder, metrics)?;
        let mut lanes = vec![Lane::start(format)?];
        if format != Format::Json {
            lanes.push(Lane::start(Format::Json)?);
        }
        lanes[0].lead_to(vec![sinks.console()]);
        let (dropped, sampled_out) = (metrics.access_log_dropped.clone(), metrics.access_log_sampled_out.clone());
        Ok(Self { on: Some(Arc::new(On { lanes, sinks: Mutex::new(sinks), dropped, sampled_out })) })
    }

    /// A log that writes nothing.
    pub fn off() -> Self {
        Self { on: None }
    }

    /// Goes on with the sinks of these settings. Those that did not change keep what waits for them.
    pub(crate) fn apply(&self, settings: &AccessLogSettings, services: &Arc<Services>, metrics: &Metrics) {
        let Some(on) = &self.on else { return };
        let mut sinks = on.sinks.lock();
        sinks.apply(settings, services, metrics);
        let console = settings.stdout.then(|| sinks.console());
        match &on.lanes[..] {
            [console_lane, others] => {
                console_lane.lead_to(console.into_iter().collect());
                others.lead_to(sinks.others());
            }
            lanes => lanes.iter().for_each(|lane| {
                lane.lead_to(console.iter().cloned().chain(sinks.others()).collect());
            }),
        }
    }

    pub(crate) fn write(&self, entry: &Entry, rules: &LogRules) {
        let Some(on) = self.on.as_ref().filter(|_| rules.is_enabled()) else { return };
        let sample = match rules.judge(entry) {
            Kept::Always => None,
            Kept::Sampled(share) => Some(share),
            Kept::No => {
                on.sampled_out.inc();
                return;
            }
        };
        for lane in on.lanes.iter().filter(|lane| lane.is_wanted()) {
            let add = |(line, moment): &mut (Vec<u8>, Moment)| {
                line.clear();
                match lane.format {
                    Format::Json => json::line(entry, sample, moment, line),
                    Format::Pretty { color } => line.extend_from_slice(pretty::lines(entry, color).as_bytes()),
                }
                lane.add(line)
            };
            // A thread that is ending has no draft any more.
            let taken =
                DRAFT.try_with(|draft| add(&mut draft.borrow_mut())).unwrap_or_else(|_| add(&mut Default::default()));
            if !taken {
                on.dropped.inc();
            }
        }
    }

    /// Opens files again: another program has moved them away.
    pub fn reopen(&self) {
        if let Some(on) = &self.on {
            on.sinks.lock().reopen();
        }
    }

    /// Waits until everything that was handed over is written, for at most `limit`. False where
    /// a sink did not get there. Blocks the thread: for the end of the process, and for tests.
    pub fn flush(&self, limit: Duration) -> bool {
        let Some(on) = &self.on else { return true };
        // All of them, whatever became of the first.
        let flushed: Vec<bool> =
            on.lanes.iter().filter(|lane| lane.is_wanted()).map(|lane| lane.flush(limit)).collect();
        !flushed.contains(&false)
    }
}

impl fmt::Debug for AccessLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessLog").field("on", &self.on.is_some()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
