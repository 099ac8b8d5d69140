//! Consumers.

use std::collections::BTreeMap;

use tollgate_core::keys::Consumer;
use tollgate_core::store::{ConsumerChange, ConsumerQuery, Managed, Member, NewConsumer, NewMember, Page, StoreError};

use super::{buckets, detail, keys, managers, text};
use crate::error::{exists, unavailable};
use crate::schema::rows::ConsumerRow;
use crate::schema::statements as sql;
use crate::sql::{Tx, args};

/// How many rows are looked at together where tags decide which are wanted.
const CHUNK: i64 = 1000;

pub(super) async fn create(tx: &mut Tx, new: NewConsumer) -> Result<Consumer, StoreError> {
    buckets::ensure(tx, &new.bucket).await?;
    let id = tx.ids.new_id("con");
    let values = args![
        &id,
        &new.bucket,
        &new.name,
        new.metadata.to_string(),
        text("a consumer's tags", &new.tags)?,
        tx.now,
        &new.description
    ];
    let row: ConsumerRow =
        tx.one(sql::INSERT_CONSUMER, values).await.map_err(|error| exists(error, "consumer", &new.name))?;
    tx.note(sql::NOTE_CONSUMER, args![&id]).await?;
    tx.audit("consumer.create", "consumer", &id, detail! { "bucket": new.bucket, "name": new.name }).await?;
    row.try_into()
}

pub(super) async fn create_members(tx: &mut Tx, new: Vec<NewMember>) -> Result<Vec<Member>, StoreError> {
    let mut members = Vec::with_capacity(new.len());
    for NewMember { consumer, keys: new_keys, managers: new_managers } in new {
        let consumer = create(tx, consumer).await?;
        let mut made_keys = Vec::with_capacity(new_keys.len());
        for key in &new_keys {
            made_keys.push(keys::insert(tx, &consumer, key, "key.create").await?);
        }
        let mut made_managers = Vec::with_capacity(new_managers.len());
        for manager in new_managers {
            let of = Managed::Consumer(&consumer.bucket, &consumer.name);
            made_managers.push(managers::add(tx, of, manager).await?);
        }
        members.push(Member { consumer, keys: made_keys, managers: made_managers });
    }
    Ok(members)
}

pub(super) async fn find(tx: &mut Tx, bucket: &str, name: &str) -> Result<Consumer, StoreError> {
    let row: Option<ConsumerRow> = tx.first(sql::CONSUMER, args![bucket, name]).await.map_err(unavailable)?;
    row.ok_or_else(|| StoreError::NotFound { kind: "consumer", name: name.to_owned() })?.try_into()
}

pub(super) async fn find_by_id(tx: &mut Tx, id: String) -> Result<Consumer, StoreError> {
    let row: Option<ConsumerRow> = tx.first(sql::CONSUMER_BY_ID, args![&id]).await.map_err(unavailable)?;
    row.ok_or(StoreError::NotFound { kind: "consumer", name: id })?.try_into()
}

pub(super) async fn list(
    tx: &mut Tx,
    bucket: Option<String>,
    tags: BTreeMap<String, String>,
) -> Result<Vec<Consumer>, StoreError> {
    let rows: Vec<ConsumerRow> = match bucket {
        None => tx.all(sql::CONSUMERS, args![]).await,
        Some(bucket) => tx.all(sql::CONSUMERS_OF_BUCKET, args![bucket]).await,
    }
    .map_err(unavailable)?;
    let mut consumers = Vec::with_capacity(rows.len());
    for row in rows {
        let consumer = Consumer::try_from(row)?;
        if has_tags(&consumer, &tags) {
            consumers.push(consumer);
        }
    }
    Ok(consumers)
}

pub(super) async fn page(tx: &mut Tx, query: ConsumerQuery) -> Result<Page<Consumer>, StoreError> {
    let manager = query.manager.map(|email| email.to_lowercase());
    let (mut bucket, mut name) = query.after.unwrap_or_default();
    let mut skipped = 0;
    let mut items = Vec::new();
    loop {
        let values = args![&bucket, &name, &query.bucket, &manager, CHUNK];
        let rows: Vec<ConsumerRow> = tx.all(sql::CONSUMER_PAGE, values).await.map_err(unavailable)?;
        let last = i64::try_from(rows.len()).unwrap_or(CHUNK) < CHUNK;
        for row in rows {
            let consumer = Consumer::try_from(row)?;
            (bucket, name) = (consumer.bucket.to_string(), consumer.name.to_string());
            if !has_tags(&consumer, &query.tags) {
                continue;
            }
            if skipped < query.offset {
                skipped += 1;
            } else if items.len() < query.limit {
                items.push(consumer);
            } else {
                return Ok(Page { items, more: true });
            }
        }
        if last {
            return Ok(Page { items, more: false });
        }
    }
}

fn has_tags(consumer: &Consumer, tags: &BTreeMap<String, String>) -> bool {
    tags.iter().all(|(name, value)| consumer.tags.get(name) == Some(value))
}

pub(super) async fn update(
    tx: &mut Tx,
    bucket: String,
    name: String,
    change: ConsumerChange,
) -> Result<Consumer, StoreError> {
    let old = find(tx, &bucket, &name).await?;
    if change.if_version.is_some_and(|version| version != old.version) {
        return Err(StoreError::Changed { kind: "consumer", name, found: old.version });
    }
    let tags = change.tags.as_ref().map(|tags| text("a consumer's tags", tags)).transpose()?;
    let mut changed = Vec::new();
    if change.description.is_some() {
        changed.push("description");
    }
    let description = change.description.unwrap_or(old.description);
    if change.metadata.is_some() {
        changed.push("metadata");
    }
    if tags.is_some() {
        changed.push("tags");
    }
    let values = args![&old.id, change.metadata.map(|metadata| metadata.to_string()), tags, tx.now, description];
    let row: ConsumerRow = tx.one(sql::UPDATE_CONSUMER, values).await.map_err(unavailable)?;
    tx.note(sql::NOTE_CONSUMER, args![&old.id]).await?;
    // What metadata says may be personal: the log has that it changed, not what it was.
    let detail = detail! { "bucket": bucket, "name": name, "changed": changed };
    tx.audit("consumer.update", "consumer", &old.id, detail).await?;
    row.try_into()
}

pub(super) async fn delete(
    tx: &mut Tx,
    bucket: String,
    name: String,
    if_version: Option<u64>,
) -> Result<(), StoreError> {
    let consumer = find(tx, &bucket, &name).await?;
    if if_version.is_some_and(|version| version != consumer.version) {
        return Err(StoreError::Changed { kind: "consumer", name, found: consumer.version });
    }
    tx.note(sql::NOTE_KEYS_OF_CONSUMER, args![&consumer.id]).await?;
    tx.note(sql::NOTE_CONSUMER, args![&consumer.id]).await?;
    tx.run(sql::DELETE_CONSUMER, args![&consumer.id]).await.map_err(unavailable)?;
    tx.audit("consumer.delete", "consumer", &consumer.id, detail! { "bucket": bucket, "name": name }).await
}
