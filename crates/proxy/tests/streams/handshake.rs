//! How an upgrade begins, and everything that only looks like one.

use serde_json::json;
use tokio::sync::mpsc::unbounded_channel;
use tollgate_core::project::Stage;

use crate::app::{App, Draft};
use crate::wire::{Client, OK, Upstream, header, soon};
use crate::{HANDSHAKE, SWITCH, forwarding, switched, switching};

#[tokio::test]
async fn both_sides_are_joined_with_the_bytes_that_came_early_and_the_log_has_one_line() {
    let (tell, mut told) = unbounded_channel();
    let upstream = Upstream::play(move |_, mut conn| {
        let tell = tell.clone();
        async move {
            let head = conn.head().await.unwrap();
            // Nothing of what the client has sent too early may be there before the answer.
            assert!(conn.is_silent_for(std::time::Duration::from_millis(50)).await);
            let _ = tell.send(head);
            conn.send(format!("{SWITCH}hello")).await;
            assert_eq!(conn.exactly(5).await.unwrap(), "early");
            while let Some(ping) = conn.exactly(4).await {
                conn.send(ping.replace("ping", "pong")).await;
            }
        }
    })
    .await;
    let app = App::start(forwarding(&upstream)).await;
    let mut client = Client::connect(app.address).await;
    client.send(format!("{HANDSHAKE}early")).await;

    let seen = soon("the request", told.recv()).await.unwrap();
    assert!(seen.starts_with("GET /ws HTTP/1.1\r\n"), "{seen}");
    for (name, value) in [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ] {
        assert_eq!(header(&seen, name), Some(value), "{seen}");
    }
    let head = client.until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{head}");
    for (name, value) in
        [("connection", "upgrade"), ("upgrade", "websocket"), ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")]
    {
        assert_eq!(header(&head, name), Some(value), "{head}");
    }
    for absent in ["content-length", "transfer-encoding"] {
        assert_eq!(header(&head, absent), None, "{head}");
    }
    assert_eq!(client.exactly(5).await, b"hello");
    for _ in 0..100 {
        client.send("ping").await;
        assert_eq!(client.exactly(4).await, b"pong");
    }
    assert_eq!(app.gateway.metrics.tunnels.get(), 1);
    drop(client);
    let line = app.log.line().await;
    assert_eq!(line["status"], 101);
    assert_eq!(line["reason"], "ok");
    assert_eq!(line["route"], "* /ws");
    assert_eq!((line["bytesIn"].as_u64(), line["bytesOut"].as_u64()), (Some(405), Some(405)));
    assert_eq!(line["fields"]["tunnel"], json!({ "protocol": "websocket", "endedBy": "client" }));
    assert_eq!(app.gateway.metrics.tunnels.get(), 0);
}

#[tokio::test]
async fn a_request_behind_a_faked_upgrade_is_read_by_the_gateway_and_not_by_the_upstream() {
    // The upstream that sees an upgrade and does not grant it must not get what follows as its next
    // request: that would be one that nobody has routed, checked or counted.
    for answer in ["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", "HTTP/1.1 426 No\r\ncontent-length: 2\r\n\r\nok"] {
        let (upstream, mut seen) = Upstream::echoing(answer.as_bytes()).await;
        let app = App::start(forwarding(&upstream)).await;
        let mut client = Client::connect(app.address).await;
        client.send(format!("{HANDSHAKE}GET /admin HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        let first = client.answer().await;
        assert!(first.starts_with(&answer[..13]) && first.ends_with("ok"), "{first}");
        let second = client.answer().await;
        assert!(second.starts_with("HTTP/1.1 404 "), "{second}");
        assert!(soon("a request", seen.recv()).await.unwrap().starts_with("GET /ws "));
        assert!(seen.try_recv().is_err(), "the upstream saw one request");
        assert_eq!(app.log.lines(2).await.len(), 2);
    }
}

#[tokio::test]
async fn a_connection_that_was_asked_to_switch_is_never_used_again() {
    let (upstream, mut seen) = Upstream::echoing(OK).await;
    let app = App::start(forwarding(&upstream)).await;
    let mut client = Client::connect(app.address).await;
    for request in [HANDSHAKE, "GET /ws HTTP/1.1\r\nHost: a\r\n\r\n", HANDSHAKE] {
        client.send(request).await;
        assert!(client.answer().await.ends_with("ok"));
        soon("a request", seen.recv()).await.unwrap();
    }
    assert_eq!(upstream.connections(), 3);
}

#[tokio::test]
async fn an_answer_that_does_not_fit_the_question_is_a_502_and_opens_nothing() {
    for (old, new) in [
        ("Upgrade: websocket", "Upgrade: h2c"),
        ("Upgrade: websocket\r\n", ""),
        ("Connection: Upgrade\r\n", ""),
        ("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ("\r\n\r\n", "\r\nSec-WebSocket-Protocol: chat\r\n\r\n"),
        ("\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"),
    ] {
        let answer = SWITCH.replace(old, new);
        let (tell, mut told) = unbounded_channel();
        let upstream = Upstream::play(move |_, mut conn| {
            let (answer, tell) = (answer.clone(), tell.clone());
            async move {
                conn.head().await;
                conn.send(answer).await;
                conn.closed().await;
                let _ = tell.send(());
            }
        })
        .await;
        let app = App::start(forwarding(&upstream)).await;
        let mut client = Client::connect(app.address).await;
        client.send(HANDSHAKE).await;
        let answer = client.answer().await;
        assert!(answer.starts_with("HTTP/1.1 502 "), "{new}: {answer}");
        soon("the end of the upstream's connection", told.recv()).await.unwrap();
        assert_eq!(app.log.line().await["reason"], "upstream.malformed");
        assert_eq!(app.gateway.metrics.tunnels.get(), 0);
    }
}

#[tokio::test]
async fn a_switch_that_nobody_asked_for_is_a_502() {
    for request in [
        "GET /ws HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
        "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    ] {
        let (upstream, mut seen) = Upstream::echoing(SWITCH.as_bytes()).await;
        let app = App::start(forwarding(&upstream)).await;
        let mut client = Client::connect(app.address).await;
        client.send(request).await;
        let answer = client.answer().await;
        assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
        let seen = soon("the request", seen.recv()).await.unwrap();
        for absent in ["connection", "upgrade", "http2-settings"] {
            assert_eq!(header(&seen, absent), None, "{seen}");
        }
    }
}

#[tokio::test]
async fn what_is_no_upgrade_reaches_the_upstream_as_an_ordinary_request() {
    for (old, new) in [("HTTP/1.1", "HTTP/1.0"), ("Upgrade: websocket", "Upgrade: h2c"), ("Upgrade\r\n", "close\r\n")] {
        let (upstream, mut seen) = Upstream::echoing(OK).await;
        let app = App::start(forwarding(&upstream)).await;
        let mut client = Client::connect(app.address).await;
        client.send(HANDSHAKE.replace(old, new)).await;
        assert!(client.answer().await.ends_with("ok"));
        let seen = soon("the request", seen.recv()).await.unwrap();
        assert_eq!(header(&seen, "upgrade"), None, "{seen}");
        assert_eq!(header(&seen, "connection"), None, "{seen}");
    }
}

#[tokio::test]
async fn a_handshake_that_breaks_a_rule_never_reaches_the_upstream() {
    let upstream = switching(|_| async {}).await;
    let app = App::start(forwarding(&upstream)).await;
    for (old, new, status) in [
        ("Version: 13", "Version: 8", "426"),
        ("GET", "POST", "400"),
        ("\r\n\r\n", "\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", "400"),
        ("\r\n\r\n", "\r\nContent-Length: 3\r\n\r\nabc", "400"),
        ("\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"),
    ] {
        let mut client = Client::connect(app.address).await;
        client.send(HANDSHAKE.replace(old, new)).await;
        let answer = client.answer().await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{new}: {answer}");
        if status == "426" {
            assert_eq!(header(&answer, "sec-websocket-version"), Some("13"));
            assert_eq!(header(&answer, "upgrade"), Some("websocket"));
        }
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn the_policies_of_the_route_decide_on_a_handshake_as_on_any_request() {
    let upstream = switching(|mut conn| async move { conn.closed().await }).await;
    let draft = Draft::new()
        .policy("key", "api-key", json!({}))
        .route("GET /ws", "forward", json!({ "upstream": upstream.url() }))
        .inbound(Stage::Auth, "key");
    let app = App::start(draft).await;
    let mut client = Client::connect(app.address).await;
    client.send(HANDSHAKE).await;
    let answer = client.answer().await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert_eq!(upstream.connections(), 0);
    // The connection of a handshake that was refused is still one for requests.
    client.send("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(client.answer().await.starts_with("HTTP/1.1 404 "));
}

#[tokio::test]
async fn other_protocols_are_tunnelled_where_the_settings_name_them() {
    let (tell, mut told) = unbounded_channel();
    let upstream = Upstream::play(move |_, mut conn| {
        let tell = tell.clone();
        async move {
            let _ = tell.send(conn.head().await.unwrap());
            conn.send("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: Terminal\r\n\r\n$ ").await;
            conn.closed().await;
        }
    })
    .await;
    let draft = forwarding(&upstream).settings(|settings| settings.server.tunnels.protocols = vec!["terminal".into()]);
    let app = App::start(draft).await;
    let mut client = Client::connect(app.address).await;
    client.send("POST /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: TERMINAL\r\n\r\n").await;
    let head = client.until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert_eq!(client.exactly(2).await, b"$ ");
    assert!(soon("the request", told.recv()).await.unwrap().starts_with("POST /ws "));
    // WebSocket is not named, so it is not tunnelled.
    let mut client = Client::connect(app.address).await;
    client.send(HANDSHAKE).await;
    assert!(client.answer().await.starts_with("HTTP/1.1 502 "));
    let head = soon("the request", told.recv()).await.unwrap();
    assert_eq!(header(&head, "upgrade"), None);
}

#[tokio::test]
async fn one_tunnel_more_than_allowed_is_a_503() {
    let upstream = switching(|mut conn| async move { conn.closed().await }).await;
    let app = App::start(forwarding(&upstream).settings(|settings| settings.server.tunnels.most = Some(1))).await;
    let first = switched(&app).await;
    let mut second = Client::connect(app.address).await;
    second.send(HANDSHAKE).await;
    let answer = second.answer().await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    drop(first);
    app.log.lines(2).await;
    switched(&app).await;
}

#[tokio::test]
async fn the_upstream_is_left_when_the_client_leaves_before_its_answer() {
    let (tell, mut told) = unbounded_channel();
    let upstream = Upstream::play(move |_, mut conn| {
        let tell = tell.clone();
        async move {
            conn.head().await;
            let _ = tell.send("asked");
            conn.closed().await;
            let _ = tell.send("left");
        }
    })
    .await;
    let app = App::start(forwarding(&upstream)).await;
    let mut client = Client::connect(app.address).await;
    client.send(HANDSHAKE).await;
    assert_eq!(soon("the request", told.recv()).await, Some("asked"));
    drop(client);
    assert_eq!(soon("the cancellation", told.recv()).await, Some("left"));
    assert_eq!(app.log.line().await["reason"], "client.gone");
    assert_eq!(app.gateway.metrics.tunnels.get(), 0);
}
