//! The streams of one connection run in its own task.
//!
//! hyper hands each stream to an executor. A task for each of them would outlive the connection
//! that it belongs to, would be woken across threads, and could not be cut off with it; so they
//! are kept here and polled beside it, and whatever ends the connection ends them.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use hyper::rt::Executor;
use parking_lot::Mutex;
use smallvec::SmallVec;

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where hyper puts the streams that a client has opened.
#[derive(Clone, Default)]
pub(in crate::connection) struct StreamSpawner(Arc<Mutex<SmallVec<[Task; 4]>>>);

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for StreamSpawner {
    fn execute(&self, stream: F) {
        self.0.lock().push(Box::pin(stream));
    }
}

impl fmt::Debug for StreamSpawner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StreamSpawner")
    }
}

/// A connection that hyper drives, and its streams.
pub(super) struct Streams {
    spawner: StreamSpawner,
    running: FuturesUnordered<Task>,
}

impl Streams {
    pub(super) fn new(spawner: StreamSpawner) -> Self {
        Self { spawner, running: FuturesUnordered::new() }
    }

    /// Goes on with every stream that can.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) {
        loop {
            self.running.extend(self.spawner.0.lock().drain(..));
            if !matches!(self.running.poll_next_unpin(cx), Poll::Ready(Some(()))) {
                return;
            }
        }
    }
}
