//! Every kind of change, one by one, in the native form.

use serde_json::{Value, json};

use super::{Change, TOP, change, document, get, kinds, operation};

/// One route, with what its extension says before and after.
async fn extension(before: &str, after: &str) -> Value {
    Change::of(&document(TOP, &get("/a", before)), &document(TOP, &get("/a", after))).plan().await
}

#[tokio::test]
async fn nothing_changes_where_only_the_text_does() {
    let change = Change::of(
        &document(TOP, &get("/a", "")),
        &format!("# a comment\n{}", document(TOP, &get("/a", "")).replace("title: Test", "title: Other")),
    );
    let plan = change.plan().await;
    assert_eq!((&plan["routes"], &plan["server"], &plan["requests"]), (&json!([]), &json!([]), &json!([])));
    assert_eq!(plan["summary"]["unchanged"], 1);
    assert!(change.run(&[]).await.good().stdout.contains("nothing would change"));
    assert!(change.run(&["--markdown"]).await.good().stdout.contains("Nothing changes"));
    assert_eq!(change.run(&["--detailed-exit-code"]).await.code, 0);
}

#[tokio::test]
async fn an_added_public_route_is_a_warning_and_an_added_protected_one_is_none() {
    let before = document(TOP, &get("/a", ""));
    let after = document(TOP, &format!("{}{}{}", get("/a", ""), get("/b", "auth: public"), get("/c", "")));
    let change = Change::of(&before, &after);
    let plan = change.plan().await;
    assert_eq!(kinds(&plan, "GET /b"), ["added-public"]);
    assert_eq!(kinds(&plan, "GET /c"), ["added-protected"]);
    assert_eq!(plan["summary"]["weaker"], 1);
    assert_eq!(plan["routes"][0]["route"], "GET /b", "what is weaker stands first");
    let text = change.run(&[]).await.good().stdout;
    let (warning, list) = (text.find("! GET /b: new, and PUBLIC").unwrap(), text.find("+ GET /c").unwrap());
    assert!(warning < list, "{text}");
    assert!(!text.contains('\u{1b}'), "no colours in a pipe");
}

#[tokio::test]
async fn a_removed_route_is_told_with_its_place() {
    let before = document(TOP, &format!("{}{}", get("/a", ""), operation("delete", "/b", "")));
    let plan = Change::of(&before, &document(TOP, &get("/a", ""))).plan().await;
    assert_eq!(kinds(&plan, "DELETE /b"), ["removed"]);
    assert_eq!(plan["routes"][0]["fate"], "removed");
    assert!(plan["routes"][0]["place"].as_str().unwrap().starts_with("openapi.yaml:"));
    assert_eq!(plan["summary"]["weaker"], 0);
}

#[tokio::test]
async fn a_route_that_becomes_public_is_a_warning() {
    let plan = extension("", "auth: public").await;
    // A public route has nobody to sign for.
    assert_eq!(kinds(&plan, "GET /a"), ["became-public", "signature-lost"]);
    assert_eq!(change(&plan, "became-public")["weakens"], true);
    assert_eq!(change(&plan, "signature-lost")["weakens"], true);
}

#[tokio::test]
async fn a_route_that_becomes_authenticated_is_no_warning() {
    let plan = extension("auth: public", "").await;
    assert_eq!(kinds(&plan, "GET /a"), ["became-protected", "signature-gained"]);
    assert_eq!(plan["summary"]["weaker"], 0);
}

#[tokio::test]
async fn what_authenticates_is_told_where_it_changes() {
    let plan = extension("auth: api-key", "auth: { open-id-jwt-auth: { issuer: 'https://login.test' } }").await;
    let found = change(&plan, "auth-changed");
    assert_eq!((&found["before"], &found["after"]), (&json!("api-key"), &json!("open-id-jwt-auth")));
    let plan = extension("", "auth: { api-key: { allowUnauthenticatedRequests: true } }").await;
    assert!(plan["summary"]["weaker"].as_i64().unwrap() >= 1, "strangers pass: {plan:#}");
}

#[tokio::test]
async fn one_more_way_to_be_let_in_is_a_warning() {
    let jwt = "open-id-jwt-auth: { issuer: 'https://login.test' }";
    let plan = extension(
        &format!("auth: [api-key, {{ {jwt} }}]"),
        &format!("auth: [api-key, {{ {jwt} }}, {{ use: open-id-jwt-auth, as: other, options: {{ issuer: 'https://b.test' }} }}]"),
    )
    .await;
    let found = change(&plan, "auth-changed");
    assert_eq!(found["weakens"], true, "{plan:#}");
    assert!(found["text"].as_str().unwrap().contains("any of"), "{plan:#}");
}

#[tokio::test]
async fn limits_are_gained_lost_and_changed() {
    let plan = extension("", "limit: 100/m").await;
    let gained = change(&plan, "limit-gained");
    assert!(gained["text"].as_str().unwrap().contains("100/m"), "{plan:#}");
    assert_eq!(gained["weakens"], false);

    let plan = extension("limit: 100/m", "").await;
    assert_eq!(change(&plan, "limit-lost")["weakens"], true);

    let plan = extension("limit: 100/m", "limit: 10/m").await;
    let changed = change(&plan, "limit-changed");
    assert_eq!(
        (&changed["option"], &changed["before"], &changed["after"]),
        (&json!("/rate"), &json!("100/m"), &json!("10/m"))
    );
    assert_eq!(changed["weakens"], false, "stricter");
    let plan = extension("limit: 10/m", "limit: 100/m").await;
    assert_eq!(change(&plan, "limit-changed")["weakens"], true, "looser");
}

#[tokio::test]
async fn a_limit_that_is_written_elsewhere_is_counted_elsewhere() {
    let before = document(TOP, &get("/a", "limit: 100/m"));
    let after = document(&format!("{TOP}\n  limit: 100/m"), &get("/a", ""));
    let plan = Change::of(&before, &after).plan().await;
    let moved = change(&plan, "limit-changed");
    assert_eq!(moved["weakens"], false);
    assert!(moved["text"].as_str().unwrap().contains("starts anew"), "{plan:#}");
}

#[tokio::test]
async fn signatures_are_gained_lost_and_changed() {
    let plan = extension("", "sign: false").await;
    assert_eq!(kinds(&plan, "GET /a"), ["signature-lost"]);
    assert_eq!(change(&plan, "signature-lost")["weakens"], true);
    let plan = extension("sign: false", "").await;
    assert_eq!(kinds(&plan, "GET /a"), ["signature-gained"]);
    let plan = extension("sign: { audience: orders }", "sign: { audience: bills }").await;
    assert_eq!(change(&plan, "signature-changed")["option"], "/audience");
}

#[tokio::test]
async fn validations_are_gained_lost_and_changed() {
    let body = |mode: &str| format!("inbound: [{{ request-validation: {{ validateQueryParameters: {mode} }} }}]");
    let plan = extension("", &body("reject-only")).await;
    assert_eq!(kinds(&plan, "GET /a"), ["validation-gained"]);
    let plan = extension(&body("reject-only"), "").await;
    assert_eq!(change(&plan, "validation-lost")["weakens"], true);
    let plan = extension(&body("reject-only"), &body("log-only")).await;
    assert_eq!(change(&plan, "validation-changed")["weakens"], true);
    let plan = extension(&body("log-only"), &body("reject-only")).await;
    assert_eq!(change(&plan, "validation-changed")["weakens"], false);
}

#[tokio::test]
async fn guards_are_gained_lost_and_changed() {
    let allow = |list: &str| format!("guard: [{{ ip-restriction: {{ allow: [{list}] }} }}]");
    let plan = extension("", &allow("10.0.0.0/8")).await;
    assert_eq!(kinds(&plan, "GET /a"), ["guard-gained"]);
    let plan = extension(&allow("10.0.0.0/8"), "").await;
    assert_eq!(change(&plan, "guard-lost")["weakens"], true);
    let plan = extension(&allow("10.0.0.0/8"), &allow("10.0.0.0/8, 192.168.0.0/16")).await;
    let changed = change(&plan, "guard-changed");
    assert_eq!((&changed["option"], &changed["weakens"]), (&json!("/allow"), &json!(true)));
}

#[tokio::test]
async fn other_policies_are_told_by_their_options() {
    let header = |value: &str| {
        format!("outbound: [{{ set-response-headers: {{ headers: [{{ name: x-served-by, value: {value} }}] }} }}]")
    };
    let plan = extension("", &header("a")).await;
    assert_eq!(kinds(&plan, "GET /a"), ["policy-gained"]);
    let plan = extension(&header("a"), "").await;
    assert_eq!(change(&plan, "policy-lost")["weakens"], false);
    let plan = extension(&header("a"), &header("b")).await;
    let changed = change(&plan, "policy-changed");
    assert_eq!(changed["option"], "/headers/0/value");
    assert_eq!((&changed["before"], &changed["after"]), (&json!("a"), &json!("b")));
    assert!(changed["place"].as_str().unwrap().starts_with("openapi.yaml:"), "{plan:#}");
}

#[tokio::test]
async fn the_order_of_steps_is_told() {
    let (one, other) =
        ("remove-request-headers: { headers: [x-a] }", "set-request-headers: { headers: [{ name: x-a, value: b }] }");
    let list = |a: &str, b: &str| format!("inbound: [{{ {a} }}, {{ {b} }}]");
    let plan = extension(&list(one, other), &list(other, one)).await;
    assert_eq!(kinds(&plan, "GET /a"), ["order-changed"]);
}

#[tokio::test]
async fn another_path_is_the_same_route_by_its_operation_id() {
    let with_id = |path: &str| get(path, "").replace("    get:\n", "    get:\n      operationId: showUser\n");
    let plan =
        Change::of(&document(TOP, &with_id("/users/{id}")), &document(TOP, &with_id("/people/{id}"))).plan().await;
    assert_eq!(kinds(&plan, "GET /people/{id}"), ["path-changed"]);
    let found = change(&plan, "path-changed");
    assert_eq!((&found["before"], &found["after"]), (&json!("/users/{id}"), &json!("/people/{id}")));
    let plan =
        Change::of(&document(TOP, &with_id("/users/{id}")), &document(TOP, &with_id("/users/{name}"))).plan().await;
    assert!(change(&plan, "path-changed")["text"].as_str().unwrap().contains("other names"), "{plan:#}");
}

#[tokio::test]
async fn methods_and_hosts_that_a_route_serves_are_told() {
    let any = operation("x-tollgate-any", "/a", "auth: public")
        .replace("x-tollgate-any:", "x-tollgate-any:\n      operationId: a");
    let one = operation("get", "/a", "auth: public").replace("get:", "get:\n      operationId: a");
    let plan = Change::of(&document(TOP, &one), &document(TOP, &any)).plan().await;
    assert_eq!(change(&plan, "methods-changed")["weakens"], true, "more of what is public: {plan:#}");
    let plan = extension("", "hosts: [api.example.com]").await;
    assert_eq!(kinds(&plan, "GET /a on api.example.com"), ["hosts-changed"]);
}

#[tokio::test]
async fn handlers_and_upstreams_are_told() {
    let plan = extension("", "upstream: 'http://127.0.0.1:9999'").await;
    let found = change(&plan, "upstream-changed");
    assert_eq!((&found["before"], &found["after"]), (&json!("http://127.0.0.1:8888"), &json!("http://127.0.0.1:9999")));
    let plan = extension("", "path: { strip: /a }").await;
    assert_eq!(change(&plan, "handler-changed")["option"], "/path/strip");
    let plan = extension("sign: false", "handler: { redirect: { location: /b } }").await;
    let found = change(&plan, "handler-changed");
    assert_eq!((&found["before"], &found["after"]), (&json!("forward"), &json!("redirect")));
}

#[tokio::test]
async fn settings_of_a_named_upstream_are_told_on_its_routes() {
    let document = document("  upstream: todo\n  auth: api-key", &get("/a", ""));
    let settings = |host: &str| format!("upstreams:\n  todo: {{ url: 'http://127.0.0.1:8888', host: {host} }}\n");
    let change_of = Change::files(
        &[("openapi.yaml", &document), ("tollgate.yaml", &settings("upstream"))],
        &[("openapi.yaml", &document), ("tollgate.yaml", &settings("client"))],
    );
    let plan = change_of.plan().await;
    let found = change(&plan, "upstream-changed");
    assert_eq!((&found["option"], &found["after"]), (&json!("/host"), &json!("client")));
    assert_eq!(plan["server"], json!([]));
}

#[tokio::test]
async fn cors_and_timeouts_are_told() {
    let plan = extension("", "cors: anything-goes").await;
    let found = change(&plan, "cors-changed");
    assert_eq!((&found["before"], &found["after"]), (&json!("none"), &json!("anything-goes")));
    let plan = extension("", "timeouts: { total: 5s }").await;
    assert_eq!(change(&plan, "timeouts-changed")["after"]["total"], "5s");
    let plan = extension("upgrades: []", "upgrades: [websocket]").await;
    let found = change(&plan, "upgrades-changed");
    assert_eq!((&found["before"], &found["after"]), (&json!([]), &json!(["websocket"])));
}

#[tokio::test]
async fn a_literal_path_takes_requests_from_a_parameter() {
    let before = document(TOP, &get("/users/{id}", "limit: 10/m"));
    let after = document(TOP, &format!("{}{}", get("/users/{id}", "limit: 10/m"), get("/users/me", "")));
    let change = Change::of(&before, &after);
    let plan = change.plan().await;
    let diverted = &plan["requests"][0];
    assert_eq!(diverted["request"], "GET /users/me");
    assert_eq!((&diverted["before"], &diverted["after"]), (&json!("GET /users/{id}"), &json!("GET /users/me")));
    assert_eq!(diverted["weakens"], true, "the other route has no limit: {plan:#}");
    assert!(change.run(&[]).await.good().stdout.contains("! requests such as GET /users/me"));
}

#[tokio::test]
async fn a_removed_route_whose_requests_fall_to_a_public_one_is_a_warning() {
    let all = "  /{rest}:\n    x-tollgate-path: { rest: many }\n    parameters: [{ name: rest, in: path, required: true, schema: { type: string } }]\n    x-tollgate-any:\n      x-tollgate: { auth: public }\n      responses: { \"200\": { description: ok } }\n";
    let before = document(TOP, &format!("{}{all}", get("/admin/users", "")));
    let plan = Change::of(&before, &document(TOP, all)).plan().await;
    assert_eq!(kinds(&plan, "GET /admin/users"), ["removed"]);
    let diverted = &plan["requests"][0];
    assert_eq!(
        (&diverted["request"], &diverted["after"], &diverted["weakens"]),
        (&json!("GET /admin/users"), &json!("ANY /{rest}"), &json!(true))
    );
    assert!(plan["summary"]["weaker"].as_i64().unwrap() >= 1);
}

#[tokio::test]
async fn settings_that_need_a_restart_are_told_apart() {
    let document = document(TOP, &get("/a", ""));
    let change = Change::files(
        &[("openapi.yaml", &document), ("tollgate.yaml", "server: { listen: '127.0.0.1:9000' }\n")],
        &[
            ("openapi.yaml", &document),
            (
                "tollgate.yaml",
                "server: { listen: '127.0.0.1:9001', trustedProxies: [10.0.0.0/8] }\nfailedAuthLimit: 'off'\n",
            ),
        ],
    );
    let plan = change.plan().await;
    let setting = |name: &str| {
        plan["server"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["setting"] == name)
            .unwrap_or_else(|| panic!("{name}: {plan:#}"))
    };
    assert_eq!(setting("server.listen")["needsRestart"], true);
    assert_eq!(setting("server.trustedProxies")["needsRestart"], false);
    assert_eq!(setting("server.trustedProxies")["weakens"], true);
    assert_eq!(setting("failedAuthLimit")["weakens"], true);
    assert_eq!(plan["summary"]["needsRestart"], true);
    let text = change.run(&[]).await.good().stdout;
    assert!(text.contains("a reload would be refused: server.listen need"), "{text}");
}

#[tokio::test]
async fn the_exit_code_tells_what_kind_of_changes_there_are() {
    let at = |extension: &str| document(TOP, &get("/a", extension));
    for (before, after, code) in [("", "", 0), ("", "limit: 5/m", 3), ("limit: 5/m", "", 4)] {
        let change = Change::of(&at(before), &at(after));
        assert_eq!(change.run(&["--detailed-exit-code"]).await.code, code, "{before:?} → {after:?}");
        assert_eq!(change.run(&[]).await.code, 0, "without the flag a plan is a success");
    }
    let broken = Change::of(&at(""), &at("limt: 5/m"));
    let ended = broken.run(&["--detailed-exit-code"]).await;
    assert_eq!(ended.code, 78);
    assert!(ended.stderr.contains("openapi.yaml:") && ended.stderr.contains("`limit`"), "{ended:?}");
    let broken = Change::of(&at("limt: 5/m"), &at(""));
    let ended = broken.run(&[]).await;
    assert_eq!(ended.code, 78);
    assert!(ended.stderr.contains("before, which the project is compared with, has mistakes"), "{ended:?}");
}

#[tokio::test]
async fn secrets_are_compared_and_never_printed() {
    let document = |extension: &str| document(TOP, &get("/a", extension));
    let jwt = "auth: { open-id-jwt-auth: { issuer: 'https://login.test', secret: $env(JWT_SECRET) } }";
    let header = |value: &str| {
        format!("inbound: [{{ set-request-headers: {{ headers: [{{ name: x-api-key, value: {value} }}] }} }}]")
    };
    let (old, new) = ("first-very-secret-value-0123456789", "other-very-secret-value-0123456789");
    let change = Change::files(
        &[
            ("openapi.yaml", &document(&format!("{jwt}, {}", header("literal-secret-one")))),
            (".env", &format!("JWT_SECRET={old}\n")),
        ],
        &[
            ("openapi.yaml", &document(&format!("{jwt}, {}", header("literal-secret-two")))),
            (".env", &format!("JWT_SECRET={new}\n")),
        ],
    );
    for arguments in [&["--output", "json"][..], &["--markdown"], &[]] {
        let ended = change.run(arguments).await.good();
        for secret in [old, new, "literal-secret"] {
            assert!(!ended.stdout.contains(secret) && !ended.stderr.contains(secret), "{ended:?}");
        }
        assert!(ended.stdout.contains("value differs"), "{ended:?}");
    }
    let plan = change.plan().await;
    let found = super::change(&plan, "auth-changed");
    assert_eq!(
        (&found["option"], &found["before"], &found["after"]),
        (&json!("/secret"), &json!("$env(JWT_SECRET)"), &json!("$env(JWT_SECRET)"))
    );
}
