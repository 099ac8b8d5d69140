//! The management listener, and what tools see of a running gateway.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use support::World;
use tollgate_testkit::{CapturingUpstream, client};

#[tokio::test(flavor = "multi_thread")]
async fn health_and_metrics_need_no_token_and_everything_else_does() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let gateway = world.start(&["run", "."]).await;
    let open = |path: &str| format!("{}{path}", gateway.management);
    assert_eq!(client::get(&open("/livez"), &[]).await.unwrap().status, StatusCode::OK);
    let ready = client::get(&open("/readyz"), &[]).await.unwrap();
    assert_eq!(
        ready.json()["checks"],
        json!({"certificates": "ok", "issuer": "ok", "keys": "ok", "project": "ok", "snapshot": "ok", "source": "ok", "store": "ok"})
    );
    gateway.get("/open", None).await;
    let classic = client::get(&open("/metrics"), &[]).await.unwrap();
    assert_eq!(classic.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert!(!String::from_utf8_lossy(&classic.body).contains("# EOF"));
    let accept = [("accept", "application/openmetrics-text; version=1.0.0, text/plain;q=0.5")];
    let modern = client::get(&open("/metrics"), &accept).await.unwrap();
    assert!(modern.header("content-type").starts_with("application/openmetrics-text"));
    let text = String::from_utf8_lossy(&modern.body).into_owned();
    assert!(text.ends_with("# EOF\n") && text.contains("route=\"getOpen\""), "{text}");

    let document = client::get(&open("/v1/openapi.json"), &[]).await.unwrap().json();
    for (path, item) in document["paths"].as_object().unwrap().iter().filter(|(path, _)| path.starts_with("/v1/")) {
        for method in item.as_object().unwrap().keys() {
            let url = open(&path.replace(['{', '}'], ""));
            let method: Method = method.to_uppercase().parse().unwrap();
            for headers in [&[][..], &[("authorization", "Bearer wrong")], &[("authorization", "Bearer ")]] {
                let reply = client::send(method.clone(), &url, headers, "{}").await.unwrap();
                assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{method} {path}");
                assert_eq!(reply.header("content-type"), "application/problem+json");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn consumers_and_keys_are_managed_over_http() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let gateway = world.start(&["run", "."]).await;
    let token = world.read(".tollgate/management.token");
    let call = async |method: Method, path: &str, body: Value| {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let reply = gateway.manage(method, path, token.trim(), &body).await;
        (reply.status.as_u16(), reply.json())
    };
    let consumer = json!({"name": "acme", "metadata": {"plan": "gold"}});
    assert_eq!(call(Method::POST, "/v1/consumers", consumer.clone()).await.0, 201);
    assert_eq!(call(Method::POST, "/v1/consumers", consumer).await.0, 409);
    assert_eq!(call(Method::POST, "/v1/consumers", json!({"nam": "x"})).await.0, 400);
    assert_eq!(call(Method::POST, "/v1/keys", json!({"consumer": "acmee"})).await.0, 404);
    let (status, created) = call(Method::POST, "/v1/keys", json!({"consumer": "acme", "expiresOn": "1h"})).await;
    assert_eq!(status, 201);
    let key = created["key"].as_str();
    assert_eq!(gateway.get("/protected", key).await.status, StatusCode::OK);
    let path = format!("/v1/keys/{}/revoke", created["id"].as_str().unwrap());
    assert_eq!(call(Method::POST, &path, Value::Null).await.1["status"], "revoked");
    assert_eq!(gateway.get("/protected", key).await.status, StatusCode::UNAUTHORIZED, "at once");
    assert_eq!(call(Method::DELETE, "/v1/consumers/acme", Value::Null).await.0, 204);
    assert_eq!(call(Method::GET, "/v1/consumers/acme", Value::Null).await.0, 404);
    assert_eq!(call(Method::GET, "/v1/nothing", Value::Null).await.0, 404);

    let (_, status) = call(Method::GET, "/v1/status", Value::Null).await;
    assert_eq!(status["mode"], "run");
    assert_eq!(status["issuer"], format!("{}/__tollgate/issuer", gateway.url));
    let (_, rotated) = call(Method::POST, "/v1/signing-keys/rotate?now=true", Value::Null).await;
    let kid = rotated.as_array().unwrap().iter().find(|key| key["status"] == "active").unwrap()["kid"].clone();
    let jwks = gateway.get("/__tollgate/issuer/.well-known/jwks.json", None).await.json();
    assert_eq!(jwks["keys"][0]["kid"], kid);
}

/// What the management API has answered is in force, not on its way.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_revoked_over_http_is_refused_by_the_next_request() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let gateway = world.start(&["run", "."]).await;
    let token = world.read(".tollgate/management.token");
    let call = async |method: Method, path: &str, body: Value| {
        gateway.manage(method, path, token.trim(), &body.to_string()).await.json()
    };
    call(Method::POST, "/v1/consumers", json!({"name": "acme"})).await;
    for _ in 0..20 {
        let created = call(Method::POST, "/v1/keys", json!({"consumer": "acme"})).await;
        assert_eq!(gateway.get("/protected", created["key"].as_str()).await.status, StatusCode::OK);
        let path = format!("/v1/keys/{}/revoke", created["id"].as_str().unwrap());
        call(Method::POST, &path, json!({})).await;
        assert_eq!(gateway.get("/protected", created["key"].as_str()).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_sees_what_a_backend_would_see() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let gateway = world.start(&["run", "."]).await;
    let good = world.tollgate(&["doctor", "--output", "json"]).await;
    assert_eq!(good.code, 0, "{good:?}");
    let checks: Vec<String> =
        good.json().as_array().unwrap().iter().map(|finding| finding["check"].as_str().unwrap().to_owned()).collect();
    for check in ["project", "store", "issuer", "signing keys"] {
        assert!(checks.iter().any(|name| name == check), "{check}: {checks:?}");
    }
    drop((gateway, upstream));
    let bad = world.tollgate(&["doctor"]).await;
    assert_eq!(bad.code, 1);
    assert!(bad.stdout.contains("fail  upstream") && bad.stdout.contains("what to do:"), "{}", bad.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snippet_names_the_issuer_of_the_project() {
    let world = World::with_project("http://127.0.0.1:9");
    world.write("tollgate.yaml", "publicUrl: https://api.example.com\n");
    let code = world.tollgate(&["snippet", "tornado"]).await.good().stdout;
    assert!(code.contains("\"https://api.example.com/__tollgate/issuer\""), "{code}");
}
