//! Operators, the audit log, usage and copies of stores, by the command line.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::time::Duration;

use http::StatusCode;
use support::{SOON, World};
use tollgate_testkit::CapturingUpstream;
use tollgate_testkit::servers::PostgresServer;

#[tokio::test]
async fn an_operators_token_is_shown_once_and_kept_as_a_hash() {
    let world = World::with_project("http://127.0.0.1:1");
    let made = world.tollgate(&["operator", "create", "ci", "--scope", "keys:write,read"]).await.good();
    let token = made.stdout.trim();
    assert!(token.starts_with("tgo_") && token.len() > 30, "{made:?}");
    assert!(made.stderr.contains("only its hash is kept"), "{made:?}");
    for name in ["tollgate.db", "tollgate.db-wal"] {
        let bytes = std::fs::read(world.data().join(name)).unwrap_or_default();
        assert!(!bytes.windows(token.len()).any(|window| window == token.as_bytes()), "{name}");
    }
    let wrong = world.tollgate(&["operator", "create", "x", "--scope", "everything"]).await;
    assert_eq!(wrong.code, 2, "{wrong:?}");
    assert!(wrong.stderr.contains("keys:write"), "it says which there are: {wrong:?}");
    let again = world.tollgate(&["operator", "create", "ci", "--scope", "read"]).await;
    assert!(again.stderr.contains("operator revoke ci"), "{again:?}");

    world.tollgate(&["operator", "revoke", "ci"]).await.good();
    let listed = world.tollgate(&["operator", "list", "--output", "json"]).await.good().json();
    assert_eq!((&listed[0]["name"], &listed[0]["status"]), (&"ci".into(), &"revoked".into()));
    assert_eq!(listed[0]["scopes"], serde_json::json!(["read", "keys:write"]));
    assert!(!listed.to_string().contains(token));
}

#[tokio::test]
async fn what_commands_change_is_in_the_audit_log_and_the_log_can_be_verified() {
    let world = World::with_project("http://127.0.0.1:1");
    let key = world.key("acme").await;
    let id = key["id"].as_str().unwrap();
    world.tollgate(&["key", "revoke", id]).await.good();

    let entries = world.tollgate(&["audit", "list", "--output", "json"]).await.good().json();
    let actions: Vec<&str> = entries.as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["key.revoke", "key.create", "consumer.create"], "the latest first");
    assert_eq!(entries[0]["target"], id);
    assert_eq!(entries[0]["actorKind"], "command-line");
    assert!(!entries[0]["actor"].as_str().unwrap().is_empty() && !entries[0]["origin"].as_str().unwrap().is_empty());
    let of_key = world.tollgate(&["audit", "list", "--action", "key.", "--target", id]).await.good();
    assert_eq!(of_key.stdout.lines().count(), 3, "{of_key:?}");
    let exported = world.tollgate(&["audit", "export"]).await.good();
    assert_eq!(exported.stdout.lines().count(), 3);
    assert!(!exported.stdout.contains(key["key"].as_str().unwrap()), "never the key");

    let verified = world.tollgate(&["audit", "verify", "--output", "json"]).await.good().json();
    assert_eq!(verified["entries"], 3);
    let head = verified["head"].as_str().unwrap();
    world.tollgate(&["audit", "verify", "--head", head]).await.good();
    let foreign = world.tollgate(&["audit", "verify", "--head", &"ab".repeat(32)]).await;
    assert_eq!(foreign.code, 1, "{foreign:?}");
    assert!(foreign.stdout.contains("cut off or replaced"), "{foreign:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_called_is_reported_and_where_a_key_was_last_used() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let mut gateway = world.start(&["run", "."]).await;
    let key = world.key("acme").await;
    let secret = key["key"].as_str().unwrap();
    for _ in 0..7 {
        assert_eq!(gateway.get("/protected", Some(secret)).await.status, StatusCode::OK);
    }
    gateway.get("/nowhere", Some(secret)).await;
    gateway.get("/protected", None).await;
    // The last report comes when the process ends.
    gateway.child.signal("TERM").await.unwrap();
    assert!(gateway.child.wait(SOON).await.unwrap().success());

    let rows = world.tollgate(&["usage", "--output", "json"]).await.good().json();
    let count = |name: Option<&str>, status: &str| -> u64 {
        let rows = rows.as_array().unwrap().iter();
        let wanted = |row: &&serde_json::Value| row["consumerName"].as_str() == name && row["statusClass"] == status;
        rows.filter(wanted).map(|row| row["count"].as_u64().unwrap()).sum()
    };
    assert_eq!(count(Some("acme"), "2xx"), 7, "{rows}");
    assert_eq!(count(None, "4xx"), 2, "{rows}");
    let csv = world.tollgate(&["usage", "acme", "--period", "day", "--format", "csv"]).await.good();
    assert!(csv.stdout.lines().nth(1).unwrap().contains(",acme,"), "{csv:?}");

    let keys = world.tollgate(&["key", "list", "acme", "--output", "json"]).await.good().json();
    assert_eq!(keys[0]["lastUsedFrom"], "127.0.0.1", "{keys}");
    assert!(keys[0]["lastUsedOn"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_node_becomes_several_by_a_copy_and_its_tokens_stay_good() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    world.write("tollgate.yaml", "publicUrl: https://api.test\n");
    let mut gateway = world.start(&["run", "."]).await;
    let key = world.key("acme").await;
    let secret = key["key"].as_str().unwrap();
    assert_eq!(gateway.get("/protected", Some(secret)).await.status, StatusCode::OK);
    let kids = |jwks: &serde_json::Value| jwks["keys"][0]["kid"].as_str().unwrap().to_owned();
    let before = kids(&support::jwks(&gateway).await);
    gateway.child.signal("TERM").await.unwrap();
    assert!(gateway.child.wait(SOON).await.unwrap().success());

    let server = PostgresServer::start(&[]).unwrap();
    let url = server.url(&server.database().unwrap());
    let file = format!("sqlite://{}", world.data().join("tollgate.db").display());
    let copied = world.tollgate(&["store", "copy", &file, &url]).await.good();
    assert!(copied.stdout.contains("counted on both sides"), "{copied:?}");

    // Another machine, with nothing but the project and the URL.
    let other = World::with_project(&upstream.url());
    other.write("tollgate.yaml", &format!("publicUrl: https://api.test\nstore: {url}\n"));
    let node = other.start(&["run", "."]).await;
    assert_eq!(node.get("/protected", Some(secret)).await.status, StatusCode::OK);
    assert_eq!(kids(&support::jwks(&node).await), before, "backends see the same issuer");
    let checked = other.tollgate(&["check"]).await.good();
    assert!(checked.stdout.contains("master-key-in-store"), "{checked:?}");

    // A backup, a change, and back again, while the node runs.
    other.tollgate(&["store", "backup", "backup.db"]).await.good();
    let twice = other.tollgate(&["store", "backup", "backup.db"]).await;
    assert_eq!(twice.code, 1, "{twice:?}");
    other.tollgate(&["consumer", "delete", "acme"]).await.good();
    node.until("/protected", Some(secret), StatusCode::UNAUTHORIZED).await;
    let unsure = other.tollgate(&["store", "restore", "backup.db"]).await;
    assert!(unsure.code == 1 && unsure.stderr.contains("--yes"), "{unsure:?}");
    other.tollgate(&["store", "restore", "backup.db", "--yes"]).await.good();
    let took = node.until("/protected", Some(secret), StatusCode::OK).await;
    assert!(took < Duration::from_secs(3), "{took:?}");
    let last = other.tollgate(&["audit", "list", "--limit", "1", "--output", "json"]).await.good().json();
    assert_eq!(last[0]["action"], "store.restore");
    other.tollgate(&["audit", "verify"]).await.good();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_does_not_take_another_store_than_the_gateway_of_the_folder() {
    let world = World::with_project("http://127.0.0.1:1");
    world.write("tollgate.yaml", "publicUrl: https://api.test\n");
    let server = PostgresServer::start(&[]).unwrap();
    let url = server.url(&server.database().unwrap());
    let _gateway = world.start(&["run", ".", "--store", &url]).await;
    let other = world.tollgate(&["key", "list"]).await;
    assert_eq!(other.code, 1, "{other:?}");
    assert!(other.stderr.contains("TOLLGATE_STORE"), "{other:?}");
    world.tollgate(&["key", "list", "--store", &url]).await.good();
}

#[tokio::test]
async fn a_password_in_the_url_of_a_store_is_in_no_message() {
    let world = World::with_project("http://127.0.0.1:1");
    let url = "postgres://u:hunter2@127.0.0.1:1/db";
    for arguments in [&["key", "list"][..], &["audit", "verify"], &["doctor"]] {
        let ended = world.tollgate(&[arguments, &["--store", url]].concat()).await;
        assert_eq!(ended.code, 1, "{ended:?}");
        assert!(!ended.stdout.contains("hunter2") && !ended.stderr.contains("hunter2"), "{ended:?}");
        assert!(format!("{}{}", ended.stdout, ended.stderr).contains("postgres://127.0.0.1:1/db"), "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_says_what_happens_to_leaked_keys_and_a_quarantined_key_can_be_released() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let made = world.tollgate(&["bucket", "create", "partners", "--on-leak", "quarantine"]).await.good();
    assert!(made.stdout.contains("leaked keys are quarantined"), "{made:?}");
    world.tollgate(&["bucket", "update", "partners", "--on-leak", "report"]).await.good();
    let listed = world.tollgate(&["bucket", "list", "--output", "json"]).await.good().json();
    assert_eq!(listed[1]["settings"]["onLeak"], "report", "{listed}");
    let unsure = world.tollgate(&["bucket", "delete", "partners"]).await;
    assert!(unsure.code == 1 && unsure.stderr.contains("--yes"), "{unsure:?}");
    world.tollgate(&["bucket", "delete", "partners", "--yes"]).await.good();

    let gateway = world.start(&["run", "."]).await;
    let key = world.key("acme").await;
    let (id, secret) = (key["id"].as_str().unwrap(), key["key"].as_str().unwrap());
    assert_eq!(gateway.get("/protected", Some(secret)).await.status, StatusCode::OK);
    world.tollgate(&["key", "quarantine", id]).await.good();
    gateway.until("/protected", Some(secret), StatusCode::UNAUTHORIZED).await;
    let shown = world.tollgate(&["key", "list", "--output", "json"]).await.good().json();
    assert_eq!(shown[0]["status"], "quarantined");
    world.tollgate(&["key", "release", id]).await.good();
    gateway.until("/protected", Some(secret), StatusCode::OK).await;
}
