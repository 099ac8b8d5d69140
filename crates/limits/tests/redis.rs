//! The shared store on a real Redis: the same vectors and the same answers as in memory, over random schedules.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use redis::aio::MultiplexedConnection;
use redis::{Client, Script};
use tollgate_core::services::{Bucket as AskedBucket, Charge, Limit, Limiter, Sharing, Window};
use tollgate_core::time::SystemClock;
use tollgate_limits::gcra::{self, Bucket, FullAt};
use tollgate_limits::redis::{Address, SCRIPT};
use tollgate_limits::sliding::{self, SlidingWindow};
use tollgate_limits::{Outcome, RedisLimiter};
use tollgate_testkit::redis::{RedisCluster, RedisServer};

mod vectors;

const STRICT: Sharing = Sharing { overtakes: false, stands_in: false };

/// The script, called directly, with a moment of the test's choosing.
struct Direct {
    connection: MultiplexedConnection,
    script: Script,
    _server: RedisServer,
}

impl Direct {
    async fn new() -> Self {
        let server = RedisServer::start().await.unwrap();
        let client = Client::open(server.url()).unwrap();
        let connection = client.get_multiplexed_async_connection().await.unwrap();
        Self { connection, script: Script::new(SCRIPT), _server: server }
    }

    async fn window(&mut self, key: &str, limit: sliding::Limit, now: u64, cost: u32, force: bool) -> Outcome {
        self.call(key, "w", (limit.count, limit.window, 0), now, cost, force).await
    }

    async fn bucket(&mut self, key: &str, bucket: Bucket, now: u64, cost: u32, force: bool) -> Outcome {
        self.call(key, "b", (bucket.count, bucket.window, bucket.burst), now, cost, force).await
    }

    async fn call(
        &mut self,
        key: &str,
        kind: &str,
        rule: (u32, u64, u32),
        now: u64,
        cost: u32,
        force: bool,
    ) -> Outcome {
        // Zero means the server's own time.
        let mut call = self.script.prepare_invoke();
        call.key(key)
            .arg(now + EPOCH)
            .arg(u8::from(force))
            .arg(kind)
            .arg(rule.0)
            .arg(rule.1)
            .arg(rule.2)
            .arg(cost)
            .arg(0);
        let answer: Vec<i64> = call.invoke_async(&mut self.connection).await.unwrap();
        let number = |at: usize| u64::try_from(answer[at]).unwrap();
        Outcome {
            allowed: answer[0] == 1,
            remaining: u32::try_from(answer[1]).unwrap(),
            retry_after: number(2),
            reset_after: number(3),
        }
    }
}

/// Schedules begin at a time of today, where the numbers are as large as they will be; a multiple of every width
/// of a slot in the vectors, so that slots begin there where they do at zero.
const EPOCH: u64 = 60 * 7 * 4_000_000_000_000;

fn runner() -> TestRunner {
    TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() })
}

fn schedule() -> impl Strategy<Value = Vec<(u64, u32, bool)>> {
    let gap = prop_oneof![4 => 0_u64..5, 2 => 0_u64..50, 1 => 0_u64..2000];
    let cost = prop_oneof![5 => Just(1_u32), 1 => 0_u32..10];
    proptest::collection::vec((gap, cost, proptest::bool::weighted(0.03)), 1..120)
}

#[test]
fn the_script_passes_the_vectors() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut direct = Direct::new().await;
        let vectors = vectors::vectors();
        for case in vectors.sliding_window {
            let limit = sliding::Limit { count: case.limit.count, window: case.limit.window };
            for hit in &case.hits {
                let outcome = direct.window(&case.name, limit, hit.at, hit.cost, false).await;
                vectors::check(&case.name, hit, outcome);
            }
        }
        for case in vectors.token_bucket {
            let bucket = Bucket { count: case.bucket.count, window: case.bucket.window, burst: case.bucket.burst };
            for hit in &case.hits {
                let outcome = direct.bucket(&case.name, bucket, hit.at, hit.cost, false).await;
                vectors::check(&case.name, hit, outcome);
            }
        }
    });
}

#[test]
fn windows_answer_as_those_in_memory_and_as_a_naive_list() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let direct = std::cell::RefCell::new(runtime.block_on(Direct::new()));
    let case = std::cell::Cell::new(0_u32);
    let strategy = (prop_oneof![1_u32..12, 60_u32..70, 100_u32..140], 1_u64..1000, schedule());
    let run = |(count, window, hits): (u32, u64, Vec<(u64, u32, bool)>)| {
        case.set(case.get() + 1);
        let key = format!("w{}", case.get());
        let limit = sliding::Limit { count, window };
        let (mut local, mut admitted, mut now) = (SlidingWindow::default(), Vec::<(u64, u32)>::new(), 0);
        for (gap, cost, force) in hits {
            now += gap;
            let shared = runtime.block_on(direct.borrow_mut().window(&key, limit, now, cost, force));
            let used = admitted.iter().filter(|(then, _)| then + window > now).map(|(_, cost)| cost).sum::<u32>();
            if force {
                local.add(limit, now + EPOCH, cost);
                admitted.push((now, cost));
                continue;
            }
            prop_assert_eq!(shared, local.hit(limit, now + EPOCH, cost));
            if count <= 64 {
                prop_assert_eq!(shared.allowed, cost <= count.saturating_sub(used));
            }
            if shared.allowed {
                prop_assert!(cost == 0 || used + cost <= count);
                admitted.push((now, cost));
            }
        }
        Ok(())
    };
    runner().run(&strategy, run).unwrap();
}

#[test]
fn buckets_answer_as_those_in_memory() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let direct = std::cell::RefCell::new(runtime.block_on(Direct::new()));
    let case = std::cell::Cell::new(0_u32);
    let strategy = (1_u32..1000, 1_u64..2000, 1_u32..20, schedule());
    let run = |(count, window, burst, hits): (u32, u64, u32, Vec<(u64, u32, bool)>)| {
        case.set(case.get() + 1);
        let key = format!("b{}", case.get());
        let bucket = Bucket { count, window, burst };
        let (mut state, mut now) = (FullAt::default(), 0);
        for (gap, cost, force) in hits {
            now += gap;
            let shared = runtime.block_on(direct.borrow_mut().bucket(&key, bucket, now, cost, force));
            if force {
                state = gcra::drain(bucket, state, now + EPOCH, cost);
                continue;
            }
            let (after, memory) = gcra::take(bucket, state, now + EPOCH, cost);
            state = after;
            prop_assert_eq!(shared, memory);
        }
        Ok(())
    };
    runner().run(&strategy, run).unwrap();
}

async fn limiter(url: &str) -> RedisLimiter {
    let limiter = RedisLimiter::open(Address::parse(url).unwrap(), Arc::new(SystemClock::new())).await;
    assert!(limiter.is_up());
    limiter
}

fn per_minute(count: u32) -> Limit {
    Limit::Window(Window { count, window: Duration::from_secs(60) })
}

/// A thousand at once, over as many nodes as there are limiters.
async fn thunder(limiters: &[RedisLimiter], limit: Limit) -> usize {
    let counters: Vec<_> = limiters.iter().map(|limiter| limiter.counter("thunder", STRICT)).collect();
    let mut hits = tokio::task::JoinSet::new();
    for number in 0..1000 {
        let counter = Arc::clone(&counters[number % counters.len()]);
        hits.spawn(async move { counter.hit("everyone", limit, 1).get().await.unwrap().allowed });
    }
    hits.join_all().await.into_iter().filter(|allowed| *allowed).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_first_requests_at_once_on_three_nodes_get_the_limit_and_not_one_more() {
    let server = RedisServer::start().await.unwrap();
    // All of them queue up at one server here; patience is not what this is about.
    let url = format!("{}?timeout=5s", server.url());
    let nodes = [limiter(&url).await, limiter(&url).await, limiter(&url).await];
    assert_eq!(thunder(&nodes, per_minute(10)).await, 10);
    assert_eq!(thunder(&nodes, per_minute(200)).await, 200);
    let bucket = Limit::Bucket(AskedBucket { count: 1, window: Duration::from_secs(60), burst: 7 });
    assert_eq!(thunder(&nodes, bucket).await, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn charges_are_counted_all_together_or_not_at_all() {
    let server = RedisServer::start().await.unwrap();
    let shared = limiter(&server.url()).await;
    let local = tollgate_limits::LocalLimiter::new(Arc::new(SystemClock::new()));
    for (what, limiter) in [("shared", &shared as &dyn Limiter), ("local", &local)] {
        let group = limiter.group("complex", &["requests", "tokens"], STRICT);
        let charges = |requests, tokens| [Charge::new(per_minute(3), requests), Charge::new(per_minute(100), tokens)];
        let mut seen = Vec::new();
        for (requests, tokens) in [(1, 60), (1, 60), (1, 40), (1, 1), (0, 0)] {
            let decisions = group.hit("alice", &charges(requests, tokens)).get().await.unwrap();
            seen.push(decisions.iter().map(|decision| (decision.allowed, decision.remaining)).collect::<Vec<_>>());
        }
        let expected = [
            vec![(true, 2), (true, 40)],
            vec![(true, 2), (false, 40)],
            vec![(true, 1), (true, 0)],
            vec![(true, 1), (false, 0)],
            vec![(true, 1), (true, 0)],
        ];
        assert_eq!(seen, expected, "{what}");
        // What is known only afterwards needs something to be left.
        let mut unknown = charges(1, 0);
        unknown[1].at_least = 1;
        let decisions = group.hit("alice", &unknown).get().await.unwrap();
        assert!(decisions[0].allowed && !decisions[1].allowed && decisions[1].retry_after > Duration::from_secs(50));
        assert!(group.hit("bob", &unknown).get().await.unwrap().iter().all(|decision| decision.allowed), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_afterwards_counts_beyond_the_limit() {
    let server = RedisServer::start().await.unwrap();
    let shared = limiter(&server.url()).await;
    let group = shared.group("tokens", &["tokens"], STRICT);
    let of = |cost| [Charge::new(per_minute(10), cost)];
    group.add("alice", &of(25));
    let counted = async {
        while group.hit("alice", &of(0)).get().await.unwrap()[0].remaining > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), counted).await.unwrap();
    assert!(!group.hit("alice", &of(1)).get().await.unwrap()[0].allowed);
    assert!(group.hit("bob", &of(1)).get().await.unwrap()[0].allowed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_is_refused_costs_the_store_nothing_more() {
    let server = RedisServer::start().await.unwrap();
    let shared = limiter(&server.url()).await;
    let counter = shared.counter("limit", STRICT);
    assert!(counter.hit("alice", per_minute(1), 1).get().await.unwrap().allowed);
    let calls = async || {
        let stats = server.command("INFO commandstats").await.unwrap();
        let line = stats.lines().find(|line| line.starts_with("cmdstat_evalsha:")).unwrap().to_owned();
        line.split("calls=").nth(1).unwrap().split(',').next().unwrap().parse::<u32>().unwrap()
    };
    let before = calls().await;
    for _ in 0..50 {
        let decision = counter.hit("alice", per_minute(1), 1).get().await.unwrap();
        assert!(!decision.allowed && decision.retry_after <= Duration::from_secs(60));
    }
    assert_eq!(calls().await - before, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_counts_as_one_server_does() {
    let cluster = RedisCluster::start().await.unwrap();
    let url = format!("{}?timeout=5s", cluster.url());
    let nodes = [limiter(&url).await, limiter(&url).await];
    assert_eq!(thunder(&nodes, per_minute(10)).await, 10);
    // Callers lie on different servers, and all charges of one on the same.
    let group = nodes[0].group("complex", &["a", "b", "c"], STRICT);
    for caller in 0..50 {
        let charges = [Charge::new(per_minute(2), 1); 3];
        for left in [1, 0] {
            let decisions = group.hit(&caller.to_string(), &charges).get().await.unwrap();
            assert!(decisions.iter().all(|decision| decision.allowed && decision.remaining == left));
        }
        assert!(!group.hit(&caller.to_string(), &charges).get().await.unwrap()[0].allowed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_is_checked_against_the_authority_that_the_address_names() {
    let folder = tollgate_testkit::temp_dir().unwrap();
    let authority = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let other = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("cert.pem"), authority.cert.pem()).unwrap();
    std::fs::write(path("key.pem"), authority.signing_key.serialize_pem()).unwrap();
    std::fs::write(path("other.pem"), other.cert.pem()).unwrap();
    let server = RedisServer::start_tls(&path("cert.pem"), &path("key.pem"), &path("cert.pem")).await.unwrap();
    let url = |ca: &str| format!("rediss://127.0.0.1:{}?ca={}", server.port, path(ca).display());
    let trusted = limiter(&url("cert.pem")).await;
    assert!(trusted.counter("limit", STRICT).hit("alice", per_minute(1), 1).get().await.unwrap().allowed);
    let address = Address::parse(&url("other.pem")).unwrap();
    let untrusted = RedisLimiter::open(address, Arc::new(SystemClock::new())).await;
    assert!(!untrusted.is_up(), "a server that somebody else vouches for");
}
