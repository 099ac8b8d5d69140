//! Hostile bytes that nobody has thought of: what the gateway makes of them must still be in the one
//! form that nobody reads in two ways. `attack` holds that against every stream.

use futures_util::stream::{self, StreamExt};

use crate::attack::attack;
use crate::corpus::mutated;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_sent_the_origin_reads_what_the_gateway_read() {
    let streams = mutated(1500);
    let forwarded: usize = stream::iter(&streams)
        .map(|bytes| async move { attack(bytes, |_| {}).await.requests.len() })
        .buffer_unordered(128)
        .fold(0, |sum, found| async move { sum + found })
        .await;
    assert!(forwarded > streams.len() / 10, "only {forwarded} requests got through: the mutations test nothing");
}
