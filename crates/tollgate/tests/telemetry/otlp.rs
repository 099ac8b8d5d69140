//! Metrics, as a collector reads them that uses OpenTelemetry's own message types.

use http::StatusCode;
use serde_json::{Value, json};
use tollgate_testkit::{CapturingUpstream, free_port};

use crate::support::{SOON, World};
use crate::{Collector, support};

fn settings(collector: &str, more: &str) -> String {
    format!(
        "metrics: {{ url: \"{collector}\", headers: {{ x-key: k1 }}, service: shop, attributes: {{ deployment.environment.name: test }}{more} }}\n"
    )
}

fn point<'e>(export: &'e Value, metric: &str, attributes: &[(&str, Value)]) -> Option<&'e Value> {
    export["metrics"][metric]["points"]
        .as_array()?
        .iter()
        .find(|point| attributes.iter().all(|(name, value)| point["attributes"][*name] == *value))
}

/// What both formats bring.
async fn check(format: &str, media: &str) {
    let collector = Collector::start(&[]).await;
    let upstream = CapturingUpstream::answering(|seen| {
        let status = if seen.target == "/open?fail" { 503 } else { 200 };
        http::Response::builder().status(status).body("ok".into()).unwrap()
    })
    .await
    .unwrap();
    let world = World::with_project(&upstream.url());
    world.write("tollgate.yaml", &settings(&collector.url("metrics"), &format!(", format: {format}, every: 200ms")));
    let gateway = world.start(&["run", "."]).await;
    for path in ["/open", "/open", "/open?fail"] {
        gateway.get(path, None).await;
    }
    assert_eq!(gateway.get("/nowhere", None).await.status, StatusCode::NOT_FOUND);
    let nowhere = [("http.response.status_code", json!(404))];
    let export =
        collector.export(&gateway, |export| point(export, "http.server.request.duration", &nowhere).is_some()).await;
    assert_eq!((&export["type"], &export["key"], &export["scope"]), (&json!(media), &json!("k1"), &json!("tollgate")));
    assert_eq!(export["resource"], json!({ "service.name": "shop", "deployment.environment.name": "test" }));

    // The series of /metrics, cumulative.
    let requests = &export["metrics"]["tollgate_requests"];
    assert_eq!(
        (&requests["kind"], &requests["temporality"], &requests["monotonic"]),
        (&json!("sum"), &json!(2), &json!(true))
    );
    let ok = [("route", json!("getOpen")), ("reason", json!("ok")), ("status", json!("2xx"))];
    let counted = point(&export, "tollgate_requests", &ok).unwrap();
    assert_eq!((&counted["value"], &counted["attributes"]["method"]), (&json!(2), &json!("GET")));
    assert!(counted["start"].as_u64().unwrap() <= counted["time"].as_u64().unwrap());
    let durations = point(&export, "tollgate_request_duration_seconds", &[("route", json!("getOpen"))]).unwrap();
    assert_eq!(durations["count"], 3);
    assert_eq!(durations["buckets"].as_array().unwrap().len(), durations["bounds"].as_array().unwrap().len() + 1);
    assert_eq!(export["metrics"]["tollgate_store_up"]["kind"], "gauge");
    let described: Vec<String> = tollgate::metric_series().map(|series| format!("tollgate_{}", series.name)).collect();
    for name in export["metrics"].as_object().unwrap().keys().filter(|name| name.starts_with("tollgate_")) {
        assert!(described.contains(name), "{name}");
    }

    // The conventions' histograms, with their names, units, bounds and attributes.
    let server = &export["metrics"]["http.server.request.duration"];
    assert_eq!(
        (&server["unit"], &server["kind"], &server["temporality"]),
        (&json!("s"), &json!("histogram"), &json!(2))
    );
    let answered = [("http.response.status_code", json!(200))];
    let answered = point(&export, "http.server.request.duration", &answered).unwrap();
    assert_eq!(
        answered["attributes"],
        json!({ "http.request.method": "GET", "url.scheme": "http", "http.response.status_code": 200,
            "network.protocol.version": "1.1", "http.route": "/open" })
    );
    assert_eq!(answered["count"], 2);
    assert_eq!(
        answered["bounds"],
        json!([0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0])
    );
    let failed = point(&export, "http.server.request.duration", &[("error.type", json!("503"))]).unwrap();
    assert_eq!(failed["count"], 1);
    let nowhere = point(&export, "http.server.request.duration", &nowhere).unwrap();
    assert_eq!(nowhere["attributes"].get("http.route"), None, "a path of a client is no label");
    let address = upstream.address();
    let client = [("http.response.status_code", json!(200)), ("server.address", json!(address.ip().to_string()))];
    let client = point(&export, "http.client.request.duration", &client).unwrap();
    assert_eq!(
        client["attributes"],
        json!({ "http.request.method": "GET", "server.address": "127.0.0.1", "server.port": address.port(),
            "http.response.status_code": 200 })
    );
    assert_eq!(client["count"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_series_and_the_histograms_of_the_conventions_come_as_protocol_buffers() {
    check("protobuf", "application/x-protobuf").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_series_and_the_histograms_of_the_conventions_come_as_json() {
    check("json", "application/json").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_is_counted_touches_no_request_and_gets_everything_later() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let port = free_port().unwrap();
    world.write("tollgate.yaml", &settings(&format!("http://127.0.0.1:{port}/v1/metrics"), ", every: 50ms"));
    let mut gateway = world.start(&["run", "."]).await;
    let failed = async {
        loop {
            assert_eq!(gateway.get("/open", None).await.status, StatusCode::OK);
            let metrics = tollgate_testkit::client::get(&format!("{}/metrics", gateway.management), &[]).await.unwrap();
            let text = String::from_utf8(metrics.body.to_vec()).unwrap();
            if text.lines().any(|line| {
                line.strip_prefix("tollgate_metric_exports_failed_total ").is_some_and(|count| count != "0")
            }) {
                return text;
            }
        }
    };
    let text = tokio::time::timeout(SOON, failed).await.unwrap();
    let asked = text.lines().find(|line| line.contains("tollgate_requests_total{route=\"getOpen\"")).unwrap();
    let asked: u64 = asked.rsplit(' ').next().unwrap().parse().unwrap();
    let output = gateway.child.output();
    assert_eq!(output.matches("the collector takes no metrics").count(), 1, "told once\n{output}");

    let collector = Collector::start_on(port, &[]).await;
    let open = [("route", json!("getOpen"))];
    let told = |export: &Value| point(export, "tollgate_requests", &open).and_then(|point| point["value"].as_u64());
    let export = collector.export(&gateway, |export| told(export).is_some()).await;
    assert!(told(&export) >= Some(asked), "nothing that was counted meanwhile is missing");

    // The last state goes out before the end.
    world.write("tollgate.yaml", &settings(&collector.url("metrics"), ", every: 1h"));
    world.tollgate(&["reload"]).await.good();
    assert_eq!(gateway.get("/nowhere", None).await.status, StatusCode::NOT_FOUND);
    gateway.child.signal("TERM").await.unwrap();
    assert!(gateway.child.wait(support::SOON).await.unwrap().success());
    let last = collector.list("metrics", "exports").await.pop().unwrap();
    assert!(point(&last, "tollgate_requests", &[("reason", json!("route.not_found"))]).is_some(), "{last}");
    assert!(collector.child.id().is_some());
}
