//! Clients that begin and do not go on.

use std::time::Duration;

use tollgate_core::units::Interval;
use tollgate_proxy::metrics::Refused;

use super::authority::Authority;
use super::stage::{Draft, soon};

/// How a handshake begins.
const BEGINNING: &[u8] = &[22, 3, 1, 1, 0, 1];

#[tokio::test]
async fn a_handshake_that_stalls_is_cut_off() {
    let authority = Authority::new("ca");
    let mut draft = Draft { tls: vec![authority.named(&["a.example"])], ..Draft::default() };
    draft.settings.server.timeouts.handshake = Interval(Duration::from_millis(100));
    let stage = draft.start();
    for beginning in [&b""[..], BEGINNING] {
        let mut line = stage.plain().await;
        line.send(beginning).await;
        assert_eq!(line.end().await, "");
    }
    stage.told.until("the failures", |told| told.failed.lock().len() == 2).await;
    assert!(stage.told.failed.lock().iter().all(|failure| failure.contains("server.timeouts.handshake")));
}

#[tokio::test]
async fn thousands_of_stalled_handshakes_do_not_keep_others_out() {
    const STALLED: usize = 2000;
    let authority = Authority::new("ca");
    let mut draft = Draft { tls: vec![authority.named(&["a.example"])], ..Draft::default() };
    draft.settings.server.limits.handshakes = 100;
    draft.settings.server.timeouts.handshake = Interval(Duration::from_secs(600));
    let stage = draft.start();
    let mut stalled = Vec::new();
    for _ in 0..STALLED {
        let mut line = stage.plain().await;
        // Whoever had to make room may have been closed already.
        let _ = tokio::io::AsyncWriteExt::write_all(&mut line.0, BEGINNING).await;
        stalled.push(line);
    }
    for _ in 0..3 {
        assert!(stage.ask(&authority.client(), "a.example").await.starts_with("HTTP/1.1 200"));
    }
    let evicted = STALLED - 100;
    stage.told.until("room to be made", |told| told.refused.lock().len() >= evicted).await;
    assert!(stage.told.refused.lock().iter().all(|why| *why == Refused::Handshakes));
    // The oldest ones went.
    soon("the end of the first", stalled[0].end()).await;
}

#[tokio::test]
async fn a_stop_does_not_wait_for_handshakes() {
    let authority = Authority::new("ca");
    let stage = Draft { tls: vec![authority.named(&["a.example"])], ..Draft::default() }.start();
    let mut line = stage.plain().await;
    line.send(BEGINNING).await;
    drop(stage);
    assert_eq!(line.end().await, "");
}
