//! How much is under way on an HTTP/2 connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::budget::Flood;

/// Shared by the connection's driver, its socket and its streams. All of them live in one task, so
/// that nothing here needs more than relaxed order.
#[derive(Debug)]
pub(super) struct Load {
    born: Instant,
    /// Bytes that the client has sent.
    received: AtomicU64,
    begun: AtomicU64,
    over: AtomicU64,
    /// Answers of which every byte was given to the library, and answers whose last byte has gone to
    /// the socket.
    given: AtomicU64,
    written: AtomicU64,
    /// When the last answer was over, in microseconds since `born`.
    idle_since: AtomicU64,
    /// The client was told of the end before it came: no answer can be lost.
    silent: AtomicBool,
    ending: Mutex<Option<Ending>>,
    /// Streams that were reset, and their codes, until somebody asks.
    reset: Mutex<Vec<(u32, u32)>>,
}

/// Why the socket has ended the connection. Kept here, because the library keeps only the words of an
/// error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// A head, or a frame of another kind, did not come in time.
    HeadTooSlow,
    Flood(Flood),
}

impl Load {
    pub(super) fn new() -> Self {
        Self {
            born: Instant::now(),
            received: AtomicU64::new(0),
            begun: AtomicU64::new(0),
            over: AtomicU64::new(0),
            given: AtomicU64::new(0),
            written: AtomicU64::new(0),
            idle_since: AtomicU64::new(0),
            silent: AtomicBool::new(false),
            ending: Mutex::new(None),
            reset: Mutex::default(),
        }
    }

    /// Notes a stream; what is given back ends it.
    pub(super) fn stream(self: &Arc<Self>) -> OpenStream {
        self.begun.fetch_add(1, Ordering::Relaxed);
        OpenStream(Arc::clone(self))
    }

    /// Bytes have come.
    pub(super) fn receives(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// The last byte of an answer has gone to the socket.
    pub(super) fn stream_written(&self) {
        self.written.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether no request is being answered.
    pub(super) fn is_idle(&self) -> bool {
        self.begun.load(Ordering::Relaxed) == self.over.load(Ordering::Relaxed)
    }

    /// Whether answers that are over have bytes left that the client has not taken.
    pub(super) fn is_behind(&self) -> bool {
        self.written.load(Ordering::Relaxed) < self.given.load(Ordering::Relaxed)
    }

    /// Since when there is nothing to do; and whether there never was.
    pub(super) fn idle_since(&self) -> (Instant, bool) {
        let since = self.born + Duration::from_micros(self.idle_since.load(Ordering::Relaxed));
        (since, self.begun.load(Ordering::Relaxed) == 0)
    }

    /// The client is told of the end.
    pub(super) fn closes(&self) {
        self.silent.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_silent(&self) -> bool {
        self.silent.load(Ordering::Relaxed)
    }
}

impl Load {
    /// Notes why this is the end; the first reason counts.
    pub(super) fn ends_by(&self, ending: Ending) {
        self.ending.lock().get_or_insert(ending);
    }

    /// The gateway resets a stream.
    pub(super) fn resets(&self, stream: u32, code: u32) {
        self.reset.lock().push((stream, code));
    }

    /// The streams that were reset since the last question.
    pub(super) fn reset(&self) -> Vec<(u32, u32)> {
        std::mem::take(&mut self.reset.lock())
    }

    pub(super) fn ending(&self) -> Option<Ending> {
        *self.ending.lock()
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(super) struct OpenStream(Arc<Load>);

impl OpenStream {
    /// The library has the whole answer.
    pub(super) fn given(&self) {
        self.0.given.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let since = u64::try_from(self.0.born.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.0.idle_since.store(since, Ordering::Relaxed);
        self.0.over.fetch_add(1, Ordering::Relaxed);
    }
}
