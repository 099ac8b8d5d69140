//! How long requests and tries took, as OpenTelemetry's HTTP conventions have it: `http.server.request.duration` and
//! `http.client.request.duration`, with their required attributes, in seconds.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::{AggregationTemporality, Histogram, HistogramDataPoint, Metric, metric};
use parking_lot::{Mutex, RwLock};
use tollgate_core::time::Timestamp;

use super::bridge::nanoseconds;
use crate::access_log::Entry;
use crate::metrics::method_name;
use crate::otlp;

/// The bounds that the conventions give.
const BOUNDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
/// Combinations of attributes, at most; all others are counted together, as the specification has it.
const MOST: usize = 2000;

/// Both histograms.
#[derive(Debug, Default)]
pub(crate) struct Durations {
    server: Series<ServerKey>,
    client: Series<ClientKey>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct ServerKey {
    method: &'static str,
    route: Option<Arc<str>>,
    status: u16,
    scheme: &'static str,
    version: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct ClientKey {
    method: &'static str,
    target: Arc<str>,
    status: Option<u16>,
    /// Why there was no answer.
    error: Option<&'static str>,
}

impl Durations {
    /// Adds an exchange that is over.
    pub(crate) fn add(&self, entry: &Entry, answered: Duration) {
        let method = method_name(entry.method.as_ref());
        let key = ServerKey {
            method,
            route: entry.template.clone(),
            status: entry.status,
            scheme: if entry.tls.is_some() { "https" } else { "http" },
            version: otlp::protocol_version(entry.version),
        };
        self.server.add(key, answered);
        for attempt in &entry.record.attempts {
            let error = (attempt.outcome != "ok").then_some(attempt.outcome);
            let key = ClientKey { method, target: Arc::clone(&attempt.target), status: attempt.status, error };
            self.client.add(key, attempt.took);
        }
    }

    /// Both as metrics, where there is something to tell.
    pub(super) fn tell(&self, started: Timestamp, now: Timestamp) -> Vec<Metric> {
        let server = self.server.points(started, now, |key| {
            let mut attributes = vec![
                otlp::text("http.request.method", key.method),
                otlp::text("url.scheme", key.scheme),
                otlp::int("http.response.status_code", key.status.into()),
                otlp::text("network.protocol.version", key.version),
            ];
            attributes.extend(key.route.as_ref().map(|route| otlp::text("http.route", route)));
            // Of a server, only its own failures are errors.
            attributes.extend((key.status >= 500).then(|| otlp::text("error.type", &key.status.to_string())));
            attributes
        });
        let client = self.client.points(started, now, |key| {
            let mut attributes = vec![otlp::text("http.request.method", key.method)];
            attributes.extend(otlp::server(&key.target));
            attributes.extend(key.status.map(|status| otlp::int("http.response.status_code", status.into())));
            let error = key
                .error
                .map(str::to_owned)
                .or_else(|| key.status.filter(|status| *status >= 400).map(|status| status.to_string()));
            attributes.extend(error.map(|error| otlp::text("error.type", &error)));
            attributes
        });
        [
            ("http.server.request.duration", "Duration of HTTP server requests.", server),
            ("http.client.request.duration", "Duration of HTTP client requests.", client),
        ]
        .into_iter()
        .filter(|(_, _, points)| !points.is_empty())
        .map(|(name, description, data_points)| Metric {
            name: name.to_owned(),
            description: description.to_owned(),
            unit: "s".to_owned(),
            data: Some(metric::Data::Histogram(Histogram {
                data_points,
                aggregation_temporality: AggregationTemporality::Cumulative.into(),
            })),
            ..Metric::default()
        })
        .collect()
    }
}

/// What took how long, by its attributes.
#[derive(Debug)]
struct Series<K> {
    known: RwLock<HashMap<K, Arc<Mutex<Counted>>>>,
    others: Mutex<Counted>,
}

impl<K> Default for Series<K> {
    fn default() -> Self {
        Self { known: RwLock::default(), others: Mutex::default() }
    }
}

#[derive(Debug, Clone, Default)]
struct Counted {
    buckets: [u64; BOUNDS.len() + 1],
    sum: f64,
}

impl Counted {
    fn add(&mut self, seconds: f64) {
        let bucket = BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(BOUNDS.len());
        self.buckets[bucket] += 1;
        self.sum += seconds;
    }

    fn point(&self, attributes: Vec<KeyValue>, started: Timestamp, now: Timestamp) -> HistogramDataPoint {
        HistogramDataPoint {
            attributes,
            start_time_unix_nano: nanoseconds(started),
            time_unix_nano: nanoseconds(now),
            count: self.buckets.iter().sum(),
            sum: Some(self.sum),
            bucket_counts: self.buckets.to_vec(),
            explicit_bounds: BOUNDS.to_vec(),
            ..HistogramDataPoint::default()
        }
    }
}

impl<K: Eq + Hash + Clone> Series<K> {
    fn add(&self, key: K, took: Duration) {
        let seconds = took.as_secs_f64();
        let known = self.known.read().get(&key).cloned();
        if let Some(counted) = known {
            counted.lock().add(seconds);
            return;
        }
        let mut all = self.known.write();
        if all.len() >= MOST && !all.contains_key(&key) {
            drop(all);
            self.others.lock().add(seconds);
            return;
        }
        all.entry(key).or_default().lock().add(seconds);
    }

    fn points(
        &self,
        started: Timestamp,
        now: Timestamp,
        attributes: impl Fn(&K) -> Vec<KeyValue>,
    ) -> Vec<HistogramDataPoint> {
        let known: Vec<(K, Counted)> =
            self.known.read().iter().map(|(key, counted)| (key.clone(), counted.lock().clone())).collect();
        let mut points: Vec<_> =
            known.iter().map(|(key, counted)| counted.point(attributes(key), started, now)).collect();
        let others = self.others.lock().clone();
        if others.buckets.iter().any(|count| *count > 0) {
            points.push(others.point(vec![otlp::flag("otel.metric.overflow", true)], started, now));
        }
        points
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_too_many_attributes_is_counted_together() {
        let series = Series::<usize>::default();
        for key in 0..MOST + 5 {
            series.add(key, Duration::from_millis(5));
            series.add(key, Duration::from_secs(11));
        }
        let points = series.points(Timestamp(0), Timestamp(1000), |_| Vec::new());
        assert_eq!(points.len(), MOST + 1);
        let others = points.last().unwrap();
        assert_eq!((others.count, others.attributes[0].key.as_str()), (10, "otel.metric.overflow"));
        assert_eq!((others.bucket_counts[0], others.bucket_counts[14]), (5, 5));
        assert_eq!(points[0].time_unix_nano, 1_000_000_000);
    }
}
