//! Where consumers, keys and signing keys are kept: [`tollgate_core::store::Store`] over SQL.
//!
//! [`open`] is the only door. Behind it there is one folder per database ([`sqlite`], later
//! PostgreSQL beside it) and what they share: the statements and the rows ([`schema`]). One suite
//! of tests (`tests/suite`) takes any `Arc<dyn Store>`.
//!
//! *Invariants.* A writing method returns when its change is on the disk. A change and its entry
//! in the list of changes are one transaction, so a reader that resumes from its last sequence
//! number misses nothing. This crate never sees a key: only its digest.

mod error;
mod ids;
pub mod schema;
pub mod sqlite;
mod url;

use std::sync::Arc;

use tollgate_core::store::{Store, StoreError};
use tollgate_core::time::Clock;

pub use sqlite::SqliteStore;
pub use url::StoreUrl;

/// Opens a store, and makes it where there is none: `sqlite://PATH`, or a path alone.
///
/// # Errors
/// [`StoreError::Newer`] where a newer Tollgate wrote it; [`StoreError::Unavailable`] where it
/// cannot be made, read or written, is damaged, or is of a kind that this version does not have.
pub async fn open(url: &str, clock: Arc<dyn Clock>) -> Result<Arc<dyn Store>, StoreError> {
    match StoreUrl::parse(url)? {
        StoreUrl::Sqlite(path) => Ok(Arc::new(SqliteStore::open(&path, clock).await?)),
    }
}
