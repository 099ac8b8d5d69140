//! From the text that a scraper gets to OpenTelemetry's metrics. All rooms put their series into one registry, which
//! can only be written: its text is the one thing that has them all.

use std::collections::HashMap;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, Sum, metric,
};
use tollgate_core::time::Timestamp;

use crate::otlp;

/// Reads texts, one after the other, and remembers since when each series counts.
pub(super) struct Bridge {
    /// When the last text was read; first, when the gateway began to send.
    last: Timestamp,
    /// By name and labels: since when it counts, and how far it had come.
    known: HashMap<String, (Timestamp, f64)>,
}

/// A family of the text.
#[derive(Default)]
struct Family<'t> {
    name: &'t str,
    kind: &'t str,
    help: &'t str,
    numbers: Vec<(Labels, &'t str)>,
    histograms: Vec<(Labels, Buckets)>,
}

type Labels = Vec<(String, String)>;

#[derive(Default)]
struct Buckets {
    /// Bounds, and how many lie below.
    cumulative: Vec<(f64, u64)>,
    sum: f64,
    count: u64,
}

impl Bridge {
    pub(super) fn new(started: Timestamp) -> Self {
        Self { last: started, known: HashMap::new() }
    }

    pub(super) fn read(&mut self, text: &str, now: Timestamp) -> Vec<Metric> {
        let mut seen = HashMap::with_capacity(self.known.len());
        let metrics = families(text).into_iter().filter_map(|family| self.metric(family, now, &mut seen)).collect();
        // A series that is gone counts from nothing when it comes again.
        self.known = seen;
        self.last = now;
        metrics
    }

    fn metric(
        &self,
        family: Family<'_>,
        now: Timestamp,
        seen: &mut HashMap<String, (Timestamp, f64)>,
    ) -> Option<Metric> {
        let mut since = |labels: &Labels, value: f64| {
            let key = format!("{}{labels:?}", family.name);
            let known = self.known.get(&key).filter(|(_, before)| *before <= value);
            let start = known.map_or(self.last, |(start, _)| *start);
            seen.insert(key, (start, value));
            nanoseconds(start)
        };
        let number = |labels: Labels, value: &str, start: u64| NumberDataPoint {
            attributes: attributes(labels),
            start_time_unix_nano: start,
            time_unix_nano: nanoseconds(now),
            value: Some(match value.parse() {
                Ok(whole) => Value::AsInt(whole),
                Err(_) => Value::AsDouble(value.parse().unwrap_or_default()),
            }),
            ..NumberDataPoint::default()
        };
        let cumulative = AggregationTemporality::Cumulative.into();
        let data = match family.kind {
            "counter" => metric::Data::Sum(Sum {
                data_points: family
                    .numbers
                    .into_iter()
                    .map(|(labels, value)| {
                        let start = since(&labels, value.parse().unwrap_or_default());
                        number(labels, value, start)
                    })
                    .collect(),
                aggregation_temporality: cumulative,
                is_monotonic: true,
            }),
            "histogram" => metric::Data::Histogram(Histogram {
                data_points: family
                    .histograms
                    .into_iter()
                    .map(|(labels, buckets)| {
                        let start = since(&labels, buckets.count as f64);
                        buckets.point(labels, start, now)
                    })
                    .collect(),
                aggregation_temporality: cumulative,
            }),
            "gauge" => {
                let points = family.numbers.into_iter().map(|(labels, value)| number(labels, value, 0));
                metric::Data::Gauge(Gauge { data_points: points.collect() })
            }
            _ => return None,
        };
        let unit = match family.name {
            name if name.ends_with("_seconds") => "s",
            name if name.ends_with("_bytes") => "By",
            _ => "1",
        };
        Some(Metric {
            name: family.name.to_owned(),
            description: family.help.to_owned(),
            unit: unit.to_owned(),
            data: Some(data),
            ..Metric::default()
        })
    }
}

impl Buckets {
    fn point(self, labels: Labels, start: u64, now: Timestamp) -> HistogramDataPoint {
        let mut below = 0;
        let mut counts = Vec::with_capacity(self.cumulative.len());
        for (_, count) in &self.cumulative {
            counts.push(count.saturating_sub(below));
            below = *count;
        }
        HistogramDataPoint {
            attributes: attributes(labels),
            start_time_unix_nano: start,
            time_unix_nano: nanoseconds(now),
            count: self.count,
            sum: Some(self.sum),
            bucket_counts: counts,
            // The last bucket has no end.
            explicit_bounds: self
                .cumulative
                .iter()
                .map(|(bound, _)| *bound)
                .filter(|bound| bound.is_finite())
                .collect(),
            ..HistogramDataPoint::default()
        }
    }
}

fn families(text: &str) -> Vec<Family<'_>> {
    let mut families: Vec<Family<'_>> = Vec::new();
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.splitn(3, ' ');
            let (Some(word), Some(name)) = (words.next(), words.next()) else { continue };
            let rest = words.next().unwrap_or_default();
            if families.last().is_none_or(|family| family.name != name) && matches!(word, "HELP" | "TYPE") {
                families.push(Family { name, ..Family::default() });
            }
            match (word, families.last_mut()) {
                ("HELP", Some(family)) => family.help = rest,
                ("TYPE", Some(family)) => family.kind = rest,
                _ => {}
            }
            continue;
        }
        let (Some(family), Some((name, labels, value))) = (families.last_mut(), sample(line)) else { continue };
        if family.kind == "histogram" {
            family.add_to_histogram(name, labels, value);
        } else {
            family.numbers.push((labels, value));
        }
    }
    families
}

impl Family<'_> {
    fn add_to_histogram(&mut self, name: &str, mut labels: Labels, value: &str) {
        let bound = labels.iter().position(|(label, _)| label == "le").map(|place| labels.remove(place).1);
        if self.histograms.last().is_none_or(|(known, _)| *known != labels) {
            self.histograms.push((labels, Buckets::default()));
        }
        let Some((_, buckets)) = self.histograms.last_mut() else { return };
        match (name.strip_prefix(self.name), bound) {
            (Some("_bucket"), Some(bound)) => {
                let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().unwrap_or(f64::NAN) };
                buckets.cumulative.push((bound, value.parse().unwrap_or_default()));
            }
            (Some("_sum"), _) => buckets.sum = value.parse().unwrap_or_default(),
            (Some("_count"), _) => buckets.count = value.parse().unwrap_or_default(),
            _ => {}
        }
    }
}

/// Name, labels and value of a line.
fn sample(line: &str) -> Option<(&str, Labels, &str)> {
    let end = line.find(['{', ' '])?;
    let (name, mut rest) = line.split_at(end);
    let mut labels = Vec::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        while !rest.starts_with('}') {
            let (label, text) = rest.split_once("=\"")?;
            let mut value = String::new();
            let mut chars = text.char_indices();
            let end = loop {
                match chars.next()? {
                    (at, '"') => break at,
                    (_, '\\') => match chars.next()?.1 {
                        'n' => value.push('\n'),
                        other => value.push(other),
                    },
                    (_, other) => value.push(other),
                }
            };
            labels.push((label.trim_start_matches(',').to_owned(), value));
            rest = &text[end + 1..];
        }
        rest = &rest[1..];
    }
    let value = rest.trim_start().split(' ').next()?;
    Some((name, labels, value))
}

fn attributes(labels: Labels) -> Vec<KeyValue> {
    labels.iter().map(|(name, value)| otlp::text(name, value)).collect()
}

pub(super) fn nanoseconds(moment: Timestamp) -> u64 {
    u64::try_from(moment.0).unwrap_or_default().saturating_mul(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# HELP a_seconds How long.\n# TYPE a_seconds histogram\na_seconds_sum{route=\"x\"} 1.5\na_seconds_count{route=\"x\"} 3\na_seconds_bucket{le=\"0.1\",route=\"x\"} 2\na_seconds_bucket{le=\"+Inf\",route=\"x\"} 3\n# HELP b Things.\n# TYPE b counter\nb_total{c=\"d \\\"e\\\\,{f}\"} 7\nb_total 0.5\n# HELP up Whether.\n# TYPE up gauge\nup 1\n# EOF\n";

    #[test]
    fn every_kind_of_series_is_read_with_its_labels() {
        let metrics = Bridge::new(Timestamp(1000)).read(TEXT, Timestamp(2000));
        assert_eq!(
            metrics.iter().map(|metric| (metric.name.as_str(), metric.unit.as_str())).collect::<Vec<_>>(),
            [("a_seconds", "s"), ("b", "1"), ("up", "1")]
        );
        let Some(metric::Data::Histogram(histogram)) = &metrics[0].data else { panic!("{metrics:?}") };
        let point = &histogram.data_points[0];
        assert_eq!((&point.bucket_counts[..], &point.explicit_bounds[..]), (&[2, 1][..], &[0.1][..]));
        assert_eq!((point.count, point.sum, point.start_time_unix_nano), (3, Some(1.5), 1_000_000_000));
        let Some(metric::Data::Sum(sum)) = &metrics[1].data else { panic!("{metrics:?}") };
        assert_eq!(sum.data_points[0].value, Some(Value::AsInt(7)));
        assert_eq!(sum.data_points[0].attributes, [otlp::text("c", "d \"e\\,{f}")]);
        assert_eq!(sum.data_points[1].value, Some(Value::AsDouble(0.5)));
    }

    #[test]
    fn a_series_that_begins_anew_says_since_when() {
        let mut bridge = Bridge::new(Timestamp(0));
        let start = |metrics: Vec<Metric>| match &metrics[0].data {
            Some(metric::Data::Sum(sum)) => sum.data_points[0].start_time_unix_nano / 1_000_000,
            other => panic!("{other:?}"),
        };
        let text = |value: u32| format!("# TYPE b counter\nb_total {value}\n");
        assert_eq!(start(bridge.read(&text(5), Timestamp(10))), 0);
        assert_eq!(start(bridge.read(&text(6), Timestamp(20))), 0);
        assert_eq!(start(bridge.read(&text(1), Timestamp(30))), 20, "it is less than it was");
        bridge.read("", Timestamp(40));
        assert_eq!(start(bridge.read(&text(9), Timestamp(50))), 40, "it had gone");
    }
}
