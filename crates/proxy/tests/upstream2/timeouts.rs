//! An upstream that is silent at each place where it may be.

use std::time::Duration;

use tollgate_core::units::Interval;

use super::peer::{DATA, Peers};
use super::server::{GET, ask, setup};
use super::support::{Setup, Upstream, soon};

const SHORT: Duration = Duration::from_millis(100);

async fn silent(begun: bool) -> Peers {
    Peers::play(&[], move |_, mut peer| async move {
        while let Some(stream) = peer.request().await {
            if begun {
                peer.head(stream, 0).await;
                peer.send(DATA, 0, stream, b"hello").await;
            }
        }
    })
    .await
}

#[tokio::test]
async fn no_head_in_time_is_504() {
    type Change = fn(&mut Setup);
    let cases: [(Change, &str); 2] = [
        (|with| with.timeouts.first_byte = Some(SHORT), "upstream.timeout.first_byte"),
        (|with| with.timeouts.total = Some(SHORT), "upstream.timeout.total"),
    ];
    for (change, reason) in cases {
        let peers = silent(false).await;
        let mut with = setup(peers.url());
        change(&mut with);
        let gate = with.start().await;
        let answer = ask(&gate, GET).await;
        assert!(answer.starts_with("HTTP/1.1 504") && answer.contains(reason), "{answer}");
        assert_eq!(gate.records()[0].attempts[0].outcome, reason);
    }
}

#[tokio::test]
async fn a_stalled_answer_breaks_the_clients_connection_off() {
    for total in [false, true] {
        let peers = silent(true).await;
        let mut with = setup(peers.url());
        if total {
            with.timeouts.total = Some(SHORT)
        } else {
            with.timeouts.idle = Some(SHORT)
        }
        let gate = with.start().await;
        let mut client = gate.client().await;
        client.send(GET).await;
        let (answer, _) = soon("the end", client.rest()).await;
        assert!(answer.ends_with("5\r\nhello\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn no_greeting_in_time_is_a_connection_that_was_not_made() {
    let mute = Upstream::play(|_, mut conn| async move { conn.closed().await }).await;
    let mut with = setup(mute.url());
    with.timeouts.connect = SHORT;
    let gate = with.start().await;
    let answer = ask(&gate, GET).await;
    assert!(answer.starts_with("HTTP/1.1 504") && answer.contains("upstream.timeout.connect"), "{answer}");
}

#[tokio::test]
async fn an_upstream_that_stalls_its_window_is_504() {
    // A window of ten bytes that is never opened again.
    let peers = Peers::play(&[(4, 10)], |_, mut peer| async move { while peer.next().await.is_some() {} }).await;
    let mut with = setup(peers.url());
    with.timeouts.idle = Some(Duration::from_millis(300));
    let gate = with.start().await;
    let mut client = gate.client().await;
    client.send(format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n{}", "x".repeat(500_000))).await;
    let answer = client.until("\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 504"), "{answer}");
}

#[tokio::test]
async fn a_connection_that_was_silent_through_a_timeout_is_not_used_again() {
    let peers = Peers::play(&[], |number, mut peer| async move {
        if number > 0 {
            return peer.serve().await;
        }
        while peer.next().await.is_some() {}
    })
    .await;
    let mut with = setup(peers.url());
    with.timeouts.first_byte = Some(SHORT);
    let gate = with.start().await;
    assert!(ask(&gate, GET).await.starts_with("HTTP/1.1 504"));
    assert!(ask(&gate, GET).await.starts_with("HTTP/1.1 200"));
    assert_eq!(peers.connections(), 2);
}

#[tokio::test]
async fn a_connection_that_still_answers_survives_the_timeout_of_one_exchange() {
    let peers = Peers::play(&[], |_, mut peer| async move {
        let slow = peer.request().await.unwrap();
        while let Some(stream) = peer.request().await {
            assert_ne!(stream, slow);
            peer.answer(stream).await;
        }
    })
    .await;
    let mut with = setup(peers.url());
    with.timeouts.first_byte = Some(Duration::from_secs(1));
    let gate = with.start().await;
    let mut slow = gate.client().await;
    slow.send(GET).await;
    soon("the first request", async {
        while peers.connections() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    tokio::time::sleep(SHORT).await;
    assert!(ask(&gate, GET).await.starts_with("HTTP/1.1 200"));
    assert!(slow.answer().await.starts_with("HTTP/1.1 504"));
    assert!(ask(&gate, GET).await.starts_with("HTTP/1.1 200"));
    assert_eq!(peers.connections(), 1);
}

/// The socket stays open, but nobody is behind it any more.
#[tokio::test]
async fn a_connection_that_answers_no_ping_is_given_up() {
    let peers = Peers::play(&[], |_, mut peer| async move {
        let stream = peer.request().await.unwrap();
        peer.head(stream, 0).await;
        peer.send(DATA, 0, stream, b"hello").await;
        // Bytes still arrive, and are read by nobody.
        std::future::pending::<()>().await;
        drop(peer);
    })
    .await;
    let mut with = setup(peers.url());
    with.timeouts.idle = None;
    with.upstream.http2.ping_interval = Interval::from_millis(50);
    let gate = with.start().await;
    let mut client = gate.client().await;
    client.send(GET).await;
    client.until("hello").await;
    let (answer, _) = soon("the end", client.rest()).await;
    assert!(!answer.ends_with("0\r\n\r\n"), "{answer}");
}
