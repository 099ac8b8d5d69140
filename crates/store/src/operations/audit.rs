//! The audit log: a chain of hashes over who changed what.
//!
//! An entry's hash is the SHA-256 of a version byte, the hash of the entry before, place and
//! moment (8 bytes each, big-endian), and each text behind its length (8 bytes, big-endian) in the
//! order of the columns. Lengths keep two different entries from looking alike.

use aws_lc_rs::digest::{Context, SHA256};
use tollgate_core::keys::KeyDigest;
use tollgate_core::later::BoxFuture;
use tollgate_core::store::{AuditEntry, AuditLog, AuditQuery, AuditVerdict, BrokenEntry, NewAuditEntry, StoreError};

use super::Detail;
use crate::error::unavailable;
use crate::schema::rows::{AuditRow, hex};
use crate::schema::statements as sql;
use crate::sql::{Tx, Value, args};
use crate::sql_store::SqlStore;

/// How the hash is computed, so that another way can come later.
const VERSION: u8 = 1;
/// What the first entry has in place of the hash of the one before.
const NOTHING: [u8; 32] = [0; 32];
/// How many entries are looked at together.
const CHUNK: i64 = 2000;

impl Tx {
    /// Adds an entry, in the transaction of what it tells.
    pub(crate) async fn audit(
        &mut self,
        action: &str,
        target_kind: &str,
        target: &str,
        detail: Detail,
    ) -> Result<(), StoreError> {
        append(self, action, target_kind, target, detail).await.map(drop)
    }
}

async fn append(
    tx: &mut Tx,
    action: &str,
    target_kind: &str,
    target: &str,
    detail: Detail,
) -> Result<AuditRow, StoreError> {
    let last: Option<(i64, Vec<u8>)> = tx.first(sql::LAST_AUDIT, args![]).await.map_err(unavailable)?;
    let (sequence, previous) = last.map_or((0, NOTHING.to_vec()), |(sequence, hash)| (sequence, hash));
    let detail = serde_json::Value::Object(detail).to_string();
    let mut row = AuditRow {
        sequence: sequence + 1,
        moment: tx.now.0,
        actor_kind: tx.actor.kind.as_str().to_owned(),
        actor: tx.actor.name.clone(),
        origin: tx.actor.origin.clone(),
        action: action.to_owned(),
        target_kind: target_kind.to_owned(),
        target: target.to_owned(),
        detail,
        previous,
        hash: Vec::new(),
    };
    row.hash = hash(&row);
    tx.run(sql::INSERT_AUDIT, values(&row)).await.map_err(unavailable)?;
    Ok(row)
}

/// An entry's columns in their order.
pub(crate) fn values(row: &AuditRow) -> Vec<Value> {
    args![
        row.sequence,
        row.moment,
        &row.actor_kind,
        &row.actor,
        &row.origin,
        &row.action,
        &row.target_kind,
        &row.target,
        &row.detail,
        row.previous.clone(),
        row.hash.clone(),
    ]
}

fn hash(row: &AuditRow) -> Vec<u8> {
    let mut context = Context::new(&SHA256);
    context.update(&[VERSION]);
    context.update(&row.previous);
    context.update(&row.sequence.to_be_bytes());
    context.update(&row.moment.to_be_bytes());
    let texts = [&row.actor_kind, &row.actor, &row.origin, &row.action, &row.target_kind, &row.target, &row.detail];
    for text in texts {
        context.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(text.as_bytes());
    }
    context.finish().as_ref().to_vec()
}

async fn list(tx: &mut Tx, query: AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
    // `key.` means all that begin so, `key.revoke` that one.
    let (prefix, action) = match query.action {
        Some(text) if text.ends_with('.') => (Some(text), None),
        action => (None, action),
    };
    let (statement, from) = if query.latest_first { (sql::AUDIT_LATEST, i64::MAX) } else { (sql::AUDIT, 0) };
    let values = args![
        query.after.unwrap_or(from),
        query.actor,
        action,
        prefix,
        query.target,
        query.since,
        query.until,
        i64::try_from(query.limit).unwrap_or(i64::MAX),
    ];
    let rows: Vec<AuditRow> = tx.all(statement, values).await.map_err(unavailable)?;
    Ok(rows.into_iter().map(AuditEntry::from).collect())
}

async fn verify(tx: &mut Tx, wanted: Option<KeyDigest>) -> Result<AuditVerdict, StoreError> {
    let mut verdict = AuditVerdict { entries: 0, head: hex(&NOTHING), broken: None, contains: wanted.map(|_| false) };
    let mut previous = NOTHING.to_vec();
    loop {
        let none = || None::<String>;
        let values = args![verdict.entries, none(), none(), none(), none(), None::<i64>, None::<i64>, CHUNK];
        let rows: Vec<AuditRow> = tx.all(sql::AUDIT, values).await.map_err(unavailable)?;
        if rows.is_empty() {
            return Ok(verdict);
        }
        for row in rows {
            if let Some(problem) = wrong_with(&row, verdict.entries + 1, &previous) {
                verdict.broken = Some(BrokenEntry { sequence: row.sequence, problem });
                return Ok(verdict);
            }
            if wanted.is_some_and(|wanted| wanted.0[..] == row.hash[..]) {
                verdict.contains = Some(true);
            }
            verdict.entries = row.sequence;
            verdict.head = hex(&row.hash);
            previous = row.hash;
        }
    }
}

fn wrong_with(row: &AuditRow, place: i64, previous: &[u8]) -> Option<String> {
    if row.sequence != place {
        Some(format!("entry {place} is missing in front of it"))
    } else if row.previous != previous {
        Some("it does not follow on the entry before, which was changed or replaced".to_owned())
    } else if row.hash != hash(row) {
        Some("what it says is not what was written".to_owned())
    } else {
        None
    }
}

impl AuditLog for SqlStore {
    fn record(&self, entry: NewAuditEntry) -> BoxFuture<'_, Result<AuditEntry, StoreError>> {
        Box::pin(self.change(move |tx| {
            Box::pin(async move {
                let NewAuditEntry { action, target_kind, target, detail } = entry;
                append(tx, &action, &target_kind, &target, detail).await.map(AuditEntry::from)
            })
        }))
    }

    fn audit(&self, query: AuditQuery) -> BoxFuture<'_, Result<Vec<AuditEntry>, StoreError>> {
        Box::pin(self.read_much(move |tx| Box::pin(list(tx, query))))
    }

    fn verify_audit(&self, head: Option<KeyDigest>) -> BoxFuture<'_, Result<AuditVerdict, StoreError>> {
        Box::pin(self.read_much(move |tx| Box::pin(verify(tx, head))))
    }
}
