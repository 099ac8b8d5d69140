//! Which routes take upgrades.

use serde_json::json;

use crate::app::{App, Draft};
use crate::wire::{Client, OK, Upstream, h2_client, header, soon};
use crate::{HANDSHAKE, SWITCH};

/// A route that takes no upgrades, and one that takes WebSockets alone, where the server lets two protocols through.
fn draft(upstream: &Upstream) -> Draft {
    let forward = json!({ "upstream": upstream.url() });
    Draft::new()
        .settings(|settings| settings.server.tunnels.protocols.push("terminal".to_owned()))
        .route_with("* /plain", "forward", forward.clone(), |route| route.upgrades = Some(Vec::new()))
        .route_with("* /ws", "forward", forward, |route| route.upgrades = Some(vec!["websocket".into()]))
}

#[tokio::test]
async fn a_route_that_takes_none_gets_the_request_without_its_upgrade() {
    let (upstream, mut seen) = Upstream::echoing(OK).await;
    let app = App::start(draft(&upstream)).await;
    let terminal = HANDSHAKE.replace("Upgrade: websocket", "Upgrade: terminal");
    for handshake in [HANDSHAKE.replace("/ws", "/plain"), terminal] {
        let mut client = Client::connect(app.address).await;
        client.send(handshake).await;
        let answer = client.answer().await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("ok"), "{answer}");
        let request = soon("the request", seen.recv()).await.unwrap();
        assert!(header(&request, "upgrade").is_none() && header(&request, "connection").is_none(), "{request}");
    }
}

#[tokio::test]
async fn a_route_takes_what_it_lists() {
    let upstream = Upstream::play(|_, mut conn| async move {
        if conn.head().await.is_some() {
            conn.send(SWITCH.to_owned() + "hello").await;
        }
    })
    .await;
    let app = App::start(draft(&upstream)).await;
    let mut client = Client::connect(app.address).await;
    client.send(HANDSHAKE).await;
    assert!(client.until("\r\n\r\n").await.starts_with("HTTP/1.1 101 "));
    assert_eq!(client.exactly(5).await, b"hello");
}

/// An extended CONNECT is nothing but the upgrade.
#[tokio::test]
async fn an_extended_connect_to_a_route_that_takes_none_is_refused() {
    let (upstream, _seen) = Upstream::echoing(OK).await;
    let app = App::start(draft(&upstream)).await;
    let mut client = h2_client(app.address).await;
    client.get("/nothing").await;
    let request = client
        .request("CONNECT", "/plain")
        .header("sec-websocket-version", "13")
        .extension(h2::ext::Protocol::from_static("websocket"));
    let (answer, _up) = client.begin(request, true).await;
    assert_eq!(soon("the answer", answer).await.unwrap().status().as_u16(), 501);
    assert_eq!(upstream.connections(), 0);
}
