//! The promises of the store in memory.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use tollgate_core::MaybeLater;
use tollgate_core::services::{Counter, Decision, Limiter, Sharing, Window};
use tollgate_core::time::{ManualClock, SystemClock};
use tollgate_limits::LocalLimiter;

fn hit(counter: &Arc<dyn Counter>, key: &str, window: Window) -> Decision {
    match counter.hit(key, window.into(), 1) {
        MaybeLater::Now(decision) => decision.unwrap(),
        MaybeLater::Later(_) => panic!("the store in memory never waits"),
    }
}

fn per_minute(count: u32) -> Window {
    Window { count, window: Duration::from_secs(60) }
}

fn manual(capacity: usize) -> (Arc<ManualClock>, LocalLimiter) {
    let clock = Arc::new(ManualClock::default());
    (Arc::clone(&clock), LocalLimiter::with_capacity(clock, capacity))
}

#[test]
fn of_a_thousand_first_requests_at_once_exactly_ten_pass_a_limit_of_ten() {
    const THREADS: usize = 8;
    for round in 0..20 {
        let limiter = LocalLimiter::new(Arc::new(SystemClock::new()));
        let counter = limiter.counter("limit", Sharing::default());
        let (admitted, start) = (AtomicU32::new(0), Barrier::new(THREADS));
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    start.wait();
                    for _ in 0..1000 / THREADS {
                        if hit(&counter, "caller", per_minute(10)).allowed {
                            admitted.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(admitted.into_inner(), 10, "round {round}");
    }
}

#[test]
fn the_same_id_finds_its_counts_again_and_another_one_does_not() {
    let (_clock, limiter) = manual(100);
    assert!(hit(&limiter.counter("a", Sharing::default()), "caller", per_minute(1)).allowed);
    assert!(
        !hit(&limiter.counter("a", Sharing::default()), "caller", per_minute(1)).allowed,
        "a reload must not reset a limit"
    );
    assert!(hit(&limiter.counter("b", Sharing::default()), "caller", per_minute(1)).allowed);
}

#[test]
fn different_windows_of_one_key_count_for_themselves() {
    let (_clock, limiter) = manual(100);
    let counter = limiter.counter("limit", Sharing::default());
    assert!(hit(&counter, "caller", per_minute(1)).allowed);
    assert!(hit(&counter, "caller", per_minute(2)).allowed);
    assert!(!hit(&counter, "caller", per_minute(1)).allowed);
    assert_eq!(hit(&counter, "caller", per_minute(2)).remaining, 0);
}

#[test]
fn what_is_told_to_wait_is_told_the_exact_time() {
    let (clock, limiter) = manual(100);
    let counter = limiter.counter("limit", Sharing::default());
    assert!(hit(&counter, "caller", per_minute(1)).allowed);
    clock.advance(Duration::from_millis(1500));
    let refused = hit(&counter, "caller", per_minute(1));
    assert_eq!(refused.retry_after, Duration::from_millis(58_500));
    clock.advance(refused.retry_after - Duration::from_micros(1));
    assert!(!hit(&counter, "caller", per_minute(1)).allowed);
    clock.advance(Duration::from_micros(1));
    assert!(hit(&counter, "caller", per_minute(1)).allowed);
}

#[test]
fn windows_that_are_past_make_room() {
    let (clock, limiter) = manual(1000);
    let counter = limiter.counter("limit", Sharing::default());
    for round in 0..50 {
        for caller in 0..500 {
            assert!(hit(&counter, &format!("{round}/{caller}"), per_minute(1)).allowed);
        }
        clock.advance(Duration::from_secs(60));
    }
    assert!(limiter.len() <= 1000, "{} windows", limiter.len());
    assert_eq!(limiter.overflowed(), 0);
}

#[test]
fn callers_that_came_once_are_forgotten_though_no_new_ones_come() {
    let (clock, limiter) = manual(100);
    let counter = limiter.counter("limit", Sharing::default());
    for caller in 0..50 {
        hit(&counter, &format!("once {caller}"), per_minute(1));
    }
    hit(&counter, "regular", per_minute(1000));
    assert_eq!(limiter.len(), 51);
    clock.advance(Duration::from_secs(60));
    hit(&counter, "regular", per_minute(1000));
    assert_eq!(limiter.len(), 1);
}

#[test]
fn a_full_table_forgets_nobody_and_gives_newcomers_one_allowance_together() {
    let (clock, limiter) = manual(100);
    let counter = limiter.counter("limit", Sharing::default());
    let regulars: Vec<String> = (0..100).map(|number| format!("regular {number}")).collect();
    for caller in &regulars {
        assert!(hit(&counter, caller, per_minute(2)).allowed);
    }
    clock.advance(Duration::from_secs(30));
    let newcomers = (0..10_000).filter(|n| hit(&counter, &format!("new {n}"), per_minute(2)).allowed).count();
    assert_eq!(newcomers, 2);
    assert!(limiter.len() <= 101, "{} windows", limiter.len());
    for caller in &regulars {
        assert!(hit(&counter, caller, per_minute(2)).allowed);
        assert!(!hit(&counter, caller, per_minute(2)).allowed, "a flood must not reset {caller}");
    }
}

#[test]
fn a_newcomer_that_finds_a_place_gets_no_second_allowance() {
    let (clock, limiter) = manual(100);
    let counter = limiter.counter("limit", Sharing::default());
    for caller in 0..100 {
        hit(&counter, &format!("regular {caller}"), per_minute(2));
    }
    clock.advance(Duration::from_secs(59));
    assert!(hit(&counter, "newcomer", per_minute(2)).allowed);
    assert!(hit(&counter, "newcomer", per_minute(2)).allowed);
    // The regulars are past now, so that there is room; what the newcomer had still counts.
    clock.advance(Duration::from_secs(1));
    assert!(!hit(&counter, "newcomer", per_minute(2)).allowed);
    clock.advance(Duration::from_secs(59));
    assert!(hit(&counter, "newcomer", per_minute(2)).allowed);
}
