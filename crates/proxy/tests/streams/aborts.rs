//! A client that goes away takes its request with it within a second, whatever the request is
//! doing at that moment and however the client goes.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::app::{App, Draft};
use crate::wire::{Client, Upstream, h2_client, soon};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// The upstream has the request and no answer yet.
    BeforeTheHead,
    /// The upstream has a part of the body.
    Uploading,
    /// The upstream has the whole body of a large upload, and no answer yet.
    Uploaded,
    /// The client has a part of the answer.
    Downloading,
    /// The client has stopped reading a part of the answer that is too large to be held.
    Stuck,
}

const MOMENTS: [Moment; 5] =
    [Moment::BeforeTheHead, Moment::Uploading, Moment::Uploaded, Moment::Downloading, Moment::Stuck];
const BODY: usize = 200_000;

/// An upstream that tells when it has come to a moment, and when it was left.
async fn upstream(moment: Moment) -> (Upstream, UnboundedReceiver<&'static str>) {
    let (tell, told) = unbounded_channel();
    let upstream = Upstream::play(move |_, mut conn| {
        let tell = tell.clone();
        async move {
            conn.head().await.unwrap();
            match moment {
                Moment::BeforeTheHead => {}
                Moment::Uploading => drop(conn.exactly(5).await),
                Moment::Uploaded => drop(conn.exactly(BODY).await),
                Moment::Downloading => {
                    conn.send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello").await;
                }
                Moment::Stuck => {
                    conn.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n").await;
                    let _ = tell.send("there");
                    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
                    while conn.try_send(&chunk).await.is_ok() {}
                    let _ = tell.send("left");
                    return;
                }
            }
            let _ = tell.send("there");
            conn.closed().await;
            let _ = tell.send("left");
        }
    })
    .await;
    (upstream, told)
}

async fn gateway(upstream: &Upstream) -> App {
    App::start(Draft::new().route("* /x", "forward", json!({ "upstream": upstream.url() }))).await
}

async fn expect_left(what: &str, told: &mut UnboundedReceiver<&'static str>, app: &App) {
    let left = tokio::time::timeout(Duration::from_secs(1), told.recv()).await;
    assert_eq!(left.unwrap_or_else(|_| panic!("{what}: the upstream is still asked after a second")), Some("left"));
    let line = app.log.line().await;
    assert!(["client.gone", "client.body_broken"].contains(&line["reason"].as_str().unwrap()), "{what}: {line}");
}

#[tokio::test]
async fn over_http1_with_a_close_and_with_a_reset() {
    for moment in MOMENTS {
        for reset in [false, true] {
            let (upstream, mut told) = upstream(moment).await;
            let app = gateway(&upstream).await;
            let mut client = Client::connect(app.address).await;
            match moment {
                Moment::Uploading => {
                    client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhello").await;
                }
                Moment::Uploaded => {
                    client.send(format!("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: {BODY}\r\n\r\n")).await;
                    client.send(vec![b'x'; BODY]).await;
                }
                _ => client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n").await,
            }
            assert_eq!(soon("the moment", told.recv()).await, Some("there"), "{moment:?}");
            if matches!(moment, Moment::Downloading | Moment::Stuck) {
                client.until("hello").await;
            }
            if reset {
                client.reset();
            } else {
                drop(client);
            }
            expect_left(&format!("{moment:?}, reset: {reset}"), &mut told, &app).await;
        }
    }
}

#[tokio::test]
async fn over_http2_with_a_reset_of_the_stream_and_with_the_end_of_the_connection() {
    for moment in MOMENTS {
        for whole_connection in [false, true] {
            let (upstream, mut told) = upstream(moment).await;
            let app = gateway(&upstream).await;
            let mut client = h2_client(app.address).await;
            let uploads = matches!(moment, Moment::Uploading | Moment::Uploaded);
            let mut request = client.request(if uploads { "POST" } else { "GET" }, "/x");
            match moment {
                Moment::Uploading => request = request.header("content-length", 100),
                Moment::Uploaded => request = request.header("content-length", BODY),
                _ => {}
            }
            let (answer, mut send) = client.begin(request, uploads).await;
            match moment {
                Moment::Uploading => send.send_data(Bytes::from_static(b"hello"), false).unwrap(),
                Moment::Uploaded => send.send_data(vec![b'x'; BODY].into(), true).unwrap(),
                _ => {}
            }
            assert_eq!(soon("the moment", told.recv()).await, Some("there"), "{moment:?}");
            let mut held = None;
            if matches!(moment, Moment::Downloading | Moment::Stuck) {
                let mut body = soon("the answer", answer).await.unwrap().into_body();
                assert!(soon("bytes", body.data()).await.unwrap().unwrap().starts_with(b"hello"));
                held = Some(body);
            } else {
                tokio::spawn(answer);
            }
            if whole_connection {
                client.close().await;
            } else {
                send.send_reset(h2::Reason::CANCEL);
            }
            expect_left(&format!("{moment:?}, the whole connection: {whole_connection}"), &mut told, &app).await;
            drop(held);
        }
    }
}
