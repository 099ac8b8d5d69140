//! The thread that writes the lines, and what it takes them from.

use std::io::Write;
use std::sync::Arc;
use std::sync::mpsc::{self, SyncSender};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// How many bytes of lines may wait for the writer.
pub(super) const MOST: usize = 4 * 1024 * 1024;
/// What is kept of a buffer that has grown.
const KEPT: usize = 64 * 1024;
/// How long lines gather before they are written. A line wakes this thread only while it waits for
/// one, so under load this is one wake-up for hundreds of requests instead of one each.
const GATHER: Duration = Duration::from_millis(10);

/// Lines that wait for the writer.
#[derive(Default)]
pub(super) struct Batch {
    waiting: Mutex<Waiting>,
    wake: Condvar,
}

#[derive(Default)]
struct Waiting {
    lines: Vec<u8>,
    flushes: Vec<SyncSender<()>>,
    /// Whether the writer sleeps until something comes.
    idle: bool,
    over: bool,
}

impl Batch {
    /// Adds a line; `false` where there is no room for it.
    pub(super) fn add(&self, line: &[u8]) -> bool {
        let mut waiting = self.waiting.lock();
        if waiting.lines.len() + line.len() > MOST {
            return false;
        }
        waiting.lines.extend_from_slice(line);
        self.wake(&mut waiting);
        true
    }

    /// Waits until all lines there are have been written, for at most `limit`.
    pub(super) fn flush(&self, limit: Duration) -> bool {
        let (done, written) = mpsc::sync_channel(1);
        {
            let mut waiting = self.waiting.lock();
            waiting.flushes.push(done);
            self.wake(&mut waiting);
        }
        written.recv_timeout(limit).is_ok()
    }

    fn wake(&self, waiting: &mut Waiting) {
        if std::mem::take(&mut waiting.idle) {
            self.wake.notify_one();
        }
    }

    /// Waits for something to do; `false` when nothing will come any more.
    fn wait(&self) -> bool {
        let mut waiting = self.waiting.lock();
        while waiting.lines.is_empty() && waiting.flushes.is_empty() {
            if waiting.over {
                return false;
            }
            waiting.idle = true;
            self.wake.wait(&mut waiting);
        }
        true
    }
}

/// Lets the writer end when the last log that writes through it goes.
pub(super) struct Ender(pub(super) Arc<Batch>);

impl Drop for Ender {
    fn drop(&mut self) {
        let mut waiting = self.0.waiting.lock();
        waiting.over = true;
        self.0.wake(&mut waiting);
    }
}

/// Runs until nothing will come any more.
pub(super) fn run(batch: &Batch, mut sink: Box<dyn Write + Send>, gathers: bool) {
    let mut lines = Vec::new();
    while batch.wait() {
        if gathers {
            gather();
        }
        let flushes = {
            let mut waiting = batch.waiting.lock();
            std::mem::swap(&mut lines, &mut waiting.lines);
            std::mem::take(&mut waiting.flushes)
        };
        // A sink that fails (a closed pipe, a full disk) must not end the gateway.
        let _ = sink.write_all(&lines).and_then(|()| sink.flush());
        lines.clear();
        lines.shrink_to(KEPT);
        for done in flushes {
            let _ = done.send(());
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "nothing is waited for: time passes so that more lines come")]
fn gather() {
    std::thread::sleep(GATHER);
}
