//! A client that goes away takes its request with it.

use tokio::sync::mpsc::unbounded_channel;

use super::support::{Gate, Upstream, soon};

#[tokio::test]
async fn the_upstream_request_ends_when_the_client_leaves_before_the_answer() {
    let (tell, mut told) = unbounded_channel();
    let upstream = Upstream::play(move |_, mut conn| {
        let tell = tell.clone();
        async move {
            conn.request().await;
            let _ = tell.send("asked");
            conn.closed().await;
            let _ = tell.send("closed");
        }
    })
    .await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(soon("the request", told.recv()).await, Some("asked"));
    drop(client);
    assert_eq!(soon("the cancellation", told.recv()).await, Some("closed"));
}

#[tokio::test]
async fn the_upstream_answer_ends_when_the_client_leaves_in_its_middle() {
    let (tell, mut told) = unbounded_channel();
    let upstream = Upstream::play(move |_, mut conn| {
        let tell = tell.clone();
        async move {
            conn.request().await;
            conn.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n").await;
            conn.closed().await;
            let _ = tell.send("closed");
        }
    })
    .await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.until("hello").await;
    drop(client);
    assert_eq!(soon("the cancellation", told.recv()).await, Some("closed"));
}

#[tokio::test]
async fn a_request_whose_body_breaks_off_does_not_look_complete_to_the_upstream() {
    for head in ["Content-Length: 10\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"] {
        let (tell, mut told) = unbounded_channel();
        let upstream = Upstream::play(move |_, mut conn| {
            let tell = tell.clone();
            async move {
                let _ = tell.send(conn.request().await);
            }
        })
        .await;
        let gate = Gate::before(&upstream).await;
        let mut client = gate.client().await;
        client.send(format!("POST / HTTP/1.1\r\nHost: a\r\n{head}")).await;
        drop(client);
        // The gateway may notice before it has connected at all.
        let seen = tokio::time::timeout(std::time::Duration::from_secs(1), told.recv()).await;
        assert!(matches!(seen, Err(_) | Ok(Some(None))), "{seen:?}");
    }
}
