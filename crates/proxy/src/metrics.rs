//! The gateway's Prometheus metrics.
//!
//! Every label is bounded: routes and reasons come from closed lists, methods beyond the registered
//! ones count as `_OTHER`, consumers are never a label. What one route needs is looked up once, at
//! load, and kept in the route; a reload finds the same series again by the route's id.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::{Method, StatusCode};
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// What the label `route` says where no route matched.
pub const NO_ROUTE: &str = "_none";

/// The bounds of the duration histograms, in seconds: those of OpenTelemetry's HTTP conventions,
/// with two finer ones below, because a gateway's own share lies there.
const DURATIONS: [f64; 16] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: Arc<str>,
    method: &'static str,
    status: &'static str,
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: Arc<str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SnapshotLabels {
    snapshot: String,
}

fn histogram() -> Histogram {
    Histogram::new(DURATIONS)
}

/// All series of the data plane.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram>,
    upstream_durations: Family<RouteLabels, Histogram>,
    request_bytes: Family<RouteLabels, Counter>,
    response_bytes: Family<RouteLabels, Counter>,
    attempts: Family<OutcomeLabels, Counter>,
    snapshots: Family<SnapshotLabels, Gauge>,
    /// Exchanges under way, from the head of the request to the last byte of the answer.
    pub in_flight: Gauge,
    /// Open connections of clients.
    pub connections: Gauge,
    /// Connections that were accepted.
    pub connections_accepted: Counter,
    /// Connections that were turned away because a limit was reached.
    pub connections_refused: Counter,
    /// Lines that the access log had no room for.
    pub access_log_dropped: Counter,
    /// Projects that a reload refused.
    pub reloads_failed: Counter,
    /// Projects that were put into force, the first included.
    pub reloads: Counter,
}

impl Metrics {
    /// An empty set of series, ready to be counted.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("tollgate");
        let metrics = Self {
            registry: Registry::default(),
            requests: Family::default(),
            durations: Family::new_with_constructor(histogram as fn() -> Histogram),
            upstream_durations: Family::new_with_constructor(histogram as fn() -> Histogram),
            request_bytes: Family::default(),
            response_bytes: Family::default(),
            attempts: Family::default(),
            snapshots: Family::default(),
            in_flight: Gauge::default(),
            connections: Gauge::default(),
            connections_accepted: Counter::default(),
            connections_refused: Counter::default(),
            access_log_dropped: Counter::default(),
            reloads_failed: Counter::default(),
            reloads: Counter::default(),
        };
        let r = &mut registry;
        r.register("requests", "Requests that were answered", metrics.requests.clone());
        r.register(
            "request_duration_seconds",
            "From the head of the request to the last byte of the answer",
            metrics.durations.clone(),
        );
        r.register(
            "upstream_duration_seconds",
            "From sending a request upstream to the head of its answer",
            metrics.upstream_durations.clone(),
        );
        r.register("request_bytes", "Bytes of request bodies", metrics.request_bytes.clone());
        r.register("response_bytes", "Bytes of response bodies", metrics.response_bytes.clone());
        r.register("upstream_attempts", "Tries to reach an upstream, by outcome", metrics.attempts.clone());
        r.register("snapshot_info", "The project in force, by the digest of its files", metrics.snapshots.clone());
        r.register("requests_in_flight", "Requests that are being answered", metrics.in_flight.clone());
        r.register("connections", "Open client connections", metrics.connections.clone());
        r.register("connections_accepted", "Client connections accepted", metrics.connections_accepted.clone());
        r.register("connections_refused", "Client connections turned away", metrics.connections_refused.clone());
        r.register(
            "access_log_dropped",
            "Access log lines dropped because the writer was behind",
            metrics.access_log_dropped.clone(),
        );
        r.register("reloads_failed", "Projects that did not pass a reload", metrics.reloads_failed.clone());
        r.register("reloads", "Projects put into force", metrics.reloads.clone());
        Self { registry, ..metrics }
    }

    /// Further series of other rooms go in here, before the gateway starts.
    pub fn registry(&mut self) -> &mut Registry {
        &mut self.registry
    }

    /// The handles of a route. Equal ids share their series.
    pub fn route(&self, id: &Arc<str>) -> RouteMetrics {
        let labels = RouteLabels { route: Arc::clone(id) };
        RouteMetrics {
            route: Arc::clone(id),
            duration: self.durations.get_or_create_owned(&labels),
            upstream_duration: self.upstream_durations.get_or_create_owned(&labels),
            request_bytes: self.request_bytes.get_or_create_owned(&labels),
            response_bytes: self.response_bytes.get_or_create_owned(&labels),
            served: Default::default(),
        }
    }

    /// Counts an answer to a request.
    pub fn answered(&self, route: &RouteMetrics, method: &Method, status: StatusCode, reason: &'static str) {
        let (method_index, method) = method_label(method);
        let (class_index, status) = status_label(status);
        let labels = || RequestLabels { route: Arc::clone(&route.route), method, status, reason };
        if reason == "ok" {
            route.served[method_index][class_index].get_or_init(|| self.requests.get_or_create_owned(&labels())).inc();
        } else {
            self.requests.get_or_create(&labels()).inc();
        }
    }

    /// Counts a try to reach an upstream.
    pub fn attempted(&self, outcome: &'static str) {
        self.attempts.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Notes which project is in force.
    pub fn serves(&self, snapshot: &str) {
        self.reloads.inc();
        self.snapshots.clear();
        self.snapshots.get_or_create(&SnapshotLabels { snapshot: snapshot.to_owned() }).set(1);
    }

    /// The OpenMetrics text of all series. Its content type is [`Metrics::CONTENT_TYPE`].
    ///
    /// # Errors
    /// Where a collector of another room cannot be encoded.
    pub fn encode(&self) -> Result<String, fmt::Error> {
        let mut buffer = String::with_capacity(16 * 1024);
        text::encode(&mut buffer, &self.registry)?;
        Ok(buffer)
    }

    /// The content type of [`Metrics::encode`].
    pub const CONTENT_TYPE: &'static str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

const METHODS: [(&Method, &str); 9] = [
    (&Method::GET, "GET"),
    (&Method::HEAD, "HEAD"),
    (&Method::POST, "POST"),
    (&Method::PUT, "PUT"),
    (&Method::PATCH, "PATCH"),
    (&Method::DELETE, "DELETE"),
    (&Method::OPTIONS, "OPTIONS"),
    (&Method::TRACE, "TRACE"),
    (&Method::CONNECT, "CONNECT"),
];

fn method_label(method: &Method) -> (usize, &'static str) {
    let found = METHODS.iter().enumerate().find(|(_, (known, _))| *known == method);
    found.map_or((METHODS.len(), "_OTHER"), |(index, (_, label))| (index, label))
}

fn status_label(status: StatusCode) -> (usize, &'static str) {
    match status.as_u16() / 100 {
        1 => (0, "1xx"),
        2 => (1, "2xx"),
        3 => (2, "3xx"),
        4 => (3, "4xx"),
        _ => (4, "5xx"),
    }
}

/// The series of one route, looked up at load.
pub struct RouteMetrics {
    route: Arc<str>,
    duration: Histogram,
    upstream_duration: Histogram,
    request_bytes: Counter,
    response_bytes: Counter,
    served: [[OnceLock<Counter>; 5]; METHODS.len() + 1],
}

impl RouteMetrics {
    /// Notes how long an exchange took, and how much of it was waiting for the upstream.
    pub fn took(&self, total: Duration, upstream: Option<Duration>) {
        self.duration.observe(total.as_secs_f64());
        if let Some(upstream) = upstream {
            self.upstream_duration.observe(upstream.as_secs_f64());
        }
    }

    /// Counts the bytes of both bodies.
    pub fn moved(&self, request: u64, response: u64) {
        self.request_bytes.inc_by(request);
        self.response_bytes.inc_by(response);
    }
}

impl fmt::Debug for RouteMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouteMetrics").field("route", &self.route).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_bounded_and_series_survive_a_reload_by_the_routes_id() {
        let metrics = Metrics::new();
        let id: Arc<str> = "getTodos".into();
        let before = metrics.route(&id);
        metrics.answered(&before, &Method::GET, StatusCode::OK, "ok");
        let after = metrics.route(&id);
        let odd = Method::from_bytes(b"BREW").unwrap();
        metrics.answered(&after, &Method::GET, StatusCode::NO_CONTENT, "ok");
        metrics.answered(&after, &odd, StatusCode::UNAUTHORIZED, "key.missing");
        metrics.attempted("ok");
        metrics.serves("abc");
        let text = metrics.encode().unwrap();
        for line in [
            r#"tollgate_requests_total{route="getTodos",method="GET",status="2xx",reason="ok"} 2"#,
            r#"tollgate_requests_total{route="getTodos",method="_OTHER",status="4xx",reason="key.missing"} 1"#,
            r#"tollgate_upstream_attempts_total{outcome="ok"} 1"#,
            r#"tollgate_snapshot_info{snapshot="abc"} 1"#,
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
    }
}
