//! Rows as the databases give them, and what they mean.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use sqlx::FromRow;
use tollgate_core::keys::{Bucket, Consumer, Key, KeyDigest, KeyGrant, KeyUse, Manager};
use tollgate_core::store::{AuditEntry, Operator, OwnedKey, StoreError, StoredSigningKey, UsageRow};
use tollgate_core::time::Timestamp;

use crate::error::unreadable;

/// A row of `consumers`.
#[derive(Debug, FromRow)]
pub(crate) struct ConsumerRow {
    id: String,
    bucket: String,
    name: String,
    description: Option<String>,
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
            description: row.description,
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
pub(crate) struct KeyRow {
    key_id: String,
    key_consumer: String,
    key_digest: Vec<u8>,
    key_hint: String,
    key_description: Option<String>,
    key_created_on: i64,
    key_expires_on: Option<i64>,
    key_revoked_on: Option<i64>,
    key_quarantined_on: Option<i64>,
    key_development: i64,
}

impl KeyRow {
    /// What is looked up.
    ///
    /// # Errors
    /// Where it is not a SHA-256.
    pub(crate) fn digest(&self) -> Result<KeyDigest, StoreError> {
        digest(&self.key_digest)
    }

    /// The consumer's id.
    pub(crate) fn consumer(&self) -> &str {
        &self.key_consumer
    }
}

/// A digest from its bytes.
///
/// # Errors
/// Where they are not 32.
pub(crate) fn digest(bytes: &[u8]) -> Result<KeyDigest, StoreError> {
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
            quarantined_on: row.key_quarantined_on.map(Timestamp),
            development: row.key_development != 0,
        }
    }
}

/// A key and its consumer in one row.
#[derive(Debug, FromRow)]
pub(crate) struct GrantedKeyRow {
    #[sqlx(flatten)]
    key: KeyRow,
    #[sqlx(flatten)]
    consumer: ConsumerRow,
}

/// A key, its consumer and its last use in one row.
#[derive(Debug, FromRow)]
pub(crate) struct OwnedKeyRow {
    #[sqlx(flatten)]
    key: KeyRow,
    #[sqlx(flatten)]
    consumer: ConsumerRow,
    used_on: Option<i64>,
    used_by: Option<String>,
}

impl OwnedKeyRow {
    /// What is looked up.
    pub(crate) fn digest(&self) -> Result<KeyDigest, StoreError> {
        self.key.digest()
    }
}

impl TryFrom<OwnedKeyRow> for OwnedKey {
    type Error = StoreError;

    fn try_from(row: OwnedKeyRow) -> Result<Self, StoreError> {
        let last_use = row.used_on.zip(row.used_by).map(|(on, from)| KeyUse { on: Timestamp(on), from });
        Ok(Self { key: Arc::new(row.key.into()), consumer: Arc::new(row.consumer.try_into()?), last_use })
    }
}

/// Turns rows into grants. Keys of one consumer share it, so that a consumer with ten thousand
/// keys is held once.
///
/// # Errors
/// Where a row cannot be read.
pub(crate) fn grants(rows: Vec<GrantedKeyRow>) -> Result<Vec<KeyGrant>, StoreError> {
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
pub(crate) struct SigningKeyRow {
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
pub(crate) struct ChangeRow {
    /// Its place in the order of commits.
    pub(crate) sequence: i64,
    /// `key` or `consumer`; others do not concern keys.
    pub(crate) kind: String,
    /// The id of what changed.
    pub(crate) subject: String,
    /// The key's digest: it must be known even when the key is gone.
    pub(crate) digest: Option<Vec<u8>>,
}

/// A row of `buckets`.
#[derive(Debug, FromRow)]
pub(crate) struct BucketRow {
    id: String,
    name: String,
    description: Option<String>,
    tags: String,
    settings: String,
    created_on: i64,
    updated_on: i64,
    version: i64,
}

impl TryFrom<BucketRow> for Bucket {
    type Error = StoreError;

    fn try_from(row: BucketRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            name: row.name,
            description: row.description,
            tags: serde_json::from_str(&row.tags).map_err(|error| unreadable("a bucket's tags", &error))?,
            settings: serde_json::from_str(&row.settings).map_err(|error| unreadable("a bucket's settings", &error))?,
            created_on: Timestamp(row.created_on),
            updated_on: Timestamp(row.updated_on),
            version: u64::try_from(row.version).unwrap_or(0),
        })
    }
}

/// A row of `managers`.
#[derive(Debug, FromRow)]
pub(crate) struct ManagerRow {
    id: String,
    email: String,
    subject: Option<String>,
    created_on: i64,
}

impl From<ManagerRow> for Manager {
    fn from(row: ManagerRow) -> Self {
        Self { id: row.id, email: row.email, subject: row.subject, created_on: Timestamp(row.created_on) }
    }
}

/// A row of `operators`, without the digest.
#[derive(Debug, FromRow)]
pub(crate) struct OperatorRow {
    id: String,
    name: String,
    scopes: String,
    hint: String,
    created_on: i64,
    expires_on: Option<i64>,
    revoked_on: Option<i64>,
    last_used_on: Option<i64>,
}

impl TryFrom<OperatorRow> for Operator {
    type Error = StoreError;

    fn try_from(row: OperatorRow) -> Result<Self, StoreError> {
        // A scope that this version does not know gives nobody anything, and must not be dropped silently either.
        let scopes = row
            .scopes
            .split_whitespace()
            .map(|scope| scope.parse().map_err(|error| unreadable("an operator's scopes", &error)))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            id: row.id,
            name: row.name,
            scopes,
            hint: row.hint,
            created_on: Timestamp(row.created_on),
            expires_on: row.expires_on.map(Timestamp),
            revoked_on: row.revoked_on.map(Timestamp),
            last_used_on: row.last_used_on.map(Timestamp),
        })
    }
}

/// A row of `audit`.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct AuditRow {
    pub(crate) sequence: i64,
    pub(crate) moment: i64,
    pub(crate) actor_kind: String,
    pub(crate) actor: String,
    pub(crate) origin: String,
    pub(crate) action: String,
    pub(crate) target_kind: String,
    pub(crate) target: String,
    pub(crate) detail: String,
    pub(crate) previous: Vec<u8>,
    pub(crate) hash: Vec<u8>,
}

impl From<AuditRow> for AuditEntry {
    fn from(row: AuditRow) -> Self {
        Self {
            sequence: row.sequence,
            on: Timestamp(row.moment),
            actor_kind: row.actor_kind,
            actor: row.actor,
            origin: row.origin,
            action: row.action,
            target_kind: row.target_kind,
            target: row.target,
            detail: row.detail,
            previous: hex(&row.previous),
            hash: hex(&row.hash),
        }
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What was added up.
#[derive(Debug, FromRow)]
pub(crate) struct UsageSumRow {
    start: i64,
    consumer: String,
    consumer_name: Option<String>,
    key: String,
    route: String,
    status_class: i64,
    count: i64,
    last_seen: i64,
}

impl From<UsageSumRow> for UsageRow {
    fn from(row: UsageSumRow) -> Self {
        Self {
            start: Timestamp(row.start),
            consumer: row.consumer,
            consumer_name: row.consumer_name,
            key: row.key,
            route: row.route,
            status_class: u8::try_from(row.status_class).unwrap_or(0),
            count: u64::try_from(row.count).unwrap_or(0),
            last_seen: Timestamp(row.last_seen),
        }
    }
}

/// A row of `calls`.
#[derive(Debug, FromRow)]
pub(crate) struct CallRow {
    pub(crate) fingerprint: Vec<u8>,
    pub(crate) ends_on: i64,
    pub(crate) status: Option<i64>,
    pub(crate) body: Option<Vec<u8>>,
}
