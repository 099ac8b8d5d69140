//! The algorithms pass the vectors.

use tollgate_limits::gcra::{self, Bucket, FullAt};
use tollgate_limits::sliding::{Limit, SlidingWindow};

mod vectors;

use vectors::{check, vectors};

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
