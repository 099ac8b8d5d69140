//! `key scan`: what finds keys in files and in the history of a repository.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use support::{Ended, World};

const UPSTREAM: &str = "http://127.0.0.1:9";
const IMPORTED: &str = "zpka_d67b7e241bb948758f415b79aa8ec2b1_2efb1a07";

fn secret(key: &Value) -> String {
    key["key"].as_str().unwrap().to_owned()
}

fn git(folder: &Path, arguments: &[&str]) {
    let done = Command::new("git")
        .args(["-c", "user.name=Ana", "-c", "user.email=ana@example.com", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

fn commit(folder: &Path, message: &str) {
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "--quiet", "--allow-empty", "--message", message]);
}

/// A world whose store knows a key, and a folder `code` to look through.
async fn world() -> (World, String, String) {
    let world = World::with_project(UPSTREAM);
    let key = world.key("acme").await;
    std::fs::create_dir(world.path().join("code")).unwrap();
    (world, secret(&key), key["id"].as_str().unwrap().to_owned())
}

#[track_caller]
fn says_nothing_of(ended: &Ended, secrets: &[&str]) {
    for secret in secrets {
        assert!(!ended.stdout.contains(secret) && !ended.stderr.contains(secret), "{ended:?}");
    }
}

fn wrong(key: &str) -> String {
    let last = if key.ends_with('0') { "1" } else { "0" };
    format!("{}{last}", &key[..key.len() - 1])
}

#[tokio::test]
async fn a_key_in_a_file_is_found_with_its_place_and_without_being_shown() {
    let (world, key, _) = world().await;
    world.write("code/src/config.py", &format!("import os\n\nKEY = \"{key}\"\nOLD = '{IMPORTED}'\n"));
    world.write("code/src/no_key.py", &format!("KEY = \"{}\"\n", wrong(&key)));
    let ended = world.tollgate(&["key", "scan", "code", "--output", "json"]).await;
    assert_eq!(ended.code, 1, "{ended:?}");
    says_nothing_of(&ended, &[&key, IMPORTED]);
    let found = ended.json();
    let keys = found["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2, "{found}");
    assert_eq!(keys[0]["kind"], "key");
    assert_eq!(keys[0]["status"], "unchecked");
    assert_eq!(keys[0]["places"][0]["path"], "src/config.py");
    assert_eq!((&keys[0]["places"][0]["line"], &keys[0]["places"][0]["column"]), (&3.into(), &8.into()));
    assert_eq!(keys[1]["kind"], "imported-key");
    let text = world.tollgate(&["key", "scan", "code"]).await;
    assert_eq!(text.code, 1);
    assert!(text.stdout.contains("src/config.py:3:8"), "{text:?}");
    says_nothing_of(&text, &[&key, IMPORTED]);
}

#[tokio::test]
async fn a_folder_without_keys_passes() {
    let (world, key, _) = world().await;
    world.write("code/a.txt", &wrong(&key));
    let ended = world.tollgate(&["key", "scan", "code"]).await.good();
    assert!(ended.stdout.is_empty() && ended.stderr.contains("0 keys found; looked at 1 file"), "{ended:?}");
}

#[tokio::test]
async fn with_a_store_it_says_whose_the_keys_are_and_lets_refused_ones_pass() {
    let (world, key, id) = world().await;
    world.write("code/a.env", &format!("KEY={key}\n"));
    let scan = ["key", "scan", "code", "--project", ".", "--output", "json"];
    let ended = world.tollgate(&scan).await;
    let found = &ended.json()["keys"][0];
    assert_eq!(ended.code, 1);
    assert_eq!((&found["status"], &found["keyId"]), (&"active".into(), &id.as_str().into()));
    assert_eq!((&found["consumer"], &found["bucket"]), (&"acme".into(), &"default".into()));

    world.tollgate(&["key", "revoke", &id]).await.good();
    let ended = world.tollgate(&scan).await.good();
    assert_eq!(ended.json()["keys"][0]["status"], "revoked");
}

#[tokio::test]
async fn a_token_of_an_operator_is_found_as_well() {
    let (world, ..) = world().await;
    let made = world.tollgate(&["operator", "create", "ci", "--scope", "read"]).await.good();
    let token = made.stdout.split_whitespace().find(|word| word.starts_with("tgo_")).unwrap().to_owned();
    world.write("code/ci.yaml", &format!("token: {token}\n"));
    let ended = world.tollgate(&["key", "scan", "code", "--project", ".", "--output", "json"]).await;
    let found = &ended.json()["keys"][0];
    assert_eq!((&found["kind"], &found["status"]), (&"operator-token".into(), &"active".into()), "{ended:?}");
    says_nothing_of(&ended, &[&token]);
    let ended = world.tollgate(&["key", "scan", "code", "--project", ".", "--report", "--output", "json"]).await.good();
    assert_eq!(ended.json()["keys"][0]["status"], "revoked", "a token has no bucket, and is revoked");
}

#[tokio::test]
async fn a_file_that_is_named_is_looked_at_even_by_a_link() {
    let (world, key, _) = world().await;
    world.write("code/.gitignore", "*.env\n");
    world.write("code/a.env", &key);
    std::os::unix::fs::symlink(world.path().join("code/a.env"), world.path().join("code/link")).unwrap();
    for path in ["code/a.env", "code/link"] {
        assert_eq!(world.tollgate(&["key", "scan", path]).await.code, 1, "{path}");
    }
    world.tollgate(&["key", "scan", "code"]).await.good();
}

#[tokio::test]
async fn reporting_does_what_the_bucket_says_and_writes_it_down() {
    let (world, key, id) = world().await;
    world.write("code/a.env", &format!("KEY={key}\n"));
    let ended = world.tollgate(&["key", "scan", "code", "--project", ".", "--report", "--output", "json"]).await;
    assert_eq!(ended.json()["keys"][0]["status"], "revoked");
    assert_eq!(ended.code, 0, "nothing is left that works: {ended:?}");
    let log = world.tollgate(&["audit", "list", "--action", "key.leak", "--output", "json"]).await.good();
    let entry = &log.json()[0];
    assert_eq!(entry["target"], id.as_str());
    assert!(log.stdout.contains("a.env:1:5") && !log.stdout.contains(&key), "{log:?}");
    let ended = world.tollgate(&["key", "scan", "code", "--report"]).await;
    assert_eq!(ended.code, 2, "without a store nothing can be reported: {ended:?}");
}

#[tokio::test]
async fn ignored_and_binary_and_large_files_are_left_out_unless_asked_for() {
    let (world, key, _) = world().await;
    world.write("code/.gitignore", ".env\nbuild/\n");
    world.write("code/.env", &key);
    world.write("code/build/out.txt", &key);
    world.write("code/data.bin", &format!("\0\0{key}"));
    world.write("code/large.txt", &format!("{}{key}", " ".repeat(5000)));
    world.write("code/.git/config", &key);
    let paths = async |more: &[&str]| {
        let arguments: Vec<&str> = ["key", "scan", "code", "--output", "json", "--max-size", "4KiB"]
            .into_iter()
            .chain(more.to_vec())
            .collect();
        let found = world.tollgate(&arguments).await.json();
        let places = found["keys"][0]["places"].as_array().cloned().unwrap_or_default();
        let paths: Vec<String> = places.iter().map(|place| place["path"].as_str().unwrap().to_owned()).collect();
        (paths, found["skipped"].clone())
    };
    assert_eq!(paths(&[]).await, (vec![], serde_json::json!({ "binary": 1, "tooLarge": 1 })));
    assert_eq!(paths(&["--ignored"]).await.0, [".env", "build/out.txt"]);
    assert_eq!(paths(&["--ignored", "--exclude", "build/"]).await.0, [".env"]);
    assert_eq!(paths(&["--binary"]).await.0, ["data.bin"]);
    let ended = world.tollgate(&["key", "scan", "code", "--output", "json"]).await;
    assert_eq!(ended.json()["keys"][0]["places"][0]["path"], "large.txt");
}

#[tokio::test]
async fn a_key_that_was_committed_once_stays_in_the_history() {
    let (world, key, _) = world().await;
    let code = world.path().join("code");
    git(&code, &["init", "--quiet"]);
    world.write("code/readme.md", "Nothing.\n");
    commit(&code, "Begin");
    world.write("code/conf/app.ini", &format!("[api]\nkey = {key}\n"));
    commit(&code, "Configure");
    std::fs::remove_file(code.join("conf/app.ini")).unwrap();
    commit(&code, "Remove the key");
    commit(&code, &format!("It was {IMPORTED}"));
    world.tollgate(&["key", "scan", "code"]).await.good();

    let ended = world.tollgate(&["key", "scan", "code", "--history", "--output", "json"]).await;
    assert_eq!(ended.code, 1, "{ended:?}");
    says_nothing_of(&ended, &[&key, IMPORTED]);
    let found = ended.json();
    let of = |kind: &str| found["keys"].as_array().unwrap().iter().find(|key| key["kind"] == kind).unwrap().clone();
    let place = &of("key")["places"][0];
    assert_eq!((&place["path"], &place["line"]), (&"conf/app.ini".into(), &2.into()));
    assert_eq!(place["commit"]["author"], "Ana");
    assert_eq!(of("imported-key")["places"][0]["path"], Value::Null, "it is in a message");

    world.tollgate(&["key", "scan", "code", "--history", "--range", "HEAD~2..HEAD~1"]).await.good();
    let ended = world.tollgate(&["key", "scan", "code", "--history", "--range", "HEAD~1..HEAD"]).await;
    assert_eq!(ended.code, 1, "{ended:?}");
}

#[tokio::test]
async fn what_cannot_be_looked_at_is_no_pass() {
    let (world, ..) = world().await;
    for (arguments, told) in [
        (&["key", "scan", "nowhere"][..], "there is no file or folder nowhere"),
        (&["key", "scan", "code", "--history"], "git cannot read a history"),
        (&["key", "scan", "code", "--prefix", "T-G"], "is no prefix"),
        (&["key", "scan", "-", "--history"], "standard input has no history"),
    ] {
        let ended = world.tollgate(arguments).await;
        assert_eq!(ended.code, 2, "{ended:?}");
        assert!(ended.stderr.contains(told), "{ended:?}");
    }
    let code = world.path().join("code");
    git(&code, &["init", "--quiet"]);
    commit(&code, "Begin");
    for range in ["nothing..HEAD", "--all"] {
        let argument = format!("--range={range}");
        let ended = world.tollgate(&["key", "scan", "code", "--history", &argument]).await;
        assert_eq!(ended.code, 2, "{ended:?}");
    }
}

#[tokio::test]
async fn a_stream_is_looked_through_too() {
    let (world, key, _) = world().await;
    let ended = world.tollgate_with_input(&["key", "scan", "-"], &format!("a\nAuthorization: Bearer {key}\n")).await;
    assert_eq!(ended.code, 1);
    assert!(ended.stdout.contains("standard input:2:23"), "{ended:?}");
}
