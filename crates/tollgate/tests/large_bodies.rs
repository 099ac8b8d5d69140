//! Bodies of any size pass in constant memory: in both directions, with a length and without, over
//! HTTP/1.1 and HTTP/2.
//!
//! `make test` sends 128 MiB of each kind. For the sizes that matter (docs/performance.md):
//!
//! ```text
//! TOLLGATE_TEST_BODY_MIB=10240 cargo test --release -p tollgate --test large_bodies -- --nocapture
//! ```

#![allow(clippy::print_stdout, reason = "what was measured is the point of the large run")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

mod support;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use support::World;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

const PIECE: usize = 64 * 1024;
/// What passes before memory is looked at, so that what is allocated once is there.
const WARM_UP: u64 = 8 << 20;
/// What the gateway's memory may grow by at any moment while a body passes, in KiB: a few windows
/// and buffers, and what the allocator keeps. It does not depend on the size of the body.
const GROWTH_KIB: u64 = 6 * 1024;
/// For a body that stands still.
const STALLED: Duration = Duration::from_secs(60);

/// Bytes of a body.
#[allow(clippy::disallowed_methods, reason = "whoever runs the test says how much")]
fn size() -> u64 {
    let mib: u64 = std::env::var("TOLLGATE_TEST_BODY_MIB").ok().and_then(|text| text.parse().ok()).unwrap_or(128);
    mib << 20
}

/// A way for a body to pass.
#[derive(Clone, Copy, Debug)]
struct Way {
    upload: bool,
    http2: bool,
    with_length: bool,
}

impl Way {
    fn all() -> impl Iterator<Item = Self> {
        (0..8).map(|bits| Self { upload: bits & 1 != 0, http2: bits & 2 != 0, with_length: bits & 4 != 0 })
    }

    fn method(self) -> &'static str {
        if self.upload { "POST" } else { "GET" }
    }

    /// Sends or fetches a body, and says how many bytes of it came out at the other end.
    async fn pass(self, gateway: SocketAddr, size: u64) -> u64 {
        let target = format!("/open?size={size}&length={}", self.with_length);
        if self.http2 {
            over_http2(self, gateway, &target, size).await
        } else {
            over_http1(self, gateway, &target, size).await
        }
    }
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
                let target = head.split(' ').nth(1).unwrap();
                let size = target.split(['=', '&']).nth(1).unwrap().parse().unwrap();
                if head.starts_with("POST") {
                    let received = if head.contains("chunked") {
                        count_chunks(&mut socket, rest).await
                    } else {
                        count(&mut socket, rest, size).await
                    };
                    let text = received.to_string();
                    let answer =
                        format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{text}", text.len());
                    socket.write_all(answer.as_bytes()).await.unwrap();
                } else {
                    let chunked = target.ends_with("length=false");
                    let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n{}\r\n\r\n", framing(chunked, size));
                    socket.write_all(head.as_bytes()).await.unwrap();
                    send_body(&mut socket, chunked, size).await;
                }
                let _ = socket.shutdown().await;
            });
        }
    });
    address
}

/// The same over HTTP/2.
async fn http2_backend() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                // Window updates must not wait for acknowledgements.
                socket.set_nodelay(true).unwrap();
                let mut connection = h2::server::handshake(socket).await.unwrap();
                while let Some(Ok((request, mut respond))) = connection.accept().await {
                    tokio::spawn(async move {
                        let query = request.uri().query().unwrap();
                        let size: u64 = query.split(['=', '&']).nth(1).unwrap().parse().unwrap();
                        let upload = request.method() == "POST";
                        let mut answer = http::Response::builder();
                        if upload {
                            let text = count_stream(&mut request.into_body()).await.to_string();
                            answer = answer.header("content-length", text.len());
                            let mut stream = respond.send_response(answer.body(()).unwrap(), false).unwrap();
                            stream.send_data(Bytes::from(text), true).unwrap();
                        } else {
                            if query.ends_with("length=true") {
                                answer = answer.header("content-length", size);
                            }
                            let mut stream = respond.send_response(answer.body(()).unwrap(), false).unwrap();
                            send_stream(&mut stream, size).await;
                        }
                    });
                }
            });
        }
    });
    address
}

fn framing(chunked: bool, size: u64) -> String {
    if chunked { "transfer-encoding: chunked".to_owned() } else { format!("content-length: {size}") }
}

async fn send_body(socket: &mut TcpStream, chunked: bool, size: u64) {
    let mut framed = if chunked { format!("{PIECE:x}\r\n").into_bytes() } else { Vec::new() };
    framed.resize(framed.len() + PIECE, b'x');
    if chunked {
        framed.extend_from_slice(b"\r\n");
    }
    for _ in 0..size / PIECE as u64 {
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
        if left > 0 && !unread.is_empty() {
            let take = left.min(unread.len());
            unread.drain(..take);
            left -= take;
            continue;
        }
        if left == 0
            && let Some(at) = unread.windows(2).position(|window| window == b"\r\n")
        {
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
        let mut buffer = vec![0; PIECE];
        let read = tokio::time::timeout(STALLED, socket.read(&mut buffer)).await.expect("bytes").unwrap();
        assert!(read > 0, "the chunks ended early");
        unread.extend_from_slice(&buffer[..read]);
    }
}

async fn over_http1(way: Way, gateway: SocketAddr, target: &str, size: u64) -> u64 {
    let mut socket = TcpStream::connect(gateway).await.unwrap();
    let chunked = !way.with_length;
    let framing = if way.upload { format!("{}\r\n", framing(chunked, size)) } else { String::new() };
    let request = format!("{} {target} HTTP/1.1\r\nHost: a\r\n{framing}\r\n", way.method());
    socket.write_all(request.as_bytes()).await.unwrap();
    if way.upload {
        send_body(&mut socket, chunked, size).await;
    }
    let (head, rest) = head(&mut socket).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert_eq!(head.contains("chunked"), chunked && !way.upload, "{head}");
    if way.upload {
        let mut text = rest;
        let length = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap().parse().unwrap();
        while text.len() < length {
            assert!(socket.read_buf(&mut text).await.unwrap() > 0, "all of the answer");
        }
        String::from_utf8(text).unwrap().parse().unwrap()
    } else if chunked {
        count_chunks(&mut socket, rest).await
    } else {
        count(&mut socket, rest, size).await
    }
}

async fn over_http2(way: Way, gateway: SocketAddr, target: &str, size: u64) -> u64 {
    let upload = way.upload;
    let socket = TcpStream::connect(gateway).await.unwrap();
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(1 << 20).initial_connection_window_size(1 << 20);
    let (client, connection) = builder.handshake::<_, Bytes>(socket).await.unwrap();
    tokio::spawn(connection);
    let mut client = client.ready().await.unwrap();
    let mut request = http::Request::builder().method(way.method()).uri(format!("http://{gateway}{target}"));
    if upload && way.with_length {
        request = request.header("content-length", size);
    }
    let (answer, mut send) = client.send_request(request.body(()).unwrap(), !upload).unwrap();
    if upload {
        send_stream(&mut send, size).await;
    }
    let answer = tokio::time::timeout(STALLED, answer).await.expect("an answer").unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers().contains_key("content-length"), upload || way.with_length);
    let mut body = answer.into_body();
    if upload {
        let text = body.data().await.expect("an answer").unwrap();
        return std::str::from_utf8(&text).unwrap().parse().unwrap();
    }
    count_stream(&mut body).await
}

async fn send_stream(stream: &mut h2::SendStream<Bytes>, size: u64) {
    let piece = Bytes::from(vec![b'x'; PIECE]);
    for _ in 0..size / PIECE as u64 {
        let mut left = piece.clone();
        while !left.is_empty() {
            stream.reserve_capacity(left.len());
            let room = std::future::poll_fn(|cx| stream.poll_capacity(cx));
            let room = tokio::time::timeout(STALLED, room).await.expect("room").unwrap().unwrap();
            stream.send_data(left.split_to(room.min(left.len())), false).unwrap();
        }
    }
    stream.send_data(Bytes::new(), true).unwrap();
}

async fn count_stream(stream: &mut h2::RecvStream) -> u64 {
    let mut received = 0;
    while let Some(piece) = tokio::time::timeout(STALLED, stream.data()).await.expect("bytes") {
        let piece = piece.unwrap();
        let _ = stream.flow_control().release_capacity(piece.len());
        received += piece.len() as u64;
    }
    received
}

/// What the process has in memory, and had at most since the last call, in KiB.
fn memory(pid: u32) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    // 5 is "forget the peak" (proc(5)).
    std::fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    (field("VmRSS:"), field("VmHWM:"))
}

fn document() -> String {
    let operation = |name: &str| {
        format!(
            "    {name}:\n      operationId: {name}Open\n      x-tollgate: {{ auth: public }}\n      responses: {{ \"200\": {{ description: ok }} }}\n"
        )
    };
    format!(
        "openapi: 3.1.0\ninfo: {{ title: Test, version: 1.0.0 }}\nx-tollgate:\n  upstream: backend\npaths:\n  /open:\n{}{}",
        operation("get"),
        operation("post")
    )
}

async fn passes_in_constant_memory(backend: SocketAddr, protocol: &str, ways: &[Way]) {
    let world = World::empty();
    world.write("openapi.yaml", &document());
    let upstream = format!("upstreams:\n  backend: {{ url: \"http://{backend}\", protocol: {protocol} }}\n");
    world.write("tollgate.yaml", &upstream);
    let gateway = world.start(&["run"]).await;
    let address: SocketAddr = gateway.url.trim_start_matches("http://").parse().unwrap();
    let pid = gateway.child.id().unwrap();
    for way in ways {
        assert_eq!(way.pass(address, WARM_UP).await, WARM_UP, "{way:?}");
    }
    let (before, _) = memory(pid);
    for way in ways {
        let began = Instant::now();
        assert_eq!(way.pass(address, size()).await, size(), "{way:?}");
        let took = began.elapsed();
        let (after, peak) = memory(pid);
        println!("{way:?}: {} MiB in {took:.1?}; {before} KiB before, {peak} at most, {after} after", size() >> 20);
        assert!(peak < before + GROWTH_KIB, "{way:?}: {before} KiB before, {peak} KiB at most");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_any_size_passes_in_constant_memory() {
    let ways: Vec<Way> = Way::all().collect();
    passes_in_constant_memory(backend().await, "http1", &ways).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn and_so_it_does_to_and_from_an_upstream_that_speaks_http2() {
    let ways: Vec<Way> = Way::all().filter(|way| !way.with_length).collect();
    passes_in_constant_memory(http2_backend().await, "http2", &ways).await;
}
