//! The promises of the algorithms, over random schedules.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::FakeRelativeClock;
use governor::{Quota, RateLimiter};
use proptest::prelude::*;
use tollgate_limits::gcra::{self, Bucket, FullAt};
use tollgate_limits::sliding::{Limit, SlidingWindow};

/// Hits as (ticks since the one before, cost).
fn schedule() -> impl Strategy<Value = Vec<(u64, u32)>> {
    // Gaps that are mostly short, so that limits are reached, and sometimes long.
    let gap = prop_oneof![4 => 0_u64..5, 2 => 0_u64..50, 1 => 0_u64..2000];
    proptest::collection::vec((gap, prop_oneof![5 => Just(1_u32), 1 => 0_u32..10]), 1..400)
}

/// What was admitted in `(now - window, now]`: the naive reference, a list of everything.
fn used(admitted: &[(u64, u32)], window: u64, now: u64) -> u32 {
    admitted.iter().filter(|(at, _)| at + window > now).map(|(_, cost)| cost).sum()
}

proptest! {
    #[test]
    fn never_more_than_the_limit_in_any_window(
        count in prop_oneof![1_u32..12, 60_u32..80, 100_u32..300],
        window in 1_u64..1000,
        hits in schedule(),
    ) {
        let limit = Limit { count, window };
        let (mut state, mut admitted, mut now) = (SlidingWindow::default(), Vec::new(), 0);
        for (gap, cost) in hits {
            now += gap;
            if state.hit(limit, now, cost).allowed {
                admitted.push((now, cost));
            }
        }
        // The fullest interval ends with a hit, so these are all that need looking at.
        for (at, _) in &admitted {
            let before: Vec<_> = admitted.iter().copied().filter(|(other, _)| other <= at).collect();
            prop_assert!(used(&before, window, *at) <= count);
        }
    }

    #[test]
    fn up_to_sixty_four_every_answer_is_that_of_the_naive_list(
        count in 1_u32..=64,
        window in 1_u64..1000,
        hits in schedule(),
    ) {
        let limit = Limit { count, window };
        let (mut state, mut admitted, mut now) = (SlidingWindow::default(), Vec::new(), 0);
        for (gap, cost) in hits {
            now += gap;
            let free = count - used(&admitted, window, now);
            let outcome = state.hit(limit, now, cost);
            prop_assert_eq!(outcome.allowed, cost <= free);
            if outcome.allowed && cost > 0 {
                admitted.push((now, cost));
            }
            let free = count - used(&admitted, window, now);
            prop_assert_eq!(outcome.remaining, free);
            let at = |ticks: u64| count - used(&admitted, window, now + ticks);
            if outcome.reset_after > 0 {
                prop_assert!(at(outcome.reset_after) > free && at(outcome.reset_after - 1) == free);
            } else {
                prop_assert_eq!(free, count);
            }
            if !outcome.allowed && cost <= count {
                prop_assert!(at(outcome.retry_after) >= cost && at(outcome.retry_after - 1) < cost);
            }
        }
    }

    #[test]
    fn above_that_a_refusal_lasts_at_most_a_sixtieth_of_the_window_too_long(
        count in 65_u32..300,
        window in 60_u64..5000,
        hits in schedule(),
    ) {
        let limit = Limit { count, window };
        let (mut state, mut admitted, mut now) = (SlidingWindow::default(), Vec::new(), 0);
        for (gap, cost) in hits {
            now += gap;
            let outcome = state.hit(limit, now, cost * 7);
            if outcome.allowed {
                admitted.push((now, cost * 7));
            } else {
                // A window that is longer by one slot would have refused as well.
                prop_assert!(cost * 7 + used(&admitted, window + window.div_ceil(60), now) > count);
            }
        }
    }

    #[test]
    fn a_refused_hit_is_admitted_when_it_comes_back_in_time(
        count in 1_u32..200,
        window in 1_u64..1000,
        hits in schedule(),
    ) {
        let limit = Limit { count, window };
        let (mut state, mut now) = (SlidingWindow::default(), 0);
        for (gap, cost) in hits {
            now += gap;
            let outcome = state.hit(limit, now, cost);
            if !outcome.allowed && cost <= count {
                prop_assert!(outcome.retry_after > 0);
                prop_assert!(!state.clone().hit(limit, now + outcome.retry_after - 1, cost).allowed);
                prop_assert!(state.clone().hit(limit, now + outcome.retry_after, cost).allowed);
            }
        }
    }

    #[test]
    fn a_clock_that_goes_back_lets_nothing_through_twice(
        count in 1_u32..100,
        times in proptest::collection::vec(0_u64..100, 1..400),
    ) {
        let limit = Limit { count, window: 1000 };
        let mut state = SlidingWindow::default();
        let admitted = times.into_iter().filter(|at| state.hit(limit, *at, 1).allowed).count();
        prop_assert!(admitted <= count as usize);
    }

    #[test]
    fn the_token_bucket_agrees_with_governor(
        // Governor rounds the time between two tokens to nanoseconds; divisors of the window
        // need no rounding.
        count in prop_oneof![Just(1_u32), Just(4), Just(10), Just(50), Just(1000)],
        burst in 1_u32..20,
        hits in proptest::collection::vec(0_u64..400, 1..200),
    ) {
        let window = 1_000_000_000;
        let per_token = Duration::from_nanos(window / u64::from(count));
        let quota = Quota::with_period(per_token).unwrap().allow_burst(NonZeroU32::new(burst).unwrap());
        let clock = FakeRelativeClock::default();
        let oracle = RateLimiter::direct_with_clock(quota, clock.clone());

        let bucket = Bucket { count, window, burst };
        let (mut state, mut now) = (FullAt::default(), 0);
        for gap in hits {
            let gap = gap * 1_000_003;
            now += gap;
            clock.advance(Duration::from_nanos(gap));
            let (after, outcome) = gcra::take(bucket, state, now, 1);
            prop_assert_eq!(outcome.allowed, oracle.check().is_ok());
            if !outcome.allowed {
                prop_assert!(gcra::take(bucket, state, now + outcome.retry_after, 1).1.allowed);
                prop_assert!(!gcra::take(bucket, state, now + outcome.retry_after - 1, 1).1.allowed);
            }
            state = after;
        }
    }
}
