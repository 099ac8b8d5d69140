//! Policies that ask and tell other services: what code says to them, through the built binary.

use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};
use tollgate_testkit::CapturingUpstream;

use crate::project::Scripted;

const MODULE: &str = r#"
import { CachingInboundPolicy, OpenFGAAuthZInboundPolicy, OpenMeterInboundPolicy, ZuploContext, ZuploRequest } from "@zuplo/runtime";

export async function identify(request: ZuploRequest) {
  request.user = { sub: request.query.who, data: {} };
  return request;
}
export async function meter(request: ZuploRequest, context: ZuploContext) {
  OpenMeterInboundPolicy.setMeters(context, [{ type: "llm", data: { tokens: Number(request.query.tokens) } }]);
  return request;
}
export async function folder(request: ZuploRequest, context: ZuploContext) {
  const { folder } = request.query;
  if (folder) OpenFGAAuthZInboundPolicy.setContextChecks(context, { user: `user:${request.user!.sub}`, relation: "viewer", object: `folder:${folder}` });
  return request;
}
export async function keep(request: ZuploRequest, context: ZuploContext) {
  return CachingInboundPolicy(request, context, { expirationSecondsTtl: 60 }, "by-code");
}
"#;

async fn service() -> CapturingUpstream {
    let answer = |status: u16, body: Value| {
        let mut response = Response::new(Bytes::from(if body.is_null() { String::new() } else { body.to_string() }));
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        response
    };
    let answering = CapturingUpstream::answering(move |seen| match seen.target.as_str() {
        "/stores/S1/check" => {
            answer(200, json!({ "allowed": String::from_utf8_lossy(&seen.body).contains("folder:hers") }))
        }
        _ => answer(204, Value::Null),
    });
    answering.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_code_says_is_metered_is_told_before_the_process_ends() {
    let service = service().await;
    let options = json!({ "apiKey": "k", "apiUrl": service.url(), "meter": { "type": "request" } });
    let project = Scripted::new()
        .await
        .module("asking.ts", MODULE)
        .policy("identify", "asking", "identify", json!({}))
        .policy("meter", "asking", "meter", json!({}))
        .built_in("told", "OpenMeterInboundPolicy", options)
        .forwarded("/metered", "get", &["identify", "meter", "told"], &[])
        .forwarded("/plain", "get", &["identify", "told"], &[]);
    let mut gateway = project.start().await;
    for path in ["/metered?who=alice&tokens=7", "/plain?who=bob"] {
        assert_eq!(gateway.get(path, None).await.status, 200, "{}", gateway.child.output());
    }
    gateway.child.signal("TERM").await.unwrap();
    gateway.child.exited(Duration::from_secs(30)).await.unwrap();
    let batches: Vec<Value> =
        service.seen().iter().flat_map(|seen| serde_json::from_slice::<Vec<Value>>(&seen.body).unwrap()).collect();
    let mut told: Vec<_> =
        batches.iter().map(|event| (event["type"].as_str(), event["subject"].as_str(), &event["data"])).collect();
    told.sort_by_key(|(kind, ..)| *kind);
    assert_eq!(
        told,
        [(Some("llm"), Some("alice"), &json!({ "tokens": 7 })), (Some("request"), Some("bob"), &json!(null))]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_code_says_is_checked_decides_and_where_it_says_nothing_nobody_passes() {
    let service = service().await;
    let options = json!({ "apiUrl": service.url(), "storeId": "S1", "authorizationModelId": "M1",
        "credentials": { "method": "none" } });
    let project = Scripted::new()
        .await
        .module("asking.ts", MODULE)
        .policy("identify", "asking", "identify", json!({}))
        .policy("folder", "asking", "folder", json!({}))
        .built_in("check", "OpenFGAAuthZInboundPolicy", options)
        .forwarded("/folder", "get", &["identify", "folder", "check"], &[]);
    let gateway = project.start().await;
    for (path, status) in
        [("/folder?who=alice&folder=hers", 200), ("/folder?who=alice&folder=his", 403), ("/folder?who=alice", 403)]
    {
        assert_eq!(gateway.get(path, None).await.status, status, "{path}\n{}", gateway.child.output());
    }
    let asked: Value = serde_json::from_slice(&service.seen()[0].body).unwrap();
    let tuple = json!({ "user": "user:alice", "relation": "viewer", "object": "folder:hers" });
    assert_eq!(asked, json!({ "tuple_key": tuple, "authorization_model_id": "M1" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_that_code_asks_for_keeps_answers_from_one_request_to_the_next() {
    let project = Scripted::new()
        .await
        .module("asking.ts", MODULE)
        .policy("identify", "asking", "identify", json!({}))
        .policy("keep", "asking", "keep", json!({}))
        .forwarded("/kept", "get", &["identify", "keep"], &[]);
    let gateway = project.start().await;
    for (path, status) in [
        ("/kept?who=alice", "tollgate;fwd=uri-miss;stored"),
        ("/kept?who=alice", "tollgate;hit;ttl="),
        ("/kept?who=bob", "tollgate;fwd=uri-miss;stored"),
    ] {
        let reply = gateway.get(path, None).await;
        assert_eq!((reply.status.as_u16(), &reply.body[..]), (200, &b"ok"[..]), "{}", gateway.child.output());
        let said = reply.headers["cache-status"].to_str().unwrap();
        assert!(said.starts_with(status), "{path}: {said}");
    }
    assert_eq!(project.upstream.seen().len(), 2);
}
