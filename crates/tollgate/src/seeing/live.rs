//! What runs at this moment, in the words of the management API.

use std::time::Duration;

use tollgate_admin::views::{
    LatencyClass, LiveConsumer, LiveConsumers, LiveKeySet, LiveLimits, LiveRefusal, LiveRoute, LiveScript, LiveScripts,
    LiveStore, LiveTarget, LiveView, percentile,
};
use tollgate_proxy::live::RouteCounts;

use super::millis;
use crate::serving::Serving;

/// How many consumers are told of.
const CONSUMERS: usize = 100;

/// What runs at this moment.
pub(crate) fn view(serving: &Serving) -> LiveView {
    let (gateway, rooms) = (&serving.gateway, &serving.rooms);
    let metrics = &rooms.metrics;
    let mut routes: Vec<_> = metrics.live_routes().iter().map(route).filter(|route| route.requests > 0).collect();
    routes.sort_by(|one, other| other.requests.cmp(&one.requests).then_with(|| one.route.cmp(&other.route)));
    let mut refusals: Vec<_> = gateway
        .tallies
        .reasons()
        .into_iter()
        .map(|(reason, count)| LiveRefusal { reason: reason.to_owned(), count })
        .collect();
    refusals.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.reason.cmp(&other.reason)));
    LiveView {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        mode: serving.mode.as_str().to_owned(),
        pid: std::process::id(),
        snapshot: gateway.snapshot().id.to_string(),
        degraded: serving.degradation(),
        up_seconds: seconds(serving.up_for()),
        in_flight: metrics.in_flight.get(),
        connections: metrics.connections.get(),
        tunnels: metrics.tunnels.get(),
        routes,
        consumers: consumers(serving),
        refusals,
        targets: targets(serving),
        store: store(serving),
        limits: limits(serving),
        key_sets: key_sets(serving),
        scripts: scripts(serving),
    }
}

fn seconds(duration: Duration) -> f64 {
    millis(duration) / 1000.0
}

fn route(counts: &RouteCounts) -> LiveRoute {
    let latencies: Vec<LatencyClass> =
        counts.latencies.iter().map(|(below_us, count)| LatencyClass { below_us: *below_us, count: *count }).collect();
    LiveRoute {
        route: counts.route.to_string(),
        requests: latencies.iter().map(|class| class.count).sum(),
        client_errors: counts.client_errors,
        server_errors: counts.server_errors,
        p50_ms: percentile(&latencies, 0.5),
        p99_ms: percentile(&latencies, 0.99),
        latencies,
    }
}

fn consumers(serving: &Serving) -> LiveConsumers {
    let (over, callers) = serving.gateway.usage.busiest(CONSUMERS);
    let items = callers.into_iter().map(|caller| LiveConsumer {
        id: caller.consumer.as_deref().map(ToOwned::to_owned),
        name: caller.name.as_deref().map(ToOwned::to_owned),
        requests: caller.requests,
        errors: caller.errors,
    });
    LiveConsumers { seconds: seconds(over), items: items.collect() }
}

fn targets(serving: &Serving) -> Vec<LiveTarget> {
    let counts = serving.rooms.upstreams.targets();
    let targets = counts.into_iter().map(|counts| LiveTarget {
        target: counts.target.to_string(),
        idle: counts.idle as u64,
        waiting: counts.waiting,
        sent: counts.sent,
        failed: counts.failed,
        last_failure: counts.last_failure.map(ToOwned::to_owned),
    });
    targets.collect()
}

fn store(serving: &Serving) -> LiveStore {
    let status = serving.rooms.keyring.status();
    LiveStore {
        up: status.error.is_none(),
        error: status.error,
        away_seconds: seconds(status.away_for),
        keys: (status.keys + status.declared) as u64,
    }
}

fn limits(serving: &Serving) -> LiveLimits {
    let shared = serving.rooms.services.limiter.shared_store_is_up();
    LiveLimits { shared: shared.is_some(), up: shared.unwrap_or(true) }
}

fn key_sets(serving: &Serving) -> Vec<LiveKeySet> {
    let sets = serving.rooms.services.verifiers.key_sets();
    let sets = sets.into_iter().map(|set| LiveKeySet {
        location: set.location,
        age_seconds: set.age.map(seconds),
        error: set.error,
    });
    sets.collect()
}

fn scripts(serving: &Serving) -> LiveScripts {
    let mut items: Vec<LiveScript> = serving
        .gateway
        .tallies
        .scripts()
        .into_iter()
        .map(|(name, counts)| LiveScript { name: name.to_string(), runs: counts.runs, cpu_ms: millis(counts.cpu) })
        .collect();
    items.sort_by(|one, other| one.name.cmp(&other.name));
    let pulse = serving.source.script_pulse();
    LiveScripts { threads: pulse.threads as u64, busy: pulse.busy as u64, waiting: pulse.waiting as u64, items }
}
