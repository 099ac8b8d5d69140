//! How a tunnel ends when nobody closes it in order.

use std::time::Duration;

use serde_json::json;
use tokio::sync::mpsc::unbounded_channel;
use tollgate_core::settings::Settings;

use crate::app::App;
use crate::wire::{Conn, Upstream, soon};
use crate::{forwarding, switched, switching};

async fn echo(mut conn: Conn) {
    while let Some(bytes) = conn.some().await {
        conn.send(bytes).await;
    }
}

async fn with(upstream: &Upstream, change: impl FnOnce(&mut Settings)) -> App {
    App::start(forwarding(upstream).settings(change)).await
}

#[tokio::test]
async fn a_reset_of_one_side_ends_the_other() {
    let (tell, mut told) = unbounded_channel();
    let upstream = switching(move |mut conn| {
        let tell = tell.clone();
        async move {
            conn.closed().await;
            let _ = tell.send(());
        }
    })
    .await;
    let app = with(&upstream, |_| {}).await;
    switched(&app).await.reset();
    soon("the end of the upstream's side", told.recv()).await.unwrap();
    let line = app.log.line().await;
    assert_eq!((&line["reason"], &line["fields"]["tunnel"]["endedBy"]), (&json!("client.gone"), &json!("client")));

    let upstream = switching(|conn| async move { conn.reset() }).await;
    let app = with(&upstream, |_| {}).await;
    let client = switched(&app).await;
    client.rest().await;
    let line = app.log.line().await;
    assert_eq!((&line["reason"], &line["fields"]["tunnel"]["endedBy"]), (&json!("upstream.reset"), &json!("upstream")));
    assert_eq!(line["status"], 101);
}

#[tokio::test]
async fn a_silent_tunnel_is_closed_and_a_busy_one_is_not() {
    let upstream = switching(echo).await;
    let idle = Duration::from_millis(300);
    let app = with(&upstream, |settings| settings.server.tunnels.idle.0 = idle).await;
    let mut client = switched(&app).await;
    let began = tokio::time::Instant::now();
    while began.elapsed() < idle * 3 {
        client.send("ping").await;
        client.until("ping").await;
        tokio::time::sleep(idle / 10).await;
    }
    assert_eq!(client.rest().await.0, "");
    let line = app.log.line().await;
    assert_eq!((&line["reason"], &line["fields"]["tunnel"]["endedBy"]), (&json!("tunnel.idle"), &json!("gateway")));
}

#[tokio::test]
async fn a_busy_tunnel_is_closed_once_it_is_too_old() {
    let upstream = switching(echo).await;
    let app = with(&upstream, |settings| settings.server.tunnels.max_age.0 = Duration::from_millis(300)).await;
    let mut client = switched(&app).await;
    soon("the end of the tunnel", async {
        while client.try_send("ping").await.is_ok() && client.try_more().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    assert_eq!(app.log.line().await["reason"], "tunnel.max_age");
}

#[tokio::test]
async fn a_stop_gives_tunnels_their_time_and_then_closes_them() {
    let upstream = switching(echo).await;
    let mut app = with(&upstream, |settings| settings.server.tunnels.drain.0 = Duration::from_millis(300)).await;
    let mut client = switched(&app).await;
    app.shutdown.cancel();
    client.send("still here").await;
    client.until("still here").await;
    app.stop().await;
    assert_eq!(client.rest().await.0, "");
    assert_eq!(app.log.line().await["reason"], "tunnel.drained");
}

#[tokio::test]
async fn the_drain_time_of_the_server_closes_tunnels_that_have_more_of_their_own() {
    let upstream = switching(echo).await;
    let mut app = with(&upstream, |settings| {
        settings.server.drain.0 = Duration::from_millis(200);
        settings.server.tunnels.drain.0 = Duration::from_secs(3600);
    })
    .await;
    let client = switched(&app).await;
    app.stop().await;
    client.rest().await;
    let line = app.log.line().await;
    assert_eq!((&line["reason"], &line["fields"]["tunnel"]["endedBy"]), (&json!("tunnel.drained"), &json!("gateway")));
}
