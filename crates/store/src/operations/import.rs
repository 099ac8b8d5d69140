//! Keys from elsewhere, many at a time: a handful of statements for every few hundred of them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use tollgate_core::store::{ImportedKey, StoreError};

use super::{buckets, detail};
use crate::error::unavailable;
use crate::sql::{Kind, Tx, Value, args};

/// Keys that go together.
const CHUNK: usize = 500;

type Answers = Vec<Result<(), StoreError>>;

/// A consumer by bucket and name.
type Name = (String, String);

/// Keeps keys: each with its own answer, one entry of the audit log for all.
pub(super) async fn keep(tx: &mut Tx, keys: Vec<ImportedKey>) -> Result<Answers, StoreError> {
    let mut answers = Vec::with_capacity(keys.len());
    let (mut kept, mut consumers) = (0_u64, 0_u64);
    let mut ids = HashMap::new();
    for chunk in keys.chunks(CHUNK) {
        consumers += find_or_make(tx, chunk, &mut ids).await?;
        let mut added = insert(tx, chunk, &ids).await?;
        for imported in chunk {
            // Of two that are the same, the first was kept.
            let good = added.remove(&imported.key.digest.0[..]);
            kept += u64::from(good);
            answers.push(answer(good, imported));
        }
    }
    if kept > 0 || consumers > 0 {
        tx.audit("key.import", "key", "", detail! { "keys": kept, "consumersMade": consumers }).await?;
    }
    Ok(answers)
}

/// What [`keep`] would answer.
pub(super) async fn rehearse(tx: &mut Tx, keys: Vec<ImportedKey>) -> Result<Answers, StoreError> {
    let mut answers = Vec::with_capacity(keys.len());
    let mut seen = HashSet::with_capacity(keys.len());
    for chunk in keys.chunks(CHUNK) {
        let statement = format!("SELECT digest FROM keys WHERE digest IN ({})", tx.places().list(chunk.len()));
        let digests = chunk.iter().map(|imported| Value::from(imported.key.digest)).collect();
        let known = bytes(tx.rows_made(statement, digests, &[Kind::Bytes]).await.map_err(unavailable)?);
        for imported in chunk {
            let digest = &imported.key.digest.0[..];
            let good = !known.contains(digest) && seen.insert(imported.key.digest);
            answers.push(answer(good, imported));
        }
    }
    Ok(answers)
}

fn answer(good: bool, imported: &ImportedKey) -> Result<(), StoreError> {
    if good { Ok(()) } else { Err(StoreError::Exists { kind: "key", name: imported.key.hint.clone() }) }
}

fn bytes(rows: Vec<Vec<Value>>) -> HashSet<Vec<u8>> {
    let value = |row: Vec<Value>| match row.into_iter().next() {
        Some(Value::Bytes(bytes)) => bytes,
        _ => None,
    };
    rows.into_iter().filter_map(value).collect()
}

/// Adds the ids of the consumers of a chunk to those that are known, and makes the missing ones; how many.
async fn find_or_make(tx: &mut Tx, chunk: &[ImportedKey], ids: &mut HashMap<Name, String>) -> Result<u64, StoreError> {
    let name = |imported: &ImportedKey| (imported.bucket.clone(), imported.consumer.clone());
    let mut wanted: BTreeSet<Name> = chunk.iter().map(name).filter(|name| !ids.contains_key(name)).collect();
    if wanted.is_empty() {
        return Ok(0);
    }
    let statement = format!(
        "SELECT id, bucket, name FROM consumers WHERE (bucket, name) IN (VALUES {})",
        tx.places().rows("", wanted.len(), 2)
    );
    let values = wanted.iter().flat_map(|(bucket, name)| args![bucket, name]).collect();
    let rows = tx.rows_made(statement, values, &[Kind::Text; 3]).await.map_err(unavailable)?;
    for row in rows {
        if let [Value::Text(Some(id)), Value::Text(Some(bucket)), Value::Text(Some(name))] = &row[..] {
            let name = (bucket.clone(), name.clone());
            wanted.remove(&name);
            ids.insert(name, id.clone());
        }
    }
    if wanted.is_empty() {
        return Ok(0);
    }
    let made: BTreeMap<Name, String> = wanted.into_iter().map(|name| (name, tx.ids.new_id("con"))).collect();
    for bucket in made.keys().map(|(bucket, _)| bucket).collect::<BTreeSet<_>>() {
        buckets::ensure(tx, bucket).await?;
    }
    let statement = format!(
        "INSERT INTO consumers (id, bucket, name, metadata, tags, created_on, updated_on, version) VALUES {}",
        tx.places().rows("", made.len(), 8)
    );
    let now = tx.now;
    let values =
        made.iter().flat_map(|((bucket, name), id)| args![id, bucket, name, "{}", "{}", now, now, 1_i64]).collect();
    tx.run_made(statement, values).await.map_err(unavailable)?;
    let count = made.len() as u64;
    ids.extend(made);
    // Nobody follows a consumer without keys; their keys are noted one by one.
    Ok(count)
}

/// Inserts the keys of a chunk that are not there yet; the digests of those that were not.
async fn insert(
    tx: &mut Tx,
    chunk: &[ImportedKey],
    ids: &HashMap<Name, String>,
) -> Result<HashSet<Vec<u8>>, StoreError> {
    let statement = format!(
        "INSERT INTO keys (id, consumer, digest, hint, description, created_on, expires_on, development) VALUES {}
         ON CONFLICT DO NOTHING RETURNING id, digest",
        tx.places().rows("", chunk.len(), 8)
    );
    let now = tx.now;
    let mut values = Vec::with_capacity(chunk.len() * 8);
    for ImportedKey { bucket, consumer, key } in chunk {
        let owner = ids.get(&(bucket.clone(), consumer.clone()));
        let owner = owner.ok_or_else(|| StoreError::NotFound { kind: "consumer", name: consumer.clone() })?;
        let id = tx.ids.new_id("key");
        values.extend(args![id, owner, key.digest, &key.hint, &key.description, now, key.expires_on, key.development]);
    }
    let rows = tx.rows_made(statement, values, &[Kind::Text, Kind::Bytes]).await.map_err(unavailable)?;
    if rows.is_empty() {
        return Ok(HashSet::new());
    }
    let places = tx.places().rows("'key', ", rows.len(), 2);
    let statement = format!("INSERT INTO changes (kind, subject, digest) VALUES {places}");
    tx.note_made(statement, rows.iter().flatten().cloned().collect()).await?;
    Ok(bytes(rows.into_iter().map(|row| row.into_iter().skip(1).collect()).collect()))
}
