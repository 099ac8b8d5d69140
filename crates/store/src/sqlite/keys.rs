//! Keys, and what a keyring reads of them.

use std::collections::BTreeSet;

use sqlx::{Sqlite, SqliteConnection};
use tollgate_core::keys::{Consumer, Key};
use tollgate_core::store::{KeyChanges, KeySet, NewKey, OwnedKey, StoreError};
use tollgate_core::time::Timestamp;

use super::{SqliteStore, consumers};
use crate::error::{exists, unavailable};
use crate::schema::changes::fold;
use crate::schema::rows::{ChangeRow, KeyRow, OwnedKeyRow, digest, grants};
use crate::schema::statements as sql;

/// How many revoked keys a keyring is told about. They only make a refusal's reason in the log
/// more exact: a key that is not among them is refused as unknown.
const REVOKED_KEYS: i64 = 100_000;

pub(super) async fn create(
    store: &SqliteStore,
    bucket: String,
    consumer: String,
    new: NewKey,
) -> Result<Key, StoreError> {
    let mut transaction = store.write().await?;
    let consumer = Consumer::try_from(consumers::row(&mut *transaction, &bucket, &consumer).await?)?;
    let key = insert(store, &mut transaction, &consumer.id, &new).await?;
    store.commit(transaction).await?;
    Ok(key)
}

pub(super) async fn list(store: &SqliteStore, consumer: Option<(String, String)>) -> Result<Vec<OwnedKey>, StoreError> {
    let mut transaction = store.read().await?;
    let rows: Vec<OwnedKeyRow> = match consumer {
        None => sqlx::query_as(sql::KEYS).fetch_all(&mut *transaction).await,
        Some((bucket, name)) => {
            let consumer = Consumer::try_from(consumers::row(&mut *transaction, &bucket, &name).await?)?;
            sqlx::query_as(sql::KEYS_OF_CONSUMER).bind(&*consumer.id).fetch_all(&mut *transaction).await
        }
    }
    .map_err(unavailable)?;
    rows.into_iter().map(OwnedKey::try_from).collect()
}

pub(super) async fn find(store: &SqliteStore, id: String) -> Result<OwnedKey, StoreError> {
    let row: Option<OwnedKeyRow> =
        sqlx::query_as(sql::KEY).bind(&id).fetch_optional(store.reader()?).await.map_err(unavailable)?;
    row.ok_or_else(|| not_found(&id))?.try_into()
}

pub(super) async fn revoke(store: &SqliteStore, id: String) -> Result<Key, StoreError> {
    let mut transaction = store.write().await?;
    let revoked = sqlx::query(sql::REVOKE_KEY)
        .bind(&id)
        .bind(store.now().0)
        .execute(&mut *transaction)
        .await
        .map_err(unavailable)?;
    let row = bare(&mut transaction, &id).await?;
    if revoked.rows_affected() > 0 {
        note(&mut transaction, &id, &row.digest()?.0).await?;
    }
    store.commit(transaction).await?;
    Ok(row.into())
}

pub(super) async fn roll(
    store: &SqliteStore,
    id: String,
    old_expires_on: Timestamp,
    new: NewKey,
) -> Result<Key, StoreError> {
    let mut transaction = store.write().await?;
    let old = bare(&mut transaction, &id).await?;
    sqlx::query(sql::EXPIRE_KEY)
        .bind(&id)
        .bind(old_expires_on.0)
        .execute(&mut *transaction)
        .await
        .map_err(unavailable)?;
    note(&mut transaction, &id, &old.digest()?.0).await?;
    let key = insert(store, &mut transaction, old.consumer(), &new).await?;
    store.commit(transaction).await?;
    Ok(key)
}

pub(super) async fn set(store: &SqliteStore) -> Result<KeySet, StoreError> {
    let mut transaction = store.read().await?;
    let sequence = last_sequence(&mut transaction).await?;
    let live: Vec<OwnedKeyRow> =
        sqlx::query_as(sql::LIVE_KEYS).fetch_all(&mut *transaction).await.map_err(unavailable)?;
    let revoked: Vec<Vec<u8>> = sqlx::query_scalar(sql::REVOKED_DIGESTS)
        .bind(REVOKED_KEYS)
        .fetch_all(&mut *transaction)
        .await
        .map_err(unavailable)?;
    let revoked = revoked.iter().map(|bytes| digest(bytes)).collect::<Result<_, _>>()?;
    Ok(KeySet { grants: grants(live)?, revoked, sequence })
}

pub(super) async fn changes(store: &SqliteStore, since: i64) -> Result<KeyChanges, StoreError> {
    let mut transaction = store.read().await?;
    let sequence = last_sequence(&mut transaction).await?;
    if sequence == since {
        return Ok(KeyChanges { incomplete: false, changes: Vec::new(), sequence });
    }
    let oldest: i64 =
        sqlx::query_scalar(sql::OLDEST_SEQUENCE).fetch_one(&mut *transaction).await.map_err(unavailable)?;
    if since.saturating_add(1) < oldest {
        return Ok(KeyChanges { incomplete: true, changes: Vec::new(), sequence });
    }
    let rows: Vec<ChangeRow> =
        sqlx::query_as(sql::CHANGES).bind(since).fetch_all(&mut *transaction).await.map_err(unavailable)?;
    let live: Vec<OwnedKeyRow> =
        sqlx::query_as(sql::CHANGED_LIVE_KEYS).bind(since).fetch_all(&mut *transaction).await.map_err(unavailable)?;
    let revoked: Vec<String> = sqlx::query_scalar(sql::CHANGED_REVOKED_KEYS)
        .bind(since)
        .fetch_all(&mut *transaction)
        .await
        .map_err(unavailable)?;
    fold(&rows, grants(live)?, &revoked.into_iter().collect::<BTreeSet<_>>(), sequence)
}

pub(super) async fn ping(store: &SqliteStore) -> Result<(), StoreError> {
    let mut transaction = store.read().await?;
    last_sequence(&mut transaction).await.map(drop)
}

async fn last_sequence(connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    sqlx::query_scalar(sql::LAST_SEQUENCE).fetch_one(connection).await.map_err(unavailable)
}

async fn insert(
    store: &SqliteStore,
    connection: &mut SqliteConnection,
    consumer: &str,
    new: &NewKey,
) -> Result<Key, StoreError> {
    let id = store.ids.key();
    sqlx::query::<Sqlite>(sql::INSERT_KEY)
        .bind(&id)
        .bind(consumer)
        .bind(&new.digest.0[..])
        .bind(&new.hint)
        .bind(&new.description)
        .bind(store.now().0)
        .bind(new.expires_on.map(|moment| moment.0))
        .bind(i64::from(new.development))
        .execute(&mut *connection)
        .await
        .map_err(|error| exists(error, "key", &new.hint))?;
    note(connection, &id, &new.digest.0).await?;
    bare(connection, &id).await.map(Key::from)
}

async fn bare(connection: &mut SqliteConnection, id: &str) -> Result<KeyRow, StoreError> {
    let row: Option<KeyRow> =
        sqlx::query_as(sql::BARE_KEY).bind(id).fetch_optional(connection).await.map_err(unavailable)?;
    row.ok_or_else(|| not_found(id))
}

async fn note(connection: &mut SqliteConnection, id: &str, digest: &[u8]) -> Result<(), StoreError> {
    sqlx::query(sql::NOTE_KEY).bind(id).bind(digest).execute(connection).await.map_err(unavailable)?;
    Ok(())
}

fn not_found(id: &str) -> StoreError {
    StoreError::NotFound { kind: "key", name: id.to_owned() }
}
