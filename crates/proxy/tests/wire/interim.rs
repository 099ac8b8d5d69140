//! Interim answers, on both sides (RFC 9110 §15.2, RFC 8297).

use std::sync::Arc;

use tokio::sync::Notify;

use super::support::{Conn, Gate, OK, Setup, Upstream, header, soon};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const HINTS: &str = "HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n";

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

/// HTTP/1.0 does not know interim answers.
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

/// Whoever answers slowly says so early: that is what the hints are for.
#[tokio::test]
async fn early_hints_reach_the_client_before_the_answer_exists() {
    let hinted = Arc::new(Notify::new());
    let until = Arc::clone(&hinted);
    let upstream = Upstream::play(move |_, mut conn| {
        let until = Arc::clone(&until);
        async move {
            conn.request().await.unwrap();
            conn.send(HINTS).await;
            until.notified().await;
            conn.send(OK).await;
        }
    })
    .await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    client.send(GET).await;
    assert_eq!(client.until("\r\n\r\n").await, HINTS);
    hinted.notify_one();
    let answer = client.answer().await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("ok"), "{answer}");
    assert!(header(&answer, "link").is_none(), "{answer}");
}

/// All of them in their order, though the answer has come with them; 100 is the gateway's own to say.
#[tokio::test]
async fn several_come_in_their_order() {
    let upstream = answering(
        b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\nlink: </b>\r\n\r\n\
          HTTP/1.1 199 Odd\r\nx: 1\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
    )
    .await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    client.send(GET).await;
    assert_eq!(client.until("\r\n\r\n").await, "HTTP/1.1 102 Processing\r\n\r\n");
    assert_eq!(client.until("\r\n\r\n").await, "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\nlink: </b>\r\n\r\n");
    assert_eq!(client.until("\r\n\r\n").await, "HTTP/1.1 199 \r\nx: 1\r\n\r\n");
    assert!(client.answer().await.ends_with("ok"));
}

#[tokio::test]
async fn what_concerns_one_connection_or_a_body_stays_behind() {
    let upstream = answering(
        b"HTTP/1.1 103 Early Hints\r\nConnection: x-hop, close\r\nX-Hop: 1\r\nKeep-Alive: timeout=1\r\nUpgrade: h2c\r\n\
          Content-Length: 5\r\nTrailer: x\r\nProxy-Connection: close\r\nLink: </a>\r\n\r\n\
          HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\nLink: </b>\r\n\r\n\
          HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
    )
    .await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    client.send(GET).await;
    assert_eq!(client.until("\r\n\r\n").await, "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n");
    assert_eq!(client.until("\r\n\r\n").await, "HTTP/1.1 103 Early Hints\r\nlink: </b>\r\n\r\n");
    let answer = client.answer().await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    client.send(GET).await;
    assert!(client.until("\r\n\r\n").await.contains("</a>"), "the connection has stayed open");
}

/// A client that waits to be asked is asked, whatever else it is told.
#[tokio::test]
async fn hints_and_the_call_for_the_body_both_come() {
    let upstream = Upstream::play(|_, mut conn| async move {
        conn.head().await.unwrap();
        conn.send(HINTS).await;
        assert_eq!(conn.exactly(5).await.unwrap(), "hello");
        conn.send(OK).await;
    })
    .await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    client.send(EXPECTING).await;
    let mut both = [client.until("\r\n\r\n").await, client.until("\r\n\r\n").await];
    both.sort();
    assert_eq!(both, ["HTTP/1.1 100 Continue\r\n\r\n", HINTS]);
    client.send("hello").await;
    assert!(client.answer().await.ends_with("ok"));
}

/// A client that takes its time with one answer has asked for the next already: what is said before
/// that one stands between the two, and never within the first.
#[tokio::test]
async fn pipelined_requests_get_every_byte_in_its_place() {
    const LENGTH: usize = 4 * 1024 * 1024;
    let upstream = Upstream::play(|_, mut conn| async move {
        while let Some(request) = conn.request().await {
            conn.send(HINTS).await;
            if request.starts_with("GET /large ") {
                conn.send(format!("HTTP/1.1 200 OK\r\ncontent-length: {LENGTH}\r\n\r\n")).await;
                conn.send(vec![b'x'; LENGTH]).await;
            } else {
                conn.send(OK).await;
            }
        }
    })
    .await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    let large = GET.replace("/ ", "/large ");
    client.send(format!("{GET}{large}{GET}{large}{GET}")).await;
    let mut hints = 0;
    for (number, length) in [2, LENGTH, 2, LENGTH, 2].into_iter().enumerate() {
        let mut head = client.until("\r\n\r\n").await;
        if head == HINTS {
            hints += 1;
            head = client.until("\r\n\r\n").await;
        }
        assert!(head.starts_with("HTTP/1.1 200 "), "{number}: {head}");
        assert_eq!(header(&head, "content-length"), Some(&*length.to_string()), "{number}");
        let body = client.bytes(length).await;
        assert!(if length == 2 { body == b"ok" } else { body.iter().all(|byte| *byte == b'x') }, "{number}");
    }
    assert!(hints > 0, "none has come");
}

/// What is too large is dropped; the answer is not.
#[tokio::test]
async fn interim_answers_are_bounded_in_size() {
    let large = format!("HTTP/1.1 103 Early Hints\r\nlink: </{}>\r\n\r\n", "a".repeat(40_000));
    let all = format!("{large}{large}{HINTS}HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").leak();
    let upstream = answering(all.as_bytes()).await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    client.send(GET).await;
    assert_eq!(client.until("\r\n\r\n").await, large);
    assert_eq!(client.until("\r\n\r\n").await, HINTS);
    assert!(client.answer().await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn an_upstream_that_only_informs_is_502() {
    let flood = "HTTP/1.1 102 Processing\r\n\r\n".repeat(17).leak();
    let upstream = answering(flood.as_bytes()).await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    client.send(GET).await;
    for _ in 0..16 {
        assert_eq!(client.until("\r\n\r\n").await, "HTTP/1.1 102 Processing\r\n\r\n");
    }
    let answer = client.answer().await;
    assert!(answer.starts_with("HTTP/1.1 502 ") && answer.contains("upstream.malformed"), "{answer}");
}

/// A client that goes away while it is only being told things is gone.
#[tokio::test]
async fn a_client_that_leaves_after_a_hint_ends_the_request() {
    let left = Arc::new(Notify::new());
    let told = Arc::clone(&left);
    let upstream = Upstream::play(move |_, mut conn| {
        let told = Arc::clone(&told);
        async move {
            conn.request().await.unwrap();
            conn.send(HINTS).await;
            conn.closed().await;
            told.notify_one();
        }
    })
    .await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    client.send(GET).await;
    client.until("\r\n\r\n").await;
    drop(client);
    soon("the end of the request", left.notified()).await;
}
