use std::sync::atomic::Ordering;

use http::header::AUTHORIZATION;
use serde_json::json;

use super::*;
use crate::testing::{Room, passed, refused, request, run};

fn options(more: Value) -> Value {
    let mut options = json!({ "issuer": "https://id.example.com" });
    if let (Some(all), Value::Object(more)) = (options.as_object_mut(), more) {
        all.extend(more);
    }
    options
}

/// The caller's name, or the reason and the challenge of the refusal.
async fn outcome(more: Value, fields: &[(&str, &str)]) -> Result<Option<String>, (&'static str, String)> {
    let room = Room::new();
    let policy = room.build(&KIND, options(more)).unwrap();
    let (mut exchange, mut request) = (room.exchange(), request(fields));
    match run(&policy, &mut exchange, &mut request).await {
        Flow::Continue => Ok(exchange.user.map(|user| user.sub.to_string())),
        Flow::Refuse(problem) => {
            let challenge = problem.headers.get(WWW_AUTHENTICATE).map(|value| value.to_str().unwrap().to_owned());
            Err((problem.reason.name, challenge.unwrap_or_default()))
        }
        Flow::Respond(response) => panic!("{response:?}"),
    }
}

async fn with_token(more: Value, token: &str) -> Result<Option<String>, (&'static str, String)> {
    outcome(more, &[("authorization", &format!("Bearer {token}"))]).await
}

fn caller(name: &str) -> Result<Option<String>, (&'static str, String)> {
    Ok(Some(name.to_owned()))
}

#[tokio::test]
async fn a_good_token_says_who_calls_with_all_of_its_claims_and_goes_on() {
    let room = Room::new();
    let policy = room.build(&KIND, options(json!({}))).unwrap();
    for slow in [false, true] {
        room.verifiers.slow.store(slow, Ordering::Relaxed);
        let (mut exchange, mut request) =
            (room.exchange(), request(&[("authorization", r#"Bearer {"sub":"bob";"role":"admin"}"#)]));
        passed(run(&policy, &mut exchange, &mut request).await);
        let user = exchange.user.unwrap();
        assert_eq!((&*user.sub, &*user.data), ("bob", &json!({ "sub": "bob", "role": "admin" })));
        assert!(matches!(user.credential, Credential::Token { digest } if digest == [7; 16]));
        assert!(request.headers().contains_key(AUTHORIZATION));
    }
}

#[tokio::test]
async fn every_wrong_token_gets_one_answer_and_its_own_reason() {
    let room = Room::new();
    let policy = room.build(&KIND, options(json!({}))).unwrap();
    for (token, expected) in [
        ("no.token", "token.malformed"),
        ("signature", "token.signature"),
        ("expired", "token.expired"),
        ("not-yet", "token.claim"),
        ("audience", "token.claim"),
        ("{}", "token.claim"),
        (r#"{"sub":""}"#, "token.claim"),
        (r#"{"sub":["bob"]}"#, "token.claim"),
    ] {
        let (mut exchange, mut request) = (room.exchange(), request(&[("authorization", &format!("Bearer {token}"))]));
        let problem = refused(run(&policy, &mut exchange, &mut request).await);
        assert_eq!(
            (problem.reason.name, problem.reason.code, problem.status.as_u16()),
            (expected, "token-refused", 401)
        );
        assert_eq!(problem.detail, "The token is invalid or has expired");
        assert_eq!(problem.headers[WWW_AUTHENTICATE], "Bearer realm=\"api\", error=\"invalid_token\"");
        assert!(problem.cause.is_some() && exchange.user.is_none());
    }
}

#[tokio::test]
async fn without_a_token_the_challenge_names_no_error() {
    let plain = "Bearer realm=\"api\"".to_owned();
    assert_eq!(outcome(json!({}), &[]).await, Err(("token.missing", plain.clone())));
    assert_eq!(outcome(json!({}), &[("authorization", "Basic Zm9v")]).await, Err(("token.malformed", plain)));
}

#[tokio::test]
async fn two_authorization_headers_are_refused_even_where_no_token_is_needed() {
    let twice = [("authorization", r#"Bearer {"sub":"bob"}"#), ("authorization", "Bearer expired")];
    for optional in [false, true] {
        let outcome = outcome(json!({ "allowUnauthenticatedRequests": optional }), &twice).await;
        assert_eq!(outcome.unwrap_err().0, "token.malformed");
    }
}

#[tokio::test]
async fn keys_that_cannot_be_had_let_nobody_in() {
    for optional in [false, true] {
        let outcome = with_token(json!({ "allowUnauthenticatedRequests": optional }), "keys").await;
        assert_eq!(outcome, Err(("token.keys_unavailable", String::new())));
    }
}

#[tokio::test]
async fn where_no_token_is_needed_a_wrong_one_is_like_none() {
    let optional = json!({ "allowUnauthenticatedRequests": true, "requiredScopes": ["read"] });
    assert_eq!(outcome(optional.clone(), &[]).await, Ok(None));
    assert_eq!(with_token(optional.clone(), "expired").await, Ok(None));
    assert_eq!(with_token(optional.clone(), r#"{"sub":"bob"}"#).await, Ok(None));
    assert_eq!(with_token(optional, r#"{"sub":"bob";"scope":"read"}"#).await, caller("bob"));
}

#[tokio::test]
async fn the_caller_is_in_the_claim_that_is_named() {
    let nested = json!({ "subPropertyName": "ext.user" });
    assert_eq!(with_token(nested.clone(), r#"{"sub":"bob";"ext":{"user":"b.o.b"}}"#).await, caller("b.o.b"));
    assert_eq!(with_token(nested, r#"{"sub":"bob"}"#).await.unwrap_err().0, "token.claim");
    assert_eq!(with_token(json!({ "subPropertyName": "id" }), r#"{"id":7}"#).await, caller("7"));
}

#[tokio::test]
async fn a_token_needs_every_scope_that_is_required() {
    let scopes = json!({ "requiredScopes": ["read", "write"] });
    for token in [
        r#"{"sub":"bob";"scope":"write+read+more"}"#,
        r#"{"sub":"bob";"scp":["read";"write"]}"#,
        r#"{"sub":"bob";"scope":"read";"scp":"write"}"#,
    ] {
        assert_eq!(with_token(scopes.clone(), token).await, caller("bob"), "{token}");
    }
    for token in [r#"{"sub":"bob"}"#, r#"{"sub":"bob";"scope":"read"}"#, r#"{"sub":"bob";"scope":"read+writer"}"#] {
        let challenge = "Bearer realm=\"api\", error=\"insufficient_scope\", scope=\"read write\"".to_owned();
        assert_eq!(with_token(scopes.clone(), token).await, Err(("token.scope", challenge)), "{token}");
    }
}

#[tokio::test]
async fn the_challenge_names_the_metadata_of_the_resource_on_request() {
    let on = json!({ "oAuthResourceMetadataEnabled": true });
    let at = "resource_metadata=\"https://api.example.com/.well-known/oauth-protected-resource/pets\"";
    assert_eq!(outcome(on.clone(), &[]).await.unwrap_err().1, format!("Bearer realm=\"api\", {at}"));
    let challenge = with_token(on, "expired").await.unwrap_err().1;
    assert_eq!(challenge, format!("Bearer realm=\"api\", error=\"invalid_token\", {at}"));
}

#[tokio::test]
async fn the_public_url_goes_before_the_host_that_the_client_names() {
    let mut room = Room::new();
    room.settings.public_url = Some("https://public.example.com".into());
    let policy = room.build(&KIND, options(json!({ "oAuthResourceMetadataEnabled": true }))).unwrap();
    let (mut exchange, mut request) = (room.exchange(), request(&[]));
    exchange.target.forward_path = "/".into();
    let problem = refused(run(&policy, &mut exchange, &mut request).await);
    let challenge = problem.headers[WWW_AUTHENTICATE].to_str().unwrap();
    assert!(challenge.ends_with("\"https://public.example.com/.well-known/oauth-protected-resource\""), "{challenge}");
}

#[tokio::test]
async fn another_header_holds_the_token_with_or_without_its_scheme() {
    let header = json!({ "authHeader": "X-Token" });
    assert_eq!(outcome(header.clone(), &[("x-token", r#"{"sub":"bob"}"#)]).await, caller("bob"));
    assert_eq!(outcome(header, &[("x-token", r#"Bearer {"sub":"bob"}"#)]).await, caller("bob"));
}

#[test]
fn mistakes_in_the_options_are_found_at_load() {
    let room = Room::new();
    assert!(room.build(&KIND, json!({})).is_err(), "tokens of nobody in particular");
    assert!(room.build(&KIND, json!({ "secret": "" })).is_err(), "an empty secret is none");
    for (more, pointer) in [
        (json!({ "headers": { "x-a": "b" } }), "/headers"),
        (json!({ "requiredScopes": ["read", "a b"] }), "/requiredScopes/1"),
        (json!({ "authHeader": "X Token" }), "/authHeader"),
    ] {
        assert_eq!(room.build(&KIND, options(more)).unwrap_err().pointer, pointer);
    }
}
