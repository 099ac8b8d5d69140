//! What policies send to others in the background: known here, so that the end of the process waits for it.

use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use futures_util::future::{join_all, select};

use crate::later::BoxFuture;
use crate::time::Clock;

/// Things that wait to be sent to one place.
pub trait Lane: Send + Sync + fmt::Debug {
    /// Waits until nothing is left.
    fn empty(self: Arc<Self>) -> BoxFuture<'static, ()>;
}

/// All lanes of a process.
#[derive(Debug, Default)]
pub struct Outgoing(Mutex<Vec<Weak<dyn Lane>>>);

impl Outgoing {
    /// A lane that is to be waited for.
    pub fn add(&self, lane: Weak<dyn Lane>) {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.retain(|lane| lane.strong_count() > 0);
        lanes.push(lane);
    }

    /// Waits until everything is sent, but not longer than this.
    pub async fn flush(&self, clock: &dyn Clock, most: Duration) {
        let lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let waiting: Vec<_> = lanes.iter().filter_map(Weak::upgrade).map(Lane::empty).collect();
        if !waiting.is_empty() {
            select(pin!(join_all(waiting)), clock.wait(most)).await;
        }
    }
}
