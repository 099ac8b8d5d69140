//! Policies of the catalogue in a project of the Zuplo form: in its lists, and called by its code.

use http::{Method, StatusCode};
use serde_json::json;

use crate::project::{Scripted, send};

#[tokio::test(flavor = "multi_thread")]
async fn what_policies_make_of_a_request_is_what_the_upstream_gets_and_what_templates_and_code_read() {
    let project = Scripted::new()
        .await
        .module("see.ts", "export const see = (request: any) => { request.headers.set('x-query', JSON.stringify(request.query)); return request; };\n")
        .file(".env", "KEY=s3cret-value\n")
        .built_in("clear", "ClearHeadersInboundPolicy", json!({ "exclude": ["x-kept", "content-type"] }))
        .built_in("query", "SetQueryParamsInboundPolicy", json!({ "params": [{ "name": "a", "value": "1 2" }] }))
        .built_in("drop", "RemoveQueryParamsInboundPolicy", json!({ "params": ["debug"] }))
        .built_in(
            "lift",
            "QueryParamToHeaderInboundPolicy",
            json!({ "queryParam": "tenant", "headerName": "x-tenant", "headerValue": "t-{value}" }),
        )
        .built_in("key", "SetUpstreamApiKeyInboundPolicy", json!({ "value": "Bearer $env(KEY)" }))
        .built_in("put", "ChangeMethodInboundPolicy", json!({ "method": "PUT" }))
        .built_in("body", "SetBodyInboundPolicy", json!({ "body": "{\"fixed\":true}" }))
        .policy("see", "see", "see", json!({}))
        .forwarded("/things", "post", &["clear", "query", "drop", "lift", "key", "put", "body", "see"], &[]);
    let gateway = project.start().await;
    let headers = [("x-kept", "1"), ("x-gone", "2"), ("content-type", "application/json"), ("authorization", "mine")];
    let target = "/things?debug=1&x=%2f&%74enant=acme&%64ebug=2";
    let reply = send(&gateway, Method::POST, target, &headers, "{\"mine\":1}").await;
    assert_eq!(reply.status, StatusCode::OK, "{}", gateway.child.output());
    let seen = project.upstream.last().unwrap();
    assert_eq!((seen.method.as_str(), &*seen.target), ("PUT", "/things?x=%2f&a=1%202"));
    assert_eq!((&*seen.body, seen.header("content-length")), (&b"{\"fixed\":true}"[..], Some("14")));
    for (name, expected) in [
        ("x-kept", Some("1")),
        ("x-gone", None),
        ("x-tenant", Some("t-acme")),
        ("authorization", Some("Bearer s3cret-value")),
        ("content-type", Some("application/json")),
        ("x-query", Some(r#"{"x":"/","a":"1 2"}"#)),
    ] {
        assert_eq!(seen.header(name), expected, "{name}");
    }
    assert!(!gateway.child.output().contains("s3cret"), "{}", gateway.child.output());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_lost_its_body_leaves_the_connection_to_the_next_one() {
    let project = Scripted::new()
        .await
        .built_in("get", "ChangeMethodInboundPolicy", json!({ "method": "GET" }))
        .built_in("fine", "SetStatusOutboundPolicy", json!({ "status": 202, "statusText": "Taken" }))
        .built_in("bare", "ClearHeadersOutboundPolicy", json!({ "exclude": ["content-type"] }))
        .forwarded("/things", "post", &["get"], &["fine", "bare"])
        .forwarded("/things", "get", &[], &[]);
    let gateway = project.start().await;
    let smuggled = "GET /admin HTTP/1.1\r\nHost: a\r\n\r\n";
    let reply = send(&gateway, Method::POST, "/things", &[("content-type", "text/plain")], smuggled).await;
    assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", gateway.child.output());
    let seen = project.upstream.last().unwrap();
    assert_eq!((seen.method.as_str(), seen.body.len(), seen.header("content-type")), ("GET", 0, None));
    assert_eq!((seen.header("content-length"), seen.header("transfer-encoding")), (None, None));
    assert_eq!(gateway.get("/things", None).await.status, StatusCode::OK);
    let targets: Vec<String> = project.upstream.seen().iter().map(|seen| seen.target.clone()).collect();
    assert_eq!(targets, ["/things", "/things"], "what was in the body is no request");
}

#[tokio::test(flavor = "multi_thread")]
async fn code_calls_them_as_functions_classes_and_by_their_names_in_the_project() {
    let project = Scripted::new()
        .await
        .module(
            "calls.ts",
            r#"
import { ChangeMethodInboundPolicy, SetBodyInboundPolicy, SetQueryParamsInboundPolicy, SetStatusOutboundPolicy, ZuploContext, ZuploRequest } from "@zuplo/runtime";

const setBody = new SetBodyInboundPolicy({ body: "from code" }, "set-body");

export async function inbound(request: ZuploRequest, context: ZuploContext) {
  let next: any = await SetQueryParamsInboundPolicy(request, context, { params: [{ name: "made", value: "by code" }] }, "set-query");
  next = await ChangeMethodInboundPolicy(next, context, { method: "PATCH" }, "change");
  next = await setBody.handler(next, context);
  return context.invokeInboundPolicy("lift", next);
}
export const outbound = (response: Response, request: ZuploRequest, context: ZuploContext) =>
  SetStatusOutboundPolicy(response, request, context, { status: 418 }, "tea");
"#,
        )
        .built_in("lift", "QueryParamToHeaderInboundPolicy", json!({ "queryParam": "t", "headerName": "x-t", "headerValue": "{value}" }))
        .policy("inbound", "calls", "inbound", json!({}))
        .policy("outbound", "calls", "outbound", json!({}))
        .forwarded("/things", "post", &["inbound"], &["outbound"]);
    let gateway = project.start().await;
    let reply = send(&gateway, Method::POST, "/things?t=1", &[], "mine").await;
    assert_eq!(reply.status, StatusCode::IM_A_TEAPOT, "{}", gateway.child.output());
    let seen = project.upstream.last().unwrap();
    assert_eq!(
        (seen.method.as_str(), &*seen.target, &*seen.body),
        ("PATCH", "/things?made=by%20code", &b"from code"[..])
    );
    assert_eq!(seen.header("x-t"), Some("1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_written_out_is_a_warning_and_one_of_the_environment_is_none() {
    let project = Scripted::new()
        .await
        .file(".env", "KEY=of-the-environment\n")
        .built_in("good", "SetUpstreamApiKeyInboundPolicy", json!({ "value": "Bearer $env(KEY)" }))
        .built_in("written", "SetUpstreamApiKeyInboundPolicy", json!({ "value": "Bearer s3cret-value" }))
        .forwarded("/things", "get", &["good", "written"], &[]);
    project.write();
    let output = project.world.tollgate(&["check", "."]).await;
    let said = format!("{}{}", output.stdout, output.stderr);
    assert_eq!(said.matches("a secret is written out here").count(), 1, "{said}");
    assert!(said.contains("$env(NAME)") && !said.contains("of-the-environment"), "{said}");
}
