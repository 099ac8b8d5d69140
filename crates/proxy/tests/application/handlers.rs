use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tollgate_core::project::{Stage, StepRef};
use tollgate_testkit::{CapturingUpstream, Seen};

use crate::support::{App, Draft, echo};

async fn asked(draft: Draft, path: &str) -> String {
    let reply = Box::pin(App::start(draft)).await.get(path).await;
    format!("{} {}", reply.status.as_u16(), String::from_utf8_lossy(&reply.body))
}

#[tokio::test]
async fn forward_moves_the_path_as_its_rule_says() {
    let upstream = echo().await;
    for (line, rule, path, expected) in [
        ("GET /v1/{id}", json!({ "strip": "/v1" }), "/v1/a%2Fb?x=1", "200 GET /a%2Fb?x=1"),
        ("GET /v1/{id}", json!({ "strip": "/v1/", "prepend": "/in/ner/" }), "/v1/7", "200 GET /in/ner/7"),
        ("GET /v1", json!({ "strip": "/v1" }), "/v1", "200 GET /"),
        ("GET /u/{id}", json!({ "rewrite": "/v2/users/{id}" }), "/u/a%2Fb%3Fc", "200 GET /v2/users/a%2Fb%3Fc"),
        ("GET /u/{id}", json!({ "rewrite": "/v2/{id}?fixed=1" }), "/u/7?x=1", "200 GET /v2/7?fixed=1&x=1"),
    ] {
        let options = json!({ "upstream": upstream.url(), "path": rule });
        assert_eq!(asked(Draft::new().route(line, "forward", options), path).await, expected, "{line} {rule}");
    }
}

#[tokio::test]
async fn a_parameter_never_brings_a_dot_segment_into_a_rewritten_path() {
    let upstream = echo().await;
    let options = json!({ "upstream": upstream.url(), "path": { "rewrite": "/v2/{id}/x" } });
    let app = App::start(Draft::new().route("GET /u/{id}", "forward", options)).await;
    for path in ["/u/..%2Fadmin", "/u/a%2F..%2Fb"] {
        assert_eq!(app.get(path).await.status, 400, "{path}");
    }
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn an_upstream_may_be_an_ipv6_address() {
    let listener = tokio::net::TcpListener::bind("[::1]:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") && socket.read_buf(&mut head).await.unwrap() > 0 {}
            let head = String::from_utf8(head).unwrap();
            let host = head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
            let answer =
                format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{host}", host.len());
            socket.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let url = format!("http://[::1]:{port}");
    for (handler, options) in [
        ("forward", json!({ "upstream": url })),
        ("url-forward", json!({ "baseUrl": url })),
        ("url-rewrite", json!({ "rewritePattern": format!("{url}/${{params.id}}") })),
    ] {
        let got = asked(Draft::new().route("GET /{id}", handler, options), "/a").await;
        assert_eq!(got, format!("200 [::1]:{port}"), "{handler}");
    }
}

#[tokio::test]
async fn an_upstream_may_be_named() {
    let upstream = echo().await;
    let url = upstream.url();
    let draft = Draft::new()
        .settings(|settings| settings.upstreams = serde_json::from_value(json!({ "todo": { "url": url } })).unwrap())
        .route("GET /a", "forward", json!({ "upstream": "todo" }));
    assert_eq!(asked(draft, "/a").await, "200 GET /a");
}

#[tokio::test]
async fn url_forward_puts_the_incoming_path_behind_the_base_url() {
    let upstream = echo().await;
    let base = format!("{}/api/", upstream.url());
    for (options, expected) in [
        (json!({ "baseUrl": base }), "200 GET /api/u/a%2Fb?x=1"),
        (json!({ "baseUrl": base, "forwardSearch": false }), "200 GET /api/u/a%2Fb"),
        (json!({ "baseUrl": format!("{base}${{params.id}}") }), "200 GET /api/a%2Fb/u/a%2Fb?x=1"),
        (json!({ "baseUrl": "http://${hostname}:${query.nothing}" }), "400"),
    ] {
        let draft = Draft::new().route("GET /u/{id}", "url-forward", options.clone());
        let got = asked(draft, "/u/a%2Fb?x=1").await;
        assert!(got.starts_with(expected), "{options}: {got}");
    }
}

#[tokio::test]
async fn url_rewrite_asks_for_exactly_the_rendered_url() {
    let upstream = echo().await;
    let url = upstream.url();
    let port = upstream.address().port();
    for (pattern, expected) in [
        (format!("{url}/v2/${{params.id}}"), "200 GET /v2/7?x=1"),
        (format!("{url}/v2?id=${{params.id}}"), "200 GET /v2?id=7&x=1"),
        (format!("http://${{hostname}}:{port}/${{method}}"), "200 GET /GET?x=1"),
        (format!("{url}?a=1#frag"), "200 GET /?a=1&x=1"),
    ] {
        let draft = Draft::new().route("GET /u/{id}", "url-rewrite", json!({ "rewritePattern": pattern }));
        assert_eq!(asked(draft, "/u/7?x=1").await, expected, "{pattern}");
    }
}

#[tokio::test]
async fn redirects_are_handed_on_unless_they_shall_be_followed() {
    let upstream = CapturingUpstream::answering(|seen: &Seen| {
        let mut response = Response::new(Bytes::from(format!("{} {}", seen.method, seen.target)));
        if seen.target.starts_with("/from") {
            *response.status_mut() = http::StatusCode::FOUND;
            response.headers_mut().insert("location", http::HeaderValue::from_static("/to?y=2"));
        }
        if seen.target.starts_with("/round") {
            *response.status_mut() = http::StatusCode::FOUND;
            response.headers_mut().insert("location", http::HeaderValue::from_static("/round"));
        }
        response
    })
    .await
    .unwrap();
    let draft = |follow: bool| {
        let options = json!({ "baseUrl": upstream.url(), "followRedirects": follow });
        Draft::new().route("GET,POST /{x}", "url-forward", options)
    };
    let app = App::start(draft(false)).await;
    let reply = app.get("/from").await;
    assert_eq!((reply.status.as_u16(), reply.header("location")), (302, "/to?y=2"));

    app.apply(draft(true));
    assert_eq!(&app.get("/from").await.body[..], b"GET /to?y=2");
    assert_eq!(&app.send("POST", "/from", &[], "x").await.body[..], b"GET /to?y=2");
    assert_eq!(app.get("/round").await.status, 502);
}

#[tokio::test]
async fn redirect_answers_by_itself() {
    let options = json!({ "location": "https://docs.example/", "status": 308 });
    let app = App::start(Draft::new().route("GET /docs", "redirect", options)).await;
    let reply = app.get("/docs").await;
    assert_eq!((reply.status.as_u16(), reply.header("location")), (308, "https://docs.example/"));
}

fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": { "title": "T", "version": "1", "x-tollgate-note": "secret plan" },
        "servers": [{ "url": "http://internal:8080" }],
        "x-tollgate": { "upstream": "http://internal:8080" },
        "paths": {
            "/todos": {
                "x-zuplo-path": { "pathMode": "open-api" },
                "get": { "operationId": "list", "x-tollgate": { "limit": "1/m" }, "responses": {} },
                "post": { "operationId": "hidden", "x-internal": true, "responses": {} },
            },
            "/secret": { "get": { "x-internal": true, "responses": {} } },
            "/openapi.json": { "get": { "responses": {}, "x-other": 1 } },
        },
        "components": {
            "schemas": { "A": { "properties": { "x-tollgate-field": { "type": "string" } }, "example": { "x-tollgate": 1 } } },
        },
    })
}

#[tokio::test]
async fn a_published_document_holds_nothing_of_the_gateways_business() {
    let draft = Draft::new()
        .settings(|settings| settings.public_url = Some("https://api.example/".to_owned()))
        .document(document())
        .policy("api-key", "api-key", json!({ "authHeader": "X-Key" }))
        .route_with("GET /todos", "redirect", json!({ "location": "/" }), |route| {
            route.inbound.push(StepRef::new(0, Stage::Auth));
        })
        .route("GET /openapi.json", "openapi", json!({}));
    let app = App::start(draft).await;
    let reply = app.get("/openapi.json").await;
    assert_eq!(
        reply.json(),
        json!({
            "openapi": "3.1.0",
            "info": { "title": "T", "version": "1" },
            "servers": [{ "url": "https://api.example" }],
            "paths": {
                "/todos": { "get": { "operationId": "list", "responses": {}, "security": [{ "apiKey": [] }] } },
                "/openapi.json": { "get": { "responses": {}, "x-other": 1 } },
            },
            "components": {
                "schemas": {
                    "A": { "properties": { "x-tollgate-field": { "type": "string" } }, "example": { "x-tollgate": 1 } },
                },
                "securitySchemes": { "apiKey": { "type": "apiKey", "in": "header", "name": "X-Key" } },
            },
        })
    );
    let again = app.send("GET", "/openapi.json", &[("if-none-match", reply.header("etag"))], "").await;
    assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
}
