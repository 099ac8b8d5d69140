//! Buckets, managers, operators, usage and the audit log, as people look at them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tollgate_core::keys::{Bucket, LeakAction, Manager};
use tollgate_core::store::{AuditEntry, Operator, Scope, UsageRow};
use tollgate_core::time::Timestamp;
use utoipa::ToSchema;

/// A bucket: a set of consumers whose names are unique in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Bucket)]
pub struct BucketView {
    /// `bkt_…`
    pub id: String,
    /// Its name, by which everything else means it.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// For finding it again.
    pub tags: BTreeMap<String, String>,
    /// What happens to a key of it that leaked: `revoke`, `quarantine` or `report`.
    #[schema(value_type = String)]
    pub on_leak: LeakAction,
    /// RFC 3339.
    pub created_on: String,
    /// RFC 3339.
    pub updated_on: String,
}

impl From<&Bucket> for BucketView {
    fn from(bucket: &Bucket) -> Self {
        Self {
            id: bucket.id.clone(),
            name: bucket.name.clone(),
            description: bucket.description.clone(),
            tags: bucket.tags.clone(),
            on_leak: bucket.settings.on_leak,
            created_on: bucket.created_on.rfc3339(),
            updated_on: bucket.updated_on.rfc3339(),
        }
    }
}

/// Someone who may manage a consumer's keys, or a bucket's consumers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Manager)]
pub struct ManagerView {
    /// `mgr_…`
    pub id: String,
    /// Their e-mail address, in lower case.
    pub email: String,
    /// Their `sub` at the identity provider, where it is known.
    pub subject: Option<String>,
    /// RFC 3339.
    pub created_on: String,
}

impl From<&Manager> for ManagerView {
    fn from(manager: &Manager) -> Self {
        Self {
            id: manager.id.clone(),
            email: manager.email.clone(),
            subject: manager.subject.clone(),
            created_on: manager.created_on.rfc3339(),
        }
    }
}

/// Whether an operator's token is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum OperatorStatus {
    /// It is.
    Active,
    /// Its time is over.
    Expired,
    /// Somebody ended it.
    Revoked,
}

impl OperatorStatus {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// Someone, or something, that may use the management API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Operator)]
pub struct OperatorView {
    /// `opr_…`
    pub id: String,
    /// Their name, as the audit log has it.
    pub name: String,
    /// Whether their token is accepted at this moment.
    pub status: OperatorStatus,
    /// What they may do: `read`, `keys:write`, `consumers:write`, `project`, `admin`.
    #[schema(value_type = Vec<String>)]
    pub scopes: Vec<Scope>,
    /// The first and last few characters of their token.
    pub hint: String,
    /// RFC 3339.
    pub created_on: String,
    /// RFC 3339; from then on their token is refused.
    pub expires_on: Option<String>,
    /// RFC 3339; since then it is refused.
    pub revoked_on: Option<String>,
    /// RFC 3339; when it was last used, to the minute.
    pub last_used_on: Option<String>,
}

impl OperatorView {
    /// Of what a store gives, at a moment.
    pub fn of(operator: &Operator, now: Timestamp) -> Self {
        let status = match operator {
            operator if operator.revoked_on.is_some() => OperatorStatus::Revoked,
            operator if operator.is_live(now) => OperatorStatus::Active,
            _ => OperatorStatus::Expired,
        };
        Self {
            id: operator.id.clone(),
            name: operator.name.clone(),
            status,
            scopes: operator.scopes.clone(),
            hint: operator.hint.clone(),
            created_on: operator.created_on.rfc3339(),
            expires_on: operator.expires_on.map(Timestamp::rfc3339),
            revoked_on: operator.revoked_on.map(Timestamp::rfc3339),
            last_used_on: operator.last_used_on.map(Timestamp::rfc3339),
        }
    }
}

/// An operator that was just made. The only place where their token is ever shown.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedOperator {
    /// `opr_…`
    pub id: String,
    /// Their name.
    pub name: String,
    /// What they may do.
    #[schema(value_type = Vec<String>)]
    pub scopes: Vec<Scope>,
    /// Their token: shown once, stored nowhere.
    pub token: String,
    /// RFC 3339; `null` where it does not expire.
    pub expires_on: Option<String>,
}

impl std::fmt::Debug for CreatedOperator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreatedOperator").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What was called in one span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Usage)]
pub struct UsageView {
    /// RFC 3339; where the span begins.
    pub start: String,
    /// The consumer's id; empty where nobody was recognised.
    pub consumer: String,
    /// The consumer's name, as long as they are there.
    pub consumer_name: Option<String>,
    /// The key's id; empty where it was no key.
    pub key: String,
    /// The route's id; empty where there was none.
    pub route: String,
    /// `2xx`, …
    pub status_class: String,
    /// How many calls.
    pub count: u64,
    /// RFC 3339; when the last of them came.
    pub last_seen: String,
}

impl From<&UsageRow> for UsageView {
    fn from(row: &UsageRow) -> Self {
        Self {
            start: row.start.rfc3339(),
            consumer: row.consumer.clone(),
            consumer_name: row.consumer_name.clone(),
            key: row.key.clone(),
            route: row.route.clone(),
            status_class: format!("{}xx", row.status_class),
            count: row.count,
            last_seen: row.last_seen.rfc3339(),
        }
    }
}

/// Usage for spreadsheets (RFC 4180), with a line of names.
pub fn csv(rows: &[UsageView]) -> String {
    let mut text = "start,consumer,consumerName,key,route,statusClass,count,lastSeen\r\n".to_owned();
    for row in rows {
        let count = row.count.to_string();
        let name = row.consumer_name.as_deref().unwrap_or_default();
        let cells = [&row.start, &row.consumer, name, &row.key, &row.route, &row.status_class, &count, &row.last_seen];
        text.push_str(&cells.map(cell).join(","));
        text.push_str("\r\n");
    }
    text
}

/// A cell that no spreadsheet takes for a formula.
fn cell(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditEntry)]
pub struct AuditView {
    /// Its place: 1, 2, 3, …
    pub sequence: i64,
    /// RFC 3339; when.
    pub on: String,
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
    /// What else is to be known.
    #[schema(value_type = Object)]
    pub detail: Value,
    /// The hash of the entry before, in hexadecimal; zeros for the first.
    pub previous: String,
    /// The SHA-256 of all of the above, in hexadecimal.
    pub hash: String,
}

impl From<&AuditEntry> for AuditView {
    fn from(entry: &AuditEntry) -> Self {
        Self {
            sequence: entry.sequence,
            on: entry.on.rfc3339(),
            actor_kind: entry.actor_kind.clone(),
            actor: entry.actor.clone(),
            origin: entry.origin.clone(),
            action: entry.action.clone(),
            target_kind: entry.target_kind.clone(),
            target: entry.target.clone(),
            detail: serde_json::from_str(&entry.detail).unwrap_or_else(|_| entry.detail.clone().into()),
            previous: entry.previous.clone(),
            hash: entry.hash.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_a_spreadsheet_is_neither_two_cells_nor_a_formula() {
        assert_eq!(cell("acme"), "acme");
        assert_eq!(cell("acme, inc"), "\"acme, inc\"");
        assert_eq!(cell("a\"b"), "\"a\"\"b\"");
        assert_eq!(cell("=1+1"), "'=1+1");
    }
}
