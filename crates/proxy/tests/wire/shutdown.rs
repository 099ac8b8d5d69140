//! The end of a listener.

use std::time::Duration;

use tokio::sync::Notify;
use tollgate_core::units::Interval;

use std::sync::Arc;

use super::support::{End, OK, Setup, Upstream, soon};

#[tokio::test]
async fn what_is_under_way_finishes_and_says_that_it_was_the_last() {
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
    let idle = gate.client().await;
    let mut busy = gate.client().await;
    busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    soon("the request", asked.notified()).await;

    gate.shutdown.cancel();
    assert_eq!(soon("the end of the idle connection", idle.rest()).await, (String::new(), End::Closed));
    go.notify_one();
    let answer = busy.answer().await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("connection: close"), "{answer}");
    drop(busy);
    gate.ended().await;
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
    let mut client = gate.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.until("hello").await;
    gate.shutdown.cancel();
    gate.ended().await;
    let (rest, _) = client.rest().await;
    assert!(!rest.ends_with("0\r\n\r\n"), "{rest:?}");
}

#[tokio::test]
async fn a_connection_that_was_accepted_gets_its_first_request_answered_although_the_listener_has_stopped() {
    let upstream = Upstream::play(|_, mut conn| async move {
        conn.request().await;
        conn.send(OK).await;
    })
    .await;
    let mut gate = Setup::to(upstream.url()).start().await;
    // Its request is on its way, while it has been told nothing but that it is connected.
    let mut fresh = gate.client().await;
    let mut beginning = gate.client().await;
    beginning.send("GET / HTTP/1.1\r\nHo").await;
    gate.shutdown.cancel();
    fresh.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let answer = fresh.answer().await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("connection: close"), "{answer}");
    beginning.send("st: a\r\n\r\n").await;
    assert!(beginning.answer().await.starts_with("HTTP/1.1 200"));
    assert_eq!(soon("the end", beginning.rest()).await, (String::new(), End::Closed));
    gate.ended().await;
}

#[tokio::test]
async fn whoever_asks_again_just_after_the_stop_is_answered_and_told_that_it_was_the_last_time() {
    let upstream = Upstream::play(|_, mut conn| async move {
        loop {
            conn.request().await;
            conn.send(OK).await;
        }
    })
    .await;
    let mut gate = Setup::to(upstream.url()).start().await;
    let mut client = gate.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(!client.answer().await.contains("connection: close"));
    gate.shutdown.cancel();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let answer = client.answer().await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("connection: close"), "{answer}");
    assert_eq!(soon("the end", client.rest()).await, (String::new(), End::Closed));
    gate.ended().await;
}
