//! Spans of requests, sent to a collector of OpenTelemetry: one for the request, and one for each policy, the
//! handler, each try to reach an upstream and each `fetch` of a script below it.
//!
//! Nothing is measured for them: they are a view of the record, made by the task that sends them. What it cannot
//! take in time is dropped and counted.

mod encode;
mod sender;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use prometheus_client::metrics::counter::Counter;
use tokio::sync::{mpsc, oneshot};
use tollgate_core::Services;
use tollgate_core::exchange::{Trace, TraceId};
use tollgate_core::reason::Fault;
use tollgate_core::settings::TraceSettings;

use crate::access_log::Entry;
use crate::metrics::Metrics;
use sender::Job;

/// Requests whose spans may wait.
const WAITING: usize = 4096;

/// Where the spans of one collector's settings go. The task that sends them ends with it.
pub(crate) struct Spans {
    jobs: mpsc::Sender<Job>,
    /// Of 2⁵⁶ traces, so many are sent.
    threshold: u64,
    accept_remote: bool,
    /// What takes this long is sent in any case.
    slow: Duration,
    dropped: Counter,
}

/// An exchange whose spans are sent.
pub(crate) struct Ended {
    entry: Box<Entry>,
    /// Why, where its trace was not chosen.
    kept: Option<&'static str>,
}

/// The random part of a trace's id, as level 2 of the W3C's recommendation has it: its last 56 bits.
const RANDOM_BITS: u32 = 56;

impl Spans {
    fn start(settings: &TraceSettings, services: &Arc<Services>, metrics: &Metrics) -> Self {
        let (jobs, waiting) = mpsc::channel(WAITING);
        let dropped = metrics.spans_dropped.clone();
        tokio::spawn(sender::run(settings.clone(), Arc::clone(services), waiting, dropped.clone()));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a ratio is between 0 and 1")]
        let threshold = (settings.ratio.0 * (1_u64 << RANDOM_BITS) as f64) as u64;
        Self { jobs, threshold, accept_remote: settings.accept_remote, slow: settings.slow.0, dropped }
    }

    /// Decides whether the spans of a trace are sent, and tells the upstream by the flag.
    pub(crate) fn decide(&self, trace: &mut Trace) {
        if trace.parent_id.is_some() && self.accept_remote {
            return;
        }
        trace.flags = u8::from(random_part(trace.trace_id) < self.threshold);
    }

    /// Takes an exchange that is over, where its trace was chosen, or where it is one that somebody will ask for. The
    /// flag that upstreams were sent said otherwise by then: what they did is missing from the trace.
    pub(crate) fn end(&self, entry: Box<Entry>, metrics: &Metrics) {
        let kept = match entry.sampled {
            true => None,
            false => match self.worth_keeping(&entry) {
                Some(why) => {
                    metrics.kept_spans(why);
                    Some(why)
                }
                None => return,
            },
        };
        if self.jobs.try_send(Job::Ended(Ended { entry, kept })).is_err() {
            self.dropped.inc();
        }
    }

    fn worth_keeping(&self, entry: &Entry) -> Option<&'static str> {
        // An answer that broke off has the status that it began with.
        let broke = entry.record.refusal.as_ref().is_some_and(|refusal| refusal.reason.fault != Fault::Client);
        if entry.status >= 500 || broke { Some("failed") } else { (entry.total() >= self.slow).then_some("slow") }
    }

    /// Sends what waits, for at most so long.
    pub(crate) async fn flush(&self, within: Duration) {
        let flushed = async {
            let (done, told) = oneshot::channel();
            if self.jobs.send(Job::Flush(done)).await.is_ok() {
                let _ = told.await;
            }
        };
        // What is not sent by then is lost: the process ends.
        let _ = tokio::time::timeout(within, flushed).await;
    }
}

/// A number below 2⁵⁶ that every gateway finds in the same trace.
fn random_part(id: TraceId) -> u64 {
    id.as_str().get(18..).and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or_default()
}

impl fmt::Debug for Spans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spans").field("threshold", &self.threshold).finish_non_exhaustive()
    }
}

/// The collector in force: a reload that does not change it keeps it, and what waits for it.
#[derive(Debug, Default)]
pub(crate) struct SpansInForce(Mutex<Option<(TraceSettings, Arc<Spans>)>>);

impl SpansInForce {
    pub(crate) fn of(
        &self,
        settings: Option<&TraceSettings>,
        services: &Arc<Services>,
        metrics: &Metrics,
    ) -> Option<Arc<Spans>> {
        let mut current = self.0.lock();
        if let Some((known, spans)) = &*current
            && Some(known) == settings
        {
            return Some(Arc::clone(spans));
        }
        *current = settings.map(|settings| (settings.clone(), Arc::new(Spans::start(settings, services, metrics))));
        current.as_ref().map(|(_, spans)| Arc::clone(spans))
    }
}

#[cfg(test)]
mod tests {
    use tollgate_core::exchange::SpanId;

    use super::*;

    fn spans(ratio: f64, accept_remote: bool) -> Spans {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 1")]
        let threshold = (ratio * (1_u64 << RANDOM_BITS) as f64) as u64;
        let slow = Duration::from_secs(1);
        Spans { jobs: mpsc::channel(1).0, threshold, accept_remote, slow, dropped: Counter::default() }
    }

    #[track_caller]
    fn check(spans: &Spans, id: u128, parent: Option<u8>, expected: u8) {
        let parent_id = parent.map(|_| SpanId::of(1));
        let mut trace = Trace { trace_id: TraceId::of(id), parent_id, flags: parent.unwrap_or(1), ..Trace::default() };
        spans.decide(&mut trace);
        assert_eq!(trace.flags, expected, "{spans:?} {id:x} {parent:?}");
    }

    #[test]
    fn a_share_of_traces_is_sent_and_the_callers_word_counts() {
        for id in [0, u128::MAX, 1 << 55] {
            check(&spans(1.0, true), id, None, 1);
            check(&spans(0.0, true), id, None, 0);
            check(&spans(0.0, true), id, Some(1), 1);
            check(&spans(1.0, true), id, Some(0), 0);
            check(&spans(1.0, false), id, Some(0), 1);
        }
        check(&spans(0.5, true), (1 << 55) - 1, None, 1);
        check(&spans(0.5, true), 1 << 55, None, 0);
        check(&spans(0.5, true), 1 << 56, None, 1);
    }

    #[test]
    fn what_failed_or_was_slow_is_sent_though_its_trace_was_not_chosen() {
        let (jobs, mut waiting) = mpsc::channel(8);
        let spans = Spans { jobs, ..spans(0.0, true) };
        let metrics = Metrics::new();
        let mut well = crate::access_log::test_entry();
        well.sampled = false;
        let (mut slow, mut failed, mut broken, mut refused) = (well.clone(), well.clone(), well.clone(), well.clone());
        slow.record.timings.total = Some(Duration::from_secs(1));
        failed.status = 502;
        let refusal = |reason| tollgate_core::record::Refusal {
            reason,
            stage: None,
            policy: None,
            cause: None,
            detail: Default::default(),
        };
        broken.record.refuse(refusal(&tollgate_core::reason::UPSTREAM_RESET));
        refused.status = 404;
        refused.record.refuse(refusal(&tollgate_core::reason::ROUTE_NOT_FOUND));
        for entry in [well, slow, failed, broken, refused] {
            spans.end(Box::new(entry), &metrics);
        }
        let mut kept = Vec::new();
        while let Ok(Job::Ended(ended)) = waiting.try_recv() {
            kept.extend(ended.kept);
        }
        assert_eq!(kept, ["slow", "failed", "failed"]);
    }

    #[test]
    fn what_finds_no_room_is_counted() {
        let spans = spans(1.0, true);
        spans.end(Box::new(crate::access_log::test_entry()), &Metrics::new());
        assert_eq!(spans.dropped.get(), 1, "nobody takes it");
    }
}
