//! Where everything is kept: [`tollgate_core::store::Store`] over SQL.
//!
//! [`open`] is the door. What is done in a transaction is written once (`operations`), over a
//! thin layer that takes either database (`sql`); what differs between them, connections, waiting
//! for changes, migrations, has a folder each (`sqlite`, `postgres`). One suite of tests
//! (`tests/suite`) runs against both.
//!
//! *Invariants.* A writing method returns when its change is on the disk. A change, its entry in
//! the list of changes and its entry in the audit log are one transaction, so a reader that
//! resumes from its last sequence number misses nothing. This crate never sees a key: only its
//! digest.

mod copy;
mod error;
mod ids;
mod operations;
mod postgres;
mod schema;
mod sql;
mod sql_store;
mod sqlite;
mod url;

use std::sync::Arc;

use tollgate_core::store::{Store, StoreError};
use tollgate_core::time::Clock;

use postgres::PostgresBackend;
use sql_store::{Backend, SqlStore};
use sqlite::SqliteBackend;

pub use copy::{Copied, CopyMode, Progress, copy};
pub use url::{PostgresUrl, StoreUrl};

/// Opens a store, and makes it where there is none: `sqlite://PATH`, a path alone, or
/// `postgres://USER@HOST/DATABASE`.
///
/// # Errors
/// [`StoreError::Newer`] where a newer Tollgate wrote it; [`StoreError::Unavailable`] where it
/// cannot be made, reached, read or written, is damaged, or is of a kind that this version does
/// not have.
pub async fn open(url: &str, clock: Arc<dyn Clock>) -> Result<Arc<dyn Store>, StoreError> {
    let store = describe(url, clock).await?;
    store.prepare().await?;
    Ok(Arc::new(store))
}

/// A store that need not answer yet: what is asked of it fails until it does. Of a file, the same as [`open`].
///
/// # Errors
/// As for [`open`], but for a server that is away.
pub async fn open_later(url: &str, clock: Arc<dyn Clock>) -> Result<Arc<dyn Store>, StoreError> {
    Ok(Arc::new(describe(url, clock).await?))
}

async fn describe(url: &str, clock: Arc<dyn Clock>) -> Result<SqlStore, StoreError> {
    let backend = match StoreUrl::parse(url)? {
        StoreUrl::Sqlite(path) => Backend::Sqlite(SqliteBackend::open(&path).await?),
        StoreUrl::Postgres(url) => Backend::Postgres(Box::new(PostgresBackend::new(&url))),
    };
    Ok(SqlStore::new(backend, clock))
}
