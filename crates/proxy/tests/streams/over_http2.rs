//! WebSockets to an upstream that speaks nothing but HTTP/2 (RFC 8441 behind).

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use h2::server::{Builder, SendResponse};
use h2::{Reason, RecvStream, SendStream};
use http::{Request, Response, StatusCode};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::mpsc::unbounded_channel;

use crate::app::{App, Draft};
use crate::wire::{Client, h2_client, header, soon};
use crate::{ACCEPT, HANDSHAKE};

/// An upstream that hands every request to `script`.
async fn upstream<F>(
    builder: Builder,
    script: impl Fn(Request<RecvStream>, SendResponse<Bytes>) -> F + Send + Sync + 'static,
) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let script = Arc::new(script);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let (builder, script) = (builder.clone(), Arc::clone(&script));
            tokio::spawn(async move {
                let mut connection = builder.handshake::<_, Bytes>(socket).await.unwrap();
                while let Some(Ok((request, respond))) = connection.accept().await {
                    tokio::spawn(script(request, respond));
                }
            });
        }
    });
    address
}

fn offering() -> Builder {
    let mut builder = Builder::new();
    builder.enable_connect_protocol();
    builder
}

async fn app_before(address: SocketAddr) -> App {
    let chat = json!({ "chat": { "url": format!("http://{address}"), "protocol": "http2" } });
    let draft = Draft::new()
        .route("* /ws", "forward", json!({ "upstream": "chat" }))
        .settings(|settings| settings.upstreams = serde_json::from_value(chat).unwrap());
    App::start(draft).await
}

async fn next(stream: &mut RecvStream) -> Option<Bytes> {
    let piece = stream.data().await?.ok()?;
    let _ = stream.flow_control().release_capacity(piece.len());
    Some(piece)
}

/// Sends back what comes, and says goodbye.
async fn echo(mut from: RecvStream, mut to: SendStream<Bytes>) {
    while let Some(piece) = next(&mut from).await {
        to.send_data(piece, false).unwrap();
    }
    let _ = to.send_data("goodbye".into(), true);
}

#[tokio::test]
async fn a_websocket_of_http1_becomes_a_stream() {
    let (tell, mut told) = unbounded_channel();
    let address = upstream(offering(), move |request, mut respond| {
        let tell = tell.clone();
        async move {
            let (head, from) = request.into_parts();
            tell.send(head).unwrap();
            let grant =
                Response::builder().header("sec-websocket-protocol", "chat").header("x-mark", "1").body(()).unwrap();
            echo(from, respond.send_response(grant, false).unwrap()).await;
        }
    })
    .await;
    let app = app_before(address).await;
    let mut client = Client::connect(app.address).await;
    client
        .send(
            HANDSHAKE
                .replace("/ws ", "/ws?a=b ")
                .replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: chat, other\r\nX-Mine: 1\r\n\r\n"),
        )
        .await;
    let head = client.until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    for (name, value) in [
        ("upgrade", "websocket"),
        ("sec-websocket-accept", ACCEPT),
        ("sec-websocket-protocol", "chat"),
        ("x-mark", "1"),
    ] {
        assert_eq!(header(&head, name), Some(value), "{head}");
    }
    let asked = soon("the request", told.recv()).await.unwrap();
    assert_eq!((asked.method.as_str(), asked.uri.path_and_query().unwrap().as_str()), ("CONNECT", "/ws?a=b"));
    assert_eq!(asked.extensions.get::<h2::ext::Protocol>().unwrap().as_str(), "websocket");
    assert_eq!(
        (asked.uri.scheme_str(), asked.headers["sec-websocket-version"].to_str().unwrap()),
        (Some("http"), "13")
    );
    assert_eq!(
        (asked.headers["sec-websocket-protocol"].to_str().unwrap(), asked.headers["x-mine"].to_str().unwrap()),
        ("chat, other", "1")
    );
    for absent in ["connection", "upgrade", "sec-websocket-key", "content-length"] {
        assert!(!asked.headers.contains_key(absent), "{absent}");
    }
    for _ in 0..50 {
        client.send("ping").await;
        assert_eq!(client.exactly(4).await, b"ping");
    }
    client.half_close().await;
    assert_eq!(client.rest().await.0, "goodbye");
    let line = app.log.line().await;
    assert_eq!((&line["status"], &line["reason"]), (&json!(101), &json!("ok")), "{line}");
    assert_eq!((line["bytesIn"].as_u64(), line["bytesOut"].as_u64()), (Some(200), Some(207)));
    assert_eq!(app.gateway.metrics.tunnels.get(), 0);
}

/// More than any window holds, in both directions at once.
#[tokio::test]
async fn flow_control_holds_in_both_directions() {
    const LENGTH: usize = 3 * 1024 * 1024;
    let address = upstream(offering(), |request, mut respond| async move {
        let mut to = respond.send_response(Response::new(()), false).unwrap();
        let mut from = request.into_body();
        while let Some(piece) = next(&mut from).await {
            let mut left = piece;
            while !left.is_empty() {
                to.reserve_capacity(left.len());
                let room = std::future::poll_fn(|cx| to.poll_capacity(cx)).await.unwrap().unwrap();
                to.send_data(left.split_to(room.min(left.len())), false).unwrap();
            }
        }
        to.send_data(Bytes::new(), true).unwrap();
    })
    .await;
    let app = app_before(address).await;
    let mut client = h2_client(app.address).await;
    client.get("/nothing").await;
    let request = client
        .request("CONNECT", "/ws")
        .header("sec-websocket-version", "13")
        .extension(h2::ext::Protocol::from_static("websocket"));
    let (answer, mut up) = client.begin(request, true).await;
    let mut down = soon("the answer", answer).await.unwrap().into_body();
    let sending = tokio::spawn(async move {
        let mut left = LENGTH;
        while left > 0 {
            up.reserve_capacity(left);
            let room = std::future::poll_fn(|cx| up.poll_capacity(cx)).await.unwrap().unwrap().min(left);
            up.send_data(vec![b'x'; room].into(), false).unwrap();
            left -= room;
        }
        up.send_data(Bytes::new(), true).unwrap();
    });
    let all = soon("all of it", crate::wire::rest(&mut down)).await.unwrap();
    assert_eq!(all.len(), LENGTH);
    assert!(all.iter().all(|byte| *byte == b'x'));
    soon("the end of the upload", sending).await.unwrap();
}

#[tokio::test]
async fn an_upstream_that_does_not_offer_it_is_a_502_that_says_so() {
    let address = upstream(Builder::new(), |_, mut respond| async move {
        let _ = respond.send_response(Response::new(()), true);
    })
    .await;
    let app = app_before(address).await;
    let mut client = Client::connect(app.address).await;
    client.send(HANDSHAKE).await;
    let answer = client.answer().await;
    assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
    assert_eq!(app.log.line().await["reason"], "upstream.no_websocket");
}

#[tokio::test]
async fn an_upstream_that_says_no_is_heard_as_it_is() {
    let address = upstream(offering(), |_, mut respond| async move {
        let no = Response::builder().status(StatusCode::FORBIDDEN).header("content-length", 2).body(()).unwrap();
        respond.send_response(no, false).unwrap().send_data("no".into(), true).unwrap();
    })
    .await;
    let app = app_before(address).await;
    let mut client = Client::connect(app.address).await;
    client.send(HANDSHAKE).await;
    let answer = client.answer().await;
    assert!(answer.starts_with("HTTP/1.1 403 ") && answer.ends_with("no"), "{answer}");
    assert_eq!(app.gateway.metrics.tunnels.get(), 0);
}

#[tokio::test]
async fn a_choice_that_was_not_offered_is_not_trusted() {
    let address = upstream(offering(), |_, mut respond| async move {
        let grant = Response::builder().header("sec-websocket-protocol", "other").body(()).unwrap();
        let _ = respond.send_response(grant, false);
    })
    .await;
    let app = app_before(address).await;
    let mut client = Client::connect(app.address).await;
    client.send(HANDSHAKE).await;
    assert!(client.answer().await.starts_with("HTTP/1.1 502 "));
    assert_eq!(app.log.line().await["reason"], "upstream.malformed");
}

#[tokio::test]
async fn a_refused_stream_is_asked_for_again_and_a_lost_client_resets_its_own() {
    let (tell, mut told) = unbounded_channel();
    let times = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let address = upstream(offering(), move |request, mut respond| {
        let (tell, times) = (tell.clone(), Arc::clone(&times));
        async move {
            if times.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0 {
                respond.send_reset(Reason::REFUSED_STREAM);
                return;
            }
            let mut to = respond.send_response(Response::new(()), false).unwrap();
            let _from = request;
            let _ = tell.send(std::future::poll_fn(|cx| to.poll_reset(cx)).await);
        }
    })
    .await;
    let app = app_before(address).await;
    let mut client = Client::connect(app.address).await;
    client.send(HANDSHAKE).await;
    assert!(client.until("\r\n\r\n").await.starts_with("HTTP/1.1 101 "));
    client.reset();
    assert_eq!(soon("the reset", told.recv()).await.unwrap().unwrap(), Reason::CANCEL);
    assert_eq!(app.log.line().await["reason"], "client.gone");
}

/// Some servers answer a Close frame and leave the stream open (Hypercorn does): nobody has to wait for that.
#[tokio::test]
async fn a_websocket_that_both_sides_have_closed_ends_although_the_upstream_leaves_its_stream_open() {
    let (tell, mut told) = unbounded_channel();
    let address = upstream(offering(), move |request, mut respond| {
        let tell = tell.clone();
        async move {
            let mut to = respond.send_response(Response::new(()), false).unwrap();
            let mut from = request.into_body();
            next(&mut from).await;
            // What is said between the two is heard.
            to.send_data(Bytes::from_static(b"\x81\x02hi\x88"), false).unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(800)).await;
            to.send_data(Bytes::from_static(b"\x02\x03\xe8"), false).unwrap();
            let ended = next(&mut from).await;
            let _ = tell.send(ended);
            std::future::pending::<()>().await;
        }
    })
    .await;
    let app = app_before(address).await;
    let mut client = Client::connect(app.address).await;
    client.send(HANDSHAKE).await;
    assert!(client.until("\r\n\r\n").await.starts_with("HTTP/1.1 101 "));
    client.send(b"\x88\x82\0\0\0\0\x03\xe8").await;
    let began = tokio::time::Instant::now();
    assert_eq!(client.rest_bytes().await.0, b"\x81\x02hi\x88\x02\x03\xe8");
    assert!(began.elapsed() < std::time::Duration::from_secs(4), "{:?}", began.elapsed());
    assert_eq!(soon("the end of the stream", told.recv()).await, Some(None));
    let line = app.log.line().await;
    assert_eq!((&line["reason"], &line["fields"]["tunnel"]["endedBy"]), (&json!("ok"), &json!("client")), "{line}");
}
