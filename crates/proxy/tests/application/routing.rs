use serde_json::json;
use tollgate_core::project::Stage;

use crate::support::{App, Draft, echo};

#[tokio::test]
async fn a_request_reaches_the_upstream_with_its_path_byte_for_byte() {
    let upstream = echo().await;
    let forward = json!({ "upstream": format!("{}/base/", upstream.url()) });
    let app = App::start(Draft::new().route("GET,POST /todos/{id}", "forward", forward)).await;
    for (path, expected) in [
        ("/todos/7?page=2&x=%20", "GET /base/todos/7?page=2&x=%20"),
        ("/todos/a%2Fb", "GET /base/todos/a%2Fb"),
        ("//todos/./x/../%41", "GET /base/todos/%41"),
    ] {
        let reply = app.get(path).await;
        assert_eq!((reply.status.as_u16(), &reply.body[..]), (200, expected.as_bytes()), "{path}");
    }
    let reply = app.send("POST", "/todos/7", &[], "hello").await;
    assert_eq!(&reply.body[..], b"POST /base/todos/7");
    assert_eq!(&upstream.last().unwrap().body[..], b"hello");
}

#[tokio::test]
async fn a_template_is_found_however_the_client_spells_its_literals() {
    let upstream = echo().await;
    let forward = || json!({ "upstream": upstream.url() });
    let app = App::start(
        Draft::new().route("GET /café/{id}", "forward", forward()).route("GET /get({id})", "forward", forward()).route(
            "GET /a b:c",
            "forward",
            forward(),
        ),
    )
    .await;
    for path in ["/caf%c3%a9/7", "/caf%C3%A9/7", "/%63af%C3%a9/7", "/get(7)", "/a%20b:c"] {
        let reply = app.get(path).await;
        assert_eq!((reply.status.as_u16(), &reply.body[..]), (200, format!("GET {path}").as_bytes()), "{path}");
    }
}

#[tokio::test]
async fn an_unknown_path_is_404_and_a_wrong_method_405_with_allow() {
    let upstream = echo().await;
    let forward = || json!({ "upstream": upstream.url() });
    let draft = || Draft::new().route("GET,DELETE /todos", "forward", forward());
    let app = App::start(draft()).await;
    let reply = app.get("/nothing").await;
    assert_eq!((reply.status.as_u16(), reply.json()["code"].as_str()), (404, Some("not-found")));
    assert_eq!(reply.header("content-type"), "application/problem+json");
    let reply = app.send("PUT", "/todos", &[], "").await;
    assert_eq!((reply.status.as_u16(), reply.header("allow")), (405, "DELETE, GET, HEAD"));
    let reply = app.send("HEAD", "/todos", &[], "").await;
    assert_eq!(reply.status, 200);

    app.apply(draft().zuplo());
    let reply = app.send("PUT", "/todos", &[], "").await;
    assert_eq!((reply.status.as_u16(), reply.header("allow")), (404, ""));
    assert!(upstream.seen().iter().all(|seen| seen.method == "HEAD"));
}

/// A catch-all without a key must not be a way around the key of another route.
#[tokio::test]
async fn an_encoded_slash_is_no_way_to_another_route() {
    let upstream = echo().await;
    let forward = || json!({ "upstream": upstream.url() });
    let draft = Draft::new()
        .policy("api-key", "api-key", json!({}))
        .route_with("GET /{rest}", "forward", forward(), |route| route.template.rest = Some("rest".into()))
        .route("GET /admin/{x}", "forward", forward())
        .inbound(Stage::Auth, "api-key")
        .route("GET /secret", "forward", forward())
        .inbound(Stage::Auth, "api-key");
    let app = App::start(draft).await;
    for path in ["/admin%2Fx", "/admin%5Cx", "/x;/..%2Fadmin/x", "/secret%2F", "/secret%5C", "/secret;x", "/secret;/"] {
        let reply = app.get(path).await;
        assert_eq!((reply.status.as_u16(), reply.json()["code"].as_str()), (400, Some("bad-request")), "{path}");
    }
    assert_eq!(app.get("/admin/x").await.status, 401);
    assert_eq!(app.get("/open/a%2Fb").await.status, 200);
    assert_eq!(upstream.seen().len(), 1);
}

#[tokio::test]
async fn an_address_that_fails_to_authenticate_too_often_is_refused_before_its_key_is_looked_at() {
    let upstream = echo().await;
    let draft = Draft::new()
        .settings(|settings| settings.failed_auth_limit = serde_json::from_value(json!("3/m")).unwrap())
        .policy("api-key", "api-key", json!({}))
        .route("GET /todos", "forward", json!({ "upstream": upstream.url() }))
        .inbound(Stage::Auth, "api-key")
        .route("GET /open", "forward", json!({ "upstream": upstream.url() }));
    let app = App::start(draft).await;
    let good = format!("Bearer {}", app.bench.key("alice"));
    let good = [("authorization", good.as_str())];
    assert_eq!(app.send("GET", "/todos", &good, "").await.status, 200);
    for _ in 0..3 {
        assert_eq!(app.send("GET", "/todos", &[("authorization", "Bearer tg_wrong")], "").await.status, 401);
    }
    let reply = app.send("GET", "/todos", &good, "").await;
    assert_eq!((reply.status.as_u16(), reply.header("retry-after")), (429, "60"));
    assert_eq!(reply.json()["code"], "too-many-failures");
    assert_eq!(app.get("/open").await.status, 200, "routes without a key are nobody's guess");

    app.bench.advance(std::time::Duration::from_secs(61));
    assert_eq!(app.send("GET", "/todos", &good, "").await.status, 200);
}

/// A health check that has no key is a nuisance, not a guess; neither is a caller who is known and
/// may not do this.
#[tokio::test]
async fn requests_without_a_credential_lock_nobody_out() {
    let upstream = echo().await;
    let draft = Draft::new()
        .settings(|settings| settings.failed_auth_limit = serde_json::from_value(json!("3/m")).unwrap())
        .policy("api-key", "api-key", json!({}))
        .route("GET /todos", "forward", json!({ "upstream": upstream.url() }))
        .inbound(Stage::Auth, "api-key");
    let app = App::start(draft).await;
    for _ in 0..20 {
        let reply = app.get("/todos").await;
        assert_eq!((reply.status.as_u16(), reply.json()["code"].as_str()), (401, Some("key-missing")));
    }
    let good = format!("Bearer {}", app.bench.key("alice"));
    assert_eq!(app.send("GET", "/todos", &[("authorization", good.as_str())], "").await.status, 200);
}

#[tokio::test]
async fn a_method_that_nobody_knows_is_501_only_where_the_project_asks_for_it() {
    let upstream = echo().await;
    let draft = || {
        Draft::new().route("GET /todos", "forward", json!({ "upstream": upstream.url() })).route(
            "* /any",
            "forward",
            json!({ "upstream": upstream.url() }),
        )
    };
    let mut dated = draft().zuplo();
    dated.project.compatibility.unknown_method_is_501 = true;
    for (draft, path, method, status) in [
        (draft(), "/todos", "BREW", 405),
        (draft(), "/any", "BREW", 200),
        (draft(), "/nothing", "BREW", 404),
        (draft().zuplo(), "/todos", "BREW", 404),
        (dated, "/todos", "BREW", 501),
    ] {
        let app = App::start(draft).await;
        assert_eq!(app.send(method, path, &[], "").await.status, status, "{method} {path}");
    }
    let mut dated = draft().zuplo();
    dated.project.compatibility.unknown_method_is_501 = true;
    let app = App::start(dated).await;
    for (path, method, status) in [("/any", "BREW", 200), ("/todos", "POST", 404), ("/nothing", "BREW", 501)] {
        assert_eq!(app.send(method, path, &[], "").await.status, status, "{method} {path}");
    }
}

#[tokio::test]
async fn in_the_zuplo_form_the_body_of_a_get_is_removed_and_the_upstream_told() {
    let upstream = echo().await;
    let app = App::start(Draft::new().zuplo().route("GET /a", "forward", json!({ "upstream": upstream.url() }))).await;
    let reply = app.send("GET", "/a", &[], "surprise").await;
    let seen = upstream.last().unwrap();
    assert_eq!((seen.header("zp-body-removed"), &seen.body[..]), (Some("true"), &b""[..]));
    assert_eq!(reply.header("zp-rid"), reply.header("x-request-id"));
}
