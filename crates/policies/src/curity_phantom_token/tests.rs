use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::*;
use crate::testing::{Reply, Room, refused, request, run};

/// 2026-01-01T00:00:00Z, where the clock stands.
const NOW: i64 = 1_767_225_600;

fn options() -> Value {
    json!({ "clientId": "gate way", "clientSecret": "s3cret", "introspectionUrl": "https://id.example.com/introspect" })
}

fn jwt(claims: Value) -> &'static str {
    let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
    Box::leak(format!("eyJhbGciOiJSUzI1NiJ9.{payload}.c2ln").into_boxed_str())
}

/// What becomes of a request with this field: the field that the upstream gets and the user, or the reason.
async fn send(
    room: &Room,
    policy: &Arc<dyn Policy>,
    fields: &[(&str, &str)],
) -> Result<(String, String), &'static str> {
    let (mut exchange, mut asked) = (room.exchange(), request(fields));
    match run(policy, &mut exchange, &mut asked).await {
        Flow::Continue => {
            let sent = asked.headers()["authorization"].to_str().unwrap().to_owned();
            Ok((sent, exchange.user.unwrap().sub.to_string()))
        }
        flow => {
            let problem = refused(flow);
            assert_eq!(problem.headers.contains_key("www-authenticate"), problem.status == 401);
            assert!(!problem.cause.clone().unwrap_or_default().contains("opaque"));
            Err(problem.reason.name)
        }
    }
}

#[tokio::test]
async fn the_upstream_gets_the_jwt_and_the_server_is_asked_once() {
    let mut room = Room::new();
    let good = jwt(json!({ "sub": "alice", "exp": NOW + 700 }));
    let server = room.serve(move |_| Reply::Text(200, good));
    let policy = room.build(&KIND, options()).unwrap();
    let token = [("authorization", "Bearer opaque&1")];
    let expected = Ok((format!("Bearer {good}"), "alice".to_owned()));
    for (seconds, asked) in [(0, 1), (599, 1), (1, 2)] {
        room.clock.advance(Duration::from_secs(seconds));
        assert_eq!(send(&room, &policy, &token).await, expected);
        assert_eq!(server.asked().len(), asked);
    }
    // The JWT ends before the answer does.
    room.clock.advance(Duration::from_secs(100));
    assert_eq!(send(&room, &policy, &token).await, Err("phantom.refused"));
    let asked = &server.asked()[0];
    assert_eq!((asked.url.as_str(), asked.field("accept")), ("https://id.example.com/introspect", "application/jwt"));
    assert_eq!(asked.body, "token=opaque%261&token_type_hint=access_token");
    // gate%20way:s3cret
    assert_eq!(asked.field("authorization"), "Basic Z2F0ZSUyMHdheTpzM2NyZXQ=");
}

#[tokio::test]
async fn what_the_server_does_not_vouch_for_never_passes() {
    for (reply, reason) in [
        (Reply::Text(204, ""), "phantom.refused"),
        (Reply::Json(200, json!({ "active": false })), "phantom.refused"),
        (Reply::Text(200, jwt(json!({ "sub": "alice", "exp": NOW }))), "phantom.refused"),
        (Reply::Text(200, jwt(json!({ "sub": "alice" }))), "phantom.unavailable"),
        (Reply::Text(200, jwt(json!({ "exp": NOW + 9 }))), "phantom.unavailable"),
        (Reply::Text(200, "a.b.c"), "phantom.unavailable"),
        (Reply::Json(200, json!({ "active": true, "sub": "alice" })), "phantom.unavailable"),
        (Reply::Text(200, "<html>"), "phantom.unavailable"),
        (Reply::Text(401, ""), "phantom.unavailable"),
        (Reply::Text(500, ""), "phantom.unavailable"),
        (Reply::Refuse, "phantom.unavailable"),
        (Reply::Silence, "phantom.unavailable"),
    ] {
        let mut room = Room::new();
        let reply = std::sync::Mutex::new(Some(reply));
        room.serve(move |_| reply.lock().unwrap().take().unwrap());
        let policy = room.build(&KIND, options()).unwrap();
        assert_eq!(send(&room, &policy, &[("authorization", "Bearer opaque")]).await, Err(reason));
    }
}

#[tokio::test]
async fn a_request_without_one_token_is_refused_and_nobody_is_asked() {
    let mut room = Room::new();
    let server = room.serve(|_| Reply::Refuse);
    let policy = room.build(&KIND, options()).unwrap();
    let field = ("authorization", "Bearer opaque");
    for (fields, reason) in [
        (vec![], "phantom.missing"),
        (vec![("authorization", "Basic opaque")], "phantom.refused"),
        (vec![field, field], "phantom.refused"),
    ] {
        assert_eq!(send(&room, &policy, &fields).await, Err(reason));
    }
    assert!(server.asked().is_empty());
}

#[test]
fn what_cannot_work_is_refused_at_its_place_and_the_secret_is_never_shown() {
    let room = Room::new();
    for (field, value) in [("clientId", ""), ("clientSecret", ""), ("introspectionUrl", "id.example.com")] {
        let mut options = options();
        options[field] = json!(value);
        assert_eq!(room.build(&KIND, options).unwrap_err().pointer, format!("/{field}"));
    }
    assert!(!format!("{:?}", room.build(&KIND, options()).unwrap()).contains("s3cret"));
}
