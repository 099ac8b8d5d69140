//! `requestBuffering` before real WSGI backends: one that reads no chunked bodies, and the example
//! in Bottle.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

mod support;

use std::path::{Path, PathBuf};

use support::{Gateway, SOON, World};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tollgate_testkit::{Child, client, free_port};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn python() -> PathBuf {
    let python = root().join("target/python/bin/python");
    assert!(python.exists(), "real backends need their Python environment: run `make python` first");
    python
}

/// A route to each backend, with and without buffering.
fn project(world: &World, wsgi: &str, bottle: u16) {
    world.write(
        "tollgate.yaml",
        &format!(
            "upstreams:
  plain: {{ url: \"{wsgi}\" }}
  held: {{ url: \"{wsgi}\", requestBuffering: 1KiB }}
  notes: {{ url: \"http://127.0.0.1:{bottle}\", requestBuffering: 1KiB }}
"
        ),
    );
    let route = |path: &str, upstream: &str, auth: &str| {
        format!(
            "  /{path}:
    post:
      operationId: {path}
      x-tollgate: {{ upstream: {upstream}, auth: {auth} }}
      responses: {{ \"200\": {{ description: ok }} }}
"
        )
    };
    let routes =
        [route("plain", "plain", "public"), route("held", "held", "public"), route("notes", "notes", "api-key")];
    world.write(
        "openapi.yaml",
        &format!("openapi: 3.1.0\ninfo: {{ title: WSGI, version: 1.0.0 }}\npaths:\n{}", routes.concat()),
    );
}

/// Posts a body in chunks, and reads the answer to its end.
async fn post(gateway: &Gateway, path: &str, fields: &str, pieces: &[&str]) -> String {
    let mut socket = TcpStream::connect(gateway.url.trim_start_matches("http://")).await.unwrap();
    let mut request =
        format!("POST {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n{fields}\r\n");
    for piece in pieces {
        request.push_str(&format!("{:x}\r\n{piece}\r\n", piece.len()));
    }
    request.push_str("0\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(SOON, socket.read_to_string(&mut answer)).await.expect("an answer").unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wsgi_backend_that_reads_no_chunked_bodies_gets_all_of_one_with_its_length() {
    let world = World::empty();
    let script = root().join("crates/tollgate/tests/python/wsgi_backend.py");
    let wsgi = Child::spawn(python(), &[&script], &root(), &[]).unwrap();
    let line = wsgi.wait_for_line("listens on ", SOON).await.unwrap();
    project(&world, line.trim_start_matches("listens on "), 1);
    let gateway = world.start(&["run"]).await;

    let answer = post(&gateway, "/held", "", &["hello, ", "world"]).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\nhello, world"), "{answer}");
    let long = "x".repeat(1025);
    let answer = post(&gateway, "/held", "", &[&long]).await;
    assert!(
        answer.starts_with("HTTP/1.1 413 ") && answer.contains("has no Content-Length and is longer than 1024 bytes"),
        "{answer}"
    );
    // Without it, the backend does not see the body: what the setting is for.
    let answer = post(&gateway, "/plain", "", &["hello, ", "world"]).await;
    assert!(!answer.contains("hello"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_in_bottle_gets_a_chunked_body_whole_behind_key_and_token() {
    let world = World::empty();
    let port = free_port().unwrap();
    project(&world, "http://127.0.0.1:1", port);
    let key = world.key("acme").await["key"].as_str().unwrap().to_owned();
    let gateway = world.start(&["run"]).await;
    let issuer = format!("{}/__tollgate/issuer", gateway.url);
    let environment = [("PORT", port.to_string()), ("TOLLGATE_ISSUER", issuer)];
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let _bottle = Child::spawn(python(), &["examples/bottle/app.py"], &root(), &environment).unwrap();
    let health = format!("http://127.0.0.1:{port}/bottle/health");
    let up = async {
        while client::get(&health, &[]).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(SOON, up).await.expect("the backend came up");

    let fields = format!("Authorization: Bearer {key}\r\nContent-Type: application/json\r\n");
    let answer = post(&gateway, "/notes", &fields, &["{\"text\": ", "\"in pieces\"}"]).await;
    assert!(answer.starts_with("HTTP/1.1 201 ") && answer.contains("\"in pieces\""), "{answer}");
    let long = format!("{{\"text\": \"{}\"}}", "x".repeat(1024));
    let answer = post(&gateway, "/notes", &fields, &[&long]).await;
    assert!(
        answer.starts_with("HTTP/1.1 413 ") && answer.contains("has no Content-Length and is longer than 1024 bytes"),
        "{answer}"
    );
}
