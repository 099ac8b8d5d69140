//! Bodies of any size pass in constant memory, in both directions, with a length and without, over
//! HTTP/1.1 and HTTP/2.
//!
//! `make test` sends 256 MiB each way. For more:
//!
//! ```text
//! TOLLGATE_TEST_BODY_MIB=10240 cargo nextest run -p tollgate --test large_bodies
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

mod support;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use support::World;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const PIECE: usize = 64 * 1024;
/// What the gateway's memory may grow by while a body passes, in KiB: buffers of both sockets, the
/// windows of HTTP/2, and what the allocator keeps.
const GROWTH_KIB: u64 = 12 * 1024;
/// For a body that stands still.
const STALLED: Duration = Duration::from_secs(60);

fn size() -> u64 {
    let mib = std::env::var("TOLLGATE_TEST_BODY_MIB").ok().and_then(|text| text.parse().ok()).unwrap_or(256);
    mib * 1024 * 1024
}

/// Reads a head and gives back it and what came behind.
async fn head(socket: &mut TcpStream) -> (String, Vec<u8>) {
    let mut bytes = Vec::new();
    loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = bytes.split_off(at + 4);
            return (String::from_utf8(bytes).unwrap(), rest);
        }
        assert!(socket.read_buf(&mut bytes).await.unwrap() > 0, "a head");
    }
}

/// A backend that counts what it gets, and sends as much as it is asked for.
async fn backend() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (head, rest) = head(&mut socket).await;
                let chunked = head.contains("chunked");
                if head.starts_with("POST") {
                    let received = if chunked {
                        count_chunks(&mut socket, rest).await
                    } else {
                        count(&mut socket, rest, size()).await
                    };
                    let text = received.to_string();
                    let answer =
                        format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{text}", text.len());
                    socket.write_all(answer.as_bytes()).await.unwrap();
                } else {
                    send(&mut socket, head.contains("length=no")).await;
                }
                let _ = socket.shutdown().await;
            });
        }
    });
    address
}

async fn send(socket: &mut TcpStream, chunked: bool) {
    let piece = vec![b'x'; PIECE];
    let framing = if chunked { "transfer-encoding: chunked".to_owned() } else { format!("content-length: {}", size()) };
    socket.write_all(format!("HTTP/1.1 200 OK\r\nconnection: close\r\n{framing}\r\n\r\n").as_bytes()).await.unwrap();
    send_body(socket, chunked, &piece).await;
}

async fn send_body(socket: &mut TcpStream, chunked: bool, piece: &[u8]) {
    let mut framed = if chunked { format!("{PIECE:x}\r\n").into_bytes() } else { Vec::new() };
    framed.extend_from_slice(piece);
    if chunked {
        framed.extend_from_slice(b"\r\n");
    }
    for _ in 0..size() / PIECE as u64 {
        tokio::time::timeout(STALLED, socket.write_all(&framed)).await.expect("it is taken").unwrap();
    }
    if chunked {
        socket.write_all(b"0\r\n\r\n").await.unwrap();
    }
}

async fn count(socket: &mut TcpStream, rest: Vec<u8>, most: u64) -> u64 {
    let mut received = rest.len() as u64;
    let mut buffer = vec![0; PIECE];
    while received < most {
        let read = tokio::time::timeout(STALLED, socket.read(&mut buffer)).await.expect("bytes").unwrap();
        if read == 0 {
            break;
        }
        received += read as u64;
    }
    received
}

/// The bytes in the chunks of a body.
async fn count_chunks(socket: &mut TcpStream, mut unread: Vec<u8>) -> u64 {
    let (mut received, mut left) = (0, 0_usize);
    loop {
        if left > 0 {
            let take = left.min(unread.len());
            unread.drain(..take);
            left -= take;
        } else if let Some(at) = unread.windows(2).position(|window| window == b"\r\n") {
            let line = String::from_utf8(unread.drain(..at + 2).collect()).unwrap();
            let length = usize::from_str_radix(line.trim(), 16).unwrap();
            if length == 0 {
                return received;
            }
            received += length as u64;
            // With the line end behind it.
            left = length + 2;
            continue;
        }
        if left == 0 && !unread.is_empty() {
            continue;
        }
        let mut buffer = vec![0; PIECE];
        let read = tokio::time::timeout(STALLED, socket.read(&mut buffer)).await.expect("bytes").unwrap();
        assert!(read > 0, "the chunks ended early");
        unread.extend_from_slice(&buffer[..read]);
    }
}

async fn over_http1(gateway: SocketAddr, upload: bool, chunked: bool) -> u64 {
    let mut socket = TcpStream::connect(gateway).await.unwrap();
    if upload {
        let framing =
            if chunked { "Transfer-Encoding: chunked".to_owned() } else { format!("Content-Length: {}", size()) };
        socket.write_all(format!("POST /open HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n").as_bytes()).await.unwrap();
        send_body(&mut socket, chunked, &vec![b'x'; PIECE]).await;
        let (head, body) = head(&mut socket).await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        return String::from_utf8(body).unwrap().parse().unwrap();
    }
    let query = if chunked { "?length=no" } else { "" };
    socket.write_all(format!("GET /open{query} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).await.unwrap();
    let (head, rest) = head(&mut socket).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    if chunked { count_chunks(&mut socket, rest).await } else { count(&mut socket, rest, size()).await }
}

async fn over_http2(gateway: SocketAddr, upload: bool, with_length: bool) -> u64 {
    let socket = TcpStream::connect(gateway).await.unwrap();
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(1 << 20).initial_connection_window_size(1 << 20);
    let (client, connection) = builder.handshake::<_, Bytes>(socket).await.unwrap();
    tokio::spawn(connection);
    let mut client = client.ready().await.unwrap();
    let query = if upload || with_length { "" } else { "?length=no" };
    let mut request = http::Request::builder()
        .method(if upload { "POST" } else { "GET" })
        .uri(format!("http://{gateway}/open{query}"));
    if upload && with_length {
        request = request.header("content-length", size());
    }
    let (answer, mut send) = client.send_request(request.body(()).unwrap(), !upload).unwrap();
    if upload {
        let piece = Bytes::from(vec![b'x'; PIECE]);
        for _ in 0..size() / PIECE as u64 {
            let mut left = piece.clone();
            while !left.is_empty() {
                send.reserve_capacity(left.len());
                let room = std::future::poll_fn(|cx| send.poll_capacity(cx));
                let room = tokio::time::timeout(STALLED, room).await.expect("room").unwrap().unwrap();
                send.send_data(left.split_to(room.min(left.len())), false).unwrap();
            }
        }
        send.send_data(Bytes::new(), true).unwrap();
    }
    let answer = tokio::time::timeout(STALLED, answer).await.expect("an answer").unwrap();
    assert_eq!(answer.status(), 200);
    let mut body = answer.into_body();
    let (mut received, mut text) = (0, Vec::new());
    while let Some(piece) = tokio::time::timeout(STALLED, body.data()).await.expect("bytes") {
        let piece = piece.unwrap();
        let _ = body.flow_control().release_capacity(piece.len());
        received += piece.len() as u64;
        if upload {
            text.extend_from_slice(&piece);
        }
    }
    if upload { String::from_utf8(text).unwrap().parse().unwrap() } else { received }
}

/// What the process has in memory, and had at most, in KiB.
fn memory(pid: u32) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    (field("VmRSS:"), field("VmHWM:"))
}

fn document(backend: SocketAddr) -> String {
    let operation = |name: &str| {
        format!(
            "    {name}:\n      operationId: {name}Open\n      x-tollgate: {{ auth: public }}\n      responses: {{ \"200\": {{ description: ok }} }}\n"
        )
    };
    format!(
        "openapi: 3.1.0\ninfo: {{ title: Test, version: 1.0.0 }}\nx-tollgate:\n  upstream: http://{backend}\npaths:\n  /open:\n{}{}",
        operation("get"),
        operation("post")
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_any_size_passes_in_constant_memory() {
    let world = World::empty();
    world.write("openapi.yaml", &document(backend().await));
    let gateway = world.start(&["run"]).await;
    let address: SocketAddr = gateway.url.trim_start_matches("http://").parse().unwrap();
    let pid = gateway.child.id().unwrap();
    // What is allocated once is there before it counts.
    for upload in [false, true] {
        assert_eq!(over_http1(address, upload, true).await, size());
    }
    assert_eq!(over_http2(address, false, true).await, size());
    let (before, _) = memory(pid);
    let began = std::time::Instant::now();
    for (name, upload, http2, with_length) in [
        ("down, HTTP/1.1, with a length", false, false, true),
        ("up, HTTP/1.1, with a length", true, false, true),
        ("down, HTTP/2, in pieces", false, true, false),
        ("up, HTTP/2, in pieces", true, true, false),
        ("up, HTTP/2, with a length", true, true, true),
    ] {
        let received = if http2 {
            over_http2(address, upload, with_length).await
        } else {
            over_http1(address, upload, !with_length).await
        };
        assert_eq!(received, size(), "{name}");
        let (after, peak) = memory(pid);
        println!(
            "{name}: {} MiB, {before} KiB before, {after} KiB after, {peak} KiB at most, {:?}",
            size() >> 20,
            began.elapsed()
        );
        assert!(after < before + GROWTH_KIB, "{name}: {before} KiB before, {after} KiB after");
        assert!(peak < before + 2 * GROWTH_KIB, "{name}: {before} KiB before, {peak} KiB at most");
    }
}
