//! The end of a connection.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tollgate_core::units::Interval;

use crate::support::frames::*;
use crate::support::{End, OK, Setup, Upstream, h2_client, soon, whole};

#[tokio::test]
async fn streams_under_way_finish_after_goaway_and_new_ones_are_not_begun() {
    let (asked, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (script_asked, script_go) = (Arc::clone(&asked), Arc::clone(&go));
    let upstream = Upstream::play(move |_, mut conn| {
        let (asked, go) = (Arc::clone(&script_asked), Arc::clone(&script_go));
        async move {
            conn.request().await;
            asked.notify_one();
            go.notified().await;
            conn.send(OK).await;
        }
    })
    .await;
    let mut gate = Setup::to(upstream.url()).start().await;
    let mut client = Frames::connect(gate.address).await;
    let mut busy = h2_client(gate.address).await;
    let request = busy.request("GET", "/");
    let (answer, _) = busy.begin(request, false).await;
    soon("the request", asked.notified()).await;
    client.get(1).await;
    soon("the request", asked.notified()).await;

    gate.shutdown.cancel();
    // RFC 9113 §6.8: first without a limit, so that what is on its way is still taken; then, after
    // a round trip, with the last stream that is answered.
    let first = client.next_of(&[GOAWAY]).await.unwrap();
    assert_eq!((&first.payload[..4], first.code()), (&[0x7f, 0xff, 0xff, 0xff][..], 0));
    let ping = client.next_of(&[PING]).await.unwrap();
    client.send(PING, 1, 0, &ping.payload).await;
    let second = client.next_of(&[GOAWAY]).await.unwrap();
    assert_eq!((&second.payload[..4], second.code()), (&[0, 0, 0, 1][..], 0));
    go.notify_waiters();
    let head = client.next_of(&[HEADERS]).await.unwrap();
    assert_eq!((head.stream, head.payload[0]), (1, 0x88));
    assert_eq!(client.next_of(&[DATA]).await.unwrap().payload, b"ok");
    assert_eq!(client.next_of(&[HEADERS]).await, Err(End::Closed));
    assert_eq!(whole(answer).await.unwrap().1, b"ok");
    gate.ended().await;
}

#[tokio::test]
async fn an_idle_connection_ends_a_moment_after_the_listener_stops() {
    let mut setup = Setup::to("http://127.0.0.1:1");
    setup.settings.server.drain = Interval(Duration::from_secs(3600));
    let mut gate = setup.start().await;
    let client = h2_client(gate.address).await;
    let mut deaf = Frames::connect(gate.address).await;
    let mut fresh = gate.client().await;
    fresh.send("PRI * HT").await;
    gate.shutdown.cancel();
    gate.ended().await;
    // One that does not answer is waited for a moment only.
    deaf.next_of(&[GOAWAY]).await.unwrap();
    drop((client, fresh));
}

#[tokio::test]
async fn what_takes_longer_than_the_drain_time_is_cut_off() {
    let upstream = Upstream::play(|_, mut conn| async move {
        conn.request().await;
        conn.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n").await;
        conn.closed().await;
    })
    .await;
    let mut setup = Setup::to(upstream.url());
    setup.settings.server.drain = Interval(Duration::from_millis(100));
    let mut gate = setup.start().await;
    let mut client = h2_client(gate.address).await;
    let request = client.request("GET", "/");
    let mut body = soon("the head", client.begin(request, false).await.0).await.unwrap().into_body();
    assert_eq!(soon("a piece", body.data()).await.unwrap().unwrap(), "hello");
    gate.shutdown.cancel();
    gate.ended().await;
    assert!(soon("the end", body.data()).await.is_none_or(|piece| piece.is_err()));
}
