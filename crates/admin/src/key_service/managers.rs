//! `/v1/accounts/{account}/key-buckets/{bucket}/consumers/{consumer}/managers`

use axum::Json;
use http::StatusCode;
use serde_json::Value;
use tollgate_core::store::Managed;

use super::bodies::{self, AnyJson, ManagerBody};
use super::buckets::named;
use super::query::Asked;
use crate::auth::{Call, ManagingConsumers, Reading};
use crate::error::{ApiError, Path};
use crate::operations;

type OfConsumer = Path<(String, String, String)>;

pub(super) async fn list(
    call: Call<Reading>,
    Path((_, bucket, name)): OfConsumer,
    asked: Asked,
) -> Result<Json<Value>, ApiError> {
    let bucket = named(&*call.store, bucket).await?;
    let consumer = asked.consumer(&*call.store, &bucket, &name).await?;
    let managers = call.store.managers(Managed::Consumer(&bucket, &consumer.name)).await?;
    Ok(Json(bodies::part(&managers, &asked, bodies::manager)))
}

pub(super) async fn add(
    call: Call<ManagingConsumers>,
    Path((_, bucket, name)): OfConsumer,
    asked: Asked,
    AnyJson(body): AnyJson<ManagerBody>,
) -> Result<Json<Value>, ApiError> {
    let bucket = named(&*call.store, bucket).await?;
    let consumer = asked.consumer(&*call.store, &bucket, &name).await?;
    let added = operations::add_manager(&*call.store, Managed::Consumer(&bucket, &consumer.name), body.into()).await?;
    Ok(Json(bodies::manager(&added)))
}

pub(super) async fn remove(
    call: Call<ManagingConsumers>,
    Path((_, bucket, name, id)): Path<(String, String, String, String)>,
    asked: Asked,
) -> Result<StatusCode, ApiError> {
    let bucket = named(&*call.store, bucket).await?;
    let consumer = asked.consumer(&*call.store, &bucket, &name).await?;
    call.store.remove_manager(Managed::Consumer(&bucket, &consumer.name), &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
