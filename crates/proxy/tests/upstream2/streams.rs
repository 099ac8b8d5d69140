//! Many exchanges on few connections, and streams in both directions at once.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::unbounded_channel;
use tollgate_core::units::Interval;

use super::peer::{DATA, END_STREAM, Peers};
use super::server::{GET, Server, ask, gate, setup};
use super::support::soon;

/// A server that answers once `gate` lets it.
async fn held(open: Arc<Semaphore>) -> (Peers, tokio::sync::mpsc::UnboundedReceiver<usize>) {
    let (tell, told) = unbounded_channel();
    let peers = Peers::play(&[], move |number, mut peer| {
        let (open, tell) = (Arc::clone(&open), tell.clone());
        async move {
            let mut streams = Vec::new();
            loop {
                tokio::select! {
                    stream = peer.request() => {
                        let Some(stream) = stream else { return };
                        streams.push(stream);
                        let _ = tell.send(number);
                    }
                    permit = open.acquire(), if !streams.is_empty() => {
                        permit.unwrap().forget();
                        let stream = streams.remove(0);
                        peer.answer(stream).await;
                    }
                }
            }
        }
    })
    .await;
    (peers, told)
}

#[tokio::test]
async fn exchanges_at_the_same_moment_share_a_connection() {
    let open = Arc::new(Semaphore::new(0));
    let (peers, mut told) = held(Arc::clone(&open)).await;
    let gate = gate(peers.url()).await;
    let asking = futures_util::future::join_all((0..50).map(|_| ask(&gate, GET)));
    let releasing = async {
        for _ in 0..50 {
            assert_eq!(soon("a request", told.recv()).await, Some(0));
        }
        open.add_permits(50);
    };
    let (answers, ()) = tokio::join!(asking, releasing);
    assert!(answers.iter().all(|answer| answer.starts_with("HTTP/1.1 200")), "{answers:?}");
    assert_eq!(peers.connections(), 1);
    assert_eq!(gate.records().iter().filter(|record| !record.attempts[0].reused).count(), 1);
}

#[tokio::test]
async fn a_connection_that_allows_one_stream_is_given_one() {
    const ONE: &[(u16, u32)] = &[(3, 1)];
    let peers = Peers::play(ONE, |_, mut peer| async move {
        let mut open: Option<u32> = None;
        loop {
            // Whoever opens a second stream meanwhile is found out.
            let waited = tokio::time::timeout(std::time::Duration::from_millis(20), peer.request()).await;
            match waited {
                Ok(None) => return,
                Ok(Some(stream)) => {
                    assert_eq!(open, None, "two streams at once");
                    open = Some(stream);
                }
                Err(_) => {
                    if let Some(stream) = open.take() {
                        peer.answer(stream).await;
                    }
                }
            }
        }
    })
    .await;
    let gate = gate(peers.url()).await;
    let answers = futures_util::future::join_all((0..8).map(|_| ask(&gate, GET))).await;
    assert!(answers.iter().all(|answer| answer.starts_with("HTTP/1.1 200")), "{answers:?}");
    assert!(gate.records().iter().all(|record| record.attempts.len() == 1), "none had to be sent again");
}

#[tokio::test]
async fn messages_pass_one_by_one_in_both_directions() {
    let server = Server::start(|mut call| async move {
        let mut stream = call.answer.send_response(Response::new(()), false).unwrap();
        while let Some(piece) = call.piece().await {
            stream.send_data(Bytes::from([b"echo:", &piece[..]].concat()), false).unwrap();
        }
        stream.send_data(Bytes::new(), true).unwrap();
    })
    .await;
    let gate = gate(server.url()).await;
    let mut client = gate.client().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    for word in ["one", "two", "three"] {
        client.send(format!("{:x}\r\n{word}\r\n", word.len())).await;
        client.until(&format!("echo:{word}\r\n")).await;
    }
    client.send("0\r\n\r\n").await;
    client.until("0\r\n\r\n").await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_one_that_is_old_takes_no_further_request() {
    let idle = Peers::play(&[], |_, peer| peer.serve()).await;
    let mut with = setup(idle.url());
    with.upstream.pool.idle_timeout = Interval::from_millis(50);
    let gate = with.start().await;
    assert!(ask(&gate, GET).await.starts_with("HTTP/1.1 200"));
    soon("the end of the idle connection", async {
        while gate.upstream.idle_connections() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;

    let old = Peers::play(&[], |_, peer| peer.serve()).await;
    let mut with = setup(old.url());
    with.upstream.http2.connection_age = Interval::from_millis(1);
    let gate = with.start().await;
    for _ in 0..3 {
        assert!(ask(&gate, GET).await.starts_with("HTTP/1.1 200"));
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_eq!(old.connections(), 3);
}

#[tokio::test]
async fn a_client_that_leaves_resets_its_stream_and_the_connection_lives_on() {
    for begun in [false, true] {
        let (tell, mut told) = unbounded_channel();
        let peers = Peers::play(&[], move |_, mut peer| {
            let tell = tell.clone();
            async move {
                let stream = peer.request().await.unwrap();
                if begun {
                    peer.head(stream, 0).await;
                    peer.send(DATA, 0, stream, b"hello").await;
                }
                let _ = tell.send((stream, 0));
                let _ = tell.send(peer.reset().await.unwrap());
                peer.serve().await;
            }
        })
        .await;
        let gate = gate(peers.url()).await;
        let mut client = gate.client().await;
        client.send(GET).await;
        let (stream, _) = soon("the request", told.recv()).await.unwrap();
        if begun {
            client.until("hello").await;
        }
        let left = tokio::time::Instant::now();
        drop(client);
        let cancel = 8;
        assert_eq!(soon("the reset", told.recv()).await, Some((stream, cancel)));
        assert!(left.elapsed() < std::time::Duration::from_secs(1));
        assert!(ask(&gate, GET).await.starts_with("HTTP/1.1 200"));
        assert_eq!(peers.connections(), 1);
    }
}

#[tokio::test]
async fn a_request_that_breaks_off_does_not_look_complete() {
    for head in ["Content-Length: 10\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"] {
        let (tell, mut told) = unbounded_channel();
        let peers = Peers::play(&[], move |_, mut peer| {
            let tell = tell.clone();
            async move {
                let mut ended = false;
                while let Some(frame) = peer.next().await {
                    ended |= frame.flags & END_STREAM != 0 && frame.kind <= 1;
                    if frame.kind == DATA && frame.payload == b"hello" {
                        let _ = tell.send(false);
                    }
                    if frame.kind == 3 {
                        let _ = tell.send(!ended);
                    }
                }
            }
        })
        .await;
        let gate = gate(peers.url()).await;
        let mut client = gate.client().await;
        client.send(format!("POST / HTTP/1.1\r\nHost: a\r\n{head}")).await;
        soon("the piece", told.recv()).await;
        drop(client);
        assert_eq!(soon("the reset", told.recv()).await, Some(true));
    }
}
