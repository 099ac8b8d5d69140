//! Counting: how many, in how long.
//!
//! The algorithms are pure state machines over *ticks*, a `u64` of whatever unit the caller
//! counts in: the store in memory uses nanoseconds, a shared store may use microseconds. So one
//! list of test vectors (`tests/vectors/vectors.json`) binds every implementation, Lua scripts included.
//!
//! * [`sliding`]: never more than N in any interval of length W. The default.
//! * [`gcra`]: a token bucket, for limits that should allow a burst and then a steady pace.
//! * [`local`]: the store in memory, exact under any concurrency on one node.
//! * [`redis`]: the store that several nodes share: Redis 7 or Valkey, exact over all of them.
//!
//! * [`quota`]: what is used in an hour, a day, a week or a month, on one node or several.
//!
//! *Invariants.* No algorithm reads a clock; the store reads it through `Clock`, under the lock
//! of the counter, so that hits are counted in the order of their times.

pub mod gcra;
pub mod local;
mod meter;
pub mod quota;
pub mod redis;
pub mod sliding;
mod table;

pub use local::LocalLimiter;
pub use redis::RedisLimiter;

/// What an algorithm says to one hit. Times are in ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Whether the hit was within the limit. A refused hit is not counted.
    pub allowed: bool,
    /// How many more would be allowed at this moment.
    pub remaining: u32,
    /// Until this hit, refused now, would be allowed if no other came between; 0 where it was
    /// allowed. A hit that costs more than the whole limit is never allowed; it is told to wait
    /// for one window.
    pub retry_after: u64,
    /// Until more than `remaining` is available again; 0 where everything is.
    pub reset_after: u64,
}
