use http::HeaderMap;
use serde_json::json;
use tollgate_core::settings::UpstreamSettings;

use super::*;
use crate::testing::{Room, passed, refused, request, route, run, user};

/// What the issuer was asked for, read from where the token would be.
fn asked(headers: &HeaderMap, name: &str, prefix: &str) -> Value {
    let mut fields = headers.get_all(name).iter();
    let field = fields.next().unwrap().to_str().unwrap();
    assert!(fields.next().is_none(), "{name} stands there twice");
    serde_json::from_str(field.strip_prefix(prefix).unwrap()).unwrap()
}

async fn signed(options: Value, user: Option<User>) -> Value {
    let room = Room::new();
    let policy = room.build(&KIND, options).unwrap();
    let (mut exchange, mut request) = (room.exchange(), request(&[]));
    exchange.user = user;
    passed(run(&policy, &mut exchange, &mut request).await);
    asked(request.headers(), "authorization", "Bearer ")
}

fn alice() -> Option<User> {
    Some(user("alice", json!({ "plan": "gold", "org": { "id": 7 }, "none": null, "sub": "admin" })))
}

#[tokio::test]
async fn the_token_is_the_callers_and_has_no_audience_unless_one_is_configured() {
    assert_eq!(signed(json!({}), alice()).await, json!({ "sub": "alice", "aud": null, "for": 300, "claims": {} }));
    let options = json!({ "audience": "backend", "expiresIn": "1m", "subject": "gateway" });
    let expected = json!({ "sub": "gateway", "aud": "backend", "for": 60, "claims": {} });
    assert_eq!(signed(options, alice()).await, expected);
}

#[tokio::test]
async fn a_caller_that_nobody_knows_is_the_gateway_itself() {
    assert_eq!(signed(json!({}), None).await["sub"], "api-gateway");
}

#[tokio::test]
async fn claims_come_from_the_user_where_it_has_them() {
    let options = json!({
        "claimsFromUser": { "who": "sub", "plan": "data.plan", "org": ".data.org.id", "gone": "data.nothing", "none": "data.none" },
        "claims": { "tier": "user.data.plan", "short": "plan" },
        "additionalClaims": { "env": "test", "plan": "overwritten" },
    });
    let expected = json!({ "env": "test", "plan": "gold", "who": "alice", "org": 7, "tier": "gold", "short": "gold" });
    assert_eq!(signed(options, alice()).await["claims"], expected);
}

#[tokio::test]
async fn metadata_that_is_called_sub_does_not_become_the_subject() {
    assert_eq!(signed(json!({ "claimsFromUser": { "who": "sub" } }), alice()).await["claims"]["who"], "alice");
}

#[tokio::test]
async fn a_subject_among_the_claims_is_the_subject() {
    let from_user = json!({ "claimsFromUser": { "sub": "data.org.id" } });
    assert_eq!(signed(from_user, alice()).await, json!({ "sub": "7", "aud": null, "for": 300, "claims": {} }));
    let fixed = signed(json!({ "additionalClaims": { "sub": "fixed", "aud": "backend" } }), alice()).await;
    assert_eq!(fixed, json!({ "sub": "fixed", "aud": "backend", "for": 300, "claims": {} }));
}

#[tokio::test]
async fn claims_of_a_user_that_is_not_there_are_refused() {
    let room = Room::new();
    let policy = room.build(&KIND, json!({ "claimsFromUser": { "plan": "data.plan" } })).unwrap();
    let (mut exchange, mut request) = (room.exchange(), request(&[("authorization", "Bearer theirs")]));
    let problem = refused(run(&policy, &mut exchange, &mut request).await);
    assert_eq!((problem.reason.name, problem.status.as_u16()), ("sign.no_user", 401));
    assert!(problem.headers.contains_key(WWW_AUTHENTICATE));
}

#[tokio::test]
async fn whatever_the_client_sent_in_the_field_is_gone_even_where_signing_fails() {
    let room = Room::new();
    let policy = room.build(&KIND, json!({ "headerName": "X-Gateway-Token", "tokenPrefix": "" })).unwrap();
    let forged =
        [("x-gateway-token", "forged"), ("X-Gateway-Token", "forged too"), ("authorization", "Bearer the.clients.own")];
    let (mut exchange, mut request) = (room.exchange(), request(&forged));
    passed(run(&policy, &mut exchange, &mut request).await);
    assert_eq!(asked(request.headers(), "x-gateway-token", "")["sub"], "api-gateway");
    assert_eq!(request.headers()[AUTHORIZATION], "Bearer the.clients.own", "the client's token passes beside ours");

    let (mut exchange, mut request) = (room.exchange(), crate::testing::request(&forged));
    exchange.user = Some(user("unsignable", json!({})));
    let problem = refused(run(&policy, &mut exchange, &mut request).await);
    assert_eq!(problem.reason.name, "sign.failed");
    assert!(!problem.detail.contains("signing key"), "the cause is for the log");
    assert!(!request.headers().contains_key("x-gateway-token"));
}

#[tokio::test]
async fn the_audience_is_the_upstreams_where_the_policy_names_none() {
    let mut room = Room::new();
    let mut upstream = UpstreamSettings::new("http://127.0.0.1:8888");
    upstream.audience = Some("todo-backend".into());
    room.settings.upstreams.insert("todo".into(), UpstreamOrUrl::Upstream(Box::new(upstream)));
    room.settings.upstreams.insert("plain".into(), UpstreamOrUrl::Url("http://127.0.0.1:8889".into()));
    for (options, handler, audience) in [
        (json!({}), json!({ "upstream": "todo" }), json!("todo-backend")),
        (json!({}), json!({ "upstream": "plain" }), json!(null)),
        (json!({}), json!({ "upstream": "http://127.0.0.1:8888" }), json!(null)),
        (json!({}), json!({}), json!(null)),
        (json!({ "audience": "mine" }), json!({ "upstream": "todo" }), json!("mine")),
    ] {
        let shared = room.build(&KIND, options).unwrap();
        let policy = shared.bind(&route(handler)).unwrap().unwrap_or(shared);
        let (mut exchange, mut request) = (room.exchange(), request(&[]));
        passed(run(&policy, &mut exchange, &mut request).await);
        assert_eq!(asked(request.headers(), "authorization", "Bearer ")["aud"], audience);
    }
}

#[test]
fn mistakes_in_the_options_are_found_at_load() {
    let room = Room::new();
    for (options, pointer) in [
        (json!({ "headerName": "X Token" }), "/headerName"),
        (json!({ "tokenPrefix": "a\nb" }), "/tokenPrefix"),
        (json!({ "expiresIn": 0 }), "/expiresIn"),
        (json!({ "expiresIn": "soon" }), "/expiresIn"),
        (json!({ "additionalClaims": { "iss": "me" } }), "/additionalClaims/iss"),
        (json!({ "additionalClaims": { "sub": 7 } }), "/additionalClaims/sub"),
        (json!({ "claimsFromUser": { "exp": "data.exp" } }), "/claimsFromUser/exp"),
        (json!({ "claimsFromUser": { "aud": "data.aud" } }), "/claimsFromUser/aud"),
        (json!({ "claimsFromUser": { "a/b": "data..x" } }), "/claimsFromUser/a~1b"),
        (json!({ "claimsFromUser": { "a": "sub" }, "claims": { "a": "sub" } }), "/claims/a"),
    ] {
        assert_eq!(room.build(&KIND, options.clone()).unwrap_err().pointer, pointer, "{options}");
    }
}
