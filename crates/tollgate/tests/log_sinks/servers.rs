//! Lines to servers: the shapes of their documentation, and what happens while they are away.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};
use tollgate_testkit::{CapturingUpstream, Seen};

use crate::support::SOON;
use crate::{Logging, soon};

const LINES: &str = "tollgate_access_log_sink_lines_total{sink=\"http.main\"}";
const DROPPED: &str = "tollgate_access_log_sink_dropped_total{sink=\"http.main\"}";
const UP: &str = "tollgate_access_log_sink_up{sink=\"http.main\"}";

fn text(seen: &Seen) -> String {
    let mut text = String::new();
    match seen.header("content-encoding") {
        Some("gzip") => flate2::read::GzDecoder::new(&seen.body[..]).read_to_string(&mut text).unwrap(),
        _ => (&seen.body[..]).read_to_string(&mut text).unwrap(),
    };
    text
}

fn answer(status: u16, body: &str) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
}

/// What a server of this shape is sent for two requests.
async fn sent(settings: &str, status: u16, body: &'static str) -> (Seen, String) {
    let server = CapturingUpstream::answering(move |_| answer(status, body)).await.unwrap();
    let settings = settings.replace("URL", &server.url());
    let mut logging = Logging::start(&format!("{{ http: {{ main: {settings} }} }}")).await;
    logging.ask(2).await;
    // The end of the gateway waits for nothing else.
    logging.stop().await;
    let seen = server.seen();
    assert_eq!(seen.len(), 1, "both in one batch\n{}", logging.gateway.child.output());
    let text = text(&seen[0]);
    assert_eq!(seen[0].method, http::Method::POST);
    (seen[0].clone(), text)
}

#[tokio::test(flavor = "multi_thread")]
async fn ndjson_is_the_lines_as_they_are() {
    let (seen, text) =
        sent("{ url: URL/in, token: $env(T:-t0ken), headers: { x-tenant: a }, every: 1h }", 200, "").await;
    assert_eq!(seen.target, "/in");
    assert_eq!(seen.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(seen.header("content-encoding"), Some("gzip"));
    assert_eq!((seen.header("authorization"), seen.header("x-tenant")), (Some("Bearer t0ken"), Some("a")));
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert!(text.ends_with('\n') && lines.iter().all(|line| line["route"] == "getOpen"), "{text}");
}

/// Grafana Loki, "HTTP API: Ingest logs".
#[tokio::test(flavor = "multi_thread")]
async fn loki_gets_one_stream_with_labels_and_lines_at_nanoseconds() {
    let settings = "{ url: URL/loki/api/v1/push, preset: loki, labels: { env: prod }, service: gate, every: 1h }";
    let (seen, text) = sent(settings, 204, "").await;
    assert_eq!(seen.header("content-type"), Some("application/json"));
    let body: Value = serde_json::from_str(&text).unwrap();
    let streams = body["streams"].as_array().unwrap();
    assert_eq!((streams.len(), &streams[0]["stream"]), (1, &json!({ "env": "prod", "service_name": "gate" })));
    let values = streams[0]["values"].as_array().unwrap();
    assert_eq!(values.len(), 2);
    for value in values {
        let line: Value = serde_json::from_str(value[1].as_str().unwrap()).unwrap();
        let moment: jiff::Timestamp = line["time"].as_str().unwrap().parse().unwrap();
        assert_eq!(value[0], moment.as_nanosecond().to_string());
    }
}

/// Datadog, "Send logs (v2)".
#[tokio::test(flavor = "multi_thread")]
async fn datadog_gets_an_array_of_logs_and_its_own_header() {
    let settings = "{ url: URL/api/v2/logs, preset: datadog, token: dd-key, labels: { env: prod, team: a }, service: gate, every: 1h }";
    let (seen, text) = sent(settings, 202, "{}").await;
    assert_eq!((seen.header("dd-api-key"), seen.header("authorization")), (Some("dd-key"), None));
    assert_eq!(seen.header("content-type"), Some("application/json"));
    let logs: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(logs.len(), 2);
    for log in logs {
        let line: Value = serde_json::from_str(log["message"].as_str().unwrap()).unwrap();
        assert_eq!(line["status"], 200);
        let hostname = log["hostname"].as_str().unwrap();
        assert!(!hostname.is_empty());
        assert_eq!(
            log,
            json!({ "ddsource": "tollgate", "ddtags": "env:prod,team:a", "hostname": hostname, "service": "gate",
                "status": "info", "date": line["time"], "message": log["message"] })
        );
    }
}

/// Splunk, "Format events for HTTP Event Collector".
#[tokio::test(flavor = "multi_thread")]
async fn splunk_gets_events_one_after_another() {
    let settings = "{ url: URL/services/collector/event, preset: splunk, token: hec, index: main, labels: { env: prod }, every: 1h }";
    let (seen, text) = sent(settings, 200, r#"{"text":"Success","code":0}"#).await;
    assert_eq!(seen.header("authorization"), Some("Splunk hec"));
    let events: Vec<Value> = serde_json::Deserializer::from_str(&text).into_iter().map(Result::unwrap).collect();
    assert_eq!(events.len(), 2);
    for event in events {
        let moment: jiff::Timestamp = event["event"]["time"].as_str().unwrap().parse().unwrap();
        assert_eq!(event["time"], moment.as_millisecond() as f64 / 1000.0);
        assert_eq!(
            event,
            json!({ "time": event["time"], "host": event["host"], "source": "tollgate", "sourcetype": "_json",
                "index": "main", "fields": { "env": "prod" }, "event": event["event"] })
        );
    }
}

/// Elastic, "Bulk API": an action and a document, each on a line; `@timestamp`, without which no data stream takes
/// a document.
#[tokio::test(flavor = "multi_thread")]
async fn elastic_gets_an_action_and_a_document_for_each_line() {
    let settings = "{ url: URL/_bulk, preset: elastic, token: c2VjcmV0, index: logs-gate, gzip: false, every: 1h }";
    let (seen, text) = sent(settings, 200, r#"{"took":1,"errors":false,"items":[]}"#).await;
    assert_eq!(seen.header("authorization"), Some("ApiKey c2VjcmV0"));
    assert_eq!(seen.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(seen.header("content-encoding"), None);
    assert!(text.ends_with('\n'), "the last line has an end, too");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4);
    for pair in lines.chunks(2) {
        let id = format!("{}-{}", pair[1]["traceId"].as_str().unwrap(), pair[1]["spanId"].as_str().unwrap());
        assert_eq!(pair[0], json!({ "create": { "_index": "logs-gate", "_id": id } }));
        assert_eq!(pair[1]["@timestamp"], pair[1]["time"]);
    }
    assert_ne!(lines[0], lines[2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_elastic_refuses_are_counted_and_those_it_is_too_busy_for_come_again() {
    let first = AtomicBool::new(true);
    let server = CapturingUpstream::answering(move |_| match first.swap(false, Ordering::SeqCst) {
        true => answer(
            200,
            r#"{"errors":true,"items":[{"create":{"status":201}},{"create":{"status":429}},{"create":{"status":400}}]}"#,
        ),
        false => answer(200, r#"{"errors":false,"items":[]}"#),
    })
    .await
    .unwrap();
    let settings = format!("{{ url: {}/_bulk, preset: elastic, index: a, every: 500ms }}", server.url());
    let logging = Logging::start(&format!("{{ http: {{ main: {settings} }} }}")).await;
    let url = logging.gateway.url.clone();
    let ask = || tollgate_testkit::client::get(&url, &[]);
    let (one, two, three) = tokio::join!(ask(), ask(), ask());
    assert!([one, two, three].iter().all(Result::is_ok));
    assert!(server.wait_for(2, SOON).await, "{}", logging.gateway.child.output());
    logging.until(LINES, 2.0).await;
    let seen = server.seen();
    let documents = |seen: &Seen| text(seen).lines().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(documents(&seen[1]), documents(&seen[0])[2..4], "the second one alone comes again");
    assert!((logging.metric(DROPPED).await - 1.0).abs() < f64::EPSILON);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_fails_is_tried_again_and_gets_every_line_once_it_is_well() {
    let status = Arc::new(AtomicU16::new(500));
    let now = Arc::clone(&status);
    let server = CapturingUpstream::answering(move |_| answer(now.load(Ordering::SeqCst), "")).await.unwrap();
    let logging = Logging::start(&format!("{{ http: {{ main: {{ url: {}, every: 20ms }} }} }}", server.url())).await;
    logging.ask(3).await;
    assert!(server.wait_for(2, SOON).await, "it is tried again");
    assert!(logging.metric(UP).await < 0.5);
    logging.ask(3).await;
    status.store(200, Ordering::SeqCst);
    logging.until(LINES, 6.0).await;
    assert!(logging.metric(UP).await > 0.5);
    assert!(logging.metric(DROPPED).await < 0.5, "nothing was lost");
    let output = logging.gateway.child.output();
    assert_eq!(output.matches("are not taken by accessLog.http.main").count(), 1, "told once\n{output}");

    // What would be refused for ever is not tried again.
    status.store(403, Ordering::SeqCst);
    let before = server.seen().len();
    logging.ask(1).await;
    logging.until(DROPPED, 1.0).await;
    assert_eq!(server.seen().len(), before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_too_long_is_halved() {
    let longest = 2;
    let server = CapturingUpstream::answering(move |seen| {
        answer(if text(seen).lines().count() > longest { 413 } else { 200 }, "")
    })
    .await
    .unwrap();
    let logging = Logging::start(&format!("{{ http: {{ main: {{ url: {}, every: 1s }} }} }}", server.url())).await;
    logging.ask(5).await;
    logging.until(LINES, 5.0).await;
    assert!(logging.metric(DROPPED).await < 0.5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_or_stalls_costs_lines_that_are_counted_and_never_a_request() {
    // It accepts connections, and never answers.
    let stalled = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    // Nobody listens there any more.
    let gone = tollgate_testkit::free_port().unwrap();
    for address in [stalled.local_addr().unwrap().to_string(), format!("127.0.0.1:{gone}")] {
        let settings = format!("{{ main: {{ url: \"http://{address}\", every: 1ms, queue: 64KiB }} }}");
        let mut logging = Logging::start(&format!("{{ stdout: false, http: {settings} }}")).await;
        // A line has more than 400 bytes: the queue is full long before.
        let began = tokio::time::Instant::now();
        let slowest = Arc::new(AtomicUsize::new(0));
        let asking = (0..8).map(|_| {
            let (url, slowest) = (format!("{}/open", logging.gateway.url), Arc::clone(&slowest));
            async move {
                for _ in 0..60 {
                    let began = tokio::time::Instant::now();
                    let reply = tollgate_testkit::client::get(&url, &[]).await.unwrap();
                    assert_eq!(reply.status, StatusCode::OK);
                    slowest.fetch_max(began.elapsed().as_millis() as usize, Ordering::Relaxed);
                }
            }
        });
        futures_util::future::join_all(asking).await;
        let slowest = slowest.load(Ordering::Relaxed);
        assert!(slowest < 5000, "{slowest} ms, of {:?}", began.elapsed());
        logging.until(DROPPED, 1.0).await;
        // The gateway ends in the time that it gives its log, whatever the server does.
        logging.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_sinks_get_the_same_lines_and_a_reload_keeps_those_that_did_not_change() {
    let (first, second) = (CapturingUpstream::start().await.unwrap(), CapturingUpstream::start().await.unwrap());
    let kept = format!("main: {{ url: {}, every: 1h }}", first.url());
    let file = "files: { main: { path: access.log } }";
    let mut logging = Logging::start(&format!("{{ {file}, http: {{ {kept} }} }}")).await;
    logging.ask(2).await;
    logging.reload(&format!("{{ http: {{ {kept}, other: {{ url: {}, every: 1h }} }} }}", second.url())).await;
    logging.ask(1).await;
    assert!(logging.metric("tollgate_access_log_sink_up{sink=\"files.main\"}").await < 0.5, "its series went with it");
    logging.stop().await;
    let count = |server: &CapturingUpstream| server.seen().iter().map(|seen| text(seen).lines().count()).sum::<usize>();
    assert_eq!((count(&first), count(&second)), (3, 1), "what waited when the project was read anew was not lost");
    let file = std::fs::read_to_string(logging.world.data().join("access.log")).unwrap();
    assert_eq!(file.lines().count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_never_shown() {
    let logging = Logging::start(
        "{ http: { main: { url: \"http://127.0.0.1:1/?api=s3cret\", token: s3cret-2, every: 1ms, retryFor: 0s } } }",
    )
    .await;
    logging.ask(1).await;
    logging.until(DROPPED, 1.0).await;
    soon("the reason", &logging.gateway, || {
        logging.gateway.child.output().contains("accessLog.http.main").then_some(())
    })
    .await;
    let output = logging.gateway.child.output();
    assert!(!output.contains("s3cret"), "{output}");
}
