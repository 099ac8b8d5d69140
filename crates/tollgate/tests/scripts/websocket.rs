//! `WebSocket` in scripts, against a real peer in Tornado.

use std::path::{Path, PathBuf};

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tollgate_testkit::{Child, client, free_port};

use crate::project::{Scripted, good, send};
use crate::support::{Gateway, SOON};

/// Opens a WebSocket, does what the body of the request says in turn, and tells what came.
const MODULE: &str = r#"
type Step = string | { bytes: number[] } | { close: [number?, string?] } | { wait: number };

export const talk = async (request: Request) => {
  const { url, protocols, binaryType, steps } = await request.json() as
    { url: string, protocols: string[], binaryType?: BinaryType, steps: Step[] };
  const socket = new WebSocket(url, protocols);
  if (binaryType) socket.binaryType = binaryType;
  const told: unknown[] = [];
  let messages = 0;
  const ended = new Promise<void>((resolve) => {
    socket.onmessage = async ({ data }) => {
      messages += 1;
      if (typeof data === "string") told.push(data.length > 200 ? data.length : data);
      else told.push([data.constructor.name, ...new Uint8Array(data instanceof Blob ? await data.arrayBuffer() : data)]);
      next();
    };
    socket.onerror = (event) => told.push(["error", (event as ErrorEvent).message]);
    socket.onclose = ({ code, reason, wasClean }) => { told.push(["close", code, reason, wasClean]); resolve(); };
  });
  const next = () => {
    const step = steps.shift();
    if (step === undefined) return;
    if (typeof step === "string") socket.send(step);
    else if ("bytes" in step) socket.send(new Uint8Array(step.bytes));
    else if ("close" in step) socket.close(...step.close);
    else if (messages < step.wait) steps.unshift(step);
    else next();
  };
  socket.onopen = () => { told.push(["open", socket.protocol, socket.readyState]); next(); };
  await ended;
  return { told, state: socket.readyState, buffered: socket.bufferedAmount };
};

/// Answers, and leaves a connection behind that nobody closes.
export const leave = async (request: Request) => {
  const { url } = await request.json() as { url: string };
  const socket = new WebSocket(url);
  await new Promise((resolve) => { socket.onopen = resolve; });
  socket.send("still here");
  return "left";
};
"#;

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The peer, at a free port.
pub(crate) struct Peer {
    pub(crate) port: u16,
    _child: Child,
}

impl Peer {
    pub(crate) async fn start(environment: &[(&str, &str)]) -> Self {
        let python = root().join("target/python/bin/python");
        assert!(python.exists(), "real peers need their Python environment: run `make python` first");
        let script = root().join("crates/tollgate/tests/python/websocket_peer.py");
        let port = free_port().unwrap();
        let text = port.to_string();
        let environment: Vec<(&str, &str)> = environment.iter().copied().chain([("PORT", &*text)]).collect();
        let child = Child::spawn(python, &[script.to_str().unwrap()], &root(), &environment).unwrap();
        child.wait_for_line("listens", SOON).await.unwrap();
        Self { port, _child: child }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("ws://127.0.0.1:{}{path}", self.port)
    }

    /// How a connection was left: the code, the reason, how many messages there were.
    pub(crate) async fn left(&self) -> Value {
        let reply = client::get(&format!("http://127.0.0.1:{}/left", self.port), &[]).await.unwrap();
        reply.json()["left"].clone()
    }
}

async fn project(settings: &str) -> (Scripted, Gateway) {
    let project = Scripted::new()
        .await
        .module("socket.ts", MODULE)
        .file("tollgate.yaml", settings)
        .handled("/talk", "post", ("socket", "talk"), &[], &[])
        .handled("/leave", "post", ("socket", "leave"), &[], &[]);
    let gateway = project.start().await;
    (project, gateway)
}

async fn talk(gateway: &Gateway, wanted: Value) -> Value {
    let reply = send(gateway, Method::POST, "/talk", &[], &wanted.to_string()).await;
    good(&reply, gateway)
}

#[tokio::test(flavor = "multi_thread")]
async fn text_and_bytes_go_both_ways_and_either_side_closes() {
    let peer = Peer::start(&[]).await;
    let (_project, gateway) = project("").await;
    let steps = json!(["hello ä", { "bytes": [0, 1, 255] }, { "close": [3001, "done"] }]);
    let wanted = json!({ "url": peer.url("/echo"), "protocols": ["other", "chat"], "binaryType": "arraybuffer", "steps": steps });
    let told = json!([["open", "chat", 1], "hello ä", ["ArrayBuffer", 0, 1, 255], ["close", 3001, "", true]]);
    assert_eq!(talk(&gateway, wanted).await, json!({ "told": told, "state": 3, "buffered": 0 }));
    assert_eq!(peer.left().await, json!([3001, "done", 2]));
    let wanted = json!({ "url": peer.url("/echo"), "protocols": [], "steps": [{ "bytes": [7] }, "close"] });
    let told = json!([["open", "", 1], ["Blob", 7], ["close", 4001, "enough", true]]);
    assert_eq!(talk(&gateway, wanted).await["told"], told);
    let wanted = json!({ "url": peer.url("/greeter"), "protocols": [], "steps": [{ "wait": 3 }, "size 200000", "size 0", "close"] });
    let seen = talk(&gateway, wanted).await;
    let told = json!([
        ["open", "", 1],
        "greeting 0",
        "greeting 1",
        "greeting 2",
        200_000,
        "",
        ["close", 4001, "enough", true]
    ]);
    assert_eq!(seen["told"], told, "what comes with the handshake is not lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_fails_says_why_and_is_not_clean() {
    let peer = Peer::start(&[]).await;
    let (_project, gateway) = project("server: { limits: { bufferedBody: 64KiB } }").await;
    let closed = json!(["close", 1006, "", false]);
    let ends = async |path: &str, steps: Value| {
        let mut seen = talk(&gateway, json!({ "url": peer.url(path), "protocols": [], "steps": steps })).await;
        let told = seen["told"].as_array_mut().unwrap();
        assert_eq!(told.pop().unwrap(), closed);
        told.pop().unwrap()[1].as_str().unwrap().to_owned()
    };
    let refused = ends("/plain", json!([])).await;
    assert!(refused.contains("the server answered 200 OK instead of opening a WebSocket"), "{refused}");
    assert!(ends("/nowhere", json!([])).await.contains("404"));
    assert!(ends("/echo", json!(["abort"])).await.contains("reset"), "the connection was cut");
    assert!(ends("/echo", json!(["size 70000"])).await.contains("too long"));
    let nobody = json!({ "url": format!("ws://127.0.0.1:{}/", free_port().unwrap()), "protocols": [], "steps": [] });
    assert_eq!(talk(&gateway, nobody).await["told"][1], closed);
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_reach_by_websocket_what_they_reach_by_fetch_and_nothing_else() {
    let peer = Peer::start(&[]).await;
    let (_project, gateway) = project("").await;
    let management = gateway.management.replace("http://", "ws://");
    for url in [management, "ws://169.254.169.254/".to_owned(), "ws://[::ffff:169.254.169.254]/".to_owned()] {
        let told = talk(&gateway, json!({ "url": url, "protocols": [], "steps": [] })).await;
        let why = told["told"][0][1].as_str().unwrap().to_owned();
        assert!(why.contains("scripts may not connect to"), "{url}: {why}");
    }
    // A connection goes with the call that opened it, in the end.
    let (_project, gateway) = project("scripts: { wall: 1s }").await;
    let reply = send(&gateway, Method::POST, "/leave", &[], &json!({ "url": peer.url("/echo") }).to_string()).await;
    assert_eq!(reply.status, StatusCode::OK, "{:?}", reply.body);
    assert_eq!(peer.left().await, json!([1001, null, 1]), "it is told that nobody is there any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_believed_by_the_certificates_that_the_gateway_trusts() {
    let folder = tollgate_testkit::temp_dir().unwrap();
    let file = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(file("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(file("key.pem"), made.signing_key.serialize_pem()).unwrap();
    let peer = Peer::start(&[("CERT", &file("cert.pem")), ("KEY", &file("key.pem"))]).await;
    let url = format!("wss://localhost:{}/echo", peer.port);
    let wanted = json!({ "url": url, "protocols": [], "steps": ["hello", "close"] });
    let (project, gateway) = project("").await;
    let told = talk(&gateway, wanted.clone()).await;
    assert!(told["told"][0][1].as_str().unwrap().contains("certificate"), "{told}");
    drop(gateway);
    let gateway = project.world.start_with(&["run", "."], &[("SSL_CERT_FILE", &file("cert.pem"))]).await;
    let told = talk(&gateway, wanted).await;
    assert_eq!(told["told"][1], "hello", "{told}");
}
