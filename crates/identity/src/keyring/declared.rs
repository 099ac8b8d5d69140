//! The consumers that the project declares: hashes alone, so that the file may be in git.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};
use tollgate_core::keys::{Consumer, DeclaredConsumer, Key, KeyDigest, KeyGrant};
use tollgate_core::time::Timestamp;

use crate::key_format::{digest, parse_key_hash};

/// What is wrong with a declared consumer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeclaredError {
    /// A hash is not one.
    #[error("consumer `{consumer}`: key hash {number} is not a SHA-256 in hexadecimal")]
    Hash {
        /// The consumer's name.
        consumer: String,
        /// Which of its hashes, from 1.
        number: usize,
    },
    /// Two entries hold the same hash.
    #[error("consumer `{consumer}`: key hash {number} stands at consumer `{other}` already")]
    Twice {
        /// The consumer's name.
        consumer: String,
        /// Which of its hashes, from 1.
        number: usize,
        /// Who has it already.
        other: String,
    },
}

/// Grants for declared keys.
#[derive(Debug, Default)]
pub(super) struct Declared(HashMap<KeyDigest, KeyGrant>);

impl Declared {
    pub(super) fn new(consumers: &[DeclaredConsumer], now: Timestamp) -> Result<Self, DeclaredError> {
        let mut grants: HashMap<KeyDigest, KeyGrant> = HashMap::new();
        for declared in consumers {
            let consumer = Arc::new(consumer(declared, now));
            for (index, text) in declared.key_hashes.iter().enumerate() {
                let number = index + 1;
                let name = || declared.name.clone();
                let digest = parse_key_hash(text).ok_or_else(|| DeclaredError::Hash { consumer: name(), number })?;
                let grant =
                    KeyGrant { digest, key: Arc::new(key(&digest, &consumer, now)), consumer: Arc::clone(&consumer) };
                if let Some(other) = grants.insert(digest, grant) {
                    let other = other.consumer.name.to_string();
                    return Err(DeclaredError::Twice { consumer: name(), number, other });
                }
            }
        }
        Ok(Self(grants))
    }

    pub(super) fn get(&self, digest: &KeyDigest) -> Option<&KeyGrant> {
        self.0.get(digest)
    }

    /// A declared consumer that has a key.
    pub(super) fn consumer(&self, bucket: &str, name: &str) -> Option<Consumer> {
        let consumers = self.0.values().map(|grant| &grant.consumer);
        consumers
            .into_iter()
            .find(|known| &*known.bucket == bucket && &*known.name == name)
            .map(|known| (**known).clone())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

fn consumer(declared: &DeclaredConsumer, now: Timestamp) -> Consumer {
    let metadata = match &declared.metadata {
        Value::Null => Value::Object(Map::new()),
        metadata => metadata.clone(),
    };
    // There is no counter of changes for what is written in a file. A digest of it is as good:
    // whatever is cached for the consumer is found again as long as nothing changed.
    let content = digest(&metadata.to_string()).0;
    let version = content.iter().take(8).fold(0_u64, |version, byte| (version << 8) | u64::from(*byte));
    Consumer {
        id: format!("con_declared_{}_{}", declared.bucket, declared.name).into(),
        bucket: declared.bucket.as_str().into(),
        name: declared.name.as_str().into(),
        description: None,
        metadata: Arc::new(metadata),
        tags: declared.tags.clone(),
        created_on: now,
        updated_on: now,
        version,
    }
}

fn key(digest: &KeyDigest, consumer: &Consumer, now: Timestamp) -> Key {
    let hex = digest.to_hex();
    Key {
        id: format!("key_declared_{}", &hex[..16]).into(),
        consumer: Arc::clone(&consumer.id),
        description: Some("declared in the project".to_owned()),
        hint: format!("sha256:{}…", &hex[..8]),
        created_on: now,
        expires_on: None,
        revoked_on: None,
        quarantined_on: None,
        development: false,
    }
}
