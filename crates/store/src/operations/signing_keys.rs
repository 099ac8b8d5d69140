//! Signing keys, sealed by the issuer before they come here, and the secrets that nodes share.

use tollgate_core::later::BoxFuture;
use tollgate_core::store::{SigningKeys, StoreError, StoredSigningKey};
use tollgate_core::time::Timestamp;

use super::detail;
use crate::error::unavailable;
use crate::schema::rows::SigningKeyRow;
use crate::schema::statements as sql;
use crate::sql::{Tx, args};
use crate::sql_store::SqlStore;

async fn list(tx: &mut Tx) -> Result<Vec<StoredSigningKey>, StoreError> {
    let rows: Vec<SigningKeyRow> = tx.all(sql::SIGNING_KEYS, args![]).await.map_err(unavailable)?;
    Ok(rows.into_iter().map(StoredSigningKey::from).collect())
}

/// Whether the newest key is this one.
async fn is_newest(tx: &mut Tx, kid: Option<&str>) -> Result<bool, StoreError> {
    let found: Option<(String,)> = tx.first(sql::NEWEST_SIGNING_KEY, args![]).await.map_err(unavailable)?;
    Ok(found.as_ref().map(|(kid,)| kid.as_str()) == kid)
}

async fn add(tx: &mut Tx, newest: Option<String>, key: StoredSigningKey) -> Result<bool, StoreError> {
    if !is_newest(tx, newest.as_deref()).await? {
        return Ok(false);
    }
    let values = args![
        &key.kid,
        &key.algorithm,
        key.sealed,
        key.created_on,
        key.active_on,
        key.retired_on,
        key.published_until,
    ];
    if tx.run(sql::ADD_SIGNING_KEY, values).await.map_err(unavailable)? == 0 {
        return Ok(false);
    }
    tx.note(sql::NOTE_SIGNING_KEY, args![&key.kid]).await?;
    let detail = detail! { "algorithm": key.algorithm, "activeOn": key.active_on.rfc3339() };
    tx.audit("signing-key.create", "signing-key", &key.kid, detail).await?;
    Ok(true)
}

async fn change(tx: &mut Tx, newest: String, key: StoredSigningKey) -> Result<bool, StoreError> {
    if !is_newest(tx, Some(&newest)).await? {
        return Ok(false);
    }
    let values = args![&key.kid, key.active_on, key.retired_on, key.published_until, tx.now];
    if tx.run(sql::CHANGE_SIGNING_KEY, values).await.map_err(unavailable)? == 0 {
        return Ok(false);
    }
    tx.note(sql::NOTE_SIGNING_KEY, args![&key.kid]).await?;
    // Moments that move by themselves are no change that anybody made.
    if key.published_until.is_some_and(|until| until <= tx.now) {
        tx.audit("signing-key.withdraw", "signing-key", &key.kid, detail! {}).await?;
    }
    Ok(true)
}

async fn prune(tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
    tx.run(sql::PRUNE_SIGNING_KEYS, args![now]).await.map_err(unavailable)?;
    Ok(())
}

async fn secret(tx: &mut Tx, name: String, proposal: Vec<u8>) -> Result<Vec<u8>, StoreError> {
    tx.run(sql::PROPOSE_SECRET, args![&name, proposal]).await.map_err(unavailable)?;
    tx.one(sql::SECRET, args![name]).await.map(|(value,)| value).map_err(unavailable)
}

impl SigningKeys for SqlStore {
    fn signing_keys(&self) -> BoxFuture<'_, Result<Vec<StoredSigningKey>, StoreError>> {
        Box::pin(self.read(|tx| Box::pin(list(tx))))
    }

    fn add_signing_key(&self, newest: Option<&str>, key: StoredSigningKey) -> BoxFuture<'_, Result<bool, StoreError>> {
        let newest = newest.map(str::to_owned);
        Box::pin(self.change(move |tx| Box::pin(add(tx, newest, key))))
    }

    fn change_signing_key(&self, newest: &str, key: StoredSigningKey) -> BoxFuture<'_, Result<bool, StoreError>> {
        let newest = newest.to_owned();
        Box::pin(self.change(move |tx| Box::pin(change(tx, newest, key))))
    }

    fn prune_signing_keys(&self, now: Timestamp) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.change(move |tx| Box::pin(prune(tx, now))))
    }

    fn shared_secret(&self, name: &str, proposal: Vec<u8>) -> BoxFuture<'_, Result<Vec<u8>, StoreError>> {
        let name = name.to_owned();
        Box::pin(self.change(move |tx| Box::pin(secret(tx, name, proposal))))
    }

    fn signing_keys_changed(&self) -> BoxFuture<'_, ()> {
        self.wait()
    }
}
