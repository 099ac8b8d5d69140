//! Answers whose status says something of their body, and requests for parts: the gateway passes
//! them on as they are.

use crate::app::{App, Draft};
use crate::wire::{Client, Upstream, h2_client, header, soon};
use serde_json::json;
use tokio::sync::mpsc::unbounded_channel;

const MULTIPART: &str =
    "--X\r\nContent-Range: bytes 0-1/10\r\n\r\nab\r\n--X\r\nContent-Range: bytes 4-5/10\r\n\r\nef\r\n--X--\r\n";

/// Method, fields of the request, status line and fields of the answer, body that is sent, fields that
/// the client must see.
type Case = (&'static str, &'static [(&'static str, &'static str)], &'static str, &'static str);

const CASES: &[Case] = &[
    ("GET", &[("range", "bytes=0-1")], "206 Partial Content\r\ncontent-range: bytes 0-1/10\r\ncontent-length: 2", "ab"),
    (
        "GET",
        &[("range", "bytes=0-1,4-5"), ("if-range", "\"v1\"")],
        "206 Partial Content\r\ncontent-type: multipart/byteranges; boundary=X",
        MULTIPART,
    ),
    (
        "GET",
        &[("range", "bytes=90-")],
        "416 Range Not Satisfiable\r\ncontent-range: bytes */10\r\ncontent-length: 0",
        "",
    ),
    ("GET", &[("if-none-match", "\"v1\"")], "304 Not Modified\r\netag: \"v1\"\r\ncontent-length: 10", ""),
    (
        "GET",
        &[("if-modified-since", "Sat, 01 Aug 2026 00:00:00 GMT")],
        "304 Not Modified\r\nlast-modified: Fri, 31 Jul 2026 00:00:00 GMT",
        "",
    ),
    ("PUT", &[("if-match", "\"v1\""), ("content-length", "0")], "412 Precondition Failed\r\ncontent-length: 3", "old"),
    ("HEAD", &[], "200 OK\r\ncontent-length: 10\r\netag: \"v1\"\r\naccept-ranges: bytes", ""),
    ("HEAD", &[("range", "bytes=0-1")], "206 Partial Content\r\ncontent-length: 2\r\ncontent-range: bytes 0-1/10", ""),
    ("HEAD", &[], "304 Not Modified\r\ncontent-length: 10", ""),
    ("DELETE", &[], "204 No Content\r\nx-mark: 1", ""),
    ("POST", &[("content-length", "0")], "205 Reset Content\r\ncontent-length: 0", ""),
    ("GET", &[], "200 OK\r\ncontent-encoding: gzip\r\nvary: accept-encoding\r\ncontent-length: 4", "gzip"),
];

/// An upstream that answers each connection's request with the case, and tells what it was asked.
async fn upstream(case: Case) -> (Upstream, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let (tell, told) = unbounded_channel();
    let (_, _, answer, body) = case;
    // Without a length, in chunks.
    let framed = if answer.contains("content-length") || body.is_empty() {
        format!("HTTP/1.1 {answer}\r\n\r\n{body}")
    } else {
        format!("HTTP/1.1 {answer}\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len())
    };
    let upstream = Upstream::play(move |_, mut conn| {
        let (tell, framed) = (tell.clone(), framed.clone());
        async move {
            while let Some(head) = conn.head().await {
                let _ = tell.send(head);
                conn.send("HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n").await;
                conn.send(&framed).await;
            }
        }
    })
    .await;
    (upstream, told)
}

async fn gateway(upstream: &Upstream) -> App {
    let draft = Draft::new().route("GET,HEAD,PUT,POST,DELETE /x", "forward", json!({ "upstream": upstream.url() }));
    App::start(draft).await
}

fn expected(answer: &'static str) -> (u16, Vec<(&'static str, &'static str)>) {
    let mut lines = answer.split("\r\n");
    let status = lines.next().unwrap()[..3].parse().unwrap();
    (status, lines.map(|line| line.split_once(": ").unwrap()).collect())
}

#[tokio::test]
async fn over_http1_answers_pass_untouched_and_the_connection_stays_usable() {
    for case in CASES {
        let (method, fields, answer, body) = *case;
        let (upstream, mut told) = upstream(*case).await;
        let app = gateway(&upstream).await;
        let mut client = Client::connect(app.address).await;
        let (status, sent) = expected(answer);
        // Twice on one connection: a body where none may be would be read as the next answer.
        for _ in 0..2 {
            let fields_text: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            client.send(format!("{method} /x HTTP/1.1\r\nHost: a\r\n{fields_text}\r\n")).await;
            let seen = soon("the request", told.recv()).await.unwrap();
            for (name, value) in fields {
                assert_eq!(header(&seen, name), Some(*value), "{case:?}\n{seen}");
            }
            let mut head = client.until("\r\n\r\n").await;
            while head.starts_with("HTTP/1.1 103 ") {
                head = client.until("\r\n\r\n").await;
            }
            assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{case:?}\n{head}");
            // The server's library leaves the length out of a 304, as it may (RFC 9110 §15.4.5).
            for (name, value) in sent.iter().filter(|(name, _)| status != 304 || *name != "content-length") {
                assert_eq!(header(&head, name), Some(*value), "{case:?}\n{head}");
            }
            if header(&head, "transfer-encoding").is_some() {
                let chunks = client.until("\r\n0\r\n\r\n").await;
                assert!(chunks.contains(body), "{case:?}\n{chunks}");
            } else {
                assert_eq!(client.exactly(body.len()).await, body.as_bytes(), "{case:?}");
            }
        }
        for line in app.log.lines(2).await {
            assert_eq!((line["status"].as_u64(), &line["reason"]), (Some(u64::from(status)), &json!("ok")), "{case:?}");
            assert_eq!(line["bytesOut"].as_u64(), Some(body.len() as u64), "{case:?}");
        }
    }
}

#[tokio::test]
async fn over_http2_answers_pass_untouched() {
    for case in CASES {
        let (method, fields, answer, body) = *case;
        let (upstream, mut told) = upstream(*case).await;
        let app = gateway(&upstream).await;
        let mut client = h2_client(app.address).await;
        let mut request = client.request(method, "/x");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let (found, _) = client.begin(request, false).await;
        let (head, bytes) = crate::wire::whole(found).await.unwrap();
        soon("the request", told.recv()).await.unwrap();
        let (status, sent) = expected(answer);
        assert_eq!(head.status.as_u16(), status, "{case:?}");
        // A length of nothing is said by the end of the stream.
        for (name, value) in sent.into_iter().filter(|field| *field != ("content-length", "0")) {
            assert_eq!(head.headers.get(name).map(|found| found.to_str().unwrap()), Some(value), "{case:?}");
        }
        assert_eq!(bytes, body.as_bytes(), "{case:?}");
    }
}
