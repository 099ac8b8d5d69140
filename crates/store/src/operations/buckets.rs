//! Buckets.

use tollgate_core::keys::{Bucket, DEFAULT_BUCKET};
use tollgate_core::store::{BucketChange, NewBucket, StoreError};

use super::{detail, text};
use crate::error::{exists, unavailable};
use crate::schema::rows::BucketRow;
use crate::schema::statements as sql;
use crate::sql::{Tx, args};

/// The id of the bucket that is always there.
const DEFAULT_ID: &str = "bkt_default";

pub(super) async fn create(tx: &mut Tx, new: NewBucket) -> Result<Bucket, StoreError> {
    let id = tx.ids.new_id("bkt");
    let values = args![
        &id,
        &new.name,
        &new.description,
        text("a bucket's tags", &new.tags)?,
        text("a bucket's settings", &new.settings)?,
        tx.now,
    ];
    let row: BucketRow =
        tx.one(sql::INSERT_BUCKET, values).await.map_err(|error| exists(error, "bucket", &new.name))?;
    tx.audit("bucket.create", "bucket", &new.name, detail! { "onLeak": new.settings.on_leak.as_str() }).await?;
    row.try_into()
}

/// Makes sure that there is a bucket for a consumer that is being made.
pub(super) async fn ensure(tx: &mut Tx, name: &str) -> Result<(), StoreError> {
    let id = tx.ids.new_id("bkt");
    let made = tx.run(sql::ENSURE_BUCKET, args![id, name, tx.now]).await.map_err(unavailable)?;
    if made > 0 {
        tx.audit("bucket.create", "bucket", name, detail! {}).await?;
    }
    Ok(())
}

pub(super) async fn find(tx: &mut Tx, name: &str) -> Result<Bucket, StoreError> {
    let row: Option<BucketRow> = tx.first(sql::BUCKET, args![name]).await.map_err(unavailable)?;
    row.ok_or_else(|| StoreError::NotFound { kind: "bucket", name: name.to_owned() })?.try_into()
}

pub(super) async fn list(tx: &mut Tx) -> Result<Vec<Bucket>, StoreError> {
    let rows: Vec<BucketRow> = tx.all(sql::BUCKETS, args![]).await.map_err(unavailable)?;
    rows.into_iter().map(Bucket::try_from).collect()
}

pub(super) async fn update(tx: &mut Tx, name: String, change: BucketChange) -> Result<Bucket, StoreError> {
    let old = find(tx, &name).await?;
    if change.if_version.is_some_and(|version| version != old.version) {
        return Err(StoreError::Changed { kind: "bucket", name, found: old.version });
    }
    let description = change.description.unwrap_or(old.description);
    let settings = change.settings.unwrap_or(old.settings);
    let values = args![
        &name,
        description,
        text("a bucket's tags", &change.tags.unwrap_or(old.tags))?,
        text("a bucket's settings", &settings)?,
        tx.now,
    ];
    let row: BucketRow = tx.one(sql::UPDATE_BUCKET, values).await.map_err(unavailable)?;
    tx.audit("bucket.update", "bucket", &name, detail! { "onLeak": settings.on_leak.as_str() }).await?;
    row.try_into()
}

pub(super) async fn delete(tx: &mut Tx, name: String, if_version: Option<u64>) -> Result<(), StoreError> {
    let found = find(tx, &name).await?;
    if if_version.is_some_and(|version| version != found.version) {
        return Err(StoreError::Changed { kind: "bucket", name, found: found.version });
    }
    tx.note(sql::NOTE_KEYS_OF_BUCKET, args![&name]).await?;
    tx.note(sql::NOTE_CONSUMERS_OF_BUCKET, args![&name]).await?;
    let consumers = tx.run(sql::DELETE_CONSUMERS_OF_BUCKET, args![&name]).await.map_err(unavailable)?;
    tx.run(sql::DELETE_BUCKET, args![&name]).await.map_err(unavailable)?;
    if name == DEFAULT_BUCKET {
        tx.run(sql::ENSURE_BUCKET, args![DEFAULT_ID, DEFAULT_BUCKET, tx.now]).await.map_err(unavailable)?;
    }
    tx.audit("bucket.delete", "bucket", &name, detail! { "consumers": consumers }).await
}
