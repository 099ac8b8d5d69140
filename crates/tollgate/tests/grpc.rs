//! Real gRPC, in Python, through the binary: unary calls and all three kinds of streams.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

mod support;

use std::path::{Path, PathBuf};

use support::{SOON, World};
use tollgate_testkit::{Child, temp_dir};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The Python that `make test` has set up.
fn python() -> PathBuf {
    let python = root().join("target/python/bin/python");
    assert!(python.exists(), "this test needs its Python environment: run `make python` first");
    python
}

/// The routes of the service, and what of the gateway is tried on them.
fn document(upstream: &str) -> String {
    let route = |path: &str, more: &str| {
        format!("  {path}:\n    post:\n      {more}\n      responses: {{ default: {{ description: the answer }} }}\n")
    };
    let methods = ["Unary", "ServerStream", "ClientStream", "Bidi"];
    let plain: String =
        methods.iter().map(|name| route(&format!("/test.Echo/{name}"), &format!("operationId: {name}"))).collect();
    let limited = route("/test.Echo/Limited", "x-tollgate: { limit: 1/m, path: { rewrite: /test.Echo/Unary } }");
    let down = route("/test.Down/Unary", "x-tollgate: { upstream: down }");
    format!(
        "openapi: 3.1.0\ninfo: {{ title: Echo, version: 1.0.0 }}\nx-tollgate: {{ upstream: {upstream}, auth: api-key }}\npaths:\n{plain}{limited}{down}"
    )
}

async fn all_calls_work(target: &str, url: impl FnOnce(&str) -> String) {
    let server = Child::spawn(python(), &["crates/tollgate/tests/grpc/server.py", target], &root(), &[]).unwrap();
    let line = server.wait_for_line("listens on", SOON).await.unwrap();
    let port = line.rsplit(' ').next().unwrap().trim().to_owned();

    let world = World::empty();
    world.write("openapi.yaml", &document("echo"));
    let settings = format!(
        "upstreams:\n  echo: {{ url: \"{}\", protocol: http2 }}\n  down: {{ url: http://127.0.0.1:1, protocol: http2 }}\n",
        url(&port)
    );
    world.write("tollgate.yaml", &settings);
    let key = world.key("ann").await;
    let gateway = world.start(&["run"]).await;
    let address = gateway.url.trim_start_matches("http://").to_owned();
    let client = tokio::process::Command::new(python())
        .args(["crates/tollgate/tests/grpc/client.py", &address, key["key"].as_str().unwrap()])
        .current_dir(root())
        .output();
    let output = tokio::time::timeout(SOON * 2, client).await.expect("the calls end").unwrap();
    assert!(
        output.status.success(),
        "{}\n{}\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
        gateway.child.output(),
        server.output()
    );
}

#[tokio::test]
async fn every_kind_of_call_works_over_tcp() {
    all_calls_work("127.0.0.1:0", |port| format!("http://127.0.0.1:{port}")).await;
}

#[tokio::test]
async fn every_kind_of_call_works_over_a_unix_socket() {
    let folder = temp_dir().unwrap();
    let socket = folder.path().join("grpc.sock");
    let path = socket.to_str().unwrap().to_owned();
    all_calls_work(&format!("unix:{path}"), |_| format!("http://unix:{path}")).await;
}
