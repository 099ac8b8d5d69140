//! The gateway's Prometheus metrics.
//!
//! Every label is bounded: routes and reasons come from closed lists, methods beyond the registered
//! ones count as `_OTHER`, consumers are never a label. What one route needs is looked up once, at
//! its first request, and kept in the route: documents of thousands of operations have few that are
//! in use. A reload finds the same series again by the route's id. The series of a route that no
//! snapshot has any more go with its last exchange.

mod list;
mod route;
mod sinks;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Metric, Registry};
use tollgate_core::series::Series;

use crate::live::RouteCounts;
pub use list::SERIES;
use route::RouteSeries;
pub use route::{Answers, RouteMetrics};
pub(crate) use route::{is_standard, method_name};
use sinks::AllSinks;
pub(crate) use sinks::SinkSeries;

/// What the label `route` says where no route matched.
pub const NO_ROUTE: &str = "_none";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

/// Why a connection was turned away before its first request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Its address has enough connections.
    Address,
    /// Too many handshakes were under way, and this one had taken longest.
    Handshakes,
    /// Its PROXY protocol header was missing, malformed, late, or from somebody else.
    ProxyProtocol,
    /// Its TLS handshake failed or was late.
    Tls,
}

/// Why nothing is accepted for a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paused {
    /// There are as many connections as there may be.
    Connections,
    /// The process or the system has no descriptors left.
    Descriptors,
    /// The system refuses for another reason.
    Error,
}

impl Paused {
    /// What an error of `accept` comes to.
    pub(crate) fn of(error: &std::io::Error) -> Self {
        // EMFILE and ENFILE have no kind of their own.
        match error.raw_os_error() {
            Some(23 | 24) => Self::Descriptors,
            _ => Self::Error,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WhyLabels {
    why: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HandshakeLabels {
    version: &'static str,
    resumed: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CertificateLabels {
    listener: String,
    certificate: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LeakLabels {
    source: &'static str,
    action: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SnapshotLabels {
    snapshot: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PolicyLabels {
    policy: Arc<str>,
}

/// Registers a series with the help of the list.
fn register(registry: &mut Registry, name: &'static str, metric: impl Metric) {
    registry.register(name, Series::help_of(SERIES, name), metric);
}

/// All series of the data plane.
pub struct Metrics {
    registry: Registry,
    routes: RouteSeries,
    attempts: Family<OutcomeLabels, Counter>,
    /// That of the attempts that succeeded: nearly all do, and finding it costs more than counting.
    succeeded: OnceLock<Counter>,
    snapshots: Family<SnapshotLabels, Gauge>,
    policy_cpu: Family<PolicyLabels, Counter<f64, AtomicU64>>,
    would_refuse: Family<PolicyLabels, Counter>,
    /// Exchanges under way, from the head of the request to the last byte of the answer.
    pub in_flight: Gauge,
    /// Tunnels that are open, or being opened.
    pub tunnels: Gauge,
    /// Open connections of clients.
    pub connections: Gauge,
    /// Connections that were accepted.
    pub connections_accepted: Counter,
    connections_refused: Family<ReasonLabels, Counter>,
    accepts_paused: Family<ReasonLabels, Counter>,
    handshakes: Family<HandshakeLabels, Counter>,
    certificates: Family<CertificateLabels, Gauge>,
    /// Certificates that were to be put into force, and could not be.
    pub certificates_failed: Counter,
    /// Lines that the access log had no room for.
    pub access_log_dropped: Counter,
    /// Requests that have no line, by chance.
    pub access_log_sampled_out: Counter,
    sinks: AllSinks,
    /// Exports that the collector of metrics did not take.
    pub metric_exports_failed: Counter,
    spans_kept: Family<WhyLabels, Counter>,
    /// Requests whose spans were not sent.
    pub spans_dropped: Counter,
    leaks: Family<LeakLabels, Counter>,
    leak_webhooks: Family<OutcomeLabels, Counter>,
    /// Whether the store answered when it was last asked: 1 or 0.
    pub store_up: Gauge,
    /// How often the store went away.
    pub store_outages: Counter,
    /// Projects that a reload refused.
    pub reloads_failed: Counter,
    /// Projects that were put into force, the first included.
    pub reloads: Counter,
    /// Whether the project in force is not the one on disk, because that one is broken: 1 or 0.
    pub project_degraded: Gauge,
    /// Whether a snapshot is pinned: 1 or 0.
    pub snapshot_pinned: Gauge,
    /// How often somebody went back to a snapshot.
    pub rollbacks: Counter,
    canaries: Family<OutcomeLabels, Counter>,
    source_looks: Family<OutcomeLabels, Counter>,
}

impl Metrics {
    /// An empty set of series, ready to be counted.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("tollgate");
        let metrics = Self {
            registry: Registry::default(),
            routes: RouteSeries::default(),
            attempts: Family::default(),
            succeeded: OnceLock::new(),
            snapshots: Family::default(),
            policy_cpu: Family::default(),
            would_refuse: Family::default(),
            in_flight: Gauge::default(),
            tunnels: Gauge::default(),
            connections: Gauge::default(),
            connections_accepted: Counter::default(),
            connections_refused: Family::default(),
            accepts_paused: Family::default(),
            handshakes: Family::default(),
            certificates: Family::default(),
            certificates_failed: Counter::default(),
            access_log_dropped: Counter::default(),
            access_log_sampled_out: Counter::default(),
            sinks: AllSinks::default(),
            metric_exports_failed: Counter::default(),
            spans_kept: Family::default(),
            spans_dropped: Counter::default(),
            leaks: Family::default(),
            leak_webhooks: Family::default(),
            store_up: Gauge::default(),
            store_outages: Counter::default(),
            reloads_failed: Counter::default(),
            reloads: Counter::default(),
            project_degraded: Gauge::default(),
            snapshot_pinned: Gauge::default(),
            rollbacks: Counter::default(),
            canaries: Family::default(),
            source_looks: Family::default(),
        };
        let r = &mut registry;
        metrics.routes.register(r);
        register(r, "upstream_attempts", metrics.attempts.clone());
        register(r, "snapshot_info", metrics.snapshots.clone());
        register(r, "policy_cpu_seconds", metrics.policy_cpu.clone());
        register(r, "limits_would_refuse", metrics.would_refuse.clone());
        register(r, "requests_in_flight", metrics.in_flight.clone());
        register(r, "tunnels", metrics.tunnels.clone());
        register(r, "connections", metrics.connections.clone());
        register(r, "connections_accepted", metrics.connections_accepted.clone());
        register(r, "connections_refused", metrics.connections_refused.clone());
        register(r, "accepts_paused", metrics.accepts_paused.clone());
        register(r, "tls_handshakes", metrics.handshakes.clone());
        register(r, "certificate_not_after_seconds", metrics.certificates.clone());
        register(r, "certificates_failed", metrics.certificates_failed.clone());
        register(r, "access_log_dropped", metrics.access_log_dropped.clone());
        register(r, "spans_dropped", metrics.spans_dropped.clone());
        register(r, "leaked_keys", metrics.leaks.clone());
        register(r, "leak_webhooks", metrics.leak_webhooks.clone());
        register(r, "store_up", metrics.store_up.clone());
        register(r, "store_outages", metrics.store_outages.clone());
        register(r, "reloads_failed", metrics.reloads_failed.clone());
        register(r, "reloads", metrics.reloads.clone());
        register(r, "metric_exports_failed", metrics.metric_exports_failed.clone());
        register(r, "spans_kept", metrics.spans_kept.clone());
        register(r, "access_log_sampled_out", metrics.access_log_sampled_out.clone());
        register(r, "access_log_sink_lines", metrics.sinks.written.clone());
        register(r, "access_log_sink_dropped", metrics.sinks.dropped.clone());
        register(r, "access_log_sink_up", metrics.sinks.up.clone());
        register(r, "project_degraded", metrics.project_degraded.clone());
        register(r, "snapshot_pinned", metrics.snapshot_pinned.clone());
        register(r, "rollbacks", metrics.rollbacks.clone());
        register(r, "canaries", metrics.canaries.clone());
        register(r, "source_looks", metrics.source_looks.clone());
        Self { registry, ..metrics }
    }

    /// Further series of other rooms go in here, before the gateway starts.
    pub fn registry(&mut self) -> &mut Registry {
        &mut self.registry
    }

    /// The handles of a route. Equal ids share their series.
    pub fn route(&self, id: &Arc<str>) -> RouteMetrics {
        self.routes.of(id)
    }

    /// What was counted of each route, for whoever watches.
    pub fn live_routes(&self) -> Vec<RouteCounts> {
        self.routes.live()
    }

    /// A place for the handles of each of these routes. Those that have been counted before are
    /// there at once, so that their series outlive the snapshot that held them.
    pub(crate) fn places<'r>(&self, ids: impl Iterator<Item = &'r Arc<str>>) -> RoutePlaces {
        let places = ids.map(|id| match self.routes.has(id) {
            true => OnceLock::from(Arc::new(self.route(id))),
            false => OnceLock::new(),
        });
        RoutePlaces { places: places.collect(), series: self.routes.clone() }
    }

    /// The series of a sink of the access log.
    pub(crate) fn sink(&self, name: &str) -> SinkSeries {
        self.sinks.of(name)
    }

    /// Lets go of the series of all other sinks.
    pub(crate) fn keep_sinks(&self, names: &[&str]) {
        self.sinks.keep(names);
    }

    /// Counts a key that leaked. `source` is `github` or `api`, never a caller's word.
    pub fn leaked(&self, source: &'static str, action: &'static str) {
        self.leaks.get_or_create(&LeakLabels { source, action }).inc();
    }

    /// Counts a try to tell of a leaked key.
    pub fn leak_told(&self, outcome: &'static str) {
        self.leak_webhooks.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// What every route has answered so far.
    pub fn answers(&self) -> HashMap<Arc<str>, Answers> {
        self.routes.answers()
    }

    /// Counts a look at the repository that the project comes from.
    pub fn source_looked(&self, outcome: &'static str) {
        self.source_looks.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Counts a project whose first errors were watched.
    pub fn canary_ended(&self, outcome: &'static str) {
        self.canaries.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Counts a try to reach an upstream.
    pub fn attempted(&self, outcome: &'static str) {
        if outcome == "ok" {
            let found = || self.attempts.get_or_create_owned(&OutcomeLabels { outcome });
            self.succeeded.get_or_init(found).inc();
        } else {
            self.attempts.get_or_create(&OutcomeLabels { outcome }).inc();
        }
    }

    /// Counts the processor time of a script: a policy's by its name in the project, of which there
    /// are as many as the project has.
    pub(crate) fn computed(&self, policy: &Arc<str>, cpu: Duration) {
        self.policy_cpu.get_or_create(&PolicyLabels { policy: Arc::clone(policy) }).inc_by(cpu.as_secs_f64());
    }

    /// Counts a request that a limit would have refused. Limits are as many as the project has.
    pub(crate) fn would_refuse(&self, limit: &Arc<str>) {
        self.would_refuse.get_or_create(&PolicyLabels { policy: Arc::clone(limit) }).inc();
    }

    /// Counts a request whose spans are sent though its trace was not chosen.
    pub(crate) fn kept_spans(&self, why: &'static str) {
        self.spans_kept.get_or_create(&WhyLabels { why }).inc();
    }

    /// Counts a connection that was turned away.
    pub fn refused(&self, why: Refused) {
        let reason = match why {
            Refused::Address => "address",
            Refused::Handshakes => "handshakes",
            Refused::ProxyProtocol => "proxy_protocol",
            Refused::Tls => "tls",
        };
        self.connections_refused.get_or_create(&ReasonLabels { reason }).inc();
    }

    /// Counts a moment in which nothing could be accepted.
    pub fn paused(&self, why: Paused) {
        let reason = match why {
            Paused::Connections => "connections",
            Paused::Descriptors => "descriptors",
            Paused::Error => "error",
        };
        self.accepts_paused.get_or_create(&ReasonLabels { reason }).inc();
    }

    /// Counts a TLS handshake that succeeded.
    pub(crate) fn greeted(&self, version: &'static str, resumed: bool) {
        let resumed = if resumed { "true" } else { "false" };
        self.handshakes.get_or_create(&HandshakeLabels { version, resumed }).inc();
    }

    /// Notes which certificates are in force: listener, certificate, and when it expires in
    /// seconds since 1970.
    pub fn certified(&self, certificates: impl Iterator<Item = (String, String, i64)>) {
        self.certificates.clear();
        for (listener, certificate, not_after) in certificates {
            let labels = CertificateLabels { listener, certificate };
            self.certificates.get_or_create(&labels).set(not_after);
        }
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

/// The handles of a snapshot's routes, each looked up when it is needed first.
pub(crate) struct RoutePlaces {
    places: Vec<OnceLock<Arc<RouteMetrics>>>,
    series: RouteSeries,
}

impl RoutePlaces {
    /// Those of the route at `index`, whose id is `id`.
    pub(crate) fn get(&self, index: usize, id: &Arc<str>) -> Option<&Arc<RouteMetrics>> {
        Some(self.places.get(index)?.get_or_init(|| Arc::new(self.series.of(id))))
    }
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

#[cfg(test)]
mod tests {
    use http::{Method, StatusCode};

    use super::*;

    #[test]
    fn labels_are_bounded_and_series_survive_a_reload_by_the_routes_id() {
        let metrics = Metrics::new();
        let id: Arc<str> = "getTodos".into();
        let before = metrics.route(&id);
        before.answered(Some(&Method::GET), StatusCode::OK, "ok");
        let after = metrics.route(&id);
        let odd = Method::from_bytes(b"BREW").unwrap();
        after.answered(Some(&Method::GET), StatusCode::NO_CONTENT, "ok");
        after.answered(Some(&odd), StatusCode::UNAUTHORIZED, "key.missing");
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

    /// Name, kind and labels of every family of a text.
    fn families(text: &str) -> Vec<(String, String, Vec<String>)> {
        let mut families: Vec<(String, String, Vec<String>)> = Vec::new();
        for line in text.lines() {
            if let Some((name, kind)) = line.strip_prefix("# TYPE tollgate_").and_then(|rest| rest.split_once(' ')) {
                families.push((name.to_owned(), kind.to_owned(), Vec::new()));
            } else if let (Some(family), false) = (families.last_mut(), line.starts_with('#')) {
                let labels = line.split_once('{').map_or("", |(_, rest)| rest.split_once('}').unwrap().0);
                let names = labels.split(',').filter_map(|pair| Some(pair.split_once('=')?.0.to_owned()));
                family.2.extend(names.filter(|name| name != "le"));
            }
        }
        families
    }

    #[test]
    fn the_list_is_what_is_registered_with_its_kinds_and_labels() {
        let metrics = Metrics::new();
        let route = metrics.route(&"getTodos".into());
        route.answered(Some(&Method::GET), StatusCode::OK, "ok");
        route.took(Duration::from_millis(1), Some(Duration::from_millis(1)));
        metrics.attempted("ok");
        metrics.serves("abc");
        metrics.computed(&"policy".into(), Duration::from_millis(1));
        metrics.would_refuse(&"limit".into());
        metrics.refused(Refused::Tls);
        metrics.paused(Paused::Error);
        metrics.greeted("1.3", false);
        metrics.certified([("a".to_owned(), "b".to_owned(), 1)].into_iter());
        metrics.leaked("api", "revoked");
        metrics.leak_told("ok");
        metrics.kept_spans("slow");
        metrics.source_looked("applied");
        metrics.canary_ended("passed");
        let _ = metrics.sink("stdout");
        let registered = families(&metrics.encode().unwrap());
        for series in SERIES {
            let found = registered.iter().find(|(name, _, _)| name == series.name);
            let (_, kind, labels) = found.unwrap_or_else(|| panic!("{} is not registered", series.name));
            assert_eq!(kind, series.kind.as_str(), "{}", series.name);
            let labels: std::collections::BTreeSet<&str> = labels.iter().map(String::as_str).collect();
            assert_eq!(labels, series.labels.iter().copied().collect(), "{}", series.name);
            assert!(!series.help.is_empty() && !series.help.ends_with('.'), "{}", series.name);
        }
        for (name, _, _) in &registered {
            assert!(SERIES.iter().any(|series| series.name == name), "{name} is not in the list");
        }
    }

    #[test]
    fn the_series_of_a_route_go_with_its_last_holder_and_no_sooner() {
        let metrics = Metrics::new();
        let id: Arc<str> = "getTodos".into();
        let (before, after) = (metrics.route(&id), metrics.route(&id));
        before.answered(Some(&Method::GET), StatusCode::OK, "ok");
        before.answered(Some(&Method::GET), StatusCode::UNAUTHORIZED, "key.missing");
        drop(before);
        assert_eq!(metrics.encode().unwrap().matches("reason=").count(), 2);
        drop(after);
        assert!(!metrics.encode().unwrap().contains("getTodos"), "{}", metrics.encode().unwrap());
    }
}
