use std::time::Duration;

use bytes::Bytes;
use http::Response;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tollgate_core::project::Stage;
use tollgate_core::units::{Interval, Size};
use tollgate_testkit::CapturingUpstream;

use crate::support::{App, DEADLINE, Draft, echo};

#[tokio::test]
async fn an_exchange_is_told_in_one_line() {
    let upstream = echo().await;
    let draft = Draft::new()
        .policy("api-key", "api-key", json!({}))
        .route("POST /todos", "forward", json!({ "upstream": upstream.url() }))
        .inbound(Stage::Auth, "api-key");
    let app = App::start(draft).await;
    let key = format!("Bearer {}", app.bench.key("alice"));
    let headers = [
        ("authorization", key.as_str()),
        ("user-agent", "test/1"),
        ("x-request-id", "mine-1"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ];
    let reply = app.send("POST", "/todos?token=s3cret", &headers, "12345").await;
    assert_eq!((reply.status.as_u16(), reply.header("x-request-id")), (200, "mine-1"));

    let line = app.log.line().await;
    for (member, expected) in [
        ("id", json!("mine-1")),
        ("method", json!("POST")),
        ("path", json!("/todos")),
        ("query", json!(["token"])),
        ("status", json!(200)),
        ("reason", json!("ok")),
        ("route", json!("POST /todos")),
        ("consumer", json!("alice")),
        ("client", json!("127.0.0.1")),
        ("host", json!(app.address.to_string())),
        ("userAgent", json!("test/1")),
        ("bytesIn", json!(5)),
        ("bytesOut", json!("POST /todos?token=s3cret".len())),
        ("traceId", json!("0af7651916cd43dd8448eb211c80319c")),
        ("snapshot", json!("d1")),
    ] {
        assert_eq!(line[member], expected, "{member}");
    }
    assert_eq!(line["attempts"][0]["outcome"], "ok");
    assert!(line["keyId"].as_str().unwrap().starts_with("key_"), "{line}");
    assert!(!line.to_string().contains("s3cret") && !line.to_string().contains(&key));

    let seen = upstream.last().unwrap();
    assert_eq!(seen.header("x-request-id"), Some("mine-1"));
    let parent = format!("00-0af7651916cd43dd8448eb211c80319c-{}-01", line["spanId"].as_str().unwrap());
    assert_eq!(seen.header("traceparent"), Some(parent.as_str()));
    assert_eq!(seen.header("x-forwarded-for"), Some("127.0.0.1"));
}

#[tokio::test]
async fn every_kind_of_refusal_is_one_line_with_its_reason() {
    let upstream = echo().await;
    let draft = Draft::new()
        .policy("key", "api-key", json!({}))
        .policy("broken", "panics", json!({}))
        .route("GET /todos", "forward", json!({ "upstream": upstream.url() }))
        .inbound(Stage::Auth, "key")
        .route("GET /defect", "forward", json!({ "upstream": upstream.url() }))
        .inbound(Stage::Inbound, "broken")
        .route("GET /down", "forward", json!({ "upstream": "http://127.0.0.1:1" }));
    let app = App::start(draft).await;
    for (index, (path, status, reason)) in [
        ("/nothing", 404, "route.not_found"),
        ("/todos", 401, "key.missing"),
        ("/a%00b", 400, "request.malformed"),
        ("/defect", 500, "gateway.internal"),
        ("/down", 502, "upstream.connect_refused"),
    ]
    .into_iter()
    .enumerate()
    {
        let reply = app.get(path).await;
        assert_eq!(reply.status, status, "{path}");
        assert_eq!(reply.header("x-request-id"), reply.json()["requestId"], "{path}");
        let lines = app.log.lines(index + 1).await;
        assert_eq!(lines.len(), index + 1, "one line for each request: {lines:#?}");
        let line = &lines[index];
        assert_eq!((&line["status"], &line["reason"]), (&json!(status), &json!(reason)), "{path}");
        assert_eq!(line["id"], reply.header("x-request-id"));
        if path == "/todos" {
            assert_eq!((&line["stage"], &line["policy"]), (&json!("auth"), &json!("key")));
        }
        if path == "/down" {
            assert_eq!(reply.header("proxy-status"), "tollgate;error=connection_refused");
            assert_eq!(line["attempts"][0]["outcome"], reason);
        }
    }
    let metrics = app.gateway.metrics.encode().unwrap();
    assert!(
        metrics.contains(
            r#"tollgate_requests_total{route="GET /todos",method="GET",status="4xx",reason="key.missing"} 1"#
        )
    );
    assert!(metrics.contains("tollgate_requests_in_flight 0"), "{metrics}");
}

/// An upstream that sends a head and as many bytes as it is told, then waits.
async fn slow_upstream() -> (String, tokio::sync::mpsc::UnboundedSender<&'static [u8]>) {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    let (send, mut pieces) = tokio::sync::mpsc::unbounded_channel::<&'static [u8]>();
    tokio::spawn(async move {
        let (mut stream, _) = socket.accept().await.unwrap();
        let mut head = [0; 2048];
        let _ = stream.read(&mut head).await.unwrap();
        while let Some(piece) = pieces.recv().await {
            if stream.write_all(piece).await.is_err() {
                return;
            }
        }
    });
    (url, send)
}

async fn open(app: &App, path: &str) -> TcpStream {
    let mut client = TcpStream::connect(app.address).await.unwrap();
    client.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
    client
}

async fn read_until(client: &mut TcpStream, end: &str) -> String {
    let mut text = Vec::new();
    let reading = async {
        while !String::from_utf8_lossy(&text).ends_with(end) {
            let byte = client.read_u8().await.unwrap();
            text.push(byte);
        }
    };
    tokio::time::timeout(DEADLINE, reading).await.expect("the bytes did not come");
    String::from_utf8(text).unwrap()
}

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n";

#[tokio::test]
async fn a_client_that_leaves_in_the_middle_of_an_answer_is_told_apart() {
    let (url, pieces) = slow_upstream().await;
    let app = App::start(Draft::new().route("GET /s", "forward", json!({ "upstream": url }))).await;
    let mut client = open(&app, "/s").await;
    pieces.send(HEAD).unwrap();
    pieces.send(b"12345").unwrap();
    read_until(&mut client, "12345").await;
    drop(client);
    let line = app.log.line().await;
    assert_eq!((&line["reason"], &line["status"], &line["bytesOut"]), (&json!("client.gone"), &json!(200), &json!(5)));
}

#[tokio::test]
async fn a_client_that_leaves_before_the_answer_is_told_too() {
    let (url, pieces) = slow_upstream().await;
    let app = App::start(Draft::new().route("GET /s", "forward", json!({ "upstream": url }))).await;
    let client = open(&app, "/s").await;
    while app.gateway.metrics.in_flight.get() == 0 {
        tokio::task::yield_now().await;
    }
    drop(client);
    let line = app.log.line().await;
    assert_eq!((&line["reason"], &line["status"]), (&json!("client.gone"), &json!(499)));
    drop(pieces);
}

#[tokio::test]
async fn an_open_stream_lets_go_of_its_snapshot_and_survives_a_reload() {
    let (url, pieces) = slow_upstream().await;
    let draft = || Draft::new().route("GET /s", "forward", json!({ "upstream": url }));
    let app = App::start(draft()).await;
    let mut client = open(&app, "/s").await;
    pieces.send(HEAD).unwrap();
    pieces.send(b"12345").unwrap();
    read_until(&mut client, "12345").await;

    let before = app.apply(Draft::new().route("GET /other", "redirect", json!({ "location": "/" })));
    let weak = std::sync::Arc::downgrade(&before);
    drop(before);
    assert!(weak.upgrade().is_none(), "the stream holds on to the snapshot");
    assert_eq!(app.get("/s").await.status, 404, "new requests run on the new project");

    pieces.send(b"67890").unwrap();
    read_until(&mut client, "67890").await;
    let lines = app.log.lines(2).await;
    let stream = lines.iter().find(|line| line["route"] == "GET /s").unwrap();
    assert_eq!((&stream["reason"], &stream["bytesOut"]), (&json!("ok"), &json!(10)));
}

#[tokio::test]
async fn the_total_timeout_ends_an_exchange_with_504() {
    let (url, pieces) = slow_upstream().await;
    let draft = Draft::new().route_with("GET /s", "forward", json!({ "upstream": url }), |route| {
        route.timeouts.total = Some(Duration::from_millis(50));
    });
    let app = App::start(draft).await;
    let reply = app.get("/s").await;
    assert_eq!((reply.status.as_u16(), reply.json()["code"].as_str()), (504, Some("upstream-timed-out")));
    assert_eq!(app.log.line().await["reason"], "upstream.timeout.total");
    drop(pieces);
}

#[tokio::test]
async fn an_answer_without_a_body_is_whole_although_nobody_reads_one() {
    let upstream = echo().await;
    let app = App::start(Draft::new().route("GET,HEAD /a", "forward", json!({ "upstream": upstream.url() }))).await;
    for (index, (method, bytes)) in [("HEAD", 0), ("GET", 6), ("HEAD", 0)].into_iter().enumerate() {
        let reply = app.send(method, "/a", &[], "").await;
        assert_eq!((reply.status.as_u16(), reply.body.len()), (200, bytes));
        let lines = app.log.lines(index + 1).await;
        assert_eq!((&lines[index]["reason"], &lines[index]["bytesOut"]), (&json!("ok"), &json!(bytes)), "{method}");
    }
}

#[tokio::test]
async fn an_ill_formed_request_id_is_replaced() {
    let upstream = CapturingUpstream::answering(|_| Response::new(Bytes::new())).await.unwrap();
    let app = App::start(Draft::new().route("GET /a", "forward", json!({ "upstream": upstream.url() }))).await;
    let long = "x".repeat(129);
    for id in [long.as_str(), "a b", ""] {
        let reply = app.send("GET", "/a", &[("x-request-id", id)], "").await;
        assert_eq!(reply.header("x-request-id").len(), 36, "{id}");
    }
}

/// Sends bytes on a connection of their own and reads until it is closed.
async fn raw(app: &App, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(DEADLINE, stream.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_head_that_cannot_be_read_has_a_line_and_is_counted() {
    let draft = Draft::new().settings(|settings| {
        settings.server.timeouts.head = Interval::from_millis(200);
        // Beyond what the HTTP library takes, so that it is the one who refuses.
        settings.server.limits.url_length = Size(200_000);
    });
    let app = App::start(draft).await;
    let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(100_000));
    let large = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "a".repeat(600_000));
    for (index, (bytes, written, status, reason)) in [
        ("s3cret nonsense\r\n\r\n", "HTTP/1.1 400 ", 400, "request.malformed"),
        ("GET / HTTP/1.1\r\nHost: a\r\ns3cret : x\r\n\r\n", "HTTP/1.1 400 ", 400, "request.malformed"),
        ("\x16\x03\x01\x02\x00\x01", "HTTP/1.1 400 ", 400, "request.malformed"),
        (&long, "HTTP/1.1 414 ", 414, "request.uri_too_long"),
        (&large, "HTTP/1.1 431 ", 431, "request.headers_too_large"),
        ("GET / HTTP/1.1\r\nHost: s3cret", "", 408, "request.timeout"),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = raw(&app, bytes.as_bytes()).await;
        let shown = &bytes[..bytes.len().min(40)];
        assert!(answer.starts_with(written), "{shown:?}: {answer:?}");
        let lines = app.log.lines(index + 1).await;
        assert_eq!(lines.len(), index + 1, "one line for each: {lines:#?}");
        let line = &lines[index];
        assert_eq!((&line["status"], &line["reason"]), (&json!(status), &json!(reason)), "{shown:?}: {answer:?}");
        assert_eq!(line["client"], "127.0.0.1");
        assert!(line["cause"].is_string() && !line.to_string().contains("s3cret"), "{line}");
        let Some((head, body)) = answer.split_once("\r\n\r\n") else { continue };
        let problem: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!((&problem["status"], problem.get("instance")), (&json!(status), None), "{problem}");
        assert_eq!(problem["requestId"], line["id"], "{line}");
        assert!(head.contains(&format!("x-request-id: {}\r\n", line["id"].as_str().unwrap())), "{head}");
        assert_eq!(line["bytesOut"], body.len(), "{line}");
    }
    let metrics = app.gateway.metrics.encode().unwrap();
    for series in [
        r#"{route="_none",method="_OTHER",status="4xx",reason="request.malformed"} 3"#,
        r#"{route="_none",method="_OTHER",status="4xx",reason="request.timeout"} 1"#,
    ] {
        assert!(metrics.contains(series), "{metrics}");
    }
}

#[tokio::test]
async fn a_connection_that_says_nothing_has_no_line() {
    let draft = Draft::new().settings(|settings| settings.server.timeouts.head = Interval::from_millis(100));
    let app = App::start(draft).await;
    assert_eq!(raw(&app, b"").await, "");
    app.get("/").await;
    assert_eq!(app.log.line().await["reason"], "route.not_found");
}

#[tokio::test]
async fn connections_are_counted_as_they_come_and_go() {
    let app = App::start(Draft::new()).await;
    let metric = |name: &str| {
        let text = app.gateway.metrics.encode().unwrap();
        let found = text.lines().find_map(|line| line.strip_prefix(&format!("tollgate_{name} ")).map(str::to_owned));
        found.unwrap_or_else(|| panic!("no {name} in {text}"))
    };
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut begun = [0; 12];
    stream.read_exact(&mut begun).await.unwrap();
    assert_eq!((metric("connections"), metric("connections_accepted_total")), ("1".into(), "1".into()));
    drop(stream);
    let gone = async {
        while metric("connections") != "0" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, gone).await.unwrap();
    assert_eq!(metric("connections_accepted_total"), "1");
}

#[tokio::test]
async fn reloads_leave_no_series_of_routes_that_are_gone() {
    let upstream = echo().await;
    let draft = |number: usize| {
        Draft::new().route("GET /stays", "forward", json!({ "upstream": upstream.url() })).route(
            &format!("GET /r{number}"),
            "forward",
            json!({ "upstream": upstream.url() }),
        )
    };
    let app = App::start(draft(0)).await;
    for number in 1..20 {
        assert_eq!(app.get(&format!("/r{}", number - 1)).await.status, 200);
        assert_eq!(app.get("/stays").await.status, 200);
        drop(app.apply(draft(number)));
    }
    app.log.lines(38).await;
    let routes = |text: String| text.matches(r#"requests_total{route="GET /r"#).count();
    assert_eq!(routes(app.gateway.metrics.encode().unwrap()), 0);
    let metrics = app.gateway.metrics.encode().unwrap();
    assert_eq!(
        metrics.matches(r#"duration_seconds_count{route="GET /r"#).count(),
        0,
        "the last one comes with its first request: {metrics}"
    );
    assert!(metrics.contains(r#"route="GET /stays",method="GET",status="2xx",reason="ok"} 19"#), "{metrics}");
}
