//! Metrics, sent to a collector of OpenTelemetry from time to time: what a scraper would get, and the durations that
//! OpenTelemetry's HTTP conventions ask for. Nothing of it happens where the settings name no collector.

mod bridge;
mod durations;
mod sender;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};
use tollgate_core::Services;
use tollgate_core::settings::MetricSettings;

pub(crate) use durations::Durations;

use crate::metrics::Metrics;

/// The collector in force.
pub(crate) struct MetricsExport {
    /// What exchanges add to.
    pub(crate) durations: Durations,
    /// Asked to send now. The task ends with it.
    flush: mpsc::Sender<oneshot::Sender<()>>,
}

impl MetricsExport {
    /// Sends what there is, for at most so long.
    pub(crate) async fn flush(&self, within: Duration) {
        let flushed = async {
            let (done, told) = oneshot::channel();
            if self.flush.send(done).await.is_ok() {
                let _ = told.await;
            }
        };
        // What is not sent by then is lost: the process ends.
        let _ = tokio::time::timeout(within, flushed).await;
    }
}

impl fmt::Debug for MetricsExport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsExport").finish_non_exhaustive()
    }
}

/// The collector in force: a reload that does not change it keeps it, and what it counts.
#[derive(Debug, Default)]
pub(crate) struct ExportInForce(Mutex<Option<(MetricSettings, Arc<MetricsExport>)>>);

impl ExportInForce {
    pub(crate) fn of(
        &self,
        settings: Option<&MetricSettings>,
        services: &Arc<Services>,
        metrics: &Arc<Metrics>,
    ) -> Option<Arc<MetricsExport>> {
        let mut current = self.0.lock();
        if let Some((known, export)) = &*current
            && Some(known) == settings
        {
            return Some(Arc::clone(export));
        }
        *current = settings.map(|settings| {
            let (flush, asked) = mpsc::channel(1);
            let export = Arc::new(MetricsExport { durations: Durations::default(), flush });
            let sending = sender::Sender::new(settings, services, metrics, Arc::downgrade(&export));
            tokio::spawn(sending.run(asked));
            (settings.clone(), export)
        });
        current.as_ref().map(|(_, export)| Arc::clone(export))
    }
}
