//! WebSocket over HTTP/2 (RFC 8441) in front, HTTP/1.1 behind.

use bytes::Bytes;
use h2::{RecvStream, SendStream};
use http::{Method, StatusCode};
use serde_json::json;
use tokio::sync::mpsc::unbounded_channel;
use tollgate_core::project::Stage;

use crate::app::{App, Draft};
use crate::wire::{H2Client, OK, Upstream, h2_client, header, soon};
use crate::{forwarding, switching};

/// A client that has seen the gateway's settings.
async fn client(app: &App) -> H2Client {
    let mut client = h2_client(app.address).await;
    client.get("/nothing").await;
    client
}

fn handshake(client: &H2Client, protocol: &'static str) -> http::request::Builder {
    client
        .request("CONNECT", "/ws?a=b")
        .header("sec-websocket-version", "13")
        .extension(h2::ext::Protocol::from_static(protocol))
}

async fn next(stream: &mut RecvStream) -> Option<Result<Bytes, h2::Error>> {
    let piece = soon("bytes", stream.data()).await?;
    if let Ok(piece) = &piece {
        let _ = stream.flow_control().release_capacity(piece.len());
    }
    Some(piece)
}

async fn open(client: &mut H2Client) -> (RecvStream, SendStream<Bytes>) {
    let (answer, send) = client.begin(handshake(client, "websocket"), true).await;
    let answer = soon("the answer", answer).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    for absent in ["connection", "upgrade", "sec-websocket-accept"] {
        assert!(!answer.headers().contains_key(absent), "{absent}");
    }
    (answer.into_body(), send)
}

#[tokio::test]
async fn a_connect_becomes_an_upgrade_and_its_stream_a_tunnel() {
    let (tell, mut told) = unbounded_channel();
    let upstream = Upstream::play(move |_, mut conn| {
        let tell = tell.clone();
        async move {
            let head = conn.head().await.unwrap();
            let key = header(&head, "sec-websocket-key").unwrap();
            let accept = crate::accept_of(key);
            let _ = tell.send(head);
            conn.send(crate::SWITCH.replace(crate::ACCEPT, &accept) + "hello").await;
            while let Some(bytes) = conn.some().await {
                conn.send(bytes).await;
            }
            conn.send("goodbye").await;
        }
    })
    .await;
    let app = App::start(forwarding(&upstream)).await;
    let mut client = client(&app).await;
    let (mut receive, mut send) = open(&mut client).await;
    let head = soon("the request", told.recv()).await.unwrap();
    assert!(head.starts_with("GET /ws?a=b HTTP/1.1\r\n"), "{head}");
    for (name, value) in [("connection", "upgrade"), ("upgrade", "websocket"), ("sec-websocket-version", "13")] {
        assert_eq!(header(&head, name), Some(value), "{head}");
    }
    assert_eq!(next(&mut receive).await.unwrap().unwrap(), "hello");
    for _ in 0..50 {
        send.send_data(Bytes::from_static(b"ping"), false).unwrap();
        assert_eq!(next(&mut receive).await.unwrap().unwrap(), "ping");
    }
    // Other requests of the connection go on beside it.
    assert_eq!(client.get("/nothing").await.0.status, StatusCode::NOT_FOUND);
    send.send_data(Bytes::new(), true).unwrap();
    assert_eq!(next(&mut receive).await.unwrap().unwrap(), "goodbye");
    assert!(crate::wire::rest(&mut receive).await.unwrap().is_empty(), "the stream ends in order");
    let line = app.log.lines(3).await.into_iter().find(|line| line["method"] == "CONNECT").unwrap();
    assert_eq!((&line["status"], &line["reason"], &line["path"]), (&json!(200), &json!("ok"), &json!("/ws")));
    assert_eq!((line["bytesIn"].as_u64(), line["bytesOut"].as_u64()), (Some(200), Some(212)));
    assert_eq!(line["fields"]["tunnel"]["protocol"], "websocket");
}

#[tokio::test]
async fn a_stream_that_is_reset_ends_the_upstreams_connection() {
    let (tell, mut told) = unbounded_channel();
    let upstream = Upstream::play(move |_, mut conn| {
        let tell = tell.clone();
        async move {
            let head = conn.head().await.unwrap();
            let accept = crate::accept_of(header(&head, "sec-websocket-key").unwrap());
            conn.send(crate::SWITCH.replace(crate::ACCEPT, &accept)).await;
            conn.closed().await;
            let _ = tell.send(());
        }
    })
    .await;
    for whole_connection in [false, true] {
        let app = App::start(forwarding(&upstream)).await;
        let mut client = client(&app).await;
        let (receive, mut send) = open(&mut client).await;
        if whole_connection {
            client.close().await;
        } else {
            send.send_reset(h2::Reason::CANCEL);
        }
        soon("the end of the upstream's connection", told.recv()).await.unwrap();
        let line = app.log.lines(2).await.into_iter().find(|line| line["method"] == "CONNECT").unwrap();
        assert_eq!(line["reason"], "client.gone", "{line}");
        assert_eq!(app.gateway.metrics.tunnels.get(), 0);
        drop(receive);
    }
}

#[tokio::test]
async fn a_connect_that_is_not_for_a_websocket_is_a_501_and_policies_decide_on_the_others() {
    let upstream = switching(|_| async {}).await;
    let draft = Draft::new()
        .policy("key", "api-key", json!({}))
        .route("GET /ws", "forward", json!({ "upstream": upstream.url() }))
        .inbound(Stage::Auth, "key");
    let app = App::start(draft).await;
    let mut client = client(&app).await;
    for (protocol, status) in [("connect-udp", 501), ("websocket", 401)] {
        let (answer, _send) = client.begin(handshake(&client, protocol), true).await;
        assert_eq!(soon("the answer", answer).await.unwrap().status().as_u16(), status, "{protocol}");
    }
    let wrong = handshake(&client, "websocket").method(Method::CONNECT);
    let mut wrong = wrong;
    wrong.headers_mut().unwrap().remove("sec-websocket-version");
    let (answer, _send) = client.begin(wrong, true).await;
    assert_eq!(soon("the answer", answer).await.unwrap().status().as_u16(), 426);
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn an_upstream_that_does_not_switch_is_heard_as_it_is() {
    let (upstream, mut seen) = Upstream::echoing(OK).await;
    let app = App::start(forwarding(&upstream)).await;
    let mut client = client(&app).await;
    let (answer, _send) = client.begin(handshake(&client, "websocket"), true).await;
    let answer = soon("the answer", answer).await.unwrap();
    soon("the request", seen.recv()).await.unwrap();
    // A 2xx would be read as a grant.
    assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
}
