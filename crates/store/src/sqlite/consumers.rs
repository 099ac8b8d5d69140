//! Consumers.

use std::collections::BTreeMap;

use sqlx::{Sqlite, SqliteExecutor};
use tollgate_core::keys::Consumer;
use tollgate_core::store::{ConsumerChange, NewConsumer, StoreError};

use super::SqliteStore;
use crate::error::{exists, unavailable, unreadable};
use crate::schema::rows::ConsumerRow;
use crate::schema::statements as sql;

pub(super) async fn create(store: &SqliteStore, new: NewConsumer) -> Result<Consumer, StoreError> {
    let mut transaction = store.write().await?;
    let id = store.ids.consumer();
    let row: ConsumerRow = sqlx::query_as::<Sqlite, _>(sql::INSERT_CONSUMER)
        .bind(&id)
        .bind(&new.bucket)
        .bind(&new.name)
        .bind(new.metadata.to_string())
        .bind(tags_text(&new.tags)?)
        .bind(store.now().0)
        .fetch_one(&mut *transaction)
        .await
        .map_err(|error| exists(error, "consumer", &new.name))?;
    note(&mut *transaction, &id).await?;
    store.commit(transaction).await?;
    row.try_into()
}

pub(super) async fn find(store: &SqliteStore, bucket: String, name: String) -> Result<Consumer, StoreError> {
    row(store.reader()?, &bucket, &name).await?.try_into()
}

pub(super) async fn list(
    store: &SqliteStore,
    bucket: Option<String>,
    tags: BTreeMap<String, String>,
) -> Result<Vec<Consumer>, StoreError> {
    let rows: Vec<ConsumerRow> = match bucket {
        None => sqlx::query_as(sql::CONSUMERS).fetch_all(store.reader()?).await,
        Some(bucket) => sqlx::query_as(sql::CONSUMERS_OF_BUCKET).bind(bucket).fetch_all(store.reader()?).await,
    }
    .map_err(unavailable)?;
    let mut consumers = Vec::with_capacity(rows.len());
    for row in rows {
        let consumer = Consumer::try_from(row)?;
        if tags.iter().all(|(name, value)| consumer.tags.get(name) == Some(value)) {
            consumers.push(consumer);
        }
    }
    Ok(consumers)
}

pub(super) async fn update(
    store: &SqliteStore,
    bucket: String,
    name: String,
    change: ConsumerChange,
) -> Result<Consumer, StoreError> {
    let mut transaction = store.write().await?;
    let old = Consumer::try_from(row(&mut *transaction, &bucket, &name).await?)?;
    let tags = change.tags.as_ref().map(tags_text).transpose()?;
    let row: ConsumerRow = sqlx::query_as::<Sqlite, _>(sql::UPDATE_CONSUMER)
        .bind(&*old.id)
        .bind(change.metadata.map(|metadata| metadata.to_string()))
        .bind(tags)
        .bind(store.now().0)
        .fetch_one(&mut *transaction)
        .await
        .map_err(unavailable)?;
    note(&mut *transaction, &old.id).await?;
    store.commit(transaction).await?;
    row.try_into()
}

pub(super) async fn delete(store: &SqliteStore, bucket: String, name: String) -> Result<(), StoreError> {
    let mut transaction = store.write().await?;
    let consumer = Consumer::try_from(row(&mut *transaction, &bucket, &name).await?)?;
    for statement in [sql::NOTE_KEYS_OF_CONSUMER, sql::NOTE_CONSUMER, sql::DELETE_CONSUMER] {
        sqlx::query(statement).bind(&*consumer.id).execute(&mut *transaction).await.map_err(unavailable)?;
    }
    store.commit(transaction).await
}

/// A consumer's row, or that there is none.
pub(super) async fn row(
    executor: impl SqliteExecutor<'_>,
    bucket: &str,
    name: &str,
) -> Result<ConsumerRow, StoreError> {
    sqlx::query_as(sql::CONSUMER)
        .bind(bucket)
        .bind(name)
        .fetch_optional(executor)
        .await
        .map_err(unavailable)?
        .ok_or_else(|| StoreError::NotFound { kind: "consumer", name: name.to_owned() })
}

async fn note(executor: impl SqliteExecutor<'_>, id: &str) -> Result<(), StoreError> {
    sqlx::query(sql::NOTE_CONSUMER).bind(id).execute(executor).await.map_err(unavailable)?;
    Ok(())
}

fn tags_text(tags: &BTreeMap<String, String>) -> Result<String, StoreError> {
    serde_json::to_string(tags).map_err(|error| unreadable("a consumer's tags", &error))
}
