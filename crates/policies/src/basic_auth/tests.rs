use base64::Engine;
use serde_json::json;
use tollgate_core::Flow;

use super::*;
use crate::testing::{Room, refused, request, run};

const ACCOUNTS: &str = r#"[
    { "username": "alice", "password": "open:sesame" },
    { "username": "bob", "password": "p\u00e4ss" }
]"#;

fn options(optional: bool) -> Value {
    let accounts: Value = serde_json::from_str(ACCOUNTS).unwrap();
    json!({ "accounts": accounts, "allowUnauthenticatedRequests": optional })
}

fn basic(bytes: impl AsRef<[u8]>) -> String {
    format!("Basic {}", STANDARD.encode(bytes))
}

/// Who calls, or the reason of the refusal.
async fn outcome(optional: bool, fields: &[&str]) -> Result<Option<String>, &'static str> {
    let room = Room::new();
    let policy = room.build(&KIND, options(optional)).unwrap();
    let fields: Vec<_> = fields.iter().map(|field| ("authorization", *field)).collect();
    let (mut exchange, mut request) = (room.exchange(), request(&fields));
    match run(&policy, &mut exchange, &mut request).await {
        Flow::Continue => Ok(exchange.user.map(|user| user.sub.to_string())),
        Flow::Refuse(problem) => {
            assert!(problem.headers.contains_key(WWW_AUTHENTICATE) && exchange.user.is_none());
            Err(problem.reason.name)
        }
        Flow::Respond(response) => panic!("{response:?}"),
    }
}

#[tokio::test]
async fn only_a_whole_pair_of_one_account_is_good() {
    for (pair, expected) in [
        ("alice:open:sesame", Ok("alice")),
        ("bob:p\u{e4}ss", Ok("bob")),
        ("alice:open", Err("basic.wrong")),
        ("alice:open:sesame ", Err("basic.wrong")),
        ("alice:open:sesame\u{0}", Err("basic.malformed")),
        ("alice:p\u{e4}ss", Err("basic.wrong")),
        ("Alice:open:sesame", Err("basic.wrong")),
        ("alice", Err("basic.malformed")),
        (":open:sesame", Err("basic.wrong")),
        ("alice:", Err("basic.wrong")),
        (":", Err("basic.wrong")),
        ("bob:pa\u{308}ss", Err("basic.wrong")),
        ("alice\n:open:sesame", Err("basic.malformed")),
    ] {
        let expected = expected.map(|name| Some(name.to_owned()));
        assert_eq!(outcome(false, &[&basic(pair)]).await, expected, "{pair:?}");
    }
    let long = format!("alice:open:sesame{}", "x".repeat(5000));
    assert_eq!(outcome(false, &[&basic(long)]).await, Err("basic.wrong"));
}

#[tokio::test]
async fn what_cannot_be_read_in_one_way_is_no_credential() {
    let good = basic("alice:open:sesame");
    let (unpadded, latin) = (good.trim_end_matches('=').to_owned(), basic(b"bob:p\xe4ss"));
    // The last letter of its base64 has bits that mean nothing; a lenient decoder ignores them.
    let loose = "Basic YWxpY2U6b3BlbjpzZXNhbWV=".to_owned();
    for field in [&*unpadded, &latin, &loose, "Basic", "Basic ", "Basic !!!!", "Basic YWxp Y2U6", "Basic YWxp-_=="] {
        assert_eq!(outcome(false, &[field]).await, Err("basic.malformed"), "{field}");
    }
    assert_eq!(outcome(false, &["Bearer abc"]).await, Err("basic.malformed"));
    assert_eq!(outcome(false, &[]).await, Err("basic.missing"));
}

#[tokio::test]
async fn two_credentials_are_refused_even_where_none_is_needed() {
    let good = basic("alice:open:sesame");
    for optional in [false, true] {
        assert_eq!(outcome(optional, &[&good, &good]).await, Err("basic.malformed"));
        assert_eq!(outcome(optional, &[&good, "Bearer abc"]).await, Err("basic.malformed"));
    }
    assert_eq!(outcome(true, &[&basic("alice:wrong")]).await, Ok(None));
    assert_eq!(outcome(true, &["Bearer abc"]).await, Ok(None));
}

#[tokio::test]
async fn a_password_never_goes_on_and_another_scheme_is_left_to_others() {
    let room = Room::new();
    for (field, forward, stays) in [
        (basic("alice:open:sesame"), false, false),
        (basic("alice:wrong"), false, false),
        ("Basic !!".to_owned(), false, false),
        ("Bearer abc".to_owned(), false, true),
        (basic("alice:open:sesame"), true, true),
    ] {
        let mut options = options(true);
        options["forwardCredentials"] = json!(forward);
        let policy = room.build(&KIND, options).unwrap();
        let (mut exchange, mut request) = (room.exchange(), request(&[("authorization", &field)]));
        run(&policy, &mut exchange, &mut request).await;
        assert_eq!(request.headers().contains_key(AUTHORIZATION), stays, "{field}");
    }
}

#[tokio::test]
async fn accounts_that_cannot_be_are_refused_at_their_place_and_no_password_is_shown() {
    let room = Room::new();
    for (accounts, pointer) in [
        (json!([]), "/accounts"),
        (json!([{ "username": "", "password": "s3cret" }]), "/accounts/0/username"),
        (json!([{ "username": "a:b", "password": "s3cret" }]), "/accounts/0/username"),
        (json!([{ "username": "a", "password": "" }]), "/accounts/0/password"),
        (json!([{ "username": "a", "password": "s3cret\n" }]), "/accounts/0/password"),
        (
            json!([{ "username": "a", "password": "s3cret" }, { "username": "a", "password": "other" }]),
            "/accounts/1/username",
        ),
        (json!([{ "username": "a" }]), "/accounts/0"),
    ] {
        let error = room.build(&KIND, json!({ "accounts": accounts })).unwrap_err();
        assert_eq!(error.pointer, pointer, "{error:?}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }
    let policy = room.build(&KIND, options(false)).unwrap();
    assert!(!format!("{policy:?}").contains("sesame"));
    let (mut exchange, mut request) = (room.exchange(), request(&[("authorization", &basic("alice:nope-s3cret"))]));
    let problem = refused(run(&policy, &mut exchange, &mut request).await);
    assert!(!format!("{problem:?}").contains("s3cret"));
}
