//! `awsLambdaHandler` against a stand-in for the Invoke API that checks signatures with botocore.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tollgate_testkit::{Child, free_port};

use crate::project::{Scripted, good, send};
use crate::support::{Gateway, SOON};
use crate::websocket::root;

const MODULE: &str = r#"
import { AwsClient } from "@zuplo/runtime/aws";
import { AwsLambdaHandlerExtensions, RuntimeExtensions, ZuploRequest } from "@zuplo/runtime";

export function runtimeInit(runtime: RuntimeExtensions) {
  AwsLambdaHandlerExtensions.addSendingAwsLambdaEventHook(async (request, context, event: any) => {
    if (request.headers.get("x-fail")) throw new Error("no event today");
    return request.headers.get("x-change") ? { ...event, changed: [request.method, request.params.id, context.requestId === event.requestContext.requestId] } : event;
  });
}

export const signed = async (request: ZuploRequest) => {
  const [port, secret] = [request.query.port, request.query.secret];
  const aws = new AwsClient({ accessKeyId: "AKIDTEST", secretAccessKey: secret, region: "eu-central-1", service: "lambda", sessionToken: "tok" });
  const url = `http://127.0.0.1:${port}/2015-03-31/functions/arn%3Aaws%3Ax/invocations`;
  const headers = { "x-amz-invocation-type": "RequestResponse", "content-type": "application/json" };
  const answer = await aws.fetch(url, { method: "POST", headers, body: JSON.stringify({ a: 1 }) });
  return { status: answer.status, body: await answer.json() };
};

export const user = (request: ZuploRequest) => {
  request.user = { sub: "acme", data: { plan: "gold" } };
  return request;
};
"#;

struct World {
    gateway: Gateway,
    port: String,
    _project: Scripted,
    _api: Child,
}

async fn world() -> World {
    let port = free_port().unwrap().to_string();
    let python = root().join("target/python/bin/python");
    let script = root().join("crates/tollgate/tests/python/lambda_api.py");
    let api = Child::spawn(python, &[script.to_str().unwrap()], &root(), &[("PORT", &*port)]).unwrap();
    api.wait_for_line("listens", SOON).await.unwrap();
    let handler = |name: &str, more: Value| {
        let mut options = json!({
            "accessKeyId": "AKIDTEST",
            "secretAccessKey": "$env(AWS_SECRET)",
            "region": "eu-central-1",
            "functionName": name,
            "endpoint": format!("http://127.0.0.1:{port}"),
        });
        options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "module": "$import(@zuplo/runtime)", "export": "awsLambdaHandler", "options": options })
    };
    let proxy = |version: &str| json!({ "useLambdaProxyIntegration": true, "payloadFormatVersion": version });
    let binary = json!({ "useLambdaProxyIntegration": true, "binaryMediaTypes": ["image/*"], "sessionToken": "tok" });
    let wrong = json!({ "secretAccessKey": "another" });
    let traced = json!({ "returnAmazonTraceIdHeader": true });
    let project = Scripted::new()
        .await
        .module("zuplo.runtime.ts", MODULE)
        .module("user.ts", MODULE)
        .policy("user", "user", "user", json!({}))
        .file(".env", "AWS_SECRET=secret/+\n")
        .route("/v1/{id}", "post", handler("echo", proxy("1.0")), &["user"], &[])
        .route(
            "/v2/{id}",
            "post",
            handler("arn:aws:lambda:eu-central-1:1:function:x:live", proxy("2.0")),
            &["user"],
            &[],
        )
        .route("/short", "get", handler("plain", traced), &[], &[])
        .route("/binary", "post", handler("echo", binary), &[], &[])
        .route("/bytes", "get", handler("bytes", json!({})), &[], &[])
        .route("/throws", "get", handler("throws", json!({})), &[], &[])
        .route("/busy", "get", handler("busy", json!({})), &[], &[])
        .route("/nobody", "get", handler("nobody", json!({})), &[], &[])
        .handled("/signed", "get", ("user", "signed"), &[], &[])
        .route("/wrong", "get", handler("echo", wrong), &[], &[]);
    let gateway = project.start().await;
    World { gateway, port, _project: project, _api: api }
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_are_called_with_the_events_that_api_gateway_would_make() {
    let World { gateway, .. } = &world().await;
    let headers = [("x-one", "1"), ("cookie", "a=1; b=2"), ("content-type", "text/plain"), ("user-agent", "test")];
    let reply = send(gateway, Method::POST, "/v1/7%2F8?q=1&q=2&r=%C3%A4", &headers, "hello ä").await;
    assert_eq!(reply.headers["x-function"], "echo");
    let event = good(&reply, gateway);
    assert_eq!(event["resource"], "/v1/{id}");
    assert_eq!(event["path"], "/v1/7%2F8");
    assert_eq!(event["pathParameters"], json!({ "id": "7/8" }));
    assert_eq!(event["multiValueQueryStringParameters"], json!({ "q": ["1", "2"], "r": ["ä"] }));
    assert_eq!(event["queryStringParameters"]["q"], "2");
    assert_eq!((&event["headers"]["x-one"], &event["multiValueHeaders"]["x-one"]), (&json!("1"), &json!(["1"])));
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("hello ä"), &json!(false)));
    let context = &event["requestContext"];
    assert_eq!(context["authorizer"], json!({ "principalId": "acme", "claims": { "plan": "gold" } }));
    assert_eq!(
        (&context["identity"]["sourceIp"], &context["identity"]["userAgent"]),
        (&json!("127.0.0.1"), &json!("test"))
    );
    assert!(context["requestTimeEpoch"].as_i64().unwrap() > 1_700_000_000_000);

    let changed = [headers.as_slice(), &[("x-change", "1")]].concat();
    let reply = send(gateway, Method::POST, "/v2/7?q=1&q=2", &changed, "").await;
    assert_eq!(reply.headers["x-function"], "arn:aws:lambda:eu-central-1:1:function:x:live");
    let event = good(&reply, gateway);
    assert_eq!((&event["version"], &event["routeKey"]), (&json!("2.0"), &json!("POST /v2/{id}")));
    assert_eq!((&event["rawPath"], &event["rawQueryString"]), (&json!("/v2/7"), &json!("q=1&q=2")));
    assert_eq!(event["queryStringParameters"], json!({ "q": "1,2" }));
    assert_eq!(event["cookies"], json!(["a=1", "b=2"]));
    assert!(event["headers"].get("cookie").is_none() && event.get("body").is_none());
    assert_eq!(event["requestContext"]["authorizer"]["jwt"]["claims"], json!({ "plan": "gold" }));
    assert_eq!(event["changed"], json!(["POST", "7", true]), "code of the project has seen it");

    let reply = gateway.get("/short?a=b", None).await;
    assert_eq!(reply.headers["x-amzn-trace-id"], "root=1-abc");
    let event = &good(&reply, gateway)["event"];
    assert_eq!((&event["httpMethod"], &event["queryStringParameters"]), (&json!("GET"), &json!({ "a": "b" })));
    let reply = send(gateway, Method::POST, "/binary", &[("content-type", "image/png")], "PNG").await;
    assert_eq!(good(&reply, gateway)["body"], "UE5H");
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_sign_requests_to_aws_themselves() {
    let World { gateway, port, .. } = &world().await;
    let reply = gateway.get(&format!("/signed?port={port}&secret=secret/%2B"), None).await;
    let answer = good(&reply, gateway);
    assert_eq!((&answer["status"], &answer["body"]["headers"]["x-function"]), (&json!(200), &json!("arn:aws:x")));
    let reply = gateway.get(&format!("/signed?port={port}&secret=other"), None).await;
    assert_eq!(good(&reply, gateway)["status"], 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_functions_become_responses_and_failures_problems() {
    let World { gateway, .. } = &world().await;
    let reply = gateway.get("/bytes", None).await;
    assert_eq!((reply.status, &*reply.body), (StatusCode::CREATED, &b"\x00\xffbytes"[..]));
    assert_eq!(reply.headers["content-type"], "image/png");
    assert_eq!(reply.headers.get_all("set-cookie").iter().collect::<Vec<_>>(), ["a=1", "b=2"]);
    assert!(!reply.headers.contains_key("x-amzn-trace-id"));
    for (path, status, cause) in [
        ("/throws", 502, "Unhandled: {\"errorMessage\": \"it went wrong\""),
        ("/busy", 503, "no busy"),
        ("/nobody", 502, "404 Not Found: "),
        ("/wrong", 502, "403 Forbidden: "),
    ] {
        let reply = gateway.get(path, None).await;
        assert_eq!(reply.status.as_u16(), status, "{path}: {:?}\n{}", reply.body, gateway.child.output());
        let body = String::from_utf8_lossy(&reply.body);
        assert!(!body.contains("went wrong") && !body.contains("signature"), "the cause is for the log: {body}");
        let logged = async {
            while !gateway.child.output().replace("\\\"", "\"").contains(cause) {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(SOON, logged).await.unwrap_or_else(|_| panic!("{cause}: {}", gateway.child.output()));
    }
    let reply = send(gateway, Method::POST, "/v1/1", &[("x-fail", "1")], "").await;
    assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR, "a hook that throws calls no function");
    assert!(!gateway.child.output().contains("secret/+"));
}
