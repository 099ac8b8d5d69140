//! The tables that `top` shows: what is in them, and in which order.

use std::cmp::Ordering;

use super::sample::Sample;

/// What there is to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    Routes,
    Consumers,
    Refusals,
    Targets,
    State,
    Scripts,
}

impl View {
    pub(crate) const ALL: [Self; 6] =
        [Self::Routes, Self::Consumers, Self::Refusals, Self::Targets, Self::State, Self::Scripts];

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Routes => "Routes",
            Self::Consumers => "Consumers",
            Self::Refusals => "Refusals",
            Self::Targets => "Upstreams",
            Self::State => "State",
            Self::Scripts => "Scripts",
        }
    }
}

/// A value in a table.
#[derive(Debug, Clone)]
pub(crate) enum Cell {
    Text(String),
    Number(f64, String),
}

impl Cell {
    fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    fn rate(number: f64) -> Self {
        let shown = if number >= 100.0 { format!("{number:.0}") } else { format!("{number:.1}") };
        Self::Number(number, shown)
    }

    fn millis(number: f64) -> Self {
        let shown = if number >= 100.0 { format!("{number:.0}") } else { format!("{number:.2}") };
        Self::Number(number, shown)
    }

    fn percent(number: f64) -> Self {
        Self::Number(number, format!("{number:.1}%"))
    }

    fn count(number: u64) -> Self {
        Self::Number(number as f64, number.to_string())
    }

    /// As it is shown.
    pub(crate) fn shown(&self) -> &str {
        match self {
            Self::Text(text) | Self::Number(_, text) => text,
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(one, _), Self::Number(other, _)) => one.total_cmp(other),
            _ => self.shown().cmp(other.shown()),
        }
    }
}

/// One table.
#[derive(Debug, Clone)]
pub(crate) struct Sheet {
    pub(crate) head: &'static [&'static str],
    pub(crate) rows: Vec<Vec<Cell>>,
}

impl Sheet {
    /// The table of a view.
    pub(crate) fn of(view: View, sample: &Sample) -> Self {
        match view {
            View::Routes => routes(sample),
            View::Consumers => consumers(sample),
            View::Refusals => refusals(sample),
            View::Targets => targets(sample),
            View::State => state(sample),
            View::Scripts => scripts(sample),
        }
    }

    /// Sorts by a column; texts begin with the first letter, numbers with the largest.
    pub(crate) fn sort(&mut self, column: usize, reversed: bool) {
        self.rows.sort_by(|one, other| {
            let (Some(one), Some(other)) = (one.get(column), other.get(column)) else { return Ordering::Equal };
            let order = one.compare(other);
            let order = if matches!(one, Cell::Number(..)) { order.reverse() } else { order };
            if reversed { order.reverse() } else { order }
        });
    }

    /// Keeps the rows in which a text occurs.
    pub(crate) fn filter(&mut self, text: &str) {
        let text = text.to_lowercase();
        self.rows.retain(|row| row.iter().any(|cell| cell.shown().to_lowercase().contains(&text)));
    }
}

fn routes(sample: &Sample) -> Sheet {
    let rows = sample.routes.iter().map(|row| {
        vec![
            Cell::text(&row.route),
            Cell::rate(row.per_second),
            Cell::millis(row.p50_ms),
            Cell::millis(row.p99_ms),
            Cell::percent(row.client_error_percent),
            Cell::percent(row.server_error_percent),
            Cell::count(row.requests),
        ]
    });
    Sheet { head: &["ROUTE", "REQ/S", "P50 MS", "P99 MS", "4XX", "5XX", "TOTAL"], rows: rows.collect() }
}

fn consumers(sample: &Sample) -> Sheet {
    let rows = sample.consumers.iter().map(|row| {
        vec![
            Cell::text(&row.consumer),
            Cell::rate(row.per_second),
            Cell::percent(row.error_percent),
            Cell::text(row.id.as_deref().unwrap_or("-")),
        ]
    });
    Sheet { head: &["CONSUMER", "REQ/S", "ERRORS", "ID"], rows: rows.collect() }
}

fn refusals(sample: &Sample) -> Sheet {
    let rows = sample
        .refusals
        .iter()
        .map(|row| vec![Cell::text(&row.reason), Cell::rate(row.per_second), Cell::count(row.count)]);
    Sheet { head: &["REASON", "PER S", "TOTAL"], rows: rows.collect() }
}

fn targets(sample: &Sample) -> Sheet {
    let rows = sample.targets.iter().map(|row| {
        vec![
            Cell::text(&row.target),
            Cell::rate(row.per_second),
            Cell::percent(row.failed_percent),
            Cell::count(row.waiting),
            Cell::count(row.idle),
            Cell::count(row.failed),
            Cell::text(row.last_failure.as_deref().unwrap_or("-")),
        ]
    });
    Sheet { head: &["TARGET", "REQ/S", "FAILED", "WAIT", "IDLE", "FAILS", "LAST FAILURE"], rows: rows.collect() }
}

fn state(sample: &Sample) -> Sheet {
    let mut rows = Vec::new();
    let mut add = |part: String, good: bool, more: String| {
        rows.push(vec![Cell::Text(part), Cell::text(if good { "ok" } else { "AWAY" }), Cell::Text(more)]);
    };
    let store = &sample.store;
    let away =
        store.error.as_deref().map_or_else(String::new, |error| format!("; for {:.0} s: {error}", store.away_seconds));
    add("store".to_owned(), store.up, format!("{} keys in memory{away}", store.keys));
    let limits = &sample.limits;
    let place = if limits.shared { "in a shared store" } else { "in memory" };
    add("limits".to_owned(), limits.up, format!("counted {place}"));
    for set in &sample.key_sets {
        let age = set.age_seconds.map_or_else(|| "not fetched yet".to_owned(), |age| format!("{age:.0} s old"));
        let error = set.error.as_deref().map_or_else(String::new, |error| format!("; {error}"));
        add(format!("keys of {}", set.location), set.error.is_none(), format!("{age}{error}"));
    }
    if let Some(why) = &sample.degraded {
        rows.push(vec![Cell::text("project"), Cell::text("STALE"), Cell::text(why.lines().next().unwrap_or_default())]);
    }
    Sheet { head: &["PART", "STATE", "MORE"], rows }
}

fn scripts(sample: &Sample) -> Sheet {
    let rows = sample.scripts.iter().map(|row| {
        vec![
            Cell::text(&row.name),
            Cell::rate(row.per_second),
            Cell::percent(row.cpu_percent),
            Cell::millis(row.cpu_ms_per_run),
            Cell::count(row.runs),
        ]
    });
    Sheet { head: &["SCRIPT", "RUNS/S", "CPU", "MS/RUN", "TOTAL"], rows: rows.collect() }
}
