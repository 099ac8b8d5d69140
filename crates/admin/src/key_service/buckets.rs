//! `/v1/accounts/{account}/key-buckets`

use axum::Json;
use http::StatusCode;
use serde_json::Value;
use tollgate_core::store::{BucketChange, NewBucket, Store};

use super::bodies::{self, AnyJson, BucketBody, ChangeBody};
use super::query::Asked;
use crate::auth::{Call, ManagingConsumers, Reading};
use crate::error::{ApiError, Path};
use crate::operations;

/// A bucket by its name, or by its id.
pub(super) async fn named(store: &dyn Store, name: String) -> Result<String, ApiError> {
    if !name.starts_with("bkt_") {
        return Ok(name);
    }
    let buckets = store.buckets().await?;
    Ok(buckets.into_iter().find(|bucket| bucket.id == name).map_or(name, |bucket| bucket.name))
}

pub(super) async fn list(call: Call<Reading>, asked: Asked) -> Result<Json<Value>, ApiError> {
    Ok(Json(bodies::part(&call.store.buckets().await?, &asked, bodies::bucket)))
}

pub(super) async fn create(
    call: Call<ManagingConsumers>,
    AnyJson(body): AnyJson<BucketBody>,
) -> Result<Json<Value>, ApiError> {
    let new = NewBucket {
        name: body.name,
        description: body.description,
        tags: bodies::tags(body.tags.unwrap_or_default())?,
        ..NewBucket::default()
    };
    Ok(Json(bodies::bucket(&operations::create_bucket(&*call.store, new).await?)))
}

pub(super) async fn show(
    call: Call<Reading>,
    Path((_, bucket)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let bucket = named(&*call.store, bucket).await?;
    Ok(Json(bodies::bucket(&operations::bucket(&*call.store, &bucket).await?)))
}

pub(super) async fn update(
    call: Call<ManagingConsumers>,
    Path((_, bucket)): Path<(String, String)>,
    AnyJson(body): AnyJson<ChangeBody>,
) -> Result<Json<Value>, ApiError> {
    let bucket = named(&*call.store, bucket).await?;
    let change = BucketChange {
        description: body.description,
        tags: body.tags.map(bodies::tags).transpose()?,
        ..BucketChange::default()
    };
    Ok(Json(bodies::bucket(&operations::update_bucket(&*call.store, &bucket, change).await?)))
}

pub(super) async fn delete(
    call: Call<ManagingConsumers>,
    Path((_, bucket)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let bucket = named(&*call.store, bucket).await?;
    operations::bucket(&*call.store, &bucket).await?;
    call.store.delete_bucket(&bucket, None).await?;
    call.control.follow_keys().await;
    Ok(StatusCode::NO_CONTENT)
}
