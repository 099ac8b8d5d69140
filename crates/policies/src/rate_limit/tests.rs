use std::sync::atomic::Ordering;
use std::time::Duration;

use http::HeaderMap;
use tollgate_core::Flow;
use tollgate_core::project::Compatibility;

use super::*;
use crate::testing::{FakeScripts, RETURNS, Room, passed, refused, request, run, user};

/// The answers to one request after another: the names and values of the fields in question.
fn told(headers: &HeaderMap) -> Vec<String> {
    let of_interest = headers.iter().filter(|(name, _)| name.as_str().contains("ratelimit"));
    of_interest.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
}

async fn hit(policy: &Arc<dyn Policy>, room: &Room, set: impl FnOnce(&mut Exchange)) -> (Flow, HeaderMap) {
    let (mut exchange, mut request) = (room.exchange(), request(&[]));
    set(&mut exchange);
    let flow = run(policy, &mut exchange, &mut request).await;
    (flow, exchange.response_headers)
}

async fn allowed(policy: &Arc<dyn Policy>, room: &Room, set: impl FnOnce(&mut Exchange)) -> bool {
    match hit(policy, room, set).await.0 {
        Flow::Continue => true,
        flow => {
            assert_eq!(refused(flow).reason.name, "limit.exceeded");
            false
        }
    }
}

fn from(address: &str) -> impl FnOnce(&mut Exchange) {
    let ip = address.parse().unwrap();
    move |exchange| exchange.client.ip = ip
}

fn by(sub: &str, data: Value) -> impl FnOnce(&mut Exchange) {
    let user = user(sub, data);
    move |exchange| exchange.user = Some(user)
}

#[tokio::test]
async fn every_answer_tells_the_limit_and_a_refusal_when_to_come_back() {
    let room = Room::new();
    let policy = room.build(&KIND, json!({ "rate": "2/m" })).unwrap();
    let (flow, headers) = hit(&policy, &room, |_| {}).await;
    passed(flow);
    assert_eq!(told(&headers), ["ratelimit: \"2-per-minute\";r=1;t=60", "ratelimit-policy: \"2-per-minute\";q=2;w=60"]);
    room.clock.advance(Duration::from_millis(500));
    passed(hit(&policy, &room, |_| {}).await.0);
    let (flow, headers) = hit(&policy, &room, |_| {}).await;
    let problem = refused(flow);
    assert_eq!(problem.headers[RETRY_AFTER], "60", "59.5 s, rounded up: who comes back then is not refused again");
    assert_eq!(told(&headers), ["ratelimit: \"2-per-minute\";r=0;t=60", "ratelimit-policy: \"2-per-minute\";q=2;w=60"]);
    assert_eq!((problem.status.as_u16(), &*problem.detail), (429, "Rate limit exceeded"));
    assert_eq!(problem.extensions["violated-policies"], json!(["2-per-minute"]));
    room.clock.advance(Duration::from_secs(60));
    passed(hit(&policy, &room, |_| {}).await.0);
}

#[tokio::test]
async fn several_limits_share_one_list_field() {
    let room = Room::new();
    let minute = room.build_named(&KIND, "burst", json!({ "rate": "5/m" })).unwrap();
    let day = room.build_named(&KIND, "a \"day\" ü", json!({ "rate": "10/d", "headerMode": "both" })).unwrap();
    let (mut exchange, mut request) = (room.exchange(), request(&[]));
    passed(run(&minute, &mut exchange, &mut request).await);
    passed(run(&day, &mut exchange, &mut request).await);
    let now = room.services.clock.now().seconds();
    assert_eq!(
        told(&exchange.response_headers),
        [
            "ratelimit: \"burst\";r=4;t=60, \"a \\\"day\\\" _\";r=9;t=86400".to_owned(),
            "ratelimit-policy: \"burst\";q=5;w=60, \"a \\\"day\\\" _\";q=10;w=86400".to_owned(),
            "x-ratelimit-limit: 10".to_owned(),
            "x-ratelimit-remaining: 9".to_owned(),
            format!("x-ratelimit-reset: {}", now + 86400),
        ]
    );
}

#[tokio::test]
async fn the_old_fields_tell_the_limit_that_is_nearest() {
    let room = Room::new();
    let (mut exchange, mut request) = (room.exchange(), request(&[]));
    for (name, rate) in [("wide", "100/h"), ("narrow", "3/m"), ("middle", "50/h")] {
        let policy = room.build_named(&KIND, name, json!({ "rate": rate, "headerMode": "legacy" })).unwrap();
        passed(run(&policy, &mut exchange, &mut request).await);
    }
    assert_eq!(exchange.response_headers["x-ratelimit-limit"], "3");
    assert_eq!(exchange.response_headers["x-ratelimit-remaining"], "2");
    assert_eq!(exchange.response_headers.len(), 3);
}

#[tokio::test]
async fn header_modes_say_as_much_as_they_are_asked_to() {
    let mut zuplo = Compatibility::native();
    zuplo.rate_limit_fields = false;
    for (compatibility, mode, retry_after, fields) in [
        (Compatibility::native(), None, true, 2),
        (zuplo.clone(), None, true, 0),
        (zuplo, Some("draft-11"), true, 2),
        (Compatibility::native(), Some("none"), false, 0),
        (Compatibility::native(), Some("retry-after"), true, 0),
        (Compatibility::native(), Some("legacy"), true, 3),
        (Compatibility::native(), Some("both"), true, 5),
    ] {
        let mut room = Room::new();
        room.compatibility = compatibility;
        let options = match mode {
            Some(mode) => json!({ "rate": "1/m", "headerMode": mode }),
            None => json!({ "rate": "1/m" }),
        };
        let policy = room.build(&KIND, options).unwrap();
        let (flow, headers) = hit(&policy, &room, |_| {}).await;
        passed(flow);
        assert_eq!(told(&headers).len(), fields, "{mode:?}");
        let problem = refused(hit(&policy, &room, |_| {}).await.0);
        assert_eq!(problem.headers.contains_key(RETRY_AFTER), retry_after, "{mode:?}");
    }
}

#[tokio::test]
async fn by_default_users_count_where_there_are_any_and_addresses_elsewhere() {
    let room = Room::new();
    let policy = room.build(&KIND, json!({ "rate": "1/m" })).unwrap();
    assert!(allowed(&policy, &room, from("192.0.2.1")).await);
    assert!(!allowed(&policy, &room, from("192.0.2.1")).await);
    assert!(allowed(&policy, &room, from("192.0.2.2")).await);
    assert!(allowed(&policy, &room, by("alice", json!({}))).await);
    assert!(!allowed(&policy, &room, by("alice", json!({}))).await);
    assert!(allowed(&policy, &room, by("bob", json!({}))).await);
    assert!(allowed(&policy, &room, by("192.0.2.1", json!({}))).await, "a user may be called like an address");
}

#[tokio::test]
async fn all_is_one_counter_for_everyone() {
    let room = Room::new();
    let policy = room.build(&KIND, json!({ "by": "all", "rate": "2/m" })).unwrap();
    assert!(allowed(&policy, &room, by("alice", json!({}))).await);
    assert!(allowed(&policy, &room, from("192.0.2.9")).await);
    assert!(!allowed(&policy, &room, by("bob", json!({}))).await);
}

#[tokio::test]
async fn a_network_of_ipv6_addresses_is_one_caller() {
    let room = Room::new();
    let policy = room.build(&KIND, json!({ "by": "ip", "rate": "1/m" })).unwrap();
    assert!(allowed(&policy, &room, from("2001:db8:1:2::1")).await);
    assert!(!allowed(&policy, &room, from("2001:db8:1:2:ffff::9")).await);
    assert!(allowed(&policy, &room, from("2001:db8:1:3::1")).await);
    assert!(allowed(&policy, &room, from("192.0.2.1")).await);
    assert!(!allowed(&policy, &room, from("::ffff:192.0.2.1")).await, "the same caller on a dual-stack socket");
    assert!(allowed(&policy, &room, from("::ffff:192.0.2.2")).await);
}

#[tokio::test]
async fn a_table_picks_the_rate_and_counts_each_user() {
    let room = Room::new();
    let options = json!({ "by": "user.data.plan", "rate": { "gold": "3/m", "7": "2/m", "default": "1/m" } });
    let policy = room.build(&KIND, options).unwrap();
    for (sub, data, count) in [
        ("alice", json!({ "plan": "gold" }), 3),
        ("bob", json!({ "plan": "gold" }), 3),
        ("carol", json!({ "plan": 7 }), 2),
        ("dave", json!({ "plan": "unheard of" }), 1),
        ("erin", json!({ "plan": "default" }), 1),
        ("frank", json!({}), 1),
    ] {
        for _ in 0..count {
            assert!(allowed(&policy, &room, by(sub, data.clone())).await, "{sub}");
        }
        assert!(!allowed(&policy, &room, by(sub, data.clone())).await, "{sub}");
    }
}

#[tokio::test]
async fn with_one_rate_all_who_share_a_value_share_the_rate() {
    let room = Room::new();
    let policy = room.build(&KIND, json!({ "by": "user.data.org.id", "rate": "2/m" })).unwrap();
    assert!(allowed(&policy, &room, by("alice", json!({ "org": { "id": 1 } }))).await);
    assert!(allowed(&policy, &room, by("bob", json!({ "org": { "id": 1 } }))).await);
    assert!(!allowed(&policy, &room, by("carol", json!({ "org": { "id": 1 } }))).await);
    assert!(allowed(&policy, &room, by("dave", json!({ "org": { "id": 2 } }))).await);
    assert!(allowed(&policy, &room, by("erin", json!({}))).await);
    assert!(allowed(&policy, &room, by("frank", json!({}))).await, "a value that is not there is not shared");
}

#[tokio::test]
async fn counting_users_where_there_is_none_fails_closed_and_says_why() {
    let room = Room::new();
    for options in [
        json!({ "by": "user", "rate": "1/m" }),
        json!({ "by": "user.data.plan", "rate": { "default": "1/m" } }),
        json!({ "rateLimitBy": "user", "requestsAllowed": 1, "timeWindowMinutes": 1 }),
    ] {
        let policy = room.build(&KIND, options).unwrap();
        let problem = refused(hit(&policy, &room, |_| {}).await.0);
        assert_eq!((problem.reason.name, problem.status.as_u16()), ("limit.no_user", 500));
        assert!(problem.cause.clone().unwrap().contains("no policy before it"));
    }
}

#[tokio::test]
async fn what_happens_while_the_store_is_away_is_declared() {
    let room = Room::new();
    for (options, expected) in [
        (json!({ "rate": "1/m", "onFailure": "allow" }), None),
        (json!({ "rate": "1/m", "onFailure": "deny" }), Some("limit.unavailable")),
        (
            json!({ "rateLimitBy": "all", "requestsAllowed": 1, "timeWindowMinutes": 1, "throwOnFailure": true }),
            Some("limit.unavailable"),
        ),
    ] {
        let policy = room.build(&KIND, options).unwrap();
        room.limiter.away.store(true, Ordering::Relaxed);
        let (mut exchange, mut request) = (room.exchange(), request(&[]));
        let flow = run(&policy, &mut exchange, &mut request).await;
        match expected {
            None => {
                passed(flow);
                assert!(exchange.record.fields.contains_key("uncounted"), "it must be visible");
            }
            Some(reason) => assert_eq!(refused(flow).reason.name, reason),
        }
    }
}

#[tokio::test]
async fn unless_it_is_told_otherwise_a_node_counts_for_itself_while_the_store_is_away() {
    let room = Room::new();
    for options in [
        json!({ "by": "all", "rate": "1/m" }),
        json!({ "rateLimitBy": "all", "requestsAllowed": 1, "timeWindowMinutes": 1, "throwOnFailure": false }),
    ] {
        let policy = room.build_named(&KIND, &options.to_string(), options).unwrap();
        room.limiter.away.store(true, Ordering::Relaxed);
        assert!(allowed(&policy, &room, |_| {}).await);
        assert!(!allowed(&policy, &room, |_| {}).await);
    }
}

#[tokio::test]
async fn a_token_bucket_lets_a_burst_through_and_then_keeps_its_pace() {
    let room = Room::new();
    let options = json!({ "by": "all", "rate": "60/m", "algorithm": "token-bucket", "burst": 3 });
    let policy = room.build(&KIND, options).unwrap();
    for _ in 0..3 {
        assert!(allowed(&policy, &room, |_| {}).await);
    }
    let (flow, headers) = hit(&policy, &room, |_| {}).await;
    assert_eq!(refused(flow).headers[RETRY_AFTER], "1");
    let name = "60-per-minute-by-all";
    assert_eq!(
        told(&headers),
        [format!("ratelimit: \"{name}\";r=0;t=1"), format!("ratelimit-policy: \"{name}\";q=60;w=60")]
    );
    room.clock.advance(Duration::from_secs(1));
    assert!(allowed(&policy, &room, |_| {}).await);
    assert!(!allowed(&policy, &room, |_| {}).await);
}

#[tokio::test]
async fn a_limit_that_only_reports_refuses_nothing_and_tells_only_the_record() {
    let room = Room::new();
    let policy = room.build(&KIND, json!({ "rate": "1/m", "dryRun": true, "onFailure": "deny" })).unwrap();
    for over in [false, true, true] {
        let (mut exchange, mut request) = (room.exchange(), request(&[]));
        passed(run(&policy, &mut exchange, &mut request).await);
        assert!(exchange.response_headers.is_empty());
        assert_eq!(exchange.record.would_refuse.len(), usize::from(over));
        assert_eq!(exchange.record.fields.get("wouldRefuse").is_some(), over);
    }
    room.limiter.away.store(true, Ordering::Relaxed);
    passed(hit(&policy, &room, |_| {}).await.0);
}

#[test]
fn the_schema_takes_what_the_options_take() {
    let schema = KIND.schema();
    for (option, types) in [("requestsAllowed", ["integer", "string"]), ("timeWindowMinutes", ["number", "string"])] {
        let listed = schema["properties"][option]["type"].as_array().unwrap();
        assert!(types.iter().all(|name| listed.contains(&json!(name))), "{option}: {listed:?}");
    }
}

#[tokio::test]
async fn a_limit_survives_a_reload() {
    let room = Room::new();
    let options = json!({ "rate": "1/m" });
    assert!(allowed(&room.build(&KIND, options.clone()).unwrap(), &room, |_| {}).await);
    assert!(!allowed(&room.build(&KIND, options.clone()).unwrap(), &room, |_| {}).await);
    assert!(allowed(&room.build_named(&KIND, "other", options).unwrap(), &room, |_| {}).await);
}

#[tokio::test]
async fn a_fraction_of_a_minute_is_a_window_and_text_from_the_environment_is_a_number() {
    let room = Room::new();
    let options = json!({ "rateLimitBy": "ip", "requestsAllowed": "1", "timeWindowMinutes": 0.01 });
    let policy = room.build(&KIND, options).unwrap();
    assert!(allowed(&policy, &room, |_| {}).await);
    let problem = refused(hit(&policy, &room, |_| {}).await.0);
    assert_eq!(problem.headers[RETRY_AFTER], "1");
    room.clock.advance(Duration::from_millis(600));
    assert!(allowed(&policy, &room, |_| {}).await);
}

#[test]
fn mistakes_in_the_options_are_found_at_load() {
    let room = Room::new();
    let zuplo = |by: &str, requests: Value, minutes: Value| json!({ "rateLimitBy": by, "requestsAllowed": requests, "timeWindowMinutes": minutes });
    for (options, pointer, says) in [
        (json!({}), "", "`rate` is missing"),
        (json!({ "by": "ip" }), "", "`rate` is missing"),
        (json!({ "by": "address", "rate": "1/m" }), "/by", "user.data.FIELD"),
        (json!({ "rate": "1 per minute" }), "/rate", "100/m"),
        (json!({ "rate": "0/m" }), "/rate", "100/m"),
        (json!({ "by": "user.data.plan", "rate": { "gold": "fast" } }), "/rate", "100/m"),
        (json!({ "by": "user.data.plan", "rate": { "gold": "1/m" } }), "/rate", "`default`"),
        (json!({ "by": "user", "rate": { "default": "1/m" } }), "/rate", "`by` that picks"),
        (json!({ "rate": "1/m", "requestsAllowed": 1 }), "/requestsAllowed", "does not go together"),
        (json!({ "rate": "1/m", "onFailure": "allow", "throwOnFailure": true }), "/throwOnFailure", "onFailure"),
        (json!({ "rate": "1/m", "burst": 5 }), "/burst", "`algorithm: token-bucket`"),
        (json!({ "rate": "1/m", "algorithm": "token-bucket", "burst": 0 }), "/burst", "nonzero"),
        (json!({ "requestsAllowed": 1, "timeWindowMinutes": 1 }), "", "`rateLimitBy` is missing"),
        (json!({ "rateLimitBy": "ip", "timeWindowMinutes": 1 }), "", "`requestsAllowed` is missing"),
        (zuplo("function", json!(1), json!(1)), "/rateLimitBy", "`identifier`"),
        (json!({ "by": "./modules/limits.ts#byTenant", "rate": "1/m" }), "/by", "modules cannot run here"),
        (json!({ "by": "../limits.ts", "rate": "1/m" }), "/by", "no function of the project"),
        (json!({ "by": "./x.ts", "rate": { "default": "1/m" } }), "/rate", "`by` that picks"),
        (zuplo("ip", json!(0), json!(1)), "/requestsAllowed", "whole number"),
        (zuplo("ip", json!(1.5), json!(1)), "/requestsAllowed", "whole number"),
        (zuplo("ip", json!("many"), json!(1)), "/requestsAllowed", "not a number"),
        (zuplo("ip", json!(1), json!(0)), "/timeWindowMinutes", "above 0"),
        (zuplo("ip", json!(1), json!(-1)), "/timeWindowMinutes", "above 0"),
        (zuplo("ip", json!(1), json!(1e300)), "/timeWindowMinutes", "above 0"),
    ] {
        let error = room.build(&KIND, options.clone()).unwrap_err();
        assert!(error.pointer.starts_with(pointer), "{options}: at {}", error.pointer);
        let text = format!("{} {}", error.message, error.help.unwrap_or_default());
        assert!(text.contains(says), "{options}: {text}");
    }
}

/// A room with one module, which has one function.
fn with_function() -> Room {
    let mut room = Room::new();
    room.scripts = Some(Arc::new(FakeScripts { exports: vec!["modules/limits.ts#byTenant"] }));
    room
}

/// What happens to a request for which the function returns this; `None` for nothing.
async fn returning(policy: &Arc<dyn Policy>, room: &Room, returned: Option<&str>) -> (Flow, Exchange) {
    let fields: Vec<_> = returned.iter().map(|text| (RETURNS, *text)).collect();
    let (mut exchange, mut request) = (room.exchange(), request(&fields));
    let flow = run(policy, &mut exchange, &mut request).await;
    (flow, exchange)
}

#[tokio::test]
async fn a_function_says_who_is_counted_and_may_change_the_rate() {
    let room = with_function();
    let native = json!({ "by": "./modules/limits.ts#byTenant", "rate": "1/m" });
    let zuplo = json!({
        "rateLimitBy": "function", "requestsAllowed": 1, "timeWindowMinutes": 1,
        "identifier": { "module": "$import(./modules/limits.ts)", "export": "byTenant" },
    });
    for options in [native, zuplo] {
        let policy = room.build_named(&KIND, &options.to_string(), options.clone()).unwrap();
        for (returned, left) in [
            (r#"{ "key": "a" }"#, Some(0)),
            (r#"{ "key": "a" }"#, None),
            (r#"{ "key": "b" }"#, Some(0)),
            (r#"{ "key": "c", "requestsAllowed": 2, "timeWindowMinutes": 60 }"#, Some(1)),
            (r#"{ "key": "c", "requestsAllowed": 2, "timeWindowMinutes": 60 }"#, Some(0)),
            (r#"{ "key": "c", "requestsAllowed": 2, "timeWindowMinutes": 60 }"#, None),
            (r#"{ "key": "d", "requestsAllowed": 0 }"#, None),
        ] {
            let (flow, exchange) = returning(&policy, &room, Some(returned)).await;
            match left {
                Some(left) => {
                    passed(flow);
                    let told = told(&exchange.response_headers);
                    assert!(told[0].contains(&format!(";r={left}")), "{returned}: {told:?}");
                }
                None => assert_eq!(refused(flow).reason.name, "limit.exceeded", "{returned}"),
            }
            assert_eq!(exchange.record.fields["asked"], options.to_string(), "it is told the policy's name");
        }
    }
}

#[tokio::test]
async fn a_request_for_which_the_function_returns_nothing_is_not_limited() {
    let room = with_function();
    let policy = room.build(&KIND, json!({ "by": "./modules/limits.ts#byTenant", "rate": "1/m" })).unwrap();
    for _ in 0..3 {
        let (flow, exchange) = returning(&policy, &room, None).await;
        passed(flow);
        assert!(exchange.response_headers.is_empty());
    }
}

#[tokio::test]
async fn a_function_that_throws_or_returns_nonsense_denies() {
    let room = with_function();
    let policy = room.build(&KIND, json!({ "by": "./modules/limits.ts#byTenant", "rate": "1/m" })).unwrap();
    let problem = refused(returning(&policy, &room, Some("it throws")).await.0);
    assert_eq!(problem.reason.name, "script.threw");
    for (returned, cause) in [("\"tenant\"", "returned a text"), ("{}", "has no `key`")] {
        let problem = refused(returning(&policy, &room, Some(returned)).await.0);
        assert_eq!((problem.reason.name, problem.status.as_u16()), ("script.result", 500));
        let said = problem.cause.clone().unwrap();
        assert!(said.contains(cause) && said.contains("1-per-minute-by-byTenant"), "{said}");
    }
}

#[test]
fn the_functions_that_options_name_are_known_before_they_are_built() {
    let named = |options: Value| {
        let all = (KIND.functions)(&options).into_iter();
        all.map(|(at, export)| (at, export.map(|export| export.to_string()))).collect::<Vec<_>>()
    };
    let identifier = json!({ "module": "$import(./modules/x)", "export": "default" });
    for (options, expected) in [
        (json!({ "by": "./modules/x.ts#f" }), vec![("/by", Some("modules/x.ts#f".to_owned()))]),
        (json!({ "by": "../x.ts#f" }), vec![("/by", None)]),
        (
            json!({ "rateLimitBy": "function", "identifier": identifier }),
            vec![("/identifier", Some("modules/x#default".to_owned()))],
        ),
        (json!({ "rateLimitBy": "ip", "identifier": identifier }), vec![]),
        (json!({ "by": "user", "rate": "1/m" }), vec![]),
    ] {
        assert_eq!(named(options.clone()), expected, "{options}");
    }
}

#[test]
fn a_function_that_is_not_there_is_found_at_load_where_it_is_named() {
    let room = with_function();
    let error = room.build(&KIND, json!({ "by": "./modules/limits.ts#other", "rate": "1/m" })).unwrap_err();
    assert_eq!((error.pointer.as_str(), error.message.as_str()), ("/by", "there is no `modules/limits.ts#other`"));
}
