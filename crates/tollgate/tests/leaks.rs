//! A key that leaked: whoever reports it, it meets what its bucket says, and everybody concerned is told.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Response, StatusCode};
use rcgen::SigningKey;
use serde_json::{Value, json};
use support::{Gateway, SOON, World};
use tollgate_testkit::CapturingUpstream;
use tollgate_testkit::client::{self, Reply};

const ALERTS: &str = "/__tollgate/leaks/github";
/// The example of GitHub's documentation of its partner program.
const PUBLISHED_ID: &str = "f9525bf080f75b3506ca1ead061add62b8633a346606dc5fe544e29231c6ee0d";
const PUBLISHED_KEY: &str = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsz9ugWDj5jK5ELBK42ynytbo38gP\nHzZFI03Exwz8Lh/tCfL3YxwMdLjB+bMznsanlhK0RwcGP3IDb34kQDIo3Q==\n-----END PUBLIC KEY-----\n";
const PUBLISHED_SIGNATURE: &str =
    "MEUCIFLZzeK++IhS+y276SRk2Pe5LfDrfvTXu6iwKKcFGCrvAiEAhHN2kDOhy2I6eGkOFmxNkOJ+L2y8oQ9A2T9GGJo6WJY=";
const PUBLISHED_BODY: &str = r#"[{"token":"some_token","type":"some_type","url":"some_url","source":"some_source"}]"#;

/// A GitHub that publishes a key of its own besides the documented one.
struct Github {
    key: rcgen::KeyPair,
    server: CapturingUpstream,
}

impl Github {
    async fn start() -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let list = json!({ "public_keys": [
            { "key_identifier": "ours", "key": key.public_key_pem(), "is_current": true },
            { "key_identifier": PUBLISHED_ID, "key": PUBLISHED_KEY, "is_current": false },
        ]});
        let list = Bytes::from(list.to_string());
        let server = CapturingUpstream::answering(move |_| Response::new(list.clone())).await.unwrap();
        Self { key, server }
    }

    async fn alerts(&self, gateway: &Gateway, body: &str) -> Reply {
        let signature = STANDARD.encode(self.key.sign(body.as_bytes()).unwrap());
        post(gateway, "ours", &signature, body).await
    }
}

async fn post(gateway: &Gateway, identifier: &str, signature: &str, body: &str) -> Reply {
    let headers = [
        ("content-type", "application/json"),
        ("github-public-key-identifier", identifier),
        ("github-public-key-signature", signature),
    ];
    client::send(Method::POST, &format!("{}{ALERTS}", gateway.url), &headers, body.to_owned()).await.unwrap()
}

fn found(key: &str) -> Value {
    json!({ "token": key, "type": "tollgate_api_key", "url": "https://github.com/a/b/blob/c/d.py", "source": "commit" })
}

fn secret(key: &Value) -> &str {
    key["key"].as_str().unwrap()
}

async fn run(settings: &str) -> (World, CapturingUpstream, Value, Gateway) {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    world.write("tollgate.yaml", settings);
    let key = world.key("acme").await;
    let gateway = world.start(&["run", "."]).await;
    assert_eq!(gateway.get("/protected", Some(secret(&key))).await.status, StatusCode::OK);
    (world, upstream, key, gateway)
}

async fn manage(world: &World, gateway: &Gateway, body: Value) -> Reply {
    let token = world.read(".tollgate/management.token");
    gateway.manage(Method::POST, "/v1/leaks", token.trim(), &body.to_string()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_of_github_revokes_the_key_before_it_is_answered() {
    let github = Github::start().await;
    let settings = format!("leaks: {{ github: {{ keysUrl: \"{}\" }} }}\n", github.server.url());
    let (world, _upstream, key, gateway) = run(&settings).await;
    let body = json!([found(secret(&key)), found("tg_no_key_at_all")]).to_string();
    let answer = github.alerts(&gateway, &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let labels = answer.json();
    assert_eq!((&labels[0]["label"], &labels[1]["label"]), (&"true_positive".into(), &"false_positive".into()));
    assert_eq!(labels[0]["token_type"], "tollgate_api_key");
    assert_eq!(labels[0]["token_hash"].as_str().unwrap().len(), 64);
    assert!(labels[0].get("token_raw").is_none() && !labels.to_string().contains(secret(&key)));
    let refused = gateway.get("/protected", Some(secret(&key))).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let unknown = gateway.get("/protected", Some("tg_unknown")).await;
    assert_eq!(refused.json()["code"], unknown.json()["code"], "callers learn nothing of the leak");

    let log = world.tollgate(&["audit", "list", "--action", "key.leak", "--output", "json"]).await.good().json();
    assert_eq!(log[0]["actor"], "github");
    assert!(log[0].to_string().contains("https://github.com/a/b/blob/c/d.py (commit)"), "{log}");
    let metrics = client::get(&format!("{}/metrics", gateway.management), &[]).await.unwrap();
    let metrics = String::from_utf8_lossy(&metrics.body).into_owned();
    assert!(metrics.contains(r#"tollgate_leaked_keys_total{source="github",action="revoke"} 1"#), "{metrics}");
    assert_eq!(github.server.seen().len(), 1, "the keys of signatures are kept");
    assert!(gateway.child.output().contains("a key leaked") && !gateway.child.output().contains(secret(&key)));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_github_signed_is_believed() {
    let github = Github::start().await;
    let settings = format!("leaks: {{ github: {{ keysUrl: \"{}\", rate: 30/m }} }}\n", github.server.url());
    let (_world, _upstream, key, gateway) = run(&settings).await;
    let published = post(&gateway, PUBLISHED_ID, PUBLISHED_SIGNATURE, PUBLISHED_BODY).await;
    assert_eq!(published.status, StatusCode::OK, "{published:?}");
    assert_eq!(published.json()[0]["label"], "false_positive");

    let body = json!([found(secret(&key))]).to_string();
    let good = STANDARD.encode(github.key.sign(body.as_bytes()).unwrap());
    for (identifier, signature, body) in [
        ("ours", PUBLISHED_SIGNATURE, body.clone()),
        (PUBLISHED_ID, &*good, body.clone()),
        ("unknown", &*good, body.clone()),
        ("ours", &*good, body.replace("commit", "content")),
        ("ours", "", body.clone()),
    ] {
        let answer = post(&gateway, identifier, signature, &body).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{identifier} {signature}: {answer:?}");
        assert_eq!(answer.json()["code"], "alert-unverified");
    }
    for body in ["{}", "[{\"token\":1}]", "no json"] {
        assert_eq!(github.alerts(&gateway, body).await.status, StatusCode::BAD_REQUEST, "{body}");
    }
    let large = format!("[{}]", " ".repeat(3 * 1024 * 1024));
    assert_eq!(github.alerts(&gateway, &large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let get = client::get(&format!("{}{ALERTS}", gateway.url), &[]).await.unwrap();
    assert_eq!((get.status, get.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
    assert_eq!(gateway.get("/protected", Some(secret(&key))).await.status, StatusCode::OK, "none of it did anything");

    let mut last = StatusCode::OK;
    for _ in 0..30 {
        last = post(&gateway, "unknown", "", "[]").await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_setting_there_is_nothing_at_the_path_of_alerts() {
    let (_world, _upstream, _key, gateway) = run("").await;
    assert_eq!(
        post(&gateway, PUBLISHED_ID, PUBLISHED_SIGNATURE, PUBLISHED_BODY).await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
    assert_eq!(client::get(&format!("{}{ALERTS}", gateway.url), &[]).await.unwrap().status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quarantined_key_is_refused_until_it_is_released() {
    let (world, _upstream, key, gateway) = run("").await;
    world.tollgate(&["bucket", "update", "default", "--on-leak", "quarantine"]).await.good();
    let answer = manage(&world, &gateway, json!({ "keys": [secret(&key)], "source": "trufflehog" })).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let report = answer.json();
    assert_eq!(report[0]["keyId"], key["id"]);
    assert_eq!((&report[0]["action"], &report[0]["status"]), (&"quarantine".into(), &"quarantined".into()));
    assert!(!report.to_string().contains(secret(&key)));
    assert_eq!(gateway.get("/protected", Some(secret(&key))).await.status, StatusCode::UNAUTHORIZED);

    let id = key["id"].as_str().unwrap();
    world.tollgate(&["key", "release", id]).await.good();
    gateway.until("/protected", Some(secret(&key)), StatusCode::OK).await;
    world.tollgate(&["key", "revoke", id]).await.good();
    let ended = world.tollgate(&["key", "release", id]).await;
    assert!(ended.code == 1 && ended.stderr.contains("for good"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_only_wants_a_report_lets_the_key_work() {
    let (world, _upstream, key, gateway) = run("").await;
    world.tollgate(&["bucket", "update", "default", "--on-leak", "report"]).await.good();
    let hash = world.tollgate_with_input(&["key", "hash"], secret(&key)).await.good().stdout;
    let body = json!({ "hashes": [hash.trim(), "00".repeat(32)], "source": "ci", "url": "https://ci.example/1" });
    let report = manage(&world, &gateway, body).await.json();
    assert_eq!((&report[0]["known"], &report[0]["action"]), (&true.into(), &"report".into()));
    assert_eq!(report[1]["known"], false);
    assert_eq!(gateway.get("/protected", Some(secret(&key))).await.status, StatusCode::OK);
    let nothing = manage(&world, &gateway, json!({ "source": "ci" })).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    for wrong in [
        json!({ "keys": [""], "source": "ci" }),
        json!({ "keys": ["abc"], "source": "" }),
        json!({ "hashes": [secret(&key)], "source": "ci" }),
    ] {
        let answer = manage(&world, &gateway, wrong).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(!String::from_utf8_lossy(&answer.body).contains(secret(&key)), "what is no hash may be a key");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_an_operator_that_leaks_is_revoked() {
    let (world, _upstream, _key, gateway) = run("").await;
    let made = world.tollgate(&["operator", "create", "ci", "--scope", "leaks:write"]).await.good();
    let token = made.stdout.split_whitespace().find(|word| word.starts_with("tgo_")).unwrap().to_owned();
    let report = manage(&world, &gateway, json!({ "keys": [token], "source": "scan" })).await.json();
    assert_eq!((&report[0]["operator"], &report[0]["action"]), (&"ci".into(), &"revoke".into()), "{report}");
    let operators = world.tollgate(&["operator", "list", "--output", "json"]).await.good().json();
    assert!(operators[0]["revokedOn"].is_string(), "{operators}");
}

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn webhook(receiver: &CapturingUpstream) -> String {
    format!("leaks: {{ webhooks: [{{ url: \"{}/hook\", secret: \"{SECRET}\" }}] }}\n", receiver.url())
}

#[tokio::test(flavor = "multi_thread")]
async fn receivers_are_told_with_a_signature_and_again_until_they_take_it() {
    let tries = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&tries);
    let receiver = CapturingUpstream::answering(move |_| {
        let status = if counting.fetch_add(1, Ordering::Relaxed) == 0 { 503 } else { 204 };
        Response::builder().status(status).body(Bytes::new()).unwrap()
    })
    .await
    .unwrap();
    let (world, _upstream, key, gateway) = run(&webhook(&receiver)).await;
    manage(&world, &gateway, json!({ "keys": [secret(&key)], "source": "ci", "url": "https://ci.example/7" })).await;
    assert!(receiver.wait_for(2, SOON).await, "{}", gateway.child.output());
    let seen = receiver.seen();
    assert_eq!(seen[0].header("webhook-id"), seen[1].header("webhook-id"), "a retry is the same message");
    let (id, moment) = (seen[1].header("webhook-id").unwrap(), seen[1].header("webhook-timestamp").unwrap());
    let body = std::str::from_utf8(&seen[1].body).unwrap();
    let expected = tollgate_identity::WebhookSecret::parse(SECRET).unwrap();
    let expected = expected.sign(id, moment.parse().unwrap(), body.as_bytes());
    assert_eq!(seen[1].header("webhook-signature"), Some(&*expected));
    let event: Value = serde_json::from_str(body).unwrap();
    assert_eq!(event["type"], "tollgate.key.leaked");
    assert_eq!((&event["id"], &event["subject"]), (&id.into(), &key["id"]));
    let data = &event["data"];
    assert_eq!((&data["consumer"], &data["action"]), (&"acme".into(), &"revoke".into()));
    assert_eq!((&data["source"], &data["place"]), (&"ci".into(), &"https://ci.example/7".into()));
    assert!(!body.contains(secret(&key)));
    assert!(!gateway.child.output().contains("MfKQ9"), "the secret is in no log");
}

/// The queue is the audit log, so that what the command line reports while no gateway runs is told too.
#[tokio::test(flavor = "multi_thread")]
async fn what_leaked_while_the_gateway_was_down_is_told_when_it_is_back_and_once() {
    let receiver = CapturingUpstream::start().await.unwrap();
    let (world, _upstream, key, mut gateway) = run(&webhook(&receiver)).await;
    let place = world.data().join("leak-webhooks.json");
    let noted = async {
        while !place.exists() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(SOON, noted).await.expect("the receiver has its place");
    gateway.child.signal("TERM").await.unwrap();
    gateway.child.wait(SOON).await.unwrap();
    world.write("code/a.env", secret(&key));
    world.tollgate(&["key", "scan", "code", "--project", ".", "--report"]).await.good();
    assert!(receiver.seen().is_empty());

    let mut gateway = world.start(&["run", "."]).await;
    assert!(receiver.wait_for(1, SOON).await, "{}", gateway.child.output());
    gateway.child.signal("TERM").await.unwrap();
    gateway.child.wait(SOON).await.unwrap();
    // Another leak is told as the second message, so that the first was not told again before it.
    let gateway = world.start(&["run", "."]).await;
    let other = world.key("other").await;
    manage(&world, &gateway, json!({ "keys": [secret(&other)], "source": "ci" })).await;
    assert!(receiver.wait_for(2, SOON).await);
    let subjects: Vec<Value> = receiver
        .seen()
        .iter()
        .map(|seen| serde_json::from_slice::<Value>(&seen.body).unwrap()["subject"].clone())
        .collect();
    assert_eq!(subjects, [key["id"].clone(), other["id"].clone()]);
}

#[tokio::test]
async fn a_secret_of_a_webhook_that_is_none_is_a_mistake_of_the_project_and_never_shown() {
    let world = World::with_project("http://127.0.0.1:9");
    world.write("tollgate.yaml", "leaks:\n  webhooks:\n    - url: https://a.example/hook\n      secret: $env(HOOK)\n");
    world.write(".env", "HOOK=whsec_hunter2!\n");
    let ended = world.tollgate(&["check"]).await;
    assert_eq!(ended.code, 1, "{ended:?}");
    let told = format!("{}{}", ended.stdout, ended.stderr);
    assert!(told.contains("this is not base64") && told.contains("tollgate.yaml:4"), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
}
