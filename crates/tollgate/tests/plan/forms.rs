//! The Zuplo form, and the forms in which a plan is printed.

use serde_json::{Value, json};

use super::{Change, TOP, change, document, get, kinds};

/// A project of the Zuplo form: routes as path, handler options and inbound policies; and the policies.
fn zuplo(routes: &[(&str, Value, Value)], policies: &Value) -> [(&'static str, String); 2] {
    let mut paths = serde_json::Map::new();
    for (path, handler, inbound) in routes {
        let parameters: Vec<Value> = path
            .split('{')
            .skip(1)
            .map(|rest| json!({ "name": rest.split('}').next().unwrap(), "in": "path", "required": true, "schema": { "type": "string" } }))
            .collect();
        let route = json!({
            "parameters": parameters,
            "get": {
                "operationId": path.trim_matches('/').replace(['/', '{', '}'], "-"),
                "responses": {},
                "x-zuplo-route": {
                    "corsPolicy": "none",
                    "handler": { "export": "urlForwardHandler", "module": "$import(@zuplo/runtime)", "options": handler },
                    "policies": { "inbound": inbound },
                },
            },
        });
        paths.insert((*path).to_owned(), route);
    }
    let routes = json!({ "openapi": "3.1.0", "info": { "title": "t", "version": "1" }, "paths": paths });
    [
        ("config/routes.oas.json", serde_json::to_string_pretty(&routes).unwrap()),
        ("config/policies.json", serde_json::to_string_pretty(&json!({ "policies": policies })).unwrap()),
    ]
}

fn policy(name: &str, export: &str, options: Value) -> Value {
    json!({
        "name": name,
        "policyType": name,
        "handler": { "export": export, "module": "$import(@zuplo/runtime)", "options": options },
    })
}

fn policies(allowed: u32) -> Value {
    json!([
        policy("api-key", "ApiKeyInboundPolicy", json!({ "allowUnauthenticatedRequests": false })),
        policy(
            "limit",
            "RateLimitInboundPolicy",
            json!({ "rateLimitBy": "ip", "requestsAllowed": allowed, "timeWindowMinutes": 1 })
        ),
    ])
}

fn change_of(before: [(&str, String); 2], after: [(&str, String); 2]) -> Change {
    let before: Vec<(&str, &str)> = before.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let after: Vec<(&str, &str)> = after.iter().map(|(name, text)| (*name, text.as_str())).collect();
    Change::files(&before, &after)
}

fn base(url: &str) -> Value {
    json!({ "baseUrl": url })
}

#[tokio::test]
async fn changes_of_policies_json_are_told_on_every_route_that_names_them() {
    let origin = || base("http://127.0.0.1:8888");
    let routes = [("/a", origin(), json!(["api-key", "limit"])), ("/b", origin(), json!(["api-key", "limit"]))];
    let plan = change_of(zuplo(&routes, &policies(10)), zuplo(&routes, &policies(100))).plan().await;
    for route in ["GET /a", "GET /b"] {
        assert_eq!(kinds(&plan, route), ["limit-changed"], "{plan:#}");
    }
    let change = &plan["routes"][0]["changes"][0];
    assert_eq!(
        (&change["option"], &change["before"], &change["after"]),
        (&json!("/requestsAllowed"), &json!(10), &json!(100))
    );
    assert_eq!(change["weakens"], true);
}

#[tokio::test]
async fn policies_of_the_zuplo_form_are_lost_and_gained() {
    let at = |inbound: Value| zuplo(&[("/a", base("http://127.0.0.1:8888"), inbound)], &policies(10));
    let plan = change_of(at(json!(["api-key", "limit"])), at(json!(["limit"]))).plan().await;
    assert_eq!(kinds(&plan, "GET /a"), ["became-public"]);
    let plan = change_of(at(json!(["api-key", "limit"])), at(json!(["api-key"]))).plan().await;
    assert_eq!(kinds(&plan, "GET /a"), ["limit-lost"]);
    let plan = change_of(at(json!(["api-key", "limit"])), at(json!(["limit", "api-key"]))).plan().await;
    assert_eq!(kinds(&plan, "GET /a"), ["order-changed"]);
}

#[tokio::test]
async fn the_order_of_routes_decides_and_a_change_of_it_is_told() {
    let route = |path: &'static str, inbound: Value| (path, base("http://127.0.0.1:8888"), inbound);
    let me = || route("/users/me", json!(["api-key"]));
    let any = || route("/users/{id}", json!([]));
    let plan = change_of(zuplo(&[me(), any()], &policies(10)), zuplo(&[any(), me()], &policies(10))).plan().await;
    assert_eq!(plan["routes"], json!([]), "no route has changed itself");
    let diverted = &plan["requests"][0];
    assert_eq!(
        (&diverted["request"], &diverted["after"], &diverted["weakens"]),
        (&json!("GET /users/me"), &json!("GET /users/{id}"), &json!(true))
    );
}

#[tokio::test]
async fn handlers_of_the_zuplo_form_are_compared_by_where_they_go() {
    let at = |url: &str| zuplo(&[("/a", base(url), json!(["api-key"]))], &policies(10));
    let plan = change_of(at("http://127.0.0.1:8888"), at("http://127.0.0.1:9999/v2")).plan().await;
    let found = change(&plan, "upstream-changed");
    assert_eq!(found["after"], "http://127.0.0.1:9999/v2");
    assert_eq!(kinds(&plan, "GET /a"), ["upstream-changed"], "told once: {plan:#}");
}

#[tokio::test]
async fn a_plan_for_a_pull_request_has_its_warnings_at_the_top() {
    let before = document(TOP, &format!("{}{}{}", get("/a", "limit: 100/m"), get("/b", ""), get("/old", "")));
    let after = document(
        TOP,
        &format!("{}{}{}", get("/a", ""), get("/b", "auth: public, sign: false"), get("/users/{id}", "limit: 5/m")),
    );
    let markdown = Change::of(&before, &after).run(&["--markdown"]).await.good().stdout;
    assert_eq!(
        markdown,
        "### What this changes in the gateway\n\
         \n\
         Against `before`.\n\
         \n\
         > [!WARNING]\n\
         > **Made weaker:**\n\
         > - `GET /a` loses the limit `rate-limit` (100/m)\n\
         > - `GET /b` became PUBLIC: everyone may call it\n\
         > - `GET /b` loses its signed token: the upstream cannot tell who calls\n\
         \n\
         | | Route | What changes | Where |\n\
         |---|---|---|---|\n\
         | ✏️ | `GET /a` | ⚠️ loses the limit `rate-limit` (100/m) | `openapi.yaml:9:5` |\n\
         | ✏️ | `GET /b` | ⚠️ became PUBLIC: everyone may call it<br>⚠️ loses its signed token: the upstream cannot tell who calls | `openapi.yaml:14:5` |\n\
         | ➕ | `GET /users/{id}` | new; authenticates with api-key | `openapi.yaml:19:5` |\n\
         | ➖ | `GET /old` | removed | `openapi.yaml:19:5` |\n\
         \n\
         1 route added, 1 removed, 2 changed, 0 unchanged; 3 things made weaker\n"
    );
}

#[tokio::test]
async fn the_json_form_has_the_members_that_the_guide_promises() {
    let plan = Change::of(&document(TOP, &get("/a", "limit: 100/m")), &document(TOP, &get("/a", ""))).plan().await;
    assert_eq!(plan["schema"], 1);
    assert_eq!((&plan["against"]["kind"], &plan["against"]["name"]), (&json!("folder"), &json!("before")));
    assert_eq!(plan["project"]["kind"], "folder");
    assert_eq!(
        plan["summary"],
        json!({ "added": 0, "removed": 0, "changed": 1, "unchanged": 0, "weaker": 1, "needsRestart": false })
    );
    let route = &plan["routes"][0];
    assert_eq!((&route["route"], &route["fate"]), (&json!("GET /a"), &json!("changed")));
    let change = &route["changes"][0];
    assert_eq!(
        (&change["kind"], &change["weakens"], &change["step"]),
        (&json!("limit-lost"), &json!(true), &json!("rate-limit"))
    );
}
