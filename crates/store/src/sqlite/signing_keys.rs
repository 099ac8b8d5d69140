//! Signing keys, sealed by the issuer before they come here.

use tollgate_core::store::{StoreError, StoredSigningKey};
use tollgate_core::time::Timestamp;

use super::SqliteStore;
use crate::error::unavailable;
use crate::schema::rows::SigningKeyRow;
use crate::schema::statements as sql;

pub(super) async fn list(store: &SqliteStore) -> Result<Vec<StoredSigningKey>, StoreError> {
    let rows: Vec<SigningKeyRow> =
        sqlx::query_as(sql::SIGNING_KEYS).fetch_all(store.reader()?).await.map_err(unavailable)?;
    Ok(rows.into_iter().map(StoredSigningKey::from).collect())
}

pub(super) async fn put(
    store: &SqliteStore,
    newest: Option<String>,
    key: StoredSigningKey,
) -> Result<bool, StoreError> {
    let mut transaction = store.write().await?;
    let found: Option<String> =
        sqlx::query_scalar(sql::NEWEST_SIGNING_KEY).fetch_optional(&mut *transaction).await.map_err(unavailable)?;
    if found != newest {
        return Ok(false);
    }
    let put = sqlx::query(sql::PUT_SIGNING_KEY)
        .bind(&key.kid)
        .bind(&key.algorithm)
        .bind(&key.sealed)
        .bind(key.created_on.0)
        .bind(key.active_on.0)
        .bind(key.retired_on.map(|moment| moment.0))
        .bind(key.published_until.map(|moment| moment.0))
        .bind(store.now().0)
        .execute(&mut *transaction)
        .await
        .map_err(unavailable)?;
    if put.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query(sql::NOTE_SIGNING_KEY).bind(&key.kid).execute(&mut *transaction).await.map_err(unavailable)?;
    store.commit(transaction).await?;
    Ok(true)
}

pub(super) async fn prune(store: &SqliteStore, now: Timestamp) -> Result<(), StoreError> {
    let mut transaction = store.write().await?;
    sqlx::query(sql::PRUNE_SIGNING_KEYS).bind(now.0).execute(&mut *transaction).await.map_err(unavailable)?;
    store.commit(transaction).await
}
