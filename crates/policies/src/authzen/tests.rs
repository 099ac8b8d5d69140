use std::sync::Arc;

use super::*;
use crate::testing::{Reply, Room, passed, refused, request, run, user};

fn options(more: Value) -> Value {
    let mut options = json!({
        "authorizerHostname": "pdp.example.com",
        "authorizerAuthorizationHeader": "Bearer s3cret",
        "subject": { "type": "identity", "id": "$authzen-prop(request.user.sub)" },
        "resource": { "type": "route", "id": "$authzen-prop(context.route.path)" },
        "action": { "name": "$authzen-prop(request.method)" },
    });
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    options
}

async fn send(room: &Room, policy: &Arc<dyn Policy>, payload: Option<Value>) -> Flow {
    let (mut exchange, mut asked) = (room.exchange(), request(&[("user-id", "u1"), ("twice", "a"), ("twice", "b")]));
    exchange.user = Some(user("alice", json!({ "org": { "id": 7 } })));
    exchange.target.query = Some("q=1&two=a&two=b".to_owned());
    exchange.params.push(("id".into(), "a/b".to_owned()));
    exchange.custom.insert("kind".to_owned(), json!("x"));
    if let Some(payload) = payload {
        exchange.ledger.notes.insert(NOTE.to_owned(), payload);
    }
    run(policy, &mut exchange, &mut asked).await
}

#[tokio::test]
async fn the_decision_point_is_asked_and_decides() {
    for (decision, passes) in [(json!(true), true), (json!(false), false)] {
        let mut room = Room::new();
        let server = room.serve(move |_| Reply::Json(200, json!({ "decision": decision, "context": {} })));
        let policy = room.build(&KIND, options(json!({}))).unwrap();
        match send(&room, &policy, None).await {
            Flow::Continue => assert!(passes),
            flow => assert!(!passes && refused(flow).reason.name == "authzen.denied"),
        }
        let asked = &server.asked()[0];
        assert_eq!(asked.url, "https://pdp.example.com/access/v1/evaluation");
        assert_eq!(asked.field("authorization"), "Bearer s3cret");
        assert_eq!(asked.field("content-type"), "application/json");
        let expected = json!({ "subject": { "type": "identity", "id": "alice" },
            "resource": { "type": "route", "id": "/pets" }, "action": { "name": "GET" } });
        assert_eq!(asked.json(), expected);
    }
}

#[tokio::test]
async fn what_code_says_comes_first() {
    let mut room = Room::new();
    let server = room.serve(|_| Reply::Json(200, json!({ "decision": true })));
    let policy = room.build(&KIND, options(json!({}))).unwrap();
    let payload = json!({ "subject": { "id": "bob", "properties": { "x": 1 } }, "context": { "y": 2 } });
    passed(send(&room, &policy, Some(payload)).await);
    let expected = json!({ "subject": { "type": "identity", "id": "bob", "properties": { "x": 1 } },
        "resource": { "type": "route", "id": "/pets" }, "action": { "name": "GET" }, "context": { "y": 2 } });
    assert_eq!(server.asked()[0].json(), expected);
    for nonsense in [json!("x"), json!({ "subject": "bob" })] {
        assert_eq!(refused(send(&room, &policy, Some(nonsense)).await).reason.name, "authzen.denied");
    }
}

#[tokio::test]
async fn every_property_is_what_stands_there() {
    let mut room = Room::new();
    let server = room.serve(|_| Reply::Json(200, json!({ "decision": true })));
    for (property, expected) in [
        ("request.headers.user-id", Some("u1")),
        ("request.headers.User-Id", Some("u1")),
        ("request.params.id", Some("a/b")),
        ("request.query.q", Some("1")),
        ("request.user.data.org.id", Some("7")),
        ("context.custom.kind", Some("x")),
        ("context.incomingRequestProperties.ip", Some("192.0.2.1")),
        ("context.requestId", Some("request-1")),
        ("request.url", Some("https://api.example.com/pets?q=1&two=a&two=b")),
        // What is there twice, or not at all, or no text, is nothing.
        ("request.headers.twice", None),
        ("request.query.two", None),
        ("request.params.other", None),
        ("request.user.data.org", None),
        ("request.headers.absent", None),
    ] {
        let more = json!({ "resource": { "type": "x", "id": format!("$authzen-prop({property})") } });
        let policy = room.build(&KIND, options(more)).unwrap();
        match (send(&room, &policy, None).await, expected) {
            (Flow::Continue, Some(expected)) => {
                assert_eq!(server.asked().last().unwrap().json()["resource"]["id"], expected);
            }
            (flow, None) => assert_eq!(refused(flow).reason.name, "authzen.denied", "{property}"),
            (flow, _) => panic!("{property}: {flow:?}"),
        }
    }
}

#[tokio::test]
async fn without_a_user_it_is_401_where_the_user_is_asked_about() {
    let room = Room::new();
    let policy = room.build(&KIND, options(json!({}))).unwrap();
    let (mut exchange, mut asked) = (room.exchange(), request(&[]));
    assert_eq!(refused(run(&policy, &mut exchange, &mut asked).await).status, 401);
}

#[tokio::test]
async fn where_nobody_decides_nobody_passes_unless_the_options_say_otherwise() {
    for reply in 0..6 {
        let mut room = Room::new();
        room.serve(move |_| match reply {
            0 => Reply::Refuse,
            1 => Reply::Silence,
            2 => Reply::Text(200, "<html>"),
            3 => Reply::Json(200, json!({ "decision": "true" })),
            4 => Reply::Json(500, json!({ "decision": true })),
            _ => Reply::Text(401, ""),
        });
        let strict = room.build(&KIND, options(json!({}))).unwrap();
        let problem = refused(send(&room, &strict, None).await);
        assert_eq!(problem.reason.name, "authzen.unavailable", "{reply}");
        assert!(!problem.cause.clone().unwrap().contains("s3cret"));
        let lenient = room.build(&KIND, options(json!({ "throwOnError": false }))).unwrap();
        passed(send(&room, &lenient, None).await);
    }
}

#[test]
fn what_cannot_work_is_refused_at_its_place() {
    let room = Room::new();
    let entity = |id: &str| json!({ "type": "a", "id": id });
    for (more, pointer) in [
        (json!({ "authorizerHostname": "" }), "/authorizerHostname"),
        (json!({ "authorizerHostname": "a:b@c" }), "/authorizerHostname"),
        (json!({ "authorizerAuthorizationHeader": "a\nb" }), "/authorizerAuthorizationHeader"),
        (json!({ "subject": entity("$authzen-prop(request.body)") }), "/subject/id"),
        (json!({ "resource": entity("a-$authzen-prop(request.method)") }), "/resource/id"),
        (json!({ "action": { "name": "$authzen-prop()" } }), "/action/name"),
    ] {
        assert_eq!(room.build(&KIND, options(more.clone())).unwrap_err().pointer, pointer, "{more}");
    }
    assert!(!format!("{:?}", room.build(&KIND, options(json!({}))).unwrap()).contains("s3cret"));
}
