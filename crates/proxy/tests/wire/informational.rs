//! Informational answers, on both sides (RFC 9110 §15.2).

use super::support::{Conn, Gate, OK, Setup, Upstream, soon};

const EXPECTING: &str = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";

/// A client that waits to be asked never uploads what is refused.
#[tokio::test]
async fn a_request_that_is_refused_is_not_asked_for_its_body() {
    let mut setup = Setup::to("http://127.0.0.1:1");
    setup.settings.server.limits.body = Some(tollgate_core::units::Size(4));
    let gate = setup.start().await;
    let answer = gate.exchange(EXPECTING).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
}

/// The gateway has asked for the body itself: the upstream is not asked to ask again.
#[tokio::test]
async fn the_upstream_never_sees_an_expectation() {
    let (upstream, mut seen) = Upstream::echoing(OK).await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    client.send(EXPECTING).await;
    assert!(client.until("\r\n\r\n").await.starts_with("HTTP/1.1 100 "));
    client.send("hello").await;
    assert!(client.answer().await.starts_with("HTTP/1.1 200"));
    let request = soon("the request", seen.recv()).await.unwrap();
    assert!(!request.to_lowercase().contains("expect"), "{request}");
}

#[tokio::test]
async fn a_body_that_comes_unasked_is_taken() {
    let (upstream, mut seen) = Upstream::echoing(OK).await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    client.send(format!("{EXPECTING}hello")).await;
    client.until("HTTP/1.1 200 OK\r\n").await;
    assert!(soon("the request", seen.recv()).await.unwrap().ends_with("hello"));
}

/// HTTP/1.0 does not know informational answers.
#[tokio::test]
async fn an_http_1_0_client_is_sent_none() {
    let upstream = answering(b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let gate = Gate::before(&upstream).await;
    let answer =
        gate.exchange("POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello").await;
    assert!(answer.starts_with("HTTP/1.0 200 ") && answer.ends_with("ok"), "{answer}");
}

async fn answering(bytes: &'static [u8]) -> Upstream {
    Upstream::play(move |_, mut conn: Conn| async move {
        if conn.request().await.is_some() {
            conn.send(bytes).await;
        }
    })
    .await
}

#[tokio::test]
async fn an_upstream_that_only_informs_is_502() {
    let flood = "HTTP/1.1 102 Processing\r\n\r\n".repeat(17).leak();
    let upstream = answering(flood.as_bytes()).await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let answer = client.answer().await;
    assert!(answer.starts_with("HTTP/1.1 502 ") && answer.contains("upstream.malformed"), "{answer}");
}
