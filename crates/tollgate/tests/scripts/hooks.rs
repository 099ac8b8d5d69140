//! `runtimeInit`: hooks around every route, plugins, the project's own problems.

use http::{Method, StatusCode};
use serde_json::json;

use tollgate_testkit::client::Reply;

use crate::project::{Scripted, good, send};

const RUNTIME: &str = r#"
import { RuntimeExtensions, ZuploContext, ZuploRequest, HttpProblems } from "@zuplo/runtime";

export function runtimeInit(runtime: RuntimeExtensions) {
  runtime.addPreRoutingHook(async (request) => {
    const url = new URL(request.url);
    if (!url.pathname.startsWith("/old/")) return request;
    url.pathname = url.pathname.slice(4);
    return new Request(url, request);
  });
  runtime.addRequestHook((request, context) => {
    if (request.headers.get("x-stop") !== null) return new Response("stopped", { status: 418 });
    context.custom.hooked = true;
    context.addResponseSendingHook((response) => {
      const headers = new Headers(response.headers);
      headers.append("x-hooks", "context");
      return new Response(response.body, { status: response.status, headers });
    });
    return request;
  });
  runtime.addResponseSendingHook((response, request, context) => {
    const headers = new Headers(response.headers);
    headers.append("x-hooks", `global ${new URL(request.url).pathname}`);
    return new Response(response.body, { status: response.status, headers });
  });
  runtime.notFoundHandler = async (request, context, { routesMatchedByPathOnly }) => {
    if (routesMatchedByPathOnly.length > 0) {
      const allow = routesMatchedByPathOnly.flatMap((route) => route.methods).join(", ");
      return HttpProblems.methodNotAllowed(request, context, {}, { allow });
    }
    return HttpProblems.notFound(request, context, { detail: "Nothing like that" });
  };
  runtime.problemResponseFormat = ({ problem, additionalHeaders }, request, context) =>
    Response.json({ oops: problem.status, why: problem.detail }, { status: problem.status, headers: { ...additionalHeaders, "x-format": "own" } });
}
"#;

/// The values of a field, however many lines they have.
fn hooks(reply: &Reply) -> String {
    let values = reply.headers.get_all("x-hooks").iter().map(|value| value.to_str().unwrap());
    values.collect::<Vec<_>>().join(", ")
}

async fn project() -> Scripted {
    Scripted::new()
        .await
        .module("zuplo.runtime.ts", RUNTIME)
        .module("handler.ts", "export default (request: any, context: any) => ({ path: new URL(request.url).pathname, hooked: context.custom.hooked });\n")
        .built_in("key", "ApiKeyInboundPolicy", json!({}))
        .handled("/things", "get", ("handler", "default"), &[], &[])
        .forwarded("/locked", "get", &["key"], &[])
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_run_around_every_route_in_their_order() {
    let project = project().await;
    let gateway = project.start().await;
    let reply = gateway.get("/old/things", None).await;
    assert_eq!(good(&reply, &gateway), json!({ "path": "/things", "hooked": true }));
    assert_eq!(hooks(&reply), "global /things, context");
    let reply = send(&gateway, Method::GET, "/things", &[("x-stop", "1")], "").await;
    assert_eq!((reply.status.as_u16(), &*reply.body), (418, &b"stopped"[..]));
    assert!(reply.header("x-hooks").starts_with("global"), "response hooks see early answers too");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_project_says_what_is_not_found_and_how_problems_look() {
    let project = project().await;
    let gateway = project.start().await;
    let reply = gateway.get("/nowhere", None).await;
    assert_eq!(
        (reply.status, reply.json()["why"].as_str()),
        (StatusCode::NOT_FOUND, Some("Nothing like that")),
        "{}",
        gateway.child.output()
    );
    let reply = send(&gateway, Method::DELETE, "/things", &[], "").await;
    assert_eq!((reply.status, reply.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET"));
    let reply = gateway.get("/locked", None).await;
    assert_eq!(
        (reply.status, reply.header("x-format")),
        (StatusCode::UNAUTHORIZED, "own"),
        "{}",
        gateway.child.output()
    );
    assert_eq!(reply.json()["oops"], 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn before_2026_every_response_hook_gets_the_original_and_the_last_one_wins() {
    let runtime = r#"
export function runtimeInit(runtime: any) {
  for (const name of ["a", "b"]) {
    runtime.addResponseSendingHook((response: Response) => {
      const headers = new Headers(response.headers);
      headers.append("x-hooks", name);
      return new Response(response.body, { status: response.status, headers });
    });
  }
}
"#;
    for (date, expected) in [("2025-02-06", "b"), ("2026-03-01", "a, b")] {
        let project = Scripted::new()
            .await
            .since(date)
            .module("zuplo.runtime.ts", runtime)
            .module("handler.ts", "export default () => new Response(null, { status: 204 });\n")
            .handled("/", "get", ("handler", "default"), &[], &[]);
        let gateway = project.start().await;
        assert_eq!(hooks(&gateway.get("/", None).await), expected, "{date}\n{}", gateway.child.output());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_issuer_that_code_configures_serves_its_keys_and_signs() {
    let project = Scripted::new()
        .await
        .module(
            "zuplo.runtime.ts",
            r#"
import { RuntimeExtensions, JwtServicePlugin, OAuthProtectedResourcePlugin } from "@zuplo/runtime";
export function runtimeInit(runtime: RuntimeExtensions) {
  runtime.addPlugin(new JwtServicePlugin({ basePath: "/__zuplo/issuer", algorithm: "ES256", expiresIn: "5m" }));
  runtime.addPlugin(new OAuthProtectedResourcePlugin({ authorizationServers: ["https://auth.example.com"], resourceName: "Things" }));
}
"#,
        )
        .module(
            "sign.ts",
            r#"
import { JwtServicePlugin } from "@zuplo/runtime";
export default async () => ({ token: await JwtServicePlugin.signJwt({ subject: "acme", audience: "things", plan: "gold" }) });
"#,
        )
        .handled("/token", "get", ("sign", "default"), &[], &[]);
    let gateway = project.start().await;
    let discovery = gateway.get("/__zuplo/issuer/.well-known/openid-configuration", None).await.json();
    assert_eq!(discovery["issuer"], format!("{}/__zuplo/issuer", gateway.url), "{}", gateway.child.output());
    let keys = gateway.get("/__zuplo/issuer/.well-known/jwks.json", None).await.json();
    assert_eq!(keys["keys"][0]["alg"], "ES256");
    let reply = gateway.get("/token", None).await;
    let token = good(&reply, &gateway)["token"].as_str().unwrap().to_owned();
    let part = |place: usize| {
        use base64::Engine as _;
        let part = token.split('.').nth(place).unwrap();
        serde_json::from_slice::<serde_json::Value>(
            &base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap(),
        )
        .unwrap()
    };
    assert_eq!(part(0)["alg"], "ES256");
    assert_eq!(part(1)["iss"], discovery["issuer"]);
    assert_eq!(
        (part(1)["sub"].as_str(), part(1)["aud"].as_str(), part(1)["plan"].as_str()),
        (Some("acme"), Some("things"), Some("gold"))
    );
    assert_eq!(part(1)["exp"].as_i64().unwrap() - part(1)["iat"].as_i64().unwrap(), 300);
    let reply = gateway.get("/.well-known/oauth-protected-resource/things", None).await;
    let metadata = good(&reply, &gateway);
    assert_eq!(metadata["resource"], format!("{}/things", gateway.url));
    assert_eq!(metadata["authorization_servers"], json!(["https://auth.example.com"]));
}
