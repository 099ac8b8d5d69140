//! Answers that are whole, in whatever pieces and sizes they come.

use super::support::{Conn, Gate, Upstream};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

#[tokio::test]
async fn an_answer_may_come_byte_by_byte() {
    let upstream = Upstream::play(|_, mut conn: Conn| async move {
        while conn.request().await.is_some() {
            for byte in b"HTTP/1.1 200 OK\r\na: b\r\ntransfer-encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\n\r\n" {
                conn.send([*byte]).await;
                tokio::task::yield_now().await;
            }
        }
    })
    .await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    for _ in 0..2 {
        client.send(GET).await;
        let head = client.until("\r\n\r\n").await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\na: b\r\n"), "{head}");
        let mut body = String::new();
        while !body.ends_with("0\r\n\r\n") {
            body += &client.until("\r\n").await;
        }
        let letters: String = body.chars().filter(|letter| letter.is_ascii_lowercase()).collect();
        assert_eq!(letters, "hello", "{body}");
    }
    assert_eq!(upstream.connections(), 1);
}

#[tokio::test]
async fn sizes_around_those_of_buffers_arrive_whole_and_keep_the_connection() {
    let upstream = Upstream::play(|_, mut conn: Conn| async move {
        while let Some(request) = conn.request().await {
            let length: usize = request.split(['/', ' ']).nth(2).unwrap().parse().unwrap();
            conn.send(format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{}", "x".repeat(length))).await;
        }
    })
    .await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    for length in [0, 1, 4095, 4096, 8100, 8150, 8192, 8193, 16384, 65535, 65536, 65537, 200_000, 3, 5_000_000, 1] {
        client.send(format!("GET /{length} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        let answer = client.answer().await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {length}")), "{head}");
        assert_eq!(body.len(), length);
    }
    assert_eq!(upstream.connections(), 1);
}

/// Both at once is how one answer is hidden in another (RFC 9112 §6.3, §11.2).
#[tokio::test]
async fn an_answer_with_two_framings_is_502() {
    for fields in [
        "content-length: 5\r\ntransfer-encoding: chunked",
        "transfer-encoding: gzip, chunked",
        "transfer-encoding: identity",
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked",
        "content-length: 5, 6",
    ] {
        let answer =
            format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil");
        let (upstream, _seen) = Upstream::echoing(answer.leak().as_bytes()).await;
        let gate = Gate::before(&upstream).await;
        for round in 1..=2 {
            let mut client = gate.client().await;
            client.send(GET).await;
            let answer = client.answer().await;
            assert!(answer.starts_with("HTTP/1.1 502 ") && answer.contains("upstream.malformed"), "{fields}: {answer}");
            assert_eq!(upstream.connections(), round, "{fields}: the connection is over");
        }
    }
}

#[tokio::test]
async fn trailers_of_a_request_bring_nothing_in_that_the_head_may_not() {
    let (upstream, mut seen) = Upstream::echoing(super::support::OK).await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    client
        .send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: x-tollgate-consumer, x-sum\r\n\r\n2\r\nhi\r\n0\r\nX-Tollgate-Consumer: root\r\nX-Forwarded-For: 1.2.3.4\r\nX_Sum: 9\r\nContent-Length: 7\r\nX-Sum: 2\r\n\r\n")
        .await;
    assert!(client.answer().await.starts_with("HTTP/1.1 200"));
    let request = super::support::soon("the request", seen.recv()).await.unwrap().to_lowercase();
    let trailers = request.split("0\r\n").last().unwrap();
    assert_eq!(trailers, "x-sum: 2\r\n\r\n", "{request}");
}
