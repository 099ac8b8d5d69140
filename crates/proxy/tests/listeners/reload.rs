//! Certificates that are replaced while connections are open.

use super::authority::Authority;
use super::stage::{Draft, OFFER};

#[tokio::test]
async fn open_connections_go_on_and_new_ones_see_the_new_certificate() {
    let (old, new) = (Authority::new("old"), Authority::new("new"));
    let stage = Draft { tls: vec![old.named(&["a.example"])], ..Draft::default() }.start();
    let mut open = stage.tls(&old.client(), "a.example").await.unwrap();
    assert!(open.get("a.example", "").await.starts_with("HTTP/1.1 200"));

    let endpoint = stage.endpoint.as_ref().unwrap();
    endpoint.replace(vec![new.named(&["a.example"])], OFFER).unwrap();
    assert!(stage.tls(&old.client(), "a.example").await.is_err());
    assert!(stage.ask(&new.client(), "a.example").await.starts_with("HTTP/1.1 200"));
    assert!(open.get("a.example", "").await.starts_with("HTTP/1.1 200"));
}

/// A handshake that began on the old certificate ends on it.
#[tokio::test]
async fn a_handshake_under_way_is_not_torn() {
    let old = Authority::new("old");
    let stage = Draft { tls: vec![old.named(&["a.example"])], ..Draft::default() }.start();
    let client = old.client();
    let mut handshakes = Vec::new();
    for _ in 0..20 {
        let (stream, client) = (stage.plain().await.0, client.clone());
        handshakes
            .push(tokio::spawn(async move { super::stage::handshake(stream, &client, "a.example").await.is_ok() }));
        let endpoint = stage.endpoint.as_ref().unwrap();
        endpoint.replace(vec![old.named(&["a.example"])], OFFER).unwrap();
    }
    for handshake in handshakes {
        assert!(handshake.await.unwrap());
    }
}
