//! The generic cell rate algorithm: a token bucket whose whole state is one number.
//!
//! A bucket holds `burst` tokens and is refilled evenly, `count` in every `window`. The state is
//! the *theoretical arrival time*: the moment at which the bucket would be full again. It is kept
//! multiplied by `count`, so that the time between two tokens is `window` exactly and nothing is
//! ever lost to rounding.

use crate::Outcome;

/// A token bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bucket {
    /// How many tokens come back …
    pub count: u32,
    /// … in how many ticks.
    pub window: u64,
    /// How many tokens it holds.
    pub burst: u32,
}

/// When the bucket is full again, in ticks times `count`; 0 for a bucket that was never used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FullAt(pub u128);

impl FullAt {
    /// From which tick on the bucket is full.
    pub fn past_at(self, bucket: Bucket) -> u64 {
        u64::try_from(self.0.div_ceil(u128::from(bucket.count.max(1)))).unwrap_or(u64::MAX)
    }
}

/// Takes `cost` tokens out, however few are there: the bucket is empty then, and owes nothing.
pub fn drain(bucket: Bucket, state: FullAt, now: u64, cost: u32) -> FullAt {
    let token = u128::from(bucket.window.max(1));
    let at = u128::from(now) * u128::from(bucket.count.max(1));
    let missing = state.0.saturating_sub(at) + token * u128::from(cost);
    FullAt(at + missing.min(token * u128::from(bucket.burst)))
}

/// Takes `cost` tokens out of the bucket at `now` if they are there, and says so, with the state
/// after it. Pure: the same arguments give the same answer.
pub fn take(bucket: Bucket, state: FullAt, now: u64, cost: u32) -> (FullAt, Outcome) {
    let count = u128::from(bucket.count.max(1));
    // One token is worth `window` scaled ticks.
    let token = u128::from(bucket.window.max(1));
    let capacity = token * u128::from(bucket.burst);
    let at = u128::from(now) * count;
    let missing = state.0.saturating_sub(at).min(capacity);

    let asked = token * u128::from(cost);
    let allowed = missing + asked <= capacity;
    let missing_after = if allowed { missing + asked } else { missing };
    let remaining = (capacity - missing_after) / token;

    let ticks = |scaled: u128| u64::try_from(scaled.div_ceil(count)).unwrap_or(u64::MAX);
    let retry_after = match (allowed, asked > capacity) {
        (true, _) => 0,
        (false, true) => bucket.window,
        (false, false) => ticks(missing + asked - capacity),
    };
    let outcome = Outcome {
        allowed,
        remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
        retry_after,
        // The next whole token; nothing to wait for where the bucket is full.
        reset_after: ticks((missing_after + (remaining + 1) * token).saturating_sub(capacity).min(missing_after)),
    };
    (if allowed { FullAt(at + missing_after) } else { state }, outcome)
}
