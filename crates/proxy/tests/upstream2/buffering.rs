//! Bodies of unknown length before an upstream that must know it.

use tollgate_core::settings::RequestBuffering;
use tollgate_core::units::Size;

use super::server::ask;
use super::support::{Gate, OK, Setup, Upstream, soon};
use tokio::sync::mpsc::UnboundedReceiver;

const CHUNKED: &str = "POST / HTTP/1.1\r\nHost: a\r\nTrailer: x-end\r\nTransfer-Encoding: chunked\r\n\r\n";

async fn before(limit: Option<u64>) -> (Upstream, UnboundedReceiver<String>, Gate) {
    let (upstream, seen) = Upstream::echoing(OK).await;
    let mut setup = Setup::to(upstream.url());
    if let Some(limit) = limit {
        setup.upstream.request_buffering = RequestBuffering::UpTo(Size(limit));
    }
    let gate = setup.start().await;
    (upstream, seen, gate)
}

#[tokio::test]
async fn a_chunked_body_is_sent_with_its_length_and_without_its_trailers() {
    let (_upstream, mut seen, gate) = before(Some(10)).await;
    let answer = ask(&gate, &format!("{CHUNKED}5\r\nhello\r\n5\r\nworld\r\n0\r\nx-end: 1\r\n\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let request = soon("the request", seen.recv()).await.unwrap();
    assert!(request.contains("content-length: 10\r\n") && request.ends_with("\r\n\r\nhelloworld"), "{request}");
    assert!(!request.contains("transfer-encoding") && !request.contains("x-end"), "{request}");
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_with_a_reason_of_its_own() {
    let (upstream, _seen, gate) = before(Some(9)).await;
    let answer = ask(&gate, &format!("{CHUNKED}5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("request.length_unknown"), "{answer}");
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_body_of_known_length_is_not_held_back() {
    let upstream = Upstream::play(|_, mut conn| async move {
        conn.until("\r\n\r\nfirst").await;
        conn.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
        conn.closed().await;
    })
    .await;
    let mut setup = Setup::to(upstream.url());
    setup.upstream.request_buffering = RequestBuffering::UpTo(Size(3));
    let gate = setup.start().await;
    let answer = ask(&gate, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nfirst").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn switched_off_a_chunked_body_stays_chunked() {
    let (_upstream, mut seen, gate) = before(None).await;
    assert!(ask(&gate, &format!("{CHUNKED}5\r\nhello\r\n0\r\n\r\n")).await.starts_with("HTTP/1.1 200"));
    assert!(soon("the request", seen.recv()).await.unwrap().contains("transfer-encoding: chunked\r\n"));
}
