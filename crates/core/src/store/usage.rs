//! Usage: how often who called what, added up by minute, hour and day.

use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::keys::KeyUse;
use crate::later::BoxFuture;
use crate::time::Timestamp;

/// How long the spans are that usage is added up in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// Kept for two days.
    Minute,
    /// Kept for ninety days.
    Hour,
    /// Kept for four hundred days.
    Day,
}

impl Period {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// How long one is, in milliseconds.
    pub const fn millis(self) -> i64 {
        match self {
            Self::Minute => 60_000,
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
        }
    }

    /// For how long what was added up is kept, in milliseconds.
    pub const fn kept_for(self) -> i64 {
        match self {
            Self::Minute => 2 * 86_400_000,
            Self::Hour => 90 * 86_400_000,
            Self::Day => 400 * 86_400_000,
        }
    }

    /// Where the span begins that a moment lies in; days are those of UTC.
    pub const fn start(self, moment: Timestamp) -> Timestamp {
        Timestamp(moment.0.div_euclid(self.millis()) * self.millis())
    }
}

/// Who called what, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UsageKey {
    /// The consumer's id; empty where nobody was recognised.
    pub consumer: String,
    /// The key's id; empty where it was no key.
    pub key: String,
    /// The route's id; empty where there was none.
    pub route: String,
    /// 2 for 2xx, …
    pub status_class: u8,
}

/// Calls of one minute that are to be added.
#[derive(Debug, Clone)]
pub struct UsageSample {
    /// Who and what.
    pub of: UsageKey,
    /// The moment of the last of them.
    pub last_seen: Timestamp,
    /// How many.
    pub count: u64,
}

/// What is to be added at once.
#[derive(Debug, Clone, Default)]
pub struct UsageBatch {
    /// Its name, which no other has: a batch whose fate is unknown is handed in again, and counts once.
    pub id: String,
    /// Calls.
    pub samples: Vec<UsageSample>,
    /// Keys, by id, and when and from where they were last used.
    pub key_uses: Vec<(String, KeyUse)>,
}

/// Which usage is asked for.
#[derive(Debug, Clone)]
pub struct UsageQuery {
    /// In spans of this length.
    pub period: Period,
    /// From this moment on.
    pub since: Timestamp,
    /// Before this moment.
    pub until: Timestamp,
    /// Only this consumer's, by id.
    pub consumer: Option<String>,
    /// Only this key's.
    pub key: Option<String>,
    /// Only this route's.
    pub route: Option<String>,
    /// How many rows at most.
    pub limit: usize,
}

/// What was added up for one span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsageRow {
    /// Where the span begins.
    pub start: Timestamp,
    /// The consumer's id; empty where nobody was recognised.
    pub consumer: String,
    /// The consumer's name, as long as they are there.
    pub consumer_name: Option<String>,
    /// The key's id; empty where it was no key.
    pub key: String,
    /// The route's id; empty where there was none.
    pub route: String,
    /// 2 for 2xx, …
    pub status_class: u8,
    /// How many calls.
    pub count: u64,
    /// When the last of them came.
    pub last_seen: Timestamp,
}

/// Usage. None of it is a change that anybody follows, and none has an entry in the audit log.
pub trait UsageLog: Send + Sync {
    /// Adds a batch, once.
    fn add_usage(&self, batch: UsageBatch) -> BoxFuture<'_, Result<(), StoreError>>;
    /// Reads what was added up, by span, consumer, key, route and status.
    fn usage(&self, query: UsageQuery) -> BoxFuture<'_, Result<Vec<UsageRow>, StoreError>>;
    /// Forgets what has been kept for long enough.
    fn prune_usage(&self) -> BoxFuture<'_, Result<(), StoreError>>;
}
