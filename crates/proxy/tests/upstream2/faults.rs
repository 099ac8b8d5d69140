//! Answers that break off, and upstreams that break the rules.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::peer::{DATA, HEADERS, Peer, Peers};
use super::server::{GET, ask, gate};
use super::support::{Setup, Upstream, soon};

/// What is left for the client of an answer that ends by `fault` after `hello`.
async fn cut_by<F>(fault: impl Fn(Peer, u32) -> F + Send + Sync + Copy + 'static) -> String
where
    F: Future<Output = ()> + Send + 'static,
{
    let seen = Arc::new(Semaphore::new(0));
    let wait = Arc::clone(&seen);
    let peers = Peers::play(&[], move |_, mut peer| {
        let wait = Arc::clone(&wait);
        async move {
            let stream = peer.request().await.unwrap();
            peer.head(stream, 0).await;
            peer.send(DATA, 0, stream, b"hello").await;
            wait.acquire().await.unwrap().forget();
            fault(peer, stream).await;
        }
    })
    .await;
    let gate = gate(peers.url()).await;
    let mut client = gate.client().await;
    client.send(GET).await;
    let begun = client.until("hello\r\n").await;
    seen.add_permits(1);
    begun + &soon("the end", client.rest()).await.0
}

/// A chunked body that ends without its last chunk is seen to be cut.
#[track_caller]
fn assert_cut(answer: &str) {
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("5\r\nhello\r\n"), "{answer}");
}

#[tokio::test]
async fn an_answer_that_is_reset_in_its_middle_breaks_the_clients_connection_off() {
    // NO_ERROR and CANCEL before the end of the answer are no end either.
    assert_cut(
        &cut_by(|mut peer, stream| async move {
            peer.refuse(stream, 0).await;
            peer.serve().await;
        })
        .await,
    );
    assert_cut(
        &cut_by(|mut peer, stream| async move {
            peer.refuse(stream, 2).await;
            peer.serve().await;
        })
        .await,
    );
    assert_cut(
        &cut_by(|mut peer, stream| async move {
            peer.refuse(stream, 8).await;
            peer.serve().await;
        })
        .await,
    );
}

#[tokio::test]
async fn a_connection_that_is_cut_in_the_middle_of_a_body_is_no_end_of_it() {
    assert_cut(&cut_by(|peer, _| async move { drop(peer) }).await);
    assert_cut(&cut_by(|peer, _| async move { peer.cut() }).await);
    assert_cut(&cut_by(|mut peer, stream| async move { peer.go_away(stream, 2).await }).await);
}

#[tokio::test]
async fn a_whole_answer_stays_whole_though_the_request_is_refused_afterwards() {
    let peers = Peers::play(&[], |_, mut peer| async move {
        let stream = peer.request().await.unwrap();
        peer.answer(stream).await;
        peer.refuse(stream, 0).await;
        peer.serve().await;
    })
    .await;
    let gate = gate(peers.url()).await;
    let mut client = gate.client().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nsome").await;
    let answer = client.until("\r\n\r\nok").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn an_answer_that_breaks_a_rule_is_502() {
    /// A connection-specific field; a body longer than its Content-Length; an upper-case name.
    const HEADS: [&[u8]; 3] =
        [b"\x88\x00\x0aconnection\x05close", b"\x88\x00\x0econtent-length\x01x", b"\x88\x00\x01A\x01b"];
    for head in HEADS {
        let peers = Peers::play(&[], move |_, mut peer| async move {
            while let Some(stream) = peer.request().await {
                peer.send(HEADERS, 5, stream, head).await;
            }
        })
        .await;
        let gate = gate(peers.url()).await;
        let answer = ask(&gate, GET).await;
        assert!(answer.starts_with("HTTP/1.1 502") && answer.contains("upstream.malformed"), "{answer}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_as_long_as_promised_is_seen_to_be_cut() {
    for (length, body) in [("9", &b"hello"[..]), ("2", b"hello")] {
        let peers = Peers::play(&[], move |_, mut peer| async move {
            let stream = peer.request().await.unwrap();
            let head = [&b"\x88\x00\x0econtent-length\x01"[..], length.as_bytes()].concat();
            peer.send(HEADERS, 4, stream, &head).await;
            peer.send(DATA, 1, stream, body).await;
            while peer.next().await.is_some() {}
        })
        .await;
        let gate = gate(peers.url()).await;
        let mut client = gate.client().await;
        client.send(GET).await;
        let (answer, _) = soon("the end", client.rest()).await;
        let length: usize = length.parse().unwrap();
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        assert!(body.len() < length || !answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

#[tokio::test]
async fn an_upstream_of_http1_is_told_apart() {
    let upstream = Upstream::play(|_, mut conn| async move {
        conn.until("\r\n\r\n").await;
        conn.send("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
        conn.closed().await;
    })
    .await;
    let gate = gate(upstream.url()).await;
    let answer = ask(&gate, GET).await;
    assert!(answer.starts_with("HTTP/1.1 502") && answer.contains("upstream.no_http2"), "{answer}");
}

/// The other way round: a server of HTTP/2 is spoken to in HTTP/1, because nothing said otherwise.
#[tokio::test]
async fn an_upstream_of_nothing_but_http2_is_told_with_what_to_write() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            // It says what it is before it reads what it does not understand.
            let _ = h2::server::handshake(socket).await;
        }
    });
    let gate = Setup::to(url).start().await;
    let answer = ask(&gate, GET).await;
    assert!(answer.starts_with("HTTP/1.1 502") && answer.contains("upstream.only_http2"), "{answer}");
    let record = gate.records().pop().unwrap();
    assert_eq!(record.attempts.len(), 1, "nothing is gained by asking again");
    let answer = Upstream::play(|_, mut conn| async move {
        conn.until("\r\n\r\n").await;
        conn.send(b"\0\0\0\x04\0\0\0\0\0\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01").await;
    })
    .await;
    let answer = ask(&Setup::to(answer.url()).start().await, GET).await;
    assert!(answer.contains("upstream.only_http2") && answer.contains("`protocol: http2`"), "{answer}");
}

#[tokio::test]
async fn an_upstream_that_is_not_there_is_502_for_everybody_who_waits() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let gate = gate(url).await;
    for answer in futures_util::future::join_all((0..10).map(|_| ask(&gate, GET))).await {
        assert!(answer.starts_with("HTTP/1.1 502") && answer.contains("upstream.connect_refused"), "{answer}");
    }
}
