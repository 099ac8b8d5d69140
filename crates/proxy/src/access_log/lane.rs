//! Lines of one format on their way to the sinks: whoever ends an exchange adds a line to the batch; a thread hands
//! batches on.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::{Condvar, Mutex};

use super::Format;
use super::sinks::{Chunk, Sink};

/// How many bytes of lines may wait for the thread.
pub(super) const MOST: usize = 4 * 1024 * 1024;
/// What a new batch has room for.
const ROOM: usize = 16 * 1024;
/// How long lines gather before they are handed on. A line wakes the thread only while it waits for
/// one, so under load this is one wake-up for hundreds of requests instead of one each.
const GATHER: Duration = Duration::from_millis(10);

/// Lines of one format, and the sinks that they go to. The thread ends with it.
pub(super) struct Lane {
    pub(super) format: Format,
    batch: Arc<Batch>,
}

impl Lane {
    /// Starts the thread.
    pub(super) fn start(format: Format) -> std::io::Result<Self> {
        let batch = Arc::new(Batch::default());
        let handed = Arc::clone(&batch);
        // People at a terminal wait for each line.
        let gathers = format == Format::Json;
        std::thread::Builder::new().name("access-log".to_owned()).spawn(move || run(&handed, gathers))?;
        Ok(Self { format, batch })
    }

    /// Whether there is a sink at all.
    pub(super) fn is_wanted(&self) -> bool {
        self.batch.wanted.load(Ordering::Relaxed)
    }

    /// Adds a line; `false` where there is no room for it.
    pub(super) fn add(&self, line: &[u8]) -> bool {
        let mut waiting = self.batch.waiting.lock();
        if waiting.lines.len() + line.len() > MOST {
            return false;
        }
        waiting.lines.extend_from_slice(line);
        waiting.count += 1;
        self.batch.wake(&mut waiting);
        true
    }

    /// Where lines go from now on.
    pub(super) fn lead_to(&self, sinks: Vec<Arc<Sink>>) {
        self.batch.wanted.store(!sinks.is_empty(), Ordering::Relaxed);
        *self.batch.sinks.lock() = sinks;
    }

    /// Waits until all lines there are have been written, for at most `limit`.
    pub(super) fn flush(&self, limit: Duration) -> bool {
        let (done, written) = mpsc::channel();
        {
            let mut waiting = self.batch.waiting.lock();
            waiting.flushes.push(done);
            self.batch.wake(&mut waiting);
        }
        // Nothing is ever said: whoever has written lets go of its end.
        written.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Disconnected)
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        let mut waiting = self.batch.waiting.lock();
        waiting.over = true;
        self.batch.wake(&mut waiting);
    }
}

/// Who waits for lines to be written: until all have let go of it.
pub(super) type Waiter = mpsc::Sender<Infallible>;

/// Lines that wait for the thread.
#[derive(Default)]
struct Batch {
    waiting: Mutex<Waiting>,
    wake: Condvar,
    sinks: Mutex<Vec<Arc<Sink>>>,
    wanted: AtomicBool,
}

#[derive(Default)]
struct Waiting {
    lines: Vec<u8>,
    count: u64,
    flushes: Vec<Waiter>,
    /// Whether the thread sleeps until something comes.
    idle: bool,
    over: bool,
}

impl Batch {
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

    fn take(&self) -> (Chunk, Vec<Waiter>) {
        let mut waiting = self.waiting.lock();
        let lines = std::mem::replace(&mut waiting.lines, Vec::with_capacity(ROOM));
        let chunk = Chunk { bytes: Bytes::from(lines), lines: std::mem::take(&mut waiting.count) };
        (chunk, std::mem::take(&mut waiting.flushes))
    }
}

/// Runs until nothing will come any more.
fn run(batch: &Batch, gathers: bool) {
    while batch.wait() {
        if gathers {
            gather();
        }
        let (chunk, flushes) = batch.take();
        let sinks = batch.sinks.lock().clone();
        for sink in &sinks {
            sink.offer(&chunk);
            for waiter in &flushes {
                sink.flush(waiter.clone());
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "nothing is waited for: time passes so that more lines come")]
fn gather() {
    std::thread::sleep(GATHER);
}
