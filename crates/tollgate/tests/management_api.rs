//! The management API as operators and their scripts use it, through the built binary.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use std::path::{Path, PathBuf};

use http::{Method, StatusCode};
use serde_json::{Value, json};
use support::{Gateway, World};
use tollgate_testkit::client::{self, Reply};

/// A gateway, and what is called on its management listener.
struct Managed {
    world: World,
    gateway: Gateway,
    bootstrap: String,
}

impl Managed {
    async fn start() -> Self {
        let world = World::with_project("http://127.0.0.1:9");
        let gateway = world.start(&["run", "."]).await;
        let bootstrap = world.read(".tollgate/management.token").trim().to_owned();
        Self { world, gateway, bootstrap }
    }

    async fn send(&self, method: Method, path: &str, token: &str, fields: &[(&str, &str)], body: &Value) -> Reply {
        let authorization = format!("Bearer {token}");
        let mut headers = vec![("authorization", authorization.as_str())];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        if !body.is_empty() {
            headers.push(("content-type", "application/json"));
        }
        headers.extend(fields);
        client::send(method, &format!("{}{path}", self.gateway.management), &headers, body).await.unwrap()
    }

    /// Calls as the bootstrap token's holder; the status and the body.
    async fn call(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let reply = self.send(method, path, &self.bootstrap, &[], &body).await;
        let json = if reply.body.is_empty() { Value::Null } else { reply.json() };
        (reply.status.as_u16(), json)
    }

    async fn operator(&self, name: &str, scopes: &[&str]) -> String {
        let (status, made) = self.call(Method::POST, "/v1/operators", json!({ "name": name, "scopes": scopes })).await;
        assert_eq!(status, 201, "{made}");
        made["token"].as_str().unwrap().to_owned()
    }
}

/// Whoever may look may not touch, and whoever may make keys may not make operators.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_does_what_its_scopes_allow_and_nothing_else() {
    let it = Managed::start().await;
    it.call(Method::POST, "/v1/consumers", json!({ "name": "acme" })).await;
    let reader = it.operator("grafana", &["read"]).await;
    let keys = it.operator("ci", &["keys:write"]).await;
    let consumers = it.operator("crm", &["consumers:write"]).await;
    let make_key = json!({ "consumer": "acme" });
    let make_consumer = json!({ "name": "zeta" });
    let bulk = "/v1/accounts/a/key-buckets/default/consumers?with-api-key=true";
    for (token, method, path, body, expected) in [
        (&reader, Method::GET, "/v1/keys", Value::Null, 200),
        (&reader, Method::GET, "/v1/audit", Value::Null, 200),
        (&reader, Method::POST, "/v1/keys", make_key.clone(), 403),
        (&reader, Method::POST, "/v1/reload", Value::Null, 403),
        (&keys, Method::POST, "/v1/keys", make_key, 201),
        (&keys, Method::POST, "/v1/consumers", make_consumer.clone(), 403),
        (&keys, Method::POST, "/v1/operators", json!({ "name": "x", "scopes": ["admin"] }), 403),
        (&consumers, Method::POST, "/v1/consumers", make_consumer, 201),
        (&consumers, Method::POST, bulk, json!({ "name": "with-a-key" }), 403),
    ] {
        let reply = it.send(method.clone(), path, token, &[], &body).await;
        assert_eq!(reply.status.as_u16(), expected, "{method} {path}: {}", String::from_utf8_lossy(&reply.body));
        if expected == 403 {
            assert!(reply.header("www-authenticate").contains("error=\"insufficient_scope\""));
            assert_eq!(reply.header("content-type"), "application/problem+json");
        }
    }
    let (_, revoked) = it.call(Method::POST, "/v1/operators/ci/revoke", Value::Null).await;
    assert_eq!(revoked["status"], "revoked");
    let reply = it.send(Method::GET, "/v1/keys", &keys, &[], &Value::Null).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "at once");
    assert!(reply.header("www-authenticate").starts_with("Bearer"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_in_the_audit_log_with_who_and_from_where() {
    let it = Managed::start().await;
    let token = it.operator("crm", &["consumers:write", "keys:write", "project"]).await;
    let send = async |method, path: &str, body| it.send(method, path, &token, &[], &body).await;
    send(Method::POST, "/v1/consumers", json!({ "name": "acme" })).await;
    let created = send(Method::POST, "/v1/keys", json!({ "consumer": "acme" })).await.json();
    let id = created["id"].as_str().unwrap().to_owned();
    let rolled = send(Method::POST, &format!("/v1/keys/{id}/roll"), json!({ "overlap": "1h" })).await.json();
    assert!(rolled["key"].as_str().unwrap().starts_with("tg_"));
    send(Method::POST, "/v1/consumers/acme/revoke-keys", Value::Null).await;
    send(Method::POST, "/v1/reload", Value::Null).await;
    let (_, log) = it.call(Method::GET, "/v1/audit?actor=crm&order=oldest", Value::Null).await;
    let actions: Vec<&str> = log["items"].as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap()).collect();
    for wanted in ["consumer.create", "key.create", "key.roll", "project.reload"] {
        assert!(actions.contains(&wanted), "{wanted}: {actions:?}");
    }
    for entry in log["items"].as_array().unwrap() {
        assert_eq!((&entry["actorKind"], &entry["origin"]), (&json!("operator"), &json!("127.0.0.1")), "{entry}");
    }
    assert!(!log.to_string().contains(created["key"].as_str().unwrap()), "no key is in it");
    let (_, verdict) = it.call(Method::GET, "/v1/audit/verify", Value::Null).await;
    assert_eq!(verdict["intact"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_come_page_by_page_and_no_row_twice() {
    let it = Managed::start().await;
    for number in 0..5 {
        it.call(Method::POST, "/v1/consumers", json!({ "name": format!("c{number}") })).await;
        it.call(Method::POST, "/v1/keys", json!({ "consumer": format!("c{number}") })).await;
    }
    for (path, member) in [("/v1/consumers", "name"), ("/v1/keys", "consumer"), ("/v1/audit?order=oldest", "sequence")]
    {
        let mut seen = Vec::new();
        let mut next = Value::Null;
        loop {
            let mark = if path.contains('?') { '&' } else { '?' };
            let cursor = next.as_str().map_or_else(String::new, |cursor| format!("&cursor={cursor}"));
            let (status, page) = it.call(Method::GET, &format!("{path}{mark}limit=2{cursor}"), Value::Null).await;
            assert_eq!(status, 200, "{page}");
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= 2);
            seen.extend(items.iter().map(|item| item[member].to_string()));
            next = page["next"].clone();
            if next.is_null() {
                break;
            }
        }
        let count = seen.len();
        seen.dedup();
        assert!(seen.len() == count && count >= 5, "{path}: {seen:?}");
    }
    assert_eq!(it.call(Method::GET, "/v1/keys?cursor=x", Value::Null).await.0, 422);
    assert_eq!(it.call(Method::GET, "/v1/keys?limit=0", Value::Null).await.0, 422);
}

/// Two people who change one consumer at once do not undo each other's work unawares.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_for_what_was_seen_fails_where_it_is_something_else_by_now() {
    let it = Managed::start().await;
    let made = it.send(Method::POST, "/v1/consumers", &it.bootstrap, &[], &json!({ "name": "acme" })).await;
    let seen = made.header("etag").to_owned();
    let change = json!({ "metadata": { "plan": "gold" } });
    let send = async |method, seen: &str, body: &Value| {
        it.send(method, "/v1/consumers/acme", &it.bootstrap, &[("if-match", seen)], body).await
    };
    let changed = send(Method::PATCH, &seen, &change).await;
    assert_eq!(changed.status, StatusCode::OK);
    let stale = send(Method::PATCH, &seen, &change).await;
    assert_eq!(
        (stale.status, stale.json()["code"].clone()),
        (StatusCode::PRECONDITION_FAILED, json!("management-changed"))
    );
    assert_eq!(send(Method::DELETE, &seen, &Value::Null).await.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(send(Method::DELETE, changed.header("etag"), &Value::Null).await.status, StatusCode::NO_CONTENT);
    it.call(Method::POST, "/v1/consumers", json!({ "name": "acme" })).await;
    let another = send(Method::PATCH, &seen, &change).await;
    assert_eq!(another.status, StatusCode::PRECONDITION_FAILED, "it is another one of the same name");
}

/// A client whose connection broke asks again and gets the one key that was made.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_made_again_happens_once() {
    let it = Managed::start().await;
    it.call(Method::POST, "/v1/consumers", json!({ "name": "acme" })).await;
    let body = json!({ "consumer": "acme" });
    let key = [("idempotency-key", "\"one\"")];
    let send = async |body: &Value| it.send(Method::POST, "/v1/keys", &it.bootstrap, &key, body).await;
    let first = send(&body).await;
    assert_eq!(first.status, StatusCode::CREATED);
    assert_eq!(first.header("cache-control"), "no-store");
    let again = send(&body).await;
    assert_eq!((again.status, again.json()), (StatusCode::CREATED, first.json()));
    assert_eq!(again.header("idempotency-replayed"), "true");
    let other = send(&json!({ "consumer": "acme", "description": "another" })).await;
    assert_eq!((other.status.as_u16(), other.json()["code"].clone()), (422, json!("management-key-reused")));
    assert_eq!(it.call(Method::GET, "/v1/keys", Value::Null).await.1["items"].as_array().unwrap().len(), 1);
    // At the same moment: one makes it, the others are told to wait or get its answer.
    let key = [("idempotency-key", "at-once")];
    let send = async || it.send(Method::POST, "/v1/keys", &it.bootstrap, &key, &body).await;
    let replies = tokio::join!(send(), send(), send(), send(), send());
    let replies = [replies.0, replies.1, replies.2, replies.3, replies.4];
    let made: std::collections::BTreeSet<String> =
        replies.iter().filter(|r| r.status == StatusCode::CREATED).map(|r| r.json()["id"].to_string()).collect();
    assert_eq!(made.len(), 1, "{replies:?}");
    assert!(replies.iter().all(|reply| [201, 409].contains(&reply.status.as_u16())), "{replies:?}");
    assert_eq!(it.call(Method::GET, "/v1/keys", Value::Null).await.1["items"].as_array().unwrap().len(), 2);
    let key = [("idempotency-key", "\"one\"")];
    // Another's key of the same name is another key.
    let token = it.operator("ci", &["keys:write"]).await;
    let theirs = it.send(Method::POST, "/v1/keys", &token, &key, &body).await;
    assert_ne!(theirs.json()["id"], first.json()["id"]);
    // What failed may be made again.
    let missing = json!({ "consumer": "later" });
    let key = [("idempotency-key", "two")];
    let send = async || it.send(Method::POST, "/v1/keys", &it.bootstrap, &key, &missing).await.status.as_u16();
    assert_eq!(send().await, 404);
    it.call(Method::POST, "/v1/consumers", json!({ "name": "later" })).await;
    assert_eq!(send().await, 201);
    // The answer holds a key, so nothing of it is to be read in the store.
    let secret = first.json()["key"].as_str().unwrap().to_owned();
    for entry in std::fs::read_dir(it.world.data()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap_or_default();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{}", path.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn buckets_and_their_managers_are_managed() {
    let it = Managed::start().await;
    let bucket = json!({ "name": "partners", "onLeak": "quarantine", "tags": { "team": "b2b" } });
    assert_eq!(it.call(Method::POST, "/v1/buckets", bucket.clone()).await.0, 201);
    assert_eq!(it.call(Method::POST, "/v1/buckets", bucket).await.0, 409);
    it.call(Method::POST, "/v1/consumers", json!({ "name": "acme", "bucket": "partners", "description": "ACME" }))
        .await;
    it.call(Method::POST, "/v1/keys", json!({ "consumer": "acme", "bucket": "partners" })).await;
    let managers = "/v1/consumers/acme/managers?bucket=partners";
    let (status, made) = it.call(Method::POST, managers, json!({ "email": "Ana@Example.com" })).await;
    assert_eq!((status, &made["email"]), (201, &json!("ana@example.com")));
    assert_eq!(it.call(Method::POST, managers, json!({ "email": "nobody" })).await.0, 422);
    let (_, found) = it.call(Method::GET, "/v1/consumers?manager=ana@example.com", Value::Null).await;
    assert_eq!(found["items"][0]["description"], "ACME");
    let (_, revoked) = it.call(Method::POST, "/v1/buckets/partners/revoke-keys", Value::Null).await;
    assert_eq!(revoked, json!({ "revoked": 1 }));
    let (_, changed) = it.call(Method::PATCH, "/v1/buckets/partners", json!({ "description": "Who pays" })).await;
    assert_eq!((&changed["description"], &changed["onLeak"]), (&json!("Who pays"), &json!("quarantine")));
    assert_eq!(it.call(Method::DELETE, "/v1/buckets/partners", Value::Null).await.0, 204);
    assert_eq!(it.call(Method::GET, "/v1/consumers/acme?bucket=partners", Value::Null).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_comes_as_a_list_or_as_csv() {
    let it = Managed::start().await;
    let (status, page) = it.call(Method::GET, "/v1/usage?period=day&since=30d", Value::Null).await;
    assert_eq!((status, &page["items"]), (200, &json!([])));
    let names = "start,consumer,consumerName,key,route,statusClass,count,lastSeen\r\n";
    for (path, accept) in [("/v1/usage?format=csv", "*/*"), ("/v1/usage", "text/csv")] {
        let reply = it.send(Method::GET, path, &it.bootstrap, &[("accept", accept)], &Value::Null).await;
        assert!(reply.header("content-type").starts_with("text/csv"));
        assert_eq!(String::from_utf8_lossy(&reply.body), names);
    }
    assert_eq!(it.call(Method::GET, "/v1/usage?since=soon", Value::Null).await.0, 422);
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

async fn python(arguments: &[&str], environment: &[(&str, &str)]) -> std::process::Output {
    let python = root().join("target/python/bin/python");
    assert!(python.exists(), "`make python` makes {}", python.display());
    tokio::process::Command::new(python)
        .args(arguments)
        .envs(environment.iter().copied())
        .current_dir(root())
        .output()
        .await
        .unwrap()
}

/// A script written in the way of the public documentation of Zuplo's key API, which knows nothing of Tollgate.
#[tokio::test(flavor = "multi_thread")]
async fn a_script_for_zuplos_key_api_runs_with_another_base_url_and_token() {
    let it = Managed::start().await;
    let script = root().join("crates/tollgate/tests/python/zuplo_keys.py");
    let environment = [("BASE_URL", it.gateway.management.as_str()), ("ZAPI_KEY", &it.bootstrap)];
    let output = python(&[script.to_str().unwrap()], &environment).await;
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}");
}

/// The `bash` blocks of a guide, one script from top to bottom.
fn script_of(guide: &str, management: &str) -> String {
    let page = std::fs::read_to_string(root().join("docs/guides").join(guide)).unwrap();
    let blocks = page.split("```bash\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default());
    let script: String = blocks.collect();
    assert!(script.lines().count() > 5, "{guide} has commands to run");
    script.replace("http://127.0.0.1:9001", management)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_calls_of_the_guides_work_as_they_stand() {
    for guide in ["management-api.md", "rotating-keys.md"] {
        let it = Managed::start().await;
        let binary = Path::new(env!("CARGO_BIN_EXE_tollgate")).parent().unwrap().to_string_lossy().into_owned();
        let path = format!("{binary}:/usr/local/bin:/usr/bin:/bin");
        let output = tokio::process::Command::new("sh")
            .args(["-eux", "-c", &script_of(guide, &it.gateway.management)])
            .current_dir(it.world.path())
            .env("PATH", path)
            .output()
            .await
            .unwrap();
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{guide}: {text}");
    }
}

/// Whatever is called in whatever way, the answer is one that the document knows.
#[tokio::test(flavor = "multi_thread")]
async fn the_document_tells_the_truth() {
    let it = Managed::start().await;
    it.call(Method::POST, "/v1/consumers", json!({ "name": "acme" })).await;
    let document = format!("{}/v1/openapi.json", it.gateway.management);
    let configuration = root().join("crates/tollgate/tests/python/schemathesis.toml");
    let environment = [("MANAGEMENT_TOKEN", it.bootstrap.as_str()), ("NO_COLOR", "1")];
    let arguments =
        ["-m", "schemathesis.cli", "--config-file", configuration.to_str().unwrap(), "run", &document, "--seed", "1"];
    let output = python(&arguments, &environment).await;
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}");
    let (status, state) = it.call(Method::GET, "/v1/status", Value::Null).await;
    assert_eq!((status, &state["mode"]), (200, &json!("run")), "it is still well");
}
