//! The series of one route: there as long as somebody holds them.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::{Method, StatusCode};
use parking_lot::Mutex;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::register;
use crate::live::{RouteCounts, RouteTally};

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

/// All series with the label `route`, and who holds which of them.
#[derive(Clone)]
pub(super) struct RouteSeries(Arc<Families>);

struct Families {
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram>,
    upstream_durations: Family<RouteLabels, Histogram>,
    request_bytes: Family<RouteLabels, Counter>,
    response_bytes: Family<RouteLabels, Counter>,
    held: Mutex<HashMap<Arc<str>, Held>>,
}

/// The series of one route that there are.
#[derive(Default)]
struct Held {
    /// How many [`RouteMetrics`] of it there are.
    holders: usize,
    requests: HashSet<RequestLabels>,
    /// For whoever watches.
    live: Arc<RouteTally>,
}

impl Default for RouteSeries {
    fn default() -> Self {
        let histograms = || Family::new_with_constructor((|| Histogram::new(DURATIONS)) as fn() -> Histogram);
        Self(Arc::new(Families {
            requests: Family::default(),
            durations: histograms(),
            upstream_durations: histograms(),
            request_bytes: Family::default(),
            response_bytes: Family::default(),
            held: Mutex::default(),
        }))
    }
}

/// What a route has answered, and how much of it was the fault of the gateway or of an upstream (5xx).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Answers {
    /// All.
    pub total: u64,
    /// Those with a status of 500 or more.
    pub failed: u64,
}

impl RouteSeries {
    /// What every route that somebody holds has answered so far.
    pub(super) fn answers(&self) -> HashMap<Arc<str>, Answers> {
        let held = self.0.held.lock();
        let of = |series: &Held| {
            let mut answers = Answers::default();
            for labels in &series.requests {
                let count = self.0.requests.get(labels).map_or(0, |counter| counter.get());
                answers.total += count;
                if labels.status == "5xx" {
                    answers.failed += count;
                }
            }
            answers
        };
        held.iter().map(|(route, series)| (Arc::clone(route), of(series))).collect()
    }

    pub(super) fn register(&self, r: &mut Registry) {
        register(r, "requests", self.0.requests.clone());
        register(r, "request_duration_seconds", self.0.durations.clone());
        register(r, "upstream_duration_seconds", self.0.upstream_durations.clone());
        register(r, "request_bytes", self.0.request_bytes.clone());
        register(r, "response_bytes", self.0.response_bytes.clone());
    }

    /// Whether somebody holds the series of a route.
    pub(super) fn has(&self, id: &Arc<str>) -> bool {
        self.0.held.lock().contains_key(id)
    }

    /// The handles of a route. Equal ids share their series.
    pub(super) fn of(&self, id: &Arc<str>) -> RouteMetrics {
        let families = &self.0;
        let labels = RouteLabels { route: Arc::clone(id) };
        let mut held = families.held.lock();
        let entry = held.entry(Arc::clone(id)).or_default();
        entry.holders += 1;
        RouteMetrics {
            route: Arc::clone(id),
            duration: families.durations.get_or_create_owned(&labels),
            upstream_duration: families.upstream_durations.get_or_create_owned(&labels),
            request_bytes: families.request_bytes.get_or_create_owned(&labels),
            response_bytes: families.response_bytes.get_or_create_owned(&labels),
            served: Default::default(),
            refused: Mutex::default(),
            live: Arc::clone(&entry.live),
            series: self.clone(),
        }
    }

    /// What was counted of each route that somebody holds.
    pub(super) fn live(&self) -> Vec<RouteCounts> {
        let held: Vec<_> = {
            let held = self.0.held.lock();
            held.iter().map(|(id, held)| (Arc::clone(id), Arc::clone(&held.live))).collect()
        };
        held.iter().map(|(id, live)| live.counts(id)).collect()
    }

    /// The counter of answers with these labels, kept until the route's last holder goes.
    fn requests(&self, labels: RequestLabels) -> Counter {
        if let Some(counter) = self.0.requests.get(&labels) {
            return counter.clone();
        }
        let mut held = self.0.held.lock();
        let counter = self.0.requests.get_or_create_owned(&labels);
        held.entry(Arc::clone(&labels.route)).or_default().requests.insert(labels);
        counter
    }

    fn let_go(&self, route: &Arc<str>) {
        let families = &self.0;
        let mut held = families.held.lock();
        let Some(series) = held.get_mut(route) else { return };
        series.holders = series.holders.saturating_sub(1);
        if series.holders > 0 {
            return;
        }
        for labels in held.remove(route).map(|series| series.requests).unwrap_or_default() {
            families.requests.remove(&labels);
        }
        let labels = RouteLabels { route: Arc::clone(route) };
        families.durations.remove(&labels);
        families.upstream_durations.remove(&labels);
        families.request_bytes.remove(&labels);
        families.response_bytes.remove(&labels);
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

/// Whether a method is one that RFC 9110 or RFC 5789 defines.
pub(crate) fn is_standard(method: &Method) -> bool {
    METHODS.iter().any(|(known, _)| *known == method)
}

/// A method's name, or `_OTHER`.
pub(crate) fn method_name(method: Option<&Method>) -> &'static str {
    method_label(method).1
}

fn method_label(method: Option<&Method>) -> (usize, &'static str) {
    let found = METHODS.iter().enumerate().find(|(_, (known, _))| Some(*known) == method);
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

/// A counter that was used for a refusal, kept at hand: finding it by its labels costs more than
/// all else that is counted of an exchange.
struct Refused {
    method: usize,
    class: usize,
    reason: &'static str,
    counter: Counter,
}

/// How many of them are kept. A route is refused for a handful of reasons.
const REFUSED: usize = 32;

/// The series of one route, looked up at load. Snapshots hold them, and exchanges that outlive
/// theirs; with the last holder they go, so that routes of long ago cost nothing.
pub struct RouteMetrics {
    route: Arc<str>,
    duration: Histogram,
    upstream_duration: Histogram,
    request_bytes: Counter,
    response_bytes: Counter,
    served: [[OnceLock<Counter>; 5]; METHODS.len() + 1],
    refused: Mutex<Vec<Refused>>,
    live: Arc<RouteTally>,
    series: RouteSeries,
}

impl RouteMetrics {
    /// Counts an answer to a request; without a method where the head could not be read.
    pub fn answered(&self, method: Option<&Method>, status: StatusCode, reason: &'static str) {
        let (method_index, method) = method_label(method);
        let (class_index, status) = status_label(status);
        let labels = || RequestLabels { route: Arc::clone(&self.route), method, status, reason };
        if reason == "ok" {
            self.served[method_index][class_index].get_or_init(|| self.series.requests(labels())).inc();
            return;
        }
        let mut refused = self.refused.lock();
        let known =
            refused.iter().find(|it| (it.method, it.class) == (method_index, class_index) && it.reason == reason);
        if let Some(known) = known {
            known.counter.inc();
            return;
        }
        let counter = self.series.requests(labels());
        counter.inc();
        if refused.len() < REFUSED {
            refused.push(Refused { method: method_index, class: class_index, reason, counter });
        }
    }

    /// Counts an answer for whoever watches.
    pub(crate) fn watched(&self, status: u16, total: Duration) {
        self.live.note(status, total);
    }

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

impl Drop for RouteMetrics {
    fn drop(&mut self) {
        self.series.let_go(&self.route);
    }
}

impl fmt::Debug for RouteMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouteMetrics").field("route", &self.route).finish_non_exhaustive()
    }
}
