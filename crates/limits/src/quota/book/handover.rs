//! The journal goes from one process to the next, while both count.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde::{Deserialize, Serialize};
use tollgate_core::services::{Correction, Period};
use tollgate_core::time::Timestamp;

use super::{Book, Counts, Journal, Line, Page, private};

/// How long a lock is waited for that another process has promised to let go.
const LOCK_SOON: std::time::Duration = std::time::Duration::from_secs(2);

/// What one gateway counted of a key while another one keeps the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CountedElsewhere {
    key: Box<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first: Option<Timestamp>,
    start: Timestamp,
    end: Timestamp,
    by: Vec<(Arc<str>, i64)>,
}

impl Book {
    /// Writes everything and lets another process have the journal. What is counted from now on is noted for it.
    pub(crate) fn release(&self) -> io::Result<()> {
        let mut held = self.journal.lock();
        let Some(journal) = held.as_mut() else { return Ok(()) };
        let mut lines: Vec<Line> = Vec::new();
        for page in &self.pages {
            let mut page = page.lock();
            let changed = std::mem::take(&mut page.changed);
            let line = |key: Box<str>| Some(Line { counts: page.counts.get(&key)?.clone(), key });
            lines.extend(changed.into_iter().filter_map(line));
            // From here on, what a shared store has to be told is in the file, or was counted after it.
            let owed = std::mem::take(&mut page.owed);
            for key in owed {
                if let Some(counts) = page.counts.get_mut(&key) {
                    lines.push(Line { key, counts: counts.clone() });
                    counts.pending.clear();
                }
            }
            page.released = true;
        }
        if let Err(error) = journal.append(&lines) {
            self.keep_again(lines);
            return Err(error);
        }
        // With the journal goes its lock.
        *held = None;
        self.keeps.store(false, Ordering::Release);
        Ok(())
    }

    /// What came to nothing: these are to be written with the next ones.
    fn keep_again(&self, lines: Vec<Line>) {
        for page in &self.pages {
            page.lock().released = false;
        }
        for line in lines {
            let mut page = self.page(&line.key).lock();
            let pending = line.counts.pending;
            if !pending.is_empty()
                && let Some(counts) = page.counts.get_mut(&line.key)
            {
                counts.still_pending(pending.into_iter());
                page.owed.insert(line.key.clone());
            }
            page.changed.insert(line.key);
        }
    }

    /// Takes the journal back from a process that ended before it counted anything. `shared` says whether what is
    /// noted is for a store that nodes share.
    pub(crate) fn reclaim(&self, path: &Path, now: Timestamp, shared: bool) -> io::Result<()> {
        let Some(lock) = wait_for_lock(path)? else {
            return Err(io::Error::other("another process holds the quota journal"));
        };
        let (journal, counts) = Journal::open(path, now, Some(lock))?;
        // What a store has to be told stands in the file since the release.
        for (key, kept) in counts.into_iter().filter(|(_, kept)| !kept.pending.is_empty()) {
            let mut page = self.page(&key).lock();
            if let Some(counts) = page.counts.get_mut(&key)
                && counts.period() == kept.period()
            {
                counts.still_pending(kept.pending.into_iter());
                page.owed.insert(key);
            }
        }
        for page in &self.pages {
            let mut page = page.lock();
            page.released = false;
            let Page { counts, changed, owed, .. } = &mut *page;
            for key in owed.iter() {
                changed.insert(key.clone());
                if let (false, Some(counts)) = (shared, counts.get_mut(key)) {
                    counts.pending.clear();
                }
            }
            if !shared {
                owed.clear();
            }
        }
        *self.journal.lock() = journal;
        self.keeps.store(true, Ordering::Release);
        Ok(())
    }

    /// Takes the journal of a process that has released it.
    pub(crate) fn take_over(&self, path: &Path, now: Timestamp) -> io::Result<()> {
        let lock = wait_for_lock(path)?;
        if lock.is_none() {
            tracing::warn!(path = %path.display(), "another gateway keeps its quotas here: those of this one begin where the file ends, and are not kept");
        }
        self.start(path, now, lock)
    }

    /// What was counted here since the journal is another process's.
    pub(crate) fn counted_here(&self) -> Vec<CountedElsewhere> {
        let mut counted = Vec::new();
        for page in &self.pages {
            let mut page = page.lock();
            if !page.released {
                continue;
            }
            for key in std::mem::take(&mut page.owed) {
                if let Some(counts) = page.counts.get_mut(&key) {
                    let by = std::mem::take(&mut counts.pending);
                    let Period { start, end } = counts.period();
                    counted.push(CountedElsewhere { key, first: counts.first, start, end, by });
                }
            }
        }
        counted
    }

    /// Adds what the process before has still counted; `shared` where a store that nodes share has to be told.
    pub(crate) fn counted_elsewhere(&self, counted: Vec<CountedElsewhere>, now: Timestamp, shared: bool) {
        for CountedElsewhere { key, first, start, end, by } in counted {
            let period = Period { start, end };
            let new = || Counts { first, ..Counts::of_period(period) };
            let corrections: Vec<_> = by.into_iter().map(|(meter, by)| Correction { meter, by }).collect();
            let _ = self.on(&key, now, new, |counts, _| {
                if counts.period() == period {
                    counts.correct(&corrections, shared);
                } else if counts.end <= start {
                    counts.begin(period);
                    counts.correct(&corrections, shared);
                }
            });
        }
    }
}

/// The lock beside a journal, after a moment: a process that has ended may take one to let go.
fn wait_for_lock(path: &Path) -> io::Result<Option<File>> {
    let file = private(OpenOptions::new().write(true).create(true)).open(path.with_extension("lock"))?;
    let (told, hear) = std::sync::mpsc::channel();
    let waiting = file.try_clone()?;
    if file.try_lock().is_ok() {
        return Ok(Some(file));
    }
    std::thread::spawn(move || told.send(waiting.lock()));
    match hear.recv_timeout(LOCK_SOON) {
        Ok(Ok(())) => Ok(Some(file)),
        Ok(Err(error)) => Err(error),
        Err(_) => Ok(None),
    }
}
