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

use super::answer::StreamClock;
use crate::alarm::Alarm;

/// Where hyper puts the streams that a client has opened.
#[derive(Clone, Default)]
pub(in crate::connection) struct StreamSpawner(Arc<Mutex<Spawned>>);

#[derive(Default)]
struct Spawned {
    /// Of the stream whose request was just handed over: hyper spawns it right after.
    clock: Option<Arc<StreamClock>>,
    streams: SmallVec<[Stream; 4]>,
}

impl StreamSpawner {
    /// Notes whose clock the next stream goes by.
    pub(super) fn announce(&self, clock: Arc<StreamClock>) {
        self.0.lock().clock = Some(clock);
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for StreamSpawner {
    fn execute(&self, running: F) {
        let mut spawned = self.0.lock();
        let clock = spawned.clock.take();
        spawned.streams.push(Stream { running: Box::pin(running), clock, alarm: Alarm::default() });
    }
}

impl fmt::Debug for StreamSpawner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StreamSpawner")
    }
}

/// One stream. It ends early when its client has not taken for too long what it was given: that
/// resets it, and lets go of the upstream.
struct Stream {
    running: Pin<Box<dyn Future<Output = ()> + Send>>,
    clock: Option<Arc<StreamClock>>,
    alarm: Alarm,
}

impl Future for Stream {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        if this.running.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        match this.clock.as_ref().and_then(|clock| clock.deadline()) {
            Some(deadline) => this.alarm.poll_until(deadline, cx),
            None => Poll::Pending,
        }
    }
}

/// The streams of a connection.
pub(super) struct Streams {
    spawner: StreamSpawner,
    running: FuturesUnordered<Stream>,
}

impl Streams {
    pub(super) fn new(spawner: StreamSpawner) -> Self {
        Self { spawner, running: FuturesUnordered::new() }
    }

    /// Goes on with every stream that can.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) {
        loop {
            self.running.extend(self.spawner.0.lock().streams.drain(..));
            if !matches!(self.running.poll_next_unpin(cx), Poll::Ready(Some(()))) {
                return;
            }
        }
    }
}
