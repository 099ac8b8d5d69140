//! What a scraper gets, read by Prometheus' own parsers.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tollgate_core::series::{Series, SeriesKind};
use tollgate_testkit::CapturingUpstream;

use crate::support::{Gateway, World};
use crate::{python, root};

fn scraped(gateway: &Gateway) -> Value {
    let output = std::process::Command::new(python())
        .arg(root().join("crates/tollgate/tests/python/scrape.py"))
        .arg(format!("{}/metrics", gateway.management))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_forms_are_read_by_prometheus_own_parsers_and_say_what_is_documented() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let gateway = world.start(&["run", "."]).await;
    gateway.get("/open", None).await;
    gateway.get("/protected", None).await;
    gateway.get("/nowhere", None).await;
    let scraped = scraped(&gateway);
    assert_eq!(scraped["plain"]["media"], "text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(scraped["open"]["media"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let documented: BTreeMap<String, Series> =
        tollgate::metric_series().map(|series| (format!("tollgate_{}", series.name), series)).collect();
    for form in ["plain", "open"] {
        let families = scraped[form]["families"].as_array().unwrap();
        assert!(families.len() > 10, "{families:?}");
        for family in families {
            let name = family["name"].as_str().unwrap();
            let series = documented.get(name).unwrap_or_else(|| panic!("{form}: {name} is not documented"));
            assert_eq!(family["kind"], series.kind.as_str(), "{form}: {name}");
            assert_eq!(family["help"], format!("{}.", series.help), "{form}: {name}");
            for sample in family["samples"].as_array().unwrap() {
                let labels: BTreeSet<&str> =
                    sample[1].as_object().unwrap().keys().map(String::as_str).filter(|label| *label != "le").collect();
                assert_eq!(labels, series.labels.iter().copied().collect(), "{form}: {name}");
                if series.kind == SeriesKind::Counter {
                    assert_eq!(sample[0], series.full_name(), "{form}");
                }
            }
        }
        let requests = families.iter().find(|family| family["name"] == "tollgate_requests").unwrap();
        let samples = requests["samples"].as_array().unwrap();
        let of = |route: &str| samples.iter().find(|sample| sample[1]["route"] == route)?[2].as_f64();
        assert_eq!([of("getOpen"), of("getProtected"), of("_none")], [Some(1.0); 3], "{samples:?}");
    }
    let page = std::fs::read_to_string(root().join("docs/reference/metrics.md")).unwrap();
    for series in documented.values() {
        assert!(page.contains(&format!("| `{}` |", series.full_name())), "{} is on the page", series.name);
    }
}
