//! The task that sends metrics.

use std::sync::{Arc, Weak};

use opentelemetry_proto::tonic::collector::metrics::v1::{ExportMetricsServiceRequest, ExportMetricsServiceResponse};
use opentelemetry_proto::tonic::metrics::v1::{ResourceMetrics, ScopeMetrics};
use prost::Message;
use tokio::sync::{mpsc, oneshot};
use tollgate_core::Services;
use tollgate_core::settings::{MetricSettings, TraceFormat};
use tollgate_core::time::Timestamp;

use super::MetricsExport;
use super::bridge::Bridge;
use crate::delivery::Recipient;
use crate::metrics::Metrics;
use crate::otlp;

pub(super) struct Sender {
    settings: MetricSettings,
    services: Arc<Services>,
    metrics: Arc<Metrics>,
    export: Weak<MetricsExport>,
    recipient: Recipient,
    bridge: Bridge,
    started: Timestamp,
}

impl Sender {
    pub(super) fn new(
        settings: &MetricSettings,
        services: &Arc<Services>,
        metrics: &Arc<Metrics>,
        export: Weak<MetricsExport>,
    ) -> Self {
        let started = services.clock.now();
        Self {
            recipient: Recipient::new(
                Arc::clone(services),
                &settings.url,
                &settings.headers,
                otlp::media(settings.format),
            ),
            settings: settings.clone(),
            services: Arc::clone(services),
            metrics: Arc::clone(metrics),
            export,
            bridge: Bridge::new(started),
            started,
        }
    }

    /// Runs until nobody holds the export any more.
    pub(super) async fn run(mut self, mut asked: mpsc::Receiver<oneshot::Sender<()>>) {
        let mut next = tokio::time::interval(self.settings.every.0.max(std::time::Duration::from_millis(10)));
        next.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        // The first tick comes at once, when there is nothing to tell.
        next.tick().await;
        loop {
            let waiter = tokio::select! {
                _ = next.tick() => None,
                waiter = asked.recv() => match waiter {
                    Some(waiter) => Some(waiter),
                    None => return,
                },
            };
            self.send().await;
            if let Some(waiter) = waiter {
                let _ = waiter.send(());
            }
        }
    }

    /// Once, and not again: what is sent next says the same and more.
    async fn send(&mut self) {
        let now = self.services.clock.now();
        let Ok(text) = self.metrics.encode() else { return };
        let mut metrics = self.bridge.read(&text, now);
        if let Some(export) = self.export.upgrade() {
            metrics.extend(export.durations.tell(self.started, now));
        }
        let resource =
            otlp::resource(&self.settings.service, self.settings.service_version.as_deref(), &self.settings.attributes);
        let scope_metrics =
            ScopeMetrics { scope: Some(otlp::scope()), metrics, schema_url: otlp::SCHEMA_URL.to_owned() };
        let request = ExportMetricsServiceRequest {
            resource_metrics: vec![ResourceMetrics {
                resource: Some(resource),
                scope_metrics: vec![scope_metrics],
                ..ResourceMetrics::default()
            }],
        };
        const WHAT: &str = "the collector takes no metrics";
        match self.recipient.post(otlp::encode(&request, self.settings.format)).await {
            Ok(answer) if answer.status.is_success() => match self.refused(&answer.body) {
                0 => self.recipient.took(),
                refused => {
                    self.metrics.metric_exports_failed.inc();
                    self.recipient.failed(WHAT, &format!("it refused {refused} points"));
                }
            },
            Ok(answer) => {
                self.metrics.metric_exports_failed.inc();
                self.recipient.failed(WHAT, &format!("it answered {}", answer.status));
            }
            Err(why) => {
                self.metrics.metric_exports_failed.inc();
                self.recipient.failed(WHAT, &why);
            }
        }
    }

    /// How many points a collector refused that took the others.
    fn refused(&self, body: &[u8]) -> i64 {
        let response = match self.settings.format {
            TraceFormat::Protobuf => ExportMetricsServiceResponse::decode(body).ok(),
            TraceFormat::Json => serde_json::from_slice(body).ok(),
        };
        let partial = response.and_then(|response: ExportMetricsServiceResponse| response.partial_success);
        partial.map_or(0, |partial| partial.rejected_data_points)
    }
}
