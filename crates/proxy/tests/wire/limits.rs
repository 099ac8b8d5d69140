//! How many connections there may be.

use std::time::Duration;

use super::support::{OK, Setup, Upstream};

#[tokio::test]
async fn a_connection_beyond_the_limit_waits_until_another_has_gone() {
    let (upstream, _seen) = Upstream::echoing(OK).await;
    let mut setup = Setup::to(upstream.url());
    setup.settings.server.limits.connections = Some(1);
    let gate = setup.start().await;
    let mut first = gate.client().await;
    first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(first.answer().await.starts_with("HTTP/1.1 200"));
    let mut second = gate.client().await;
    second.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(tokio::time::timeout(Duration::from_millis(200), second.answer()).await.is_err());
    drop(first);
    assert!(second.answer().await.starts_with("HTTP/1.1 200"));
}
