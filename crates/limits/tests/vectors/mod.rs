//! The vectors that every implementation of the limits passes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde::Deserialize;
use tollgate_limits::Outcome;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Vectors {
    pub(crate) sliding_window: Vec<Sliding>,
    pub(crate) token_bucket: Vec<Tokens>,
}

#[derive(Deserialize)]
pub(crate) struct Sliding {
    pub(crate) name: String,
    pub(crate) limit: WrittenLimit,
    pub(crate) hits: Vec<Hit>,
}

#[derive(Deserialize)]
pub(crate) struct WrittenLimit {
    pub(crate) count: u32,
    pub(crate) window: u64,
}

#[derive(Deserialize)]
pub(crate) struct Tokens {
    pub(crate) name: String,
    pub(crate) bucket: WrittenBucket,
    pub(crate) hits: Vec<Hit>,
}

#[derive(Deserialize)]
pub(crate) struct WrittenBucket {
    pub(crate) count: u32,
    pub(crate) window: u64,
    pub(crate) burst: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Hit {
    pub(crate) at: u64,
    pub(crate) cost: u32,
    pub(crate) allowed: bool,
    pub(crate) remaining: u32,
    pub(crate) retry_after: u64,
    pub(crate) reset_after: u64,
}

#[track_caller]
pub(crate) fn check(name: &str, hit: &Hit, outcome: Outcome) {
    let expected = Outcome {
        allowed: hit.allowed,
        remaining: hit.remaining,
        retry_after: hit.retry_after,
        reset_after: hit.reset_after,
    };
    assert_eq!(outcome, expected, "{name}: at {}, cost {}", hit.at, hit.cost);
}

pub(crate) fn vectors() -> Vectors {
    serde_json::from_str(include_str!("vectors.json")).unwrap()
}
