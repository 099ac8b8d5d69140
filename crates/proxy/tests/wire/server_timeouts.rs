//! Clients that are slow.

use std::time::Duration;

use tollgate_core::units::Interval;

use super::support::{End, OK, Setup, Upstream, soon};

const SHORT: Interval = Interval(Duration::from_millis(150));

#[tokio::test]
async fn a_connection_without_a_request_is_closed() {
    let mut setup = Setup::to("http://127.0.0.1:1");
    setup.settings.server.timeouts.head = SHORT;
    let gate = setup.start().await;
    let (answer, end) = soon("the end", gate.client().await.rest()).await;
    assert_eq!((answer.as_str(), end), ("", End::Closed));
}

/// Each byte is in time, the head is not.
#[tokio::test]
async fn a_head_that_trickles_in_is_answered_with_408() {
    let mut setup = Setup::to("http://127.0.0.1:1");
    setup.settings.server.timeouts.head = SHORT;
    let gate = setup.start().await;
    let mut client = gate.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n").await;
    let head = soon("the answer", async {
        loop {
            if let Ok(head) = tokio::time::timeout(Duration::from_millis(20), client.until("\r\n\r\n")).await {
                return head;
            }
            client.send("X: y\r\n").await;
        }
    })
    .await;
    assert!(head.starts_with("HTTP/1.1 408 ") && head.contains("connection: close"), "{head}");
    assert_eq!(gate.bad_end().await.0, "request.timeout");
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_keep_alive_and_not_before_the_head_timeout_says() {
    let (upstream, _seen) = Upstream::echoing(OK).await;
    let mut setup = Setup::to(upstream.url());
    setup.settings.server.timeouts.head = SHORT;
    setup.settings.server.timeouts.keep_alive = Interval(Duration::from_millis(600));
    let gate = setup.start().await;
    let mut client = gate.client().await;
    for _ in 0..2 {
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert!(client.answer().await.starts_with("HTTP/1.1 200"));
        // Longer than a head may take, shorter than the connection may be idle.
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let (rest, end) = soon("the end", client.rest()).await;
    assert_eq!((rest.as_str(), end), ("", End::Closed));
}

/// The time that the upstream takes is not the client's.
#[tokio::test]
async fn a_slow_answer_is_not_a_slow_client() {
    let upstream = Upstream::play(|_, mut conn| async move {
        conn.head().await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        conn.send(OK).await;
    })
    .await;
    let mut setup = Setup::to(upstream.url());
    setup.settings.server.timeouts.head = SHORT;
    setup.settings.server.timeouts.keep_alive = SHORT;
    setup.settings.server.timeouts.body = SHORT;
    let gate = setup.start().await;
    let mut client = gate.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(client.answer().await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_client_that_does_not_take_its_answer_is_cut_off() {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let upstream = Upstream::play(move |_, mut conn| {
        let tell = tell.clone();
        async move {
            conn.head().await;
            conn.send("HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n").await;
            // Ends only when the gateway has closed the connection.
            conn.send(vec![b'x'; 100_000_000]).await;
            let _ = tell.send(());
        }
    })
    .await;
    let mut setup = Setup::to(upstream.url());
    setup.settings.server.timeouts.response = Interval::from_millis(300);
    let gate = setup.start().await;
    let mut client = gate.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.until("\r\n\r\n").await;
    soon("the end", told.recv()).await;
}

#[tokio::test]
async fn a_body_that_trickles_in_below_the_least_rate_is_answered_with_408() {
    let upstream = Upstream::play(|_, mut conn| async move {
        let _ = conn.request().await;
        conn.closed().await;
    })
    .await;
    let mut setup = Setup::to(upstream.url());
    setup.settings.server.timeouts.body = Interval::from_millis(500);
    let gate = setup.start().await;
    let mut client = gate.client().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n").await;
    soon("the end", async {
        // Each byte is in time.
        while client.try_send("x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let seen = client.rest().await.0;
    assert!(seen.is_empty() || seen.starts_with("HTTP/1.1 408 "), "{seen}");
}

/// `printf 'GET …' | nc gateway` does that.
#[tokio::test]
async fn a_client_that_ends_its_side_after_its_request_still_gets_its_answer() {
    let upstream = Upstream::play(|_, mut conn| async move {
        conn.request().await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        conn.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n").await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        conn.send("5\r\nworld\r\n").await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        conn.send("0\r\n\r\n").await;
    })
    .await;
    let gate = Setup::to(upstream.url()).start().await;
    for request in ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"]
    {
        let mut client = gate.client().await;
        client.send(request).await;
        client.half_close().await;
        let (answer, end) = client.rest().await;
        assert!(answer.ends_with("5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n"), "{answer}");
        assert_eq!(end, End::Closed);
    }
}

/// A connection that is old enough takes one more answer with it, and ends in order.
#[tokio::test]
async fn an_old_connection_is_told_that_its_answer_is_the_last_and_an_idle_one_is_closed() {
    let (upstream, _seen) = Upstream::echoing(OK).await;
    let mut setup = Setup::to(upstream.url());
    setup.settings.server.timeouts.connection_age.0 = Duration::from_millis(300);
    let gate = setup.start().await;
    let idle = gate.client().await;
    let mut busy = gate.client().await;
    let last = soon("the last answer", async {
        loop {
            busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
            let answer = busy.answer().await;
            assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
            if answer.to_lowercase().contains("connection: close") {
                return answer;
            }
        }
    })
    .await;
    assert!(last.ends_with("ok"), "{last}");
    assert_eq!(busy.rest().await.0, "");
    assert_eq!(idle.rest().await.0, "", "without a word");
    assert!(gate.all_well());
}

#[tokio::test]
async fn an_old_http2_connection_ends_with_goaway_and_loses_nothing() {
    let (upstream, _seen) = Upstream::echoing(OK).await;
    let mut setup = Setup::to(upstream.url());
    setup.settings.server.timeouts.connection_age.0 = Duration::from_millis(300);
    let gate = setup.start().await;
    let mut client = crate::support::frames::Frames::connect(gate.address).await;
    client.get(1).await;
    let goaway = client.next_of(&[crate::support::frames::GOAWAY]).await.unwrap();
    assert_eq!(goaway.payload[4..8], [0; 4], "NO_ERROR");
}
