//! What a keyring follows.

use std::collections::BTreeSet;

use tollgate_core::store::{KeyChanges, KeySet, StoreError};

use crate::error::unavailable;
use crate::schema::changes::fold;
use crate::schema::rows::{ChangeRow, GrantedKeyRow, digest, grants};
use crate::schema::statements as sql;
use crate::sql::{Tx, args};

/// How many revoked keys a keyring is told about. They only make a refusal's reason in the log
/// more exact: a key that is not among them is refused as unknown.
const REVOKED_KEYS: i64 = 100_000;

pub(crate) async fn key_set(tx: &mut Tx) -> Result<KeySet, StoreError> {
    let sequence = last_sequence(tx).await?;
    let live: Vec<GrantedKeyRow> = tx.all(sql::LIVE_KEYS, args![]).await.map_err(unavailable)?;
    let mut revoked: Vec<(Vec<u8>,)> = tx.all(sql::REVOKED_DIGESTS, args![REVOKED_KEYS]).await.map_err(unavailable)?;
    let quarantined: Vec<(Vec<u8>,)> =
        tx.all(sql::QUARANTINED_DIGESTS, args![REVOKED_KEYS]).await.map_err(unavailable)?;
    revoked.extend(quarantined);
    let revoked = revoked.iter().map(|(bytes,)| digest(bytes)).collect::<Result<_, _>>()?;
    Ok(KeySet { grants: grants(live)?, revoked, sequence })
}

pub(crate) async fn key_changes(tx: &mut Tx, since: i64) -> Result<KeyChanges, StoreError> {
    let sequence = last_sequence(tx).await?;
    if sequence == since {
        return Ok(KeyChanges { incomplete: false, changes: Vec::new(), sequence });
    }
    let (oldest,): (i64,) = tx.one(sql::OLDEST_SEQUENCE, args![]).await.map_err(unavailable)?;
    if since.saturating_add(1) < oldest {
        return Ok(KeyChanges { incomplete: true, changes: Vec::new(), sequence });
    }
    let rows: Vec<ChangeRow> = tx.all(sql::CHANGES, args![since]).await.map_err(unavailable)?;
    let live: Vec<GrantedKeyRow> = tx.all(sql::CHANGED_LIVE_KEYS, args![since]).await.map_err(unavailable)?;
    let revoked: Vec<(String,)> = tx.all(sql::CHANGED_REVOKED_KEYS, args![since]).await.map_err(unavailable)?;
    let revoked: BTreeSet<String> = revoked.into_iter().map(|(id,)| id).collect();
    fold(&rows, grants(live)?, &revoked, sequence)
}

pub(crate) async fn ping(tx: &mut Tx) -> Result<(), StoreError> {
    last_sequence(tx).await.map(drop)
}

async fn last_sequence(tx: &mut Tx) -> Result<i64, StoreError> {
    tx.one(sql::LAST_SEQUENCE, args![]).await.map(|(sequence,)| sequence).map_err(unavailable)
}
