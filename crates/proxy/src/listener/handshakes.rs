//! Connections that have not yet come to their first request: at most so many, and when there
//! are more, the one that has taken longest makes room. Waiting for a place instead would let
//! whoever stalls all of them lock everybody else out.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::connection::FIRST_REQUEST;

/// The handshakes that are under way, in the order in which they began.
#[derive(Debug)]
pub(super) struct Handshakes {
    under_way: Mutex<BTreeMap<u64, oneshot::Sender<()>>>,
    next: AtomicU64,
    most: usize,
}

/// A place among them; gives itself back.
#[derive(Debug)]
pub(super) struct Place {
    handshakes: Arc<Handshakes>,
    number: u64,
    evicted: Option<oneshot::Receiver<()>>,
}

/// Why a handshake goes no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It had to make room.
    Evicted,
    /// Its time is over.
    TooLate,
    /// The listener stops.
    Stopping,
}

impl Handshakes {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { under_way: Mutex::default(), next: AtomicU64::new(0), most: most.max(1) })
    }

    /// Takes a place, from the oldest one if there is no other.
    pub(super) fn enter(self: &Arc<Self>) -> Place {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (hold, evicted) = oneshot::channel();
        let mut under_way = self.under_way.lock();
        if under_way.len() >= self.most {
            under_way.pop_first();
        }
        under_way.insert(number, hold);
        drop(under_way);
        Place { handshakes: Arc::clone(self), number, evicted: Some(evicted) }
    }
}

impl Place {
    /// Waits until this handshake has to end, whatever it is at.
    pub(super) fn ended(&mut self, within: Duration, shutdown: CancellationToken) -> impl Future<Output = End> + use<> {
        let evicted = self.evicted.take();
        let until = tokio::time::Instant::now() + FIRST_REQUEST;
        async move {
            let evicted = async {
                match evicted {
                    // Nothing is ever sent: the other half goes, or it does not.
                    Some(evicted) => drop(evicted.await),
                    None => std::future::pending().await,
                }
            };
            // What comes next is a request that nobody has refused.
            let stopping = async {
                shutdown.cancelled().await;
                tokio::time::sleep_until(until).await;
            };
            tokio::select! {
                () = evicted => End::Evicted,
                () = tokio::time::sleep(within) => End::TooLate,
                () = stopping => End::Stopping,
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.handshakes.under_way.lock().remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn the_oldest_makes_room_and_a_place_that_is_given_back_is_free() {
        let handshakes = Handshakes::new(2);
        let never = CancellationToken::new();
        let mut first = handshakes.enter();
        let mut second = handshakes.enter();
        let (first_ends, second_ends) = (first.ended(LONG, never.clone()), second.ended(LONG, never.clone()));
        drop(handshakes.enter());
        assert_eq!(first_ends.await, End::Evicted);
        let mut third = handshakes.enter();
        let third_ends = third.ended(SHORT, never.clone());
        assert_eq!(third_ends.await, End::TooLate, "the place of the one in between was free again");
        never.cancel();
        assert_eq!(second_ends.await, End::Stopping);
        drop((first, second, third));
        assert!(handshakes.under_way.lock().is_empty());
    }
}
