//! Heads that cannot be read: what the client reads is a problem all the same, and comes
//! after whatever was answered before it.

use std::time::Duration;

use super::support::{End, Gate, OK, Setup, Upstream, header, soon};

const BAD: &str = "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n";

/// Holds that this is one whole refusal, after which the connection ends.
#[track_caller]
fn is_problem(answer: &str, status: u16, reason: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    assert_eq!(answer.matches("HTTP/1.").count(), 1, "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(header(head, "content-type"), Some("application/problem+json"), "{answer}");
    assert_eq!(header(head, "connection"), Some("close"), "{answer}");
    assert_eq!(header(head, "content-length"), Some(body.len().to_string().as_str()), "{answer}");
    assert!(header(head, "date").is_some(), "{answer}");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!((&body["status"], &body["reason"]), (&status.into(), &reason.into()), "{answer}");
}

#[tokio::test]
async fn whatever_is_wrong_with_a_head_is_answered_with_a_problem() {
    let mut setup = Setup::to("http://127.0.0.1:1");
    // Beyond what a URI may be, so that it is refused as it is read.
    setup.settings.server.limits.url_length = tollgate_core::units::Size(200_000);
    let gate = setup.start().await;
    let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(100_000));
    let large = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}", "a".repeat(600_000));
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: a\r\n".repeat(300));
    for (bytes, status, reason) in [
        ("nonsense\r\n\r\n", 400, "request.malformed"),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\u{0}b\r\n\r\n", 400, "request.malformed"),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n folded\r\n\r\n", 400, "request.malformed"),
        ("GET /\r\n", 400, "request.malformed"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400, "request.malformed"),
        (&long, 414, "request.uri_too_long"),
        (&large, 431, "request.headers_too_large"),
        (&many, 431, "request.headers_too_large"),
    ] {
        is_problem(&gate.exchange(bytes).await, status, reason);
        assert_eq!(gate.bad_end().await.0, reason);
    }
}

#[tokio::test]
async fn a_refusal_follows_the_answers_before_it_however_they_came() {
    let (upstream, _seen) = Upstream::echoing(OK).await;
    let gate = Gate::before(&upstream).await;
    let good = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    // One after the other, and at once.
    let mut client = gate.client().await;
    client.send(good).await;
    assert!(client.answer().await.ends_with("ok"));
    client.send(BAD).await;
    is_problem(&client.rest().await.0, 400, "request.malformed");
    let mut client = gate.client().await;
    client.send(format!("{good}{good}{BAD}{good}")).await;
    for _ in 0..2 {
        assert!(client.answer().await.ends_with("ok"));
    }
    let (rest, end) = client.rest().await;
    is_problem(&rest, 400, "request.malformed");
    assert_eq!(end, End::Closed);
}

/// A body that looks like a refusal is a body.
#[tokio::test]
async fn an_answer_that_reads_like_a_refusal_is_not_touched() {
    let body = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    let upstream = Upstream::play(move |_, mut conn| async move {
        while conn.request().await.is_some() {
            conn.send(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len())).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
            conn.send(body).await;
        }
    })
    .await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    for _ in 0..2 {
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let answer = client.answer().await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with(body), "{answer}");
    }
    assert!(gate.all_well());
}

/// RFC 9110 §9.3.2. The length is the one that GET would bring.
#[tokio::test]
async fn a_head_request_that_cannot_be_read_is_answered_without_a_body() {
    let (upstream, _seen) = Upstream::echoing(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n").await;
    let gate = Gate::before(&upstream).await;
    let answer = gate.exchange(BAD.replace("GET", "HEAD")).await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.ends_with("\r\n\r\n"), "{answer}");
    assert_ne!(header(&answer, "content-length"), Some("0"), "{answer}");
    // A good one before does not make the next one a HEAD.
    let mut client = gate.client().await;
    client.send(format!("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n{BAD}")).await;
    assert!(client.until("\r\n\r\n").await.starts_with("HTTP/1.1 200 "));
    is_problem(&client.rest().await.0, 400, "request.malformed");
}

#[tokio::test]
async fn a_client_of_http_1_0_is_refused_in_its_own_version() {
    let (upstream, _seen) = Upstream::echoing(OK).await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    client.send(format!("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n{BAD}")).await;
    assert!(client.answer().await.starts_with("HTTP/1.0 200 "));
    let refusal = client.rest().await.0;
    is_problem(&refusal.replacen("HTTP/1.0", "HTTP/1.1", 1), 400, "request.malformed");
}

/// The answer is larger than what the sockets hold, and read only after what follows it was refused.
#[tokio::test]
async fn a_slow_reader_gets_its_answer_whole_and_the_refusal_behind_it() {
    const LARGE: usize = 8_000_000;
    let upstream = Upstream::play(|_, mut conn| async move {
        while conn.request().await.is_some() {
            conn.send(format!("HTTP/1.1 200 OK\r\ncontent-length: {LARGE}\r\n\r\n")).await;
            conn.send(vec![b'x'; LARGE]).await;
        }
    })
    .await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    client.send(format!("GET / HTTP/1.1\r\nHost: a\r\n\r\n{BAD}")).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (all, end) = soon("the end", client.rest()).await;
    let (answer, refusal) = all.split_at(all.find("\r\n\r\n").unwrap() + 4 + LARGE);
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("xxxx"));
    is_problem(refusal, 400, "request.malformed");
    assert_eq!(end, End::Closed);
}

/// Whoever sends nonsense to a gateway that stops still reads why it is refused.
#[tokio::test]
async fn a_refusal_is_said_while_the_gateway_stops() {
    let (upstream, _seen) = Upstream::echoing(OK).await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(client.answer().await.ends_with("ok"));
    gate.shutdown.cancel();
    client.send(BAD).await;
    is_problem(&client.rest().await.0, 400, "request.malformed");
}
