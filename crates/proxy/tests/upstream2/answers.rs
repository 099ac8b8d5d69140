//! Requests and answers on their way between HTTP/1 and HTTP/2.

use bytes::Bytes;
use http::{HeaderMap, Response};
use tokio::sync::mpsc::unbounded_channel;
use tollgate_core::settings::UpstreamHost;

use super::server::{GET, Server, ask, gate, setup};
use super::support::soon;

#[tokio::test]
async fn a_request_has_the_fields_of_http2_and_none_of_a_connection() {
    let (tell, mut told) = unbounded_channel();
    let server = Server::start(move |mut call| {
        let tell = tell.clone();
        async move {
            let (head, body) = (call.request.uri().clone(), call.request.headers().clone());
            call.body().await.unwrap();
            tell.send((head, body)).unwrap();
            call.answer("ok");
        }
    })
    .await;
    for (rule, authority) in
        [(UpstreamHost::Upstream, server.address.to_string()), (UpstreamHost::Client, "a.example".to_owned())]
    {
        let mut with = setup(format!("{}/base", server.url()));
        with.upstream.host = rule;
        let gate = with.start().await;
        let answer = ask(
            &gate,
            "POST /p?q=1 HTTP/1.1\r\nHost: a.example\r\nConnection: keep-alive, x-mine\r\nX-Mine: 1\r\nKeep-Alive: 5\r\n\
             TE: trailers, gzip\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        )
        .await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("ok"), "{answer}");
        let (uri, headers) = soon("the request", told.recv()).await.unwrap();
        assert_eq!(uri.authority().unwrap().as_str(), authority);
        assert_eq!((uri.scheme_str(), uri.path_and_query().unwrap().as_str()), (Some("http"), "/p?q=1"));
        assert_eq!(headers["te"], "trailers");
        for name in ["connection", "x-mine", "keep-alive", "upgrade", "transfer-encoding", "host"] {
            assert!(!headers.contains_key(name), "{name}");
        }
    }
}

#[tokio::test]
async fn a_length_that_is_known_travels_in_both_directions() {
    let server = Server::start(|mut call| async move {
        let length = call.request.headers().get("content-length").cloned();
        let (body, _) = call.body().await.unwrap();
        assert_eq!(length.unwrap().to_str().unwrap(), body.len().to_string());
        let response = Response::builder().header("content-length", "5").body(()).unwrap();
        let mut stream = call.answer.send_response(response, false).unwrap();
        stream.send_data(Bytes::from_static(b"hello"), true).unwrap();
    })
    .await;
    let gate = gate(server.url()).await;
    let answer = ask(&gate, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc").await;
    assert!(answer.contains("content-length: 5\r\n") && answer.ends_with("hello"), "{answer}");
}

#[tokio::test]
async fn answers_without_a_body_have_none() {
    let server = Server::start(|mut call| async move {
        let status = if call.request.method() == "HEAD" { 200 } else { 204 };
        let response = Response::builder().status(status);
        let response = if status == 200 { response.header("content-length", "77") } else { response };
        call.answer.send_response(response.body(()).unwrap(), true).unwrap();
    })
    .await;
    let gate = gate(server.url()).await;
    let mut client = gate.client().await;
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let head = client.until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("content-length: 77"), "{head}");
    client.send(GET).await;
    let head = client.until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 204"), "{head}");
}

#[tokio::test]
async fn trailers_travel_in_both_directions_without_what_must_not_stand_there() {
    let (tell, mut told) = unbounded_channel();
    let server = Server::start(move |mut call| {
        let tell = tell.clone();
        async move {
            tell.send(call.body().await.unwrap()).unwrap();
            let response = Response::builder().header("trailer", "x-sum").body(()).unwrap();
            let mut stream = call.answer.send_response(response, false).unwrap();
            stream.send_data(Bytes::from_static(b"body"), false).unwrap();
            let mut trailers = HeaderMap::new();
            trailers.insert("x-sum", "2".parse().unwrap());
            trailers.insert("set-cookie", "a=b".parse().unwrap());
            trailers.insert("content-length", "9".parse().unwrap());
            stream.send_trailers(trailers).unwrap();
        }
    })
    .await;
    let gate = gate(server.url()).await;
    let mut client = gate.client().await;
    client
        .send(
            "POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: te\r\nTrailer: x-end\r\nTransfer-Encoding: chunked\r\n\r\n\
             2\r\nhi\r\n0\r\nx-end: 1\r\nhost: evil\r\nX-Tollgate-Consumer: evil\r\nauthorization: evil\r\n\r\n",
        )
        .await;
    let answer = client.until("x-sum: 2\r\n\r\n").await;
    assert!(answer.contains("4\r\nbody\r\n0\r\n") && !answer.contains("set-cookie"), "{answer}");
    let (body, trailers) = soon("the request", told.recv()).await.unwrap();
    let names: Vec<_> = trailers.unwrap().keys().map(ToString::to_string).collect();
    assert_eq!((&body[..], names), (&b"hi"[..], vec!["x-end".to_owned()]));
}

#[tokio::test]
async fn ten_megabytes_pass_whole_in_both_directions() {
    const SIZE: usize = 10 * 1024 * 1024;
    let server = Server::start(|mut call| async move {
        let mut stream = call.answer.send_response(Response::new(()), false).unwrap();
        let (body, _) = call.body().await.unwrap();
        let mut body = Bytes::from(body);
        while !body.is_empty() {
            stream.reserve_capacity(body.len());
            let room = std::future::poll_fn(|cx| stream.poll_capacity(cx)).await.unwrap().unwrap();
            let piece = body.split_to(room.min(body.len()));
            stream.send_data(piece, body.is_empty()).unwrap();
        }
    })
    .await;
    let gate = gate(server.url()).await;
    let body: String = (0..SIZE).map(|at| char::from(b'a' + (at % 23) as u8)).collect();
    let mut client = gate.client().await;
    client
        .send(format!("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {SIZE}\r\n\r\n{body}"))
        .await;
    let (answer, _) = client.rest().await;
    let (head, chunks) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    let mut back = String::new();
    let mut rest = chunks;
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        back.push_str(&after[..size]);
        rest = &after[size + 2..];
    }
    assert!(back == body, "{} bytes came back", back.len());
}

fn hint(link: &str) -> Response<()> {
    Response::builder().status(103).header("link", link).body(()).unwrap()
}

/// Early hints travel from HTTP/2 to HTTP/1.1, before the answer exists.
#[tokio::test]
async fn interim_answers_reach_the_client() {
    let server = Server::start(|mut call| async move {
        call.answer.send_informational(Response::builder().status(100).body(()).unwrap()).unwrap();
        call.answer.send_informational(hint("</a>")).unwrap();
        // The client sends its body only once it was told.
        call.body().await.unwrap();
        call.answer.send_informational(hint("</b>")).unwrap();
        call.answer("ok");
    })
    .await;
    let gate = gate(server.url()).await;
    let mut client = gate.client().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n").await;
    assert_eq!(client.until("\r\n\r\n").await, "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n");
    client.send("abc").await;
    assert_eq!(client.until("\r\n\r\n").await, "HTTP/1.1 103 Early Hints\r\nlink: </b>\r\n\r\n");
    let answer = client.answer().await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("ok"), "{answer}");
}

#[tokio::test]
async fn a_flood_of_interim_answers_is_502() {
    let server = Server::start(|mut call| async move {
        for _ in 0..17 {
            call.answer.send_informational(hint("</a>")).unwrap();
        }
        call.answer("ok");
    })
    .await;
    let gate = gate(server.url()).await;
    let answer = {
        let mut client = gate.client().await;
        client.send("GET / HTTP/1.0\r\nHost: a\r\n\r\n").await;
        client.rest().await.0
    };
    assert!(answer.starts_with("HTTP/1.0 502 ") && answer.contains("upstream.malformed"), "{answer}");
}
