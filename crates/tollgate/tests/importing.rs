//! Keys from another system, through the built binary.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use http::StatusCode;
use serde_json::Value;
use support::World;
use tollgate_testkit::CapturingUpstream;

const OWN: &str = "a-key-of-another-system";
/// Of a key that nobody here knows.
const HASHED: &str = "9a7aeb3f6aba1a6f0df05a4d4b1a2e5b2dbf5d8ac3d0b0a1cf5b2d26dd4a2e6b";

fn file() -> String {
    format!(
        "consumer,key,description,expiresOn\nacme,{OWN},CI,\nacme,{OWN},twice,\n,nobody-has-this-key,,\nzeta,short,,\nzeta,a-key-with-an-end,,30d\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn imported_keys_work_and_what_is_wrong_is_reported_line_by_line() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    world.write("keys.csv", &file());
    let gateway = world.start(&["run", "."]).await;

    let rehearsed = world.tollgate(&["key", "import", "keys.csv", "--dry-run", "--output", "json"]).await;
    assert_eq!(rehearsed.code, 1, "{rehearsed:?}");
    let rehearsed = rehearsed.json();
    assert_eq!((rehearsed["dryRun"].as_bool(), rehearsed["kept"].as_u64()), (Some(true), Some(2)));
    assert_eq!(gateway.get("/protected", Some(OWN)).await.status, StatusCode::UNAUTHORIZED, "nothing was kept");

    let ended = world.tollgate(&["key", "import", "keys.csv", "--report", "refused.csv"]).await;
    assert_eq!(ended.code, 1, "{ended:?}");
    assert_eq!(ended.stdout.trim(), "2 keys taken over, 3 refused");
    gateway.until("/protected", Some(OWN), StatusCode::OK).await;
    gateway.until("/protected", Some("a-key-with-an-end"), StatusCode::OK).await;
    let report = world.read("refused.csv");
    let lines: Vec<&str> = report.lines().collect();
    assert_eq!(lines.len(), 4, "{report}");
    assert_eq!(lines[0], "place,consumer,problem");
    for (line, begins) in lines[1..].iter().zip(["3,acme,", "4,,", "5,zeta,"]) {
        assert!(line.starts_with(begins), "{report}");
    }
    for output in [&ended.stdout, &ended.stderr, &report] {
        assert!(!output.contains(OWN) && !output.contains("nobody-has-this-key"), "{output}");
    }

    let again = world.tollgate(&["key", "import", "keys.csv"]).await;
    assert_eq!((again.code, again.stdout.trim()), (1, "0 keys taken over, 5 refused"));
    let keys = world.tollgate(&["key", "list", "acme", "--output", "json"]).await.good().json();
    assert_eq!(keys[0]["description"], "CI");
}

#[tokio::test(flavor = "multi_thread")]
async fn hashes_are_taken_over_as_they_are() {
    let world = World::with_project("http://127.0.0.1:9");
    let text = format!("{{\"consumer\":\"acme\",\"hash\":\"{HASHED}\",\"bucket\":\"partners\"}}\n");
    let ended = world.tollgate_with_input(&["key", "import", "-", "--format", "json"], &text).await.good();
    assert_eq!(ended.stdout.trim(), "1 key taken over, 0 refused");
    world.write("hashes.json", &format!("[{{\"consumer\":\"zeta\",\"key\":\"sha256:{}\"}}]", HASHED.replace('9', "8")));
    world.tollgate(&["key", "import", "hashes.json", "--hashed", "--bucket", "partners"]).await.good();
    let keys = world.tollgate(&["key", "list", "zeta", "--bucket", "partners", "--output", "json"]).await.good().json();
    assert_eq!(keys[0]["hint"], "sha256:8a7aeb3f…");
    world.write("wrong.csv", "name,secret\nacme,one-secret-value\n");
    let wrong = world.tollgate(&["key", "import", "wrong.csv"]).await;
    assert!(wrong.code == 1 && wrong.stderr.contains("`name`, `secret`"), "{wrong:?}");
    assert!(!wrong.stderr.contains("one-secret-value"));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_keys_of_a_consumer_or_a_bucket_are_rolled_and_revoked_at_once() {
    let world = World::with_project("http://127.0.0.1:9");
    world.key("acme").await;
    world.tollgate(&["key", "create", "acme"]).await.good();
    let rolled = world.tollgate(&["key", "roll", "--consumer", "acme", "--overlap", "1h"]).await.good();
    assert!(rolled.stdout.starts_with("tg_") && rolled.stderr.contains("live on for"), "{rolled:?}");
    let keys = world.tollgate(&["key", "list", "acme", "--output", "json"]).await.good().json();
    let ends: Vec<bool> = keys.as_array().unwrap().iter().map(|key: &Value| key["expiresOn"].is_string()).collect();
    assert_eq!(ends, [true, true, false]);
    let asked = world.tollgate(&["key", "revoke", "--bucket", "default"]).await;
    assert!(asked.code == 1 && asked.stderr.contains("--yes"), "{asked:?}");
    let ended = world.tollgate(&["key", "revoke", "--consumer", "acme"]).await.good();
    assert_eq!(ended.stdout.trim(), "3 keys of `acme` refused from now on");
    let ended = world.tollgate(&["key", "revoke", "--bucket", "default", "--yes", "--output", "json"]).await.good();
    assert_eq!(ended.json()["revoked"], 0);
}
