//! Connections that are used again, and those that must not be.

use super::support::{Conn, Gate, OK, Setup, Upstream, soon};

async fn ask(gate: &Gate, request: &str) -> String {
    let mut client = gate.client().await;
    client.send(request).await;
    client.answer().await
}

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const POST: &str = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";

#[tokio::test]
async fn one_connection_serves_one_request_after_the_other() {
    let (upstream, _seen) = Upstream::echoing(OK).await;
    let gate = Gate::before(&upstream).await;
    for request in [GET, POST, GET, POST] {
        assert!(ask(&gate, request).await.starts_with("HTTP/1.1 200"));
    }
    assert_eq!(upstream.connections(), 1);
    let reused: Vec<bool> = gate.records().iter().map(|record| record.attempts[0].reused).collect();
    assert_eq!(reused, [false, true, true, true]);
}

#[tokio::test]
async fn a_connection_with_surplus_bytes_is_not_used_again() {
    for answer in [
        &b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil"[..],
        b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil",
    ] {
        let (upstream, _seen) = Upstream::echoing(answer).await;
        let gate = Gate::before(&upstream).await;
        for round in 1..=3 {
            let mut client = gate.client().await;
            client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
            let (answer, _) = client.rest().await;
            assert!(!answer.contains("evil"), "{answer}");
            assert_eq!(upstream.connections(), round);
        }
    }
}

#[tokio::test]
async fn a_connection_that_the_upstream_wants_closed_is_not_used_again() {
    let (upstream, _seen) =
        Upstream::echoing(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok").await;
    let gate = Gate::before(&upstream).await;
    for round in 1..=3 {
        let answer = ask(&gate, GET).await;
        assert!(answer.starts_with("HTTP/1.1 200") && !answer.contains("close"), "{answer}");
        assert_eq!(upstream.connections(), round);
    }
}

/// An upstream that answers once on each connection and then does `after`.
async fn once_each<F>(after: impl Fn(Conn) -> F + Send + Sync + Copy + 'static) -> Upstream
where
    F: Future<Output = ()> + Send + 'static,
{
    Upstream::play(move |_, mut conn| async move {
        if conn.request().await.is_some() {
            conn.send(OK).await;
            after(conn).await;
        }
    })
    .await
}

#[tokio::test]
async fn a_connection_that_closed_while_idle_is_noticed_before_anything_is_sent() {
    let upstream = once_each(|conn| async move { drop(conn) }).await;
    let gate = Gate::before(&upstream).await;
    for round in 1..=20 {
        // A POST may not be sent twice: it succeeds because the dead connection is never tried,
        // or because nothing of it has been sent there.
        let answer = ask(&gate, POST).await;
        if round > 1 && answer.starts_with("HTTP/1.1 502") {
            // The close was still under way when the request went out.
            continue;
        }
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

/// The connection closes at the moment the second request arrives on it.
async fn closes_on_the_second_request() -> Upstream {
    once_each(|mut conn| async move {
        conn.head().await;
    })
    .await
}

#[tokio::test]
async fn a_request_that_may_be_repeated_survives_a_connection_that_dies_under_it() {
    let upstream = closes_on_the_second_request().await;
    let gate = Gate::before(&upstream).await;
    assert!(ask(&gate, GET).await.starts_with("HTTP/1.1 200"));
    assert!(ask(&gate, GET).await.starts_with("HTTP/1.1 200"));
    let attempts: Vec<_> = gate.records()[1].attempts.iter().map(|a| (a.outcome, a.reused)).collect();
    assert_eq!(attempts, [("upstream.reset", true), ("ok", false)]);
    assert_eq!(upstream.connections(), 2);
}

#[tokio::test]
async fn a_body_goes_with_the_request_that_is_repeated() {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let upstream = Upstream::play(move |number, mut conn| {
        let tell = tell.clone();
        async move {
            // The first connection dies when it has read its second request.
            let mut answers = if number == 0 { 1 } else { usize::MAX };
            while let Some(request) = conn.request().await {
                let _ = tell.send(request);
                if answers == 0 {
                    return;
                }
                answers -= 1;
                conn.send(OK).await;
            }
        }
    })
    .await;
    let gate = Gate::before(&upstream).await;
    let body = "0123456789".repeat(500);
    let put = format!("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    for _ in 0..2 {
        let answer = ask(&gate, &put).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    assert_eq!(upstream.connections(), 2);
    for _ in 0..3 {
        let request = soon("the request", told.recv()).await.unwrap();
        assert!(request.ends_with(&format!("\r\n\r\n{body}")), "{request}");
    }
}

#[tokio::test]
async fn a_request_that_may_not_be_repeated_is_never_sent_twice() {
    let upstream = closes_on_the_second_request().await;
    let gate = Gate::before(&upstream).await;
    assert!(ask(&gate, GET).await.starts_with("HTTP/1.1 200"));
    let answer = ask(&gate, POST).await;
    assert!(answer.starts_with("HTTP/1.1 502") && answer.contains("upstream.reset"), "{answer}");
    assert_eq!(upstream.connections(), 1);
}

#[tokio::test]
async fn an_answer_that_has_begun_is_never_asked_for_again() {
    let upstream = once_each(|mut conn| async move {
        conn.head().await;
        conn.send("HTTP/1.1 200 OK\r\n").await;
    })
    .await;
    let gate = Gate::before(&upstream).await;
    assert!(ask(&gate, GET).await.starts_with("HTTP/1.1 200"));
    let answer = ask(&gate, GET).await;
    assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
    assert_eq!(upstream.connections(), 1);
}

#[tokio::test]
async fn idle_connections_are_closed_when_they_grow_old() {
    let upstream = once_each(|mut conn| async move { conn.closed().await }).await;
    let mut setup = Setup::to(upstream.url());
    setup.upstream.pool.idle_timeout = tollgate_core::units::Interval::from_millis(50);
    let gate = setup.start().await;
    assert!(ask(&gate, GET).await.starts_with("HTTP/1.1 200"));
    soon("the end of the idle connection", async {
        while gate.upstream.idle_connections() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn no_more_connections_are_kept_than_the_pool_allows() {
    let (upstream, _seen) = Upstream::echoing(OK).await;
    let mut setup = Setup::to(upstream.url());
    setup.upstream.pool.idle_connections = 2;
    let gate = setup.start().await;
    futures_util::future::join_all((0..8).map(|_| ask(&gate, GET))).await;
    assert!(gate.upstream.idle_connections() <= 2);
}
