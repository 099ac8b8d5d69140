//! Operators: who may use the management API, and what for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::keys::KeyDigest;
use crate::later::BoxFuture;
use crate::time::Timestamp;

/// What an operator may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// Look at everything but secrets.
    #[serde(rename = "read")]
    Read,
    /// Make, roll and end keys.
    #[serde(rename = "keys:write")]
    KeysWrite,
    /// Report keys that leaked, and nothing else.
    #[serde(rename = "leaks:write")]
    LeaksWrite,
    /// Make, change and delete consumers, buckets and managers.
    #[serde(rename = "consumers:write")]
    ConsumersWrite,
    /// Reload the project, rotate the signing keys, set log levels.
    #[serde(rename = "project")]
    Project,
    /// Everything, operators included.
    #[serde(rename = "admin")]
    Admin,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Read, Self::KeysWrite, Self::LeaksWrite, Self::ConsumersWrite, Self::Project, Self::Admin];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::KeysWrite => "keys:write",
            Self::LeaksWrite => "leaks:write",
            Self::ConsumersWrite => "consumers:write",
            Self::Project => "project",
            Self::Admin => "admin",
        }
    }

    /// Whether whoever has this one may do what `wanted` asks for. Who may change something may look at it
    /// (a scanner that reports leaks changes nothing by itself), and who may end keys may report them.
    pub fn allows(self, wanted: Self) -> bool {
        match wanted {
            Self::Read => self != Self::LeaksWrite,
            Self::LeaksWrite => matches!(self, Self::LeaksWrite | Self::KeysWrite | Self::Admin),
            _ => self == wanted || self == Self::Admin,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// There is no such scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no scope: read, keys:write, leaks:write, consumers:write, project, admin")]
pub struct NoScope(String);

impl FromStr for Scope {
    type Err = NoScope;

    fn from_str(text: &str) -> Result<Self, NoScope> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or_else(|| NoScope(text.to_owned()))
    }
}

/// An operator to be made: the digest of their token, never itself.
#[derive(Debug, Clone)]
pub struct NewOperator {
    /// Unique among those who are not revoked.
    pub name: String,
    /// What they may do.
    pub scopes: Vec<Scope>,
    /// The SHA-256 of their token.
    pub digest: KeyDigest,
    /// How people recognise it.
    pub hint: String,
    /// From when on it is refused.
    pub expires_on: Option<Timestamp>,
}

/// Someone, or something, that may use the management API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Operator {
    /// `opr_…`
    pub id: String,
    /// Their name, as the audit log has it.
    pub name: String,
    /// What they may do.
    pub scopes: Vec<Scope>,
    /// The first and last few characters of their token.
    pub hint: String,
    /// When they were made.
    pub created_on: Timestamp,
    /// From when on their token is refused, by itself.
    pub expires_on: Option<Timestamp>,
    /// Since when it is refused, by decision.
    pub revoked_on: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_on: Option<Timestamp>,
}

impl Operator {
    /// Whether their token is good at this moment.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_on.is_none() && self.expires_on.is_none_or(|end| end > now)
    }

    /// Whether they may do this.
    pub fn may(&self, wanted: Scope) -> bool {
        self.scopes.iter().any(|scope| scope.allows(wanted))
    }
}

/// Operators.
pub trait Operators: Send + Sync {
    /// Makes one.
    fn create_operator(&self, new: NewOperator) -> BoxFuture<'_, Result<Operator, StoreError>>;
    /// Lists all, the oldest first, revoked ones included.
    fn operators(&self) -> BoxFuture<'_, Result<Vec<Operator>, StoreError>>;
    /// Finds whose token this is, live or not: ask [`Operator::is_live`] before anything else.
    fn operator_by_digest(&self, digest: KeyDigest) -> BoxFuture<'_, Result<Option<Operator>, StoreError>>;
    /// Refuses an operator's token from now on, by id or by the name of a live one. Twice is no error.
    fn revoke_operator(&self, id_or_name: &str) -> BoxFuture<'_, Result<Operator, StoreError>>;
    /// Notes that a token was used. No entry in the audit log: what it was used for has one.
    fn note_operator_use(&self, id: &str, on: Timestamp) -> BoxFuture<'_, Result<(), StoreError>>;
}
