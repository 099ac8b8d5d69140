//! From two looks at a gateway to what happened between them.

use serde::Serialize;
use tollgate_admin::views::{LatencyClass, LiveKeySet, LiveLimits, LiveRoute, LiveStore, LiveView, percentile};

/// What happened in a span of time.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sample {
    /// Of Tollgate.
    pub(crate) version: String,
    pub(crate) mode: String,
    pub(crate) pid: u32,
    pub(crate) snapshot: String,
    pub(crate) degraded: Option<String>,
    pub(crate) up_seconds: f64,
    /// How long the span is.
    pub(crate) seconds: f64,
    pub(crate) in_flight: i64,
    pub(crate) connections: i64,
    pub(crate) tunnels: i64,
    /// All routes together.
    pub(crate) total: RouteRow,
    pub(crate) routes: Vec<RouteRow>,
    pub(crate) consumers: Vec<ConsumerRow>,
    pub(crate) refusals: Vec<RefusalRow>,
    pub(crate) targets: Vec<TargetRow>,
    pub(crate) scripts: Vec<ScriptRow>,
    pub(crate) script_threads: ThreadRow,
    pub(crate) store: LiveStore,
    pub(crate) limits: LiveLimits,
    pub(crate) key_sets: Vec<LiveKeySet>,
}

#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RouteRow {
    pub(crate) route: String,
    pub(crate) per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) client_error_percent: f64,
    pub(crate) server_error_percent: f64,
    /// Since the process started.
    pub(crate) requests: u64,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConsumerRow {
    pub(crate) consumer: String,
    pub(crate) id: Option<String>,
    pub(crate) per_second: f64,
    pub(crate) error_percent: f64,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefusalRow {
    pub(crate) reason: String,
    pub(crate) per_second: f64,
    pub(crate) count: u64,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TargetRow {
    pub(crate) target: String,
    pub(crate) per_second: f64,
    pub(crate) failed_percent: f64,
    pub(crate) waiting: u64,
    pub(crate) idle: u64,
    pub(crate) failed: u64,
    pub(crate) last_failure: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScriptRow {
    pub(crate) name: String,
    pub(crate) per_second: f64,
    /// Of one core.
    pub(crate) cpu_percent: f64,
    pub(crate) cpu_ms_per_run: f64,
    pub(crate) runs: u64,
}

#[derive(Debug, Clone, Copy, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ThreadRow {
    pub(crate) threads: u64,
    pub(crate) busy: u64,
    pub(crate) waiting: u64,
}

impl Sample {
    /// What happened between two looks; since the process started, where there is one look only, or
    /// where it is another process by now.
    pub(crate) fn between(before: Option<&LiveView>, now: &LiveView) -> Self {
        let before = before.filter(|before| before.pid == now.pid && before.up_seconds < now.up_seconds);
        let seconds = (now.up_seconds - before.map_or(0.0, |before| before.up_seconds)).max(0.001);
        let routes: Vec<LiveRoute> = now.routes.iter().map(|route| since(before, route)).collect();
        let total =
            RouteRow { requests: now.routes.iter().map(|route| route.requests).sum(), ..total(&routes, seconds) };
        let rows = routes.iter().zip(&now.routes);
        let count = |reason: &str| {
            let found = before.and_then(|before| before.refusals.iter().find(|refusal| refusal.reason == reason));
            found.map_or(0, |refusal| refusal.count)
        };
        Self {
            version: now.version.clone(),
            mode: now.mode.clone(),
            pid: now.pid,
            snapshot: now.snapshot.clone(),
            degraded: now.degraded.clone(),
            up_seconds: now.up_seconds,
            seconds,
            in_flight: now.in_flight,
            connections: now.connections,
            tunnels: now.tunnels,
            total,
            routes: rows.map(|(route, all)| RouteRow { requests: all.requests, ..row(route, seconds) }).collect(),
            consumers: consumers(now),
            refusals: now
                .refusals
                .iter()
                .map(|refusal| RefusalRow {
                    reason: refusal.reason.clone(),
                    per_second: refusal.count.saturating_sub(count(&refusal.reason)) as f64 / seconds,
                    count: refusal.count,
                })
                .collect(),
            targets: targets(before, now, seconds),
            scripts: scripts(before, now, seconds),
            script_threads: ThreadRow {
                threads: now.scripts.threads,
                busy: now.scripts.busy,
                waiting: now.scripts.waiting,
            },
            store: now.store.clone(),
            limits: now.limits.clone(),
            key_sets: now.key_sets.clone(),
        }
    }
}

/// A share in percent; nothing of nothing is none.
fn percent(part: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { part as f64 * 100.0 / all as f64 }
}

/// What was counted of a route since the look before. Where that had counted more, the route went and
/// came back meanwhile.
fn since(before: Option<&LiveView>, now: &LiveRoute) -> LiveRoute {
    let found = before.and_then(|before| before.routes.iter().find(|route| route.route == now.route));
    let Some(before) = found.filter(|before| before.requests <= now.requests) else { return now.clone() };
    let counted = |below_us: u64| {
        let class = before.latencies.iter().find(|class| class.below_us == below_us);
        class.map_or(0, |class| class.count)
    };
    let latencies = now.latencies.iter().map(|class| LatencyClass {
        below_us: class.below_us,
        count: class.count.saturating_sub(counted(class.below_us)),
    });
    LiveRoute {
        requests: now.requests - before.requests,
        client_errors: now.client_errors.saturating_sub(before.client_errors),
        server_errors: now.server_errors.saturating_sub(before.server_errors),
        latencies: latencies.collect(),
        ..now.clone()
    }
}

fn row(route: &LiveRoute, seconds: f64) -> RouteRow {
    RouteRow {
        route: if route.route == "_none" { "(no route)".to_owned() } else { route.route.clone() },
        per_second: route.requests as f64 / seconds,
        p50_ms: percentile(&route.latencies, 0.5),
        p99_ms: percentile(&route.latencies, 0.99),
        client_error_percent: percent(route.client_errors, route.requests),
        server_error_percent: percent(route.server_errors, route.requests),
        requests: route.requests,
    }
}

fn total(routes: &[LiveRoute], seconds: f64) -> RouteRow {
    let mut latencies: Vec<LatencyClass> = routes.iter().flat_map(|route| route.latencies.iter().copied()).collect();
    latencies.sort_by_key(|class| class.below_us);
    let sum = |part: fn(&LiveRoute) -> u64| routes.iter().map(part).sum();
    let all = LiveRoute {
        route: "all".to_owned(),
        requests: sum(|route| route.requests),
        client_errors: sum(|route| route.client_errors),
        server_errors: sum(|route| route.server_errors),
        p50_ms: 0.0,
        p99_ms: 0.0,
        latencies,
    };
    row(&all, seconds)
}

fn consumers(now: &LiveView) -> Vec<ConsumerRow> {
    let seconds = now.consumers.seconds.max(0.001);
    let rows = now.consumers.items.iter().map(|consumer| ConsumerRow {
        consumer: match (&consumer.name, &consumer.id) {
            (Some(name), _) => name.clone(),
            (None, Some(id)) => id.clone(),
            (None, None) => "(without a key)".to_owned(),
        },
        id: consumer.id.clone(),
        per_second: consumer.requests as f64 / seconds,
        error_percent: percent(consumer.errors, consumer.requests),
    });
    rows.collect()
}

fn targets(before: Option<&LiveView>, now: &LiveView, seconds: f64) -> Vec<TargetRow> {
    let rows = now.targets.iter().map(|target| {
        let before = before.and_then(|before| before.targets.iter().find(|known| known.target == target.target));
        let sent = target.sent.saturating_sub(before.map_or(0, |before| before.sent));
        let failed = target.failed.saturating_sub(before.map_or(0, |before| before.failed));
        TargetRow {
            target: target.target.clone(),
            per_second: sent as f64 / seconds,
            failed_percent: percent(failed, sent),
            waiting: target.waiting,
            idle: target.idle,
            failed: target.failed,
            last_failure: target.last_failure.clone(),
        }
    });
    rows.collect()
}

fn scripts(before: Option<&LiveView>, now: &LiveView, seconds: f64) -> Vec<ScriptRow> {
    let rows = now.scripts.items.iter().map(|script| {
        let before = before.and_then(|before| before.scripts.items.iter().find(|known| known.name == script.name));
        let runs = script.runs.saturating_sub(before.map_or(0, |before| before.runs));
        let cpu = (script.cpu_ms - before.map_or(0.0, |before| before.cpu_ms)).max(0.0);
        ScriptRow {
            name: script.name.clone(),
            per_second: runs as f64 / seconds,
            cpu_percent: cpu / seconds / 10.0,
            cpu_ms_per_run: if runs == 0 { 0.0 } else { cpu / runs as f64 },
            runs: script.runs,
        }
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn look(up: f64, pid: u32, requests: u64, slow: u64, errors: u64) -> LiveView {
        serde_json::from_value(json!({
            "version": "1", "mode": "run", "pid": pid, "snapshot": "s", "degraded": null, "upSeconds": up,
            "inFlight": 1, "connections": 2, "tunnels": 0,
            "routes": [{ "route": "getTodos", "requests": requests + slow, "clientErrors": 0, "serverErrors": errors,
                "p50Ms": 0.0, "p99Ms": 0.0,
                "latencies": [{ "belowUs": 1000, "count": requests }, { "belowUs": 80000, "count": slow }] }],
            "consumers": { "seconds": 5.0, "items": [{ "id": "con_1", "name": "acme", "requests": 50, "errors": 5 }] },
            "refusals": [{ "reason": "limit.exceeded", "count": errors }],
            "targets": [{ "target": "a:1", "idle": 1, "waiting": 0, "sent": requests, "failed": errors, "lastFailure": null }],
            "store": { "up": true, "error": null, "awaySeconds": 0.0, "keys": 1 },
            "limits": { "shared": false, "up": true }, "keySets": [],
            "scripts": { "threads": 0, "busy": 0, "waiting": 0, "items": [] }
        }))
        .unwrap()
    }

    #[track_caller]
    fn is(value: f64, expected: f64) {
        assert!((value - expected).abs() < 1e-6, "{value} is not {expected}");
    }

    #[test]
    fn rates_percentiles_and_errors_are_those_of_the_span_and_not_of_all_time() {
        let (before, now) = (look(10.0, 1, 1000, 0, 100), look(12.0, 1, 1010, 10, 102));
        let sample = Sample::between(Some(&before), &now);
        is(sample.seconds, 2.0);
        is(sample.routes[0].per_second, 10.0);
        is(sample.routes[0].p50_ms, 1.0);
        is(sample.routes[0].p99_ms, 80.0);
        is(sample.routes[0].server_error_percent, 10.0);
        assert_eq!((sample.routes[0].requests, sample.total.requests), (1020, 1020));
        is(sample.refusals[0].per_second, 1.0);
        is(sample.targets[0].failed_percent, 20.0);
        is(sample.consumers[0].per_second, 10.0);
        is(sample.consumers[0].error_percent, 10.0);
    }

    #[test]
    fn a_gateway_that_was_started_anew_begins_anew() {
        for (pid, up) in [(2, 12.0), (1, 1.0)] {
            let sample = Sample::between(Some(&look(10.0, 1, 1000, 0, 0)), &look(up, pid, 24, 0, 0));
            is(sample.routes[0].per_second, 24.0 / up);
        }
    }
}
