//! What became of a request, told afterwards, through the built binary.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use http::Method;
use serde_json::{Value, json};
use support::{Gateway, SOON, World};
use tollgate_testkit::CapturingUpstream;
use tollgate_testkit::client;

/// A key, a limit of two, and a backend; one that is down; one that fails.
fn project(world: &World, upstream: &str) {
    world.write(
        "openapi.yaml",
        &format!(
            "openapi: 3.1.0\ninfo: {{ title: Test, version: 1.0.0 }}\nx-tollgate: {{ auth: public }}\npaths:\n  /limited:\n    get:\n      operationId: getLimited\n      x-tollgate: {{ upstream: {upstream}, auth: api-key, limit: 2/h }}\n      responses: {{ \"200\": {{ description: ok }} }}\n  /down:\n    get:\n      operationId: getDown\n      x-tollgate: {{ upstream: \"http://127.0.0.1:1\" }}\n      responses: {{ \"200\": {{ description: ok }} }}\n  /open:\n    get:\n      operationId: getOpen\n      x-tollgate: {{ upstream: {upstream} }}\n      responses: {{ \"200\": {{ description: ok }} }}\n"
        ),
    );
}

async fn ask(gateway: &Gateway, path: &str, headers: &[(&str, &str)]) -> String {
    let reply = client::get(&format!("{}{path}", gateway.url), headers).await.unwrap();
    reply.header("x-request-id").to_owned()
}

/// The record of a request is there a moment after its answer: the last byte may still be on its way.
async fn explained(world: &World, id: &str) -> Value {
    let asked = async {
        loop {
            let ended = world.tollgate(&["explain", id, "--output", "json"]).await;
            if ended.code == 0 {
                return ended.json();
            }
        }
    };
    tokio::time::timeout(SOON, asked).await.expect("it is remembered")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_request_is_explained_step_by_step_with_its_reason_and_what_to_do() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::empty();
    project(&world, &upstream.url());
    let gateway = world.start(&["run", "."]).await;
    let key = world.key("acme").await;
    let bearer = format!("Bearer {}", key["key"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str())];
    ask(&gateway, "/limited", &headers).await;
    ask(&gateway, "/limited", &headers).await;
    let refused = ask(&gateway, "/limited?token=s3cret&page=2", &headers).await;

    let told = explained(&world, &refused).await;
    assert_eq!((&told["status"], &told["reason"]), (&json!(429), &json!("limit.exceeded")), "{told}");
    assert_eq!((&told["route"], &told["consumer"], &told["keyId"]), (&json!("getLimited"), &json!("acme"), &key["id"]));
    assert_eq!(told["query"], json!(["token", "page"]));
    assert!(told["place"].as_str().unwrap().starts_with("openapi.yaml:"), "{told}");
    let steps: Vec<_> =
        told["steps"].as_array().unwrap().iter().map(|s| (s["stage"].clone(), s["verdict"].clone())).collect();
    assert_eq!(steps, [(json!("auth"), json!("continued")), (json!("limit"), json!("refused"))], "{told}");
    let missed: Vec<_> = told["notReached"].as_array().unwrap().iter().map(|s| s["stage"].clone()).collect();
    assert_eq!(missed, [json!("sign"), json!("handler")], "{told}");
    let refusal = &told["refusal"];
    assert_eq!((&refusal["fault"], &refusal["code"]), (&json!("client"), &json!("rate-limited")));
    let page = refusal["page"].as_str().unwrap();
    assert!(client::get(page, &[]).await.unwrap().status.is_success(), "the page is served: {page}");
    assert!(!told.to_string().contains("s3cret") && !told.to_string().contains(key["key"].as_str().unwrap()));

    let text = world.tollgate(&["explain", &refused]).await.good().stdout;
    for part in ["429 GET /limited?token=…&page=…", "limit.exceeded", "acme with key_", "not reached", "to do"] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }

    let down = ask(&gateway, "/down", &[]).await;
    let told = explained(&world, &down).await;
    assert_eq!(told["refusal"]["name"], "upstream.connect_refused");
    assert_eq!(told["attempts"][0]["target"], "127.0.0.1:1");
    assert_eq!(told["attempts"][0]["outcome"], "upstream.connect_refused");
    assert_eq!(told["steps"][0]["verdict"], "refused", "{told}");
    assert!(told["refusal"]["cause"].is_string(), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_is_not_remembered_says_what_is_and_where_else_to_look() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::empty();
    project(&world, &upstream.url());
    world.write("tollgate.yaml", "recorder: { sample: 0, size: 1MiB }\n");
    let gateway = world.start(&["run", "."]).await;
    let good = ask(&gateway, "/open", &[]).await;
    for id in [good.as_str(), "no/such id"] {
        let ended = world.tollgate(&["explain", id]).await;
        assert_eq!(ended.code, 1, "{ended:?}");
        for part in ["all failures", "1.0 MiB", "0%", "access log"] {
            assert!(ended.stderr.contains(part), "`{part}` is not in {ended:?}");
        }
    }
    let alone = World::empty();
    let ended = alone.tollgate(&["explain", &good]).await;
    assert!(ended.code == 1 && ended.stderr.contains("--data-dir"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_listed_by_reason_status_and_route_and_the_rest_is_a_sample() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::empty();
    project(&world, &upstream.url());
    world.write("tollgate.yaml", "recorder: { sample: 100% }\n");
    let gateway = world.start(&["run", "."]).await;
    for path in ["/open", "/down", "/limited", "/nowhere"] {
        let id = ask(&gateway, path, &[]).await;
        explained(&world, &id).await;
    }
    let ids = async |arguments: &[&str]| -> Vec<String> {
        let all = [&["requests", "--output", "json"], arguments].concat();
        let listed = world.tollgate(&all).await.good().json();
        listed["items"].as_array().unwrap().iter().map(|item| item["path"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&[]).await, ["/nowhere", "/limited", "/down"], "the last failure first");
    assert_eq!(ids(&["--status", "5xx"]).await, ["/down"]);
    assert_eq!(ids(&["--status", "401"]).await, ["/limited"]);
    assert_eq!(ids(&["--reason", "route."]).await, ["/nowhere"]);
    assert_eq!(ids(&["--all", "--route", "getOpen"]).await, ["/open"]);
    assert_eq!(ids(&["--limit", "1"]).await, ["/nowhere"]);
    let wrong = world.tollgate(&["requests", "--status", "5x"]).await;
    assert!(wrong.code == 1 && wrong.stderr.contains("5xx"), "{wrong:?}");

    let token = world.read(".tollgate/management.token");
    let (token, get) = (token.trim(), Method::GET);
    assert_eq!(gateway.manage(get.clone(), "/v1/requests", "wrong", "").await.status, 401);
    let body = json!({ "name": "scanner", "scopes": ["leaks:write"] }).to_string();
    let made = gateway.manage(Method::POST, "/v1/operators", token, &body).await.json();
    let reply = gateway.manage(get, "/v1/requests", made["token"].as_str().unwrap(), "").await;
    assert_eq!(reply.status, 403, "looking needs the scope for it");

    // Switched off, it forgets at once.
    world.write("tollgate.yaml", "recorder: { enabled: false }\n");
    world.tollgate(&["reload"]).await.good();
    assert!(ids(&["--all"]).await.is_empty());
    let id = ask(&gateway, "/down", &[]).await;
    let ended = world.tollgate(&["explain", &id]).await;
    assert!(ended.code == 1 && ended.stderr.contains("recorder.enabled"), "{ended:?}");
}
