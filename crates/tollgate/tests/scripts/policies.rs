//! What policies and handlers can do, and what the next one finds of it.

use http::{Method, StatusCode};
use serde_json::json;

use crate::project::{Scripted, good, send};

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_answers_with_what_it_returns() {
    let project = Scripted::new().await.module(
        "hello.ts",
        r#"
import { ZuploContext, ZuploRequest } from "@zuplo/runtime";
import { greet } from "./greet";

export default async function (request: ZuploRequest, context: ZuploContext) {
  context.log.info("hello");
  return "What zup?";
}
export function object(request: ZuploRequest, context: ZuploContext) {
  const raw = context.route.raw<{ "x-custom": { hello: boolean } }>();
  return { custom: raw["x-custom"], params: request.params, query: request.query, answer: context.route.handler.options.answer };
}
export const response = (request: ZuploRequest) => new Response(greet(request.url), { status: 201, headers: { "x-made": "yes" } });
export async function echo(request: ZuploRequest) {
  const body = await request.json();
  return { got: body.items.length, method: request.method };
}
"#,
    );
    let project = project
        .module("greet.ts", "export const greet = (url: string): string => `hello ${new URL(url).pathname}`;\n")
        .handled("/text", "get", ("hello", "default"), &[], &[])
        .handled("/object/{id}", "get", ("hello", "object"), &[], &[])
        .handled("/response", "get", ("hello", "response"), &[], &[])
        .handled("/echo", "post", ("hello", "echo"), &[], &[]);
    let gateway = project.start().await;

    let reply = gateway.get("/text", None).await;
    assert_eq!((reply.header("content-type"), &*reply.body), ("application/json", &b"\"What zup?\""[..]));
    let reply = gateway.get("/object/a%20b?x=1&y=2", None).await;
    assert_eq!(
        good(&reply, &gateway),
        json!({ "custom": { "hello": true }, "params": { "id": "a b" }, "query": { "x": "1", "y": "2" }, "answer": 42 })
    );
    let reply = gateway.get("/response", None).await;
    assert_eq!(
        (reply.status, reply.header("x-made"), &*reply.body),
        (StatusCode::CREATED, "yes", &b"hello /response"[..])
    );
    let reply =
        send(&gateway, Method::POST, "/echo", &[("content-type", "application/json")], r#"{"items":[1,2,3]}"#).await;
    assert_eq!(good(&reply, &gateway), json!({ "got": 3, "method": "POST" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_inbound_policy_gives_back_is_what_the_upstream_gets() {
    let project = Scripted::new()
        .await
        .module(
            "policies.ts",
            r#"
import { InboundPolicy, ZuploContext, ZuploRequest } from "@zuplo/runtime";

export async function identify(request: ZuploRequest, context: ZuploContext, options: { plan: string }, name: string) {
  request.user = { sub: "acme", data: { plan: options.plan } };
  context.custom.seen = [name];
  context.custom.since = new Date(0);
  return request;
}
export class Mark extends InboundPolicy<{ header: string }> {
  count = 0;
  async handler(request: ZuploRequest, context: ZuploContext) {
    const headers = new Headers(request.headers);
    headers.set(this.options.header, `${request.user?.sub} ${request.user?.data.plan} ${this.policyName}`);
    headers.set("x-seen", JSON.stringify(context.custom.seen));
    headers.set("x-since", String(context.custom.since instanceof Date));
    return new Request(request, { headers });
  }
}
export function move(request: ZuploRequest) {
  const url = new URL(request.url);
  url.pathname = "/moved" + url.pathname;
  url.searchParams.set("user", request.user!.sub);
  return new ZuploRequest(url, request);
}
export const body = async (request: ZuploRequest) => {
  const data = await request.json();
  return new ZuploRequest(request, { body: JSON.stringify({ ...data, added: true }), method: "PUT" });
};
"#,
        )
        .policy("identify", "policies", "identify", json!({ "plan": "gold" }))
        .policy("mark", "policies", "Mark", json!({ "header": "x-mark" }))
        .policy("move", "policies", "move", json!({}))
        .policy("body", "policies", "body", json!({}))
        .forwarded("/things", "get", &["identify", "mark", "move"], &[])
        .forwarded("/things", "post", &["identify", "body"], &[]);
    let gateway = project.start().await;

    let reply = send(&gateway, Method::GET, "/things?a=1", &[("x-kept", "yes")], "").await;
    assert_eq!(reply.status, StatusCode::OK, "{}", gateway.child.output());
    let seen = project.upstream.last().unwrap();
    assert_eq!(seen.header("x-mark"), Some("acme gold mark"));
    assert_eq!(seen.header("x-seen"), Some(r#"["identify"]"#));
    assert_eq!(seen.header("x-since"), Some("true"), "a Date stays a Date from one policy to the next");
    assert_eq!(seen.header("x-kept"), Some("yes"));
    assert_eq!(seen.target, "/moved/things?a=1&user=acme");

    let reply = send(&gateway, Method::POST, "/things", &[("content-type", "application/json")], r#"{"a":1}"#).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", gateway.child.output());
    let seen = project.upstream.last().unwrap();
    assert_eq!((seen.method.as_str(), &*seen.body), ("PUT", &br#"{"a":1,"added":true}"#[..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_a_policy_skips_what_comes_after_it() {
    let project = Scripted::new()
        .await
        .module(
            "policies.ts",
            r#"
export default (request: Request, context: any) => {
  if (request.headers.get("x-pass") === null) return new Response("no", { status: 403 });
  return request;
};
export const mark = async (response: Response, request: Request, context: any, options: any, name: string) => {
  const headers = new Headers(response.headers);
  headers.set("x-marked", `${name} ${request.method} ${new URL(request.url).pathname} ${request.headers.get("x-pass")}`);
  return new Response(response.body, { status: response.status, headers });
};
export const shout = async (response: Response) => new Response((await response.text()).toUpperCase(), response);
"#,
        )
        .policy("gate", "policies", "default", json!({}))
        .policy("mark", "policies", "mark", json!({}))
        .policy("shout", "policies", "shout", json!({}))
        .forwarded("/a", "get", &["gate"], &["mark", "shout"]);
    let gateway = project.start().await;
    let refused = gateway.get("/a", None).await;
    assert_eq!((refused.status, &*refused.body, refused.header("x-marked")), (StatusCode::FORBIDDEN, &b"no"[..], ""));
    assert!(project.upstream.seen().is_empty());
    let passed = send(&gateway, Method::GET, "/a", &[("x-pass", "1")], "").await;
    assert_eq!(passed.header("x-marked"), "mark GET /a 1", "{}", gateway.child.output());
    let text = String::from_utf8_lossy(&passed.body).into_owned();
    assert_eq!(text, text.to_uppercase());
}

#[tokio::test(flavor = "multi_thread")]
async fn code_may_run_other_policies_routes_and_handlers() {
    let project = Scripted::new()
        .await
        .module(
            "calls.ts",
            r#"
import { urlForwardHandler, SetHeadersInboundPolicy, ZuploRequest, ZuploContext, environment } from "@zuplo/runtime";

export async function composed(request: ZuploRequest, context: ZuploContext) {
  const limited = await context.invokeInboundPolicy("limit", request);
  if (limited instanceof Response) return limited;
  return context.invokeInboundPolicy("unused", limited);
}
export const unused = (request: ZuploRequest) => new ZuploRequest(request, { headers: { "x-unused": "ran" } });
export async function inner(request: ZuploRequest, context: ZuploContext) {
  const response = await context.invokeRoute("/inner?x=1", { method: "POST", body: "hi", headers: { "content-type": "text/plain" } });
  return { status: response.status, body: await response.json() };
}
export const target = async (request: ZuploRequest, context: ZuploContext) => ({
  text: await request.text(), query: request.query, inside: context.parentContext !== undefined,
});
export function forward(request: ZuploRequest, context: ZuploContext) {
  context.route.handler.options = { baseUrl: environment.BACKEND };
  return urlForwardHandler(request, context);
}
"#,
        )
        .policy("composed", "calls", "composed", json!({}))
        .policy("unused", "calls", "unused", json!({}))
        .policy("broken", "nowhere", "default", json!({}))
        .built_in("limit", "RateLimitInboundPolicy", json!({ "rateLimitBy": "ip", "requestsAllowed": 1, "timeWindowMinutes": 10 }))
        .forwarded("/composed", "get", &["composed"], &[])
        .handled("/outer", "get", ("calls", "inner"), &[], &[])
        .handled("/inner", "post", ("calls", "target"), &[], &[])
        .handled("/forward", "get", ("calls", "forward"), &[], &[]);
    let project = {
        let url = project.upstream.url();
        project.file(".env", &format!("BACKEND={url}\n"))
    };
    let gateway = project.start().await;
    assert_eq!(gateway.get("/composed", None).await.status, StatusCode::OK, "{}", gateway.child.output());
    assert_eq!(project.upstream.last().unwrap().header("x-unused"), Some("ran"));
    assert_eq!(gateway.get("/composed", None).await.status, StatusCode::TOO_MANY_REQUESTS);
    let reply = gateway.get("/outer", None).await;
    assert_eq!(
        good(&reply, &gateway),
        json!({ "status": 200, "body": { "text": "hi", "query": { "x": "1" }, "inside": true } })
    );
    assert_eq!(gateway.get("/forward", None).await.status, StatusCode::OK, "{}", gateway.child.output());
    assert_eq!(project.upstream.last().unwrap().target, "/forward");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_may_ask_a_function_whom_it_counts() {
    let project = Scripted::new()
        .await
        .module(
            "limits.ts",
            r#"
import { CustomRateLimitDetails, ZuploRequest } from "@zuplo/runtime";
export async function whom(request: ZuploRequest): Promise<CustomRateLimitDetails | undefined> {
  const who = request.headers.get("x-who");
  if (who === "free") return undefined;
  return { key: who ?? "nobody", requestsAllowed: who === "gold" ? 3 : 1, timeWindowMinutes: 1 };
}
"#,
        )
        .built_in(
            "limit",
            "RateLimitInboundPolicy",
            json!({ "rateLimitBy": "function", "requestsAllowed": 1, "timeWindowMinutes": 1,
                    "identifier": { "module": "$import(./modules/limits)", "export": "whom" } }),
        )
        .forwarded("/a", "get", &["limit"], &[]);
    let gateway = project.start().await;
    let mut passed = Vec::new();
    for who in ["gold", "tin", "free"] {
        let mut count = 0;
        for _ in 0..5 {
            count += u32::from(send(&gateway, Method::GET, "/a", &[("x-who", who)], "").await.status == StatusCode::OK);
        }
        passed.push((who, count));
    }
    assert_eq!(passed, [("gold", 3), ("tin", 1), ("free", 5)], "{}", gateway.child.output());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_may_be_any_expression() {
    let project = Scripted::new().await;
    let pattern = format!(
        "{}/v2/${{params.id.toUpperCase()}}/${{request.headers.get('x-a') ?? 'none'}}${{search}}",
        project.upstream.url()
    );
    let handler = json!({ "module": "$import(@zuplo/runtime)", "export": "urlRewriteHandler",
        "options": { "rewritePattern": pattern, "forwardSearch": false } });
    let project = project.route("/things/{id}", "get", handler, &[], &[]);
    let gateway = project.start().await;
    send(&gateway, Method::GET, "/things/abc?q=1", &[("x-a", "b")], "").await;
    assert_eq!(project.upstream.last().unwrap().target, "/v2/ABC/b?q=1", "{}", gateway.child.output());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_text_of_a_script_stands_in_the_status_line() {
    let module = r#"
export default (request: Request) =>
  new Response("x", { status: 299, statusText: request.headers.get("x-text") ?? "" });
export const outbound = (response: Response) =>
  new Response(`${response.statusText}`, { status: response.status, statusText: response.statusText });
export const usual = () => new Response("x", { status: 404 });
"#;
    let project = Scripted::new()
        .await
        .module("text.ts", module)
        .policy("again", "text", "outbound", json!({}))
        .handled("/text", "get", ("text", "default"), &[], &[])
        .handled("/again", "get", ("text", "default"), &[], &["again"])
        .handled("/usual", "get", ("text", "usual"), &[], &[]);
    let gateway = project.start().await;
    let line = async |path: &str, text: &str| {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};

        let authority = gateway.url.trim_start_matches("http://");
        let mut connection = tokio::net::TcpStream::connect(authority).await.unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {authority}\r\nX-Text: {text}\r\nConnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        answer.split("\r\n").next().unwrap().to_owned()
    };
    assert_eq!(line("/text", "Fine By Me").await, "HTTP/1.1 299 Fine By Me");
    assert_eq!(line("/again", "Fine By Me").await, "HTTP/1.1 299 Fine By Me");
    assert_eq!(line("/usual", "").await, "HTTP/1.1 404 Not Found");
    assert_eq!(line("/text", "").await, "HTTP/1.1 299 ");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_script_passes_on_is_encoded_only_where_its_client_asked() {
    let upstream = tollgate_testkit::CapturingUpstream::answering(|request| {
        let encoded = request.header("accept-encoding").is_some_and(|it| it.contains("gzip"));
        let response = http::Response::builder();
        if !encoded {
            return response.body("plain".into()).unwrap();
        }
        // What gzip makes of `text`.
        let bytes = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x2b\x49\xad\x28\x01\x00\xc7\xa7\x8b\x3b\x04\x00\x00\x00";
        response.header("content-encoding", "gzip").body(bytes::Bytes::from_static(bytes)).unwrap()
    })
    .await
    .unwrap();
    let module = r#"
export default (request: Request) => fetch(request.headers.get("x-url")!, { headers: request.headers });
"#;
    let project = Scripted::new().await.module("pass.ts", module).handled("/", "get", ("pass", "default"), &[], &[]);
    let gateway = project.start().await;
    let get = async |headers: &[(&str, &str)]| {
        let url = upstream.url();
        let headers = [&[("x-url", &*url)], headers].concat();
        tollgate_testkit::client::get(&format!("{}/", gateway.url), &headers).await.unwrap()
    };
    let plain = get(&[]).await;
    assert_eq!((plain.header("content-encoding"), &*plain.body), ("", &b"text"[..]), "{}", gateway.child.output());
    let encoded = get(&[("accept-encoding", "gzip")]).await;
    assert_eq!(encoded.header("content-encoding"), "gzip");
    assert_eq!(&encoded.body[..2], b"\x1f\x8b");
    let identity = get(&[("accept-encoding", "identity")]).await;
    assert_eq!((identity.header("content-encoding"), &*identity.body), ("", &b"plain"[..]));
}
