//! Policies of the catalogue in a project of the Zuplo form: in its lists, and called by its code.

use std::io::Write;

use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tollgate_testkit::CapturingUpstream;

use crate::project::{Scripted, send};
use crate::support::World;

#[tokio::test(flavor = "multi_thread")]
async fn what_policies_make_of_a_request_is_what_the_upstream_gets_and_what_templates_and_code_read() {
    let project = Scripted::new()
        .await
        .module(
            "see.ts",
            r#"
import { ZuploRequest } from "@zuplo/runtime";
export const see = (request: ZuploRequest) => {
  const headers = new Headers(request.headers);
  headers.set("x-query", JSON.stringify(request.query));
  return new ZuploRequest(request, { headers });
};
"#,
        )
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

    let authority = gateway.url.trim_start_matches("http://");
    let mut connection = tokio::net::TcpStream::connect(authority).await.unwrap();
    let head =
        format!("POST /things HTTP/1.1\r\nHost: {authority}\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc");
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 202 Taken\r\n"), "{answer}");
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

/// `text` in gzip.
fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_replaced_in_an_answer_cannot_be_had_compressed_in_parts_or_by_length() {
    let mut project = Scripted::new().await;
    project.upstream = CapturingUpstream::answering(|seen| {
        let answer = http::Response::builder().header("etag", "\"one\"").header("content-type", "text/plain");
        let text = "see http://internal.example and internal.example";
        let parts = answer.header("accept-ranges", "bytes");
        match (&*seen.target, seen.method.as_str()) {
            ("/gzip", _) => parts.header("content-encoding", "gzip").body(gzip(text).into()),
            ("/zstd", _) => parts.header("content-encoding", "zstd").body(Bytes::from_static(b"(packed)")),
            ("/part", _) => parts.status(206).header("content-range", "bytes 0-2/9").body(Bytes::from_static(b"int")),
            ("/none", _) => parts.status(204).body(Bytes::new()),
            _ => parts.header("content-digest", "sha-256=:AAAA:").body(Bytes::from_static(text.as_bytes())),
        }
        .unwrap()
    })
    .await
    .unwrap();
    let hide = json!({ "mode": "string", "match": "internal.example", "replaceWith": "api" });
    let project = ["/plain", "/gzip", "/zstd", "/part", "/none"]
        .into_iter()
        .fold(project.built_in("hide", "ReplaceStringOutboundPolicy", hide), |project, path| {
            project.forwarded(path, "get", &[], &["hide"]).forwarded(path, "head", &[], &["hide"])
        });
    let gateway = project.start().await;
    for path in ["/plain", "/gzip"] {
        let reply = gateway.get(path, None).await;
        assert_eq!((reply.status, &*reply.body), (StatusCode::OK, &b"see http://api and api"[..]), "{path}");
        let fields = ["content-encoding", "content-digest", "etag", "accept-ranges"].map(|name| reply.header(name));
        assert_eq!(fields, ["", "", "W/\"one\"", "none"], "{path}");
        assert!(["", "22"].contains(&reply.header("content-length")), "{path}");
    }
    for (path, status) in [("/zstd", StatusCode::BAD_GATEWAY), ("/part", StatusCode::RANGE_NOT_SATISFIABLE)] {
        let reply = gateway.get(path, None).await;
        assert_eq!(reply.status, status, "{path}");
        assert!(!String::from_utf8_lossy(&reply.body).contains("int") || path == "/zstd", "{path}");
    }
    let reply = gateway.get("/none", None).await;
    assert_eq!((reply.status, reply.body.len()), (StatusCode::NO_CONTENT, 0));
    let reply = send(&gateway, Method::HEAD, "/plain", &[], "").await;
    assert_eq!((reply.status, reply.body.len(), reply.header("content-length")), (StatusCode::OK, 0, ""));
    assert_eq!(reply.header("etag"), "W/\"one\"", "as a GET would have it");
}

#[tokio::test(flavor = "multi_thread")]
async fn traffic_is_split_between_backends_and_xml_comes_as_json() {
    let mut project = Scripted::new().await;
    project.upstream = CapturingUpstream::answering(|seen| {
        let body = format!("<pets><target>{}</target><n>2</n></pets>", seen.target);
        http::Response::builder().header("content-type", "text/xml").body(Bytes::from(body)).unwrap()
    })
    .await
    .unwrap();
    let paths = ["/a", "/b"].map(|path| json!({ "url": format!("{}{path}", project.upstream.url()), "weight": 1 }));
    let handler = json!({
        "module": "$import(@zuplo/runtime)",
        "export": "urlForwardHandler",
        "options": { "baseUrl": "${context.custom.split.to}" },
    });
    let project = project
        .module(
            "parse.ts",
            r#"
import { XmlToJsonOutboundPolicy } from "@zuplo/runtime";
export const parse = (response: Response, request: any, context: any) => XmlToJsonOutboundPolicy(response, request, context, {});
"#,
        )
        .built_in("split", "TrafficSplittingInboundPolicy", json!({ "basePaths": paths, "customOutputProperty": "split.to" }))
        .built_in("wait", "SleepInboundPolicy", json!({ "sleepInMs": 1 }))
        .policy("parse", "parse", "parse", json!({}))
        .route("/pets", "get", handler, &["split", "wait"], &["parse"]);
    let gateway = project.start().await;
    let mut seen = std::collections::BTreeSet::new();
    // That one of two never comes in 64 draws happens once in 2^63 runs.
    for _ in 0..64 {
        let reply = gateway.get("/pets", None).await;
        assert_eq!(reply.header("content-type"), "application/json", "{}", gateway.child.output());
        assert_eq!(reply.json()["pets"]["n"], 2);
        seen.insert(reply.json()["pets"]["target"].as_str().unwrap().to_owned());
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["/a/pets", "/b/pets"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_may_be_a_file_of_the_project_and_forms_become_what_it_wants() {
    let project = Scripted::new()
        .await
        .file(
            "schemas/pet.json",
            r#"{ "type": "object", "required": ["name"], "properties": { "name": { "minLength": 2 } } }"#,
        )
        .built_in("form", "FormDataToJsonInboundPolicy", json!({ "badRequestIfNotFormData": false }))
        .built_in("pet", "ValidateJsonSchemaInbound", json!({ "validator": "$import(./schemas/pet.json)" }))
        .forwarded("/pets", "post", &["form", "pet"], &[]);
    let gateway = project.start().await;
    let media = |media: &'static str| [("content-type", media)];
    let form = media("application/x-www-form-urlencoded");
    assert_eq!(send(&gateway, Method::POST, "/pets", &form, "name=Rex").await.status, StatusCode::OK);
    assert_eq!(&*project.upstream.last().unwrap().body, b"{\"name\":\"Rex\"}");
    for body in ["name=R", "age=3"] {
        assert_eq!(send(&gateway, Method::POST, "/pets", &form, body).await.status, StatusCode::BAD_REQUEST, "{body}");
    }
    let reply = send(&gateway, Method::POST, "/pets", &media("application/json"), "{\"name\":\"Wolf\"}").await;
    assert_eq!(reply.status, StatusCode::OK, "{}", gateway.child.output());
    assert_eq!(project.upstream.seen().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_is_not_there_is_a_mistake_at_its_line() {
    for (import, expected) in [
        ("$import(./schemas/gone.json)", "there is no file `schemas/gone.json`"),
        ("$import(../gone.json)", "is no file of the project"),
    ] {
        let project = Scripted::new()
            .await
            .built_in("pet", "ValidateJsonSchemaInbound", json!({ "validator": import }))
            .forwarded("/pets", "post", &["pet"], &[]);
        project.write();
        let output = project.world.tollgate(&["check", "."]).await;
        let said = format!("{}{}", output.stdout, output.stderr);
        assert!(output.code != 0 && said.contains(expected) && said.contains("policies.json:"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_is_asked_before_anything_is_forwarded() {
    let project = Scripted::new()
        .await
        .file(".env", "PASSWORD=open:sesame\n")
        .built_in(
            "basic",
            "BasicAuthInboundPolicy",
            json!({ "accounts": [{ "username": "alice", "password": "$env(PASSWORD)", "data": { "role": "admin" } }] }),
        )
        .built_in("claims", "RequireUserClaimsInboundPolicy", json!({ "rule": { "claim": "role", "eq": "admin" } }))
        .built_in("origin", "RequireOriginInboundPolicy", json!({ "origins": "https://a.example" }))
        .built_in(
            "unset",
            "BasicAuthInboundPolicy",
            json!({ "accounts": [{ "username": "a", "password": "$env(GONE)" }] }),
        )
        .forwarded("/pets", "get", &["basic", "claims", "origin"], &[]);
    let gateway = project.start().await;
    let (good, origin) = (("authorization", "Basic YWxpY2U6b3BlbjpzZXNhbWU="), ("origin", "https://a.example"));
    let ask = async |fields: &[(&str, &str)]| send(&gateway, Method::GET, "/pets", fields, "").await;
    assert_eq!(ask(&[good, origin]).await.status, StatusCode::OK, "{}", gateway.child.output());
    assert_eq!(project.upstream.last().unwrap().header("authorization"), None);
    let refused = ask(&[origin]).await;
    assert_eq!(
        (refused.status, refused.header("www-authenticate")),
        (StatusCode::UNAUTHORIZED, "Basic realm=\"api\", charset=\"UTF-8\"")
    );
    assert_eq!(ask(&[good]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(ask(&[good, good, origin]).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(project.upstream.seen().len(), 1);
    assert!(!gateway.child.output().contains("sesame"), "{}", gateway.child.output());

    // An account whose password is not set has none: it is left out of the project, and no route can use it.
    let project = project.forwarded("/others", "get", &["unset"], &[]);
    project.write();
    let output = project.world.tollgate(&["check", "."]).await;
    assert!(output.code != 0 && format!("{}{}", output.stdout, output.stderr).contains("password"), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_that_are_written_out_are_told_of_wherever_a_step_may_have_its_options() {
    let world = World::empty();
    world.write(".env", "PASSWORD=of-the-environment\n");
    world.write(
        "tollgate.yaml",
        r#"
policies:
  back: { use: set-upstream-api-key, options: { value: "Bearer written-out" } }
  people:
    use: basic-auth
    options:
      accounts:
        - { username: alice, password: written-out }
        - { username: bob, password: $env(PASSWORD) }
"#,
    );
    world.write(
        "openapi.yaml",
        r#"
openapi: 3.1.0
info: { title: T, version: "1" }
x-tollgate: { upstream: "http://127.0.0.1:1", auth: people, sign: false }
paths:
  /a:
    get:
      operationId: a
      responses: { "200": { description: ok } }
      x-tollgate:
        inbound:
          - back
          - set-upstream-api-key: written-out
          - set-upstream-api-key: $env(PASSWORD)
          - set-upstream-api-key: { header: X-Key, value: "Bearer $env(PASSWORD)" }
          - set-upstream-api-key: { header: X-Other, value: written-out }
"#,
    );
    let output = world.tollgate(&["check", "."]).await;
    let said = format!("{}{}", output.stdout, output.stderr);
    assert_eq!(output.code, 0, "{said}");
    assert_eq!(said.matches("a secret is written out here").count(), 4, "{said}");
    assert!(!said.contains("of-the-environment"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_upstream_gets_the_token_that_an_oauth_server_gave_to_the_gateway() {
    let server = CapturingUpstream::answering(|_| {
        let body = json!({ "access_token": "t0ken-value", "token_type": "Bearer", "expires_in": 3600 });
        http::Response::builder().body(Bytes::from(body.to_string())).unwrap()
    })
    .await
    .unwrap();
    let project = Scripted::new()
        .await
        .file(".env", "SECRET=s3cret-value\n")
        .built_in(
            "oauth",
            "UpstreamOAuthClientCredentialsInboundPolicy",
            json!({ "tokenUrl": format!("{}/token", server.url()), "clientId": "gateway", "clientSecret": "$env(SECRET)" }),
        )
        .built_in(
            "away",
            "UpstreamOAuthClientCredentialsInboundPolicy",
            json!({ "tokenUrl": "http://127.0.0.1:1/token", "clientId": "a", "clientSecret": "$env(SECRET)", "tokenRetries": 0 }),
        )
        .forwarded("/pets", "get", &["oauth"], &[])
        .forwarded("/away", "get", &["away"], &[]);
    let gateway = project.start().await;
    for _ in 0..3 {
        let reply = send(&gateway, Method::GET, "/pets", &[("authorization", "Bearer mine")], "").await;
        assert_eq!(reply.status, StatusCode::OK, "{}", gateway.child.output());
        assert_eq!(project.upstream.last().unwrap().header("authorization"), Some("Bearer t0ken-value"));
    }
    let asked = server.seen();
    assert_eq!(asked.len(), 1, "once for all");
    assert_eq!((asked[0].method.as_str(), &*asked[0].target), ("POST", "/token"));
    assert_eq!(&*asked[0].body, b"grant_type=client_credentials&client_id=gateway&client_secret=s3cret-value");

    assert_eq!(gateway.get("/away", None).await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(project.upstream.seen().len(), 3);
    let said = gateway.child.output();
    assert!(!said.contains("s3cret") && !said.contains("t0ken"), "{said}");
}
