//! The vectors that every implementation of the limits passes.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use serde::Deserialize;
use tollgate_limits::Outcome;
use tollgate_limits::gcra::{self, Bucket, FullAt};
use tollgate_limits::sliding::{Limit, SlidingWindow};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vectors {
    sliding_window: Vec<Sliding>,
    token_bucket: Vec<Tokens>,
}

#[derive(Deserialize)]
struct Sliding {
    name: String,
    limit: WrittenLimit,
    hits: Vec<Hit>,
}

#[derive(Deserialize)]
struct WrittenLimit {
    count: u32,
    window: u64,
}

#[derive(Deserialize)]
struct Tokens {
    name: String,
    bucket: WrittenBucket,
    hits: Vec<Hit>,
}

#[derive(Deserialize)]
struct WrittenBucket {
    count: u32,
    window: u64,
    burst: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Hit {
    at: u64,
    cost: u32,
    allowed: bool,
    remaining: u32,
    retry_after: u64,
    reset_after: u64,
}

#[track_caller]
fn check(name: &str, hit: &Hit, outcome: Outcome) {
    let expected = Outcome {
        allowed: hit.allowed,
        remaining: hit.remaining,
        retry_after: hit.retry_after,
        reset_after: hit.reset_after,
    };
    assert_eq!(outcome, expected, "{name}: at {}, cost {}", hit.at, hit.cost);
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("vectors.json")).unwrap()
}

#[test]
fn the_sliding_window_passes_the_vectors() {
    for case in vectors().sliding_window {
        let limit = Limit { count: case.limit.count, window: case.limit.window };
        let mut window = SlidingWindow::default();
        for hit in &case.hits {
            check(&case.name, hit, window.hit(limit, hit.at, hit.cost));
        }
    }
}

#[test]
fn the_token_bucket_passes_the_vectors() {
    for case in vectors().token_bucket {
        let bucket = Bucket { count: case.bucket.count, window: case.bucket.window, burst: case.bucket.burst };
        let mut state = FullAt::default();
        for hit in &case.hits {
            let (after, outcome) = gcra::take(bucket, state, hit.at, hit.cost);
            check(&case.name, hit, outcome);
            state = after;
        }
    }
}
