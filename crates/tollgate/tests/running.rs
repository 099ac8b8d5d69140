//! `tollgate run`: keys that change under a running gateway, reloads, the end.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use support::{SOON, World, document};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tollgate_testkit::CapturingUpstream;

const OK: StatusCode = StatusCode::OK;
const UNAUTHORIZED: StatusCode = StatusCode::UNAUTHORIZED;
const NOT_FOUND: StatusCode = StatusCode::NOT_FOUND;

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_honoured_at_once_and_a_revoked_one_refused_within_a_second() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let gateway = world.start(&["run", "."]).await;
    assert_eq!(gateway.get("/protected", None).await.status, UNAUTHORIZED);

    let key = world.key("acme").await;
    let secret = key["key"].as_str().unwrap();
    assert_eq!(gateway.get("/protected", Some(secret)).await.status, OK, "at the first try");
    let seen = upstream.last().unwrap();
    let token = seen.header("authorization").unwrap();
    assert!(token.starts_with("Bearer ey"), "the upstream gets a token");
    assert!(!token.contains(secret), "and never the key");

    world.tollgate(&["key", "revoke", key["id"].as_str().unwrap()]).await.good();
    let took = gateway.until("/protected", Some(secret), UNAUTHORIZED).await;
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn run_refuses_the_development_key() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let mut dev = world.start(&["dev", "."]).await;
    let key = world.read(".tollgate/development.key");
    let key = key.trim();
    assert_eq!(dev.get("/protected", Some(key)).await.status, OK);
    dev.child.signal("TERM").await.unwrap();
    assert!(dev.child.wait(SOON).await.unwrap().success());

    let run = world.start(&["run", "."]).await;
    let refused = run.get("/protected", Some(key)).await;
    assert_eq!(refused.status, UNAUTHORIZED);
    assert!(refused.json().get("fix").is_none(), "in production nobody is told why");
    run.child.wait_for_line("key.development_only", SOON).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_by_signal_command_and_management_call_puts_the_saved_project_into_force() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let gateway = world.start(&["run", "."]).await;
    let with_path = |path: &str| document(&upstream.url(), "auth: api-key").replace("/open:", path);

    world.write("openapi.yaml", &with_path("/by-signal:"));
    assert_eq!(gateway.get("/by-signal", None).await.status, NOT_FOUND, "nothing happens by itself");
    gateway.child.signal("HUP").await.unwrap();
    gateway.until("/by-signal", None, OK).await;

    world.write("openapi.yaml", &with_path("/by-command:"));
    let ended = world.tollgate(&["reload"]).await.good();
    assert!(ended.stdout.contains("reloaded: 2 routes"), "{ended:?}");
    assert_eq!(gateway.get("/by-command", None).await.status, OK, "in force when the command ends");

    world.write("openapi.yaml", &with_path("/by-call:"));
    let token = world.read(".tollgate/management.token");
    let reply = gateway.manage(Method::POST, "/v1/reload", token.trim(), "").await;
    assert_eq!(reply.status, OK);
    assert_eq!(reply.json()["applied"], true);
    assert_eq!(gateway.get("/by-call", None).await.status, OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_project_never_replaces_a_running_one() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let gateway = world.start(&["run", "."]).await;
    world.write("openapi.yaml", &document(&upstream.url(), "auht: api-key"));
    let ended = world.tollgate(&["reload"]).await;
    assert_eq!(ended.code, 78);
    assert!(ended.stderr.contains("auht") && ended.stderr.contains("openapi.yaml:9"), "{}", ended.stderr);
    assert_eq!(gateway.get("/open", None).await.status, OK);
    assert_eq!(gateway.get("/protected", None).await.status, UNAUTHORIZED);
    let ready = tollgate_testkit::client::get(&format!("{}/readyz", gateway.management), &[]).await.unwrap();
    assert_eq!((ready.status, &ready.json()["status"]), (OK, &json!("degraded")));

    world.write("openapi.yaml", &document(&upstream.url(), "auth: api-key"));
    world.tollgate(&["reload"]).await.good();
    let ready = tollgate_testkit::client::get(&format!("{}/readyz", gateway.management), &[]).await.unwrap();
    assert_eq!(ready.json()["status"], "ready");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_a_restart_is_named_and_nothing_is_applied() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let gateway = world.start(&["run", "."]).await;
    world.write("tollgate.yaml", "store: sqlite://elsewhere.db\n");
    world.write("openapi.yaml", &document(&upstream.url(), "auth: public"));
    let report = world.tollgate(&["reload", "--output", "json"]).await;
    assert_eq!(report.code, 78);
    assert_eq!(report.json()["needsRestart"], json!(["store"]));
    assert_eq!(gateway.get("/protected", None).await.status, UNAUTHORIZED, "nothing at all was applied");
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_lets_what_is_under_way_finish() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let world = World::with_project(&format!("http://{}", listener.local_addr().unwrap()));
    let mut gateway = world.start(&["run", "."]).await;
    let url = format!("{}/open", gateway.url);
    let request = tokio::spawn(async move { tollgate_testkit::client::get(&url, &[]).await });
    // The upstream has the request and lets the gateway wait for its answer.
    let (mut upstream, _) = listener.accept().await.unwrap();
    assert!(upstream.read(&mut [0; 4096]).await.unwrap() > 0);
    gateway.child.signal("TERM").await.unwrap();
    gateway.child.wait_for_line("stopping", SOON).await.unwrap();
    upstream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nlate").await.unwrap();
    let reply = request.await.unwrap().unwrap();
    assert_eq!((reply.status, &*reply.body), (OK, &b"late"[..]));
    assert!(gateway.child.wait(SOON).await.unwrap().success());
    assert!(!world.data().join("run.json").exists(), "nobody is told of a gateway that is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_it_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let world = World::with_project(&format!("http://{}", listener.local_addr().unwrap()));
    let mut gateway = world.start(&["run", "."]).await;
    let url = format!("{}/open", gateway.url);
    let request = tokio::spawn(async move { tollgate_testkit::client::get(&url, &[]).await });
    let _never_answered = listener.accept().await.unwrap();
    gateway.child.signal("TERM").await.unwrap();
    gateway.child.wait_for_line("stopping", SOON).await.unwrap();
    gateway.child.signal("TERM").await.unwrap();
    gateway.child.wait(SOON).await.unwrap();
    assert!(request.await.unwrap().is_err(), "what was under way is cut");
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_are_json_lines_and_hold_no_secret() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let mut gateway = world.start(&["run", "."]).await;
    let key = world.key("acme").await;
    let secret = key["key"].as_str().unwrap();
    gateway.get("/protected", Some(secret)).await;
    gateway.get("/protected", Some(&secret.replace("tg_", "tg_x"))).await;
    gateway.child.wait_for_line("getProtected", SOON).await.unwrap();
    gateway.child.signal("TERM").await.unwrap();
    gateway.child.wait(SOON).await.unwrap();
    let output = gateway.child.output();
    for line in output.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
    }
    let token = world.read(".tollgate/management.token");
    let signed = upstream.last().unwrap().header("authorization").unwrap().to_owned();
    for hidden in [secret, token.trim(), signed.trim_start_matches("Bearer ")] {
        assert!(!output.contains(hidden));
    }
    assert!(output.contains("\"consumer\":\"acme\""), "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapped_host_is_reached_elsewhere_and_keeps_its_name() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project("https://api.example.test/base");
    let map = format!("api.example.test={}", upstream.address());
    let gateway = world.start(&["run", ".", "--map-host", &map]).await;
    assert_eq!(gateway.get("/open", None).await.status, OK);
    let seen = upstream.last().unwrap();
    assert_eq!((seen.target.as_str(), seen.header("host")), ("/base/open", Some("api.example.test")));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_with_secrets_are_their_owners_alone_and_git_ignores_them() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let _gateway = world.start(&["dev", "."]).await;
    assert_eq!(std::fs::metadata(world.data()).unwrap().permissions().mode() & 0o777, 0o700);
    for name in ["development.key", "management.token", "master.key", "run.json"] {
        let mode = std::fs::metadata(world.data().join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}");
    }
    assert_eq!(world.read(".tollgate/.gitignore"), "*\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_finds_its_signing_keys_again_after_a_restart() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let jwks = "/__tollgate/issuer/.well-known/jwks.json";
    let mut first = world.start(&["run", "."]).await;
    let before = first.get(jwks, None).await.json();
    first.child.kill().await.unwrap();
    let second = world.start(&["run", "."]).await;
    assert_eq!(second.get(jwks, None).await.json(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_taken_is_a_clear_error() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let taken = upstream.address().to_string();
    let ended = world.tollgate(&["run", ".", "--listen", &taken, "--management-listen", "127.0.0.1:0"]).await;
    assert_eq!(ended.code, 1);
    assert!(ended.stderr.contains(&taken) && ended.stderr.contains("takes a free port"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_signing_key_signs_nothing_more_and_is_published_no_more() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    world.write("tollgate.yaml", "issuer: { algorithm: ES256 }\n");
    let gateway = world.start(&["run", "."]).await;
    let key = world.key("acme").await;
    let key = key["key"].as_str();
    let kids = async || -> Vec<String> {
        let jwks = gateway.get("/__tollgate/issuer/.well-known/jwks.json", None).await.json();
        jwks["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    };
    gateway.get("/protected", key).await;
    let token = upstream.last().unwrap().header("authorization").unwrap().to_owned();
    let before = kids().await;

    let data = world.data();
    let rotate = ["token", "rotate", "--now", "--data-dir", data.to_str().unwrap(), "--output", "json"];
    let rotated = world.tollgate(&rotate).await.good().json();
    assert!(rotated.as_array().unwrap().iter().all(|key| key["algorithm"] == "ES256"), "{rotated}");
    let deadline = tokio::time::Instant::now() + SOON;
    // The successor is published first, so that there is a key at every moment.
    loop {
        let published = kids().await;
        assert!(!published.is_empty());
        if published.iter().all(|kid| !before.contains(kid)) {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "the gateway never heard of it");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    gateway.get("/protected", key).await;
    assert_ne!(upstream.last().unwrap().header("authorization").unwrap(), token, "no cached token of the old key");
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_metadata_reaches_the_next_token() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let signed = "auth: api-key, sign: { claimsFromUser: { plan: plan } }";
    world.write("openapi.yaml", &document(&upstream.url(), signed));
    let gateway = world.start(&["run", "."]).await;
    let key = world.key("acme").await;
    let key = key["key"].as_str();
    gateway.get("/protected", key).await;
    let before = upstream.last().unwrap().header("authorization").unwrap().to_owned();
    world.tollgate(&["consumer", "update", "acme", "--metadata", r#"{"plan":"gold"}"#]).await.good();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(1);
    loop {
        gateway.get("/protected", key).await;
        if upstream.last().unwrap().header("authorization").unwrap() != before {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "the old token is handed out still");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watched_folder_is_in_force_as_it_changes_and_a_broken_one_changes_nothing() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let gateway = world.start(&["run", ".", "--watch"]).await;
    gateway.until("/protected", None, http::StatusCode::UNAUTHORIZED).await;
    world.write("openapi.yaml", &document(&upstream.url(), "auth: public"));
    gateway.until("/protected", None, http::StatusCode::OK).await;
    world.write("openapi.yaml", &document(&upstream.url(), "auth: nobody-knows-it"));
    gateway.child.wait_for_line("nobody-knows-it", SOON).await.unwrap();
    assert_eq!(gateway.get("/protected", None).await.status, http::StatusCode::OK);
    world.write("openapi.yaml", &document(&upstream.url(), "auth: api-key"));
    gateway.until("/protected", None, http::StatusCode::UNAUTHORIZED).await;
}
