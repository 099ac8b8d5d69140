//! `tollgate init`, and that what it writes runs at once.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};
use support::World;
use tollgate_testkit::{CapturingUpstream, client};

const DOCUMENT: &str = "# ours\nopenapi: 3.0.3\ninfo:\n    title: Shop   # four blanks\n    version: '1'\nservers:\n- url: https://shop.example/api\npaths:\n    /items/{id}:\n        get:\n            operationId: getItem\n            parameters:\n            - {name: id, in: path, required: true, schema: {$ref: 'schemas/id.yaml'}}\n            responses: {'200': {description: ok}}\n    /status:\n        get:\n            operationId: getStatus\n            security: []\n            responses: {'200': {description: ok}}\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_catch_all_project_runs_at_once() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::empty();
    world.tollgate(&["init", ".", "--upstream", &upstream.url()]).await.good();
    world.tollgate(&["check"]).await.good();
    let key = world.key("acme").await;
    let gateway = world.start(&["run", "."]).await;
    assert_eq!(gateway.get("/deep/path", None).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(gateway.get("/deep/path", key["key"].as_str()).await.status, StatusCode::OK);
    assert_eq!(upstream.last().unwrap().target, "/deep/path");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_keeps_every_byte_and_its_references() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::empty();
    world.write("theirs/shop.yaml", DOCUMENT);
    world.write("theirs/schemas/id.yaml", "type: integer\n");
    let ended =
        world.tollgate(&["init", "mine", "--upstream", &upstream.url(), "--openapi", "theirs/shop.yaml"]).await.good();
    assert!(ended.stdout.contains("GET /status"), "what became public is listed: {}", ended.stdout);
    assert!(ended.stdout.contains("/api"), "the server's path is not matched: {}", ended.stdout);
    let written = world.read("mine/openapi.yaml");
    let mut rest = written.as_str();
    for line in DOCUMENT.lines() {
        let at = rest.find(line).unwrap_or_else(|| panic!("`{line}` is gone:\n{written}"));
        rest = &rest[at + line.len()..];
    }
    assert_eq!(world.read("theirs/shop.yaml"), DOCUMENT, "the original is untouched");
    assert_eq!(world.read("mine/schemas/id.yaml"), "type: integer\n");
    let gateway = world.start(&["run", "mine"]).await;
    assert_eq!(gateway.get("/status", None).await.status, StatusCode::OK);
    assert_eq!(gateway.get("/items/1", None).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overlay_leaves_the_document_to_whoever_writes_it() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::empty();
    world.write("mine/generated.yaml", DOCUMENT);
    world.write("mine/schemas/id.yaml", "type: integer\n");
    let init = ["init", "mine", "--upstream", &upstream.url(), "--openapi", "mine/generated.yaml", "--overlay"];
    world.tollgate(&init).await.good();
    assert_eq!(world.read("mine/generated.yaml"), DOCUMENT);
    let gateway = world.start(&["dev", "mine"]).await;
    assert_eq!(gateway.get("/status", None).await.status, StatusCode::OK);
    assert_eq!(gateway.get("/items/1", None).await.status, StatusCode::UNAUTHORIZED);
    // The framework writes its document anew.
    world.write("mine/generated.yaml", &DOCUMENT.replace("/items/", "/things/"));
    gateway.until("/things/1", None, StatusCode::UNAUTHORIZED).await;
}

#[tokio::test]
async fn init_overwrites_nothing_unless_told_to() {
    let world = World::empty();
    world.write("openapi.yaml", "mine");
    let ended = world.tollgate(&["init", ".", "--upstream", "http://127.0.0.1:9"]).await;
    assert_eq!(ended.code, 1);
    assert!(ended.stderr.contains("openapi.yaml") && ended.stderr.contains("--force"), "{}", ended.stderr);
    assert_eq!(world.read("openapi.yaml"), "mine");
    assert!(!world.path().join("tollgate.yaml").exists(), "nothing at all was written");
    world.tollgate(&["init", ".", "--upstream", "http://127.0.0.1:9", "--force"]).await.good();
    assert_ne!(world.read("openapi.yaml"), "mine");
}

#[tokio::test]
async fn a_document_that_cannot_be_read_is_shown_at_its_line() {
    let world = World::empty();
    world.write("bad.yaml", "openapi: 3.1.0\ninfo: {\n");
    let ended = world.tollgate(&["init", "mine", "--upstream", "http://127.0.0.1:9", "--openapi", "bad.yaml"]).await;
    assert_eq!(ended.code, 78, "{ended:?}");
    assert!(!world.path().join("mine").exists());
    let missing =
        world.tollgate(&["init", "mine", "--upstream", "http://127.0.0.1:9", "--openapi", "nowhere.yaml"]).await;
    assert_eq!(missing.code, 1);
    assert!(missing.stderr.contains("nowhere.yaml"), "{missing:?}");
}

#[tokio::test]
async fn what_holds_in_many_places_is_said_once() {
    let world = World::empty();
    let operation = "{ security: [{ oauth: [read] }], responses: {} }";
    let paths: String = (0..25).map(|n| format!("  /p{n}: {{ get: {operation} }}\n")).collect();
    world.write("theirs.yaml", &format!("openapi: 3.1.0\ninfo: {{ title: T, version: '1' }}\npaths:\n{paths}"));
    let init = ["init", "mine", "--upstream", "http://127.0.0.1:9", "--openapi", "theirs.yaml"];
    let ended = world.tollgate(&init).await.good();
    let said: Vec<&str> = ended.stdout.lines().filter(|line| line.contains("scopes")).collect();
    assert_eq!(said.len(), 1, "{}", ended.stdout);
    assert!(said[0].contains("25 places: ") && said[0].contains("openapi.yaml:4:"), "{}", said[0]);
}

/// A document of 3,000 operations whose schemas refer to each other and to themselves.
fn large_document() -> String {
    const SCHEMAS: usize = 300;
    let operation = |method: &str, path: usize| {
        let body = match method {
            "get" | "delete" => Value::Null,
            _ => json!({ "required": true, "content": { "application/json": {
                "schema": { "$ref": format!("#/components/schemas/S{}", path % SCHEMAS) } } } }),
        };
        let mut operation = json!({
            "operationId": format!("{method}{path}"),
            "parameters": [
                { "name": "id", "in": "path", "required": true, "schema": { "type": "integer", "minimum": 1 } },
                { "$ref": "#/components/parameters/page" },
            ],
            "responses": { "200": { "description": "ok", "content": { "application/json": {
                "schema": { "type": "array", "items": { "$ref": format!("#/components/schemas/S{}", path % SCHEMAS) } } } } } },
        });
        if !body.is_null() {
            operation["requestBody"] = body;
        }
        operation
    };
    let paths: Map<String, Value> = (0..750)
        .map(|path| {
            let methods = ["get", "put", "post", "delete"];
            let item: Map<String, Value> =
                methods.iter().map(|method| ((*method).to_owned(), operation(method, path))).collect();
            (format!("/group{}/things{path}/{{id}}", path % 20), Value::Object(item))
        })
        .collect();
    let schemas: Map<String, Value> = (0..SCHEMAS)
        .map(|n| {
            // Families of ten, each of whose members leads to all the others.
            let reference = |m: usize| json!({ "$ref": format!("#/components/schemas/S{}", n / 10 * 10 + m % 10) });
            let schema = json!({
                "type": "object",
                "required": ["name"],
                "additionalProperties": false,
                "properties": {
                    "name": { "type": "string", "maxLength": 100 },
                    "kind": { "enum": ["a", "b", n] },
                    "children": { "type": "array", "items": reference(n) },
                    "next": { "anyOf": [reference(n + 1), reference(n * 7 + 3), { "type": "null" }] },
                    "tags": { "type": "object", "additionalProperties": reference(n + 2) },
                },
            });
            (format!("S{n}"), schema)
        })
        .collect();
    let document = json!({
        "openapi": "3.1.0",
        "info": { "title": "Large", "version": "1" },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": { "page": { "name": "page", "in": "query", "schema": { "type": "integer" } } },
        },
    });
    serde_json::to_string_pretty(&document).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn three_thousand_operations_with_schemas_that_never_end_run_validated() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::empty();
    world.write("large.json", &large_document());
    let ended =
        world.tollgate(&["init", "mine", "--upstream", &upstream.url(), "--openapi", "large.json"]).await.good();
    assert!(ended.stdout.contains("3000 routes"), "{}", ended.stdout);
    let written = world.read("mine/openapi.json");
    let validated =
        written.replacen("\"auth\": \"api-key\"", "\"auth\": \"public\", \"inbound\": [\"request-validation\"]", 1);
    assert_ne!(written, validated);
    world.write("mine/openapi.json", &validated);
    world.tollgate(&["check", "mine"]).await.good();
    let gateway = world.start(&["run", "mine"]).await;
    let path = "/group9/things749/1";
    assert_eq!(gateway.get(path, None).await.status, StatusCode::OK);
    assert_eq!(gateway.get("/group9/things749/none", None).await.status, StatusCode::BAD_REQUEST);
    let post = async |body: &Value| {
        let url = format!("{}{path}", gateway.url);
        let headers = [("content-type", "application/json")];
        client::send(Method::POST, &url, &headers, body.to_string()).await.unwrap().status
    };
    let deep = json!({ "name": "a", "children": [{ "name": "b", "next": { "name": "c", "tags": { "t": { "name": "d" } } } }] });
    assert_eq!(post(&deep).await, StatusCode::OK);
    let wrong = json!({ "name": "a", "children": [{ "name": "b", "next": { "name": 7 } }] });
    assert_eq!(post(&wrong).await, StatusCode::BAD_REQUEST);
}
