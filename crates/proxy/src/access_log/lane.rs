//! Lines of one format on their way to the sinks: whoever ends an exchange adds a line to the batch; a thread hands
//! batches on.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use parking_lot::{Condvar, Mutex};

use super::Format;
use super::sinks::{Chunk, Sink};

/// How many bytes of lines may wait for the thread.
pub(super) const MOST: usize = 4 * 1024 * 1024;
/// What a new batch has room for.
const ROOM: usize = 16 * 1024;
/// How long lines gather before they are handed on, unless a batch is full before. A line wakes the thread only while
/// it waits for one, or with that, so under load this is one wake-up for a hundred requests instead of one each.
const GATHER: Duration = Duration::from_millis(10);
/// When a batch is full: what has been written is in the cache of the processor still when it is handed on, and its
/// memory is when the next lines come.
const FULL: usize = 64 * 1024;
/// How many batches that were handed on are looked at for memory that nobody reads any more.
const HANDED: usize = 4;

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
        if waiting.lines.len() >= FULL && std::mem::take(&mut waiting.gathers) {
            self.batch.wake.notify_one();
        }
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
    lines: BytesMut,
    count: u64,
    flushes: Vec<Waiter>,
    /// Whether the thread sleeps until something comes.
    idle: bool,
    /// Whether it lets lines gather.
    gathers: bool,
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

    /// Lets lines gather, until there are many or a moment has passed.
    fn gather(&self) {
        let mut waiting = self.waiting.lock();
        if waiting.lines.len() < FULL {
            waiting.gathers = true;
            let _ = self.wake.wait_for(&mut waiting, GATHER);
            waiting.gathers = false;
        }
    }

    /// Takes all there is; `room` is for what comes next.
    fn take(&self, room: BytesMut) -> (Chunk, Vec<Waiter>) {
        let mut waiting = self.waiting.lock();
        let lines = std::mem::replace(&mut waiting.lines, room);
        let chunk = Chunk { bytes: lines.freeze(), lines: std::mem::take(&mut waiting.count) };
        (chunk, std::mem::take(&mut waiting.flushes))
    }
}

/// Batches that were handed on, whose memory is used again once everybody has read them.
#[derive(Default)]
struct Handed(VecDeque<Bytes>);

impl Handed {
    /// Room for a batch.
    fn room(&mut self) -> BytesMut {
        let read = self.0.iter().position(Bytes::is_unique);
        let memory = read.and_then(|at| self.0.remove(at)?.try_into_mut().ok());
        // One that had to grow was for a moment that is over.
        match memory.filter(|memory| memory.capacity() <= 2 * FULL) {
            Some(mut memory) => {
                memory.clear();
                memory
            }
            None => BytesMut::with_capacity(ROOM),
        }
    }

    fn add(&mut self, batch: &Bytes) {
        if batch.len() < FULL / 4 {
            // There is little to write: memory is not kept for it.
            self.0.clear();
            return;
        }
        self.0.push_back(batch.clone());
        if self.0.len() > HANDED {
            self.0.pop_front();
        }
    }
}

/// Runs until nothing will come any more.
fn run(batch: &Batch, gathers: bool) {
    let mut handed = Handed::default();
    while batch.wait() {
        if gathers {
            batch.gather();
        }
        let (chunk, flushes) = batch.take(handed.room());
        handed.add(&chunk.bytes);
        let sinks = batch.sinks.lock().clone();
        for sink in &sinks {
            sink.offer(&chunk);
            for waiter in &flushes {
                sink.flush(waiter.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_a_batch_is_used_again_once_nobody_reads_it_and_not_kept_for_few_lines() {
        let mut handed = Handed::default();
        let mut batch = handed.room();
        batch.extend_from_slice(&[b'x'; FULL]);
        let (memory, batch) = (batch.as_ptr(), batch.freeze());
        handed.add(&batch);
        assert!(handed.room().capacity() < FULL, "somebody reads it");
        drop(batch);
        let again = handed.room();
        assert_eq!((again.as_ptr(), again.len()), (memory, 0));

        handed.add(&again.freeze());
        assert!(handed.0.is_empty());
        let mut large = BytesMut::from(&[b'x'; 3 * FULL][..]);
        large.truncate(FULL);
        handed.add(&large.freeze());
        assert!(handed.room().capacity() < FULL);
    }
}
