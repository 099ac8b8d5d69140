//! Whether a client takes what is written to it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::time::Instant;

use crate::alarm::Alarm;
use crate::hygiene::ConnectionInfo;
use crate::pace::Pace;

/// Whether answers of a connection are let go of because their client did not take them. Whoever lets go says so
/// before, so that the story of an answer can tell that from a client that has gone. All of a connection is one
/// task, so that nothing here needs more than relaxed order.
#[derive(Debug, Default)]
pub struct TooSlow(AtomicBool);

impl TooSlow {
    /// From now on: the connection ends.
    fn note(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// While `let_go` runs, which drops one answer of several.
    pub(super) fn during(&self, let_go: impl FnOnce()) {
        let before = self.0.swap(true, Ordering::Relaxed);
        let_go();
        self.0.store(before, Ordering::Relaxed);
    }

    pub(crate) fn is_noted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The time counts only while bytes wait for the client, so that a slow upstream is not held
/// against it.
#[derive(Debug)]
pub(super) struct Taking {
    pace: Pace,
    stuck_since: Option<Instant>,
    connection: Arc<ConnectionInfo>,
}

impl Taking {
    pub(super) fn new(pace: Pace, connection: Arc<ConnectionInfo>) -> Self {
        Self { pace, stuck_since: None, connection }
    }

    /// Lets a write fail once the client has been too slow for too long.
    pub(super) fn write(
        &mut self,
        polled: Poll<io::Result<usize>>,
        alarm: &mut Alarm,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = &polled {
            self.went_on(*written.as_ref().unwrap_or(&0));
            return polled;
        }
        ready!(self.poll_end(alarm, cx));
        Poll::Ready(Err(self.too_slow()))
    }

    /// The same for a flush, which tells of no bytes.
    pub(super) fn flush(
        &mut self,
        polled: Poll<io::Result<()>>,
        alarm: &mut Alarm,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if polled.is_ready() {
            self.went_on(0);
            return polled;
        }
        ready!(self.poll_end(alarm, cx));
        Poll::Ready(Err(self.too_slow()))
    }

    fn went_on(&mut self, bytes: usize) {
        if let Some(since) = self.stuck_since.take() {
            self.pace.waited(since.elapsed());
        }
        self.pace.moved(bytes);
    }

    fn poll_end(&mut self, alarm: &mut Alarm, cx: &mut Context<'_>) -> Poll<()> {
        let since = *self.stuck_since.get_or_insert_with(Instant::now);
        match self.pace.deadline(since) {
            Some(deadline) => alarm.poll_until(deadline, cx),
            None => Poll::Pending,
        }
    }

    fn too_slow(&self) -> io::Error {
        self.connection.too_slow.note();
        io::Error::new(io::ErrorKind::TimedOut, "the client does not take what is sent to it")
    }
}
