//! Consumers and their keys, as every room speaks of them. The key itself is in none of these
//! types: it exists in clear once, when it is made, and nobody keeps it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::time::Timestamp;

/// The SHA-256 of a key: what is stored, and what is looked up.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyDigest(pub [u8; 32]);

impl KeyDigest {
    /// Lower-case hexadecimal.
    pub fn to_hex(self) -> String {
        use std::fmt::Write;
        self.0.iter().fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// From 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut digest = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (index, byte) in digest.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
        }
        Some(Self(digest))
    }
}

impl fmt::Debug for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Enough to compare two in a log, too little to look anything up.
        write!(f, "KeyDigest({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

/// Who calls: a person, a service, a tenant. Holds any number of keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Consumer {
    /// `con_…`
    pub id: Arc<str>,
    /// The set it belongs to; `default` unless said otherwise.
    pub bucket: Arc<str>,
    /// Unique in its bucket; the `sub` of requests and tokens.
    pub name: Arc<str>,
    /// Who it is, as its maker wrote it; for people only.
    #[serde(default)]
    pub description: Option<String>,
    /// Anything the backend should know: `user.data`, and tokens where configured.
    pub metadata: Arc<Value>,
    /// For finding it again.
    pub tags: BTreeMap<String, String>,
    /// When it was made.
    pub created_on: Timestamp,
    /// When it was last changed.
    pub updated_on: Timestamp,
    /// Counts up at every change.
    pub version: u64,
}

/// A key, without the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Key {
    /// `key_…`
    pub id: Arc<str>,
    /// The consumer's id.
    pub consumer: Arc<str>,
    /// What it is for, as its maker wrote it.
    pub description: Option<String>,
    /// The first and last few characters, for recognising it: `tg_Ab…9xYz`.
    pub hint: String,
    /// When it was made.
    pub created_on: Timestamp,
    /// From when on it is refused, by itself.
    pub expires_on: Option<Timestamp>,
    /// Since when it is refused, by decision.
    pub revoked_on: Option<Timestamp>,
    /// Since when it is refused until somebody releases it: it leaked, say.
    #[serde(default)]
    pub quarantined_on: Option<Timestamp>,
    /// Whether it is the development key, which `run` refuses.
    #[serde(default)]
    pub development: bool,
}

/// When a key was last used, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyUse {
    /// The moment, to a few seconds.
    pub on: Timestamp,
    /// The client's address.
    pub from: String,
}

/// A set of consumers: their names are unique in it, and its settings hold for their keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bucket {
    /// `bkt_…`
    pub id: String,
    /// Its name, by which everything else means it.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// For finding it again.
    pub tags: BTreeMap<String, String>,
    /// What holds for its consumers.
    pub settings: BucketSettings,
    /// When it was made.
    pub created_on: Timestamp,
    /// When it was last changed.
    pub updated_on: Timestamp,
    /// Counts up at every change.
    pub version: u64,
}

/// What holds for the consumers of a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BucketSettings {
    /// What happens to a key that leaked.
    pub on_leak: LeakAction,
}

/// What happens to a key that leaked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LeakAction {
    /// It is refused for good.
    #[default]
    Revoke,
    /// It is refused until somebody releases it.
    Quarantine,
    /// It is written down, and goes on working.
    Report,
}

impl LeakAction {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Revoke => "revoke",
            Self::Quarantine => "quarantine",
            Self::Report => "report",
        }
    }
}

/// Someone who may manage a consumer's keys, or a bucket's consumers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manager {
    /// `mgr_…`
    pub id: String,
    /// Their e-mail address, in lower case.
    pub email: String,
    /// Their `sub` at the identity provider, where it is known.
    pub subject: Option<String>,
    /// When they were added.
    pub created_on: Timestamp,
}

/// What a lookup needs to know of one live key: kept in memory for every key.
#[derive(Debug, Clone)]
pub struct KeyGrant {
    /// What is looked up.
    pub digest: KeyDigest,
    /// The key.
    pub key: Arc<Key>,
    /// Its consumer.
    pub consumer: Arc<Consumer>,
}

/// A consumer declared in `tollgate.yaml`: hashes only, so that the file may be in git.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeclaredConsumer {
    /// The consumer's name: the `sub` of its requests.
    pub name: String,
    /// The bucket it belongs to.
    #[serde(default = "default_bucket")]
    pub bucket: String,
    /// Anything the backend should know.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Value>")]
    pub metadata: Value,
    /// For finding it again.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// The SHA-256 of each of its keys, in hexadecimal: `sha256:…` or the digits alone.
    /// `tollgate key hash` prints it for a key on its standard input.
    #[serde(default)]
    pub key_hashes: Vec<String>,
}

/// The bucket that is meant where none is named.
pub const DEFAULT_BUCKET: &str = "default";

fn default_bucket() -> String {
    DEFAULT_BUCKET.to_owned()
}
