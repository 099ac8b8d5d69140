//! Keys: made, ended, rolled, leaked; and what a keyring follows.

use std::sync::Arc;

use super::{Page, StoreError};
use crate::keys::{Consumer, Key, KeyDigest, KeyGrant, KeyUse, LeakAction};
use crate::later::BoxFuture;
use crate::time::Timestamp;

/// A key to be kept: its digest, never itself.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// What is looked up.
    pub digest: KeyDigest,
    /// How people recognise it.
    pub hint: String,
    /// What it is for.
    pub description: Option<String>,
    /// From when on it is refused.
    pub expires_on: Option<Timestamp>,
    /// Whether it is the development key.
    pub development: bool,
}

/// What of a key shall change; `None` leaves it, `Some(None)` takes it away.
#[derive(Debug, Clone, Default)]
pub struct KeyUpdate {
    /// Replaces the description.
    pub description: Option<Option<String>>,
    /// Replaces the moment from which on it is refused.
    pub expires_on: Option<Option<Timestamp>>,
}

/// A key and the consumer that it belongs to.
#[derive(Debug, Clone)]
pub struct OwnedKey {
    /// The key.
    pub key: Arc<Key>,
    /// Its consumer.
    pub consumer: Arc<Consumer>,
    /// When and from where it was last used, as far as nodes have reported it.
    pub last_use: Option<KeyUse>,
}

/// Whose keys are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeysOf<'a> {
    /// Those of a consumer, by its bucket and name.
    Consumer(&'a str, &'a str),
    /// Those of all consumers of a bucket.
    Bucket(&'a str),
}

/// A key that comes from elsewhere.
#[derive(Debug, Clone)]
pub struct ImportedKey {
    /// The bucket of its consumer.
    pub bucket: String,
    /// Its consumer, who is made where they are not there yet.
    pub consumer: String,
    /// The key.
    pub key: NewKey,
}

/// Where a key was found that should not be there.
#[derive(Debug, Clone)]
pub struct LeakReport {
    /// Who says so: `github`, `scan`, …
    pub source: String,
    /// Where it is: a URL, a file and line. Never the key.
    pub place: Option<String>,
}

/// What became of a key that leaked.
#[derive(Debug, Clone)]
pub struct Leak {
    /// The key, as it is now.
    pub key: OwnedKey,
    /// What its bucket wants to be done.
    pub action: LeakAction,
    /// Whether that changed anything: false where the key was refused already.
    pub acted: bool,
}

/// Keys. Every writing method returns when the change is durable; a change and its entry in the
/// list of changes are one transaction.
pub trait Keys: Send + Sync {
    /// Makes a key.
    fn create_key(&self, bucket: &str, consumer: &str, new: NewKey) -> BoxFuture<'_, Result<Key, StoreError>>;
    /// Keeps keys that come from elsewhere, in one transaction, each with its own answer in the
    /// order given: one that cannot be kept does not hold up the others. With `dry_run` nothing is
    /// kept. A few thousand at a time: nodes read more than 10,000 changes at once by reading
    /// everything.
    fn import_keys(
        &self,
        keys: Vec<ImportedKey>,
        dry_run: bool,
    ) -> BoxFuture<'_, Result<Vec<Result<(), StoreError>>, StoreError>>;
    /// Lists the keys of a consumer, or all, the oldest first, revoked ones included.
    fn keys(&self, consumer: Option<(&str, &str)>) -> BoxFuture<'_, Result<Vec<OwnedKey>, StoreError>>;
    /// Lists keys page by page, by id, the oldest first: those behind the id `after`.
    fn key_page(
        &self,
        of: Option<KeysOf<'_>>,
        after: Option<&str>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Page<OwnedKey>, StoreError>>;
    /// Finds a key by its id.
    fn key(&self, id: &str) -> BoxFuture<'_, Result<OwnedKey, StoreError>>;
    /// Finds a key by its digest.
    fn key_by_digest(&self, digest: KeyDigest) -> BoxFuture<'_, Result<Option<OwnedKey>, StoreError>>;
    /// Changes what is written about a key, or when it ends.
    fn update_key(&self, id: &str, change: KeyUpdate) -> BoxFuture<'_, Result<Key, StoreError>>;
    /// Revokes a key at once and for good. Revoking it twice is no error.
    fn revoke_key(&self, id: &str) -> BoxFuture<'_, Result<Key, StoreError>>;
    /// Revokes all keys of a consumer or a bucket, and says how many were live.
    fn revoke_keys(&self, of: KeysOf<'_>) -> BoxFuture<'_, Result<u64, StoreError>>;
    /// Refuses a key until it is released. One that is revoked stays so.
    fn quarantine_key(&self, id: &str) -> BoxFuture<'_, Result<Key, StoreError>>;
    /// Accepts a quarantined key again.
    fn release_key(&self, id: &str) -> BoxFuture<'_, Result<Key, StoreError>>;
    /// Deletes a key. What audit and usage say of it stays.
    fn delete_key(&self, id: &str) -> BoxFuture<'_, Result<(), StoreError>>;
    /// Makes a new key for the consumer of `id` and lets the old one expire at `old_expires_on`
    /// (or earlier, where it would have anyway): one transaction.
    fn roll_key(&self, id: &str, old_expires_on: Timestamp, new: NewKey) -> BoxFuture<'_, Result<Key, StoreError>>;
    /// Makes a new key for a consumer and lets all of their others expire at `old_expires_on` or earlier.
    fn roll_keys(
        &self,
        bucket: &str,
        consumer: &str,
        old_expires_on: Timestamp,
        new: NewKey,
    ) -> BoxFuture<'_, Result<Key, StoreError>>;
    /// Does what the bucket of a leaked key wants, and writes it down; `None` where there is no
    /// such key. What is found twice is written down twice.
    fn report_leak(&self, digest: KeyDigest, report: LeakReport) -> BoxFuture<'_, Result<Option<Leak>, StoreError>>;
}

/// Everything a keyring holds, and the sequence number that it is true for.
#[derive(Debug, Clone)]
pub struct KeySet {
    /// All keys that are neither revoked nor quarantined, expired ones included.
    pub grants: Vec<KeyGrant>,
    /// The digests of revoked keys, the latest first and bounded by the store, so that the log
    /// can tell a revoked key from an unknown one.
    pub revoked: Vec<KeyDigest>,
    /// The last change that is in it.
    pub sequence: i64,
}

/// What happened to one key since a sequence number.
#[derive(Debug, Clone)]
pub enum KeyChange {
    /// It is there, or its consumer changed.
    Granted(KeyGrant),
    /// It is gone: revoked, quarantined, or deleted with its consumer.
    Withdrawn {
        /// What is to be forgotten.
        digest: KeyDigest,
        /// Its id.
        key: Arc<str>,
        /// Whether it was revoked or quarantined (rather than deleted), so that the log can say so.
        revoked: bool,
    },
}

/// Changes in commit order.
#[derive(Debug, Clone)]
pub struct KeyChanges {
    /// Whether changes after the sequence number that was asked for may be missing, because they
    /// are too old to be kept: whoever asked must read everything anew.
    pub incomplete: bool,
    /// What happened.
    pub changes: Vec<KeyChange>,
    /// The last change that is in it.
    pub sequence: i64,
}

/// What a keyring follows.
pub trait KeyFeed: Send + Sync {
    /// Everything a keyring holds.
    fn key_set(&self) -> BoxFuture<'_, Result<KeySet, StoreError>>;
    /// What happened after `sequence`. A store keeps the latest changes only; a reader that has
    /// fallen behind them is told so ([`KeyChanges::incomplete`]).
    fn key_changes(&self, sequence: i64) -> BoxFuture<'_, Result<KeyChanges, StoreError>>;
    /// Waits until something may have changed since this method was *called* (not since it was
    /// first awaited): call it, then read, then await, and no change is missed. May resolve
    /// early: callers loop.
    fn changed(&self) -> BoxFuture<'_, ()>;
}
