use std::sync::Arc;

use serde_json::json;
use tollgate_core::project::Stage;
use tollgate_proxy::upstream::{MapHosts, Upstreams};
use tollgate_testkit::PolicyBench;

use crate::support::Draft;

/// `name: message` of every issue.
async fn issues(draft: Draft) -> Vec<String> {
    let bench = PolicyBench::builder().build().await.unwrap();
    let services = Arc::clone(bench.services());
    let upstreams = Upstreams::new(Arc::clone(&services.clock), MapHosts::default());
    match draft.build(&services, &upstreams) {
        Ok(_) => Vec::new(),
        Err(issues) => {
            let lines = issues.iter().map(|issue| format!("{}{}: {}", issue.name, issue.error.pointer, issue.error));
            lines.collect()
        }
    }
}

const REDIRECT: &str = "redirect";

fn location() -> serde_json::Value {
    json!({ "location": "/" })
}

#[tokio::test]
async fn all_issues_are_reported_and_each_once() {
    let found = issues(
        Draft::new()
            .policy("one", "api-key", json!({ "authHeader": 7 }))
            .policy("two", "nonsense", json!({}))
            .route("GET /a", REDIRECT, location())
            .inbound(Stage::Auth, "one")
            .inbound(Stage::Inbound, "two")
            .route("GET /b", REDIRECT, json!({ "location": "/", "status": 200 }))
            .inbound(Stage::Auth, "one")
            .route("GET /c", "forward", json!({}))
            .route("GET /d", "forward", json!({ "upstream": "nobody" }))
            .route("GET /e", "url-rewrite", json!({ "rewritePattern": "https://h.example/${1 + 1}" }))
            .route("GET /__tollgate/x", REDIRECT, location())
            .route("GET /{open", REDIRECT, location()),
    )
    .await;
    for (count, part) in [
        (1, "one/authHeader: "),
        (1, "two: there is no policy `nonsense`"),
        (1, "redirect/status: 200 is not the status of a redirect"),
        (1, "forward: this route has no upstream"),
        (1, "forward/upstream: there is no upstream `nobody`"),
        (1, "url-rewrite/rewritePattern: `${1 + 1}` needs the script engine"),
        (1, "GET /__tollgate/x: paths below `/__tollgate/` belong to the gateway"),
        (1, "GET /{open: "),
        (8, ""),
    ] {
        assert_eq!(found.iter().filter(|issue| issue.starts_with(part)).count(), count, "{part}: {found:#?}");
    }
}

#[tokio::test]
async fn a_unix_socket_in_a_template_is_an_issue_and_no_host_of_that_name() {
    for (text, socket) in [
        ("http://unix:/run/app.sock", true),
        ("http://unix:/run/app.sock:/api/${params.id}", true),
        ("https://unix:/run/app.sock", true),
        ("unix:/run/app.sock", true),
        ("http://unix:8080/api", false),
        ("http://unix/api/${params.id}", false),
        ("http://unix.example/api", false),
    ] {
        for (handler, option) in [("url-rewrite", "rewritePattern"), ("url-forward", "baseUrl")] {
            let found = issues(Draft::new().route("GET /{id}", handler, json!({ option: text }))).await;
            let issue = format!("{handler}/{option}: a Unix socket cannot be written as a template");
            assert_eq!(found, if socket { vec![issue] } else { Vec::new() }, "{text}");
        }
    }
}

#[tokio::test]
async fn a_broken_policy_that_no_route_uses_is_nobodys_business() {
    let draft = Draft::new().policy("unused", "nonsense", json!({})).route("GET /a", REDIRECT, location());
    assert_eq!(issues(draft).await, Vec::<String>::new());
}

#[tokio::test]
async fn policies_that_hold_each_other_are_an_issue_and_no_endless_loop() {
    let found = issues(
        Draft::new()
            .policy("a", "composite", json!({ "policies": ["b"] }))
            .policy("b", "composite", json!({ "policies": ["a"] }))
            .route("GET /a", REDIRECT, location())
            .inbound(Stage::Inbound, "a"),
    )
    .await;
    assert!(found.iter().any(|issue| issue.contains("`a` would hold itself")), "{found:#?}");
}

#[tokio::test]
async fn an_instance_is_built_once_however_many_routes_use_it() {
    let bench = PolicyBench::builder().build().await.unwrap();
    let services = Arc::clone(bench.services());
    let upstreams = Upstreams::new(Arc::clone(&services.clock), MapHosts::default());
    let mut draft = Draft::new().policy("key", "api-key", json!({}));
    for index in 0..5_000 {
        draft = draft.route(&format!("GET /r{index}/{{id}}"), REDIRECT, location()).inbound(Stage::Auth, "key");
    }
    let snapshot = draft.build(&services, &upstreams).unwrap();
    assert_eq!(snapshot.project.routes.len(), 5_000);
}
