//! WebSocket and event streams between real peers: a Tornado backend that verifies the gateway's
//! token at the handshake, Python clients, the built binary between them, and every kind of policy on.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tollgate_testkit::process::wait_for_file;
use tollgate_testkit::{Child, client, free_port, temp_dir};

const SOON: Duration = Duration::from_secs(60);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn python() -> PathBuf {
    let python = root().join("target/python/bin/python");
    assert!(python.exists(), "real peers need their Python environment: run `make python` first");
    python
}

fn script(name: &str) -> String {
    root().join("crates/tollgate/tests/python").join(name).to_string_lossy().into_owned()
}

/// One route of each kind, with every stage in use.
fn document(backend: u16) -> String {
    format!(
        r#"openapi: 3.1.0
info: {{ title: Streams, version: 1.0.0 }}
x-tollgate:
  upstream: http://127.0.0.1:{backend}
  guard: [{{ ip-restriction: {{ allow: [127.0.0.1/32] }} }}]
  auth: api-key
  limit: 10000/m
  inbound: [request-validation]
  outbound: [{{ set-response-headers: {{ X-Outbound: "yes" }} }}]
paths:
  /ws:
    get: {{ operationId: socket, responses: {{ "101": {{ description: switched }} }} }}
  /events:
    get: {{ operationId: events, responses: {{ "200": {{ description: events }} }} }}
  /left:
    get: {{ operationId: left, responses: {{ "200": {{ description: who left }} }} }}
  /next:
    post:
      operationId: next
      requestBody:
        content: {{ application/json: {{ schema: {{ type: object }} }} }}
      responses: {{ "200": {{ description: done }} }}
"#
    )
}

struct World {
    gateway: Child,
    gateway_port: u16,
    backend_port: u16,
    _backend: Child,
    folder: TempDir,
}

impl World {
    async fn start() -> Self {
        let folder = temp_dir().unwrap();
        let (gateway_port, backend_port) = (free_port().unwrap(), free_port().unwrap());
        let issuer = format!("http://127.0.0.1:{gateway_port}/__tollgate/issuer");
        let port = backend_port.to_string();
        let environment = [("PORT", port.as_str()), ("TOLLGATE_ISSUER", issuer.as_str())];
        let backend = Child::spawn(python(), &[script("streams_backend.py")], &root(), &environment).unwrap();
        backend.wait_for_line("listens", SOON).await.unwrap();
        std::fs::write(folder.path().join("openapi.yaml"), document(backend_port)).unwrap();
        let ready = folder.path().join("ready.json");
        let listen = format!("127.0.0.1:{gateway_port}");
        let arguments = [
            "run",
            ".",
            "--listen",
            &listen,
            "--management-listen",
            "127.0.0.1:0",
            "--data-dir",
            "data",
            "--ready-file",
            "ready.json",
        ];
        let gateway = Child::spawn(env!("CARGO_BIN_EXE_tollgate"), &arguments, folder.path(), &[]).unwrap();
        if let Err(error) = wait_for_file(&ready, SOON).await {
            panic!("{error}\n{}", gateway.output());
        }
        Self { gateway, gateway_port, backend_port, _backend: backend, folder }
    }

    async fn command(&self, arguments: &[&str]) -> Value {
        let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_tollgate"))
            .args(arguments)
            .args(["--data-dir", "data", "--output", "json"])
            .current_dir(self.folder.path())
            .output()
            .await
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    async fn key(&self) -> String {
        self.command(&["consumer", "create", "acme"]).await;
        self.command(&["key", "create", "acme"]).await["key"].as_str().unwrap().to_owned()
    }

    /// The access log's lines of an operation, once there are `count`.
    async fn logged(&self, route: &str, count: usize) -> Vec<Value> {
        let of_route = |line: &str| {
            let line: Value = serde_json::from_str(line).ok()?;
            (line["route"] == route).then_some(line)
        };
        let found = async {
            loop {
                let lines: Vec<_> = self.gateway.output().lines().filter_map(of_route).collect();
                if lines.len() >= count {
                    return lines;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(SOON, found).await.unwrap_or_else(|_| panic!("{}", self.gateway.output()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn python_clients_talk_to_tornado_through_a_tunnel_with_a_key_outside_and_a_token_inside() {
    let world = World::start().await;
    let key = world.key().await;
    let (url, backend) =
        (format!("ws://127.0.0.1:{}/ws", world.gateway_port), format!("ws://127.0.0.1:{}/ws", world.backend_port));
    let output = tokio::process::Command::new(python())
        .args([&script("websocket_client.py"), &url, &backend, &key])
        .output()
        .await
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}\n{}", world.gateway.output());
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    let hello = json!({ "sub": "acme", "iss": format!("http://127.0.0.1:{}/__tollgate/issuer", world.gateway_port) });
    let websockets = &seen["websockets"];
    assert_eq!(websockets["hello"], hello, "the backend has verified the gateway's token");
    assert_eq!(websockets["subprotocol"], "chat");
    assert_eq!(websockets["deflate"], true, "extensions are negotiated end to end");
    assert_eq!(websockets["close"], json!([4000, ""]), "the close handshake passes; Tornado gives back the code");
    assert_eq!(websockets["refused"], json!([401, 401, 401]), "without a key, with a wrong one, past the gateway");
    assert!(websockets["ping_ms"].as_f64().unwrap() < 50.0, "{websockets}");
    assert_eq!(seen["tornado"], json!({ "hello": hello, "refused": 401, "close": 1000 }));

    let (left, authorization) = (format!("http://127.0.0.1:{}/left", world.gateway_port), format!("Bearer {key}"));
    let first = client::get(&left, &[("authorization", &authorization)]).await.unwrap().json();
    assert_eq!(first["left"], "ws 4000 enough", "and the reason reaches the backend");
    let lines = world.logged("socket", 6).await;
    assert_eq!(lines.len(), 6, "one line for each handshake: {lines:#?}");
    let tunnels: Vec<_> = lines.iter().filter(|line| line["status"] == 101).collect();
    assert_eq!(tunnels.len(), 3);
    for line in &tunnels {
        assert_eq!((&line["reason"], &line["consumer"]), (&json!("ok"), &json!("acme")), "{line}");
    }
    let large =
        tunnels.iter().filter(|line| ["bytesIn", "bytesOut"].iter().all(|way| line[way].as_u64() > Some(4 << 20)));
    assert_eq!(large.count(), 2, "what passes is counted: {tunnels:#?}");
}

/// A stream of events, read as it comes.
struct Stream {
    socket: TcpStream,
    text: String,
}

impl Stream {
    async fn until(&mut self, mark: &str) {
        let mut bytes = [0; 4096];
        while !self.text.contains(mark) {
            let read = tokio::time::timeout(SOON, self.socket.read(&mut bytes)).await.expect("an event").unwrap();
            assert!(read > 0, "the stream ended: {}", self.text);
            self.text.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_event_reaches_the_client_before_the_next_is_made_with_every_stage_of_the_pipeline_in_use() {
    let world = World::start().await;
    let key = world.key().await;
    let authorization = format!("Bearer {key}");
    let url = format!("http://127.0.0.1:{}", world.gateway_port);
    let mut stream =
        Stream { socket: TcpStream::connect(("127.0.0.1", world.gateway_port)).await.unwrap(), text: String::new() };
    let head =
        format!("GET /events HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nAuthorization: {authorization}\r\n\r\n");
    stream.socket.write_all(head.as_bytes()).await.unwrap();
    stream.until("\r\n\r\n").await;
    assert!(stream.text.contains("x-outbound: yes"), "{}", stream.text);
    for number in 0..10 {
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        let go = client::send(http::Method::POST, &format!("{url}/next"), &headers, "{}".to_owned()).await.unwrap();
        assert_eq!(go.status, 200, "{:?}", go.body);
        stream.until(&format!("data: {number}\n\n")).await;
    }
    // The backend hears at once that nobody listens any more.
    drop(stream);
    let (left, headers) = (format!("{url}/left"), [("authorization", authorization.as_str())]);
    let left = tokio::time::timeout(Duration::from_secs(1), client::get(&left, &headers)).await;
    let left = left.expect("within a second").unwrap();
    assert_eq!(left.json()["left"], "events");
    let line = world.logged("events", 1).await.remove(0);
    assert_eq!((&line["reason"], &line["consumer"]), (&json!("client.gone"), &json!("acme")), "{line}");
}

/// Reads up to and with a mark.
async fn until(socket: &mut TcpStream, mark: &[u8]) -> Vec<u8> {
    let mut read = Vec::new();
    while !read.windows(mark.len()).any(|window| window == mark) {
        let byte = tokio::time::timeout(SOON, socket.read_u8()).await.expect("bytes").expect("an open connection");
        read.push(byte);
    }
    read
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_ends_when_its_key_is_revoked_and_says_why() {
    let world = World::start().await;
    world.command(&["consumer", "create", "acme"]).await;
    let revoked = world.command(&["key", "create", "acme"]).await;
    let kept = world.command(&["key", "create", "acme"]).await;
    let mut sockets = Vec::new();
    for created in [&revoked, &kept] {
        let mut socket = TcpStream::connect(("127.0.0.1", world.gateway_port)).await.unwrap();
        let handshake = format!(
            "GET /ws HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            created["key"].as_str().unwrap()
        );
        socket.write_all(handshake.as_bytes()).await.unwrap();
        let head = until(&mut socket, b"\r\n\r\n").await;
        assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
        until(&mut socket, b"acme").await;
        sockets.push(socket);
    }
    world.command(&["key", "revoke", revoked["id"].as_str().unwrap()]).await;
    let began = tokio::time::Instant::now();
    let mut rest = Vec::new();
    tokio::time::timeout(SOON, sockets[0].read_to_end(&mut rest)).await.expect("the end").unwrap();
    assert!(began.elapsed() < Duration::from_secs(10), "within seconds");
    // A Close frame of 1008, behind the rest of the hello.
    let close = [&[0x88, 18, 3, 0xf0][..], b"tunnel.key_ended"].concat();
    assert!(rest.ends_with(&close), "{rest:?}");
    let line = &world.logged("socket", 1).await[0];
    assert_eq!(
        (&line["reason"], &line["fields"]["tunnel"]["endedBy"]),
        (&json!("tunnel.key_ended"), &json!("gateway"))
    );
    let authorization = format!("Bearer {}", kept["key"].as_str().unwrap());
    let left = format!("http://127.0.0.1:{}/left", world.gateway_port);
    let left = client::get(&left, &[("authorization", &authorization)]).await.unwrap().json();
    assert_eq!(left["left"], "ws 1008 tunnel.key_ended", "the backend is told as well");
    // Another key of the same consumer opened this one: a ping is answered.
    sockets[1].write_all(&[0x89, 0x80, 0, 0, 0, 0]).await.unwrap();
    until(&mut sockets[1], &[0x8a, 0]).await;
}
