//! Keys.

use tollgate_core::keys::{Consumer, Key, KeyDigest};
use tollgate_core::later::BoxFuture;
use tollgate_core::store::{
    ImportedKey, KeyUpdate, Keys, KeysOf, Leak, LeakReport, NewKey, OwnedKey, Page, StoreError,
};
use tollgate_core::time::Timestamp;

use super::{buckets, consumers, detail, import, leaks};
use crate::error::{exists, unavailable};
use crate::schema::rows::{KeyRow, OwnedKeyRow, digest};
use crate::schema::statements as sql;
use crate::sql::{Tx, args};
use crate::sql_store::SqlStore;

/// Adds a key and says so everywhere.
pub(super) async fn insert(
    tx: &mut Tx,
    consumer: &Consumer,
    new: &NewKey,
    action: &'static str,
) -> Result<Key, StoreError> {
    let id = tx.ids.new_id("key");
    tx.run(sql::INSERT_KEY, row_of(&id, &consumer.id, new, tx.now))
        .await
        .map_err(|error| exists(error, "key", &new.hint))?;
    tx.note(sql::NOTE_KEY, args![&id, new.digest]).await?;
    tx.audit(action, "key", &id, about(consumer, new)).await?;
    bare(tx, &id).await.map(Key::from)
}

fn row_of(id: &str, consumer: &str, new: &NewKey, now: Timestamp) -> Vec<crate::sql::Value> {
    args![id, consumer, new.digest, &new.hint, &new.description, now, new.expires_on, new.development]
}

fn about(consumer: &Consumer, new: &NewKey) -> super::Detail {
    detail! {
        "bucket": &*consumer.bucket,
        "consumer": &*consumer.name,
        "hint": new.hint,
        "expiresOn": new.expires_on.map(Timestamp::rfc3339),
    }
}

async fn create(tx: &mut Tx, bucket: String, consumer: String, new: NewKey) -> Result<Key, StoreError> {
    let consumer = consumers::find(tx, &bucket, &consumer).await?;
    insert(tx, &consumer, &new, "key.create").await
}

async fn list(tx: &mut Tx, consumer: Option<(String, String)>) -> Result<Vec<OwnedKey>, StoreError> {
    let rows: Vec<OwnedKeyRow> = match consumer {
        None => tx.all(sql::KEYS, args![]).await,
        Some((bucket, name)) => {
            let consumer = consumers::find(tx, &bucket, &name).await?;
            tx.all(sql::KEYS_OF_CONSUMER, args![&consumer.id]).await
        }
    }
    .map_err(unavailable)?;
    rows.into_iter().map(OwnedKey::try_from).collect()
}

async fn page(tx: &mut Tx, of: Option<OwnedKeysOf>, after: String, limit: usize) -> Result<Page<OwnedKey>, StoreError> {
    let (consumer, bucket) = match of {
        None => (None, None),
        Some(OwnedKeysOf::Bucket(bucket)) => (None, Some(buckets::find(tx, &bucket).await?.name)),
        Some(OwnedKeysOf::Consumer(bucket, name)) => {
            (Some(consumers::find(tx, &bucket, &name).await?.id.to_string()), None)
        }
    };
    let one_more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut rows: Vec<OwnedKeyRow> =
        tx.all(sql::KEY_PAGE, args![after, consumer, bucket, one_more]).await.map_err(unavailable)?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    Ok(Page { items: rows.into_iter().map(OwnedKey::try_from).collect::<Result<_, _>>()?, more })
}

pub(super) async fn find(tx: &mut Tx, id: &str) -> Result<OwnedKey, StoreError> {
    owned(tx, id).await?.try_into()
}

async fn owned(tx: &mut Tx, id: &str) -> Result<OwnedKeyRow, StoreError> {
    let row: Option<OwnedKeyRow> = tx.first(sql::KEY, args![id]).await.map_err(unavailable)?;
    row.ok_or_else(|| not_found(id))
}

pub(super) async fn by_digest(tx: &mut Tx, digest: KeyDigest) -> Result<Option<OwnedKey>, StoreError> {
    let row: Option<OwnedKeyRow> = tx.first(sql::KEY_BY_DIGEST, args![digest]).await.map_err(unavailable)?;
    row.map(OwnedKey::try_from).transpose()
}

async fn update(tx: &mut Tx, id: String, change: KeyUpdate) -> Result<Key, StoreError> {
    let row = owned(tx, &id).await?;
    let digest = row.digest()?;
    let old = OwnedKey::try_from(row)?;
    let description = change.description.unwrap_or_else(|| old.key.description.clone());
    let expires_on = change.expires_on.unwrap_or(old.key.expires_on);
    tx.run(sql::UPDATE_KEY, args![&id, description, expires_on]).await.map_err(unavailable)?;
    note(tx, &id, digest).await?;
    let detail = detail! {
        "bucket": &*old.consumer.bucket,
        "consumer": &*old.consumer.name,
        "expiresOn": expires_on.map(Timestamp::rfc3339),
    };
    tx.audit("key.update", "key", &id, detail).await?;
    bare(tx, &id).await.map(Key::from)
}

/// Runs a statement that ends or revives a key (id, moment), and says so where it did something.
async fn turn(tx: &mut Tx, id: &str, statement: &'static str, action: &'static str) -> Result<Key, StoreError> {
    let row = owned(tx, id).await?;
    let digest = row.digest()?;
    let old = OwnedKey::try_from(row)?;
    let values = if statement == sql::RELEASE_KEY { args![id] } else { args![id, tx.now] };
    if tx.run(statement, values).await.map_err(unavailable)? > 0 {
        note(tx, id, digest).await?;
        let detail = detail! { "bucket": &*old.consumer.bucket, "consumer": &*old.consumer.name };
        tx.audit(action, "key", id, detail).await?;
    }
    bare(tx, id).await.map(Key::from)
}

pub(super) async fn revoke(tx: &mut Tx, id: &str) -> Result<Key, StoreError> {
    turn(tx, id, sql::REVOKE_KEY, "key.revoke").await
}

pub(super) async fn quarantine(tx: &mut Tx, id: &str) -> Result<Key, StoreError> {
    turn(tx, id, sql::QUARANTINE_KEY, "key.quarantine").await
}

async fn revoke_all(tx: &mut Tx, of: OwnedKeysOf) -> Result<u64, StoreError> {
    let (notes, revoke, subject, kind, target) = match of {
        OwnedKeysOf::Consumer(bucket, name) => {
            let id = consumers::find(tx, &bucket, &name).await?.id.to_string();
            (sql::NOTE_KEYS_OF_CONSUMER, sql::REVOKE_KEYS_OF_CONSUMER, id.clone(), "consumer", id)
        }
        OwnedKeysOf::Bucket(bucket) => {
            let name = buckets::find(tx, &bucket).await?.name;
            (sql::NOTE_KEYS_OF_BUCKET, sql::REVOKE_KEYS_OF_BUCKET, name.clone(), "bucket", name)
        }
    };
    tx.note(notes, args![&subject]).await?;
    let revoked = tx.run(revoke, args![&subject, tx.now]).await.map_err(unavailable)?;
    tx.audit("key.revoke-all", kind, &target, detail! { "keys": revoked }).await?;
    Ok(revoked)
}

async fn delete(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    let row = owned(tx, id).await?;
    let digest = row.digest()?;
    let old = OwnedKey::try_from(row)?;
    tx.run(sql::DELETE_KEY, args![id]).await.map_err(unavailable)?;
    note(tx, id, digest).await?;
    let detail = detail! {
        "bucket": &*old.consumer.bucket,
        "consumer": &*old.consumer.name,
        "hint": old.key.hint,
    };
    tx.audit("key.delete", "key", id, detail).await
}

async fn roll(tx: &mut Tx, id: String, old_expires_on: Timestamp, new: NewKey) -> Result<Key, StoreError> {
    let row = owned(tx, &id).await?;
    let digest = row.digest()?;
    let consumer = OwnedKey::try_from(row)?.consumer;
    expire(tx, &id, digest, old_expires_on).await?;
    insert(tx, &consumer, &new, "key.create").await
}

async fn roll_all(
    tx: &mut Tx,
    bucket: String,
    consumer: String,
    old_expires_on: Timestamp,
    new: NewKey,
) -> Result<Key, StoreError> {
    let consumer = consumers::find(tx, &bucket, &consumer).await?;
    let old: Vec<(String, Vec<u8>)> =
        tx.all(sql::KEYS_THAT_OUTLIVE, args![&consumer.id, old_expires_on]).await.map_err(unavailable)?;
    for (id, bytes) in old {
        expire(tx, &id, digest(&bytes)?, old_expires_on).await?;
    }
    insert(tx, &consumer, &new, "key.create").await
}

async fn expire(tx: &mut Tx, id: &str, digest: KeyDigest, on: Timestamp) -> Result<(), StoreError> {
    tx.run(sql::EXPIRE_KEY, args![id, on]).await.map_err(unavailable)?;
    note(tx, id, digest).await?;
    tx.audit("key.roll", "key", id, detail! { "expiresOn": on.rfc3339() }).await
}

async fn bare(tx: &mut Tx, id: &str) -> Result<KeyRow, StoreError> {
    let row: Option<KeyRow> = tx.first(sql::BARE_KEY, args![id]).await.map_err(unavailable)?;
    row.ok_or_else(|| not_found(id))
}

async fn note(tx: &mut Tx, id: &str, digest: KeyDigest) -> Result<(), StoreError> {
    tx.note(sql::NOTE_KEY, args![id, digest]).await
}

fn not_found(id: &str) -> StoreError {
    StoreError::NotFound { kind: "key", name: id.to_owned() }
}

/// Whose keys are meant, by names of its own.
enum OwnedKeysOf {
    Consumer(String, String),
    Bucket(String),
}

impl From<KeysOf<'_>> for OwnedKeysOf {
    fn from(of: KeysOf<'_>) -> Self {
        match of {
            KeysOf::Consumer(bucket, name) => Self::Consumer(bucket.to_owned(), name.to_owned()),
            KeysOf::Bucket(bucket) => Self::Bucket(bucket.to_owned()),
        }
    }
}

impl Keys for SqlStore {
    fn create_key(&self, bucket: &str, consumer: &str, new: NewKey) -> BoxFuture<'_, Result<Key, StoreError>> {
        let (bucket, consumer) = (bucket.to_owned(), consumer.to_owned());
        Box::pin(self.change(move |tx| Box::pin(create(tx, bucket, consumer, new))))
    }

    fn import_keys(
        &self,
        keys: Vec<ImportedKey>,
        dry_run: bool,
    ) -> BoxFuture<'_, Result<Vec<Result<(), StoreError>>, StoreError>> {
        if dry_run {
            Box::pin(self.read_much(move |tx| Box::pin(import::rehearse(tx, keys))))
        } else {
            Box::pin(self.change_much(move |tx| Box::pin(import::keep(tx, keys))))
        }
    }

    fn keys(&self, consumer: Option<(&str, &str)>) -> BoxFuture<'_, Result<Vec<OwnedKey>, StoreError>> {
        let consumer = consumer.map(|(bucket, name)| (bucket.to_owned(), name.to_owned()));
        Box::pin(self.read_much(move |tx| Box::pin(list(tx, consumer))))
    }

    fn key_page(
        &self,
        of: Option<KeysOf<'_>>,
        after: Option<&str>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Page<OwnedKey>, StoreError>> {
        let (of, after) = (of.map(OwnedKeysOf::from), after.unwrap_or_default().to_owned());
        Box::pin(self.read_much(move |tx| Box::pin(page(tx, of, after, limit))))
    }

    fn key(&self, id: &str) -> BoxFuture<'_, Result<OwnedKey, StoreError>> {
        let id = id.to_owned();
        Box::pin(self.read(move |tx| Box::pin(async move { find(tx, &id).await })))
    }

    fn key_by_digest(&self, digest: KeyDigest) -> BoxFuture<'_, Result<Option<OwnedKey>, StoreError>> {
        Box::pin(self.read(move |tx| Box::pin(by_digest(tx, digest))))
    }

    fn update_key(&self, id: &str, change: KeyUpdate) -> BoxFuture<'_, Result<Key, StoreError>> {
        let id = id.to_owned();
        Box::pin(self.change(move |tx| Box::pin(update(tx, id, change))))
    }

    fn revoke_key(&self, id: &str) -> BoxFuture<'_, Result<Key, StoreError>> {
        let id = id.to_owned();
        Box::pin(self.change(move |tx| Box::pin(async move { revoke(tx, &id).await })))
    }

    fn revoke_keys(&self, of: KeysOf<'_>) -> BoxFuture<'_, Result<u64, StoreError>> {
        let of = OwnedKeysOf::from(of);
        Box::pin(self.change_much(move |tx| Box::pin(revoke_all(tx, of))))
    }

    fn quarantine_key(&self, id: &str) -> BoxFuture<'_, Result<Key, StoreError>> {
        let id = id.to_owned();
        Box::pin(self.change(move |tx| Box::pin(async move { quarantine(tx, &id).await })))
    }

    fn release_key(&self, id: &str) -> BoxFuture<'_, Result<Key, StoreError>> {
        let id = id.to_owned();
        Box::pin(self.change(move |tx| Box::pin(async move { turn(tx, &id, sql::RELEASE_KEY, "key.release").await })))
    }

    fn delete_key(&self, id: &str) -> BoxFuture<'_, Result<(), StoreError>> {
        let id = id.to_owned();
        Box::pin(self.change(move |tx| Box::pin(async move { delete(tx, &id).await })))
    }

    fn roll_key(&self, id: &str, old_expires_on: Timestamp, new: NewKey) -> BoxFuture<'_, Result<Key, StoreError>> {
        let id = id.to_owned();
        Box::pin(self.change(move |tx| Box::pin(roll(tx, id, old_expires_on, new))))
    }

    fn roll_keys(
        &self,
        bucket: &str,
        consumer: &str,
        old_expires_on: Timestamp,
        new: NewKey,
    ) -> BoxFuture<'_, Result<Key, StoreError>> {
        let (bucket, consumer) = (bucket.to_owned(), consumer.to_owned());
        Box::pin(self.change(move |tx| Box::pin(roll_all(tx, bucket, consumer, old_expires_on, new))))
    }

    fn report_leak(&self, digest: KeyDigest, report: LeakReport) -> BoxFuture<'_, Result<Option<Leak>, StoreError>> {
        Box::pin(self.change(move |tx| Box::pin(leaks::report(tx, digest, report))))
    }
}
