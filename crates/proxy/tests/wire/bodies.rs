//! Bodies and their lengths.

use std::time::Duration;

use tollgate_core::units::Size;

use super::support::{Gate, OK, Setup, Upstream, soon};

#[tokio::test]
async fn a_body_over_the_limit_is_refused_by_its_length_and_by_its_bytes() {
    let upstream = Upstream::play(|_, mut conn| async move {
        if conn.request().await.is_some() {
            conn.send(OK).await;
        }
    })
    .await;
    let mut setup = Setup::to(upstream.url());
    setup.settings.server.limits.body = Some(Size(10));
    let gate = setup.start().await;

    let answer = gate.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("connection: close"), "{answer}");
    assert_eq!(upstream.connections(), 0, "a length that is too large never reaches the upstream");

    let answer = gate
        .exchange(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n6\r\nabcdef\r\n0\r\n\r\n",
        )
        .await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");

    let mut client = gate.client().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789").await;
    assert!(client.answer().await.starts_with("HTTP/1.1 200"));
}

/// Closing a socket with unread bytes makes the kernel throw the answer away.
#[tokio::test]
async fn a_refusal_arrives_although_the_client_is_still_sending() {
    let mut setup = Setup::to("http://127.0.0.1:1");
    setup.settings.server.limits.body = Some(Size(10));
    let gate = setup.start().await;
    for _ in 0..20 {
        let mut client = gate.client().await;
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n").await;
        let _ = client.try_send(vec![b'x'; 300_000]).await;
        let (answer, _) = client.rest().await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    }
}

#[tokio::test]
async fn a_body_of_known_length_goes_with_content_length() {
    let (upstream, mut seen) = Upstream::echoing(OK).await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello").await;
    client.answer().await;
    let request = soon("the request", seen.recv()).await.unwrap();
    assert!(request.contains("content-length: 5\r\n") && !request.contains("transfer-encoding"), "{request}");
    client.send("POST / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.answer().await;
    let request = soon("the request", seen.recv()).await.unwrap();
    assert!(request.contains("content-length: 0\r\n"), "{request}");
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.answer().await;
    let request = soon("the request", seen.recv()).await.unwrap();
    assert!(!request.contains("content-length") && !request.contains("transfer-encoding"), "{request}");
    client.send("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n").await;
    client.answer().await;
    let request = soon("the request", seen.recv()).await.unwrap();
    assert!(
        request.contains("transfer-encoding: chunked\r\n") && request.ends_with("2\r\nhi\r\n0\r\n\r\n"),
        "{request}"
    );
    assert_eq!(gate.records().iter().map(|record| record.request_bytes).collect::<Vec<_>>(), [5, 0, 0, 2]);
}

#[tokio::test]
async fn bodies_stream_in_both_directions() {
    let upstream = Upstream::play(|_, mut conn| async move {
        conn.head().await.unwrap();
        // The first chunk arrives although the second has not been sent.
        assert_eq!(conn.exactly(6).await.unwrap(), "3\r\none");
        conn.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n").await;
        conn.until("3\r\ntwo\r\n0\r\n\r\n").await.unwrap();
        conn.send("3\r\ntwo\r\n0\r\n\r\n").await;
    })
    .await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n").await;
    client.until("3\r\none\r\n").await;
    client.send("3\r\ntwo\r\n0\r\n\r\n").await;
    client.until("3\r\ntwo\r\n0\r\n\r\n").await;
}

/// The upload goes on while the client does not read the answer that has begun.
#[tokio::test]
async fn an_upload_does_not_wait_for_the_answer_to_be_read() {
    const LENGTH: usize = 8 * 1024 * 1024;
    let upstream = Upstream::play(|_, mut conn| async move {
        conn.head().await.unwrap();
        conn.send(format!("HTTP/1.1 200 OK\r\ncontent-length: {LENGTH}\r\n\r\n")).await;
        let (body, answer) = (conn.exactly(LENGTH).await, vec![b'a'; LENGTH]);
        assert_eq!(body.unwrap().len(), LENGTH);
        conn.send(answer).await;
    })
    .await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    client.send(format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {LENGTH}\r\n\r\n")).await;
    let head = client.until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    soon("the upload", client.send(vec![b'u'; LENGTH])).await;
    client.until(&"a".repeat(1000)).await;
}

#[tokio::test]
async fn the_gateway_asks_for_a_body_that_waits_to_be_asked_for() {
    let (upstream, mut seen) = Upstream::echoing(OK).await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n").await;
    assert!(client.until("\r\n\r\n").await.starts_with("HTTP/1.1 100 "));
    client.send("hello").await;
    assert!(client.answer().await.starts_with("HTTP/1.1 200"));
    assert!(soon("the request", seen.recv()).await.unwrap().ends_with("hello"));
}

#[tokio::test]
async fn answers_without_a_body_keep_the_length_that_a_get_would_have() {
    let (upstream, _seen) = Upstream::echoing(b"HTTP/1.1 200 OK\r\ncontent-length: 1234\r\n\r\n").await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    for _ in 0..2 {
        client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let head = client.until("\r\n\r\n").await;
        assert!(head.contains("content-length: 1234\r\n"), "{head}");
    }
    assert_eq!(upstream.connections(), 1);
}

#[tokio::test]
async fn statuses_without_a_body_leave_the_connection_usable() {
    for (answer, length) in [
        (&b"HTTP/1.1 204 No Content\r\n\r\n"[..], None),
        (&b"HTTP/1.1 304 Not Modified\r\netag: \"x\"\r\n\r\n"[..], None),
        (&b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"[..], Some("content-length: 0")),
    ] {
        let (upstream, _seen) = Upstream::echoing(answer).await;
        let gate = Gate::before(&upstream).await;
        let mut client = gate.client().await;
        for _ in 0..3 {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
            let head = client.until("\r\n\r\n").await;
            assert!(head.as_bytes().starts_with(&answer[..12]), "{head}");
            assert_eq!(head.contains("content-length"), length.is_some(), "{head}");
            assert!(!head.contains("transfer-encoding"), "{head}");
        }
        assert_eq!(upstream.connections(), 1);
    }
}

#[tokio::test]
async fn trailers_of_the_answer_reach_a_client_that_takes_them() {
    let (upstream, _seen) = Upstream::echoing(
        b"HTTP/1.1 200 OK\r\nTrailer: x-sum\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-sum: 2\r\n\r\n",
    )
    .await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\n\r\n").await;
    let answer = client.until("x-sum: 2\r\n\r\n").await;
    assert!(answer.contains("0\r\nx-sum: 2"), "{answer}");
}

#[tokio::test]
async fn a_body_that_stalls_is_answered_with_408() {
    let upstream = Upstream::play(|_, mut conn| async move {
        let _ = conn.request().await;
        conn.closed().await;
    })
    .await;
    let mut setup = Setup::to(upstream.url());
    setup.settings.server.timeouts.body = tollgate_core::units::Interval(Duration::from_millis(100));
    let gate = setup.start().await;
    let answer = gate.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello").await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("request.timeout"), "{answer}");
}

/// The connections of a thread read into one buffer, as long as nobody holds what came in it; who sends a POST holds it
/// until it is written, who sends a PUT until it is answered.
#[tokio::test]
async fn large_bodies_that_come_to_one_thread_at_the_same_time_stay_apart() {
    let upstream = Upstream::play(|_, mut conn| async move {
        while let Some(request) = conn.request().await {
            let (_, body) = request.split_once("\r\n\r\n").unwrap();
            conn.send(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())).await;
        }
    })
    .await;
    let gate = Gate::before(&upstream).await;
    let mut clients = Vec::new();
    for _ in 0..6 {
        clients.push(gate.client().await);
    }
    for round in 0..20 {
        let bodies = |number: usize| {
            [0, 1].map(|which| format!("{round}.{number}.{which};").repeat(700 + 60 * (number + round + which)))
        };
        for (number, client) in clients.iter_mut().enumerate() {
            // Two at a time, so that one begins where the other ends.
            let [first, second] = bodies(number);
            let (one, other) = if (number + round) % 2 == 0 { ("POST", "PUT") } else { ("PUT", "POST") };
            let request = |method: &str, body: &str| {
                format!("{method} / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len())
            };
            client.send(request(one, &first) + &request(other, &second)).await;
        }
        for (number, client) in clients.iter_mut().enumerate() {
            for body in bodies(number) {
                let answer = client.answer().await;
                let (_, back) = answer.split_once("\r\n\r\n").unwrap();
                assert!(back == body, "{} bytes of {number} in round {round} came back otherwise", body.len());
            }
        }
    }
}
