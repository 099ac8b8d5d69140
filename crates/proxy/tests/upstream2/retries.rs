//! What is sent again, and what never is.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::peer::{DATA, Peers};
use super::server::{GET, ask, gate};

const POST: &str = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";
const CHUNKED: &str = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
const REFUSED_STREAM: u32 = 7;
const INTERNAL_ERROR: u32 = 2;
const NO_ERROR: u32 = 0;

/// The outcomes of the last exchange's attempts.
fn outcomes(gate: &super::support::Gate) -> Vec<&'static str> {
    gate.records().last().unwrap().attempts.iter().map(|attempt| attempt.outcome).collect()
}

#[tokio::test]
async fn a_refused_stream_is_opened_again_whatever_the_method() {
    for request in [GET, POST, CHUNKED] {
        let peers = Peers::play(&[], |_, mut peer| async move {
            let stream = peer.request().await.unwrap();
            peer.refuse(stream, REFUSED_STREAM).await;
            peer.serve().await;
        })
        .await;
        let gate = gate(peers.url()).await;
        assert!(ask(&gate, request).await.starts_with("HTTP/1.1 200"), "{request}");
        assert_eq!(outcomes(&gate), ["upstream.reset", "ok"]);
    }
}

#[tokio::test]
async fn a_stream_that_is_always_refused_is_a_502_in_the_end() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let peers = Peers::play(&[], move |_, mut peer| {
        let counted = Arc::clone(&counted);
        async move {
            while let Some(stream) = peer.request().await {
                counted.fetch_add(1, Ordering::SeqCst);
                peer.refuse(stream, REFUSED_STREAM).await;
            }
        }
    })
    .await;
    let gate = gate(peers.url()).await;
    assert!(ask(&gate, GET).await.starts_with("HTTP/1.1 502"));
    assert_eq!(asked.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn streams_beyond_a_goaway_go_elsewhere_and_those_before_it_finish() {
    let peers = Peers::play(&[], |number, mut peer| async move {
        if number > 0 {
            return peer.serve().await;
        }
        let (first, second) = (peer.request().await.unwrap(), peer.request().await.unwrap());
        peer.head_of(first, "5").await;
        peer.go_away(first, NO_ERROR).await;
        assert!(second > first);
        peer.send(DATA, 1, first, b"whole").await;
        while peer.next().await.is_some() {}
    })
    .await;
    let gate = gate(peers.url()).await;
    let (one, other) = tokio::join!(ask(&gate, POST), ask(&gate, POST));
    let mut answers = [one, other];
    answers.sort_by_key(|answer| answer.contains("whole"));
    assert!(answers[0].starts_with("HTTP/1.1 200") && answers[0].ends_with("ok"), "{answers:?}");
    assert!(answers[1].starts_with("HTTP/1.1 200") && answers[1].contains("whole"), "{answers:?}");
    assert_eq!(peers.connections(), 2);
}

#[tokio::test]
async fn after_a_goaway_nothing_new_is_sent_on_the_connection() {
    let peers = Peers::play(&[], |_, mut peer| async move {
        while let Some(stream) = peer.request().await {
            peer.answer(stream).await;
            peer.go_away(stream, NO_ERROR).await;
        }
    })
    .await;
    let gate = gate(peers.url()).await;
    for round in 1..=5 {
        assert!(ask(&gate, POST).await.starts_with("HTTP/1.1 200"));
        assert_eq!(peers.connections(), round);
    }
}

#[tokio::test]
async fn what_the_upstream_may_have_begun_is_not_sent_again() {
    for (request, code) in [(GET, INTERNAL_ERROR), (POST, INTERNAL_ERROR)] {
        let peers = Peers::play(&[], move |_, mut peer| async move {
            while let Some(stream) = peer.request().await {
                peer.refuse(stream, code).await;
            }
        })
        .await;
        let gate = gate(peers.url()).await;
        let answer = ask(&gate, request).await;
        assert!(answer.starts_with("HTTP/1.1 502") && answer.contains("upstream.reset"), "{answer}");
        assert_eq!(outcomes(&gate), ["upstream.reset"]);
    }
}

/// The first connection answers once and dies under the second request.
async fn dies_on_the_second_request() -> Peers {
    Peers::play(&[], |number, mut peer| async move {
        let stream = peer.request().await.unwrap();
        peer.answer(stream).await;
        if number > 0 {
            return peer.serve().await;
        }
        peer.request().await;
        peer.cut();
    })
    .await
}

#[tokio::test]
async fn a_connection_that_dies_without_a_word_is_replaced_for_what_may_be_repeated() {
    let peers = dies_on_the_second_request().await;
    let gate = gate(peers.url()).await;
    assert!(ask(&gate, GET).await.starts_with("HTTP/1.1 200"));
    assert!(ask(&gate, GET).await.starts_with("HTTP/1.1 200"));
    assert_eq!((outcomes(&gate), peers.connections()), (vec!["upstream.reset", "ok"], 2));
}

#[tokio::test]
async fn a_post_is_never_sent_twice_over_a_connection_that_dies() {
    for request in [POST, CHUNKED] {
        let peers = dies_on_the_second_request().await;
        let gate = gate(peers.url()).await;
        assert!(ask(&gate, GET).await.starts_with("HTTP/1.1 200"));
        let answer = ask(&gate, request).await;
        assert!(answer.starts_with("HTTP/1.1 502") && answer.contains("upstream.reset"), "{answer}");
        assert_eq!(peers.connections(), 1);
    }
}
