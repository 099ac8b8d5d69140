//! Policies on the bench: what their pages do not show.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up shall fail")]

use http::{Request, StatusCode};
use serde_json::{Value, json};
use tollgate_testkit::PolicyBench;
use tollgate_testkit::bench::{BenchForm, BenchProject};

fn project(buffered: &str) -> BenchProject {
    let schema = json!({ "type": "object", "required": ["name"] });
    let document = json!({
        "openapi": "3.1.0",
        "info": { "title": "Pets", "version": "1" },
        "paths": { "/pets": { "post": { "requestBody": { "content": { "application/json": { "schema": schema } } } } } },
    });
    let settings = json!({ "server": { "limits": { "bufferedBody": buffered } } });
    BenchProject { document, settings: serde_json::from_value(settings).unwrap(), ..BenchProject::default() }
}

async fn bench(policy: &str, options: Value, buffered: &str) -> PolicyBench {
    PolicyBench::builder().project(project(buffered)).policy(policy, options).build().await.unwrap()
}

fn post(media: &str, chunked: bool, body: &str) -> Request<String> {
    let mut request = Request::post("/pets").header("content-type", media);
    if chunked {
        request = request.header("transfer-encoding", "chunked");
    }
    request.body(body.to_owned()).unwrap()
}

/// A body of 1,030 bytes that fits the schema.
fn long() -> String {
    json!({ "name": "n".repeat(1019) }).to_string()
}

#[tokio::test]
async fn a_body_that_is_too_long_to_be_checked_is_refused_however_it_comes() {
    let bench = bench("request-validation", Value::Null, "1KiB").await;
    for chunked in [false, true] {
        let answer = bench.send(post("application/json", chunked, &long())).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "chunked: {chunked}");
        assert_eq!(answer.headers["connection"], "close");
        assert!(answer.seen.is_none());
        let answer = bench.send(post("application/json", chunked, r#"{"name": "Rex"}"#)).await;
        assert_eq!(answer.status, StatusCode::OK, "chunked: {chunked}");
        assert_eq!(answer.seen.unwrap().body, r#"{"name": "Rex"}"#);
    }
}

#[tokio::test]
async fn what_is_only_logged_passes_and_is_in_the_record() {
    let bench = bench("request-validation", json!({ "validateBody": "log-only" }), "1KiB").await;
    for (media, body, expected) in [
        ("application/json", "{}", "Body must have required property 'name'"),
        ("application/json", "{", "Body must be well-formed JSON: EOF while parsing an object at line 1 column 1"),
        (
            "text/plain",
            "hello",
            "Body is not checked: This operation does not take this media type, only: application/json.",
        ),
    ] {
        let answer = bench.send(post(media, false, body)).await;
        assert_eq!(answer.status, StatusCode::OK, "{body}");
        assert_eq!(answer.seen.unwrap().body, body);
        assert_eq!(answer.record.fields["validation"], json!([expected]));
        assert_eq!(answer.record.reason(), "ok");
    }
}

#[tokio::test]
async fn a_size_limit_in_front_of_a_check_still_answers_413() {
    let bench = PolicyBench::builder()
        .project(project("1MiB"))
        .policy("request-size-limit", json!("64"))
        .step("request-validation")
        .build()
        .await
        .unwrap();
    for chunked in [false, true] {
        let answer = bench.send(post("application/json", chunked, &long())).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "chunked: {chunked}");
        assert_eq!(answer.record.reason(), "request.too_large");
    }
}

#[tokio::test]
async fn a_value_that_is_no_size_or_no_header_is_a_mistake_at_its_place() {
    for (policy, options, pointer) in [
        ("request-size-limit", json!({ "maxSizeInBytes": "a lot" }), "/maxSizeInBytes"),
        ("set-request-headers", json!({ "X-A": ["b"] }), "/X-A"),
        ("set-request-headers", json!({ "Content-Length": 1 }), "/Content-Length"),
        ("set-request-headers", json!({ "X_Tollgate.Consumer": "me" }), "/X_Tollgate.Consumer"),
        ("set-response-headers", json!({ "headers": [{ "name": "X-A", "value": "a\r\nb: c" }] }), "/headers/0/value"),
        ("set-response-headers", json!({ "headers": [{ "name": "a b", "value": "c" }] }), "/headers/0/name"),
        ("remove-request-headers", json!(["X-A", "Host"]), "/headers/1"),
        ("remove-response-headers", json!({ "headers": [] }), "/headers"),
        ("ip-restriction", json!({ "allow": ["10.0.0.0/8", "10.0.0.0/33"] }), "/allow/1"),
        ("ip-restriction", json!({ "deny": [] }), ""),
        ("mock-api", json!({ "responsePrefixFilter": "2x" }), "/responsePrefixFilter"),
        ("mock-api", json!({ "exampleName": "missing" }), ""),
        ("request-validation", json!({ "validateBody": "reject" }), "/validateBody"),
    ] {
        let error = PolicyBench::builder().policy(policy, options.clone()).build().await.map(|_| ()).unwrap_err();
        assert_eq!(error.pointer, pointer, "{policy} {options}: {error}");
    }
}

#[tokio::test]
async fn the_zuplo_form_ignores_fields_that_no_policy_may_set() {
    let options = json!({ "headers": [{ "name": "Host", "value": "evil.test" }, { "name": "X-A", "value": "b" }] });
    let project = BenchProject { form: BenchForm::Zuplo, ..BenchProject::default() };
    let bench = PolicyBench::builder().project(project).policy("set-request-headers", options);
    let answer = bench.build().await.unwrap().send(Request::get("/pets").body("").unwrap()).await;
    let seen = answer.seen.unwrap();
    assert_eq!((seen.header("host"), seen.header("x-a")), (None, Some("b")));
}

#[tokio::test]
async fn at_random_every_example_comes_up() {
    let examples = json!({ "one": { "value": 1 }, "two": { "value": 2 } });
    let responses =
        json!({ "200": { "description": "ok", "content": { "application/json": { "examples": examples } } } });
    let document = json!({ "openapi": "3.1.0", "paths": { "/pets": { "get": { "responses": responses } } } });
    let bench = PolicyBench::builder().document(document).policy("mock-api", json!({ "random": true }));
    let bench = bench.build().await.unwrap();
    let mut seen = std::collections::BTreeSet::new();
    // That one of two never comes in 64 draws happens once in 2^63 runs.
    for _ in 0..64 {
        seen.insert(bench.send(Request::get("/pets").body("").unwrap()).await.body);
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["1", "2"]);
}

#[tokio::test]
async fn what_no_request_or_answer_can_be_is_a_mistake_at_its_place() {
    for (policy, options, pointer) in [
        ("change-method", json!({ "method": "CONNECT" }), "/method"),
        ("change-method", json!({ "method": "trace" }), "/method"),
        ("change-method", json!({ "method": "HEAD" }), "/method"),
        ("change-method", json!({ "method": "GET /admin HTTP/1.1\r\nX: y" }), "/method"),
        ("change-method", json!({ "method": "" }), "/method"),
        ("set-query-params", json!({ "params": [] }), "/params"),
        ("set-query-params", json!({ "params": [{ "name": "", "value": 1 }] }), "/params/0/name"),
        ("remove-query-params", json!({ "params": ["a", ""] }), "/params/1"),
        ("query-param-to-header", json!({ "queryParam": "", "headerName": "X-A" }), "/queryParam"),
        ("query-param-to-header", json!({ "queryParam": "a", "headerName": "Host" }), "/headerName"),
        (
            "query-param-to-header",
            json!({ "queryParam": "a", "headerName": "X-A", "headerValue": "{value}\r\nX-B: 1" }),
            "/headerValue",
        ),
        ("set-upstream-api-key", json!({ "value": " " }), "/value"),
        ("set-upstream-api-key", json!({ "value": "a\nb" }), "/value"),
        ("set-upstream-api-key", json!({ "value": "a", "header": "X-Tollgate-Key" }), "/header"),
        ("clear-request-headers", json!({ "exclude": ["X-A", "a b"] }), "/exclude/1"),
        ("set-status", json!({}), ""),
        ("set-status", json!({ "status": 101 }), "/status"),
        ("set-status", json!({ "status": 600 }), "/status"),
        ("set-status", json!({ "statusText": "Fine\r\nX-A: b" }), "/statusText"),
    ] {
        let error = PolicyBench::builder().policy(policy, options.clone()).build().await.map(|_| ()).unwrap_err();
        assert_eq!(error.pointer, pointer, "{policy} {options}: {error}");
    }
}

#[tokio::test]
async fn a_secret_for_the_upstream_is_in_no_message_and_in_no_debug_form() {
    let bench = PolicyBench::builder().policy("set-upstream-api-key", json!("Bearer s3cret-value"));
    let bench = bench.build().await.unwrap();
    assert!(!format!("{bench:?}").contains("s3cret"), "{bench:?}");
    let wrong = json!({ "value": "s3cret-value\n" });
    let error = PolicyBench::builder().policy("set-upstream-api-key", wrong).build().await.map(|_| ()).unwrap_err();
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
}

#[tokio::test]
async fn a_form_or_json_that_is_too_long_to_be_held_is_refused_however_it_comes() {
    let form = format!("name={}", "n".repeat(1025));
    for (policy, options, media, body) in [
        ("form-data-to-json", json!({}), "application/x-www-form-urlencoded", form),
        ("validate-json-schema", json!({ "validator": true }), "application/json", long()),
    ] {
        let bench = bench(policy, options, "1KiB").await;
        for chunked in [false, true] {
            let answer = bench.send(post(media, chunked, &body)).await;
            assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{policy}, chunked: {chunked}");
            assert!(answer.seen.is_none() && answer.headers["connection"] == "close");
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_too_long_to_be_held_is_a_502_and_a_text_is_replaced_in_one_of_any_length() {
    let body = format!("<a>{}secret</a>", "n".repeat(1025));
    let upstream = json!({ "headers": { "content-type": "text/xml" }, "body": body });
    let settings = json!({ "server": { "limits": { "bufferedBody": "1KiB" } } });
    let project = BenchProject {
        upstream: Some(serde_json::from_value(upstream).unwrap()),
        settings: serde_json::from_value(settings).unwrap(),
        ..BenchProject::default()
    };
    for (policy, options, status) in [
        ("xml-to-json", json!({}), StatusCode::BAD_GATEWAY),
        (
            "replace-string",
            json!({ "mode": "regexp", "match": "/secret/", "replaceWith": "x" }),
            StatusCode::BAD_GATEWAY,
        ),
        ("replace-string", json!({ "mode": "string", "match": "secret", "replaceWith": "x" }), StatusCode::OK),
    ] {
        let bench = PolicyBench::builder().project(project.clone()).policy(policy, options).build().await.unwrap();
        let answer = bench.send(Request::get("/pets").body(String::new()).unwrap()).await;
        assert_eq!(answer.status, status, "{policy}");
        assert!(!String::from_utf8_lossy(&answer.body).contains("secret"), "{policy}");
        let reason = if status == StatusCode::OK { "ok" } else { "answer.too_long" };
        assert_eq!(answer.record.reason(), reason, "{policy}");
    }
}

#[tokio::test]
async fn an_answer_without_a_body_stays_without_one_and_its_fields_become_true() {
    for status in [204, 304] {
        let headers = json!({ "content-type": "text/xml", "etag": "\"a\"", "content-length": "70", "digest": "x" });
        let upstream = json!({ "status": status, "headers": headers });
        let upstream = Some(serde_json::from_value(upstream).unwrap());
        let project = BenchProject { upstream, ..BenchProject::default() };
        for (policy, options) in [
            ("xml-to-json", json!({})),
            ("replace-string", json!({ "mode": "string", "match": "a", "replaceWith": "b" })),
        ] {
            let bench = PolicyBench::builder().project(project.clone()).policy(policy, options).build().await.unwrap();
            let answer = bench.send(Request::get("/pets").body(String::new()).unwrap()).await;
            assert_eq!((answer.status.as_u16(), answer.body.len()), (status, 0), "{policy}");
            assert_eq!(answer.headers["etag"], "W/\"a\"", "{policy}");
            assert!(!answer.headers.contains_key("content-length") && !answer.headers.contains_key("digest"));
        }
    }
}
