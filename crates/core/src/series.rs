//! What a series of the metrics is called and what it tells: described once, for the scraper, for the reference page
//! and for whoever checks a dashboard.

/// What a series counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeriesKind {
    /// Only ever grows, until the process ends.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How often what took how long.
    Histogram,
}

impl SeriesKind {
    /// As Prometheus calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A family of series.
#[derive(Debug, Clone, Copy)]
pub struct Series {
    /// Its name, without the product's in front and `_total` behind.
    pub name: &'static str,
    /// What it counts.
    pub kind: SeriesKind,
    /// Its labels.
    pub labels: &'static [&'static str],
    /// What it tells.
    pub help: &'static str,
}

impl Series {
    /// A counter.
    pub const fn counter(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Self {
        Self { name, kind: SeriesKind::Counter, labels, help }
    }

    /// A gauge.
    pub const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Self {
        Self { name, kind: SeriesKind::Gauge, labels, help }
    }

    /// A histogram.
    pub const fn histogram(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Self {
        Self { name, kind: SeriesKind::Histogram, labels, help }
    }

    /// As it is scraped: `tollgate_requests_total`.
    pub fn full_name(&self) -> String {
        let ending = if self.kind == SeriesKind::Counter { "_total" } else { "" };
        format!("tollgate_{}{ending}", self.name)
    }

    /// The help of one of a list.
    pub fn help_of(list: &[Self], name: &str) -> &'static str {
        list.iter().find(|series| series.name == name).map_or("", |series| series.help)
    }
}
