//! The store in one file: SQLite with a write-ahead log, shared by any number of processes.
//!
//! One connection writes, so that writers of this process queue in memory; writers of other
//! processes are waited for. `synchronous = FULL` makes every commit reach the disk before it is
//! acknowledged. Readers have connections of their own and never wait for a writer.

mod connect;
mod same_file;
mod watch;

use std::path::Path;

use sqlx::SqlitePool;
use tollgate_core::later::BoxFuture;
use tollgate_core::store::StoreError;

use crate::error::unavailable;
use crate::sql::{Intent, Link};
use same_file::SameFile;
use watch::Watch;

/// The connections to one file.
#[derive(Debug)]
pub(crate) struct SqliteBackend {
    file: SameFile,
    reader: SqlitePool,
    writer: SqlitePool,
    watch: Watch,
}

impl SqliteBackend {
    /// Opens the file, and makes it (0600, in a folder of 0700) where there is none.
    pub(crate) async fn open(path: &Path) -> Result<Self, StoreError> {
        let connections = connect::open(path).await?;
        let file = SameFile::new(path)
            .map_err(|error| StoreError::Unavailable(format!("cannot find {}: {error}", path.display())))?;
        Ok(Self {
            file,
            watch: Watch::new(connections.reader.clone()),
            reader: connections.reader,
            writer: connections.writer,
        })
    }

    pub(crate) async fn begin(&self, intent: Intent) -> Result<Link, StoreError> {
        self.file.check()?;
        let transaction = match intent {
            Intent::Read => self.reader.begin().await,
            // It takes the lock at once, because a transaction that began by reading cannot wait
            // for it later.
            Intent::Change | Intent::Add => self.writer.begin_with("BEGIN IMMEDIATE").await,
        };
        transaction.map(Link::Sqlite).map_err(unavailable)
    }

    pub(crate) async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }

    pub(crate) fn wake(&self) {
        self.watch.wake();
    }

    pub(crate) fn changed(&self) -> BoxFuture<'_, ()> {
        self.watch.changed()
    }
}
