//! What runs at this moment, for whoever watches.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What runs at this moment. Counts go up from the start of the process, or from when a route was first
/// asked for: take the difference of two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Live)]
pub struct LiveView {
    /// Of Tollgate.
    pub version: String,
    /// `dev` or `run`.
    pub mode: String,
    /// The process.
    pub pid: u32,
    /// The snapshot in force.
    pub snapshot: String,
    /// Why the project on disk is not the one in force, where that is so.
    pub degraded: Option<String>,
    /// For how long the process has run, in seconds: the time between two looks.
    pub up_seconds: f64,
    /// Requests that are being answered.
    pub in_flight: i64,
    /// Open connections of clients.
    pub connections: i64,
    /// WebSocket connections and other upgrades that are open.
    pub tunnels: i64,
    /// Routes that were asked for; `_none` for what matched none.
    pub routes: Vec<LiveRoute>,
    /// Who called most.
    pub consumers: LiveConsumers,
    /// Why requests were refused, or failed.
    pub refusals: Vec<LiveRefusal>,
    /// Where requests were sent.
    pub targets: Vec<LiveTarget>,
    /// Where consumers and keys are kept.
    pub store: LiveStore,
    /// Where limits are counted.
    pub limits: LiveLimits,
    /// The keys of other issuers.
    pub key_sets: Vec<LiveKeySet>,
    /// Scripts.
    pub scripts: LiveScripts,
}

/// A route.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LiveRoute {
    /// Its id.
    pub route: String,
    /// Answers.
    pub requests: u64,
    /// Those of 4xx.
    pub client_errors: u64,
    /// Those of 5xx.
    pub server_errors: u64,
    /// Half of the answers took less, in milliseconds; to about a quarter.
    pub p50_ms: f64,
    /// 99 of 100 took less.
    pub p99_ms: f64,
    /// How many took how long, the shortest first.
    pub latencies: Vec<LatencyClass>,
}

/// Answers that took about as long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LatencyClass {
    /// Each took less than this, in microseconds, and at least four fifths of it.
    pub below_us: u64,
    /// How many.
    pub count: u64,
}

/// The duration that `share` of the answers did not reach, in milliseconds.
pub fn percentile(classes: &[LatencyClass], share: f64) -> f64 {
    let all: u64 = classes.iter().map(|class| class.count).sum();
    if all == 0 {
        return 0.0;
    }
    let rank = share * all as f64;
    let mut before = 0;
    for class in classes {
        before += class.count;
        if before as f64 >= rank {
            return class.below_us as f64 / 1000.0;
        }
    }
    0.0
}

/// Who called most, over the last seconds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LiveConsumers {
    /// Over how many seconds.
    pub seconds: f64,
    /// The busiest first, at most 100.
    pub items: Vec<LiveConsumer>,
}

/// Somebody who calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LiveConsumer {
    /// The consumer's id; `null` for everyone who has no key.
    pub id: Option<String>,
    /// The consumer's name.
    pub name: Option<String>,
    /// Requests in these seconds.
    pub requests: u64,
    /// Those that were answered with 4xx or 5xx.
    pub errors: u64,
}

/// A reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LiveRefusal {
    /// The entry of the closed list.
    pub reason: String,
    /// How often it was given.
    pub count: u64,
}

/// A target of an upstream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LiveTarget {
    /// `host:port`
    pub target: String,
    /// Open connections that wait for a request.
    pub idle: u64,
    /// Requests whose answer has not begun.
    pub waiting: u64,
    /// Requests for it.
    pub sent: u64,
    /// Those that brought no answer.
    pub failed: u64,
    /// Why the last of those failed.
    pub last_failure: Option<String>,
}

/// The store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LiveStore {
    /// Whether it answered when it was last asked.
    pub up: bool,
    /// What it said when it last failed.
    pub error: Option<String>,
    /// For how long it has not answered, in seconds.
    pub away_seconds: f64,
    /// Keys in memory.
    pub keys: u64,
}

/// Where limits are counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LiveLimits {
    /// Whether other nodes count in the same place.
    pub shared: bool,
    /// Whether that place can be reached.
    pub up: bool,
}

/// The keys of another issuer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LiveKeySet {
    /// Its URL, or the issuer that says where it is.
    pub location: String,
    /// How old it is, in seconds; `null` where it has not been fetched.
    pub age_seconds: Option<f64>,
    /// Why it could not be fetched when that was last tried.
    pub error: Option<String>,
}

/// Scripts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LiveScripts {
    /// Threads that they run on; 0 where the project has none.
    pub threads: u64,
    /// Those that compute.
    pub busy: u64,
    /// Calls that wait for a thread.
    pub waiting: u64,
    /// What each used.
    pub items: Vec<LiveScript>,
}

/// A policy, handler or hook that is a script.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LiveScript {
    /// Its name.
    pub name: String,
    /// Requests that it ran in.
    pub runs: u64,
    /// Its processor time, in milliseconds.
    pub cpu_ms: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_end_of_the_class_that_holds_it() {
        let class = |below_us, count| LatencyClass { below_us, count };
        let classes = [class(1000, 50), class(2000, 49), class(9000, 1)];
        for (share, expected) in [(0.0, 1.0), (0.5, 1.0), (0.51, 2.0), (0.99, 2.0), (1.0, 9.0)] {
            assert!((percentile(&classes, share) - expected).abs() < 1e-9, "{share}");
        }
        assert!(percentile(&[class(1000, 0)], 0.5).abs() < 1e-9, "where nothing was counted, nothing took any time");
    }
}
