//! A reload drops no request, mixes no two projects in one answer, and cuts no stream.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tollgate_testkit::process::wait_for_file;
use tollgate_testkit::{CapturingUpstream, Child, client, temp_dir};

const SOON: Duration = Duration::from_secs(30);

/// Version `n` of the project: the upstream sees the version in the path, the client in a field.
fn write_version(folder: &Path, upstream: &str, version: usize) {
    let document = format!(
        r#"{{"openapi":"3.1.0","info":{{"title":"t","version":"1"}},
"x-tollgate":{{"upstream":"{upstream}","auth":"public","path":{{"prepend":"/v{version}"}},
"outbound":[{{"set-response-headers":{{"x-version":"/v{version}"}}}}]}},
"paths":{{"/a":{{"get":{{"operationId":"a","responses":{{}}}}}}}}}}"#
    );
    // Written beside and moved, so that a reader sees one version or the other.
    std::fs::write(folder.join("new.json"), document).unwrap();
    std::fs::rename(folder.join("new.json"), folder.join("openapi.json")).unwrap();
}

async fn gateway(folder: &TempDir) -> (Child, String, String) {
    let ready = folder.path().join("ready.json");
    let data = folder.path().join("data");
    let arguments = ["run", "project", "--listen", "127.0.0.1:0", "--management-listen", "127.0.0.1:0", "--ready-file"];
    let mut arguments: Vec<String> = arguments.map(str::to_owned).to_vec();
    arguments.extend([ready.display().to_string(), "--data-dir".to_owned(), data.display().to_string()]);
    let child = Child::spawn(env!("CARGO_BIN_EXE_tollgate"), &arguments, folder.path(), &[]).unwrap();
    let Ok(text) = wait_for_file(&ready, SOON).await else { panic!("{}", child.output()) };
    let ready: Value = serde_json::from_str(&text).unwrap();
    let url = |name: &str| format!("http://{}", ready[name].as_str().unwrap());
    (child, url("listen"), url("management"))
}

/// Waits until new requests are served by a version.
async fn until_served(url: &str, version: usize) {
    let served = async {
        while client::get(&format!("{url}/a"), &[]).await.unwrap().header("x-version") != format!("/v{version}") {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, served).await.unwrap_or_else(|_| panic!("version {version} was never served"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_is_dropped_or_mixed_while_the_project_is_reloaded() {
    let upstream = CapturingUpstream::answering(|seen| {
        http::Response::new(Bytes::from(seen.target.trim_end_matches("/a").to_owned()))
    })
    .await
    .unwrap();
    let folder = temp_dir().unwrap();
    let project = folder.path().join("project");
    std::fs::create_dir(&project).unwrap();
    write_version(&project, &upstream.url(), 0);
    let (child, url, _) = gateway(&folder).await;

    let stop = Arc::new(AtomicBool::new(false));
    let answered = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (url, stop, answered) = (url.clone(), Arc::clone(&stop), Arc::clone(&answered));
            tokio::spawn(async move {
                let stream = TcpStream::connect(url.trim_start_matches("http://")).await.unwrap();
                let (mut sender, connection) =
                    hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
                tokio::spawn(connection);
                while !stop.load(Ordering::Relaxed) {
                    let request = Request::get("/a").header("host", "a.example").body(Empty::<Bytes>::new()).unwrap();
                    let answer = sender.send_request(request).await.expect("the connection stays open");
                    assert_eq!(answer.status(), StatusCode::OK);
                    let version = answer.headers()["x-version"].to_str().unwrap().to_owned();
                    let body = answer.into_body().collect().await.unwrap().to_bytes();
                    assert_eq!(body, version, "one project answered and another one forwarded");
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();

    for version in 1..=20 {
        write_version(&project, &upstream.url(), version);
        child.signal("HUP").await.unwrap();
        until_served(&url, version).await;
    }
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }
    assert!(answered.load(Ordering::Relaxed) > 100, "the clients were busy meanwhile");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_open_survives_a_reload() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = format!("http://{}", listener.local_addr().unwrap());
    let folder = temp_dir().unwrap();
    let project = folder.path().join("project");
    std::fs::create_dir(&project).unwrap();
    write_version(&project, &upstream, 0);
    let (child, url, _) = gateway(&folder).await;

    let mut downstream = TcpStream::connect(url.trim_start_matches("http://")).await.unwrap();
    downstream.write_all(b"GET /a HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    let (mut backend, _) = listener.accept().await.unwrap();
    let mut head = [0; 4096];
    assert!(backend.read(&mut head).await.unwrap() > 0);
    backend.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfirst").await.unwrap();
    let mut seen = Vec::new();
    while !seen.ends_with(b"first") {
        assert!(downstream.read_buf(&mut seen).await.unwrap() > 0);
    }

    write_version(&project, "http://127.0.0.1:9", 1);
    child.signal("HUP").await.unwrap();
    // Asked before the reload, the backend, which answers nobody else, would be asked.
    child.wait_for_line("project reloaded", SOON).await.unwrap();
    until_served(&url, 1).await;

    backend.write_all(b"-last").await.unwrap();
    downstream.read_to_end(&mut seen).await.unwrap();
    assert!(seen.ends_with(b"first-last"), "{}", String::from_utf8_lossy(&seen));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_project_is_never_put_into_force() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let folder = temp_dir().unwrap();
    let project = folder.path().join("project");
    std::fs::create_dir(&project).unwrap();
    write_version(&project, &upstream.url(), 0);
    let (child, url, management) = gateway(&folder).await;

    std::fs::write(project.join("openapi.json"), r#"{"openapi":"3.1.0","x-tollgate":{"auth":"publik"}}"#).unwrap();
    child.signal("HUP").await.unwrap();
    child.wait_for_line("publik", SOON).await.expect("the log says what is wrong");
    assert_eq!(client::get(&format!("{url}/a"), &[]).await.unwrap().header("x-version"), "/v0");
    let ready = client::get(&format!("{management}/readyz"), &[]).await.unwrap();
    assert_eq!(ready.status, StatusCode::OK, "the old project serves on: {}", ready.json());
}
