//! Rows as the databases give them, and what they mean.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use sqlx::FromRow;
use tollgate_core::keys::{Consumer, Key, KeyDigest, KeyGrant};
use tollgate_core::store::{OwnedKey, StoreError, StoredSigningKey};
use tollgate_core::time::Timestamp;

use crate::error::unreadable;

/// A row of `consumers`.
#[derive(Debug, FromRow)]
pub struct ConsumerRow {
    id: String,
    bucket: String,
    name: String,
    metadata: String,
    tags: String,
    created_on: i64,
    updated_on: i64,
    version: i64,
}

impl TryFrom<ConsumerRow> for Consumer {
    type Error = StoreError;

    fn try_from(row: ConsumerRow) -> Result<Self, StoreError> {
        let metadata: Value =
            serde_json::from_str(&row.metadata).map_err(|error| unreadable("a consumer's metadata", &error))?;
        let tags: BTreeMap<String, String> =
            serde_json::from_str(&row.tags).map_err(|error| unreadable("a consumer's tags", &error))?;
        Ok(Self {
            id: row.id.into(),
            bucket: row.bucket.into(),
            name: row.name.into(),
            metadata: Arc::new(metadata),
            tags,
            created_on: Timestamp(row.created_on),
            updated_on: Timestamp(row.updated_on),
            version: u64::try_from(row.version).unwrap_or(0),
        })
    }
}

/// A row of `keys`, its columns named `key_…` so that one statement can bring its consumer along.
#[derive(Debug, FromRow)]
pub struct KeyRow {
    key_id: String,
    key_consumer: String,
    key_digest: Vec<u8>,
    key_hint: String,
    key_description: Option<String>,
    key_created_on: i64,
    key_expires_on: Option<i64>,
    key_revoked_on: Option<i64>,
    key_development: i64,
}

impl KeyRow {
    /// What is looked up.
    ///
    /// # Errors
    /// Where it is not a SHA-256.
    pub fn digest(&self) -> Result<KeyDigest, StoreError> {
        digest(&self.key_digest)
    }

    /// The consumer's id.
    pub fn consumer(&self) -> &str {
        &self.key_consumer
    }
}

/// A digest from its bytes.
///
/// # Errors
/// Where they are not 32.
pub fn digest(bytes: &[u8]) -> Result<KeyDigest, StoreError> {
    bytes.try_into().map(KeyDigest).map_err(|_| unreadable("a key's digest", &"it is not 32 bytes long"))
}

impl From<KeyRow> for Key {
    fn from(row: KeyRow) -> Self {
        Self {
            id: row.key_id.into(),
            consumer: row.key_consumer.into(),
            description: row.key_description,
            hint: row.key_hint,
            created_on: Timestamp(row.key_created_on),
            expires_on: row.key_expires_on.map(Timestamp),
            revoked_on: row.key_revoked_on.map(Timestamp),
            development: row.key_development != 0,
        }
    }
}

/// A key and its consumer in one row.
#[derive(Debug, FromRow)]
pub struct OwnedKeyRow {
    #[sqlx(flatten)]
    key: KeyRow,
    #[sqlx(flatten)]
    consumer: ConsumerRow,
}

impl TryFrom<OwnedKeyRow> for OwnedKey {
    type Error = StoreError;

    fn try_from(row: OwnedKeyRow) -> Result<Self, StoreError> {
        Ok(Self { key: Arc::new(row.key.into()), consumer: Arc::new(row.consumer.try_into()?) })
    }
}

/// Turns rows into grants. Keys of one consumer share it, so that a consumer with ten thousand
/// keys is held once.
///
/// # Errors
/// Where a row cannot be read.
pub fn grants(rows: Vec<OwnedKeyRow>) -> Result<Vec<KeyGrant>, StoreError> {
    let mut consumers: BTreeMap<String, Arc<Consumer>> = BTreeMap::new();
    rows.into_iter()
        .map(|row| {
            let consumer = match consumers.get(row.key.consumer()) {
                Some(consumer) => Arc::clone(consumer),
                None => {
                    let id = row.key.consumer().to_owned();
                    let consumer = Arc::new(Consumer::try_from(row.consumer)?);
                    consumers.insert(id, Arc::clone(&consumer));
                    consumer
                }
            };
            Ok(KeyGrant { digest: row.key.digest()?, key: Arc::new(row.key.into()), consumer })
        })
        .collect()
}

/// A row of `signing_keys`.
#[derive(Debug, FromRow)]
pub struct SigningKeyRow {
    kid: String,
    algorithm: String,
    sealed: Vec<u8>,
    created_on: i64,
    active_on: i64,
    retired_on: Option<i64>,
    published_until: Option<i64>,
}

impl From<SigningKeyRow> for StoredSigningKey {
    fn from(row: SigningKeyRow) -> Self {
        Self {
            kid: row.kid,
            algorithm: row.algorithm,
            sealed: row.sealed,
            created_on: Timestamp(row.created_on),
            active_on: Timestamp(row.active_on),
            retired_on: row.retired_on.map(Timestamp),
            published_until: row.published_until.map(Timestamp),
        }
    }
}

/// A row of `changes`.
#[derive(Debug, Clone, FromRow)]
pub struct ChangeRow {
    /// Its place in the order of commits.
    pub sequence: i64,
    /// `key` or `consumer`; others do not concern keys.
    pub kind: String,
    /// The id of what changed.
    pub subject: String,
    /// The key's digest: it must be known even when the key is gone.
    pub digest: Option<Vec<u8>>,
}
