//! `tollgate explain METHOD URL`: what would become of a request, without sending it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

mod support;

use serde_json::{Value, json};
use tollgate_testkit::CapturingUpstream;
use tollgate_testkit::client;

use support::World;

/// A project with something of everything.
fn document(upstream: &str) -> String {
    format!(
        "openapi: 3.1.0
info: {{ title: Test, version: 1.0.0 }}
servers: [{{ url: 'https://api.example.com/v1' }}]
x-tollgate:
  upstream: {upstream}
  auth: api-key
  limit: 100/m
paths:
  /users/{{id}}:
    parameters: [{{ name: id, in: path, required: true, schema: {{ type: string }} }}]
    x-tollgate: {{ guard: [{{ ip-restriction: {{ allow: [127.0.0.1, 10.0.0.0/8] }} }}] }}
    get:
      operationId: getUser
      parameters: [{{ name: full, in: query, schema: {{ type: integer }} }}]
      x-tollgate:
        inbound: [strict]
        outbound: [{{ set-response-headers: {{ headers: [{{ name: x-a, value: b }}] }} }}]
        cors: anything-goes
      responses: {{ \"200\": {{ description: ok }} }}
    delete:
      x-tollgate: {{ hosts: [admin.example.com] }}
      responses: {{ \"200\": {{ description: ok }} }}
  /users/me:
    get:
      x-tollgate: {{ auth: public }}
      responses: {{ \"200\": {{ description: ok }} }}
  /files/{{name}}/content:
    parameters: [{{ name: name, in: path, required: true, schema: {{ type: string }} }}]
    get:
      x-tollgate: {{ auth: public }}
      responses: {{ \"200\": {{ description: ok }} }}
"
    )
}

const SETTINGS: &str = "publicUrl: https://api.example.com
policies:
  strict: { use: request-validation, options: { validateQueryParameters: reject-only } }
";

fn world(upstream: &str) -> World {
    let world = World::empty();
    world.write("openapi.yaml", &document(upstream));
    world.write("tollgate.yaml", SETTINGS);
    world
}

async fn explain(world: &World, arguments: &[&str]) -> Value {
    let mut all = vec!["explain"];
    all.extend(arguments);
    all.extend(["--output", "json"]);
    world.tollgate(&all).await.good().json()
}

#[track_caller]
fn step<'e>(explanation: &'e Value, name: &str) -> &'e Value {
    let steps = explanation["steps"].as_array().unwrap();
    steps.iter().find(|step| step["name"] == name).unwrap_or_else(|| panic!("no {name}: {explanation:#}"))
}

#[track_caller]
fn says(explanation: &Value, name: &str, expected: &str) {
    assert_eq!(step(explanation, name)["verdict"]["says"], expected, "{name}: {explanation:#}");
}

#[tokio::test]
async fn the_route_its_parameters_and_every_step_are_told_with_their_places() {
    let world = world("http://127.0.0.1:1");
    let told = explain(&world, &["GET", "/users/a%20b?full=1"]).await;
    assert_eq!(told["schema"], 1);
    assert_eq!((&told["route"]["id"], &told["route"]["route"]), (&json!("getUser"), &json!("GET /users/{id}")));
    assert_eq!(told["parameters"], json!({ "id": "a b" }));
    assert_eq!(
        (&told["request"]["path"], &told["request"]["host"]),
        (&json!("/users/a%20b"), &json!("api.example.com"))
    );
    let order: Vec<&str> =
        told["steps"].as_array().unwrap().iter().map(|step| step["name"].as_str().unwrap()).collect();
    assert_eq!(order, ["ip-restriction", "api-key", "rate-limit", "strict", "upstream-jwt"]);
    let scope = |name| (step(&told, name)["scope"].as_str().unwrap(), step(&told, name)["place"].as_str().unwrap());
    assert_eq!(scope("ip-restriction"), ("path item", "openapi.yaml:11:45"));
    assert_eq!(scope("api-key"), ("document", "openapi.yaml:6:9"));
    assert_eq!(scope("rate-limit"), ("document", "openapi.yaml:7:10"));
    assert_eq!(scope("strict"), ("tollgate.yaml", "tollgate.yaml:3:47"));
    assert_eq!(step(&told, "strict")["named"], "openapi.yaml:16:19", "where the operation names it");
    assert_eq!(step(&told, "rate-limit")["options"]["shown"]["rate"], "100/m");
    assert_eq!(told["outbound"][0]["name"], "set-response-headers");
    assert_eq!(told["handler"]["handler"], "forward");
    assert_eq!(told["route"]["upstream"]["url"], "http://127.0.0.1:1");
    let text = world.tollgate(&["explain", "GET", "/users/7"]).await.good().stdout;
    for expected in [
        "getUser, authenticated",
        "id         = 7",
        "openapi.yaml:7:10, document",
        "tollgate.yaml:3:47; named in openapi.yaml:16:19",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(!text.contains('\u{1b}'), "no colours in a pipe");
}

#[tokio::test]
async fn a_missing_key_is_told_with_status_reason_and_page() {
    let world = world("http://127.0.0.1:1");
    let told = explain(&world, &["GET", "/users/7"]).await;
    let refusal = &told["outcome"]["refusal"];
    assert_eq!((&told["outcome"]["kind"], &told["outcome"]["at"]), (&json!("refused"), &json!("auth")));
    assert_eq!(
        (&refusal["status"], &refusal["reason"], &refusal["code"]),
        (&json!(401), &json!("key.missing"), &json!("key-missing"))
    );
    assert_eq!(refusal["page"], "https://api.example.com/__tollgate/problems/key-missing");
    says(&told, "ip-restriction", "passes");
    says(&told, "rate-limit", "not-reached");
    let told = explain(&world, &["GET", "/users/7", "--client", "203.0.113.9"]).await;
    assert_eq!((&told["outcome"]["at"], &told["outcome"]["refusal"]["reason"]), (&json!("guard"), &json!("ip.denied")));
}

#[tokio::test]
async fn a_key_is_judged_by_its_form_and_looked_up_where_a_store_is_at_hand() {
    let world = world("http://127.0.0.1:1");
    let told = explain(&world, &["GET", "/users/7", "--key", "tg_wrong"]).await;
    assert_eq!(told["outcome"]["refusal"]["reason"], "key.malformed");

    let elsewhere = World::with_project("http://127.0.0.1:1");
    let foreign = elsewhere.key("somebody").await["key"].as_str().unwrap().to_owned();
    let told = explain(&world, &["GET", "/users/7", "--key", &foreign]).await;
    says(&told, "api-key", "unknown");
    assert!(step(&told, "api-key")["verdict"]["why"].as_str().unwrap().contains("no store at hand"), "{told:#}");
    assert_eq!(told["outcome"]["kind"], "unknown");
    says(&told, "rate-limit", "passes");
    assert!(!world.data().exists(), "a store that is not there is not made");

    let made = world.key("alice").await;
    let key = made["key"].as_str().unwrap();
    let told = explain(&world, &["GET", "/users/7", "--key", key]).await;
    says(&told, "api-key", "passes");
    assert!(step(&told, "api-key")["verdict"]["found"].as_str().unwrap().contains("`alice`"), "{told:#}");
    assert_eq!((&told["outcome"]["kind"], &told["outcome"]["at"]), (&json!("forwarded"), &json!("handler")));
    assert!(!told.to_string().contains(key), "the key is not shown");
    let told = explain(&world, &["GET", "/users/7", "--header", &format!("Authorization: Bearer {key}")]).await;
    assert_eq!(told["outcome"]["kind"], "forwarded");
    let ended =
        world.tollgate_with_input(&["explain", "GET", "/users/7", "--key", "-"], &format!("{key}\n")).await.good();
    assert!(ended.stdout.contains("the caller is `alice`"), "{ended:?}");

    let told = explain(&world, &["GET", "/users/7", "--key", &foreign]).await;
    assert_eq!(told["outcome"]["refusal"]["reason"], "key.unknown");
    world.tollgate(&["key", "revoke", made["id"].as_str().unwrap()]).await.good();
    let told = explain(&world, &["GET", "/users/7", "--key", key]).await;
    assert_eq!(told["outcome"]["refusal"]["reason"], "key.revoked");
    let both =
        world.tollgate(&["explain", "GET", "/users/7", "--key", key, "--header", "Authorization: Bearer x"]).await;
    assert!(both.code == 1 && both.stderr.contains("--key and --header both give the field"), "{both:?}");
}

#[tokio::test]
async fn the_key_goes_where_the_route_looks_for_one() {
    let world = World::empty();
    let text = support::document("http://127.0.0.1:1", "auth: { api-key: { authHeader: X-Api-Key } }");
    world.write("openapi.yaml", &text);
    let key = world.key("alice").await["key"].as_str().unwrap().to_owned();
    let told = explain(&world, &["GET", "/protected", "--key", &key]).await;
    says(&told, "api-key", "passes");
    let told = explain(&world, &["GET", "/open", "--key", &key]).await;
    assert!(told["notes"].to_string().contains("the one that was given is not used"), "{told:#}");
}

#[tokio::test]
async fn near_misses_say_why_not() {
    let world = world("http://127.0.0.1:1");
    let near = async |arguments: &[&str]| {
        let told = explain(&world, arguments).await;
        let misses = told["nearMisses"].as_array().unwrap().clone();
        let pairs = misses.iter().map(|one| {
            (
                one["route"].as_str().unwrap().to_owned(),
                one["miss"].as_str().unwrap().to_owned(),
                one["text"].as_str().unwrap().to_owned(),
            )
        });
        (told["outcome"]["refusal"]["reason"].clone(), pairs.collect::<Vec<_>>())
    };
    #[track_caller]
    fn has((_, misses): &(Value, Vec<(String, String, String)>), route: &str, miss: &str, text: &str) {
        let found = misses.iter().find(|one| one.0 == route && one.1 == miss);
        let found = found.unwrap_or_else(|| panic!("{route} {miss}: {misses:?}"));
        assert!(found.2.contains(text), "{found:?}");
    }
    let told = near(&["POST", "/users/7"]).await;
    assert_eq!(told.0, "route.method_not_allowed");
    has(&told, "GET /users/{id}", "method", "it serves GET");
    let told = near(&["DELETE", "/users/7"]).await;
    has(&told, "DELETE /users/{id} on admin.example.com", "host", "this is api.example.com");
    let told = near(&["GET", "/users/7/"]).await;
    assert_eq!(told.0, "route.not_found");
    has(&told, "GET /users/{id}", "slash", "it has no slash at the end");
    let told = near(&["GET", "/Users/7"]).await;
    has(&told, "GET /users/{id}", "segment", "segment 1 is `users`, and not `Users`: letters count");
    let told = near(&["GET", "/files/a/contents"]).await;
    has(&told, "GET /files/{name}/content", "segment", "segment 3 is `content`, and not `contents`");
    let told = near(&["GET", "/files/a"]).await;
    has(&told, "GET /files/{name}/content", "shorter", "it goes on with `content`");
    let told = near(&["GET", "/v1/users/7"]).await;
    has(&told, "GET /users/{id}", "servers", "`servers` (/v1)");
    let told = near(&["GET", "/users/me"]).await;
    has(&told, "GET /users/{id}", "later", "more exact");
    let told = near(&["DELETE", "https://admin.example.com/users/7"]).await;
    assert_eq!(told.0, "key.missing", "the host is the URL's");
    let told = near(&["DELETE", "/users/7", "--host", "admin.example.com"]).await;
    assert_eq!(told.0, "key.missing", "the host is the one that was given");
}

#[tokio::test]
async fn paths_that_could_be_read_in_two_ways_are_refused_as_the_gateway_does() {
    let world = world("http://127.0.0.1:1");
    for (path, detail) in [
        ("/users/%00", "NUL"),
        ("/users/%252e%252e/x", "encoded twice"),
        ("/users/%zz", "hexadecimal"),
        ("/files/a/..%2f..%2fusers%2fme/content", ""),
    ] {
        let told = explain(&world, &["GET", path]).await;
        if detail.is_empty() {
            continue;
        }
        assert_eq!(
            (&told["outcome"]["at"], &told["outcome"]["refusal"]["status"]),
            (&json!("hygiene"), &json!(400)),
            "{path}"
        );
        assert!(told["outcome"]["text"].as_str().unwrap().contains(detail), "{told:#}");
    }
    let told = explain(&world, &["GET", "/a/../users//me"]).await;
    assert_eq!((&told["request"]["path"], &told["route"]["route"]), (&json!("/users/me"), &json!("GET /users/me")));
    let told = explain(&world, &["GET", "/users/x%2f..%2f..%2fusers%2fme"]).await;
    assert_eq!(
        (&told["outcome"]["at"], &told["outcome"]["refusal"]["reason"]),
        (&json!("routing"), &json!("request.malformed")),
        "{told:#}"
    );
    let told = explain(&world, &["TRACE", "/users/me"]).await;
    assert_eq!(told["outcome"]["refusal"]["reason"], "request.method_unsupported");
    let told = explain(&world, &["GET", "/users/me", "--host", "user@host"]).await;
    assert_eq!(told["outcome"]["refusal"]["reason"], "request.malformed");
}

#[tokio::test]
async fn preflights_are_told_with_the_route_that_they_are_for() {
    let world = world("http://127.0.0.1:1");
    let ask = async |method: &str| {
        let method = format!("Access-Control-Request-Method: {method}");
        explain(&world, &["OPTIONS", "/users/7", "-H", "Origin: https://app.example.com", "-H", &method]).await
    };
    let told = ask("GET").await;
    assert_eq!((&told["outcome"]["kind"], &told["outcome"]["at"]), (&json!("answered"), &json!("preflight")));
    assert!(
        told["outcome"]["text"].as_str().unwrap().contains("access-control-allow-origin: https://app.example.com"),
        "{told:#}"
    );
    let told = explain(
        &world,
        &["OPTIONS", "/users/me", "-H", "Origin: https://a.test", "-H", "Access-Control-Request-Method: GET"],
    )
    .await;
    assert_eq!(told["outcome"]["refusal"]["reason"], "cors.refused");
    assert!(
        told["outcome"]["text"].as_str().unwrap().contains("`GET /users/me`, whose CORS policy is none"),
        "{told:#}"
    );
    let told = ask("PUT").await;
    assert!(told["outcome"]["text"].as_str().unwrap().contains("no route serves PUT"), "{told:#}");
}

#[tokio::test]
async fn validation_looks_at_the_query_and_at_the_body_that_was_given() {
    let world = World::empty();
    let text = "openapi: 3.1.0
info: { title: Test, version: 1.0.0 }
x-tollgate: { upstream: 'http://127.0.0.1:1', auth: public }
paths:
  /orders:
    post:
      x-tollgate: { inbound: [{ request-validation: { validateBody: reject-only, validateQueryParameters: reject-only } }] }
      parameters: [{ name: n, in: query, schema: { type: integer } }]
      requestBody: { required: true, content: { application/json: { schema: { type: object, required: [item] } } } }
      responses: { \"200\": { description: ok } }
";
    world.write("openapi.yaml", text);
    let json_type = "Content-Type: application/json";
    let told = explain(&world, &["POST", "/orders", "-H", json_type, "--data", "{\"item\": 1}"]).await;
    says(&told, "request-validation", "passes");
    let told = explain(&world, &["POST", "/orders?n=x", "-H", json_type, "--data", "{\"item\": 1}"]).await;
    says(&told, "request-validation", "refuses");
    let told = explain(&world, &["POST", "/orders", "-H", json_type, "--data", "{\"other-secret\": 1}"]).await;
    says(&told, "request-validation", "refuses");
    assert!(!told.to_string().contains("other-secret"), "{told:#}");
    let told = explain(&world, &["POST", "/orders", "-H", json_type]).await;
    assert!(told["notes"].to_string().contains("--data"), "{told:#}");
}

#[tokio::test]
async fn nothing_is_sent_and_what_would_be_asked_is_named() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::empty();
    let jwt = format!(
        "auth: {{ open-id-jwt-auth: {{ jwkUrl: '{}/jwks?secret=1', issuer: 'https://login.test' }} }}",
        upstream.url()
    );
    world.write("openapi.yaml", &support::document(&upstream.url(), &jwt));
    // The head of a token is all that is looked at before its key is asked for.
    let token = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.eyJpc3MiOiJodHRwczovL2xvZ2luLnRlc3QiLCJleHAiOjk5OTk5OTk5OTl9.AAAA";
    let told = explain(&world, &["GET", "/protected", "-H", &format!("Authorization: Bearer {token}")]).await;
    says(&told, "open-id-jwt-auth", "unknown");
    let why = step(&told, "open-id-jwt-auth")["verdict"]["why"].as_str().unwrap().to_owned();
    assert!(why.contains("/jwks") && !why.contains("secret=1"), "{why}");
    assert_eq!(told["outcome"]["kind"], "unknown");
    assert!(!told.to_string().contains(token), "{told:#}");
    assert!(upstream.seen().is_empty(), "nothing was sent");
    let told = explain(&world, &["GET", "/open"]).await;
    assert_eq!(told["outcome"]["kind"], "forwarded");
    assert!(upstream.seen().is_empty(), "nothing was sent");
}

#[tokio::test]
async fn code_of_the_project_is_not_run_and_said_so() {
    let world = World::empty();
    world.write(
        "openapi.yaml",
        &support::document("http://127.0.0.1:1", "auth: public, inbound: ['./modules/check.ts#default']"),
    );
    world.write("modules/check.ts", "export default async function (request: any) { throw new Error('was run'); }\n");
    let told = explain(&world, &["GET", "/protected"]).await;
    let only = &told["steps"][0];
    assert_eq!(only["verdict"]["says"], "unknown", "{told:#}");
    assert!(only["verdict"]["why"].as_str().unwrap().contains("is code of the project"), "{told:#}");
    assert_eq!(told["outcome"]["kind"], "unknown");
}

#[tokio::test]
async fn secrets_in_options_are_not_shown() {
    let world = World::empty();
    let jwt = "auth: { open-id-jwt-auth: { issuer: 'https://login.test', secret: $env(JWT_SECRET) } }";
    world.write("openapi.yaml", &support::document("http://127.0.0.1:1", jwt));
    world.write(".env", "JWT_SECRET=a-very-secret-value-0123456789\n");
    for arguments in [&["explain", "GET", "/protected", "--output", "json"][..], &["explain", "GET", "/protected"]] {
        let ended = world.tollgate(arguments).await;
        let all = format!("{}{}", ended.stdout, ended.stderr);
        assert!(!all.contains("very-secret") && all.contains("$env(JWT_SECRET)"), "{ended:?}");
    }
}

#[tokio::test]
async fn a_project_of_the_zuplo_form_is_explained_with_the_places_of_its_files() {
    let world = World::empty();
    let routes = json!({ "openapi": "3.1.0", "info": { "title": "t", "version": "1" }, "paths": { "/todos/{id}": {
        "parameters": [{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }],
        "get": { "operationId": "get-todo", "responses": {}, "x-zuplo-route": {
            "corsPolicy": "none",
            "handler": { "export": "urlForwardHandler", "module": "$import(@zuplo/runtime)", "options": { "baseUrl": "http://127.0.0.1:8888" } },
            "policies": { "inbound": ["keys", "limit"] },
        } },
    } } });
    let policy = |name: &str, export: &str, options: Value| json!({ "name": name, "policyType": name, "handler": { "export": export, "module": "$import(@zuplo/runtime)", "options": options } });
    let policies = json!({ "policies": [
        policy("keys", "ApiKeyInboundPolicy", json!({ "allowUnauthenticatedRequests": false })),
        policy("limit", "RateLimitInboundPolicy", json!({ "rateLimitBy": "ip", "requestsAllowed": 5, "timeWindowMinutes": 1 })),
    ] });
    world.write("config/routes.oas.json", &serde_json::to_string_pretty(&routes).unwrap());
    world.write("config/policies.json", &serde_json::to_string_pretty(&policies).unwrap());
    let told = explain(&world, &["GET", "/todos/7"]).await;
    assert_eq!((&told["route"]["id"], &told["parameters"]["id"]), (&json!("get-todo"), &json!("7")));
    let keys = step(&told, "keys");
    assert!(keys["place"].as_str().unwrap().starts_with("config/policies.json:"), "{told:#}");
    assert!(keys["named"].as_str().unwrap().starts_with("config/routes.oas.json:"), "{told:#}");
    assert_eq!(told["outcome"]["refusal"]["reason"], "key.missing");
    let told = explain(&world, &["POST", "/todos/7"]).await;
    assert_eq!(told["nearMisses"][0]["miss"], "method");
}

#[tokio::test]
async fn the_gateway_answers_as_it_was_explained() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = world(&upstream.url());
    let key = world.key("alice").await["key"].as_str().unwrap().to_owned();
    let gateway = world.start(&["run", "."]).await;
    for (path, with_key) in [
        ("/users/7", false),
        ("/users/7", true),
        ("/users/7?full=x", true),
        ("/users/me", false),
        ("/users/7/", false),
        ("/users/%2e%2e/users/me", false),
        ("/users/%00", false),
        ("/users/x%2f..%2f..%2fusers%2fme", false),
        ("/users/a%2fb", true),
        ("/files/a;b/content", false),
        ("/nothing", false),
    ] {
        let mut arguments = vec!["GET", path];
        if with_key {
            arguments.extend(["--key", &key]);
        }
        let told = explain(&world, &arguments).await;
        let authorization = format!("Bearer {key}");
        let headers: Vec<(&str, &str)> =
            with_key.then_some(("authorization", authorization.as_str())).into_iter().collect();
        let reply = client::get(&format!("{}{path}", gateway.url), &headers).await.unwrap();
        let expected = told["outcome"]["status"].as_u64().unwrap_or(200);
        assert_eq!(u64::from(reply.status.as_u16()), expected, "{path}: {told:#}");
        if reply.status != http::StatusCode::OK {
            assert_eq!(reply.json()["code"], told["outcome"]["refusal"]["code"], "{path}");
            assert_eq!(reply.json()["detail"], told["outcome"]["refusal"]["detail"], "{path}");
        }
    }
}

#[tokio::test]
async fn wrong_usage_and_broken_projects_are_said() {
    let world = world("http://127.0.0.1:1");
    for (arguments, code, text) in [
        (&["explain", "GET"][..], 1, "GET of what?"),
        (&["explain", "get thing", "/users"], 1, "is no method"),
        (&["explain", "GET", "users"], 1, "neither a URL nor a path"),
        (&["explain", "GET", "/a b"], 1, "cannot stand in a request"),
        (&["explain", "GET", "/users/7", "--header", "no colon"], 2, "Name: value"),
        (&["explain", "GET", "/users/7", "--store", "sqlite://nowhere.db"], 1, "there is no store"),
        (&["explain", "GET", "/users/7", "nowhere"], 1, "there is no folder"),
    ] {
        let ended = world.tollgate(arguments).await;
        assert!(ended.code == code && ended.stderr.contains(text), "{arguments:?}: {ended:?}");
    }
    world.write("openapi.yaml", &document("http://127.0.0.1:1").replace("limit: 100/m", "limt: 100/m"));
    let ended = world.tollgate(&["explain", "GET", "/users/7"]).await;
    assert!(ended.code == 78 && ended.stderr.contains("openapi.yaml:7"), "{ended:?}");
}
