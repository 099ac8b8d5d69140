//! Packages of npm, as they are installed, in modules that do with them what people do. `make node` puts
//! them into target/node.

use std::path::Path;

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tollgate_testkit::{CapturingUpstream, Seen};

use crate::project::{Scripted, good, send};
use crate::support::Gateway;

/// A module of the folder beside this file.
macro_rules! module {
    ($name:literal) => {
        ($name, include_str!(concat!("packages/", $name)))
    };
}

/// A project with one module, whose exports each end the route that follows; and the packages.
async fn project((name, text): (&str, &str), routes: &[(&str, &str, &str)]) -> Scripted {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/node/node_modules");
    let installed = installed.canonicalize().expect("`make node` installs the packages");
    let project = Scripted::new().await.module(name, text);
    std::os::unix::fs::symlink(installed, project.world.path().join("node_modules")).unwrap();
    let module = name.trim_end_matches(".ts");
    let handled = |project: Scripted, (export, method, path): &(&str, &str, &str)| {
        project.handled(path, method, (module, export), &[], &[])
    };
    routes.iter().fold(project, handled)
}

/// What a GET with these fields is answered with, which must be good.
async fn got(gateway: &Gateway, path: &str, headers: &[(&str, &str)]) -> Value {
    let reply = send(gateway, Method::GET, path, headers, "").await;
    good(&reply, gateway)
}

fn answer(status: u16, kind: &str, body: impl Into<Bytes>) -> Response<Bytes> {
    Response::builder().status(status).header("content-type", kind).body(body.into()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn zod_checks_and_completes_bodies() {
    let routes = [("default", "post", "/order"), ("asynchronous", "get", "/name"), ("schema", "get", "/schema")];
    let project = project(module!("zod.ts"), &routes).await;
    let gateway = project.start().await;
    let order = json!({
        "id": "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "email": "ada@example.com", "placed": "2026-02-27T13:00:00Z",
        "items": [{ "sku": "AB-12", "count": 3 }, { "sku": "CD-3" }], "payment": { "kind": "card", "last4": "4242" },
    });
    let reply = send(&gateway, Method::POST, "/order", &[], &order.to_string()).await;
    let expected = json!({ "id": order["id"], "year": 2026, "pieces": 4, "payment": order["payment"] });
    assert_eq!(good(&reply, &gateway), expected);
    let wrong = json!({
        "id": "x", "email": "nobody", "placed": "2026-02-27", "items": [{ "sku": "a", "count": 1.5 }],
        "payment": { "kind": "invoice", "days": 90 },
    });
    let reply = send(&gateway, Method::POST, "/order", &[], &wrong.to_string()).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", gateway.child.output());
    let issues = reply.json();
    let paths: Vec<&str> =
        issues["issues"].as_array().unwrap().iter().map(|issue| issue["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["id", "email", "items.0.sku", "items.0.count", "payment.days"]);
    assert_eq!(issues["issues"][1]["message"], "Invalid email address");
    assert_eq!(issues["tree"]["fieldErrors"]["id"], json!(["Invalid UUID"]));
    assert_eq!(got(&gateway, "/name?name=ada", &[]).await, json!({ "name": "ada" }));
    let refused = got(&gateway, "/name?name=bob", &[]).await;
    assert_eq!(refused, json!({ "zod": true, "message": "✖ must begin with a" }));
    assert_eq!(got(&gateway, "/schema", &[]).await["properties"]["count"]["default"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_of_hono_answers_for_the_routes_below_it() {
    let routes = [("default", "get", "/app/(.*)"), ("default", "post", "/app/(.*)")];
    let project = project(module!("hono.ts"), &routes).await;
    let gateway = project.start().await;
    let reply = send(&gateway, Method::GET, "/app/books/12?tag=a&tag=b", &[("user-agent", "test")], "").await;
    assert_eq!(good(&reply, &gateway), json!({ "id": "12", "tags": ["a", "b"], "agent": "test" }));
    assert_eq!(reply.header("x-hono"), "yes");
    let title = [("content-type", "application/json")];
    let made = send(&gateway, Method::POST, "/app/books", &title, r#"{"title":"Emma"}"#).await;
    assert_eq!((made.status, made.json()), (StatusCode::CREATED, json!({ "made": "Emma" })));
    let refused = send(&gateway, Method::POST, "/app/books", &title, "{}").await;
    assert_eq!((refused.status.as_u16(), &*refused.body), (400, &b"a title is missing"[..]));
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let reply = send(&gateway, Method::POST, "/app/form", &form, "a=1&b=two+words").await;
    assert_eq!(good(&reply, &gateway), json!({ "a": "1", "b": "two words" }));
    let status = send(&gateway, Method::GET, "/app/admin/status", &[], "").await;
    assert_eq!((status.status.as_u16(), status.header("www-authenticate")), (401, r#"Bearer realm="""#));
    let token = [("authorization", "Bearer a-token-of-the-test")];
    assert_eq!(got(&gateway, "/app/admin/status", &token).await, json!({ "fine": true }));
    let cookie = send(&gateway, Method::GET, "/app/cookie", &[("cookie", "a=b; seen=4")], "").await;
    assert_eq!(cookie.header("set-cookie"), "seen=5; Path=/; HttpOnly");
    assert_eq!(&*gateway.get("/app/stream", None).await.body, b"one two three", "{}", gateway.child.output());
    for (path, status, text) in
        [("/app/teapot", 418, "short and stout"), ("/app/nowhere", 404, r#"{"nothing":"/app/nowhere"}"#)]
    {
        let reply = gateway.get(path, None).await;
        assert_eq!((reply.status.as_u16(), &*reply.body), (status, text.as_bytes()), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn jose_signs_verifies_and_encrypts() {
    let routes =
        [("symmetric", "get", "/symmetric"), ("asymmetric", "get", "/asymmetric"), ("encrypted", "get", "/encrypted")];
    let project = project(module!("jose.ts"), &routes).await;
    // An RSA key takes its time.
    let project = project.file("tollgate.yaml", "scripts: { cpu: 20s }\n");
    let gateway = project.start().await;
    let expected = json!({
        "header": { "alg": "HS256" }, "plan": "gold", "seconds": 120,
        "forged": "ERR_JWS_SIGNATURE_VERIFICATION_FAILED", "late": "ERR_JWT_EXPIRED",
        "audience": "ERR_JWT_CLAIM_VALIDATION_FAILED", "unsigned": "ERR_JOSE_NOT_SUPPORTED",
    });
    assert_eq!(got(&gateway, "/symmetric", &[]).await, expected);
    for (alg, kty) in [("RS256", "RSA"), ("PS256", "RSA"), ("ES256", "EC"), ("ES384", "EC"), ("EdDSA", "OKP")] {
        let answer = got(&gateway, &format!("/asymmetric?alg={alg}"), &[]).await;
        assert_eq!(answer, json!({ "alg": alg, "kty": kty, "thumbprint": 43 }));
    }
    assert_eq!(got(&gateway, "/encrypted", &[]).await, json!({ "text": "hidden", "parts": 5, "a": 1 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn jose_verifies_tokens_of_the_gateways_issuer_by_its_published_keys() {
    let project = project(module!("jose.ts"), &[("issued", "get", "/issued")]).await;
    let options = json!({ "audience": "things", "additionalClaims": { "plan": "gold" } });
    let project = project.built_in("sign", "UpstreamZuploJwtAuthInboundPolicy", options);
    let project = project.forwarded("/signed", "get", &["sign"], &[]);
    let gateway = project.start().await;
    gateway.get("/signed", None).await;
    let seen = project.upstream.last().unwrap();
    let token = seen.header("authorization").unwrap();
    let discovery = gateway.get("/__tollgate/issuer/.well-known/openid-configuration", None).await.json();
    let jwks = discovery["jwks_uri"].as_str().unwrap();
    for _ in 0..3 {
        let headers = [("authorization", token), ("x-jwks", jwks), ("x-audience", "things")];
        let verified = got(&gateway, "/issued", &headers).await;
        assert_eq!(verified["payload"]["iss"], discovery["issuer"]);
        assert_eq!(verified["payload"]["plan"], "gold");
    }
    let headers = [("authorization", token), ("x-jwks", jwks), ("x-audience", "others")];
    let refused = send(&gateway, Method::GET, "/issued", &headers, "").await;
    assert_eq!(refused.status, StatusCode::INTERNAL_SERVER_ERROR, "what throws denies");
    assert!(gateway.child.output().contains(r#"unexpected \"aud\" claim value"#), "{}", gateway.child.output());
}

#[tokio::test(flavor = "multi_thread")]
async fn cookie_reads_and_writes_cookies() {
    let project = project(module!("cookie.ts"), &[("default", "get", "/")]).await;
    let gateway = project.start().await;
    let reply = send(&gateway, Method::GET, "/", &[("cookie", "a=1; name=%C3%BC%20x; a=2")], "").await;
    assert_eq!(good(&reply, &gateway), json!({ "cookies": { "a": "1", "name": "ü x" } }));
    let set: Vec<&str> = reply.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    let expected = [
        "session=a%20b%2F%C3%BC; Max-Age=60; Path=/; HttpOnly; SameSite=Lax",
        "old=; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    ];
    assert_eq!(set, expected);
}

/// A model behind the interface that the package speaks.
fn model(seen: &Seen) -> Response<Bytes> {
    let asked: Value = serde_json::from_slice(&seen.body).unwrap_or_default();
    if asked["model"] == "gone" {
        let error =
            json!({ "error": { "message": "no such model", "code": "model_not_found", "type": "x", "param": null } });
        return answer(404, "application/json", error.to_string());
    }
    if asked["stream"] == true {
        let chunk = |text: &str| json!({ "id": "c", "object": "chat.completion.chunk", "choices": [{ "index": 0, "delta": { "content": text } }] });
        let events = ["Hel", "lo, ", "wörld"].map(|text| format!("data: {}\n\n", chunk(text)));
        return answer(200, "text/event-stream", format!(": hello\r\n\r\n{}data: [DONE]\n\n", events.concat()));
    }
    let message = json!({ "role": "assistant", "content": "Hello." });
    let completion = json!({
        "id": "c", "object": "chat.completion", "choices": [{ "index": 0, "message": message }], "usage": { "total_tokens": 7 },
    });
    answer(200, "application/json", completion.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn openai_asks_a_model_and_reads_its_answer_as_it_comes() {
    let upstream = CapturingUpstream::answering(model).await.unwrap();
    let base = format!("{}/v1", upstream.url());
    let base = [("x-base", base.as_str())];
    let routes = [
        ("whole", "get", "/whole"),
        ("streamed", "get", "/streamed"),
        ("passed", "get", "/passed"),
        ("refused", "get", "/refused"),
    ];
    let project = project(module!("openai.ts"), &routes).await;
    let gateway = project.start().await;
    assert_eq!(got(&gateway, "/whole", &base).await, json!({ "text": "Hello.", "tokens": 7 }));
    let asked = upstream.last().unwrap();
    assert_eq!(
        (asked.target.as_str(), asked.header("authorization")),
        ("/v1/chat/completions", Some("Bearer sk-of-the-test"))
    );
    assert_eq!(got(&gateway, "/streamed", &base).await, json!({ "parts": ["Hel", "lo, ", "wörld"] }));
    let passed = send(&gateway, Method::GET, "/passed", &base, "").await;
    let lines: Vec<Value> = passed
        .body
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 3, "{:?}\n{}", passed.body, gateway.child.output());
    assert_eq!(lines[2]["choices"][0]["delta"]["content"], "wörld");
    let refused = json!({ "status": 404, "code": "model_not_found", "message": "404 no such model" });
    assert_eq!(got(&gateway, "/refused", &base).await, refused);
}

/// A database behind the interface that the package speaks.
fn database(seen: &Seen) -> Response<Bytes> {
    let (path, _) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
    match (seen.method.as_str(), path) {
        ("GET", "/rest/v1/countries") => {
            let mut answer =
                answer(206, "application/json", r#"[{"id":1,"name":"Albania"},{"id":2,"name":"Andorra"}]"#);
            answer.headers_mut().insert("content-range", "0-1/44".parse().unwrap());
            answer
        }
        ("POST", "/rest/v1/countries") => {
            answer(201, "application/vnd.pgrst.object+json", r#"{"id":45,"name":"Malta"}"#)
        }
        ("POST", "/rest/v1/rpc/broken") => answer(
            400,
            "application/json",
            r#"{"code":"P0001","message":"broken on purpose","details":null,"hint":null}"#,
        ),
        ("POST", "/functions/v1/hello") => answer(200, "application/json", r#"{"greeting":"Hello Ada"}"#),
        _ => answer(404, "application/json", r#"{"message":"there is nothing here"}"#),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn supabase_reads_and_writes_rows() {
    let upstream = CapturingUpstream::answering(database).await.unwrap();
    let url = upstream.url();
    let base = [("x-base", url.as_str())];
    let routes = [
        ("rows", "get", "/rows"),
        ("added", "get", "/added"),
        ("called", "get", "/called"),
        ("invoked", "get", "/invoked"),
    ];
    let project = project(module!("supabase.ts"), &routes).await;
    let gateway = project.start().await;
    let rows =
        json!({ "data": [{ "id": 1, "name": "Albania" }, { "id": 2, "name": "Andorra" }], "error": null, "count": 44 });
    assert_eq!(got(&gateway, "/rows", &base).await, rows);
    let asked = upstream.last().unwrap();
    assert_eq!(asked.target, "/rest/v1/countries?select=id%2Cname&continent=eq.Europe&order=name.asc&limit=2");
    assert_eq!(asked.header("apikey"), Some("an-anonymous-key"));
    let added = json!({ "data": { "id": 45, "name": "Malta" }, "error": null, "status": 201 });
    assert_eq!(got(&gateway, "/added", &base).await, added);
    assert_eq!(&*upstream.last().unwrap().body, br#"{"name":"Malta"}"#);
    let called = json!({ "data": null, "code": "P0001", "message": "broken on purpose" });
    assert_eq!(got(&gateway, "/called", &base).await, called);
    let invoked = json!({ "data": { "greeting": "Hello Ada" }, "error": null });
    assert_eq!(got(&gateway, "/invoked", &base).await, invoked);
}

#[tokio::test(flavor = "multi_thread")]
async fn itty_router_answers_for_the_routes_below_it() {
    let routes = [("default", "get", "/itty/(.*)"), ("default", "post", "/itty/(.*)")];
    let project = project(module!("itty.ts"), &routes).await;
    let gateway = project.start().await;
    let reply = gateway.get("/itty/todos/7", None).await;
    assert_eq!(good(&reply, &gateway), json!({ "id": "7" }));
    assert_eq!(reply.header("x-itty"), "yes");
    let made = send(&gateway, Method::POST, "/itty/todos", &[], r#"{"title":"Rest"}"#).await;
    assert_eq!((made.status, made.json()), (StatusCode::CREATED, json!({ "made": "Rest" })));
    for (path, status, error) in
        [("/itty/gone", 410, "gone for good"), ("/itty/broken", 500, "broken"), ("/itty/nowhere", 404, "Not Found")]
    {
        let reply = gateway.get(path, None).await;
        assert_eq!((reply.status.as_u16(), reply.json()["error"].as_str()), (status, Some(error)), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn uuid_and_date_fns_make_ids_and_dates() {
    let project = project(module!("small.ts"), &[("ids", "get", "/ids"), ("dates", "get", "/dates")]).await;
    let gateway = project.start().await;
    let ids = json!({
        "versions": [4, 7], "different": 100, "ordered": true, "named": "28627cd7-edef-5013-821d-34dc93a74b92", "round": true, "refused": false,
    });
    assert_eq!(got(&gateway, "/ids", &[]).await, ids);
    let dates = json!({
        "english": "Friday, February 27th 2026, 1:05:09 PM", "german": "Freitag, 27. Februar 2026",
        "business": "2026-03-04", "days": 2, "distance": "about 3 hours ago", "utc": "2026-02-27T11:00:00.000Z",
    });
    assert_eq!(got(&gateway, "/dates", &[]).await, dates);
}

#[tokio::test(flavor = "multi_thread")]
async fn code_from_text_is_refused_with_a_sentence_that_says_so() {
    let project = project(module!("compiler.ts"), &[("default", "get", "/"), ("quiet", "get", "/quiet")]).await;
    let gateway = project.start().await;
    assert_eq!(gateway.get("/", None).await.status, StatusCode::INTERNAL_SERVER_ERROR);
    let output = gateway.child.output();
    assert!(output.contains("Function is not available: code comes from modules only"), "{output}");
    assert!(output.contains("modules/compiler.ts:3"), "{output}");
    assert_eq!(got(&gateway, "/quiet", &[]).await, json!({ "works": false, "eval": "undefined" }));
}
