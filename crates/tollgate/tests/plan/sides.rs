//! What a project is compared with: a git ref, the running gateway.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::support::World;
use super::{TOP, change, document, get, kinds};

fn git(folder: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A repository whose branch `main` has these files; nothing is committed after them.
fn repository(files: &[(&str, &str)]) -> World {
    let world = World::empty();
    git(world.path(), &["init", "-q", "-b", "main"]);
    for (name, text) in files {
        world.write(name, text);
    }
    git(world.path(), &["add", "-A"]);
    git(world.path(), &["commit", "-q", "-m", "first"]);
    world
}

#[tokio::test]
async fn a_project_is_compared_with_a_branch_a_tag_and_a_commit() {
    let world = repository(&[("services/api/openapi.yaml", &document(TOP, &get("/a", "limit: 5/m")))]);
    git(world.path(), &["tag", "v1"]);
    world.write("services/api/openapi.yaml", &document(TOP, &get("/a", "")));
    let before = world.read(".git/refs/heads/main");
    for reference in ["main", "v1", "HEAD", before.trim()] {
        let ended = world.tollgate(&["plan", "services/api", "--against", reference, "--output", "json"]).await.good();
        let plan = ended.json();
        assert_eq!(kinds(&plan, "GET /a"), ["limit-lost"], "{reference}");
        assert_eq!((&plan["against"]["kind"], &plan["against"]["commit"]), (&json!("git"), &json!(before.trim())));
    }
    let text = world.tollgate(&["plan", "services/api", "--against", "main"]).await.good().stdout;
    assert!(text.starts_with(&format!("services/api against main ({})", &before[..10])), "{text}");
    git(world.path(), &["diff", "--quiet", "--cached"]);
    assert_eq!(world.read(".git/refs/heads/main"), before, "nothing in the repository has changed");
}

#[tokio::test]
async fn files_beside_the_project_are_read_from_the_commit_as_well() {
    let operation = "  /a:\n    $ref: '../../shared/paths.yaml#/a'\n";
    let shared = |extension: &str| {
        format!("a:\n  get:\n    x-tollgate: {{ {extension} }}\n    responses: {{ \"200\": {{ description: ok }} }}\n")
    };
    let world = repository(&[
        ("services/api/openapi.yaml", &document(TOP, operation)),
        ("shared/paths.yaml", &shared("limit: 5/m")),
        ("secret/outside.yaml", "nothing"),
    ]);
    world.write("shared/paths.yaml", &shared("limit: 6/m"));
    let plan = world.tollgate(&["plan", "services/api", "--against", "main", "--output", "json"]).await.good().json();
    let changed = change(&plan, "limit-changed");
    assert_eq!((&changed["before"], &changed["after"]), (&json!("5/m"), &json!("6/m")));
}

#[tokio::test]
async fn values_that_are_kept_out_of_git_are_those_of_the_folder() {
    let text = document("  upstream: $env(BACKEND)\n  auth: api-key", &get("/a", ""));
    let world = repository(&[("openapi.yaml", &text), (".gitignore", ".env\n")]);
    world.write(".env", "BACKEND=http://127.0.0.1:8888\n");
    let plan = world.tollgate(&["plan", "--against", "main", "--output", "json"]).await.good().json();
    assert_eq!((&plan["routes"], &plan["server"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn what_is_neither_a_folder_nor_a_commit_is_said() {
    let world = repository(&[("openapi.yaml", &document(TOP, &get("/a", "")))]);
    let ended = world.tollgate(&["plan", "--against", "no-such-branch"]).await;
    assert_eq!(ended.code, 1);
    assert!(ended.stderr.contains("`no-such-branch` is neither a folder nor a commit"), "{ended:?}");
    let ended = world.tollgate(&["plan", "--against", "--upload-pack=x"]).await;
    assert_eq!(ended.code, 2);
    let ended = world.tollgate(&["plan", "--against=-x"]).await;
    assert!(ended.code == 1 && ended.stderr.contains("is no git ref"), "{ended:?}");
    let other = World::with_project("http://127.0.0.1:1");
    let ended = other.tollgate(&["plan", "--against", "main"]).await;
    assert!(ended.code == 1 && ended.stderr.contains("repository"), "{ended:?}");
    let ended = other.tollgate(&["plan"]).await;
    assert!(ended.code == 1 && ended.stderr.contains("--against main"), "{ended:?}");
}

#[tokio::test]
async fn a_project_is_compared_with_the_gateway_that_runs() {
    let world = World::empty();
    let jwt = "auth: { open-id-jwt-auth: { issuer: 'https://login.test', secret: $env(JWT_SECRET) } }";
    world.write("openapi.yaml", &document(TOP, &format!("{}{}", get("/a", "limit: 5/m"), get("/b", jwt))));
    world.write(".env", "JWT_SECRET=first-very-secret-value-0123456789\n");
    let gateway = world.start(&["run", "."]).await;
    let plan = world.tollgate(&["plan", "--output", "json"]).await.good().json();
    assert_eq!((&plan["routes"], &plan["server"], &plan["requests"]), (&json!([]), &json!([]), &json!([])), "{plan:#}");
    assert_eq!(plan["against"]["kind"], "running");

    world.write("openapi.yaml", &document(TOP, &format!("{}{}", get("/a", "auth: public"), get("/b", jwt))));
    world.write(".env", "JWT_SECRET=other-very-secret-value-0123456789\n");
    let ended = world.tollgate(&["plan", "--output", "json"]).await.good();
    assert!(!ended.stdout.contains("very-secret"), "{ended:?}");
    let plan = ended.json();
    assert_eq!(kinds(&plan, "GET /a"), ["became-public", "limit-lost", "signature-lost"]);
    assert_eq!(change(&plan, "auth-changed")["option"], "/secret", "a secret that changed is told: {plan:#}");
    let ended = world.tollgate(&["plan", "--detailed-exit-code"]).await;
    assert_eq!(ended.code, 4);

    // What is described over the wire says nothing of the secret to those who may only read.
    let token = world.read(".tollgate/management.token");
    let reply = gateway.manage(http::Method::GET, "/v1/project/routes", token.trim(), "").await;
    let described = reply.json();
    assert_eq!(described["schema"], 1);
    assert!(!described.to_string().contains("very-secret"), "{described:#}");
    let secret = described["routes"][1]["inbound"][0]["options"].clone();
    assert_eq!(secret["shown"]["secret"], "$env(JWT_SECRET)", "{described:#}");
    let plain = tollgate_identity::digest_of(b"first-very-secret-value-0123456789").to_hex();
    assert_ne!(secret["hidden"]["/secret"].as_str().unwrap(), &plain[..16]);

    world.tollgate(&["reload"]).await.good();
    let plan = world.tollgate(&["plan", "--output", "json"]).await.good().json();
    assert_eq!(plan["routes"], json!([]), "what was planned is in force");
    let reply = gateway.manage(http::Method::GET, "/v1/project/routes", "wrong", "").await;
    assert_eq!(reply.status, http::StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_broken_project_is_told_while_a_good_one_runs() {
    let world = World::with_project("http://127.0.0.1:1");
    let _gateway = world.start(&["run", "."]).await;
    world.write("openapi.yaml", &document(TOP, &get("/a", "limt: 5/m")));
    let ended = world.tollgate(&["plan"]).await;
    assert_eq!(ended.code, 78);
    assert!(ended.stderr.contains("openapi.yaml:"), "{ended:?}");
}
