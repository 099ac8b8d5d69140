//! What flows through a tunnel.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::sync::mpsc::unbounded_channel;

use crate::app::{App, Draft};
use crate::wire::{Upstream, soon};
use crate::{forwarding, switched, switching};

#[tokio::test]
async fn either_side_may_end_its_own_direction_and_go_on_listening() {
    let upstream = switching(|mut conn| async move {
        assert_eq!(conn.rest().await, "question");
        conn.send("answer").await;
    })
    .await;
    let app = App::start(forwarding(&upstream)).await;
    let mut client = switched(&app).await;
    client.send("question").await;
    client.half_close().await;
    assert_eq!(client.rest().await.0, "answer");
    let line = app.log.line().await;
    assert_eq!((&line["reason"], &line["fields"]["tunnel"]["endedBy"]), (&json!("ok"), &json!("client")));

    let (tell, mut told) = unbounded_channel();
    let upstream = switching(move |mut conn| {
        let tell = tell.clone();
        async move {
            conn.send("goodbye").await;
            conn.half_close().await;
            let _ = tell.send(conn.rest().await);
        }
    })
    .await;
    let app = App::start(forwarding(&upstream)).await;
    let mut client = switched(&app).await;
    client.until("goodbye").await;
    client.send("thanks").await;
    client.half_close().await;
    assert_eq!(client.rest().await.0, "");
    assert_eq!(soon("the rest", told.recv()).await.unwrap(), "thanks");
    let line = app.log.line().await;
    assert_eq!((&line["reason"], &line["fields"]["tunnel"]["endedBy"]), (&json!("ok"), &json!("upstream")));
}

/// Bytes that can be told from each other.
fn piece(number: usize) -> Vec<u8> {
    (0..64 * 1024).map(|at| u8::try_from((at * 7 + number) % 251).unwrap()).collect()
}

const PIECES: usize = 512;

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_rests_stops_its_sender_and_loses_nothing() {
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    let upstream = switching(move |mut conn| {
        let counted = Arc::clone(&counted);
        async move {
            for number in 0..PIECES {
                if conn.try_send(piece(number)).await.is_err() {
                    return;
                }
                counted.fetch_add(1, Ordering::SeqCst);
            }
            conn.closed().await;
        }
    })
    .await;
    let app = App::start(forwarding(&upstream)).await;
    let mut client = switched(&app).await;
    // The sender fills the sockets' buffers and then stands still.
    let mut before = usize::MAX;
    soon("the sender's standstill", async {
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let now = sent.load(Ordering::SeqCst);
            if now == before {
                break;
            }
            before = now;
        }
    })
    .await;
    assert!(before < PIECES, "32 MiB were sent to a client that reads nothing");
    for number in 0..PIECES {
        assert!(client.exactly(64 * 1024).await == piece(number), "piece {number}");
    }
    drop(client);
    assert_eq!(app.log.line().await["bytesOut"], PIECES * 64 * 1024);
}

#[tokio::test(flavor = "multi_thread")]
async fn large_amounts_pass_in_both_directions_at_once() {
    let upstream = switching(|mut conn| async move {
        while let Some(bytes) = conn.some().await {
            if conn.try_send(bytes).await.is_err() {
                return;
            }
        }
    })
    .await;
    let app = App::start(forwarding(&upstream)).await;
    let (mut reader, mut writer) = switched(&app).await.split();
    let writing = tokio::spawn(async move {
        for number in 0..PIECES {
            writer.send(piece(number)).await;
        }
        writer.half_close().await;
    });
    for number in 0..PIECES {
        assert!(reader.exactly(64 * 1024).await == piece(number), "piece {number}");
    }
    writing.await.unwrap();
    drop(reader);
    let line = app.log.line().await;
    let bytes = PIECES * 64 * 1024;
    assert_eq!((line["bytesIn"].as_u64(), line["bytesOut"].as_u64()), (Some(bytes as u64), Some(bytes as u64)));
}

#[tokio::test]
async fn a_reload_leaves_a_tunnel_alone_and_a_tunnel_keeps_no_project() {
    let upstream = switching(|mut conn| async move {
        while let Some(bytes) = conn.some().await {
            conn.send(bytes).await;
        }
    })
    .await;
    let app = App::start(forwarding(&upstream)).await;
    let mut client = switched(&app).await;
    let before = Arc::downgrade(&app.gateway.snapshot());
    drop(app.apply(Draft::new()));
    client.send("still here").await;
    client.until("still here").await;
    assert!(before.upgrade().is_none(), "the old project is gone");
    drop(client);
    assert_eq!(app.log.line().await["reason"], "ok");
}

#[tokio::test]
async fn a_tunnel_is_not_held_to_the_timeouts_of_requests() {
    let upstream = switching(|mut conn| async move {
        while let Some(bytes) = conn.some().await {
            conn.send(bytes).await;
        }
    })
    .await;
    let short = Duration::from_millis(50);
    let draft = Draft::new()
        .settings(|settings| {
            settings.server.timeouts.keep_alive.0 = short;
            settings.server.timeouts.head.0 = short;
            settings.server.timeouts.body.0 = short;
        })
        .route_with("GET /ws", "forward", json!({ "upstream": upstream.url() }), |route| {
            route.timeouts.first_byte = Some(Duration::from_secs(1));
            route.timeouts.idle = Some(short);
            route.timeouts.total = Some(Duration::from_secs(1));
        });
    let app = App::start(draft).await;
    let mut client = switched(&app).await;
    for wait in [100, 200, 1000] {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        client.send("ping").await;
        client.until("ping").await;
    }
}

#[tokio::test]
async fn an_upstream_without_an_answer_to_a_handshake_is_a_504() {
    let upstream = Upstream::play(|_, mut conn| async move {
        conn.head().await;
        conn.closed().await;
    })
    .await;
    let draft = Draft::new().route_with("GET /ws", "forward", json!({ "upstream": upstream.url() }), |route| {
        route.timeouts.first_byte = Some(Duration::from_millis(50));
    });
    let app = App::start(draft).await;
    let mut client = crate::wire::Client::connect(app.address).await;
    client.send(crate::HANDSHAKE).await;
    let answer = client.answer().await;
    assert!(answer.starts_with("HTTP/1.1 504 "), "{answer}");
}
