use serde_json::json;
use tollgate_core::project::{CorsChoice, Stage};

use crate::support::{App, Draft, echo, text};

const ASK: [(&str, &str); 3] = [
    ("origin", "https://app.example"),
    ("access-control-request-method", "POST"),
    ("access-control-request-headers", "authorization, x-other"),
];

async fn app(cors: CorsChoice) -> App {
    let upstream = echo().await;
    let mut draft = Draft::new()
        .policy("api-key", "api-key", json!({}))
        .route_with("GET,POST /todos", "forward", json!({ "upstream": upstream.url() }), |route| route.cors = cors)
        .inbound(Stage::Auth, "api-key");
    draft.project.cors =
        vec![serde_json::from_value(json!({ "allowedOrigins": ["https://app.example"], "maxAge": 60 })).unwrap()];
    App::start(draft).await
}

#[tokio::test]
async fn a_preflight_needs_no_key() {
    let app = Box::pin(app(CorsChoice::Named(0))).await;
    let reply = app.send("OPTIONS", "/todos", &ASK, "").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("access-control-allow-origin"), "https://app.example");
    assert_eq!(reply.header("access-control-allow-methods"), "GET, HEAD, POST");
    assert_eq!(reply.header("access-control-max-age"), "60");
    let other = [("origin", "https://evil.example"), ASK[1]];
    let reply = app.send("OPTIONS", "/todos", &other, "").await;
    assert_eq!((reply.status.as_u16(), reply.json()["code"].as_str()), (404, Some("cors-refused")));
}

#[tokio::test]
async fn anything_goes_names_the_headers_that_were_asked_for() {
    let app = Box::pin(app(CorsChoice::AnythingGoes)).await;
    let reply = app.send("OPTIONS", "/todos", &ASK, "").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("access-control-allow-headers"), "authorization, x-other");
    assert_eq!(reply.header("access-control-allow-credentials"), "true");
    assert_eq!(text(&reply.headers, "vary"), "Origin, Access-Control-Request-Headers");
}

#[tokio::test]
async fn without_a_policy_a_preflight_finds_nothing_and_a_broken_one_is_400() {
    let app = Box::pin(app(CorsChoice::None)).await;
    assert_eq!(app.send("OPTIONS", "/todos", &ASK, "").await.status, 404);
    assert_eq!(app.send("OPTIONS", "/nothing", &ASK, "").await.status, 404);
    assert_eq!(app.send("OPTIONS", "/todos", &ASK[..1], "").await.status, 400);
    assert_eq!(app.send("OPTIONS", "/todos", &ASK[1..], "").await.status, 400);
    assert_eq!(app.send("OPTIONS", "/todos", &[], "").await.status, 405, "this is no preflight");
}

#[tokio::test]
async fn refusals_carry_cors_headers_so_that_a_page_can_read_them() {
    let app = Box::pin(app(CorsChoice::AnythingGoes)).await;
    let reply = app.send("GET", "/todos", &ASK[..1], "").await;
    assert_eq!((reply.status.as_u16(), reply.header("access-control-allow-origin")), (401, "https://app.example"));
}
