//! The series of the access log's sinks: there as long as the settings name them.

use std::collections::HashSet;
use std::sync::Arc;

use parking_lot::Mutex;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct SinkLabels {
    sink: String,
}

/// What is counted of one sink.
#[derive(Debug, Clone)]
pub(crate) struct SinkSeries {
    pub(crate) written: Counter,
    pub(crate) dropped: Counter,
    pub(crate) up: Gauge,
}

impl SinkSeries {
    /// It has taken lines.
    pub(crate) fn wrote(&self, lines: u64) {
        self.written.inc_by(lines);
        self.up.set(1);
    }

    /// It has not.
    pub(crate) fn lost(&self, lines: u64) {
        self.dropped.inc_by(lines);
        self.up.set(0);
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct AllSinks {
    pub(super) written: Family<SinkLabels, Counter>,
    pub(super) dropped: Family<SinkLabels, Counter>,
    pub(super) up: Family<SinkLabels, Gauge>,
    known: Arc<Mutex<HashSet<String>>>,
}

impl AllSinks {
    pub(super) fn of(&self, name: &str) -> SinkSeries {
        self.known.lock().insert(name.to_owned());
        let labels = SinkLabels { sink: name.to_owned() };
        SinkSeries {
            written: self.written.get_or_create_owned(&labels),
            dropped: self.dropped.get_or_create_owned(&labels),
            up: self.up.get_or_create_owned(&labels),
        }
    }

    pub(super) fn keep(&self, names: &[&str]) {
        self.known.lock().retain(|name| {
            let keeps = names.contains(&name.as_str());
            if !keeps {
                let labels = SinkLabels { sink: name.clone() };
                self.written.remove(&labels);
                self.dropped.remove(&labels);
                self.up.remove(&labels);
            }
            keeps
        });
    }
}
