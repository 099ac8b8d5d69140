use http::header::{AUTHORIZATION, HeaderName};
use serde_json::json;

use super::*;
use crate::testing::{Room, passed, refused, request, run, user};
use crate::{api_key, composite, ip_restriction, open_id_jwt_auth, rate_limit};

/// A policy that leaves traces everywhere and then refuses.
#[derive(Debug)]
struct Messy;

static MESSY: tollgate_core::Reason = tollgate_core::Reason {
    name: "messy.missing",
    code: "messy",
    status: 401,
    title: "Unauthorized",
    fault: tollgate_core::Fault::Client,
    meaning: "",
    fix: "",
};

impl Policy for Messy {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        exchange.user = Some(user("mallory", json!({})));
        exchange.custom.insert("mess".into(), json!(true));
        exchange.target.forward_path = "/mess".into();
        exchange.record.fields.insert("mess".into(), json!(true));
        exchange.answer_with(HeaderName::from_static("x-mess"), HeaderValue::from_static("1"));
        request.headers_mut().clear();
        request.headers_mut().insert("x-mess", HeaderValue::from_static("1"));
        *request.uri_mut() = http::Uri::from_static("/mess");
        Problem::new(&MESSY, "mess").into()
    }
}

fn room() -> Room {
    let mut room = Room::new();
    room.name("key", &api_key::KIND, json!({}));
    room.name("optional-key", &api_key::KIND, json!({ "allowUnauthenticatedRequests": true }));
    room.name("token", &open_id_jwt_auth::KIND, json!({ "secret": "s" }));
    room.name("inside", &ip_restriction::KIND, json!({ "allow": ["192.0.2.0/24"] }));
    room.name("limited", &rate_limit::KIND, json!({ "rate": "1/m" }));
    room.named.insert("messy".into(), Arc::new(Messy));
    room
}

/// The caller's name, or the reason, who spoke, and the challenges.
async fn outcome(
    members: &[&str],
    fields: &[(&str, &str)],
) -> Result<Option<String>, (&'static str, String, Vec<String>)> {
    let room = room();
    let policy = room.build(&KIND, json!({ "policies": members })).unwrap();
    let (mut exchange, mut request) = (room.exchange(), request(fields));
    match run(&policy, &mut exchange, &mut request).await {
        Flow::Continue => {
            assert!(exchange.record.refusal.is_none(), "who was let through was not refused");
            Ok(exchange.user.map(|user| user.sub.to_string()))
        }
        Flow::Refuse(problem) => {
            let challenges = problem.headers.get_all(WWW_AUTHENTICATE).iter();
            let challenges = challenges.map(|value| value.to_str().unwrap().to_owned()).collect();
            let noted = exchange.record.refusal.unwrap();
            assert_eq!(noted.reason, problem.reason);
            Err((problem.reason.name, noted.policy.unwrap().to_string(), challenges))
        }
        Flow::Respond(response) => panic!("{response:?}"),
    }
}

#[tokio::test]
async fn the_first_that_knows_the_caller_decides() {
    let key = [("authorization", "Bearer good")];
    let token = [("authorization", r#"Bearer {"sub":"bob"}"#)];
    for members in [["key", "token"], ["token", "key"]] {
        assert_eq!(outcome(&members, &key).await, Ok(Some("alice".into())));
        assert_eq!(outcome(&members, &token).await, Ok(Some("bob".into())));
    }
}

#[tokio::test]
async fn where_all_refuse_the_one_answers_that_knew_the_credential() {
    for (credential, reason, who) in [
        (None, "key.missing", "key"),
        (Some("Basic Zm9v"), "key.malformed", "key"),
        (Some("Bearer gibberish"), "key.malformed", "key"),
        (Some("Bearer revoked"), "key.revoked", "key"),
        (Some("Bearer expired"), "key.expired", "key"),
        (Some("Bearer signature"), "token.signature", "token"),
        // To a keyring that takes keys of any form, a token is a key that nobody knows.
        (Some("Bearer not-yet"), "token.claim", "token"),
        (Some("Bearer tg_nobody"), "key.unknown", "key"),
        (Some("Bearer keys"), "token.keys_unavailable", "token"),
        (Some("Bearer unavailable"), "store.unavailable", "key"),
    ] {
        let fields: Vec<_> = credential.iter().map(|credential| ("authorization", *credential)).collect();
        let (name, policy, _) = outcome(&["key", "token"], &fields).await.unwrap_err();
        assert_eq!((name, policy.as_str()), (reason, who), "{credential:?}");
    }
}

#[tokio::test]
async fn a_client_that_could_authenticate_learns_so() {
    let mut room = room();
    room.name("outside", &ip_restriction::KIND, json!({ "deny": ["192.0.2.0/24"] }));
    let policy = room.build(&KIND, json!({ "policies": ["outside", "key"] })).unwrap();
    let (mut exchange, mut request) = (room.exchange(), request(&[]));
    assert_eq!(refused(run(&policy, &mut exchange, &mut request).await).reason.name, "key.missing");
}

#[tokio::test]
async fn a_401_carries_every_challenge_once() {
    let mut room = room();
    room.name("header", &api_key::KIND, json!({ "authHeader": "x-api-key" }));
    let policy = room.build(&KIND, json!({ "policies": ["key", "header", "token"] })).unwrap();
    let (mut exchange, mut request) = (room.exchange(), request(&[]));
    let problem = refused(run(&policy, &mut exchange, &mut request).await);
    let challenges: Vec<_> = problem.headers.get_all(WWW_AUTHENTICATE).iter().collect();
    assert_eq!(challenges, ["Bearer realm=\"api\"", "ApiKey realm=\"api\", header=\"x-api-key\""]);
}

#[tokio::test]
async fn nothing_that_a_failed_alternative_did_stays() {
    let room = room();
    let policy = room.build(&KIND, json!({ "policies": ["messy", "key"] })).unwrap();
    let (mut exchange, mut request) = (room.exchange(), request(&[("authorization", "Bearer good"), ("x-kept", "1")]));
    passed(run(&policy, &mut exchange, &mut request).await);
    assert_eq!(&*exchange.user.as_ref().unwrap().sub, "alice");
    assert!(request.headers().contains_key("x-kept") && !request.headers().contains_key("x-mess"));
    assert_eq!((request.uri().path(), exchange.target.forward_path.as_str()), ("/pets", "/pets"));
    assert!(exchange.custom.is_empty() && exchange.response_headers.is_empty() && exchange.record.fields.is_empty());
}

#[tokio::test]
async fn nor_where_all_of_them_fail() {
    let room = room();
    let policy = room.build(&KIND, json!({ "policies": ["messy"] })).unwrap();
    let (mut exchange, mut request) = (room.exchange(), request(&[]));
    assert_eq!(refused(run(&policy, &mut exchange, &mut request).await).reason.name, "messy.missing");
    assert!(exchange.user.is_none() && exchange.response_headers.is_empty() && exchange.custom.is_empty());
}

#[tokio::test]
async fn one_that_knows_nobody_counts_only_if_no_other_knows_the_caller() {
    let token = [("authorization", r#"Bearer {"sub":"bob"}"#)];
    assert_eq!(outcome(&["inside", "token"], &token).await, Ok(Some("bob".into())));
    assert_eq!(outcome(&["optional-key", "token"], &token).await, Ok(Some("bob".into())));
    assert_eq!(outcome(&["optional-key", "token"], &[]).await, Ok(None));
    assert_eq!(outcome(&["token", "inside"], &[]).await, Ok(None));
}

#[tokio::test]
async fn a_user_that_was_known_before_is_no_proof_for_a_member() {
    let room = room();
    let policy = room.build(&KIND, json!({ "policies": ["key"] })).unwrap();
    let (mut exchange, mut request) = (room.exchange(), request(&[]));
    exchange.user = Some(user("earlier", json!({})));
    assert_eq!(refused(run(&policy, &mut exchange, &mut request).await).reason.name, "key.missing");
    assert_eq!(&*exchange.user.unwrap().sub, "earlier");
}

#[tokio::test]
async fn a_member_may_be_a_sequence_and_its_refusal_is_noted_once() {
    let mut room = room();
    room.name("limited-key", &composite::KIND, json!({ "policies": ["key", "limited"] }));
    let policy = room.build(&KIND, json!({ "policies": ["limited-key", "token"] })).unwrap();
    for expected in [None, Some("limit.exceeded")] {
        let (mut exchange, mut request) = (room.exchange(), request(&[("authorization", "Bearer good")]));
        let flow = run(&policy, &mut exchange, &mut request).await;
        match expected {
            None => {
                passed(flow);
                let visits: Vec<_> = exchange.record.visits.iter().map(|visit| &*visit.policy).collect();
                assert_eq!(visits, ["key", "limited", "limited-key"]);
            }
            Some(reason) => {
                assert_eq!(refused(flow).reason.name, reason);
                assert_eq!(exchange.record.refusal.unwrap().policy.as_deref(), Some("limited"));
                assert!(exchange.user.is_none());
                assert!(request.headers().contains_key(AUTHORIZATION));
            }
        }
    }
}

#[test]
fn mistakes_in_the_options_are_found_at_load() {
    let room = room();
    assert_eq!(room.build(&KIND, json!({ "policies": [] })).unwrap_err().pointer, "/policies");
    assert_eq!(room.build(&KIND, json!({ "policies": ["key", "nobody"] })).unwrap_err().pointer, "/policies/1");
    assert!(room.build(&KIND, json!({})).is_err());
}
