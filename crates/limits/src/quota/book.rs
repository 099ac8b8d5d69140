//! The counts of all keys in memory, and the file that they survive a restart in.
//!
//! *Bound.* [`CAPACITY`] keys, about 370 bytes each with one meter. A key that finds no place is told that the counts cannot be
//! reached: what then happens, its policy says. Keys whose period is over make room.
//!
//! *On disk.* What has changed is appended to a journal once a second, synced, as one JSON object a line; the
//! last line of a key counts. So a kill loses at most the counts of the last second, and a stop none. The
//! journal is written anew when most of its lines are old. It names keys by digests.
//!
//! One process writes at a time. When another one takes its place ([`Book::release`]), what is still counted here is
//! noted as something to tell, and told to it ([`Book::counted_here`], [`Book::counted_elsewhere`]).

mod handover;

use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tollgate_core::time::Timestamp;

use super::counts::Counts;

pub use handover::CountedElsewhere;

/// How many keys are held.
pub(crate) const CAPACITY: usize = 1 << 20;
/// Parts of a book of that size; a small one has one.
const PAGES: usize = 64;
/// A journal with fewer lines than this is not written anew.
const COMPACT_FROM: usize = 20_000;
/// How long a full book that could not make room is left alone, in milliseconds.
const SWEEP_PAUSE: i64 = 1000;

/// There is no place for another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    #[serde(rename = "k")]
    key: Box<str>,
    #[serde(flatten)]
    counts: Counts,
}

/// The counts of many keys.
type All = HashMap<Box<str>, Counts>;

/// A part of the counts, behind its lock.
#[derive(Debug, Default)]
struct Page {
    counts: All,
    /// Keys that the journal has not been told of.
    changed: HashSet<Box<str>>,
    /// Keys that a shared store may have to be told of.
    owed: HashSet<Box<str>>,
    sweep_after: i64,
    /// The journal is another gateway's now, which has to be told what is counted here.
    released: bool,
}

/// The counts of all keys.
#[derive(Debug)]
pub(crate) struct Book {
    hasher: RandomState,
    pages: Box<[Mutex<Page>]>,
    journal: Mutex<Option<Journal>>,
    /// Whether what changes is to be written.
    keeps: AtomicBool,
    /// Of each page.
    capacity: usize,
    turned_away: AtomicU64,
}

impl Book {
    /// Counts that nothing survives.
    pub(crate) fn in_memory(capacity: usize) -> Self {
        let pages = if capacity >= PAGES * PAGES { PAGES } else { 1 };
        Self {
            hasher: RandomState::new(),
            pages: (0..pages).map(|_| Mutex::default()).collect(),
            journal: Mutex::new(None),
            keeps: AtomicBool::new(false),
            capacity: capacity.div_ceil(pages),
            turned_away: AtomicU64::new(0),
        }
    }

    /// Counts that are kept in a file. What cannot be read of it is passed over, and the log says how much.
    ///
    /// # Errors
    /// Where the file cannot be read or written.
    pub(crate) fn open(path: &Path, now: Timestamp) -> io::Result<Self> {
        let lock = lock(path)?;
        if lock.is_none() {
            // Two writers would lose each other's counts.
            tracing::warn!(path = %path.display(), "another gateway keeps its quotas here: those of this one begin where the file ends, and are not kept");
        }
        let book = Self::in_memory(CAPACITY);
        book.start(path, now, lock)?;
        Ok(book)
    }

    /// Goes on where a file ends, and with it where this process may.
    fn start(&self, path: &Path, now: Timestamp, lock: Option<File>) -> io::Result<()> {
        let (journal, counts) = Journal::open(path, now, lock)?;
        for (key, counts) in counts {
            let mut page = self.page(&key).lock();
            if !counts.pending.is_empty() {
                page.owed.insert(key.clone());
            }
            page.counts.insert(key, counts);
        }
        self.keeps.store(journal.is_some(), Ordering::Release);
        *self.journal.lock() = journal;
        Ok(())
    }

    fn page(&self, key: &str) -> &Mutex<Page> {
        &self.pages[self.hasher.hash_one(key) as usize % self.pages.len()]
    }

    /// Does something to the counts of a key; `new` makes those of one that has none. `act` is told whether
    /// another gateway has to hear of it.
    pub(crate) fn on<T>(
        &self,
        key: &str,
        now: Timestamp,
        new: impl FnOnce() -> Counts,
        act: impl FnOnce(&mut Counts, bool) -> T,
    ) -> Result<T, Full> {
        let mut page = self.page(key).lock();
        let known = page.counts.contains_key(key);
        if !known && page.counts.len() >= self.capacity && !page.make_room(now, self.capacity) {
            if self.turned_away.fetch_add(1, Ordering::Relaxed).is_multiple_of(10_000) {
                tracing::warn!("there is no room for the quota of another key");
            }
            return Err(Full);
        }
        let Page { counts: all, changed, owed, released, .. } = &mut *page;
        let counts = match all.get_mut(key) {
            Some(counts) => counts,
            None => all.entry(key.into()).or_insert_with(new),
        };
        let before = counts.clone();
        let done = act(counts, *released);
        if self.keeps.load(Ordering::Acquire) && (!known || *counts != before) && !changed.contains(key) {
            changed.insert(key.into());
        }
        if !counts.pending.is_empty() && !owed.contains(key) {
            owed.insert(key.into());
        }
        Ok(done)
    }

    /// Reads the counts of a key.
    pub(crate) fn read<T>(&self, key: &str, look: impl FnOnce(&Counts) -> T) -> Option<T> {
        self.page(key).lock().counts.get(key).map(look)
    }

    /// Takes every key of which a shared store has something to be told.
    pub(crate) fn owed(&self) -> Vec<Box<str>> {
        let mut owed = Vec::new();
        for page in &self.pages {
            let mut page = page.lock();
            let keys = std::mem::take(&mut page.owed);
            owed.extend(
                keys.into_iter().filter(|key| page.counts.get(key).is_some_and(|counts| !counts.pending.is_empty())),
            );
        }
        owed
    }

    /// Writes what has changed to the journal. Blocks.
    pub(crate) fn write(&self, now: Timestamp) -> io::Result<()> {
        let mut journal = self.journal.lock();
        let Some(journal) = journal.as_mut() else { return Ok(()) };
        let mut lines: Vec<Line> = Vec::new();
        for page in &self.pages {
            let mut page = page.lock();
            let changed = std::mem::take(&mut page.changed);
            let line = |key: Box<str>| Some(Line { counts: page.counts.get(&key)?.clone(), key });
            lines.extend(changed.into_iter().filter_map(line));
        }
        if lines.is_empty() {
            return Ok(());
        }
        let written = journal.append(&lines).and_then(|()| self.compact(journal, now));
        if written.is_err() {
            // They are to be written with the next ones.
            for line in lines {
                self.page(&line.key).lock().changed.insert(line.key);
            }
        }
        written
    }

    /// Writes the journal anew where most of its lines are old.
    fn compact(&self, journal: &mut Journal, now: Timestamp) -> io::Result<()> {
        let live: usize = self.pages.iter().map(|page| page.lock().counts.len()).sum();
        if journal.lines < COMPACT_FROM.max(4 * live) {
            return Ok(());
        }
        let mut all = Vec::with_capacity(live);
        for page in &self.pages {
            let mut page = page.lock();
            page.counts.retain(|_, counts| !counts.is_past(now));
            all.extend(page.counts.iter().map(|(key, counts)| Line { key: key.clone(), counts: counts.clone() }));
        }
        journal.rewrite(&all)
    }
}

impl Page {
    fn make_room(&mut self, now: Timestamp, capacity: usize) -> bool {
        if now.0 < self.sweep_after {
            return false;
        }
        self.counts.retain(|_, counts| !counts.is_past(now));
        let room = self.counts.len() < capacity;
        if !room {
            self.sweep_after = now.0.saturating_add(SWEEP_PAUSE);
        }
        room
    }
}

/// The file.
#[derive(Debug)]
struct Journal {
    path: PathBuf,
    file: File,
    lines: usize,
    /// Held for as long as this process writes.
    _lock: File,
}

impl Journal {
    /// Reads the file, and goes on with it where this process may.
    fn open(path: &Path, now: Timestamp, lock: Option<File>) -> io::Result<(Option<Self>, All)> {
        let mut counts = All::new();
        let (mut lines, mut unreadable) = (0, 0);
        match File::open(path) {
            Ok(file) => {
                for line in BufReader::new(file).split(b'\n') {
                    let line = line?;
                    match serde_json::from_slice::<Line>(&line) {
                        Ok(line) => {
                            lines += 1;
                            counts.insert(line.key, line.counts);
                        }
                        Err(_) if line.is_empty() => {}
                        Err(_) => unreadable += 1,
                    }
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        if unreadable > 0 {
            // A kill in mid-write leaves one such line, whose counts the line before still has.
            tracing::warn!(path = %path.display(), unreadable, "lines of the quota journal cannot be read");
        }
        counts.retain(|_, counts| !counts.is_past(now));
        let Some(lock) = lock else { return Ok((None, counts)) };
        let file = private(OpenOptions::new().append(true).create(true)).open(path)?;
        let mut journal = Self { path: path.to_owned(), file, lines, _lock: lock };
        // What was cut off must not be the beginning of the next line.
        if lines > 0 || unreadable > 0 {
            let all: Vec<Line> =
                counts.iter().map(|(key, counts)| Line { key: key.clone(), counts: counts.clone() }).collect();
            journal.rewrite(&all)?;
        }
        Ok((Some(journal), counts))
    }

    fn append(&mut self, lines: &[Line]) -> io::Result<()> {
        self.file.write_all(&bytes(lines)?)?;
        self.lines += lines.len();
        self.file.sync_data()
    }

    /// Puts a new file in the place of the old one.
    fn rewrite(&mut self, lines: &[Line]) -> io::Result<()> {
        let draft = self.path.with_extension("draft");
        let mut file = private(OpenOptions::new().write(true).create(true).truncate(true)).open(&draft)?;
        file.write_all(&bytes(lines)?)?;
        file.sync_all()?;
        std::fs::rename(&draft, &self.path)?;
        self.file = private(OpenOptions::new().append(true)).open(&self.path)?;
        self.lines = lines.len();
        Ok(())
    }
}

/// The lock beside a journal; `None` where another process holds it.
fn lock(path: &Path) -> io::Result<Option<File>> {
    let file = private(OpenOptions::new().write(true).create(true)).open(path.with_extension("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(error)) => Err(error),
    }
}

/// For the owner's eyes alone.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

fn bytes(lines: &[Line]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(lines.len() * 128);
    for line in lines {
        serde_json::to_writer(&mut bytes, line)?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}
