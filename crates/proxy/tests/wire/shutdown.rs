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
