//! What becomes of decisions while the shared store stops, hangs, is slow, is flushed, and comes back.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;
use tokio::time::Instant;
use tollgate_core::services::{Counter, Limit, Limiter, Sharing, Window};
use tollgate_core::time::SystemClock;
use tollgate_limits::RedisLimiter;
use tollgate_limits::redis::Address;
use tollgate_testkit::redis::{RedisCluster, RedisServer};
use tollgate_testkit::slow_line::SlowLine;

const STRICT: Sharing = Sharing { overtakes: false, stands_in: false };
const STANDS_IN: Sharing = Sharing { overtakes: false, stands_in: true };
const OVERTAKES: Sharing = Sharing { overtakes: true, stands_in: true };
const SOON: Duration = Duration::from_secs(10);

async fn limiter(url: &str) -> RedisLimiter {
    RedisLimiter::open(Address::parse(url).unwrap(), Arc::new(SystemClock::new())).await
}

fn per_minute(count: u32) -> Limit {
    Limit::Window(Window { count, window: Duration::from_secs(60) })
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waited = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(SOON, waited).await.unwrap_or_else(|_| panic!("it never came to that: {what}"));
}

/// How long each of so many hits took that came one after the other.
async fn latencies(counter: &Arc<dyn Counter>, hits: u32) -> Vec<Duration> {
    let mut took = Vec::new();
    for number in 0..hits {
        let started = Instant::now();
        let _ = counter.hit(&number.to_string(), per_minute(1000), 1).get().await;
        took.push(started.elapsed());
    }
    took.sort();
    took
}

fn metric(limiter: &RedisLimiter, name: &str) -> f64 {
    let mut registry = Registry::default();
    limiter.register(&mut registry);
    let mut page = String::new();
    text::encode(&mut page, &registry).unwrap();
    let value = |line: &str| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap();
    page.lines().filter(|line| line.starts_with(name)).map(value).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_stops_is_missed_at_once_and_used_again_when_it_is_back() {
    let mut server = RedisServer::start().await.unwrap();
    let limiter = limiter(&server.url()).await;
    let (strict, local) = (limiter.counter("strict", STRICT), limiter.counter("local", STANDS_IN));
    assert_eq!(metric(&limiter, "limits_store_up"), 1.0);
    for _ in 0..2 {
        assert!(local.hit("alice", per_minute(3), 1).get().await.unwrap().allowed);
    }
    server.stop().await.unwrap();
    until("a strict counter says that its store is away", async || {
        strict.hit("alice", per_minute(3), 1).get().await.is_err()
    })
    .await;
    until("the link is down", async || !limiter.is_up()).await;
    let mut allowed = 0;
    for _ in 0..10 {
        allowed += u32::from(local.hit("alice", per_minute(3), 1).get().await.unwrap().allowed);
    }
    assert_eq!(allowed, 1, "what the store had counted for this node counts on");
    assert_eq!(metric(&limiter, "limits_store_up"), 0.0);
    assert!(metric(&limiter, "limits_without_store") >= 10.0);
    server.restart().await.unwrap();
    until("the store is used again", async || limiter.is_up()).await;
    assert!(strict.hit("bob", per_minute(1), 1).get().await.unwrap().allowed);
    assert!(!strict.hit("bob", per_minute(1), 1).get().await.unwrap().allowed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_hangs_costs_a_few_hits_its_timeout_and_no_more() {
    let server = RedisServer::start().await.unwrap();
    let limiter = limiter(&server.url()).await;
    let counter = limiter.counter("limit", STANDS_IN);
    let before = latencies(&counter, 300).await;
    server.hang().await.unwrap();
    let during = latencies(&counter, 1000).await;
    let p99 = |sorted: &[Duration]| sorted[sorted.len() * 99 / 100];
    let slowest = during.iter().filter(|took| **took > Duration::from_millis(30)).count();
    assert!(slowest <= 5, "{slowest} hits waited for a store that hangs");
    assert!(p99(&during) < p99(&before) + Duration::from_millis(50), "{:?}, {:?}", p99(&before), p99(&during));
    assert!(during[999] < Duration::from_millis(500), "{:?}", during[999]);
    // It is not taken back before it answers in time.
    assert!(!limiter.is_up());
    server.go_on().await.unwrap();
    until("the store is used again", async || limiter.is_up()).await;
    assert!(counter.hit("bob", per_minute(1), 1).get().await.unwrap().allowed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_slower_than_patience_is_as_good_as_none_until_it_is_quick_again() {
    let server = RedisServer::start().await.unwrap();
    let line = SlowLine::to(([127, 0, 0, 1], server.port).into()).await.unwrap();
    let limiter = limiter(&format!("redis://{}", line.address)).await;
    let counter = limiter.counter("limit", STANDS_IN);
    assert!(limiter.is_up());
    line.delay(Duration::from_millis(15));
    assert!(counter.hit("alice", per_minute(5), 1).get().await.unwrap().allowed);
    assert!(limiter.is_up(), "slow, but in time");
    line.delay(Duration::from_millis(200));
    latencies(&counter, 4).await;
    until("it is given up", async || !limiter.is_up()).await;
    let during = latencies(&counter, 500).await;
    assert!(during[495] < Duration::from_millis(30), "{:?}", during[495]);
    assert!(!limiter.is_up(), "every probe is too slow");
    line.delay(Duration::ZERO);
    until("it is used again", async || limiter.is_up()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_cut_is_made_anew() {
    let server = RedisServer::start().await.unwrap();
    let line = SlowLine::to(([127, 0, 0, 1], server.port).into()).await.unwrap();
    let limiter = limiter(&format!("redis://{}", line.address)).await;
    let counter = limiter.counter("limit", STRICT);
    assert!(counter.hit("alice", per_minute(1), 1).get().await.unwrap().allowed);
    for _ in 0..5 {
        line.cut();
        until("the count goes on where it was", async || {
            counter.hit("alice", per_minute(1), 1).get().await.is_ok_and(|decision| !decision.allowed)
        })
        .await;
        // The refusal is known by now; somebody else has to be asked about.
        until("a new caller is counted", async || counter.hit("bob", per_minute(1000), 1).get().await.is_ok()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_flushed_begins_anew_without_a_failure() {
    let server = RedisServer::start().await.unwrap();
    let limiter = limiter(&server.url()).await;
    let counter = limiter.counter("limit", STRICT);
    assert!(counter.hit("alice", per_minute(2), 1).get().await.unwrap().allowed);
    for flush in ["FLUSHALL", "SCRIPT FLUSH"] {
        assert!(server.command(flush).await.unwrap().contains("OK"));
        let decision = counter.hit(flush, per_minute(2), 1).get().await.unwrap();
        assert!(decision.allowed && decision.remaining == 1, "{flush}: the script is loaded again");
    }
    assert_eq!(metric(&limiter, "limits_store_failures"), 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_write_is_no_store() {
    let server = RedisServer::start().await.unwrap();
    let limiter = limiter(&server.url()).await;
    let counter = limiter.counter("limit", STRICT);
    // A master that has become a replica of something that is not there: it answers, and refuses to write.
    server.command("REPLICAOF 127.0.0.1 1").await.unwrap();
    until("it is given up", async || {
        counter.hit("alice", per_minute(1000), 1).get().await.is_err() && !limiter.is_up()
    })
    .await;
    server.command("REPLICAOF NO ONE").await.unwrap();
    until("it is used again", async || limiter.is_up()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_starts_without_the_store_uses_it_when_it_comes() {
    let mut server = RedisServer::start().await.unwrap();
    server.stop().await.unwrap();
    let started = Instant::now();
    let limiter = limiter(&server.url()).await;
    assert!(started.elapsed() < Duration::from_secs(2), "it is not waited for");
    assert!(limiter.counter("a", STRICT).hit("alice", per_minute(1), 1).get().await.is_err());
    assert!(limiter.counter("b", STANDS_IN).hit("alice", per_minute(1), 1).get().await.unwrap().allowed);
    server.restart().await.unwrap();
    until("the store is used", async || limiter.is_up()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_overtakes_the_count_answers_at_once_and_keeps_its_bound() {
    let server = RedisServer::start().await.unwrap();
    let line = SlowLine::to(([127, 0, 0, 1], server.port).into()).await.unwrap();
    let url = format!("redis://{}?timeout=1s", line.address);
    let nodes = [limiter(&url).await, limiter(&url).await, limiter(&url).await];
    let counters: Vec<_> = nodes.iter().map(|node| node.counter("limit", OVERTAKES)).collect();
    line.delay(Duration::from_millis(20));
    // One request every few milliseconds, round robin: the round trip lets some more through, and then it stops.
    let (mut allowed, mut slowest) = (0, Duration::ZERO);
    for number in 0..300 {
        let started = Instant::now();
        let decision = counters[number % 3].hit("alice", per_minute(60), 1).get().await.unwrap();
        slowest = slowest.max(started.elapsed());
        allowed += u32::from(decision.allowed);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(slowest < Duration::from_millis(20), "nobody waits for the store: {slowest:?}");
    assert!((60..120).contains(&allowed), "{allowed} passed a limit of 60");
    // At once and all together: no node lets more through than the limit.
    let mut burst = [0; 3];
    for number in 0..600 {
        let decision = counters[number % 3].hit("bob", per_minute(60), 1).get().await.unwrap();
        burst[number % 3] += u32::from(decision.allowed);
    }
    assert!(burst.iter().all(|allowed| *allowed <= 60), "{burst:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_overtakes_does_as_it_is_told_while_the_store_is_away() {
    let mut server = RedisServer::start().await.unwrap();
    let limiter = limiter(&server.url()).await;
    let alone = limiter.counter("alone", OVERTAKES);
    let told = limiter.counter("told", Sharing { overtakes: true, stands_in: false });
    assert!(told.hit("alice", per_minute(5), 1).get().await.unwrap().allowed);
    server.stop().await.unwrap();
    until("it is noticed", async || told.hit("alice", per_minute(1000), 1).get().await.is_err()).await;
    let mut allowed = 0;
    for _ in 0..10 {
        allowed += u32::from(alone.hit("alice", per_minute(3), 1).get().await.unwrap().allowed);
    }
    assert_eq!(allowed, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_loses_a_server_is_done_without_and_used_again() {
    let mut cluster = RedisCluster::start().await.unwrap();
    let limiter = limiter(&cluster.url()).await;
    let (local, strict) = (limiter.counter("local", STANDS_IN), limiter.counter("strict", STRICT));
    let before = latencies(&local, 300).await;
    cluster.nodes[2].stop().await.unwrap();
    let during = latencies(&local, 600).await;
    assert!(during[594] < before[297] + Duration::from_millis(50), "{:?}, {:?}", before[297], during[594]);
    let waited = during.iter().filter(|took| **took > Duration::from_millis(30)).count();
    assert!(waited < 60, "{waited} of 600 hits waited for a server that is gone");
    cluster.nodes[2].restart().await.unwrap();
    until("callers on every server are counted again", async || {
        for caller in 0..50 {
            if strict.hit(&caller.to_string(), per_minute(1000), 1).get().await.is_err() {
                return false;
            }
        }
        true
    })
    .await;
}
