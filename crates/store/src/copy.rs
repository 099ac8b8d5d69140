//! Copying everything from one store into another: all of it or nothing, in one transaction on
//! either side.
//!
//! The list of changes is not copied: it is about the store that it stands in. In its place comes
//! one entry that lies so far ahead that every reader reads everything anew.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tollgate_core::store::{Actor, StoreError};
use tollgate_core::time::Clock;

use crate::describe;
use crate::error::unavailable;
use crate::operations::detail;
use crate::sql::{Intent, Kind, Places, Tx, Value, args};
use crate::url::StoreUrl;

/// How many rows go together: with eleven columns well below the parameters that SQLite takes.
const CHUNK: usize = 1000;
/// How long one of them may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// What becomes of what the target holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyMode {
    /// It must be nothing, or an earlier copy.
    Onto,
    /// It goes, but for the audit log, which is added to.
    Replacing,
}

/// How far a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The table under way.
    pub table: &'static str,
    /// How many of its rows are copied.
    pub done: u64,
    /// How many it has.
    pub of: u64,
}

/// What was copied of a table, counted on both sides.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Copied {
    /// Its name.
    pub table: &'static str,
    /// How many rows.
    pub rows: u64,
}

struct Table {
    name: &'static str,
    columns: &'static [(&'static str, Kind)],
    /// In which order it is read.
    order: &'static [&'static str],
    /// What is one row in both stores.
    identity: &'static [&'static str],
}

use Kind::{Bytes, Int, Text};

/// All tables, those that others refer to first.
const TABLES: &[Table] = &[
    Table {
        name: "buckets",
        columns: &[
            ("id", Text),
            ("name", Text),
            ("description", Text),
            ("tags", Text),
            ("settings", Text),
            ("created_on", Int),
            ("updated_on", Int),
            ("version", Int),
        ],
        order: &["id"],
        identity: &["id"],
    },
    Table {
        name: "consumers",
        columns: &[
            ("id", Text),
            ("bucket", Text),
            ("name", Text),
            ("metadata", Text),
            ("tags", Text),
            ("created_on", Int),
            ("updated_on", Int),
            ("version", Int),
            ("description", Text),
        ],
        order: &["id"],
        identity: &["id"],
    },
    Table {
        name: "keys",
        columns: &[
            ("id", Text),
            ("consumer", Text),
            ("digest", Bytes),
            ("hint", Text),
            ("description", Text),
            ("created_on", Int),
            ("expires_on", Int),
            ("revoked_on", Int),
            ("development", Int),
            ("quarantined_on", Int),
        ],
        order: &["id"],
        identity: &["id"],
    },
    Table {
        name: "managers",
        columns: &[
            ("id", Text),
            ("bucket", Text),
            ("consumer", Text),
            ("email", Text),
            ("subject", Text),
            ("created_on", Int),
        ],
        order: &["id"],
        identity: &["id"],
    },
    Table {
        name: "key_uses",
        columns: &[("key", Text), ("used_on", Int), ("used_by", Text)],
        order: &["key"],
        identity: &["key"],
    },
    Table {
        name: "signing_keys",
        columns: &[
            ("number", Int),
            ("kid", Text),
            ("algorithm", Text),
            ("sealed", Bytes),
            ("created_on", Int),
            ("active_on", Int),
            ("retired_on", Int),
            ("published_until", Int),
        ],
        order: &["number"],
        identity: &["kid"],
    },
    Table { name: "secrets", columns: &[("name", Text), ("value", Bytes)], order: &["name"], identity: &["name"] },
    Table {
        name: "operators",
        columns: &[
            ("id", Text),
            ("name", Text),
            ("scopes", Text),
            ("digest", Bytes),
            ("hint", Text),
            ("created_on", Int),
            ("expires_on", Int),
            ("revoked_on", Int),
            ("last_used_on", Int),
        ],
        order: &["id"],
        identity: &["id"],
    },
    Table {
        name: "usage",
        columns: &[
            ("period", Text),
            ("start", Int),
            ("consumer", Text),
            ("key", Text),
            ("route", Text),
            ("status_class", Int),
            ("count", Int),
            ("last_seen", Int),
        ],
        order: &["period", "start", "consumer", "key", "route", "status_class"],
        identity: &["period", "start", "consumer", "key", "route", "status_class"],
    },
    Table { name: "usage_batches", columns: &[("id", Text), ("added_on", Int)], order: &["id"], identity: &["id"] },
    Table {
        name: "calls",
        columns: &[
            ("scope", Text),
            ("key", Text),
            ("fingerprint", Bytes),
            ("ends_on", Int),
            ("status", Int),
            ("body", Bytes),
        ],
        order: &["scope", "key"],
        identity: &["scope", "key"],
    },
];

/// The audit log, which is only ever added to.
const AUDIT: Table = Table {
    name: "audit",
    columns: &[
        ("sequence", Int),
        ("moment", Int),
        ("actor_kind", Text),
        ("actor", Text),
        ("origin", Text),
        ("action", Text),
        ("target_kind", Text),
        ("target", Text),
        ("detail", Text),
        ("previous", Bytes),
        ("hash", Bytes),
    ],
    order: &["sequence"],
    identity: &["sequence"],
};

/// Copies everything from one store into another, and counts on both sides whether it is there.
///
/// # Errors
/// Where one of them cannot be opened, or the target holds what the source does not: nothing is copied then.
pub async fn copy(
    from: &str,
    to: &str,
    clock: Arc<dyn Clock>,
    actor: Actor,
    mode: CopyMode,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Vec<Copied>, StoreError> {
    if StoreUrl::parse(from)?.place() == StoreUrl::parse(to)?.place() {
        return Err(StoreError::Unavailable("both are the same store".to_owned()));
    }
    let source = describe(from, Arc::clone(&clock)).await?;
    source.prepare().await?;
    let target = describe(to, clock).await?.for_actor(actor);
    target.prepare().await?;
    let mut read = source.begin(Intent::Read).await?;
    let mut write = target.begin(Intent::Change).await?;
    match transfer(&mut read, &mut write, mode, progress).await {
        Ok(copied) => {
            write.commit().await?;
            target.wake();
            target.close().await;
            Ok(copied)
        }
        Err(error) => {
            write.roll_back().await;
            target.close().await;
            Err(error)
        }
    }
}

async fn transfer(
    read: &mut Tx,
    write: &mut Tx,
    mode: CopyMode,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Vec<Copied>, StoreError> {
    for tx in [&mut *read, &mut *write] {
        if tx.is_postgres() {
            // One waits while the other works.
            let patient = "SET LOCAL idle_in_transaction_session_timeout = 0";
            tx.run_made(patient.to_owned(), args![]).await.map_err(unavailable)?;
        }
    }
    let last = last_change(read).await?.max(last_change(write).await?);
    if mode == CopyMode::Replacing {
        for table in TABLES.iter().rev() {
            write.run_made(format!("DELETE FROM {}", table.name), args![]).await.map_err(unavailable)?;
        }
    }
    let mut copied = Vec::with_capacity(TABLES.len() + 1);
    for table in TABLES {
        let rows = copy_table(read, write, table, None, progress).await?;
        let there = count(write, table.name).await?;
        if there != rows {
            return Err(occupied(&format!("{} holds {there} rows, the source {rows}", table.name)));
        }
        copied.push(Copied { table: table.name, rows });
    }
    copied.push(copy_audit(read, write, mode, progress).await?);
    if write.is_postgres() {
        // What was numbered elsewhere does not move the counters here.
        let counter = "SELECT setval(pg_get_serial_sequence('signing_keys', 'number'), \
                       (SELECT COALESCE(MAX(number), 0) + 1 FROM signing_keys), false)";
        write.run_made(counter.to_owned(), args![]).await.map_err(unavailable)?;
    }
    begin_anew(write, last + 2).await?;
    if mode == CopyMode::Replacing {
        let keys = copied.iter().find(|copied| copied.table == "keys").map_or(0, |copied| copied.rows);
        write.audit("store.restore", "store", "", detail! { "keys": keys }).await?;
    }
    Ok(copied)
}

/// Leaves one change at this place, behind a gap: whoever has read up to any earlier one must read
/// everything.
async fn begin_anew(write: &mut Tx, place: i64) -> Result<(), StoreError> {
    write.run_made("DELETE FROM changes".to_owned(), args![]).await.map_err(unavailable)?;
    write.note("INSERT INTO changes (sequence, kind, subject) VALUES ($1, 'consumer', '')", args![place]).await?;
    if write.is_postgres() {
        let counter = "SELECT setval(pg_get_serial_sequence('changes', 'sequence'), $1)";
        write.run_made(counter.to_owned(), args![place]).await.map_err(unavailable)?;
    }
    Ok(())
}

async fn last_change(tx: &mut Tx) -> Result<i64, StoreError> {
    let (last,): (i64,) = tx.one(crate::schema::statements::LAST_SEQUENCE, args![]).await.map_err(unavailable)?;
    Ok(last)
}

fn occupied(what: &str) -> StoreError {
    StoreError::Unavailable(format!(
        "the target is neither empty nor an earlier copy ({what}); nothing was copied. Copy into an empty store, before \
         a gateway starts on it"
    ))
}

async fn count(tx: &mut Tx, table: &str) -> Result<u64, StoreError> {
    let rows = tx.rows_made(format!("SELECT COUNT(*) FROM {table}"), args![], &[Int]).await.map_err(unavailable)?;
    match rows.first().map(Vec::as_slice) {
        Some([Value::Int(Some(count))]) => Ok(u64::try_from(*count).unwrap_or(0)),
        _ => Ok(0),
    }
}

/// Copies the rows of a table (behind a place, where one is given); how many it has altogether.
async fn copy_table(
    read: &mut Tx,
    write: &mut Tx,
    table: &Table,
    after: Option<Vec<Value>>,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<u64, StoreError> {
    let total = count(read, table.name).await?;
    let mut done = 0;
    let mut after = after;
    let kinds: Vec<Kind> = table.columns.iter().map(|(_, kind)| *kind).collect();
    loop {
        let statement = page_of(table, after.is_some());
        let rows = timely(read.rows_made(statement, after.take().unwrap_or_default(), &kinds)).await?;
        let Some(last) = rows.last() else { return Ok(total) };
        after = Some(place_of(table, last));
        done += rows.len() as u64;
        let statement = upsert(table, rows.len(), write.places());
        let values = rows.into_iter().flatten().collect();
        timely(write.run_made(statement, values)).await.map_err(|error| match error {
            StoreError::Exists { .. } => occupied(&format!("{} differ", table.name)),
            other => other,
        })?;
        progress(Progress { table: table.name, done, of: total });
    }
}

/// Gives a chunk an end, and tells what the target holds of its own from everything else.
async fn timely<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, StoreError> {
    match timeout(PATIENCE, work).await {
        Ok(answer) => answer.map_err(|error| crate::error::exists(error, "row", "")),
        Err(_) => Err(StoreError::Unavailable(format!("it did not answer within {} s", PATIENCE.as_secs()))),
    }
}

/// Where a row stands in the order of its table.
fn place_of(table: &Table, row: &[Value]) -> Vec<Value> {
    let index = |name: &str| table.columns.iter().position(|(column, _)| *column == name);
    table.order.iter().filter_map(|name| row.get(index(name)?).cloned()).collect()
}

fn names(table: &Table) -> String {
    table.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

fn page_of(table: &Table, goes_on: bool) -> String {
    let order = table.order.join(", ");
    let places = (1..=table.order.len()).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ");
    let behind = if goes_on { format!("WHERE ({order}) > ({places})") } else { String::new() };
    format!("SELECT {} FROM {} {behind} ORDER BY {order} LIMIT {CHUNK}", names(table), table.name)
}

fn upsert(table: &Table, rows: usize, places: Places) -> String {
    let values = places.rows("", rows, table.columns.len());
    let set = table
        .columns
        .iter()
        .filter(|(name, _)| !table.identity.contains(name))
        .map(|(name, _)| format!("{name} = excluded.{name}"))
        .collect::<Vec<_>>()
        .join(", ");
    let then = if table.name == AUDIT.name || set.is_empty() {
        "DO NOTHING".to_owned()
    } else {
        format!("DO UPDATE SET {set}")
    };
    format!(
        "INSERT INTO {} ({}) VALUES {values} ON CONFLICT ({}) {then}",
        table.name,
        names(table),
        table.identity.join(", ")
    )
}

/// Adds what the source's log has behind the target's. Two logs that differ are never mixed: the
/// target keeps its own where everything else is replaced.
async fn copy_audit(
    read: &mut Tx,
    write: &mut Tx,
    mode: CopyMode,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Copied, StoreError> {
    let (theirs, ours) = (last_entry(read).await?, last_entry(write).await?);
    let common = theirs.min(ours);
    let same = common == 0 || hash_at(read, common).await? == hash_at(write, common).await?;
    match (same, mode) {
        (false, CopyMode::Onto) => return Err(occupied("its audit log is another one")),
        (false, CopyMode::Replacing) => return Ok(Copied { table: AUDIT.name, rows: 0 }),
        (true, _) => {}
    }
    copy_table(read, write, &AUDIT, Some(args![common]), progress).await?;
    Ok(Copied { table: AUDIT.name, rows: u64::try_from(theirs).unwrap_or(0) })
}

async fn last_entry(tx: &mut Tx) -> Result<i64, StoreError> {
    let statement = "SELECT COALESCE(MAX(sequence), 0) FROM audit";
    let (last,): (i64,) = tx.one(statement, args![]).await.map_err(unavailable)?;
    Ok(last)
}

async fn hash_at(tx: &mut Tx, sequence: i64) -> Result<Option<Vec<u8>>, StoreError> {
    let found: Option<(Vec<u8>,)> =
        tx.first("SELECT hash FROM audit WHERE sequence = $1", args![sequence]).await.map_err(unavailable)?;
    Ok(found.map(|(hash,)| hash))
}
