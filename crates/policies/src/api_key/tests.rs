use std::sync::atomic::Ordering;

use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use serde_json::{Value, json};
use tollgate_core::exchange::Credential;

use super::*;
use crate::testing::{Room, passed, refused, request, run};

const INVALID: &str = "API Key is invalid or does not have access to the API";

/// What a request with these fields comes to: the consumer's name, or the reason, detail and
/// challenge of the refusal.
async fn outcome(options: Value, fields: &[(&str, &str)]) -> Result<Option<String>, (&'static str, String, String)> {
    let room = Room::new();
    let (policy, mut exchange, mut request) = (room.build(&KIND, options).unwrap(), room.exchange(), request(fields));
    match run(&policy, &mut exchange, &mut request).await {
        Flow::Continue => Ok(exchange.user.map(|user| user.sub.to_string())),
        Flow::Refuse(problem) => {
            let challenge = problem.headers.get(WWW_AUTHENTICATE).map(|value| value.to_str().unwrap().to_owned());
            Err((problem.reason.name, problem.detail.to_string(), challenge.unwrap_or_default()))
        }
        Flow::Respond(response) => panic!("{response:?}"),
    }
}

#[track_caller]
fn reason(outcome: &Result<Option<String>, (&'static str, String, String)>) -> &'static str {
    outcome.as_ref().unwrap_err().0
}

#[tokio::test]
async fn a_good_key_says_who_calls_and_does_not_go_on() {
    let room = Room::new();
    let policy = room.build(&KIND, json!({})).unwrap();
    for slow in [false, true] {
        room.keyring.slow.store(slow, Ordering::Relaxed);
        let (mut exchange, mut request) = (room.exchange(), request(&[("authorization", "Bearer good")]));
        passed(run(&policy, &mut exchange, &mut request).await);
        let user = exchange.user.unwrap();
        assert_eq!((&*user.sub, &*user.data), ("alice", &json!({ "plan": "gold" })));
        assert!(matches!(user.credential, Credential::Key { version: 3, .. }));
        assert!(!request.headers().contains_key(AUTHORIZATION), "the upstream must not see the key");
    }
}

#[tokio::test]
async fn the_key_is_forwarded_only_on_request() {
    let room = Room::new();
    let policy = room.build(&KIND, json!({ "forwardKey": true })).unwrap();
    let (mut exchange, mut request) = (room.exchange(), request(&[("authorization", "Bearer good")]));
    passed(run(&policy, &mut exchange, &mut request).await);
    assert_eq!(request.headers()[AUTHORIZATION], "Bearer good");
}

#[tokio::test]
async fn every_wrong_key_gets_the_same_answer_and_its_own_reason() {
    let mut answers = Vec::new();
    for (key, expected) in [
        ("tg_nobody", "key.unknown"),
        ("gibberish", "key.malformed"),
        ("revoked", "key.revoked"),
        ("expired", "key.expired"),
        ("development", "key.development_only"),
    ] {
        let outcome = outcome(json!({}), &[("authorization", &format!("Bearer {key}"))]).await;
        let (name, detail, challenge) = outcome.unwrap_err();
        assert_eq!(name, expected);
        answers.push((detail, challenge));
    }
    answers.dedup();
    assert_eq!(answers, [(INVALID.to_owned(), "Bearer realm=\"api\", error=\"invalid_token\"".to_owned())]);
    let codes = KIND.reasons.iter().filter(|reason| reason.status == 401 && reason.name != "key.missing");
    assert!(codes.clone().all(|reason| reason.code == "key-refused" && reason.title == "Unauthorized"));
}

#[tokio::test]
async fn without_a_key_the_challenge_names_no_error() {
    let (name, detail, challenge) = outcome(json!({}), &[]).await.unwrap_err();
    assert_eq!((name, detail.as_str()), ("key.missing", "No Authorization Header"));
    assert_eq!(challenge, "Bearer realm=\"api\"");
    let (name, detail, challenge) = outcome(json!({}), &[("authorization", "Basic Zm9v")]).await.unwrap_err();
    assert_eq!((name, detail.as_str()), ("key.malformed", "Invalid Authorization Scheme"));
    assert_eq!(challenge, "Bearer realm=\"api\"");
}

#[tokio::test]
async fn two_authorization_headers_are_refused_even_where_no_key_is_needed() {
    let twice = [("authorization", "Bearer good"), ("authorization", "Bearer good")];
    for optional in [false, true] {
        let outcome = outcome(json!({ "allowUnauthenticatedRequests": optional }), &twice).await;
        assert_eq!(reason(&outcome), "key.malformed");
    }
}

#[tokio::test]
async fn a_store_that_is_away_lets_nobody_in() {
    for optional in [false, true] {
        let options = json!({ "allowUnauthenticatedRequests": optional });
        let outcome = outcome(options, &[("authorization", "Bearer unavailable")]).await;
        assert_eq!(reason(&outcome), "store.unavailable");
    }
}

#[tokio::test]
async fn where_no_key_is_needed_a_wrong_one_is_like_none() {
    let options = json!({ "allowUnauthenticatedRequests": true });
    assert_eq!(outcome(options.clone(), &[]).await, Ok(None));
    assert_eq!(outcome(options.clone(), &[("authorization", "Bearer revoked")]).await, Ok(None));
    assert_eq!(outcome(options.clone(), &[("authorization", "Bearer good")]).await, Ok(Some("alice".into())));
}

#[tokio::test]
async fn what_is_no_key_is_left_for_a_later_policy_and_a_withdrawn_key_is_not() {
    let room = Room::new();
    let policy = room.build(&KIND, json!({ "allowUnauthenticatedRequests": true })).unwrap();
    for (key, stays) in [("some.other.token", true), ("revoked", false), ("expired", false)] {
        let value = format!("Bearer {key}");
        let (mut exchange, mut request) = (room.exchange(), request(&[("authorization", &value)]));
        passed(run(&policy, &mut exchange, &mut request).await);
        assert_eq!(request.headers().contains_key(AUTHORIZATION), stays, "{key}");
    }
}

#[tokio::test]
async fn another_header_holds_the_bare_key() {
    let options = json!({ "authHeader": "X-API-Key" });
    assert_eq!(outcome(options.clone(), &[("x-api-key", "good")]).await, Ok(Some("alice".into())));
    let (name, detail, challenge) = outcome(options, &[("authorization", "Bearer good")]).await.unwrap_err();
    assert_eq!((name, detail.as_str()), ("key.missing", "No X-API-Key Header"));
    assert_eq!(challenge, "ApiKey realm=\"api\", header=\"x-api-key\"");
}

#[tokio::test]
async fn a_key_of_another_bucket_is_unknown_here() {
    let options = json!({ "bucketName": "elsewhere" });
    assert_eq!(reason(&outcome(options.clone(), &[("authorization", "Bearer good")]).await), "key.malformed");
    assert_eq!(outcome(options, &[("authorization", "Bearer good-elsewhere")]).await, Ok(Some("alice".into())));
}

#[tokio::test]
async fn a_key_in_the_query_is_read_on_request_and_taken_out() {
    let room = Room::new();
    for (options, query, expected, left) in [
        (json!({ "queryParam": "key" }), "a=1&key=good&b=%20", None, "a=1&b=%20"),
        (json!({ "queryParam": "key" }), "key=revoked", Some("key.revoked"), ""),
        (json!({ "queryParam": "key" }), "key=good&key=good", Some("key.malformed"), ""),
        (json!({ "queryParam": "key" }), "key=", Some("key.malformed"), ""),
        (json!({ "queryParam": "key" }), "%6Bey=good", None, ""),
        (json!({ "queryParam": "key", "forwardKey": true }), "key=good", None, "key=good"),
        (json!({}), "key=good", Some("key.missing"), "key=good"),
    ] {
        let policy = room.build(&KIND, options).unwrap();
        let (mut exchange, mut request) = (room.exchange(), request(&[]));
        exchange.target.query = Some(query.to_owned());
        *request.uri_mut() = format!("/pets?{query}").parse().unwrap();
        let flow = run(&policy, &mut exchange, &mut request).await;
        match expected {
            None => passed(flow),
            Some(reason) => assert_eq!(refused(flow).reason.name, reason, "{query}"),
        }
        assert_eq!(exchange.target.query.as_deref().unwrap_or_default(), left);
        assert_eq!(request.uri().query().unwrap_or_default(), left);
    }
}

#[tokio::test]
async fn a_key_in_two_places_is_refused() {
    let room = Room::new();
    let policy = room.build(&KIND, json!({ "queryParam": "key" })).unwrap();
    let (mut exchange, mut request) = (room.exchange(), request(&[("authorization", "Bearer good")]));
    exchange.target.query = Some("key=good".to_owned());
    assert_eq!(refused(run(&policy, &mut exchange, &mut request).await).reason.name, "key.malformed");
}

#[test]
fn mistakes_in_the_options_are_found_at_load() {
    let room = Room::new();
    for (options, pointer) in [
        (json!({ "authHeader": "X API" }), "/authHeader"),
        (json!({ "bucketName": "a", "bucketId": "b" }), "/bucketId"),
        (json!({ "queryParam": "" }), "/queryParam"),
    ] {
        assert_eq!(room.build(&KIND, options).unwrap_err().pointer, pointer);
    }
    assert!(room.build(&KIND, json!({ "authheader": "X" })).is_err(), "a misspelt option must not be ignored");
}
