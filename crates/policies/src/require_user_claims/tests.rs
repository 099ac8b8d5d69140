use serde_json::{Value, json};

use super::*;
use crate::testing::{Room, passed, refused, request, run, user};

#[track_caller]
fn holds(rule: Value, data: Value) -> bool {
    let written: Combined<Combined<Combined<Compared>>> = serde_json::from_value(rule).unwrap();
    Rule::read(written, "/rule").unwrap().holds(&user("alice", data))
}

#[test]
fn a_claim_is_compared_by_value_and_kind() {
    for (rule, data, expected) in [
        (json!({ "claim": "role", "eq": "admin" }), json!({ "role": "admin" }), true),
        (json!({ "claim": "role", "eq": "admin" }), json!({ "role": "Admin" }), false),
        (json!({ "claim": "role", "eq": "admin" }), json!({ "role": ["user", "admin"] }), true),
        (json!({ "claim": "role", "eq": "admin" }), json!({ "role": { "admin": true } }), false),
        (json!({ "claim": "role", "eq": "admin" }), json!({}), false),
        (json!({ "claim": "role", "eq": "admin" }), json!(null), false),
        (json!({ "claim": "level", "eq": 1 }), json!({ "level": 1.0 }), true),
        (json!({ "claim": "level", "eq": 1 }), json!({ "level": "1" }), false),
        (json!({ "claim": "ok", "eq": true }), json!({ "ok": "true" }), false),
        (json!({ "claim": "ok", "eq": false }), json!({}), false),
        (json!({ "claim": "plan", "in": ["a", 2] }), json!({ "plan": 2 }), true),
        (json!({ "claim": "plan", "in": ["a", 2] }), json!({ "plan": null }), false),
        (json!({ "claim": "mail", "startsWith": "a@" }), json!({ "mail": "a@b" }), true),
        (json!({ "claim": "mail", "startsWith": "a@" }), json!({ "mail": ["c@d", "a@b"] }), true),
        (json!({ "claim": "mail", "startsWith": "1" }), json!({ "mail": 12 }), false),
        (json!({ "claim": "sub", "eq": "alice" }), json!({}), true),
        (json!({ "claim": "sub", "eq": "alice" }), json!({ "sub": "other" }), false),
        (json!({ "claim": "a.b", "eq": 1 }), json!({ "a": { "b": 1 } }), true),
        (json!({ "claim": "a.b", "eq": 1 }), json!({ "a.b": 1 }), false),
        (json!({ "claim": "['a.b']", "eq": 1 }), json!({ "a.b": 1 }), true),
    ] {
        assert_eq!(holds(rule.clone(), data.clone()), expected, "{rule} of {data}");
    }
}

#[test]
fn rules_combine() {
    let rule = json!({ "and": [
        { "claim": "a", "eq": 1 },
        { "or": [{ "claim": "b", "eq": 1 }, { "and": [{ "claim": "c", "eq": 1 }, { "claim": "d", "eq": 1 }] }] },
    ] });
    for (data, expected) in [
        (json!({ "a": 1, "b": 1 }), true),
        (json!({ "a": 1, "c": 1, "d": 1 }), true),
        (json!({ "a": 1, "c": 1 }), false),
        (json!({ "b": 1 }), false),
    ] {
        assert_eq!(holds(rule.clone(), data.clone()), expected, "{data}");
    }
}

#[tokio::test]
async fn rules_that_could_be_read_in_two_ways_are_refused_at_their_place() {
    let room = Room::new();
    let leaf = json!({ "claim": "a", "eq": 1 });
    let deep = (0..4).fold(leaf.clone(), |rule, _| json!({ "and": [rule] }));
    for (rule, pointer) in [
        (json!({}), "/rule"),
        (json!({ "claim": "a" }), "/rule"),
        (json!({ "eq": 1 }), "/rule"),
        (json!({ "claim": "a", "eq": 1, "in": [1] }), "/rule"),
        (json!({ "claim": "a", "eq": 1, "and": [leaf] }), "/rule"),
        (json!({ "and": [leaf], "or": [leaf] }), "/rule"),
        (json!({ "and": [] }), "/rule/and"),
        (json!({ "or": [leaf, { "and": [] }] }), "/rule/or/1/and"),
        (json!({ "claim": "a..b", "eq": 1 }), "/rule/claim"),
        (json!({ "claim": "a", "eq": { "b": 1 } }), "/rule/eq"),
        (json!({ "claim": "a", "in": [] }), "/rule/in"),
        (json!({ "claim": "a", "in": [1, [2]] }), "/rule/in/1"),
        (json!({ "claim": "a", "startsWith": "" }), "/rule/startsWith"),
        (json!({ "claim": "a", "equals": 1 }), "/rule/equals"),
        (deep, "/rule/and/0/and/0/and/0/and"),
    ] {
        let error = room.build(&KIND, json!({ "rule": rule })).unwrap_err();
        assert_eq!(error.pointer, pointer, "{rule}: {error}");
    }
}

#[tokio::test]
async fn nobody_is_refused_otherwise_than_somebody_else() {
    let room = Room::new();
    let policy = room.build(&KIND, json!({ "rule": { "claim": "role", "eq": "admin" } })).unwrap();
    let (mut exchange, mut request) = (room.exchange(), request(&[]));
    let problem = refused(run(&policy, &mut exchange, &mut request).await);
    assert_eq!((problem.status.as_u16(), problem.reason.name), (401, "user.missing"));
    assert!(problem.headers.contains_key("www-authenticate"));
    exchange.user = Some(user("alice", json!({ "role": "guest" })));
    let problem = refused(run(&policy, &mut exchange, &mut request).await);
    assert_eq!((problem.status.as_u16(), &*problem.detail), (403, "Forbidden"));
    exchange.user = Some(user("alice", json!({ "role": "admin" })));
    passed(run(&policy, &mut exchange, &mut request).await);
}
