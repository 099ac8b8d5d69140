//! What the metrics say of the shared store.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Metric, Registry};
use tollgate_core::series;

/// The series of a shared store, there where the settings name one.
pub const SERIES: &[series::Series] = &[
    series::Series::gauge("limits_store_up", &[], "Whether the shared store of the limits can be reached"),
    series::Series::counter("limits_store_decisions", &[], "Decisions of the shared store"),
    series::Series::counter(
        "limits_store_failures",
        &["outcome"],
        "Calls of the shared store that failed, by what happened",
    ),
    series::Series::counter(
        "limits_without_store",
        &[],
        "Decisions that were made without the shared store, because it was away",
    ),
    series::Series::counter(
        "limits_refused_here",
        &[],
        "Hits that were refused without asking the shared store again, because it had said for how long",
    ),
];

/// Registers a series with the help of the list.
fn register(registry: &mut Registry, name: &'static str, metric: impl Metric) {
    registry.register(name, series::Series::help_of(SERIES, name), metric);
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

/// The series of a link.
#[derive(Debug, Default)]
pub(crate) struct Series {
    up: Gauge,
    calls: Family<OutcomeLabels, Counter>,
    decided: Counter,
    without: Counter,
    refused_here: Counter,
}

impl Series {
    pub(crate) fn register(&self, registry: &mut Registry) {
        let r = registry;
        register(r, "limits_store_up", self.up.clone());
        // One handle on the hot path instead of a look-up by label.
        register(r, "limits_store_decisions", self.decided.clone());
        register(r, "limits_store_failures", self.calls.clone());
        register(r, "limits_without_store", self.without.clone());
        register(r, "limits_refused_here", self.refused_here.clone());
    }

    pub(crate) fn up(&self, up: bool) {
        self.up.set(i64::from(up));
    }

    pub(crate) fn decided(&self) {
        self.decided.inc();
    }

    pub(crate) fn failed(&self) {
        self.calls.get_or_create(&OutcomeLabels { outcome: "error" }).inc();
    }

    pub(crate) fn timed_out(&self) {
        self.calls.get_or_create(&OutcomeLabels { outcome: "timeout" }).inc();
    }

    pub(crate) fn did_without(&self) {
        self.without.inc();
    }

    pub(crate) fn refused_here(&self) {
        self.refused_here.inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_what_is_registered() {
        let series = Series::default();
        series.failed();
        let mut registry = Registry::default();
        series.register(&mut registry);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        let registered: Vec<&str> =
            text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
        assert_eq!(registered, SERIES.iter().map(|series| series.name).collect::<Vec<_>>());
        for series in SERIES {
            let kind = format!("# TYPE {} {}", series.name, series.kind.as_str());
            assert!(text.contains(&kind) && text.contains(series.help), "{kind} is not in\n{text}");
        }
    }
}
