//! The promises of quotas, on one node and on several with a real Redis.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tollgate_core::services::{Anchor, Correction, Every, LimiterAway, Metered, Quota, Quotas, Schedule, Usage};
use tollgate_core::time::{Clock, ManualClock, SystemClock};
use tollgate_limits::RedisLimiter;
use tollgate_limits::quota::{LocalQuotas, SharedQuotas};
use tollgate_limits::redis::Address;
use tollgate_testkit::redis::RedisServer;
use tollgate_testkit::temp_dir;

const SOON: Duration = Duration::from_secs(10);
const HOUR: Duration = Duration::from_secs(3600);
const DAILY: Schedule = Schedule { every: Every::Daily, anchor: Anchor::Calendar };
const FROM_FIRST: Schedule = Schedule { every: Every::Monthly, anchor: Anchor::FirstCall };

fn requests(allowance: u64) -> Vec<Metered> {
    vec![Metered { meter: "requests".into(), allowance: Some(allowance), cost: 1 }]
}

async fn take(quota: &Arc<dyn Quota>, key: &str, schedule: Schedule, allowance: u64) -> Result<Usage, LimiterAway> {
    quota.take(key, schedule, &requests(allowance)).get().await
}

async fn allowed(quota: &Arc<dyn Quota>, key: &str, allowance: u64) -> bool {
    take(quota, key, DAILY, allowance).await.unwrap().allowed
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waited = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(SOON, waited).await.unwrap_or_else(|_| panic!("it never came to that: {what}"));
}

fn kept(path: &Path, clock: &Arc<ManualClock>) -> LocalQuotas {
    LocalQuotas::open(path, Arc::clone(clock) as _).unwrap()
}

#[tokio::test]
async fn counts_and_first_calls_survive_a_restart_and_a_torn_line() {
    let folder = temp_dir().unwrap();
    let path = folder.path().join("quotas.journal");
    let clock = Arc::new(ManualClock::default());
    clock.advance(30 * 24 * HOUR + HOUR);
    let first = {
        let quotas = kept(&path, &clock);
        let quota = quotas.quota("q", true);
        let usage = take(&quota, "alice", FROM_FIRST, 3).await.unwrap();
        assert!(take(&quota, "bob", DAILY, 1).await.unwrap().allowed);
        quotas.write().unwrap();
        assert!(take(&quota, "alice", FROM_FIRST, 3).await.unwrap().allowed);
        quotas.write().unwrap();
        usage.period
    };
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains("alice"), "keys stand in it by digests alone: {text}");
    // Killed while it wrote.
    std::fs::write(&path, format!("{text}{{\"k\":\"x\",\"s\":17")).unwrap();
    clock.advance(HOUR);
    for _ in 0..2 {
        let quotas = kept(&path, &clock);
        let quota = quotas.quota("q", true);
        let usage = take(&quota, "alice", FROM_FIRST, 2).await.unwrap();
        assert_eq!((usage.allowed, usage.used, usage.period), (false, vec![2], first));
        assert!(!take(&quota, "bob", DAILY, 1).await.unwrap().allowed);
        assert!(take(&quotas.quota("other", true), "bob", DAILY, 1).await.unwrap().allowed);
    }
    // The 31st, and a month later the 28th: by the first call, not by the restart.
    clock.advance(28 * 24 * HOUR);
    let usage = take(&kept(&path, &clock).quota("q", true), "alice", FROM_FIRST, 2).await.unwrap();
    assert_eq!((usage.allowed, usage.used, usage.period.start), (true, vec![1], first.end));
    assert_eq!(usage.period.start.rfc3339(), "2026-02-28T01:00:00.000Z");
}

#[tokio::test]
async fn a_second_gateway_on_the_same_file_reads_it_and_leaves_it_alone() {
    let folder = temp_dir().unwrap();
    let path = folder.path().join("quotas.journal");
    let clock = Arc::new(ManualClock::default());
    let first = kept(&path, &clock);
    assert!(allowed(&first.quota("q", true), "alice", 5).await);
    first.write().unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let second = kept(&path, &clock);
    assert_eq!(take(&second.quota("q", true), "alice", DAILY, 5).await.unwrap().used, [2]);
    second.write().unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    drop((first, second));
    assert_eq!(take(&kept(&path, &clock).quota("q", true), "alice", DAILY, 5).await.unwrap().used, [2]);
}

#[tokio::test]
async fn a_journal_that_was_written_often_is_written_anew() {
    let folder = temp_dir().unwrap();
    let path = folder.path().join("quotas.journal");
    let clock = Arc::new(ManualClock::default());
    let quotas = kept(&path, &clock);
    let quota = quotas.quota("q", true);
    for _ in 0..25 {
        for caller in 0..1000 {
            assert!(allowed(&quota, &caller.to_string(), 1000).await);
        }
        quotas.write().unwrap();
    }
    let lines = std::fs::read_to_string(&path).unwrap().lines().count();
    assert!(lines < 10_000, "{lines} lines for a thousand callers");
    assert_eq!(take(&kept(&path, &clock).quota("q", true), "7", DAILY, 1000).await.unwrap().used, [26]);
}

#[tokio::test]
async fn a_thousand_at_once_get_the_quota_and_what_is_given_back_counts_again() {
    let quotas = LocalQuotas::in_memory(Arc::new(SystemClock::new()));
    let quota = quotas.quota("q", true);
    let mut taken = 0;
    for _ in 0..1000 {
        taken += u32::from(allowed(&quota, "alice", 10).await);
    }
    assert_eq!(taken, 10);
    let period = take(&quota, "alice", DAILY, 10).await.unwrap().period;
    let back = [Correction { meter: "requests".into(), by: -3 }];
    quota.correct("alice", period, &back);
    let mut again = 0;
    for _ in 0..10 {
        again += u32::from(allowed(&quota, "alice", 10).await);
    }
    assert_eq!(again, 3);
    let past = tollgate_core::services::Period { start: period.end, end: period.end };
    quota.correct("alice", past, &back);
    assert!(!allowed(&quota, "alice", 10).await, "another period's corrections are none of this one's");
}

/// A node: its connection, its clock, and what it keeps.
async fn node(url: &str, clock: Arc<dyn Clock>, path: Option<&Path>) -> (RedisLimiter, SharedQuotas, LocalQuotas) {
    let limiter = RedisLimiter::open(Address::parse(url).unwrap(), Arc::new(SystemClock::new())).await;
    let seen = match path {
        Some(path) => LocalQuotas::open(path, clock).unwrap(),
        None => LocalQuotas::in_memory(clock),
    };
    let quotas = SharedQuotas::new(&limiter, seen.clone());
    (limiter, quotas, seen)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_over_three_nodes_is_one_quota() {
    let server = RedisServer::start().await.unwrap();
    let clock = Arc::new(ManualClock::default());
    let url = format!("{}?timeout=5s", server.url());
    let mut nodes = Vec::new();
    for _ in 0..3 {
        nodes.push(node(&url, Arc::clone(&clock) as _, None).await);
    }
    let quotas: Vec<_> = nodes.iter().map(|node| node.1.quota("q", true)).collect();
    let mut hits = tokio::task::JoinSet::new();
    for number in 0..300 {
        let quota = Arc::clone(&quotas[number % 3]);
        hits.spawn(async move { take(&quota, "alice", FROM_FIRST, 100).await.unwrap() });
    }
    let usages = hits.join_all().await;
    assert_eq!(usages.iter().filter(|usage| usage.allowed).count(), 100);
    assert!(usages.iter().all(|usage| usage.period == usages[0].period), "one first call for all of them");
    // What one node gives back, another may take.
    quotas[0].correct("alice", usages[0].period, &[Correction { meter: "requests".into(), by: -1 }]);
    until("it is there again", async || take(&quotas[1], "alice", FROM_FIRST, 100).await.unwrap().allowed).await;
    assert!(!take(&quotas[2], "alice", FROM_FIRST, 100).await.unwrap().allowed);
    // A node that comes later learns when the first call was.
    clock.advance(24 * HOUR);
    let late = node(&url, Arc::clone(&clock) as _, None).await;
    let usage = take(&late.1.quota("q", true), "alice", FROM_FIRST, 100).await.unwrap();
    assert_eq!((usage.allowed, usage.period), (false, usages[0].period));
    clock.advance(31 * 24 * HOUR);
    assert!(take(&quotas[0], "alice", FROM_FIRST, 1).await.unwrap().allowed, "the next month");
    assert!(!take(&quotas[1], "alice", FROM_FIRST, 1).await.unwrap().allowed);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_counted_while_the_store_is_away_is_told_when_it_returns() {
    let folder = temp_dir().unwrap();
    let mut server = RedisServer::start().await.unwrap();
    let clock = Arc::new(ManualClock::default());
    let path = folder.path().join("quotas.journal");
    let (a, a_quotas, a_seen) = node(&server.url(), Arc::clone(&clock) as _, Some(&path)).await;
    let (b, b_quotas, _) = node(&server.url(), Arc::clone(&clock) as _, None).await;
    let (a_quota, b_quota) = (a_quotas.quota("q", true), b_quotas.quota("q", true));
    let denied = b_quotas.quota("q", false);
    for _ in 0..4 {
        assert!(allowed(&a_quota, "alice", 10).await);
    }
    assert!(allowed(&b_quota, "alice", 10).await);
    // The server is not emptied by this: it hangs, and its connections are given up.
    server.hang().await.unwrap();
    let mut on_a = 0;
    for _ in 0..20 {
        on_a += u32::from(allowed(&a_quota, "alice", 10).await);
    }
    assert!((5..=6).contains(&on_a), "{on_a}: node a goes on from what it last saw, and lets no more through");
    until("node b notices too", async || take(&denied, "alice", DAILY, 10).await.is_err()).await;
    // A restart of a node in between loses nothing of it.
    a_seen.write().unwrap();
    drop((a, a_quotas, a_quota));
    let (a, a_quotas, _) = node(&server.url(), Arc::clone(&clock) as _, Some(&path)).await;
    let a_quota = a_quotas.quota("q", true);
    assert!(!a.is_up());
    assert!(!allowed(&a_quota, "alice", 10).await);
    server.go_on().await.unwrap();
    until("both are back", async || a.is_up() && b.is_up()).await;
    let seen_by_b = async || {
        b_quota
            .take("alice", DAILY, &[Metered { meter: "requests".into(), allowance: None, cost: 0 }])
            .get()
            .await
            .unwrap()
            .used[0]
    };
    until("node b sees what node a counted", async || seen_by_b().await >= 10).await;
    // Three of node a and three of node b were on their way to a server that read them later.
    assert!(seen_by_b().await <= 16, "requests that were under way may count twice: {}", seen_by_b().await);
    assert!(!allowed(&b_quota, "alice", 10).await);
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_comes_back_empty_goes_on_from_what_was_last_seen() {
    let mut server = RedisServer::start().await.unwrap();
    let clock = Arc::new(ManualClock::default());
    let (limiter, quotas, _) = node(&server.url(), Arc::clone(&clock) as _, None).await;
    let quota = quotas.quota("q", true);
    for _ in 0..4 {
        assert!(allowed(&quota, "alice", 10).await);
    }
    assert!(server.command("FLUSHALL").await.unwrap().contains("OK"));
    assert_eq!(take(&quota, "alice", DAILY, 10).await.unwrap().used, [5]);
    server.stop().await.unwrap();
    for _ in 0..3 {
        assert!(allowed(&quota, "alice", 10).await);
    }
    server.restart().await.unwrap();
    until("it is back", async || limiter.is_up()).await;
    until("the store knows", async || take(&quota, "alice", DAILY, 100).await.is_ok()).await;
    let used = take(&quota, "alice", DAILY, 100).await.unwrap().used[0];
    assert!((10..=11).contains(&used), "{used}");
}

#[tokio::test]
async fn a_quota_goes_to_the_next_gateway_and_what_the_one_before_still_counts_is_told() {
    let folder = temp_dir().unwrap();
    let path = folder.path().join("quotas.journal");
    let clock = Arc::new(ManualClock::default());
    let before = kept(&path, &clock);
    let old = before.quota("q", true);
    assert!(allowed(&old, "alice", 4).await);
    before.release().unwrap();
    let after = LocalQuotas::of_successor(Arc::clone(&clock) as _);
    after.take_over(&path).unwrap();
    let new = after.quota("q", true);
    // Both count: a request under way there, new ones here.
    assert!(allowed(&old, "alice", 4).await);
    assert!(allowed(&old, "bob", 1).await);
    assert!(allowed(&new, "alice", 4).await);
    let told = before.counted_here();
    assert_eq!(told.len(), 2, "what was counted before the release is in the file");
    after.counted_elsewhere(told, false);
    assert_eq!(before.counted_here(), [], "told once");
    assert!(allowed(&new, "alice", 4).await);
    assert!(!allowed(&new, "alice", 4).await, "four of four");
    assert!(!allowed(&new, "bob", 1).await, "a key that only the one before has seen");
    after.write().unwrap();
    drop((after, new));
    let again = kept(&path, &clock);
    assert!(!allowed(&again.quota("q", true), "alice", 4).await, "and it stands in the file");
}

#[tokio::test]
async fn a_quota_is_taken_back_from_a_gateway_that_died_before_it_served() {
    let folder = temp_dir().unwrap();
    let path = folder.path().join("quotas.journal");
    let clock = Arc::new(ManualClock::default());
    let before = kept(&path, &clock);
    let quota = before.quota("q", true);
    assert!(allowed(&quota, "alice", 3).await);
    before.release().unwrap();
    let after = LocalQuotas::of_successor(Arc::clone(&clock) as _);
    after.take_over(&path).unwrap();
    assert!(before.reclaim(&path, false).is_err(), "never two who write");
    assert!(allowed(&quota, "alice", 3).await);
    drop(after);
    before.reclaim(&path, false).unwrap();
    assert_eq!(before.counted_here(), []);
    before.write().unwrap();
    drop((before, quota));
    let again = kept(&path, &clock);
    let quota = again.quota("q", true);
    assert!(allowed(&quota, "alice", 3).await);
    assert!(!allowed(&quota, "alice", 3).await, "what was counted in between was kept");
}
