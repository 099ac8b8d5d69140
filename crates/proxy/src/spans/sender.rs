//! The task that sends spans, in batches.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use prometheus_client::metrics::counter::Counter;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tollgate_core::Services;
use tollgate_core::settings::TraceSettings;

use super::Ended;
use super::encode::Encoder;
use crate::delivery::Recipient;
use crate::otlp;

/// Requests of one batch, at most.
const BATCH: usize = 256;
/// How long spans wait for others.
const GATHER: Duration = Duration::from_secs(1);
/// Between tries, where the collector asks for another one (OTLP §"Retryable Response Codes").
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3)];
/// However long it asks for: others wait meanwhile.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What the task is asked for.
pub(super) enum Job {
    /// To send the spans of an exchange.
    Ended(Ended),
    /// To send what waits now, and to say so.
    Flush(oneshot::Sender<()>),
}

/// Runs until nobody can ask for anything any more.
pub(super) async fn run(
    settings: TraceSettings,
    services: Arc<Services>,
    mut jobs: mpsc::Receiver<Job>,
    dropped: Counter,
) {
    let media = otlp::media(settings.format);
    let mut collector = Collector(Recipient::new(services, &settings.url, &settings.headers, media));
    let encoder = Encoder::new(&settings);
    loop {
        let (batch, asked) = gather(&mut jobs).await;
        let ended = batch.is_empty() && asked.is_none();
        if !batch.is_empty() && !collector.send(encoder.encode(&batch)).await {
            dropped.inc_by(batch.len() as u64);
        }
        if let Some(asked) = asked {
            let _ = asked.send(());
        }
        if ended {
            return;
        }
    }
}

/// What is sent together, and who waits for it. Nothing of both once nobody asks any more.
async fn gather(jobs: &mut mpsc::Receiver<Job>) -> (Vec<Ended>, Option<oneshot::Sender<()>>) {
    let mut batch = Vec::new();
    let mut due = None;
    while batch.len() < BATCH {
        let job = match due {
            None => jobs.recv().await,
            Some(due) => match tokio::time::timeout_at(due, jobs.recv()).await {
                Ok(job) => job,
                Err(_) => break,
            },
        };
        match job {
            Some(Job::Ended(ended)) => batch.push(ended),
            Some(Job::Flush(asked)) => return (batch, Some(asked)),
            None => break,
        }
        due.get_or_insert_with(|| Instant::now() + GATHER);
    }
    (batch, None)
}

/// The collector, as it is asked.
struct Collector(Recipient);

impl Collector {
    /// Says whether it was taken.
    async fn send(&mut self, body: Bytes) -> bool {
        const WHAT: &str = "the collector takes no spans";
        for pause in PAUSES.into_iter().map(Some).chain([None]) {
            let (why, wait) = match self.0.post(body.clone()).await {
                Ok(answer) if answer.status.is_success() => {
                    self.0.took();
                    return true;
                }
                Ok(answer) => {
                    let why = format!("it answered {}", answer.status);
                    if !matches!(answer.status.as_u16(), 429 | 502 | 503 | 504) {
                        self.0.failed(WHAT, &why);
                        return false;
                    }
                    (why, answer.retry_after)
                }
                Err(why) => (why, None),
            };
            match pause {
                Some(pause) => tokio::time::sleep(wait.unwrap_or(pause).min(LONGEST_PAUSE)).await,
                None => self.0.failed(WHAT, &why),
            }
        }
        false
    }
}
