//! A project that is watched goes back by itself when the errors of what it changed jump, and only then.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use support::{Gateway, SOON, World};
use tollgate_testkit::{CapturingUpstream, client};

const OK: StatusCode = StatusCode::OK;

/// An upstream that fails below `/bad`.
async fn upstream() -> CapturingUpstream {
    CapturingUpstream::answering(|seen| {
        let status = if seen.target.starts_with("/bad") { 500 } else { 200 };
        http::Response::builder().status(status).body(bytes::Bytes::from_static(b"x")).unwrap()
    })
    .await
    .unwrap()
}

/// Two routes; each sends to where it is told.
fn project(upstream: &CapturingUpstream, a: &str, b: &str) -> String {
    let route = |name: &str, prefix: &str| {
        format!(
            "  /{name}:\n    get:\n      operationId: {name}\n      x-tollgate: {{ path: {{ prepend: {prefix} }} }}\n      responses: {{ \"200\": {{ description: ok }} }}\n"
        )
    };
    format!(
        "openapi: 3.1.0\ninfo: {{ title: T, version: 1.0.0 }}\nx-tollgate: {{ upstream: {}, auth: public }}\npaths:\n{}{}",
        upstream.url(),
        route("a", a),
        route("b", b)
    )
}

async fn ask(gateway: &Gateway, path: &str, times: usize) -> StatusCode {
    let mut last = OK;
    for _ in 0..times {
        last = gateway.get(path, None).await.status;
    }
    last
}

async fn ready(gateway: &Gateway) -> Value {
    client::get(&format!("{}/readyz", gateway.management), &[]).await.unwrap().json()
}

async fn has_metric(gateway: &Gateway, line: &str) -> bool {
    let text = client::get(&format!("{}/metrics", gateway.management), &[]).await.unwrap();
    String::from_utf8(text.body.to_vec()).unwrap().lines().any(|found| found == line)
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_a_changed_route_bring_the_snapshot_before_back() {
    let upstream = upstream().await;
    let world = World::empty();
    world.write("openapi.yaml", &project(&upstream, "/good", "/good"));
    let gateway = world.start(&["run", "."]).await;
    assert_eq!(ask(&gateway, "/a", 30).await, OK);
    world.write("openapi.yaml", &project(&upstream, "/bad", "/good"));
    let applied = world.tollgate(&["reload", "--canary", "10m"]).await.good();
    assert!(applied.stdout.contains("errors of the changed routes are watched until"), "{applied:?}");
    assert_eq!(ask(&gateway, "/a", 30).await, StatusCode::INTERNAL_SERVER_ERROR);
    gateway.until("/a", None, OK).await;

    gateway.child.wait_for_line("errors jumped", SOON).await.unwrap();
    let health = ready(&gateway).await;
    let said = health["checks"]["snapshot"].as_str().unwrap();
    assert!(said.contains("snapshot 1 is pinned by canary") && said.contains("route a"), "{health}");
    let list = world.tollgate(&["snapshots", "list", "--output", "json"]).await.good().json();
    assert_eq!((&list[1]["inForce"], &list[1]["pinned"]["by"]), (&json!(true), &json!("canary")), "{list}");
    let audited = async {
        loop {
            let audit =
                world.tollgate(&["audit", "list", "--action", "project.rollback", "--output", "json"]).await.good();
            if let Some(entry) = audit.json().as_array().unwrap().first() {
                return entry.clone();
            }
        }
    };
    let entry = tokio::time::timeout(SOON, audited).await.expect("it is in the audit log");
    assert_eq!((&entry["actorKind"], &entry["target"]), (&json!("gateway"), &json!("1")), "{entry}");
    assert!(has_metric(&gateway, "tollgate_canaries_total{outcome=\"rolled_back\"} 1").await);
    assert_eq!(world.tollgate(&["reload"]).await.code, 1, "what failed does not come back by itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_other_routes_and_a_time_without_errors_change_nothing() {
    let upstream = upstream().await;
    let world = World::empty();
    world.write("openapi.yaml", &project(&upstream, "/good", "/bad"));
    let gateway = world.start(&["run", "."]).await;
    world.write("openapi.yaml", &project(&upstream, "/better", "/bad"));
    world.tollgate(&["reload", "--canary", "3s"]).await.good();
    assert_eq!(ask(&gateway, "/b", 30).await, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(ask(&gateway, "/a", 30).await, OK);
    gateway.child.wait_for_line("the errors of the changed routes did not jump", SOON).await.unwrap();
    assert_eq!(upstream.last().unwrap().target, "/better/a");
    assert_eq!(ready(&gateway).await["status"], "ready");
    assert!(has_metric(&gateway, "tollgate_canaries_total{outcome=\"passed\"} 1").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_being_asked_nothing_is_watched_and_a_bad_time_is_refused() {
    let upstream = upstream().await;
    let world = World::empty();
    world.write("openapi.yaml", &project(&upstream, "/good", "/good"));
    let gateway = world.start(&["run", "."]).await;
    world.write("openapi.yaml", &project(&upstream, "/bad", "/good"));
    let plain = world.tollgate(&["reload", "--output", "json"]).await.good().json();
    assert_eq!(plain["canaryUntil"], Value::Null);
    assert_eq!(ask(&gateway, "/a", 40).await, StatusCode::INTERNAL_SERVER_ERROR);
    let token = world.read(".tollgate/management.token");
    for (canary, expected) in [("0s", StatusCode::UNPROCESSABLE_ENTITY), ("25h", StatusCode::UNPROCESSABLE_ENTITY)] {
        let path = format!("/v1/reload?canary={canary}");
        assert_eq!(gateway.manage(http::Method::POST, &path, token.trim(), "").await.status, expected, "{canary}");
    }
    tokio::time::timeout(Duration::from_millis(1500), gateway.until("/a", None, OK))
        .await
        .expect_err("nobody went back");
}
