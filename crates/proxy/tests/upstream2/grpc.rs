//! Calls of gRPC through the whole gateway: HTTP/2 in front, HTTP/2 behind.

use std::time::Duration;

use bytes::Bytes;
use h2::RecvStream;
use h2::client::{ResponseFuture, SendRequest};
use http::{HeaderMap, Request, Response};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::Instant;
use tollgate_core::project::Stage;
use tollgate_core::units::Interval;

use super::application::{App, Draft};
use super::server::{Call, Server};
use super::support::soon;

async fn app(upstream: &str) -> App {
    let options = json!({ "upstream": { "url": upstream, "protocol": "http2" } });
    let draft = Draft::new()
        .policy("keys", "api-key", json!({}))
        .route("POST /pkg.Echo/Say", "forward", options.clone())
        .route("POST /pkg.Echo/Secret", "forward", options)
        .inbound(Stage::Auth, "keys");
    App::start(draft).await
}

async fn client(app: &App) -> SendRequest<Bytes> {
    let socket = TcpStream::connect(app.address).await.unwrap();
    let (sender, connection) = h2::client::handshake(socket).await.unwrap();
    tokio::spawn(connection);
    sender
}

fn call(path: &str, timeout: Option<&str>) -> Request<()> {
    let mut request = Request::post(format!("http://grpc.example{path}"))
        .header("content-type", "application/grpc+proto")
        .header("te", "trailers");
    if let Some(timeout) = timeout {
        request = request.header("grpc-timeout", timeout);
    }
    request.body(()).unwrap()
}

async fn answered(answer: ResponseFuture) -> (HeaderMap, RecvStream) {
    let response = soon("the answer", answer).await.unwrap();
    assert_eq!(response.status(), 200);
    let (parts, body) = response.into_parts();
    (parts.headers, body)
}

async fn piece(stream: &mut RecvStream) -> Bytes {
    let data = soon("a message", stream.data()).await.unwrap().unwrap();
    stream.flow_control().release_capacity(data.len()).unwrap();
    data
}

/// Every message comes back at once; once the client has closed its side, the last trailers.
async fn echo(mut call: Call) {
    assert_eq!(call.request.headers()["te"], "trailers");
    let response = Response::builder().header("content-type", "application/grpc+proto").body(()).unwrap();
    let mut stream = call.answer.send_response(response, false).unwrap();
    while let Some(message) = call.piece().await {
        stream.send_data(message, false).unwrap();
    }
    let trailers = [("grpc-status", "0"), ("grpc-message", "done"), ("x-more-bin", "AAE=")];
    let trailers = trailers.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    stream.send_trailers(HeaderMap::from_iter(trailers)).unwrap();
}

#[tokio::test]
async fn messages_pass_one_by_one_until_the_client_has_closed_its_side_and_the_trailers_end_it() {
    let server = Server::start(echo).await;
    let app = app(&server.url()).await;
    let mut sender = client(&app).await;
    let (answer, mut upload) = sender.send_request(call("/pkg.Echo/Say", None), false).unwrap();
    let (head, mut download) = answered(answer).await;
    assert_eq!(head["content-type"], "application/grpc+proto");
    for message in ["one", "two", "three"] {
        upload.send_data(Bytes::from(message), false).unwrap();
        assert_eq!(piece(&mut download).await, message);
    }
    upload.send_data(Bytes::new(), true).unwrap();
    assert!(soon("the end", download.data()).await.is_none());
    let trailers = download.trailers().await.unwrap().unwrap();
    assert_eq!((&trailers["grpc-status"], &trailers["x-more-bin"]), (&"0".parse().unwrap(), &"AAE=".parse().unwrap()));
}

#[tokio::test]
async fn a_stream_may_be_silent_for_longer_than_a_body_may() {
    let server = Server::start(echo).await;
    let options = json!({ "upstream": { "url": server.url(), "protocol": "http2" } });
    let mut draft = Draft::new().route("POST /pkg.Echo/Say", "forward", options);
    draft.project.settings.server.timeouts.body = Interval(Duration::from_millis(100));
    let app = App::start(draft).await;
    let mut sender = client(&app).await;
    let (answer, mut upload) = sender.send_request(call("/pkg.Echo/Say", None), false).unwrap();
    let (_, mut download) = answered(answer).await;
    upload.send_data(Bytes::from("one"), false).unwrap();
    assert_eq!(piece(&mut download).await, "one");

    // A body that is no call begins to be silent later, and is given up.
    let silent = Request::post("http://grpc.example/pkg.Echo/Say").header("te", "trailers").body(()).unwrap();
    let (answer, mut body) = sender.send_request(silent, false).unwrap();
    let mut download_of_silent = soon("the head", answer).await.unwrap().into_body();
    body.send_data(Bytes::from("x"), false).unwrap();
    while let Some(Ok(data)) = soon("the end of the silent one", download_of_silent.data()).await {
        let _ = download_of_silent.flow_control().release_capacity(data.len());
    }

    upload.send_data(Bytes::from("two"), false).unwrap();
    assert_eq!(piece(&mut download).await, "two");
}

#[tokio::test]
async fn an_answer_of_trailers_alone_stays_one() {
    let server = Server::start(|mut call| async move {
        let head = Response::builder().header("content-type", "application/grpc").header("grpc-status", "5");
        call.answer.send_response(head.header("grpc-message", "no such row").body(()).unwrap(), true).unwrap();
    })
    .await;
    let app = app(&server.url()).await;
    let mut sender = client(&app).await;
    let (answer, _upload) = sender.send_request(call("/pkg.Echo/Say", None), false).unwrap();
    let (head, download) = answered(answer).await;
    assert_eq!((&head["grpc-status"], &head["grpc-message"]), (&"5".parse().unwrap(), &"no such row".parse().unwrap()));
    assert!(download.is_end_stream() && !head.contains_key("content-length"));
}

#[tokio::test]
async fn a_refusal_of_the_gateway_is_told_as_grpc_tells_it() {
    let app = app("http://127.0.0.1:1").await;
    let mut sender = client(&app).await;
    for (path, status, message) in [
        ("/pkg.Echo/Secret", "16", "No Authorization Header"),
        ("/pkg.Echo/Nothing", "12", "There is nothing at this path."),
        ("/pkg.Echo/Say", "14", "refused"),
    ] {
        let (answer, _upload) = sender.send_request(call(path, None), true).unwrap();
        let (head, download) = answered(answer).await;
        assert_eq!(head["grpc-status"], status, "{path} {head:?}");
        assert!(head["grpc-message"].to_str().unwrap().contains(message), "{head:?}");
        assert_eq!(head["content-type"], "application/grpc");
        assert!(download.is_end_stream() && head.contains_key("x-request-id"));
    }
    let line = app.log.lines(3).await.pop().unwrap();
    assert_eq!(line["reason"], "upstream.connect_refused");
}

#[tokio::test]
async fn a_deadline_is_kept_and_what_is_left_of_it_passed_on() {
    let (tell, mut told) = unbounded_channel();
    let server = Server::start(move |mut call| {
        let tell = tell.clone();
        async move {
            let left = call.request.headers()["grpc-timeout"].to_str().unwrap().to_owned();
            let reset = std::future::poll_fn(|cx| call.answer.poll_reset(cx)).await;
            let _ = tell.send((left, reset.unwrap()));
        }
    })
    .await;
    let app = app(&server.url()).await;
    let mut sender = client(&app).await;
    let began = Instant::now();
    let (answer, _upload) = sender.send_request(call("/pkg.Echo/Say", Some("300m")), true).unwrap();
    let (head, _) = answered(answer).await;
    assert_eq!(head["grpc-status"], "4", "{head:?}");
    assert!(began.elapsed() >= Duration::from_millis(300));
    let (left, reset) = soon("the cancellation", told.recv()).await.unwrap();
    assert_eq!(reset, h2::Reason::CANCEL);
    let (count, unit) = left.split_at(left.len() - 1);
    let nanos = count.parse::<u64>().unwrap() * if unit == "u" { 1000 } else { 1 };
    assert!(matches!(unit, "u" | "n") && nanos <= 300_000_000 && nanos > 0, "{left}");
}

#[tokio::test]
async fn a_call_that_is_cancelled_is_cancelled_behind_the_gateway() {
    let (tell, mut told) = unbounded_channel();
    let server = Server::start(move |mut call| {
        let tell = tell.clone();
        async move {
            let mut stream = call.answer.send_response(Response::new(()), false).unwrap();
            stream.send_data(Bytes::from_static(b"first"), false).unwrap();
            let reset = std::future::poll_fn(|cx| stream.poll_reset(cx)).await;
            let _ = tell.send(reset.unwrap());
        }
    })
    .await;
    let app = app(&server.url()).await;
    let mut sender = client(&app).await;
    let (answer, mut upload) = sender.send_request(call("/pkg.Echo/Say", None), false).unwrap();
    let (_, mut download) = answered(answer).await;
    assert_eq!(piece(&mut download).await, "first");
    let began = Instant::now();
    upload.send_reset(h2::Reason::CANCEL);
    assert_eq!(soon("the cancellation", told.recv()).await, Some(h2::Reason::CANCEL));
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn a_stream_that_breaks_off_behind_the_gateway_is_no_answer() {
    let server = Server::start(|mut call| async move {
        let mut stream = call.answer.send_response(Response::new(()), false).unwrap();
        stream.send_data(Bytes::from_static(b"first"), false).unwrap();
        call.piece().await;
        stream.send_reset(h2::Reason::INTERNAL_ERROR);
    })
    .await;
    let app = app(&server.url()).await;
    let mut sender = client(&app).await;
    let (answer, mut upload) = sender.send_request(call("/pkg.Echo/Say", None), false).unwrap();
    let (_, mut download) = answered(answer).await;
    assert_eq!(piece(&mut download).await, "first");
    upload.send_data(Bytes::from_static(b"now"), false).unwrap();
    let error = soon("the end", download.data()).await.unwrap().unwrap_err();
    assert!(error.is_reset() && error.reason() != Some(h2::Reason::NO_ERROR), "{error}");
}
