//! Answers that come before the request has been sent.

use std::time::Duration;

use super::support::{Gate, Setup, Upstream, soon};

const REFUSED: &[u8] = b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 2\r\n\r\nno";

/// What a client that still sends sees of the answer.
async fn refused_upload(gate: &Gate) -> String {
    let mut client = gate.client().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\n").await;
    client.send(vec![b'x'; 100_000]).await;
    let answer = soon("the refusal", client.answer()).await;
    // It goes on sending, as many clients do, and must not be waited for.
    let _ = client.try_send(vec![b'x'; 100_000]).await;
    answer
}

#[tokio::test]
async fn an_upstream_that_refuses_a_body_and_closes_is_heard() {
    let upstream = Upstream::play(|_, mut conn| async move {
        conn.head().await;
        conn.send(REFUSED).await;
    })
    .await;
    let gate = Gate::before(&upstream).await;
    for _ in 0..5 {
        let answer = refused_upload(&gate).await;
        assert!(answer.starts_with("HTTP/1.1 413 ") && answer.ends_with("no"), "{answer}");
    }
}

#[tokio::test]
async fn a_connection_that_was_answered_too_early_is_not_used_again() {
    let upstream = Upstream::play(|_, mut conn| async move {
        conn.head().await;
        conn.send(REFUSED).await;
        conn.closed().await;
    })
    .await;
    let gate = Gate::before(&upstream).await;
    for round in 1..=3 {
        let answer = refused_upload(&gate).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        assert_eq!((upstream.connections(), gate.upstream.idle_connections()), (round, 0));
    }
}

/// The whole request has been sent when the second half of the answer comes.
#[tokio::test]
async fn a_connection_whose_upload_ended_within_the_answer_is_used_again() {
    let upstream = Upstream::play(|_, mut conn| async move {
        while conn.head().await.is_some() {
            conn.send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab").await;
            conn.until("0\r\n\r\n").await;
            conn.send("cd").await;
        }
    })
    .await;
    let gate = Gate::before(&upstream).await;
    for _ in 0..2 {
        let mut client = gate.client().await;
        client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n").await;
        client.until("\r\n\r\nab").await;
        client.send("0\r\n\r\n").await;
        client.until("cd").await;
        soon("the connection to be idle", async {
            while gate.upstream.idle_connections() == 0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
    assert_eq!(upstream.connections(), 1);
}

#[tokio::test]
async fn a_client_that_breaks_off_while_it_is_answered_ends_the_exchange() {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let upstream = Upstream::play(move |_, mut conn| {
        let tell = tell.clone();
        async move {
            conn.head().await;
            conn.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n").await;
            conn.closed().await;
            let _ = tell.send("closed");
        }
    })
    .await;
    let mut setup = Setup::to(upstream.url());
    setup.timeouts.idle = Some(Duration::from_secs(60));
    let gate = setup.start().await;
    let mut client = gate.client().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n").await;
    client.until("2\r\nab\r\n").await;
    drop(client);
    assert_eq!(soon("the end of the upstream's connection", told.recv()).await, Some("closed"));
}
