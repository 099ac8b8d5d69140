//! What is kept: consumers, keys, signing keys. One trait, so that SQLite and PostgreSQL pass
//! the same tests, and so that the rooms that need it do not know SQL.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::keys::{Consumer, Key, KeyDigest, KeyGrant};
use crate::later::BoxFuture;
use crate::time::Timestamp;

/// What can go wrong with a store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such thing.
    #[error("there is no {kind} `{name}`")]
    NotFound {
        /// `consumer`, `key`, …
        kind: &'static str,
        /// What was asked for.
        name: String,
    },
    /// There is one already.
    #[error("there is a {kind} `{name}` already")]
    Exists {
        /// `consumer`, `key`, …
        kind: &'static str,
        /// What was to be made.
        name: String,
    },
    /// The store was written by a newer Tollgate.
    #[error(
        "the store has schema version {found}, and this Tollgate knows {known}: use the newer Tollgate that wrote it"
    )]
    Newer {
        /// What the store has.
        found: i64,
        /// What we know.
        known: i64,
    },
    /// It cannot be reached, read or written.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
}

/// A consumer to be made.
#[derive(Debug, Clone)]
pub struct NewConsumer {
    /// Its bucket.
    pub bucket: String,
    /// Its name.
    pub name: String,
    /// Its metadata: an object.
    pub metadata: Value,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// What of a consumer shall change; `None` leaves it.
#[derive(Debug, Clone, Default)]
pub struct ConsumerChange {
    /// Replaces the metadata.
    pub metadata: Option<Value>,
    /// Replaces the tags.
    pub tags: Option<BTreeMap<String, String>>,
}

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

/// A key and the consumer that it belongs to.
#[derive(Debug, Clone)]
pub struct OwnedKey {
    /// The key.
    pub key: Arc<Key>,
    /// Its consumer.
    pub consumer: Arc<Consumer>,
}

/// Everything a keyring holds, and the sequence number that it is true for.
#[derive(Debug, Clone)]
pub struct KeySet {
    /// All keys that are not revoked, expired ones included.
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
    /// It is gone: revoked, or deleted with its consumer.
    Withdrawn {
        /// What is to be forgotten.
        digest: KeyDigest,
        /// Its id.
        key: Arc<str>,
        /// Whether it was revoked (rather than deleted), so that the log can say so.
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

/// A signing key as it is kept: sealed.
#[derive(Debug, Clone)]
pub struct StoredSigningKey {
    /// RFC 7638 thumbprint of the public key.
    pub kid: String,
    /// `RS256`, …
    pub algorithm: String,
    /// The private key, sealed by the issuer.
    pub sealed: Vec<u8>,
    /// When it was made, which is when its public half was first published.
    pub created_on: Timestamp,
    /// From when on it signs.
    pub active_on: Timestamp,
    /// From when on it does not sign any more.
    pub retired_on: Option<Timestamp>,
    /// Until when its public half is published; a withdrawn key's moment lies in the past.
    pub published_until: Option<Timestamp>,
}

/// Where consumers, keys and signing keys are kept. Every writing method returns when the change
/// is durable; a change and its entry in the list of changes are one transaction.
pub trait Store: Send + Sync + fmt::Debug {
    /// Makes a consumer.
    fn create_consumer(&self, new: NewConsumer) -> BoxFuture<'_, Result<Consumer, StoreError>>;
    /// Finds a consumer by name.
    fn consumer(&self, bucket: &str, name: &str) -> BoxFuture<'_, Result<Consumer, StoreError>>;
    /// Lists consumers by name; of all buckets where `bucket` is `None`. `tags` must all match.
    fn consumers(
        &self,
        bucket: Option<&str>,
        tags: &BTreeMap<String, String>,
    ) -> BoxFuture<'_, Result<Vec<Consumer>, StoreError>>;
    /// Changes a consumer.
    fn update_consumer(
        &self,
        bucket: &str,
        name: &str,
        change: ConsumerChange,
    ) -> BoxFuture<'_, Result<Consumer, StoreError>>;
    /// Deletes a consumer and all of its keys.
    fn delete_consumer(&self, bucket: &str, name: &str) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Makes a key.
    fn create_key(&self, bucket: &str, consumer: &str, new: NewKey) -> BoxFuture<'_, Result<Key, StoreError>>;
    /// Lists the keys of a consumer, or all, the oldest first, revoked ones included.
    fn keys(&self, consumer: Option<(&str, &str)>) -> BoxFuture<'_, Result<Vec<OwnedKey>, StoreError>>;
    /// Finds a key by its id.
    fn key(&self, id: &str) -> BoxFuture<'_, Result<OwnedKey, StoreError>>;
    /// Revokes a key at once and for good. Revoking it twice is no error.
    fn revoke_key(&self, id: &str) -> BoxFuture<'_, Result<Key, StoreError>>;
    /// Makes a new key for the consumer of `id` and lets the old one expire at `old_expires_on`
    /// (or earlier, where it would have anyway): one transaction.
    fn roll_key(&self, id: &str, old_expires_on: Timestamp, new: NewKey) -> BoxFuture<'_, Result<Key, StoreError>>;

    /// Everything a keyring holds.
    fn key_set(&self) -> BoxFuture<'_, Result<KeySet, StoreError>>;
    /// What happened after `sequence`. A store keeps the latest changes only; a reader that has
    /// fallen behind them is told so ([`KeyChanges::incomplete`]).
    fn key_changes(&self, sequence: i64) -> BoxFuture<'_, Result<KeyChanges, StoreError>>;
    /// Waits until something may have changed since this method was *called* (not since it was
    /// first awaited): call it, then read, then await, and no change is missed. May resolve
    /// early: callers loop.
    fn changed(&self) -> BoxFuture<'_, ()>;

    /// All signing keys, the oldest first.
    fn signing_keys(&self) -> BoxFuture<'_, Result<Vec<StoredSigningKey>, StoreError>>;
    /// Adds a signing key, or changes the moments of one, provided that the newest key is still
    /// `newest` (by `kid`; `None` for no key at all): so that two nodes rotate once. False where
    /// it is not.
    fn put_signing_key(&self, newest: Option<&str>, key: StoredSigningKey) -> BoxFuture<'_, Result<bool, StoreError>>;
    /// Forgets signing keys whose `published_until` lies before `now`.
    fn prune_signing_keys(&self, now: Timestamp) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Whether it answers at the moment.
    fn ping(&self) -> BoxFuture<'_, Result<(), StoreError>>;
}
