//! The quotas of one node.

use std::io;
use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tollgate_core::MaybeLater;
use tollgate_core::services::{Correction, LimiterAway, Metered, Period, Quota, Quotas, Schedule, Usage};
use tollgate_core::time::Clock;

use super::book::{self, Book, CountedElsewhere};
use super::counts::Counts;
use crate::redis::Tag;

/// How often what has changed is written.
const WRITE_EVERY: Duration = Duration::from_secs(1);

/// Counts on this node.
#[derive(Debug, Clone)]
pub struct LocalQuotas {
    pub(crate) book: Arc<Book>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// One quota's counts.
#[derive(Debug)]
struct LocalQuota {
    id: Box<str>,
    quotas: LocalQuotas,
}

impl LocalQuotas {
    /// Quotas that nothing survives, for what runs for a moment.
    pub fn in_memory(clock: Arc<dyn Clock>) -> Self {
        Self { book: Arc::new(Book::in_memory(book::CAPACITY)), clock }
    }

    /// Quotas that are kept in a file.
    ///
    /// # Errors
    /// Where it cannot be read or written.
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> io::Result<Self> {
        Ok(Self { book: Arc::new(Book::open(path, clock.now())?), clock })
    }

    /// Quotas that begin where a gateway leaves off whose place this one takes: [`LocalQuotas::take_over`] must
    /// come before anything is counted.
    pub fn of_successor(clock: Arc<dyn Clock>) -> Self {
        Self { book: Arc::new(Book::in_memory(book::CAPACITY)), clock }
    }

    /// Goes on in the file that the gateway before has let go. Blocks for as long as the disk takes.
    ///
    /// # Errors
    /// Where it cannot be read or written.
    pub fn take_over(&self, path: &Path) -> io::Result<()> {
        self.book.take_over(path, self.clock.now())
    }

    /// Writes what has changed and lets another gateway have the file. What is counted from now on is noted for it.
    /// Blocks.
    ///
    /// # Errors
    /// Where it cannot be written; then nothing has changed hands.
    pub fn release(&self) -> io::Result<()> {
        self.book.release()
    }

    /// Takes the file back from a gateway that has ended before it served. Blocks. `shared` says whether quotas
    /// are counted in a store that nodes share.
    ///
    /// # Errors
    /// Where it cannot be had.
    pub fn reclaim(&self, path: &Path, shared: bool) -> io::Result<()> {
        self.book.reclaim(path, self.clock.now(), shared)
    }

    /// What was counted since the release, for the gateway that has the file.
    pub fn counted_here(&self) -> Vec<CountedElsewhere> {
        self.book.counted_here()
    }

    /// Adds what the gateway before has counted since its release.
    pub fn counted_elsewhere(&self, counted: Vec<CountedElsewhere>, shared: bool) {
        self.book.counted_elsewhere(counted, self.clock.now(), shared);
    }

    /// Writes what has changed every second, for as long as somebody holds the counts. Needs a runtime.
    pub fn keep_writing(&self) {
        let (book, clock) = (Arc::downgrade(&self.book), Arc::clone(&self.clock));
        tokio::spawn(async move {
            let mut failing = false;
            while let Some(failed) = write_once(&book, &clock).await {
                if failed != failing {
                    failing = failed;
                    match failed {
                        true => tracing::error!("quotas cannot be written: a restart would lose what is counted now"),
                        false => tracing::warn!("quotas are written again"),
                    }
                }
                tokio::time::sleep(WRITE_EVERY).await;
            }
        });
    }

    /// Writes what has changed, now. Blocks for as long as the disk takes.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write(&self) -> io::Result<()> {
        self.book.write(self.clock.now())
    }
}

/// Whether writing failed; `None` where nobody holds the counts any more.
async fn write_once(book: &Weak<Book>, clock: &Arc<dyn Clock>) -> Option<bool> {
    let (book, now) = (book.upgrade()?, clock.now());
    let written = tokio::task::spawn_blocking(move || book.write(now)).await;
    Some(!matches!(written, Ok(Ok(()))))
}

impl Quotas for LocalQuotas {
    fn quota(&self, id: &str, _: bool) -> Arc<dyn Quota> {
        Arc::new(LocalQuota { id: id.into(), quotas: self.clone() })
    }
}

impl Quota for LocalQuota {
    fn take<'a>(
        &'a self,
        key: &str,
        schedule: Schedule,
        metered: &[Metered],
    ) -> MaybeLater<'a, Result<Usage, LimiterAway>> {
        let now = self.quotas.clock.now();
        let tag = Tag::new("", &self.id, key);
        let taken = self.quotas.book.on(
            tag.as_str(),
            now,
            || Counts::new(schedule, now),
            |counts, told| {
                counts.turn(schedule, now);
                counts.take(metered, told)
            },
        );
        MaybeLater::Now(taken.map_err(|book::Full| LimiterAway("there is no room for another key".to_owned())))
    }

    fn correct(&self, key: &str, period: Period, corrections: &[Correction]) {
        let tag = Tag::new("", &self.id, key);
        let now = self.quotas.clock.now();
        if self.quotas.book.read(tag.as_str(), |counts| counts.period() == period) == Some(true) {
            let _ = self.quotas.book.on(
                tag.as_str(),
                now,
                || Counts::of_period(period),
                |counts, told| counts.correct(corrections, told),
            );
        }
    }
}
