//! What goes through the whole gateway for a long time, or in large amounts: upgrades, events,
//! large bodies. Raw sockets on both sides, and every stop between them as in the real process.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test, a panic is the report")]

mod aborts;
#[path = "../application/support.rs"]
#[allow(dead_code, reason = "shared with the other tests, each of which takes what it needs")]
mod app;
mod events;
mod extended_connect;
mod handshake;
mod interim;
mod over_http2;
mod semantics;
mod slow_takers;
mod tunnel_end;
mod tunnel_flow;
mod upgrades;
#[path = "../wire/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "shared with the other tests, each of which takes what it needs")]
mod wire;

use serde_json::json;

use crate::app::{App, Draft};
use crate::wire::{Client, Upstream};

/// The key and its proof, from RFC 6455 §1.3.
pub(crate) const HANDSHAKE: &str = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
pub(crate) const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// The proof in [`SWITCH`].
pub(crate) const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// The proof that a key was read.
pub(crate) fn accept_of(key: &str) -> String {
    use base64::Engine;
    use sha1::{Digest, Sha1};
    let hash = Sha1::digest(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
    base64::engine::general_purpose::STANDARD.encode(hash)
}

/// A project with one route of any method at `/ws` that forwards.
pub(crate) fn forwarding(upstream: &Upstream) -> Draft {
    Draft::new().route("* /ws", "forward", json!({ "upstream": upstream.url() }))
}

/// An upstream that grants every upgrade and hands the connection to `script`.
pub(crate) async fn switching<F>(script: impl Fn(wire::Conn) -> F + Clone + Send + Sync + 'static) -> Upstream
where
    F: Future<Output = ()> + Send + 'static,
{
    Upstream::play(move |_, mut conn| {
        let script = script.clone();
        async move {
            if conn.head().await.is_some() {
                conn.send(SWITCH).await;
                script(conn).await;
            }
        }
    })
    .await
}

/// A client whose handshake has been granted.
pub(crate) async fn switched(app: &App) -> Client {
    let mut client = Client::connect(app.address).await;
    client.send(HANDSHAKE).await;
    let head = client.until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    client
}
