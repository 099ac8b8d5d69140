//! Limits over several gateways, real processes all of them, with a real Redis that is there or not.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

mod support;

use std::time::Duration;

use support::{Gateway, SOON, World};
use tokio::time::Instant;
use tollgate_testkit::redis::RedisServer;
use tollgate_testkit::{CapturingUpstream, client};

/// A project whose routes are limited in several ways, and a gateway for each data folder.
async fn gateways<const N: usize>(upstream: &CapturingUpstream, redis: &RedisServer) -> ([Gateway; N], Vec<World>) {
    let document = format!(
        r"openapi: 3.1.0
info: {{ title: Test, version: 1.0.0 }}
x-tollgate: {{ upstream: {}, auth: public }}
paths:
  /minute: {{ get: {{ operationId: minute, x-tollgate: {{ limit: 60/m }}, responses: {{}} }} }}
  /moments: {{ get: {{ operationId: moments, x-tollgate: {{ limit: 60/2s }}, responses: {{}} }} }}
  /local: {{ get: {{ operationId: local, x-tollgate: {{ inbound: [{{ rate-limit: {{ rate: 100000/m }} }}] }}, responses: {{}} }} }}
  /quota: {{ get: {{ operationId: quota, x-tollgate: {{ inbound: [{{ quota: {{ period: daily, quotaBy: all, allowances: {{ requests: 30 }} }} }}] }}, responses: {{}} }} }}
  /allow: {{ get: {{ operationId: allow, x-tollgate: {{ inbound: [{{ rate-limit: {{ rate: 1000/m, onFailure: allow }} }}] }}, responses: {{}} }} }}
  /deny: {{ get: {{ operationId: deny, x-tollgate: {{ inbound: [{{ rate-limit: {{ rate: 1000/m, onFailure: deny }} }}] }}, responses: {{}} }} }}
  /overtaking: {{ get: {{ operationId: overtaking, x-tollgate: {{ inbound: [{{ rate-limit: {{ rate: 1000/m, mode: async }} }}] }}, responses: {{}} }} }}
",
        upstream.url()
    );
    let mut worlds = Vec::new();
    let mut gateways = Vec::new();
    for _ in 0..N {
        let world = World::empty();
        world.write("openapi.yaml", &document);
        world.write("tollgate.yaml", "limits: redis://127.0.0.1:1\n");
        gateways.push(world.start(&["run", ".", "--limits", &redis.url()]).await);
        worlds.push(world);
    }
    (gateways.try_into().unwrap_or_else(|_| panic!("as many as asked for")), worlds)
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_a_minute_over_three_gateways_are_sixty() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let redis = RedisServer::start().await.unwrap();
    let (gateways, _worlds) = gateways::<3>(&upstream, &redis).await;
    let mut allowed = 0;
    for number in 0..200 {
        let reply = gateways[number % 3].get("/minute", None).await;
        match reply.status.as_u16() {
            200 => {
                allowed += 1;
                assert!(reply.header("ratelimit").contains(&format!(";r={}", 60 - allowed)), "{:?}", reply.headers);
            }
            429 => assert!(!reply.header("retry-after").is_empty()),
            other => panic!("{other}"),
        }
    }
    assert_eq!(allowed, 60);
    let page = gateways[0].get("/minute", None).await;
    assert_eq!(page.status, 429);

    // In any two seconds, wherever they begin: when the store counted a request lies between its beginning and
    // its end.
    let started = Instant::now();
    let (mut admitted, mut number) = (Vec::new(), 0);
    while started.elapsed() < Duration::from_secs(5) {
        number += 1;
        let began = Instant::now();
        if gateways[number % 3].get("/moments", None).await.status == 200 {
            admitted.push((began, Instant::now()));
        }
    }
    for window in admitted.windows(61) {
        let span = window[60].1 - window[0].0;
        assert!(span >= Duration::from_secs(2), "61 requests within {span:?}");
    }
    assert!(admitted.len() >= 120, "{} in five seconds", admitted.len());
}

async fn p99(gateway: &Gateway, path: &str, requests: usize, expected: u16) -> Duration {
    let mut took = Vec::new();
    for _ in 0..requests {
        let started = Instant::now();
        let reply = gateway.get(path, None).await;
        took.push(started.elapsed());
        assert_eq!(reply.status.as_u16(), expected, "{path}: {}", String::from_utf8_lossy(&reply.body));
    }
    took.sort();
    took[requests * 99 / 100]
}

async fn metrics(gateway: &Gateway) -> String {
    let reply = client::get(&format!("{}/metrics", gateway.management), &[]).await.unwrap();
    String::from_utf8(reply.body.to_vec()).unwrap()
}

async fn until_metric(gateway: &Gateway, line: &str) {
    let seen = async {
        while !metrics(gateway).await.lines().any(|other| other == line) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(SOON, seen).await.unwrap_or_else(|_| panic!("never `{line}`"));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_store_hangs_or_is_gone_traffic_goes_on_as_each_policy_says() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let mut redis = RedisServer::start().await.unwrap();
    let ([gateway], _worlds) = gateways::<1>(&upstream, &redis).await;
    let before = p99(&gateway, "/local", 200, 200).await;
    assert_eq!(gateway.get("/deny", None).await.status, 200);
    until_metric(&gateway, "tollgate_limits_store_up 1").await;

    redis.hang().await.unwrap();
    let hanging = p99(&gateway, "/local", 400, 200).await;
    assert!(hanging < before + Duration::from_millis(50), "p99 {before:?} before, {hanging:?} while it hangs");
    until_metric(&gateway, "tollgate_limits_store_up 0").await;
    let reply = gateway.get("/deny", None).await;
    assert_eq!((reply.status.as_u16(), reply.json()["code"].as_str()), (503, Some("unavailable")));
    assert_eq!(gateway.get("/allow", None).await.status, 200);
    assert_eq!(gateway.get("/overtaking", None).await.status, 200);
    redis.go_on().await.unwrap();
    gateway.until("/deny", None, http::StatusCode::OK).await;

    redis.stop().await.unwrap();
    let gone = p99(&gateway, "/local", 400, 200).await;
    assert!(gone < before + Duration::from_millis(50), "p99 {before:?} before, {gone:?} while it is gone");
    assert_eq!(gateway.get("/deny", None).await.status, 503);
    assert_eq!(gateway.get("/allow", None).await.status, 200);
    redis.restart().await.unwrap();
    gateway.until("/deny", None, http::StatusCode::OK).await;
    until_metric(&gateway, "tollgate_limits_store_up 1").await;

    let log = gateway.child.output();
    let said = |text: &str| log.lines().filter(|line| line.contains(text)).count();
    assert_eq!((said("limits is away"), said("limits is back")), (2, 2), "once for each time:\n{log}");
    assert!(metrics(&gateway).await.contains("tollgate_limits_without_store_total"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_over_three_gateways_is_one_and_goes_on_while_the_store_is_away() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let mut redis = RedisServer::start().await.unwrap();
    let (gateways, _worlds) = gateways::<3>(&upstream, &redis).await;
    let mut left = 30;
    for number in 0..20 {
        let reply = gateways[number % 3].get("/quota", None).await;
        left -= 1;
        assert_eq!(reply.status, 200);
        assert!(reply.header("ratelimit").contains(&format!(";r={left};")), "{:?}", reply.headers);
    }
    // Each goes on from what it last saw: 10, 11 and 12 were left.
    redis.stop().await.unwrap();
    let mut away = 0;
    for number in 0..90 {
        match gateways[number % 3].get("/quota", None).await.status.as_u16() {
            200 => away += 1,
            429 => {}
            other => panic!("{other}"),
        }
    }
    assert!((10..=33).contains(&away), "{away} passed while the store was away");
    redis.restart().await.unwrap();
    for gateway in &gateways {
        until_metric(gateway, "tollgate_limits_store_up 1").await;
        assert_eq!(gateway.get("/quota", None).await.status, 429);
    }
}

#[tokio::test]
async fn a_mistake_in_the_address_is_told_at_its_line_without_the_password() {
    let world = World::with_project("http://127.0.0.1:1");
    world.write(".env", "PASSWORD=s3cret\n");
    for (limits, says) in [
        ("redis://:$env(PASSWORD)@127.0.0.1/0?cluster=yes", "it can say timeout, prefix, ca, cert and key"),
        ("rediss://:$env(PASSWORD)@127.0.0.1#insecure", "certificates are always checked"),
        ("memory2", "it begins with memory, redis://, rediss://"),
    ] {
        world.write("tollgate.yaml", &format!("limits: {limits}\n"));
        for command in ["check", "run"] {
            let ended = world.tollgate(&[command, "."]).await;
            let said = format!("{}{}", ended.stdout, ended.stderr);
            assert!(ended.code != 0 && said.contains("tollgate.yaml:1:9") && said.contains(says), "{limits}: {said}");
            assert!(!said.contains("s3cret"), "{said}");
        }
    }
    let redis = RedisServer::start().await.unwrap();
    for (limits, good) in [(redis.url(), true), ("redis://127.0.0.1:1".to_owned(), false)] {
        world.write("tollgate.yaml", &format!("limits: {limits}\n"));
        let found = world.tollgate(&["doctor", ".", "--output", "json"]).await.json();
        let findings = found.as_array().unwrap();
        let limits = findings.iter().find(|finding| finding["check"] == "limits").unwrap();
        assert_eq!(limits["ok"], good, "{limits}");
    }
    let ended = world.tollgate(&["run", ".", "--limits", "http://u:s3cret@127.0.0.1"]).await;
    assert!(ended.code != 0 && !format!("{ended:?}").contains("s3cret"), "{ended:?}");
}
