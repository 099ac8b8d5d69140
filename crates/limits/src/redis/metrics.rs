//! What the metrics say of the shared store.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

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
        // One handle on the hot path instead of a look-up by label.
        registry.register("limits_store_up", "Whether the shared store of the limits can be reached", self.up.clone());
        registry.register("limits_store_decisions", "Decisions of the shared store", self.decided.clone());
        registry.register(
            "limits_store_failures",
            "Calls of the shared store that failed, by what happened",
            self.calls.clone(),
        );
        registry.register(
            "limits_without_store",
            "Decisions that were made without the shared store, because it was away",
            self.without.clone(),
        );
        registry.register(
            "limits_refused_here",
            "Hits that were refused without asking the shared store again, because it had said for how long",
            self.refused_here.clone(),
        );
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
