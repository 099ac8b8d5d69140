//! What answers tell of their way through the gateway, and to whom, through the built binary.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use http::Method;
use serde_json::{Value, json};
use support::{Gateway, World};
use tollgate_testkit::CapturingUpstream;
use tollgate_testkit::client::{self, Reply};

async fn world(upstream: &str, settings: &str) -> (World, Gateway) {
    let world = World::empty();
    let route = |path: &str, id: &str, more: &str| {
        format!(
            "  {path}:\n    get:\n      operationId: {id}\n      x-tollgate: {{ {more} }}\n      responses: {{ \"200\": {{ description: ok }} }}\n"
        )
    };
    let document = [
        "openapi: 3.1.0\ninfo: { title: Test, version: 1.0.0 }\npaths:\n".to_owned(),
        route("/open", "getOpen", &format!("upstream: {upstream}, auth: public")),
        route("/keyed", "getKeyed", &format!("upstream: {upstream}, auth: api-key")),
        route("/down", "getDown", "upstream: \"http://127.0.0.1:1\", auth: public"),
    ];
    world.write("openapi.yaml", &document.concat());
    world.write("tollgate.yaml", settings);
    let gateway = world.start(&["run", "."]).await;
    (world, gateway)
}

async fn ask(gateway: &Gateway, path: &str, headers: &[(&str, &str)]) -> Reply {
    client::get(&format!("{}{path}", gateway.url), headers).await.unwrap()
}

/// A token, made on the command line.
async fn debug_token(world: &World, arguments: &[&str]) -> String {
    let made = world.tollgate(&[&["operator", "debug-token"], arguments].concat()).await.good();
    made.stdout.trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_the_gateway_is_told_from_one_of_the_upstream_without_an_address() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let (_world, gateway) = world(&upstream.url(), "").await;
    for (path, status, expected) in [
        ("/down", 502, "tollgate;error=connection_refused"),
        ("/keyed", 401, "tollgate;error=http_request_denied"),
        ("/nowhere", 404, "tollgate;error=http_request_error"),
        ("/a%00b", 400, "tollgate;error=http_request_error"),
    ] {
        let reply = ask(&gateway, path, &[]).await;
        assert_eq!(reply.status, status, "{path}");
        assert_eq!(reply.header("proxy-status"), expected, "{path}");
        assert!(!reply.headers.contains_key("server-timing") && !reply.headers.contains_key("x-tollgate-trace"));
    }
    assert!(!ask(&gateway, "/open", &[]).await.headers.contains_key("proxy-status"), "it is the upstream's answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_say_how_much_is_told_and_a_reload_changes_it() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let (world, gateway) =
        world(&upstream.url(), "server: { answers: { proxyStatus: detailed, serverTiming: true } }\n").await;
    let down = ask(&gateway, "/down", &[]).await;
    let told = down.header("proxy-status");
    assert!(
        told.contains("next-hop=\"127.0.0.1:1\"") && told.contains("details=\"upstream.connect_refused\""),
        "{told}"
    );
    let open = ask(&gateway, "/open", &[]).await;
    let timing = open.header("server-timing");
    let parts: Vec<(&str, f64)> = timing
        .split(", ")
        .map(|part| part.split_once(";dur=").unwrap())
        .map(|(n, d)| (n, d.parse().unwrap()))
        .collect();
    let names: Vec<&str> = parts.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["gateway", "policies", "upstream"], "{timing}");
    assert!(parts.iter().all(|(_, ms)| (0.0..10_000.0).contains(ms)) && parts[2].1 > 0.0, "{timing}");

    world.write("tollgate.yaml", "server: { answers: { proxyStatus: off } }\n");
    world.tollgate(&["reload"]).await.good();
    let down = ask(&gateway, "/down", &[]).await;
    assert!(!down.headers.contains_key("proxy-status") && !down.headers.contains_key("server-timing"));
}

/// The token is an operator's; the upstream must not see it, nor anyone else what it brings to light.
#[tokio::test(flavor = "multi_thread")]
async fn who_holds_a_debug_token_is_told_each_step_and_nobody_else() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let (world, gateway) = world(&upstream.url(), "recorder: { sample: 0 }\n").await;
    let token = debug_token(&world, &[]).await;
    let key = world.key("acme").await;
    let bearer = format!("Bearer {}", key["key"].as_str().unwrap());
    let debugs = ("X-Tollgate-Debug", token.as_str());

    let reply = ask(&gateway, "/keyed", &[("authorization", &bearer), debugs]).await;
    assert_eq!(reply.status, 200);
    let trace = reply.header("x-tollgate-trace");
    for part in [
        "route;id=\"getKeyed\"",
        "auth;policy=\"",
        "verdict=continued",
        "sign;policy=",
        "handler;ms=",
        "outcome=\"ok\"",
        "reason;name=\"ok\"",
    ] {
        assert!(trace.contains(part), "`{part}` is not in {trace}");
    }
    assert!(reply.headers.contains_key("server-timing"));
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(upstream.last().unwrap().header("x-tollgate-debug"), None, "it never travels on");
    let told = world.tollgate(&["explain", reply.header("x-request-id"), "--output", "json"]).await.good().json();
    assert_eq!(told["keptFor"], "debugging", "it is always remembered");

    let refused = ask(&gateway, "/keyed", &[debugs]).await;
    assert!(refused.header("x-tollgate-trace").contains("reason;name=\"key.missing\""), "{refused:?}");
    assert!(refused.header("proxy-status").contains("details=\"key.missing\""));

    let forged = format!("{}A", &token[..token.len() - 1]);
    let forged = if forged == token { format!("{}B", &token[..token.len() - 1]) } else { forged };
    for wrong in [forged.as_str(), "", "tgd_", "true", &world.read(".tollgate/management.token")] {
        let reply = ask(&gateway, "/open", &[("X-Tollgate-Debug", wrong.trim())]).await;
        assert_eq!(reply.status, 200, "it is not refused for it");
        assert!(!reply.headers.contains_key("x-tollgate-trace") && !reply.headers.contains_key("server-timing"));
    }
    assert_eq!(upstream.last().unwrap().header("x-tollgate-debug"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_debug_token_ends_soon_is_for_one_route_where_that_is_said_and_stands_in_the_audit_log() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let (world, gateway) = world(&upstream.url(), "").await;
    let one = debug_token(&world, &["--route", "getOpen"]).await;
    let debugs = [("x-tollgate-debug", one.as_str())];
    assert!(ask(&gateway, "/open", &debugs).await.headers.contains_key("x-tollgate-trace"));
    assert!(!ask(&gateway, "/down", &debugs).await.headers.contains_key("x-tollgate-trace"));

    let short = debug_token(&world, &["--expires", "1s"]).await;
    let told =
        async || ask(&gateway, "/open", &[("x-tollgate-debug", &short)]).await.headers.contains_key("x-tollgate-trace");
    let ended = async {
        while told().await {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(support::SOON, ended).await.expect("it ends");

    for (arguments, part) in [(&["--expires", "2h"][..], "1h at most"), (&["--route", "nope"], "no route `nope`")] {
        let refused = world.tollgate(&[&["operator", "debug-token"], arguments].concat()).await;
        assert!(refused.code == 1 && refused.stderr.contains(part), "{refused:?}");
    }
    let log = world.tollgate(&["audit", "list", "--action", "debug-token.", "--output", "json"]).await.good().json();
    assert_eq!(log.as_array().unwrap().len(), 2, "{log}");
    assert_eq!(log[1]["detail"]["route"], "getOpen", "{log}");

    let token = world.read(".tollgate/management.token");
    let body = json!({ "name": "scanner", "scopes": ["leaks:write"] }).to_string();
    let made: Value = gateway.manage(Method::POST, "/v1/operators", token.trim(), &body).await.json();
    let reply = gateway.manage(Method::POST, "/v1/debug-tokens", made["token"].as_str().unwrap(), "{}").await;
    assert_eq!(reply.status, 403, "who may not look may not debug");
}
