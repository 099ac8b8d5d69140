//! Server-sent events: each reaches the client before the next one exists.

use std::time::Duration;

use serde_json::json;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tollgate_core::project::{Stage, StepRef};

use crate::app::{App, Draft};
use crate::wire::{Client, Upstream, h2_client, header, soon};

const EVENTS: usize = 20;
const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n";

/// How the upstream marks the end of its answer.
#[derive(Clone, Copy)]
enum Framing {
    Chunked,
    Close,
}

/// An upstream that says the next event only when it is told to.
async fn hesitating(framing: Framing) -> (Upstream, UnboundedSender<()>) {
    let (go, told) = unbounded_channel::<()>();
    let told = std::sync::Arc::new(tokio::sync::Mutex::new(told));
    let upstream = Upstream::play(move |_, mut conn| {
        let told = std::sync::Arc::clone(&told);
        async move {
            let head = conn.request().await.unwrap();
            assert_eq!(header(&head, "accept-encoding"), Some("gzip, br"), "what the client accepts is the client's");
            match framing {
                Framing::Chunked => conn.send(format!("{HEAD}transfer-encoding: chunked\r\n\r\n")).await,
                Framing::Close => conn.send(format!("{HEAD}connection: close\r\n\r\n")).await,
            }
            let mut told = told.lock().await;
            for number in 0..EVENTS {
                told.recv().await.unwrap();
                let event = format!("data: {number}\n\n");
                match framing {
                    Framing::Chunked => conn.send(format!("{:x}\r\n{event}\r\n", event.len())).await,
                    Framing::Close => conn.send(event).await,
                }
            }
            told.recv().await;
            if let Framing::Chunked = framing {
                conn.send("0\r\n\r\n").await;
            }
        }
    })
    .await;
    (upstream, go)
}

/// With policies on both ways.
async fn gateway(upstream: &Upstream) -> (App, String) {
    let draft = Draft::new()
        .policy("key", "api-key", json!({}))
        .policy("mark", "set-response-headers", json!({ "headers": [{ "name": "x-mark", "value": "1" }] }))
        .route("GET /events", "forward", json!({ "upstream": upstream.url() }))
        .inbound(Stage::Auth, "key");
    let mut draft = draft;
    let last = draft.project.routes.last_mut().and_then(std::sync::Arc::get_mut).unwrap();
    last.outbound.push(StepRef::new(1, Stage::Outbound));
    let app = App::start(draft).await;
    let key = app.bench.key("alice");
    (app, key)
}

#[tokio::test]
async fn over_http1_each_event_arrives_before_the_next_one_is_made() {
    for framing in [Framing::Chunked, Framing::Close] {
        let (upstream, go) = hesitating(framing).await;
        let (app, key) = gateway(&upstream).await;
        let mut client = Client::connect(app.address).await;
        client
            .send(format!(
                "GET /events HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip, br\r\nAuthorization: Bearer {key}\r\n\r\n"
            ))
            .await;
        let head = client.until("\r\n\r\n").await;
        assert_eq!(header(&head, "x-mark"), Some("1"), "{head}");
        assert_eq!(header(&head, "content-encoding"), None, "{head}");
        for number in 0..EVENTS {
            go.send(()).unwrap();
            client.until(&format!("data: {number}\n\n")).await;
        }
        go.send(()).unwrap();
        client.until("0\r\n\r\n").await;
        let line = app.log.line().await;
        assert_eq!((&line["reason"], &line["consumer"]), (&json!("ok"), &json!("alice")), "{line}");
    }
}

#[tokio::test]
async fn over_http2_each_event_arrives_before_the_next_one_is_made() {
    let (upstream, go) = hesitating(Framing::Chunked).await;
    let (app, key) = gateway(&upstream).await;
    let mut client = h2_client(app.address).await;
    let request = client
        .request("GET", "/events")
        .header("accept-encoding", "gzip, br")
        .header("authorization", format!("Bearer {key}"));
    let (answer, _) = client.begin(request, false).await;
    let answer = soon("the answer", answer).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let mut body = answer.into_body();
    for number in 0..EVENTS {
        go.send(()).unwrap();
        let event = soon("an event", body.data()).await.unwrap().unwrap();
        let _ = body.flow_control().release_capacity(event.len());
        assert_eq!(event, format!("data: {number}\n\n"));
    }
    go.send(()).unwrap();
    assert!(crate::wire::rest(&mut body).await.unwrap().is_empty(), "the stream ends in order");
    assert_eq!(app.log.line().await["reason"], "ok");
}

#[tokio::test]
async fn a_heartbeat_keeps_a_stream_open_and_silence_ends_it() {
    let idle = Duration::from_millis(400);
    let upstream = Upstream::play(move |_, mut conn| async move {
        conn.request().await;
        conn.send(format!("{HEAD}transfer-encoding: chunked\r\n\r\n")).await;
        for _ in 0..15 {
            tokio::time::sleep(idle / 5).await;
            conn.send("3\r\n:\n\n\r\n").await;
        }
        conn.send("8\r\ndata: z\n\r\n").await;
        conn.closed().await;
    })
    .await;
    let draft = Draft::new().route_with("GET /events", "forward", json!({ "upstream": upstream.url() }), |route| {
        route.timeouts.idle = Some(idle);
        route.timeouts.first_byte = Some(idle);
    });
    let app = App::start(draft).await;
    let mut client = Client::connect(app.address).await;
    client.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.until("data: z\n").await;
    client.rest().await;
    assert_eq!(app.log.line().await["reason"], "upstream.timeout.idle");
}
