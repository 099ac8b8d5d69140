//! The dashboard and the alerts ask for nothing that is not there.

use std::collections::BTreeSet;
use std::process::Command;

use regex::Regex;
use serde_json::Value;
use tollgate_core::series::{Series, SeriesKind};

use crate::root;

/// Labels that Prometheus itself adds, or that histograms have.
const OF_PROMETHEUS: [&str; 3] = ["job", "instance", "le"];

fn series_of(metric: &str) -> Option<Series> {
    tollgate::metric_series().find(|series| {
        let name = series.full_name();
        name == metric
            || (series.kind == SeriesKind::Histogram
                && ["_bucket", "_sum", "_count"].iter().any(|ending| format!("{name}{ending}") == metric))
    })
}

/// The series that a query asks for, and the labels that it names.
fn check(query: &str, from: &str) -> BTreeSet<&'static str> {
    let metrics = Regex::new(r"\btollgate_[a-z0-9_]+").unwrap();
    let labels = Regex::new(r#"([a-z_]+)\s*(?:=~|!~|!=|=)\s*""#).unwrap();
    let grouped = Regex::new(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)").unwrap();
    let asked = Regex::new(r"label_values\([^,]*,\s*([a-z_]+)\)").unwrap();
    let (mut known, mut used) = (BTreeSet::from(OF_PROMETHEUS), BTreeSet::new());
    for found in metrics.find_iter(query) {
        let series = series_of(found.as_str()).unwrap_or_else(|| panic!("{from}: there is no {}", found.as_str()));
        known.extend(series.labels);
        used.insert(series.name);
    }
    let named = labels.captures_iter(query).map(|found| found.get(1).unwrap().as_str());
    let groups = grouped.captures_iter(query).flat_map(|found| found.get(1).unwrap().as_str().split(','));
    let values = asked.captures_iter(query).map(|found| found.get(1).unwrap().as_str());
    for label in named.chain(groups).chain(values).map(str::trim).filter(|label| !label.is_empty()) {
        assert!(known.contains(label), "{from}: no series of it has the label `{label}`: {query}");
    }
    used
}

/// Everything of a document that is called so.
fn all<'v>(value: &'v Value, name: &str, found: &mut Vec<&'v Value>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get(name));
            members.values().for_each(|member| all(member, name, found));
        }
        Value::Array(items) => items.iter().for_each(|item| all(item, name, found)),
        _ => {}
    }
}

#[test]
fn the_dashboard_asks_for_series_and_labels_that_there_are() {
    let text = std::fs::read_to_string(root().join("integrations/grafana/tollgate.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let mut used = BTreeSet::new();
    let mut queries = Vec::new();
    all(&dashboard, "expr", &mut queries);
    all(&dashboard, "definition", &mut queries);
    assert!(queries.len() > 40, "{}", queries.len());
    for query in queries {
        used.extend(check(query.as_str().unwrap(), "the dashboard"));
    }
    let mut legends = Vec::new();
    all(&dashboard, "targets", &mut legends);
    let placeholder = Regex::new(r"\{\{\s*([a-z_]+)\s*\}\}").unwrap();
    for target in legends.into_iter().flat_map(|targets| targets.as_array().unwrap()) {
        let (query, legend) = (target["expr"].as_str().unwrap(), target["legendFormat"].as_str().unwrap());
        for label in placeholder.captures_iter(legend).map(|found| found[1].to_owned()) {
            assert!(query.contains(&label) || label == "instance", "`{legend}` of {query}");
        }
    }
    // Whoever adds a series decides whether it is to be seen.
    let unseen: Vec<_> =
        tollgate::metric_series().map(|series| series.name).filter(|name| !used.contains(name)).collect();
    assert_eq!(unseen, ["spans_kept", "limits_store_decisions", "limits_refused_here"]);
    let mut ids = Vec::new();
    all(&dashboard["panels"], "id", &mut ids);
    assert_eq!(ids.len(), ids.iter().map(|id| id.as_u64().unwrap()).collect::<BTreeSet<_>>().len(), "ids are unique");
}

#[test]
fn the_alerts_ask_for_series_and_labels_that_there_are() {
    let path = root().join("integrations/prometheus/tollgate.rules.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    let rules: Value = serde_saphyr::from_str(&text).unwrap();
    let alerts = rules["groups"][0]["rules"].as_array().unwrap();
    assert!(alerts.len() > 10);
    let placeholder = Regex::new(r"\$labels\.([a-z_]+)").unwrap();
    let metrics = Regex::new(r"\btollgate_[a-z0-9_]+").unwrap();
    for alert in alerts {
        let (name, query) = (alert["alert"].as_str().unwrap(), alert["expr"].as_str().unwrap());
        check(query, name);
        assert!(alert["labels"]["severity"].is_string(), "{name}");
        for text in alert["annotations"].as_object().unwrap().values().map(|text| text.as_str().unwrap()) {
            for label in placeholder.captures_iter(text).map(|found| found[1].to_owned()) {
                let of_series = metrics.find_iter(query).any(|metric| {
                    series_of(metric.as_str()).is_some_and(|series| series.labels.contains(&label.as_str()))
                });
                assert!(of_series || OF_PROMETHEUS.contains(&label.as_str()), "{name}: {label}");
            }
        }
    }
}

#[test]
fn promtool_takes_the_alerts_and_they_fire_when_they_should() {
    let folder = root().join("integrations/prometheus");
    let run = |arguments: &[&str]| Command::new("promtool").args(arguments).current_dir(&folder).output();
    match run(&["check", "rules", "tollgate.rules.yaml"]) {
        Ok(checked) => assert!(checked.status.success(), "{checked:?}"),
        // The other tests of this file still hold the rules against what there is.
        Err(_) if std::env::var_os("TOLLGATE_TEST_ORIGINS").is_none() => {
            eprintln!("not run: there is no promtool here (Debian's package `prometheus` has it)");
            return;
        }
        Err(error) => panic!("promtool: {error}"),
    }
    let tested = run(&["test", "rules", "tollgate.rules.test.yaml"]).unwrap();
    assert!(tested.status.success(), "{tested:?}");
}
