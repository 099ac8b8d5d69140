//! The task that sends spans, in batches.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use http::{HeaderMap, Method, StatusCode};
use prometheus_client::metrics::counter::Counter;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tollgate_core::egress::EgressRules;
use tollgate_core::settings::{TraceFormat, TraceSettings};
use tollgate_core::{Body, Request, Services};

use super::encode::Encoder;
use crate::access_log::Entry;

/// Requests of one batch, at most.
const BATCH: usize = 256;
/// How long spans wait for others.
const GATHER: Duration = Duration::from_secs(1);
/// How long the collector may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between tries, where the collector asks for another one (OTLP §"Retryable Response Codes").
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3)];

/// What the task is asked for.
pub(super) enum Job {
    /// To send the spans of an exchange.
    Entry(Box<Entry>),
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
    let mut collector = Collector::new(&settings, services);
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
async fn gather(jobs: &mut mpsc::Receiver<Job>) -> (Vec<Box<Entry>>, Option<oneshot::Sender<()>>) {
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
            Some(Job::Entry(entry)) => batch.push(entry),
            Some(Job::Flush(asked)) => return (batch, Some(asked)),
            None => break,
        }
        due.get_or_insert_with(|| Instant::now() + GATHER);
    }
    (batch, None)
}

/// The collector, as it is asked.
struct Collector {
    services: Arc<Services>,
    url: String,
    headers: HeaderMap,
    rules: Arc<EgressRules>,
    /// Said once, until it takes something again.
    failing: bool,
}

impl Collector {
    fn new(settings: &TraceSettings, services: Arc<Services>) -> Self {
        let mut headers = HeaderMap::new();
        for (name, value) in &settings.headers {
            match (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
                (Ok(name), Ok(mut value)) => {
                    value.set_sensitive(true);
                    headers.insert(name, value);
                }
                _ => tracing::warn!(header = name, "a header for the collector of traces cannot be sent"),
            }
        }
        let format = match settings.format {
            TraceFormat::Protobuf => "application/x-protobuf",
            TraceFormat::Json => "application/json",
        };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(format));
        headers.insert(USER_AGENT, HeaderValue::from_static("tollgate"));
        Self { services, url: settings.url.clone(), headers, rules: Arc::default(), failing: false }
    }

    /// Says whether it was taken.
    async fn send(&mut self, body: Bytes) -> bool {
        for pause in PAUSES.into_iter().map(Some).chain([None]) {
            let why = match tokio::time::timeout(PATIENCE, self.once(body.clone())).await {
                Ok(Ok(status)) if status.is_success() => {
                    self.failing = false;
                    return true;
                }
                Ok(Ok(status)) if !matches!(status.as_u16(), 429 | 502 | 503 | 504) => {
                    self.tell(&format!("it answered {status}"));
                    return false;
                }
                Ok(Ok(status)) => format!("it answered {status}"),
                Ok(Err(error)) => error,
                Err(_) => "it did not answer in time".to_owned(),
            };
            match pause {
                Some(pause) => tokio::time::sleep(pause).await,
                None => self.tell(&why),
            }
        }
        false
    }

    async fn once(&self, body: Bytes) -> Result<StatusCode, String> {
        let mut request = Request::new(Body::full(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.url.parse().map_err(|error| format!("{error}"))?;
        *request.headers_mut() = self.headers.clone();
        let sent = self.services.http.send(request, PATIENCE, &self.rules).await.map_err(|error| error.to_string())?;
        let status = sent.status();
        // Read to its end, so that the connection can be kept.
        let _ = sent.into_body().collect_up_to(64 << 10).await;
        Ok(status)
    }

    fn tell(&mut self, why: &str) {
        if !std::mem::replace(&mut self.failing, true) {
            tracing::warn!(url = self.url, "the collector takes no spans: {why}");
        }
    }
}
