//! Spans: what is sent of a request, by the names of OpenTelemetry's HTTP conventions, and what is always sent.

use std::time::Duration;

use http::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tollgate_testkit::{CapturingUpstream, client};

use crate::Collector;
use crate::support::{Gateway, SOON, World};

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331";

async fn wait(collector: &Collector, gateway: &Gateway, fits: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let found = async {
        loop {
            let spans = collector.spans().await;
            if fits(&spans) {
                return spans;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let found = tokio::time::timeout(SOON, found).await;
    found.unwrap_or_else(|_| panic!("the spans did not come\n{}", gateway.child.output()))
}

async fn start(upstream: &CapturingUpstream, collector: &Collector, more: &str) -> (World, Gateway) {
    let world = World::with_project(&upstream.url());
    world.write("tollgate.yaml", &format!("traces: {{ url: \"{}\"{more} }}\n", collector.url("traces")));
    let gateway = world.start(&["run", "."]).await;
    (world, gateway)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_has_a_server_span_and_a_client_span_by_the_stable_names() {
    let collector = Collector::start(&[]).await;
    let upstream =
        CapturingUpstream::answering(|_| Response::builder().status(404).body("".into()).unwrap()).await.unwrap();
    let (_world, gateway) = start(&upstream, &collector, "").await;
    let headers = [("traceparent", &*format!("{PARENT}-01")), ("tracestate", "vendor=1"), ("user-agent", "test")];
    client::get(&format!("{}/open?token=s3cret", gateway.url), &headers).await.unwrap();
    let spans = wait(&collector, &gateway, |spans| spans.len() >= 3).await;
    let of = |kind: u64| spans.iter().find(|span| span["kind"] == kind).unwrap();
    let (server, client_span) = (of(2), of(3));
    assert_eq!(server["name"], "GET /open");
    assert_eq!(server["flags"], 0x301, "sampled, and its parent is in another process");
    assert_eq!(server["status"], 0, "an answer of 404 is no error of a server");
    let attributes = &server["attributes"];
    for (name, expected) in [
        ("http.request.method", json!("GET")),
        ("http.route", json!("/open")),
        ("http.response.status_code", json!(404)),
        ("url.path", json!("/open")),
        ("url.scheme", json!("http")),
        ("server.address", json!("127.0.0.1")),
        ("client.address", json!("127.0.0.1")),
        ("network.peer.address", json!("127.0.0.1")),
        ("network.protocol.version", json!("1.1")),
        ("user_agent.original", json!("test")),
    ] {
        assert_eq!(attributes[name], expected, "{name} of {attributes}");
    }
    assert!(attributes["server.port"].is_u64());
    let attributes = &client_span["attributes"];
    for (name, expected) in [
        ("http.request.method", json!("GET")),
        ("http.response.status_code", json!(404)),
        ("error.type", json!("404")),
        ("server.address", json!("127.0.0.1")),
        ("server.port", json!(upstream.address().port())),
        ("url.full", json!(format!("{}/open", upstream.url()))),
    ] {
        assert_eq!(attributes[name], expected, "{name} of {attributes}");
    }
    assert_eq!((&client_span["name"], &client_span["status"]), (&json!("GET"), &json!(2)), "of a client it is one");
    assert_eq!((&client_span["parent"], &client_span["trace"]), (&server["span"], &server["trace"]));
    assert!(!json!(spans).to_string().contains("s3cret"));
    let seen = upstream.last().unwrap();
    assert!(seen.header("traceparent").unwrap().ends_with("-01"));
    assert_eq!(seen.header("tracestate"), Some("vendor=1"));

    // A method that nobody registered is not a name.
    client::send(Method::from_bytes(b"BREW").unwrap(), &format!("{}/open", gateway.url), &[], "").await.unwrap();
    let spans = wait(&collector, &gateway, |spans| spans.iter().any(|span| span["name"] == "HTTP")).await;
    let odd = spans.iter().find(|span| span["name"] == "HTTP").unwrap();
    assert_eq!(
        (&odd["attributes"]["http.request.method"], &odd["attributes"]["http.request.method_original"]),
        (&json!("_OTHER"), &json!("BREW"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_try_that_failed_has_a_span_of_its_own_that_says_why() {
    let collector = Collector::start(&[]).await;
    let gone = format!("http://127.0.0.1:{}", tollgate_testkit::free_port().unwrap());
    let world = World::with_project(&gone);
    world.write("tollgate.yaml", &format!("traces: {{ url: \"{}\" }}\n", collector.url("traces")));
    let gateway = world.start(&["run", "."]).await;
    assert_eq!(gateway.get("/open", None).await.status, StatusCode::BAD_GATEWAY);
    let spans = wait(&collector, &gateway, |spans| spans.iter().any(|span| span["kind"] == 3)).await;
    let tried = spans.iter().find(|span| span["kind"] == 3).unwrap();
    assert_eq!((&tried["attributes"]["error.type"], &tried["status"]), (&json!("upstream.connect_refused"), &json!(2)));
    assert_eq!(tried["attributes"].get("http.response.status_code"), None);
    let server = spans.iter().find(|span| span["kind"] == 2).unwrap();
    assert_eq!((&server["attributes"]["error.type"], &server["status"]), (&json!("502"), &json!(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_or_was_slow_is_sent_though_the_head_said_no() {
    let collector = Collector::start(&[]).await;
    let upstream = CapturingUpstream::answering(|seen| {
        let status = if seen.target.contains("fail") { 503 } else { 200 };
        Response::builder().status(status).body("".into()).unwrap()
    })
    .await
    .unwrap();
    let (world, gateway) = start(&upstream, &collector, ", ratio: 0, slow: 1h").await;
    gateway.get("/open", None).await;
    gateway.get("/nowhere", None).await;
    gateway.get("/open?fail", None).await;
    // The caller's word counts for the trace, and not for its failures.
    let unsampled = format!("{PARENT}-00");
    client::get(&format!("{}/open?fail", gateway.url), &[("traceparent", &unsampled)]).await.unwrap();
    let servers = |spans: &[Value]| spans.iter().filter(|span| span["kind"] == 2).count();
    let spans = wait(&collector, &gateway, |spans| servers(spans) >= 2).await;
    let kept: Vec<&Value> = spans.iter().filter(|span| span["kind"] == 2).collect();
    for span in &kept {
        assert_eq!(span["attributes"]["http.response.status_code"], 503, "{span}");
        assert_eq!(span["attributes"]["tollgate.kept"], "failed");
        assert_eq!(span["flags"].as_u64().unwrap() & 1, 0, "the trace was not chosen");
    }
    assert!(
        kept.iter().any(|span| span["trace"] == PARENT[3..].split('-').next().unwrap()),
        "it stands in the caller's trace"
    );
    assert!(spans.iter().any(|span| span["kind"] == 3), "with everything below it");
    assert!(upstream.seen().iter().all(|seen| seen.header("traceparent").unwrap().ends_with("-00")));

    // By these settings everything is slow.
    world.write("tollgate.yaml", &format!("traces: {{ url: \"{}\", ratio: 0, slow: 0s }}\n", collector.url("traces")));
    world.tollgate(&["reload"]).await.good();
    gateway.get("/open", None).await;
    let spans =
        wait(&collector, &gateway, |spans| spans.iter().any(|span| span["attributes"]["tollgate.kept"] == "slow"))
            .await;
    assert_eq!(servers(&spans), 3);
    let metrics = client::get(&format!("{}/metrics", gateway.management), &[]).await.unwrap();
    let metrics = String::from_utf8(metrics.body.to_vec()).unwrap();
    for line in [r#"tollgate_spans_kept_total{why="failed"} 2"#, r#"tollgate_spans_kept_total{why="slow"} 1"#] {
        assert!(metrics.contains(line), "{metrics}");
    }
}
