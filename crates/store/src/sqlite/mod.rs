//! The store in one file: SQLite with a write-ahead log, shared by any number of processes.
//!
//! One connection writes, so that writers of this process queue in memory; writers of other
//! processes are waited for. `synchronous = FULL` makes every commit reach the disk before it is
//! acknowledged. Readers have connections of their own and never wait for a writer.

mod connect;
mod consumers;
mod keys;
mod same_file;
mod signing_keys;
mod watch;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use sqlx::{Sqlite, SqlitePool, Transaction};
use tollgate_core::keys::{Consumer, Key};
use tollgate_core::later::BoxFuture;
use tollgate_core::store::{
    ConsumerChange, KeyChanges, KeySet, NewConsumer, NewKey, OwnedKey, Store, StoreError, StoredSigningKey,
};
use tollgate_core::time::{Clock, Timestamp};

use crate::error::unavailable;
use crate::ids::Ids;
use crate::schema::statements as sql;
use same_file::SameFile;
use watch::Watch;

/// How many changes are kept. A gateway reads each within a second; one that was stopped, or lost
/// its disk, for longer than this reads everything anew.
const KEPT_CHANGES: i64 = 10_000;

/// A store in an SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    file: SameFile,
    reader: SqlitePool,
    writer: SqlitePool,
    watch: Watch,
    clock: Arc<dyn Clock>,
    ids: Ids,
}

impl SqliteStore {
    /// Opens the file, and makes it (0600, in a folder of 0700) where there is none.
    ///
    /// # Errors
    /// See [`crate::open`].
    pub async fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let connections = connect::open(path).await?;
        let file = SameFile::new(path)
            .map_err(|error| StoreError::Unavailable(format!("cannot find {}: {error}", path.display())))?;
        Ok(Self {
            file,
            watch: Watch::new(connections.reader.clone()),
            reader: connections.reader,
            writer: connections.writer,
            ids: Ids::new(Arc::clone(&clock)),
            clock,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The connections that read, for a single statement.
    fn reader(&self) -> Result<&SqlitePool, StoreError> {
        self.file.check()?;
        Ok(&self.reader)
    }

    /// A transaction that reads: everything in it sees one state.
    async fn read(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.reader()?.begin().await.map_err(unavailable)
    }

    /// A transaction that writes. It takes the lock at once, because a transaction that began by
    /// reading cannot wait for it later.
    async fn write(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.file.check()?;
        self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(unavailable)
    }

    /// Makes a change durable and wakes the readers of this process.
    async fn commit(&self, mut transaction: Transaction<'static, Sqlite>) -> Result<(), StoreError> {
        sqlx::query(sql::PRUNE_CHANGES).bind(KEPT_CHANGES).execute(&mut *transaction).await.map_err(unavailable)?;
        transaction.commit().await.map_err(unavailable)?;
        self.watch.wake();
        Ok(())
    }
}

impl Store for SqliteStore {
    fn create_consumer(&self, new: NewConsumer) -> BoxFuture<'_, Result<Consumer, StoreError>> {
        Box::pin(consumers::create(self, new))
    }

    fn consumer(&self, bucket: &str, name: &str) -> BoxFuture<'_, Result<Consumer, StoreError>> {
        Box::pin(consumers::find(self, bucket.to_owned(), name.to_owned()))
    }

    fn consumers(
        &self,
        bucket: Option<&str>,
        tags: &BTreeMap<String, String>,
    ) -> BoxFuture<'_, Result<Vec<Consumer>, StoreError>> {
        Box::pin(consumers::list(self, bucket.map(str::to_owned), tags.clone()))
    }

    fn update_consumer(
        &self,
        bucket: &str,
        name: &str,
        change: ConsumerChange,
    ) -> BoxFuture<'_, Result<Consumer, StoreError>> {
        Box::pin(consumers::update(self, bucket.to_owned(), name.to_owned(), change))
    }

    fn delete_consumer(&self, bucket: &str, name: &str) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(consumers::delete(self, bucket.to_owned(), name.to_owned()))
    }

    fn create_key(&self, bucket: &str, consumer: &str, new: NewKey) -> BoxFuture<'_, Result<Key, StoreError>> {
        Box::pin(keys::create(self, bucket.to_owned(), consumer.to_owned(), new))
    }

    fn keys(&self, consumer: Option<(&str, &str)>) -> BoxFuture<'_, Result<Vec<OwnedKey>, StoreError>> {
        let consumer = consumer.map(|(bucket, name)| (bucket.to_owned(), name.to_owned()));
        Box::pin(keys::list(self, consumer))
    }

    fn key(&self, id: &str) -> BoxFuture<'_, Result<OwnedKey, StoreError>> {
        Box::pin(keys::find(self, id.to_owned()))
    }

    fn revoke_key(&self, id: &str) -> BoxFuture<'_, Result<Key, StoreError>> {
        Box::pin(keys::revoke(self, id.to_owned()))
    }

    fn roll_key(&self, id: &str, old_expires_on: Timestamp, new: NewKey) -> BoxFuture<'_, Result<Key, StoreError>> {
        Box::pin(keys::roll(self, id.to_owned(), old_expires_on, new))
    }

    fn key_set(&self) -> BoxFuture<'_, Result<KeySet, StoreError>> {
        Box::pin(keys::set(self))
    }

    fn key_changes(&self, sequence: i64) -> BoxFuture<'_, Result<KeyChanges, StoreError>> {
        Box::pin(keys::changes(self, sequence))
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        self.watch.changed()
    }

    fn signing_keys(&self) -> BoxFuture<'_, Result<Vec<StoredSigningKey>, StoreError>> {
        Box::pin(signing_keys::list(self))
    }

    fn put_signing_key(&self, newest: Option<&str>, key: StoredSigningKey) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(signing_keys::put(self, newest.map(str::to_owned), key))
    }

    fn prune_signing_keys(&self, now: Timestamp) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(signing_keys::prune(self, now))
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(keys::ping(self))
    }
}
