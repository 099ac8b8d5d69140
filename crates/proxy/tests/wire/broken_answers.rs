//! Answers that break a rule, or break off.

use std::sync::Arc;

use tokio::sync::Notify;

use super::support::{Conn, Gate, Upstream};

async fn answered_with(bytes: &'static [u8]) -> (Upstream, Gate) {
    let upstream = Upstream::play(move |_, mut conn: Conn| async move {
        if conn.request().await.is_some() {
            conn.send(bytes).await;
        }
    })
    .await;
    let gate = Gate::before(&upstream).await;
    (upstream, gate)
}

#[tokio::test]
async fn an_answer_that_is_no_http_is_502() {
    for bytes in [
        &b"hello\r\n\r\n"[..],
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\r\n folded\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\nab",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
    ] {
        let (_upstream, gate) = answered_with(bytes).await;
        let mut client = gate.client().await;
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let answer = client.answer().await;
        assert!(answer.starts_with("HTTP/1.1 502 "), "{:?}: {answer}", String::from_utf8_lossy(bytes));
        assert!(answer.contains("upstream.malformed"), "{:?}: {answer}", String::from_utf8_lossy(bytes));
        // The client's connection is as good as before.
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert!(client.answer().await.starts_with("HTTP/1.1 502 "));
    }
}

#[tokio::test]
async fn a_connection_that_closes_without_a_whole_head_is_502() {
    for bytes in [&b""[..], b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nX: y\r\n"] {
        let (upstream, gate) = answered_with(bytes).await;
        let mut client = gate.client().await;
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let answer = client.answer().await;
        assert!(answer.starts_with("HTTP/1.1 502 ") && answer.contains("upstream.reset"), "{answer}");
        assert_eq!(upstream.connections(), 1, "a fresh connection that fails is not tried again");
    }
}

#[tokio::test]
async fn a_closed_port_is_502() {
    let gate = Gate::alone().await;
    let mut client = gate.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let answer = client.answer().await;
    assert!(answer.starts_with("HTTP/1.1 502 ") && answer.contains("upstream.connect_refused"), "{answer}");
    let records = gate.records();
    assert_eq!(records[0].attempts[0].outcome, "upstream.connect_refused");
    assert!(!records[0].attempts[0].reused);
}

#[tokio::test]
async fn a_cut_answer_never_looks_complete() {
    for bytes in [
        &b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello"[..],
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
    ] {
        let (_upstream, gate) = answered_with(bytes).await;
        let mut client = gate.client().await;
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let (answer, _) = client.rest().await;
        // Where the end came with the head, the head may not have been written yet.
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 200 "), "{answer}");
        let whole = answer.ends_with("0\r\n\r\n") || answer.ends_with("hellohello");
        assert!(!whole, "{:?} looks complete: {answer:?}", String::from_utf8_lossy(bytes));
    }
}

#[tokio::test]
async fn an_answer_that_ends_with_its_connection_is_complete() {
    let (_upstream, gate) = answered_with(b"HTTP/1.0 200 OK\r\n\r\nhello").await;
    let mut client = gate.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let answer = client.until("0\r\n\r\n").await;
    assert!(answer.contains("5\r\nhello\r\n"), "{answer}");
}

#[tokio::test]
async fn an_answer_that_ends_with_a_reset_is_not_complete() {
    let go = Arc::new(Notify::new());
    let wait = Arc::clone(&go);
    let upstream = Upstream::play(move |_, mut conn| {
        let wait = Arc::clone(&wait);
        async move {
            conn.request().await;
            conn.send("HTTP/1.0 200 OK\r\n\r\nhello").await;
            wait.notified().await;
            conn.reset();
        }
    })
    .await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.until("hello\r\n").await;
    go.notify_one();
    let (rest, _) = client.rest().await;
    assert_eq!(rest, "", "the last chunk would make the answer look complete");
}
