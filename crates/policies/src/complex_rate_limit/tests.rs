use std::sync::atomic::Ordering;
use std::time::Duration;

use super::*;
use crate::testing::{FakeScripts, RETURNS, Room, passed, refused, request, run, user};

/// Sends a request, for which code says this before and after it.
async fn send(policy: &Arc<dyn Policy>, room: &Room, before: Option<Value>, after: Option<Value>) -> Flow {
    let (mut exchange, mut request) = (room.exchange(), request(&[]));
    let note = |exchange: &mut Exchange, increments: Option<Value>| {
        if let Some(increments) = increments {
            exchange.ledger.notes.insert("ComplexRateLimitInboundPolicy.increments".to_owned(), increments);
        }
    };
    note(&mut exchange, before);
    let flow = run(policy, &mut exchange, &mut request).await;
    note(&mut exchange, after);
    exchange.ledger.settle(StatusCode::OK);
    flow
}

#[tokio::test]
async fn what_one_limit_refuses_is_counted_by_none() {
    let room = Room::new();
    let options = json!({ "limits": { "requests": "3/m", "tokens": "10/m" }, "by": "all" });
    let policy = room.build_named(&KIND, "mix", options).unwrap();
    passed(send(&policy, &room, Some(json!({ "tokens": 8 })), None).await);
    let problem = refused(send(&policy, &room, Some(json!({ "tokens": 3 })), None).await);
    assert_eq!(problem.extensions["violated-policies"], json!(["mix-tokens"]));
    passed(send(&policy, &room, Some(json!({ "tokens": 2 })), None).await);
    let problem = refused(send(&policy, &room, Some(json!({ "tokens": 0 })), None).await);
    assert_eq!(problem.extensions["violated-policies"], json!(["mix-tokens"]), "something must be left");
    assert_eq!(problem.headers[RETRY_AFTER], "60");
}

#[tokio::test]
async fn what_is_known_after_the_answer_counts_for_those_who_come_later() {
    let room = Room::new();
    let policy = room.build(&KIND, json!({ "limits": { "requests": "9/m", "tokens": "100/h" }, "by": "all" })).unwrap();
    passed(send(&policy, &room, None, Some(json!({ "tokens": 60 }))).await);
    passed(send(&policy, &room, None, Some(json!({ "tokens": 70 }))).await);
    assert_eq!(refused(send(&policy, &room, None, None).await).extensions["violated-policies"], json!(["tokens"]));
    room.clock.advance(Duration::from_secs(3600));
    passed(send(&policy, &room, None, None).await);
}

#[tokio::test]
async fn what_code_said_before_is_not_counted_twice_after_the_answer() {
    let room = Room::new();
    let policy = room.build(&KIND, json!({ "limits": { "tokens": "100/h" }, "by": "all", "increments": {} })).unwrap();
    passed(send(&policy, &room, Some(json!({ "tokens": 50 })), Some(json!({ "tokens": 50 }))).await);
    passed(send(&policy, &room, Some(json!({ "tokens": 50 })), None).await);
    refused(send(&policy, &room, Some(json!({ "tokens": 1 })), None).await);
}

#[tokio::test]
async fn limits_come_from_options_plan_and_the_caller_himself() {
    let room = Room::new();
    let options = json!({
        "limits": { "requests": 2 }, "timeWindowMinutes": 1, "planFrom": "user.data.plan",
        "plans": { "gold": { "requests": "4/m" }, "default": {} }, "limitsFrom": "user.data.limits",
    });
    let policy = room.build(&KIND, options).unwrap();
    for (sub, data, count) in [
        ("none", json!({}), 2),
        ("gold", json!({ "plan": "gold" }), 4),
        ("own", json!({ "plan": "gold", "limits": { "requests": 1 } }), 1),
        ("rate", json!({ "limits": { "requests": "3/h" } }), 3),
        ("nonsense", json!({ "limits": { "requests": "lots", "other": 5 } }), 2),
    ] {
        for passes in (0..count).map(|_| true).chain([false]) {
            let (mut exchange, mut request) = (room.exchange(), request(&[]));
            exchange.user = Some(user(sub, data.clone()));
            let flow = run(&policy, &mut exchange, &mut request).await;
            assert_eq!(matches!(flow, Flow::Continue), passes, "{sub}");
        }
    }
}

#[tokio::test]
async fn a_function_says_who_is_counted_and_how_much_he_has() {
    let mut room = Room::new();
    room.scripts = Some(Arc::new(FakeScripts { exports: vec!["modules/limits.ts#byTenant"] }));
    let policy = room
        .build(
            &KIND,
            json!({ "by": "./modules/limits.ts#byTenant", "limits": { "requests": 1 }, "timeWindowMinutes": 1 }),
        )
        .unwrap();
    for (returned, expected) in [
        (Some(r#"{ "key": "a" }"#), None),
        (Some(r#"{ "key": "a" }"#), Some("limit.exceeded")),
        (Some(r#"{ "key": "b", "limits": { "requests": 2 }, "timeWindowMinutes": 5 }"#), None),
        (Some(r#"{ "key": "b", "limits": { "requests": 2 }, "timeWindowMinutes": 5 }"#), None),
        (Some(r#"{ "key": "b", "limits": { "requests": 2 }, "timeWindowMinutes": 5 }"#), Some("limit.exceeded")),
        (None, None),
        (Some(r#"{ "key": "c", "limits": { "other": 2 } }"#), Some("script.result")),
        (Some(r#"{ "key": "c", "limits": 5 }"#), Some("script.result")),
        (Some(r#"{ "key": "c", "timeWindowMinutes": 0 }"#), Some("script.result")),
        (Some("it throws"), Some("script.threw")),
    ] {
        let fields: Vec<_> = returned.iter().map(|text| (RETURNS, *text)).collect();
        let (mut exchange, mut request) = (room.exchange(), request(&fields));
        let flow = run(&policy, &mut exchange, &mut request).await;
        match expected {
            None => passed(flow),
            Some(reason) => assert_eq!(refused(flow).reason.name, reason, "{returned:?}"),
        }
    }
}

#[tokio::test]
async fn what_happens_while_the_store_is_away_is_declared() {
    let room = Room::new();
    for (on_failure, expected) in [("local", "limit.exceeded"), ("allow", ""), ("deny", "limit.unavailable")] {
        let options = json!({ "limits": { "requests": "1/m" }, "by": "all", "onFailure": on_failure });
        let policy = room.build_named(&KIND, on_failure, options).unwrap();
        passed(send(&policy, &room, None, None).await);
        room.limiter.away.store(true, Ordering::Relaxed);
        match send(&policy, &room, None, None).await {
            Flow::Continue => assert_eq!(on_failure, "allow"),
            flow => assert_eq!(refused(flow).reason.name, expected),
        }
        room.limiter.away.store(false, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn limits_that_only_report_refuse_nothing() {
    let room = Room::new();
    let policy = room.build(&KIND, json!({ "limits": { "requests": "1/m" }, "dryRun": true })).unwrap();
    for over in [false, true] {
        let (mut exchange, mut request) = (room.exchange(), request(&[]));
        passed(run(&policy, &mut exchange, &mut request).await);
        assert!(exchange.response_headers.is_empty());
        assert_eq!(!exchange.record.would_refuse.is_empty(), over);
    }
}

#[test]
fn mistakes_in_the_options_are_found_at_load() {
    let room = Room::new();
    let with = |name: &str, value: Value| {
        let mut options = json!({ "limits": { "requests": 5 } });
        options[name] = value;
        options
    };
    for (options, pointer, says) in [
        (json!({}), "", "`limits` is missing"),
        (json!({ "limits": {} }), "", "`limits` is missing"),
        (json!({ "limits": { "requests": "fast" } }), "/limits/requests", "100/m"),
        (json!({ "limits": { "requests": -1 } }), "/limits/requests", "rate such as 100/m"),
        (with("timeWindowMinutes", json!(0)), "/timeWindowMinutes", "above 0"),
        (with("increments", json!({ "request": 1 })), "/increments/request", "there are: requests"),
        (with("burst", json!({ "requests": 1 })), "/burst", "token-bucket"),
        (with("rateLimitBy", json!("function")), "/rateLimitBy", "`identifier`"),
        (with("plans", json!({ "gold": {} })), "/plans", "planFrom"),
        (with("limitsFrom", json!("limits")), "/limitsFrom", "user.data"),
        (with("throwOnFailure", json!(true)), "", ""),
    ] {
        match room.build(&KIND, options.clone()) {
            Ok(_) => assert!(says.is_empty(), "{options} is a mistake"),
            Err(error) => {
                assert!(error.pointer.starts_with(pointer), "{options}: at {}", error.pointer);
                let text = format!("{} {}", error.message, error.help.unwrap_or_default());
                assert!(!says.is_empty() && text.contains(says), "{options}: {text}");
            }
        }
    }
}
