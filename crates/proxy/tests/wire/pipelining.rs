//! Requests that are sent before the answers to earlier ones have come.

use super::support::{Gate, Upstream};

async fn path_as_answer() -> Upstream {
    Upstream::play(|_, mut conn| async move {
        while let Some(request) = conn.request().await {
            let path = request.split(' ').nth(1).unwrap().to_owned();
            conn.send(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{path}", path.len())).await;
        }
    })
    .await
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_their_order() {
    let upstream = path_as_answer().await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    let requests: String =
        (0..20).map(|n| format!("POST /{n} HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")).collect();
    client.send(requests).await;
    for n in 0..20 {
        let answer = client.answer().await;
        assert!(answer.ends_with(&format!("\r\n\r\n/{n}")), "{answer}");
    }
}

#[tokio::test]
async fn what_follows_a_malformed_request_is_not_read() {
    let upstream = path_as_answer().await;
    let gate = Gate::before(&upstream).await;
    let answer =
        gate.exchange("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\nGET /second HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(!answer.contains("/second"), "{answer}");
    assert_eq!(upstream.connections(), 0);
}

/// An unread body must not be taken for the next request.
#[tokio::test]
async fn the_body_of_a_refused_request_is_not_read_as_a_request() {
    let upstream = path_as_answer().await;
    let gate = Gate::before(&upstream).await;
    let inner = "GET /inner HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut client = gate.client().await;
    client.send(format!("POST /%00 HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{inner}", inner.len())).await;
    assert!(client.answer().await.starts_with("HTTP/1.1 400 "));
    let _ = client.try_send("GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    let (rest, _) = client.rest().await;
    assert!(!rest.contains("/inner"), "{rest}");
}
