//! What is remembered of requests that are over, for whoever asks why one went as it did.
//!
//! All failures are kept, those that took long, and a sample of the rest, in so much memory and no
//! more: the oldest go first. There are three shelves, each with a share of the memory, so that a
//! flood of wrong keys cannot push out the one upstream that failed.
//!
//! An exchange that is not kept costs a few comparisons. Nothing is measured for this: it is a view
//! of the record, as the access log is one.

mod recorded;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tollgate_core::Fault;
use tollgate_core::settings::RecorderSettings;
use tollgate_core::time::Timestamp;

use crate::access_log::Entry;
pub use recorded::{KeptFor, Recorded};

/// Remembers exchanges.
pub struct Recorder {
    enabled: AtomicBool,
    /// Of 2³² exchanges without a failure, so many are kept.
    threshold: AtomicU32,
    /// In microseconds.
    slow: AtomicU64,
    shelves: Mutex<[Shelf; 3]>,
}

/// Exchanges of one kind, the oldest first.
#[derive(Default)]
struct Shelf {
    kept: VecDeque<Arc<Recorded>>,
    bytes: usize,
    room: usize,
    forgotten: u64,
}

/// How much is kept at a moment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fill {
    /// Exchanges.
    pub kept: usize,
    /// The memory that they take, in bytes.
    pub bytes: usize,
    /// How many had to go since the start, because others came.
    pub forgotten: u64,
    /// When the oldest one arrived.
    pub oldest: Option<Timestamp>,
}

impl Default for Recorder {
    fn default() -> Self {
        let recorder = Self {
            enabled: AtomicBool::default(),
            threshold: AtomicU32::default(),
            slow: AtomicU64::default(),
            shelves: Mutex::default(),
        };
        recorder.set(&RecorderSettings::default());
        recorder
    }
}

impl Recorder {
    /// Does as the settings say from now on.
    pub(crate) fn set(&self, settings: &RecorderSettings) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a ratio is between 0 and 1")]
        let threshold = (settings.sample.0 * f64::from(u32::MAX)) as u32;
        self.threshold.store(threshold, Ordering::Relaxed);
        self.slow.store(micros(settings.slow.0), Ordering::Relaxed);
        self.enabled.store(settings.enabled, Ordering::Relaxed);
        let room = if settings.enabled { settings.size.as_usize() } else { 0 };
        let mut shelves = self.shelves.lock();
        for (shelf, room) in shelves.iter_mut().zip([room / 2, room / 4, room / 4]) {
            shelf.room = room;
            shelf.make_room();
        }
    }

    /// Takes note of an exchange that is over, where it is one to keep. `asked` says that an operator
    /// wants it kept.
    pub(crate) fn note(&self, entry: Box<Entry>, asked: bool) {
        if let Some(why) = self.why(&entry, asked) {
            self.keep(entry, why);
        }
    }

    /// Why an exchange is one to keep, where it is.
    pub(crate) fn why(&self, entry: &Entry, asked: bool) -> Option<KeptFor> {
        if !self.enabled.load(Ordering::Relaxed) {
            return None;
        }
        let record = &entry.record;
        match &record.refusal {
            Some(refusal) if refusal.reason.fault != Fault::Client => return Some(KeptFor::Failure),
            _ if entry.status >= 500 => return Some(KeptFor::Failure),
            Some(_) => return Some(KeptFor::Refusal),
            _ if entry.status >= 400 => return Some(KeptFor::Refusal),
            None if asked => return Some(KeptFor::Debugging),
            None => {}
        }
        // A tunnel is open for long, and is not slow for that.
        if micros(entry.total()) > self.slow.load(Ordering::Relaxed) && !record.fields.contains_key("tunnel") {
            return Some(KeptFor::Slowness);
        }
        // The id of the span is random, and is there already.
        (lot(entry.span_id.as_str()) < self.threshold.load(Ordering::Relaxed)).then_some(KeptFor::Sample)
    }

    /// Keeps an exchange.
    pub(crate) fn keep(&self, entry: Box<Entry>, why: KeptFor) {
        let place = match why {
            KeptFor::Failure => 0,
            KeptFor::Refusal => 1,
            KeptFor::Slowness | KeptFor::Sample | KeptFor::Debugging => 2,
        };
        let recorded = Arc::new(Recorded::of(entry, why));
        let mut shelves = self.shelves.lock();
        let shelf = &mut shelves[place];
        shelf.bytes += recorded.bytes;
        shelf.kept.push_back(recorded);
        shelf.make_room();
    }

    /// Those with this id, the latest first. Ids that clients choose may come twice.
    pub fn find(&self, id: &str) -> Vec<Arc<Recorded>> {
        self.latest(usize::MAX, |recorded| *recorded.entry.id == *id)
    }

    /// The latest that are wanted, at most `most`.
    pub fn latest(&self, most: usize, wanted: impl Fn(&Recorded) -> bool) -> Vec<Arc<Recorded>> {
        // Only pointers are copied while exchanges may wait for the lock.
        let mut all: Vec<Arc<Recorded>> = {
            let shelves = self.shelves.lock();
            shelves.iter().flat_map(|shelf| shelf.kept.iter().map(Arc::clone)).collect()
        };
        all.retain(|recorded| wanted(recorded));
        all.sort_by_key(|recorded| std::cmp::Reverse(recorded.entry.time));
        all.truncate(most);
        all
    }

    /// How much is kept at this moment.
    pub fn fill(&self) -> Fill {
        let shelves = self.shelves.lock();
        let mut fill = Fill::default();
        for shelf in shelves.iter() {
            fill.kept += shelf.kept.len();
            fill.bytes += shelf.bytes;
            fill.forgotten += shelf.forgotten;
            let oldest = shelf.kept.front().map(|recorded| recorded.entry.time);
            fill.oldest = fill.oldest.into_iter().chain(oldest).min();
        }
        fill
    }
}

impl Shelf {
    fn make_room(&mut self) {
        while self.bytes > self.room {
            let Some(oldest) = self.kept.pop_front() else { return };
            self.bytes -= oldest.bytes;
            self.forgotten += 1;
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// A number of 32 bits out of random hexadecimal digits.
fn lot(digits: &str) -> u32 {
    let digits = digits.as_bytes().iter().take(8);
    digits.fold(0, |lot, digit| {
        let value = if *digit <= b'9' { *digit & 15 } else { (*digit & 15) + 9 };
        (lot << 4) | u32::from(value)
    })
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("fill", &self.fill()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
