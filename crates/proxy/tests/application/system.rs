use serde_json::json;

use crate::support::{App, Draft, echo};

async fn app(draft: Draft) -> App {
    let upstream = echo().await;
    App::start(draft.route("GET /todos", "forward", json!({ "upstream": upstream.url() }))).await
}

#[tokio::test]
async fn the_issuer_publishes_its_keys_under_its_path() {
    for path in ["/__tollgate/issuer", "/__zuplo/issuer"] {
        let app = app(Draft::new().settings(|settings| path.clone_into(&mut settings.issuer.path))).await;
        let jwks = app.get(&format!("{path}/.well-known/jwks.json")).await;
        assert_eq!(jwks.status, 200);
        assert_eq!(jwks.json(), *app.gateway.services.issuer.jwks());
        assert_eq!(jwks.header("cache-control"), "public, max-age=300");
        assert_eq!(jwks.header("access-control-allow-origin"), "*");
        let discovery = app.get(&format!("{path}/.well-known/openid-configuration")).await;
        assert_eq!(discovery.json(), *app.gateway.services.issuer.discovery());
        let post = app.send("POST", &format!("{path}/.well-known/jwks.json"), &[], "").await;
        assert_eq!((post.status.as_u16(), post.header("allow")), (405, "GET, HEAD"));
        assert_eq!(app.get(&format!("{path}/other")).await.status, 404);
    }
}

#[tokio::test]
async fn every_problem_has_a_page_where_its_type_points() {
    let app = app(Draft::new()).await;
    let problem = app.get("/nothing").await.json();
    // The URL begins with the public one, which is also the root of the issuer's name.
    let (origin, path) = problem["type"].as_str().unwrap().split_once("/__tollgate/").unwrap();
    assert_eq!(app.gateway.services.issuer.issuer().split_once("/__tollgate/").unwrap().0, origin);
    let page = app.get(&format!("/__tollgate/{path}")).await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html; charset=utf-8"));
    let text = String::from_utf8_lossy(&page.body).into_owned();
    assert!(text.contains("404 Not Found") && text.contains("tollgate routes"), "{text}");
    for reason in crate::support::CATALOG.reasons() {
        let page = app.get(&format!("/__tollgate/problems/{}", reason.code)).await;
        assert_eq!(page.status, 200, "{}", reason.code);
    }
    assert_eq!(app.get("/__tollgate/problems/nonsense").await.status, 404);
}

#[tokio::test]
async fn ping_is_for_projects_of_the_zuplo_form() {
    assert_eq!(app(Draft::new()).await.get("/__zuplo/ping").await.status, 404);
    assert_eq!(app(Draft::new().zuplo()).await.get("/__zuplo/ping").await.status, 200);
}
