use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;

use super::*;
use crate::testing::{Asked, Reply, Room, passed, refused, request, run, user};

fn options(more: Value) -> Value {
    let mut options = json!({ "apiKey": "s3cret", "apiUrl": "https://meter.example.com/" });
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    options
}

/// Sends a request of alice through, which is answered with a status; `note` is what code says.
async fn send(room: &Room, policy: &Arc<dyn Policy>, status: u16, note: Option<Value>) -> Flow {
    let (mut exchange, mut asked) = (room.exchange(), request(&[]));
    exchange.user = Some(user("alice", json!({ "account": { "id": 7 } })));
    let flow = run(policy, &mut exchange, &mut asked).await;
    if let Some(note) = note {
        exchange.ledger.notes.insert(format!("{EXPORT}.meters"), note);
    }
    exchange.ledger.settle(StatusCode::from_u16(status).unwrap());
    flow
}

async fn flush(room: &Room) {
    let clock = tollgate_core::time::SystemClock::new();
    room.services.outgoing.flush(&clock, Duration::from_secs(10)).await;
}

fn events(asked: &[Asked]) -> Vec<Value> {
    let batches = asked.iter().filter(|asked| asked.url.ends_with("/api/v1/events"));
    batches.flat_map(|asked| asked.json().as_array().unwrap().clone()).collect()
}

#[tokio::test]
async fn what_counts_is_told_in_batches_of_cloud_events() {
    let mut room = Room::new();
    let server = room.serve(|_| Reply::Text(204, ""));
    let more = json!({ "meter": [{ "type": "a", "data": { "x": 1 } }, { "type": "b", "value": 2 }, { "type": "c" }],
        "subjectPath": ".data.account.id", "eventSource": "here", "meterOnStatusCodes": "200-299, 404" });
    let policy = room.build(&KIND, options(more)).unwrap();
    for status in [200, 500, 404] {
        passed(send(&room, &policy, status, None).await);
    }
    flush(&room).await;
    let asked = server.asked();
    assert_eq!(asked.len(), 1, "all at once");
    assert_eq!(asked[0].url, "https://meter.example.com/api/v1/events");
    assert_eq!(asked[0].field("content-type"), "application/cloudevents-batch+json");
    assert_eq!(asked[0].field("authorization"), "Bearer s3cret");
    let mut events = events(&asked);
    let mut ids: Vec<_> = events.iter_mut().map(|event| event["id"].take().as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 6, "no two events are one");
    let event = |kind: &str| {
        json!({ "specversion": "1.0", "id": null, "time": "2026-01-01T00:00:00.000Z", "source": "here",
            "subject": "7", "type": kind })
    };
    let (mut a, mut b) = (event("a"), event("b"));
    (a["data"], b["data"]) = (json!({ "x": 1 }), json!({ "value": 2 }));
    assert_eq!(events[..3], [a, b, event("c")]);
}

#[tokio::test]
async fn what_code_says_holds_in_place_of_the_options() {
    let mut room = Room::new();
    let server = room.serve(|_| Reply::Text(204, ""));
    let policy = room.build(&KIND, options(json!({ "meter": { "type": "a" } }))).unwrap();
    for note in [
        json!({ "type": "b", "subject": "carol", "id": "one", "source": "there" }),
        json!([]),
        json!("nonsense"),
        json!([{ "type": "c" }]),
        json!(null),
    ] {
        passed(send(&room, &policy, 200, Some(note)).await);
    }
    flush(&room).await;
    let told: Vec<_> = events(&server.asked())
        .iter()
        .map(|event| (event["type"].clone(), event["subject"].clone(), event["source"].clone()))
        .collect();
    let expected = [("b", "carol", "there"), ("c", "alice", "api-gateway"), ("a", "alice", "api-gateway")];
    assert_eq!(told, expected.map(|(kind, subject, source)| (json!(kind), json!(subject), json!(source))));
}

#[tokio::test]
async fn what_is_not_taken_now_is_sent_again_as_it_was() {
    for (first, times) in [(Some(503), 3), (Some(429), 3), (None, 3), (Some(400), 1), (Some(401), 1)] {
        let mut room = Room::new();
        let tries = AtomicU32::new(0);
        let server = room.serve(move |_| match (tries.fetch_add(1, Ordering::Relaxed), first) {
            (2.., _) => Reply::Text(204, ""),
            (_, Some(status)) => Reply::Text(status, "<html>"),
            (_, None) => Reply::Refuse,
        });
        let policy = room.build(&KIND, options(json!({ "meter": { "type": "a" } }))).unwrap();
        passed(send(&room, &policy, 200, None).await);
        flush(&room).await;
        let asked = server.asked();
        assert_eq!(asked.len(), times, "{first:?}");
        assert!(asked.iter().all(|again| again.body == asked[0].body));
    }
    // One that never answers is given up, and the end of the process is not held up for ever.
    let mut room = Room::new();
    let server = room.serve(|_| Reply::Silence);
    let policy = room.build(&KIND, options(json!({ "meter": { "type": "a" } }))).unwrap();
    passed(send(&room, &policy, 200, None).await);
    flush(&room).await;
    assert_eq!(server.asked().len(), 6);
}

#[tokio::test]
async fn nobody_passes_uncounted() {
    let mut room = Room::new();
    let server = room.serve(|_| Reply::Text(204, ""));
    let policy = room.build(&KIND, options(json!({ "meter": { "type": "a" } }))).unwrap();
    let (mut exchange, mut asked) = (room.exchange(), request(&[]));
    assert_eq!(refused(run(&policy, &mut exchange, &mut asked).await).status, 401);
    let elsewhere = options(json!({ "meter": { "type": "a" }, "subjectPath": ".data.plan" }));
    let elsewhere = room.build(&KIND, elsewhere).unwrap();
    assert_eq!(refused(send(&room, &elsewhere, 200, None).await).status, 403);
    // Where code says who it is that is counted, the caller may be anybody.
    let policy = room.build(&KIND, options(json!({}))).unwrap();
    passed(run(&policy, &mut exchange, &mut asked).await);
    let note = json!({ "type": "a", "subject": "carol" });
    exchange.ledger.notes.insert(format!("{EXPORT}.meters"), note);
    exchange.ledger.settle(StatusCode::OK);
    flush(&room).await;
    assert_eq!(events(&server.asked())[0]["subject"], "carol");
}

#[tokio::test]
async fn only_those_with_every_entitlement_pass() {
    let mut room = Room::new();
    let server = room.serve(|asked| match asked.url.rsplit('/').nth(1).unwrap() {
        "yes" => Reply::Json(200, json!({ "hasAccess": true, "balance": 3 })),
        "no" => Reply::Json(200, json!({ "hasAccess": false })),
        _ => Reply::Json(404, json!({})),
    });
    for (features, passes) in [(json!(["yes"]), true), (json!(["yes", "no"]), false), (json!(["unknown"]), false)] {
        let more = json!({ "requiredEntitlements": features, "onFailure": "allow" });
        let policy = room.build(&KIND, options(more)).unwrap();
        match send(&room, &policy, 200, None).await {
            Flow::Continue => assert!(passes, "{features}"),
            flow => {
                let problem = refused(flow);
                assert!(!passes && problem.reason.name == "openmeter.denied", "{features}");
                assert!(!problem.detail.contains("no") || problem.detail == "Forbidden");
            }
        }
    }
    assert_eq!(server.asked()[0].url, "https://meter.example.com/api/v1/subjects/alice/entitlements/yes/value");
    assert_eq!(server.asked()[0].field("authorization"), "Bearer s3cret");
}

#[tokio::test]
async fn a_server_that_knows_customers_only_is_asked_for_customers() {
    let mut room = Room::new();
    let server = room.serve(|asked| match asked.url.contains("/customers/") {
        true => Reply::Json(200, json!({ "hasAccess": true })),
        false => Reply::Text(404, ""),
    });
    let policy = room.build(&KIND, options(json!({ "requiredEntitlements": ["a"] }))).unwrap();
    for _ in 0..3 {
        passed(send(&room, &policy, 200, None).await);
    }
    assert_eq!(server.asked().len(), 4, "the first time both are asked");
}

#[tokio::test]
async fn while_it_cannot_be_asked_requests_are_refused_unless_the_options_say_otherwise() {
    for reply in [0, 1, 2, 3, 4, 5] {
        let mut room = Room::new();
        room.serve(move |_| match reply {
            0 => Reply::Refuse,
            1 => Reply::Silence,
            2 => Reply::Text(200, "<html>"),
            3 => Reply::Json(200, json!({ "hasAccess": "true" })),
            4 => Reply::Text(500, ""),
            _ => Reply::Text(401, ""),
        });
        let denying = room.build(&KIND, options(json!({ "requiredEntitlements": ["a"] }))).unwrap();
        let problem = refused(send(&room, &denying, 200, None).await);
        assert_eq!(problem.reason.name, "openmeter.unavailable", "{reply}");
        assert!(!problem.cause.clone().unwrap().contains("s3cret"));
        let more = json!({ "requiredEntitlements": ["a"], "onFailure": "allow" });
        let allowing = room.build(&KIND, options(more)).unwrap();
        passed(send(&room, &allowing, 200, None).await);
    }
}

#[tokio::test]
async fn an_answer_is_believed_for_as_long_as_is_said_for_each_subject() {
    let mut room = Room::new();
    let server = room.serve(|_| Reply::Json(200, json!({ "hasAccess": true })));
    let more = json!({ "requiredEntitlements": ["a"], "cacheTtlSeconds": 10 });
    let policy = room.build(&KIND, options(more)).unwrap();
    for (seconds, asked) in [(0, 1), (9, 1), (1, 2)] {
        room.clock.advance(Duration::from_secs(seconds));
        passed(send(&room, &policy, 200, None).await);
        assert_eq!(server.asked().len(), asked);
    }
    let (mut exchange, mut asked) = (room.exchange(), request(&[]));
    exchange.user = Some(user("bob/../x", json!({})));
    passed(run(&policy, &mut exchange, &mut asked).await);
    assert!(server.asked()[2].url.contains("/subjects/bob%2F..%2Fx/"));
}

#[test]
fn what_cannot_work_is_refused_at_its_place_and_the_key_is_never_shown() {
    let room = Room::new();
    for (more, pointer) in [
        (json!({ "apiUrl": "meter.example.com" }), "/apiUrl"),
        (json!({ "apiUrl": "https://a:b@meter.example.com" }), "/apiUrl"),
        (json!({ "apiKey": "" }), "/apiKey"),
        (json!({ "apiKey": "a\nb" }), "/apiKey"),
        (json!({ "subjectPath": ".plan" }), "/subjectPath"),
        (json!({ "meter": { "type": "" } }), "/meter"),
        (json!({ "meter": 1 }), "/meter"),
        (json!({ "meterOnStatusCodes": "ok" }), "/meterOnStatusCodes"),
    ] {
        let error = room.build(&KIND, options(more.clone())).unwrap_err();
        assert_eq!(error.pointer, pointer, "{more}");
    }
    assert!(!format!("{:?}", room.build(&KIND, options(json!({}))).unwrap()).contains("s3cret"));
}
