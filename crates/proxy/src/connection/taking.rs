//! Whether a client takes what is written to it.

use std::io;
use std::task::{Context, Poll, ready};

use tokio::time::Instant;

use crate::alarm::Alarm;
use crate::pace::Pace;

/// The time counts only while bytes wait for the client, so that a slow upstream is not held
/// against it.
#[derive(Debug)]
pub(super) struct Taking {
    pace: Pace,
    stuck_since: Option<Instant>,
}

impl Taking {
    pub(super) fn new(pace: Pace) -> Self {
        Self { pace, stuck_since: None }
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
        Poll::Ready(Err(too_slow()))
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
        Poll::Ready(Err(too_slow()))
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
}

fn too_slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the client does not take the answer")
}
