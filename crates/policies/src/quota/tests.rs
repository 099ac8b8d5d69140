use std::sync::atomic::Ordering;
use std::time::Duration;

use super::*;
use crate::testing::{FakeScripts, RETURNS, Room, passed, refused, request, run, user};

const DAY: Duration = Duration::from_secs(86_400);

/// Sends a request of a user, and gives the exchange as it is before its answer is known.
async fn send(policy: &Arc<dyn Policy>, room: &Room, sub: &str, data: Value) -> (Flow, Exchange) {
    let (mut exchange, mut request) = (room.exchange(), request(&[]));
    exchange.user = Some(user(sub, data));
    let flow = run(policy, &mut exchange, &mut request).await;
    (flow, exchange)
}

/// Whether it was let through; the answer has this status.
async fn answered(policy: &Arc<dyn Policy>, room: &Room, sub: &str, status: u16) -> bool {
    let (flow, mut exchange) = send(policy, room, sub, json!({})).await;
    match flow {
        Flow::Continue => {
            exchange.ledger.settle(StatusCode::from_u16(status).unwrap());
            true
        }
        flow => {
            assert_eq!(refused(flow).reason.name, "quota.exceeded");
            false
        }
    }
}

#[tokio::test]
async fn only_answers_that_count_are_counted_and_each_once() {
    let room = Room::new();
    for (codes, counted, not) in [
        (json!(null), vec![200, 204, 299], vec![101, 302, 404, 429, 500]),
        (json!("200-299, 404"), vec![200, 404], vec![403, 500]),
        (json!([201, "500-599"]), vec![201, 503], vec![200]),
        (json!(200), vec![200], vec![201]),
    ] {
        let options =
            json!({ "period": "daily", "allowances": { "requests": counted.len() }, "quotaOnStatusCodes": codes });
        let policy = room.build_named(&KIND, &codes.to_string(), options).unwrap();
        for status in not {
            assert!(answered(&policy, &room, "alice", status).await, "{codes}: {status} is given back");
        }
        for status in counted {
            assert!(answered(&policy, &room, "alice", status).await, "{codes}: {status}");
        }
        assert!(!answered(&policy, &room, "alice", 200).await, "{codes}");
    }
}

#[tokio::test]
async fn requests_under_way_together_get_no_more_than_the_quota() {
    let room = Room::new();
    let policy = room.build(&KIND, json!({ "period": "daily", "allowances": { "requests": 2 } })).unwrap();
    let (first, one) = send(&policy, &room, "alice", json!({})).await;
    let (second, _gone) = send(&policy, &room, "alice", json!({})).await;
    passed(first);
    passed(second);
    let (third, _) = send(&policy, &room, "alice", json!({})).await;
    assert_eq!(refused(third).reason.name, "quota.exceeded");
    let mut one = one;
    one.ledger.settle(StatusCode::BAD_GATEWAY);
    assert!(answered(&policy, &room, "alice", 200).await, "what failed was given back");
    assert!(!answered(&policy, &room, "alice", 200).await, "what never got an answer stays counted");
}

#[tokio::test]
async fn what_code_says_last_is_what_a_request_costs() {
    let room = Room::new();
    let options = json!({ "period": "monthly", "allowances": { "requests": 100, "tokens": 100 } });
    let policy = room.build(&KIND, options).unwrap();
    let used = |exchange: &Exchange| exchange.ledger.usage["quota"]["meters"]["tokens"]["used"].as_u64().unwrap();
    for (before, after, expected) in
        [(None, Some(30.0), 0), (Some(50.0), Some(20.5), 80), (None, None, 51), (None, Some(80.0), 51)]
    {
        let (mut exchange, mut request) = (room.exchange(), request(&[]));
        exchange.user = Some(user("alice", json!({})));
        let note = |exchange: &mut Exchange, tokens: Option<f64>| {
            if let Some(tokens) = tokens {
                exchange.ledger.notes.insert("QuotaInboundPolicy.meters".to_owned(), json!({ "tokens": tokens }));
            }
        };
        note(&mut exchange, before);
        passed(run(&policy, &mut exchange, &mut request).await);
        assert_eq!(used(&exchange), expected);
        note(&mut exchange, after);
        exchange.ledger.settle(StatusCode::OK);
    }
    // 131 of 100 are used: what is known only afterwards needs something to be left.
    let (flow, exchange) = send(&policy, &room, "alice", json!({})).await;
    assert_eq!(refused(flow).extensions["violated-policies"], json!(["monthly-quota-tokens"]));
    assert_eq!(used(&exchange), 131);
    assert_eq!(exchange.ledger.usage["quota"]["meters"]["requests"]["remaining"], 96);
}

#[tokio::test]
async fn plans_and_callers_have_quotas_of_their_own() {
    let room = Room::new();
    let options = json!({
        "period": "daily", "allowances": { "requests": 1 }, "planFrom": "user.data.plan",
        "plans": { "gold": { "requests": 3 }, "7": { "requests": 2 }, "default": {} }, "allowancesFrom": "user.data.quota",
    });
    let policy = room.build(&KIND, options).unwrap();
    for (sub, data, expected) in [
        ("gold", json!({ "plan": "gold" }), 3),
        ("number", json!({ "plan": 7 }), 2),
        ("unheard of", json!({ "plan": "copper" }), 1),
        ("none", json!({}), 1),
        ("own", json!({ "plan": "gold", "quota": { "requests": 4 } }), 4),
        ("nonsense", json!({ "plan": "gold", "quota": { "requests": "many", "x": -1 } }), 3),
        ("nothing", json!({ "quota": { "requests": 0 } }), 0),
    ] {
        for _ in 0..expected {
            passed(send(&policy, &room, sub, data.clone()).await.0);
        }
        assert_eq!(refused(send(&policy, &room, sub, data).await.0).reason.name, "quota.exceeded", "{sub}");
    }
}

#[tokio::test]
async fn periods_are_counted_from_the_first_call_by_the_calendar_or_from_a_date() {
    let mut room = Room::new();
    room.scripts = Some(Arc::new(FakeScripts { exports: vec!["modules/quotas#getAnchorDate"] }));
    // Room clocks begin on Thursday, 1 January 2026, 00:00 UTC.
    room.clock.advance(2 * DAY + Duration::from_secs(3600));
    for (mode, first, then) in [
        ("first-api-call", "2026-01-03T01:00:00.000Z", "2026-02-03T01:00:00.000Z"),
        ("calendar", "2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z"),
        ("function", "2025-12-31T10:00:00.000Z", "2026-01-31T10:00:00.000Z"),
    ] {
        let options = json!({
            "period": "monthly", "allowances": { "requests": 1 }, "quotaAnchorMode": mode,
            "identifier": { "module": "$import(./modules/quotas)" },
        });
        let policy = room.build_named(&KIND, mode, options).unwrap();
        let (mut exchange, mut request) = (room.exchange(), request(&[(RETURNS, "\"2024-08-31T10:00:00Z\"")]));
        exchange.user = Some(user("alice", json!({})));
        passed(run(&policy, &mut exchange, &mut request).await);
        let usage = &exchange.ledger.usage[mode];
        assert_eq!((usage["periodStart"].as_str(), usage["periodEnd"].as_str()), (Some(first), Some(then)), "{mode}");
    }
}

#[tokio::test]
async fn a_function_says_whose_quota_it_is_and_how_much_it_holds() {
    let mut room = Room::new();
    room.scripts = Some(Arc::new(FakeScripts { exports: vec!["modules/q#getQuotaDetail", "modules/q#other"] }));
    for options in [
        json!({ "period": "daily", "quotaBy": "function", "identifier": { "module": "./modules/q" } }),
        json!({ "period": "daily", "quotaBy": "./modules/q#other", "allowances": { "requests": 5 } }),
    ] {
        let policy = room.build_named(&KIND, &options.to_string(), options).unwrap();
        for (returned, expected) in [
            (Some(r#"{ "key": "a", "allowances": { "requests": 1 } }"#), None),
            (Some(r#"{ "key": "a", "allowances": { "requests": 1 } }"#), Some("quota.exceeded")),
            (Some(r#"{ "key": "b", "allowances": { "requests": 1 } }"#), None),
            (None, None),
            (Some("{}"), Some("script.result")),
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
}

#[tokio::test]
async fn what_happens_while_the_counts_cannot_be_reached_is_declared() {
    let room = Room::new();
    for (on_failure, expected) in
        [("local", Some("quota.exceeded")), ("allow", None), ("deny", Some("limit.unavailable"))]
    {
        let options = json!({ "period": "daily", "allowances": { "requests": 1 }, "onFailure": on_failure });
        let policy = room.build_named(&KIND, on_failure, options).unwrap();
        passed(send(&policy, &room, "alice", json!({})).await.0);
        room.limiter.away.store(true, Ordering::Relaxed);
        let (flow, exchange) = send(&policy, &room, "alice", json!({})).await;
        match expected {
            None => {
                passed(flow);
                assert!(exchange.record.fields.contains_key("uncounted"), "it must be visible");
            }
            Some(reason) => assert_eq!(refused(flow).reason.name, reason),
        }
        room.limiter.away.store(false, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_quota_of_users_refuses_who_is_nobody() {
    let room = Room::new();
    let policy = room.build(&KIND, json!({ "period": "daily", "allowances": { "requests": 1 } })).unwrap();
    let (mut exchange, mut request) = (room.exchange(), request(&[]));
    assert_eq!(refused(run(&policy, &mut exchange, &mut request).await).reason.name, "limit.no_user");
}

#[tokio::test]
async fn a_quota_that_only_reports_counts_on_and_tells_the_record() {
    let room = Room::new();
    let options = json!({ "period": "daily", "allowances": { "requests": 1 }, "dryRun": true, "onFailure": "deny" });
    let policy = room.build(&KIND, options).unwrap();
    for over in [false, true, true] {
        let (flow, exchange) = send(&policy, &room, "alice", json!({})).await;
        passed(flow);
        assert!(exchange.response_headers.is_empty());
        assert_eq!(!exchange.record.would_refuse.is_empty(), over);
    }
}

#[test]
fn mistakes_in_the_options_are_found_at_load() {
    let room = Room::new();
    let with = |name: &str, value: Value| {
        let mut options = json!({ "period": "daily", "allowances": { "requests": 1 } });
        options[name] = value;
        options
    };
    for (options, pointer, says) in [
        (json!({}), "", "period"),
        (json!({ "period": "yearly", "allowances": {} }), "/period", "hourly"),
        (json!({ "period": "daily" }), "", "allowances: { requests: 10000 }"),
        (with("quotaBy", json!("function")), "/quotaBy", "`identifier`"),
        (with("quotaBy", json!("address")), "/quotaBy", "user.data.FIELD"),
        (with("quotaAnchorMode", json!("function")), "/quotaAnchorMode", "`identifier`"),
        (with("quotaOnStatusCodes", json!("2xx")), "/quotaOnStatusCodes", "no status code"),
        (with("quotaOnStatusCodes", json!("299-200")), "/quotaOnStatusCodes", "no range"),
        (with("quotaOnStatusCodes", json!([])), "/quotaOnStatusCodes", "empty"),
        (with("planFrom", json!("user.data.plan")), "/planFrom", "no `plans`"),
        (with("plans", json!({ "default": {} })), "/plans", "planFrom"),
        (with("allowancesFrom", json!("plan")), "/allowancesFrom", "user.data.plan"),
        (with("allowances", json!({ "requests": -1 })), "/allowances/requests", "-1"),
        (with("alowances", json!({})), "", "alowances"),
    ] {
        let error = room.build(&KIND, options.clone()).unwrap_err();
        assert!(error.pointer.starts_with(pointer), "{options}: at {}", error.pointer);
        let text = format!("{} {}", error.message, error.help.unwrap_or_default());
        assert!(text.contains(says), "{options}: {text}");
    }
}
