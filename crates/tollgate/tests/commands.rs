//! The command line contract: scripts rely on these shapes and exit codes.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use serde_json::{Value, json};
use support::World;

/// Nothing listens there.
const UPSTREAM: &str = "http://127.0.0.1:9";

fn members(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn key_create_gives_exactly_the_members_that_scripts_rely_on() {
    let world = World::with_project(UPSTREAM);
    let key = world.key("acme").await;
    assert_eq!(members(&key), ["id", "key", "consumer", "expiresOn"]);
    assert_eq!(key["consumer"], "acme");
    assert_eq!(key["expiresOn"], Value::Null);
    assert!(key["id"].as_str().unwrap().starts_with("key_"));
    assert!(key["key"].as_str().unwrap().starts_with("tg_"));
}

#[tokio::test]
async fn a_key_is_shown_once_and_never_again() {
    let world = World::with_project(UPSTREAM);
    let key = world.key("acme").await;
    let secret = key["key"].as_str().unwrap();
    let id = key["id"].as_str().unwrap();
    let commands: [&[&str]; 6] = [
        &["key", "list", "--output", "json"],
        &["key", "list"],
        &["consumer", "show", "acme", "--output", "json"],
        &["key", "revoke", id, "--output", "json"],
        &["key", "list", "acme", "--output", "json"],
        &["doctor"],
    ];
    for command in commands {
        let ended = world.tollgate(command).await;
        assert!(!ended.stdout.contains(secret) && !ended.stderr.contains(secret), "{command:?}");
    }
    let database: Vec<u8> = std::fs::read_dir(world.data())
        .unwrap()
        .flatten()
        .flat_map(|file| std::fs::read(file.path()).unwrap_or_default())
        .collect();
    assert!(!database.windows(secret.len()).any(|window| window == secret.as_bytes()), "it is in no file");
}

#[tokio::test]
async fn a_key_alone_goes_to_standard_output_so_that_a_shell_can_take_it() {
    let world = World::with_project(UPSTREAM);
    world.tollgate(&["consumer", "create", "acme"]).await.good();
    let ended = world.tollgate(&["key", "create", "acme", "--expires", "30d"]).await.good();
    assert_eq!(ended.stdout.split_whitespace().count(), 1, "{ended:?}");
    assert!(ended.stderr.contains("only time"), "{ended:?}");
}

#[tokio::test]
async fn consumers_are_made_listed_shown_changed_and_deleted() {
    let world = World::with_project(UPSTREAM);
    let create =
        ["consumer", "create", "acme", "--metadata", r#"{"plan":"gold"}"#, "--tag", "team=a", "--output", "json"];
    let made = world.tollgate(&create).await.good().json();
    assert_eq!(made["name"], "acme");
    assert_eq!(made["metadata"], json!({"plan": "gold"}));
    assert_eq!(made["tags"], json!({"team": "a"}));
    assert_eq!(made["bucket"], "default");

    world.tollgate(&["consumer", "create", "other", "--tag", "team=b"]).await.good();
    let names = |list: Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap().to_owned()).collect()
    };
    let all = world.tollgate(&["consumer", "list", "--output", "json"]).await.good().json();
    assert_eq!(names(all), ["acme", "other"]);
    let some = world.tollgate(&["consumer", "list", "--tag", "team=b", "--output", "json"]).await.good().json();
    assert_eq!(names(some), ["other"]);

    let update = ["consumer", "update", "acme", "--metadata", r#"{"plan":"free"}"#, "--output", "json"];
    let changed = world.tollgate(&update).await.good().json();
    assert_eq!(changed["metadata"], json!({"plan": "free"}));
    assert_eq!(changed["tags"], json!({"team": "a"}), "what is not given stays");

    let shown = world.tollgate(&["consumer", "show", "acme", "--output", "json"]).await.good().json();
    assert_eq!(shown["keys"], json!([]));
    world.tollgate(&["consumer", "delete", "acme"]).await.good();
    assert_eq!(world.tollgate(&["consumer", "show", "acme"]).await.code, 1);
}

#[tokio::test]
async fn keys_are_listed_revoked_and_rolled() {
    let world = World::with_project(UPSTREAM);
    let first = world.key("acme").await;
    let id = first["id"].as_str().unwrap();
    let rolled = world.tollgate(&["key", "roll", id, "--overlap", "1h", "--output", "json"]).await.good().json();
    assert_eq!(members(&rolled), ["id", "key", "consumer", "expiresOn"]);
    assert_ne!(rolled["key"], first["key"]);
    let listed = world.tollgate(&["key", "list", "acme", "--output", "json"]).await.good().json();
    assert_eq!(listed[0]["id"], first["id"]);
    assert!(listed[0]["expiresOn"].is_string(), "the old key ends");
    assert_eq!(listed[0]["status"], "active", "but not yet");
    let revoked = world.tollgate(&["key", "revoke", id, "--output", "json"]).await.good().json();
    assert_eq!(revoked["status"], "revoked");
    world.tollgate(&["key", "revoke", id]).await.good();
    assert_eq!(world.tollgate(&["key", "roll", id]).await.code, 1, "a revoked key cannot be rolled");
}

#[tokio::test]
async fn the_store_is_found_by_data_folder_without_any_project() {
    let world = World::empty();
    let data = world.path().join("data");
    let data = data.to_str().unwrap();
    world.tollgate(&["consumer", "create", "acme", "--data-dir", data]).await.good();
    let listed = world.tollgate(&["consumer", "list", "--data-dir", data, "--output", "json"]).await.good().json();
    assert_eq!(listed[0]["name"], "acme");
    let slip = world.path().join("dta");
    let ended = world.tollgate(&["key", "list", "--data-dir", slip.to_str().unwrap()]).await;
    assert_eq!(ended.code, 1);
    assert!(ended.stderr.contains("there is no data folder") && !slip.exists(), "{ended:?}");
    let nowhere = world.tollgate(&["consumer", "list"]).await;
    assert_eq!(nowhere.code, 1);
    assert!(nowhere.stderr.contains("--data-dir"), "{nowhere:?}");
    assert!(!world.data().exists(), "nothing is made by a command that does not know where");
}

#[tokio::test]
async fn a_broken_project_does_not_keep_anyone_from_revoking_a_key() {
    let world = World::with_project(UPSTREAM);
    let key = world.key("acme").await;
    world.write("openapi.yaml", "openapi: [");
    world.tollgate(&["key", "revoke", key["id"].as_str().unwrap()]).await.good();
}

#[tokio::test]
async fn mistakes_in_consumer_and_key_commands_say_what_would_be_right() {
    let world = World::with_project(UPSTREAM);
    world.tollgate(&["consumer", "create", "acme"]).await.good();
    let cases: [(&[&str], &str); 8] = [
        (&["key", "create", "acmee"], "did you mean `acme`?"),
        (&["key", "create", "acmee"], "tollgate consumer create acmee"),
        (&["consumer", "create", "acme"], "tollgate consumer update acme"),
        (&["consumer", "create", "x", "--metadata", "{plan:gold}"], "--metadata"),
        (&["consumer", "create", "x", "--metadata", "[1]"], "JSON object"),
        (&["consumer", "create", "x", "--tag", "team"], "name=value"),
        (&["key", "create", "acme", "--expires", "yesterday"], "30d"),
        (&["key", "revoke", "key_nope"], "tollgate key list"),
    ];
    for (command, expected) in cases {
        let ended = world.tollgate(command).await;
        assert_eq!(ended.code, 1, "{command:?} {ended:?}");
        assert!(ended.stderr.contains(expected), "{command:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{command:?}: results alone go to standard output");
    }
}

#[tokio::test]
async fn a_key_that_is_pasted_where_its_id_belongs_is_not_repeated() {
    let world = World::with_project(UPSTREAM);
    let key = world.key("acme").await;
    let ended = world.tollgate(&["key", "revoke", key["key"].as_str().unwrap()]).await;
    assert_eq!(ended.code, 1);
    assert!(!ended.stderr.contains(key["key"].as_str().unwrap()), "{ended:?}");
}

#[tokio::test]
async fn signing_keys_are_rotated_and_listed() {
    let world = World::with_project(UPSTREAM);
    let first = world.tollgate(&["token", "rotate", "--output", "json"]).await.good().json();
    assert!(!first.as_array().unwrap().is_empty());
    let withdrawn = world.tollgate(&["token", "rotate", "--now", "--output", "json"]).await.good().json();
    let active: Vec<&Value> = withdrawn.as_array().unwrap().iter().filter(|key| key["status"] == "active").collect();
    assert_eq!(active.len(), 1, "{withdrawn}");
    let listed = world.tollgate(&["token", "list", "--output", "json"]).await.good().json();
    assert_eq!(listed, withdrawn);
    let member = ["kid", "algorithm", "status", "createdOn", "activeOn", "retiredOn", "publishedUntil"];
    assert_eq!(members(&listed[0]), member);
}

#[tokio::test]
async fn exit_codes_tell_wrong_usage_from_mistakes_and_from_a_broken_project() {
    let world = World::with_project(UPSTREAM);
    let data = world.data();
    let cases: [(&[&str], i32); 8] = [
        (&["check"], 0),
        (&["routes"], 0),
        (&["version"], 0),
        (&["--help"], 0),
        (&[], 2),
        (&["chekc"], 2),
        (&["routes", "--output", "yaml"], 2),
        (&["dev", ".", "--upstream", "http://127.0.0.1:1"], 2),
    ];
    for (command, code) in cases {
        assert_eq!(world.tollgate(command).await.code, code, "{command:?}");
    }
    world.write("openapi.yaml", &support::document(UPSTREAM, "auht: api-key"));
    let ended = world.tollgate(&["check"]).await;
    assert_eq!(ended.code, 1);
    assert!(ended.stdout.contains("openapi.yaml:9"), "{}", ended.stdout);
    for command in
        [&["routes"][..], &["run", "--data-dir", data.to_str().unwrap()], &["snippet", "pyjwt", "--project", "."]]
    {
        let ended = world.tollgate(command).await;
        assert_eq!(ended.code, 78, "{command:?} {ended:?}");
        assert!(ended.stderr.contains("auht"), "{command:?} {ended:?}");
    }
    assert_eq!(world.tollgate(&["check", "nowhere"]).await.code, 1);
}

#[tokio::test]
async fn check_speaks_to_programs() {
    let world = World::with_project(UPSTREAM);
    world.write("openapi.yaml", &support::document(UPSTREAM, "auth: api-key, limit: often"));
    let json = world.tollgate(&["check", "--format", "json"]).await;
    assert_eq!(json.code, 1);
    let found = &json.json()["diagnostics"][0];
    assert_eq!((&found["file"], &found["line"]), (&json!("openapi.yaml"), &json!(9)), "{found}");
    let sarif = world.tollgate(&["check", "--format", "sarif"]).await.json();
    assert_eq!(sarif["version"], "2.1.0");
    assert!(!sarif["runs"][0]["results"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn check_finds_what_only_building_brings_to_light() {
    let world = World::empty();
    world.write("openapi.yaml", &support::document("not-a-name", "auth: api-key"));
    let ended = world.tollgate(&["check"]).await;
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.stdout.contains("not-a-name"), "{}", ended.stdout);
}

#[tokio::test]
async fn check_against_tells_what_became_public() {
    let world = World::empty();
    world.write("old/openapi.yaml", &support::document(UPSTREAM, "auth: api-key"));
    world.write("new/openapi.yaml", &support::document(UPSTREAM, "auth: public"));
    let ended = world.tollgate(&["check", "new", "--against", "old"]).await.good();
    assert!(ended.stdout.contains("/protected") && ended.stdout.contains("PUBLIC"), "{}", ended.stdout);
    let json = world.tollgate(&["check", "new", "--against", "old", "--format", "json"]).await.good().json();
    assert!(!json["securityChanges"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn routes_are_one_json_document() {
    let world = World::with_project(UPSTREAM);
    let routes = world.tollgate(&["routes", "--output", "json"]).await.good().json();
    let protected = &routes[0];
    assert_eq!(protected["id"], "getProtected");
    assert_eq!(protected["methods"], json!(["GET"]));
    assert_eq!(protected["path"], "/protected");
    assert_eq!(protected["authenticated"], true);
    assert_eq!(protected["upstream"], UPSTREAM);
    assert_eq!(routes[1]["authenticated"], false);
}

#[tokio::test]
async fn key_hash_makes_a_declared_consumers_hash() {
    let world = World::empty();
    let ended = world.tollgate_with_input(&["key", "hash"], "abc\n").await.good();
    let expected = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(ended.stdout.trim(), expected);
    assert_eq!(world.tollgate(&["key", "hash"]).await.code, 1, "no key, no hash");
}

#[tokio::test]
async fn what_is_printed_for_shells_and_editors_is_well_formed() {
    let world = World::empty();
    let schema = world.tollgate(&["schema"]).await.good().json();
    assert!(schema["properties"]["publicUrl"].is_object());
    let document = world.tollgate(&["schema", "--kind", "document"]).await.good().json();
    assert!(document["properties"]["auth"].is_object());
    let completions = world.tollgate(&["completions", "bash"]).await.good();
    assert!(completions.stdout.contains("_tollgate"));
    let man = world.tollgate(&["man"]).await.good();
    assert!(man.stdout.contains(".TH tollgate"), "{}", man.stdout);
    let policies = world.tollgate(&["policies", "--output", "json"]).await.good().json();
    assert!(policies.as_array().unwrap().iter().any(|policy| policy["name"] == "api-key"));
    let page = world.tollgate(&["policies", "rate-limitt"]).await;
    assert!(page.stderr.contains("did you mean `rate-limit`"), "{page:?}");
}

#[tokio::test]
async fn output_that_is_not_read_to_its_end_is_no_error() {
    let world = World::empty();
    let script = format!("set -o pipefail; {} schema | head -c 1 >/dev/null", env!("CARGO_BIN_EXE_tollgate"));
    let output =
        tokio::process::Command::new("bash").args(["-c", &script]).current_dir(world.path()).output().await.unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!stderr.contains("panicked"), "{stderr}");
}

#[tokio::test]
async fn colours_are_for_terminals() {
    let world = World::with_project(UPSTREAM);
    world.write("openapi.yaml", "openapi: [");
    let ended = world.tollgate(&["check"]).await;
    assert!(!ended.stdout.contains('\u{1b}') && !ended.stderr.contains('\u{1b}'), "{ended:?}");
}
