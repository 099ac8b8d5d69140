//! A client that does not take its answer is cut off, and that is not told as if it had left.

use serde_json::json;
use tollgate_core::units::Interval;

use crate::app::{App, Draft};
use crate::wire::{Client, Upstream, h2_client_with, soon, whole};
use crate::{HANDSHAKE, forwarding, switching};

const LARGE: usize = 100_000_000;

async fn large() -> Upstream {
    Upstream::play(|_, mut conn| async move {
        let small = conn.head().await.unwrap().starts_with("GET /small");
        let length = if small { 2 } else { LARGE };
        conn.send(format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n")).await;
        let _ = conn.try_send(vec![b'x'; length]).await;
    })
    .await
}

async fn impatient(upstream: &Upstream) -> App {
    let to = json!({ "upstream": upstream.url() });
    let draft = Draft::new().route("GET /large", "forward", to.clone()).route("GET /small", "forward", to);
    App::start(draft.settings(|settings| settings.server.timeouts.response = Interval::from_millis(300))).await
}

#[tokio::test]
async fn over_http1_where_the_socket_is_not_read() {
    let upstream = large().await;
    let app = impatient(&upstream).await;
    let mut client = Client::connect(app.address).await;
    client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.until("\r\n\r\n").await;
    let line = app.log.line().await;
    assert_eq!((&line["reason"], &line["status"]), (&json!("client.too_slow"), &json!(200)), "{line}");
    let metrics = app.gateway.metrics.encode().unwrap();
    assert!(metrics.contains(r#"reason="client.too_slow"} 1"#), "{metrics}");
}

/// One stream stands still; the next one of its connection is left by its client.
#[tokio::test]
async fn over_http2_where_a_window_stays_shut_and_that_stream_only() {
    let upstream = large().await;
    let app = impatient(&upstream).await;
    let mut client = h2_client_with(app.address, h2::client::Builder::new()).await;
    let request = client.request("GET", "/large");
    let (answer, _) = client.begin(request, false).await;
    let stuck = soon("the head", answer).await.unwrap();
    assert_eq!(app.log.line().await["reason"], "client.too_slow");
    drop(stuck);
    let request = client.request("GET", "/large");
    let (answer, mut send) = client.begin(request, false).await;
    let left = soon("the head", answer).await.unwrap();
    send.send_reset(h2::Reason::CANCEL);
    drop(left);
    assert_eq!(app.log.lines(2).await[1]["reason"], "client.gone");
    let request = client.request("GET", "/small");
    assert_eq!(whole(client.begin(request, false).await.0).await.unwrap().1, b"xx");
    assert_eq!(app.log.lines(3).await[2]["reason"], "ok");
}

#[tokio::test]
async fn over_http2_where_the_socket_is_not_read() {
    use crate::wire::frames::{Frames, WINDOW_UPDATE};
    let upstream = large().await;
    let app = App::start(
        Draft::new()
            .route("GET /", "forward", json!({ "upstream": upstream.url() }))
            .settings(|settings| settings.server.timeouts.response = Interval::from_millis(300)),
    )
    .await;
    let mut client = Frames::connect_with(app.address, &[(4, 0x7fff_ffff)]).await;
    client.send(WINDOW_UPDATE, 0, 0, &0x7fff_0000_u32.to_be_bytes()).await;
    client.get(1).await;
    assert_eq!(app.log.line().await["reason"], "client.too_slow");
}

#[tokio::test]
async fn in_a_tunnel() {
    let upstream = switching(|mut conn| async move { while conn.try_send(vec![b'x'; 65_536]).await.is_ok() {} }).await;
    let draft = forwarding(&upstream);
    let app =
        App::start(draft.settings(|settings| settings.server.timeouts.response = Interval::from_millis(300))).await;
    let mut client = Client::connect(app.address).await;
    client.send(HANDSHAKE).await;
    client.until("\r\n\r\n").await;
    let line = app.log.line().await;
    assert_eq!((&line["reason"], &line["fields"]["tunnel"]["endedBy"]), (&json!("client.too_slow"), &json!("client")));
}
