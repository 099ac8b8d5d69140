//! The audit log: who changed what, from where and when. Nothing is ever changed or deleted in
//! it; each entry holds the hash of the one before, so that nobody can do so unnoticed.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::StoreError;
use crate::keys::KeyDigest;
use crate::later::BoxFuture;
use crate::time::Timestamp;

/// How someone comes to change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActorKind {
    /// By the command line: whoever may open the store.
    CommandLine,
    /// By the management API with a token of their own.
    Operator,
    /// By the management API with the token of the data folder.
    Bootstrap,
    /// The gateway, by itself: scheduled rotations, leaked keys.
    Gateway,
}

impl ActorKind {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CommandLine => "command-line",
            Self::Operator => "operator",
            Self::Bootstrap => "bootstrap",
            Self::Gateway => "gateway",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::CommandLine, Self::Operator, Self::Bootstrap, Self::Gateway]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }
}

/// Who changes something, and from where: every entry of the audit log has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// How they come to do it.
    pub kind: ActorKind,
    /// An operator's name, a user of the machine.
    pub name: String,
    /// An address, a machine.
    pub origin: String,
}

impl Actor {
    /// The gateway itself.
    pub fn gateway() -> Self {
        Self { kind: ActorKind::Gateway, name: "gateway".to_owned(), origin: String::new() }
    }
}

/// An entry to be written for something that the store does not do itself: a reload, say.
#[derive(Debug, Clone)]
pub struct NewAuditEntry {
    /// `project.reload`, …
    pub action: String,
    /// `project`, …
    pub target_kind: String,
    /// Its id or name.
    pub target: String,
    /// What else is to be known. Never a secret.
    pub detail: Map<String, Value>,
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// Its place: 1, 2, 3, …
    pub sequence: i64,
    /// When.
    pub on: Timestamp,
    /// How they came to do it: `command-line`, `operator`, `bootstrap`, `gateway`.
    pub actor_kind: String,
    /// Who.
    pub actor: String,
    /// From where.
    pub origin: String,
    /// What: `key.revoke`, …
    pub action: String,
    /// To what kind of thing: `key`, `consumer`, …
    pub target_kind: String,
    /// To which: its id or name.
    pub target: String,
    /// What else is to be known: a JSON object, as it was written.
    pub detail: String,
    /// The hash of the entry before, in hexadecimal; zeros for the first.
    pub previous: String,
    /// The SHA-256 of all of the above, in hexadecimal.
    pub hash: String,
}

/// Which entries are asked for.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// Only those behind this one (or, with `latest_first`, before it).
    pub after: Option<i64>,
    /// The latest first, instead of the oldest.
    pub latest_first: bool,
    /// Only what this operator or user did.
    pub actor: Option<String>,
    /// Only this action, or, with a `.` at its end (`key.`), all that begin so.
    pub action: Option<String>,
    /// Only what was done to this.
    pub target: Option<String>,
    /// Only what was done since.
    pub since: Option<Timestamp>,
    /// Only what was done before.
    pub until: Option<Timestamp>,
    /// How many at most.
    pub limit: usize,
}

/// What a look at the whole chain found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditVerdict {
    /// How many entries there are.
    pub entries: i64,
    /// The hash of the last one: kept elsewhere, it also shows whether the end was cut off.
    pub head: String,
    /// The first entry that is not what it was, and why.
    pub broken: Option<BrokenEntry>,
    /// Whether the hash that was asked for is that of an entry; `None` where none was.
    pub contains: Option<bool>,
}

/// An entry that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BrokenEntry {
    /// Its place.
    pub sequence: i64,
    /// What is wrong.
    pub problem: String,
}

/// The audit log. What the store itself changes has its entry in the same transaction.
pub trait AuditLog: Send + Sync {
    /// Writes an entry for something that the store does not do itself.
    fn record(&self, entry: NewAuditEntry) -> BoxFuture<'_, Result<AuditEntry, StoreError>>;
    /// Reads entries.
    fn audit(&self, query: AuditQuery) -> BoxFuture<'_, Result<Vec<AuditEntry>, StoreError>>;
    /// Computes the whole chain anew, and looks for `head` in it.
    fn verify_audit(&self, head: Option<KeyDigest>) -> BoxFuture<'_, Result<AuditVerdict, StoreError>>;
}
