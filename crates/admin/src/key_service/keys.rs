//! `/v1/accounts/{account}/key-buckets/{bucket}/consumers/{consumer}/keys`

use axum::Json;
use http::StatusCode;
use serde_json::{Value, json};
use tollgate_core::keys::Consumer;
use tollgate_core::store::{KeyUpdate, OwnedKey, Store};

use super::bodies::{self, AnyJson, KeyBody, Many};
use super::buckets::named;
use super::query::Asked;
use crate::auth::{Call, ManagingKeys, Reading};
use crate::control::{Control, MintedKey};
use crate::error::{ApiError, INVALID, NOT_FOUND, Path, UNAVAILABLE};
use crate::operations;

/// A key that nobody keeps yet: a new one, or a value of the caller's own.
pub(super) fn fresh(control: &dyn Control, body: KeyBody) -> Result<MintedKey, ApiError> {
    let description = body.description.flatten();
    operations::check_description(description.as_deref())?;
    let expires_on = body.expires_on.flatten().as_deref().map(bodies::moment).transpose()?;
    match body.key {
        Some(key) => control
            .adopt_key(&key, description, expires_on)
            .map_err(|error| ApiError::new(&INVALID, format!("key: {error}"))),
        None => control.mint_key(description, expires_on).map_err(|error| ApiError::new(&UNAVAILABLE, error)),
    }
}

/// The keys of a consumer but those that were revoked: these are gone, for a script.
pub(super) async fn of_consumer(store: &dyn Store, consumer: &Consumer) -> Result<Vec<OwnedKey>, ApiError> {
    let mut keys = store.keys(Some((&consumer.bucket, &consumer.name))).await?;
    keys.retain(|owned| owned.key.revoked_on.is_none());
    Ok(keys)
}

/// A key of this very consumer.
async fn of(store: &dyn Store, consumer: &Consumer, id: &str) -> Result<OwnedKey, ApiError> {
    let found = of_consumer(store, consumer).await?.into_iter().find(|owned| *owned.key.id == *id);
    found.ok_or_else(|| ApiError::new(&NOT_FOUND, format!("`{}` has no key `{id}`", consumer.name)))
}

type OfConsumer = Path<(String, String, String)>;
type OfKey = Path<(String, String, String, String)>;

pub(super) async fn list(
    call: Call<Reading>,
    Path((_, bucket, name)): OfConsumer,
    asked: Asked,
) -> Result<Json<Value>, ApiError> {
    let bucket = named(&*call.store, bucket).await?;
    let consumer = asked.consumer(&*call.store, &bucket, &name).await?;
    let keys = of_consumer(&*call.store, &consumer).await?;
    Ok(Json(bodies::part(&keys, &asked, |key| bodies::key(key, asked.key_format))))
}

pub(super) async fn create(
    call: Call<ManagingKeys>,
    Path((_, bucket, name)): OfConsumer,
    asked: Asked,
    AnyJson(body): AnyJson<KeyBody>,
) -> Result<Json<Value>, ApiError> {
    let bucket = named(&*call.store, bucket).await?;
    let consumer = asked.consumer(&*call.store, &bucket, &name).await?;
    let MintedKey { key: secret, stored } = fresh(&*call.control, body)?;
    let key = call.store.create_key(&bucket, &consumer.name, stored).await?;
    Ok(Json(bodies::made_key(&key, Some(&secret))))
}

pub(super) async fn create_many(
    call: Call<ManagingKeys>,
    Path((_, bucket, name)): OfConsumer,
    asked: Asked,
    AnyJson(many): AnyJson<Many<KeyBody>>,
) -> Result<Json<Value>, ApiError> {
    let bucket = named(&*call.store, bucket).await?;
    let consumer = asked.consumer(&*call.store, &bucket, &name).await?;
    // All are looked at before the first is kept.
    let fresh: Vec<MintedKey> =
        many.into_vec().into_iter().map(|body| fresh(&*call.control, body)).collect::<Result<_, _>>()?;
    let mut made = Vec::with_capacity(fresh.len());
    for MintedKey { key: secret, stored } in fresh {
        match call.store.create_key(&bucket, &consumer.name, stored).await {
            Ok(key) => made.push((key, secret)),
            Err(error) => {
                // All or none: nobody has seen those that were made.
                for (key, _) in &made {
                    call.store.delete_key(&key.id).await?;
                }
                return Err(error.into());
            }
        }
    }
    let views: Vec<Value> = made.iter().map(|(key, secret)| bodies::made_key(key, Some(secret))).collect();
    Ok(Json(json!({ "data": views })))
}

pub(super) async fn show(
    call: Call<Reading>,
    Path((_, bucket, name, id)): OfKey,
    asked: Asked,
) -> Result<Json<Value>, ApiError> {
    let bucket = named(&*call.store, bucket).await?;
    let consumer = asked.consumer(&*call.store, &bucket, &name).await?;
    Ok(Json(bodies::key(&of(&*call.store, &consumer, &id).await?, asked.key_format)))
}

pub(super) async fn update(
    call: Call<ManagingKeys>,
    Path((_, bucket, name, id)): OfKey,
    asked: Asked,
    AnyJson(body): AnyJson<KeyBody>,
) -> Result<Json<Value>, ApiError> {
    let bucket = named(&*call.store, bucket).await?;
    let consumer = asked.consumer(&*call.store, &bucket, &name).await?;
    of(&*call.store, &consumer, &id).await?;
    let description = body.description;
    operations::check_description(description.as_ref().and_then(Option::as_deref))?;
    let expires_on = match body.expires_on {
        None => None,
        Some(text) => Some(text.as_deref().map(bodies::moment).transpose()?),
    };
    call.store.update_key(&id, KeyUpdate { description, expires_on }).await?;
    call.control.follow_keys().await;
    Ok(Json(bodies::key(&of(&*call.store, &consumer, &id).await?, asked.key_format)))
}

/// For a script a key that is deleted is gone; here it is revoked, so that the log can tell.
pub(super) async fn delete(
    call: Call<ManagingKeys>,
    Path((_, bucket, name, id)): OfKey,
    asked: Asked,
) -> Result<StatusCode, ApiError> {
    let bucket = named(&*call.store, bucket).await?;
    let consumer = asked.consumer(&*call.store, &bucket, &name).await?;
    of(&*call.store, &consumer, &id).await?;
    call.store.revoke_key(&id).await?;
    call.control.follow_keys().await;
    Ok(StatusCode::NO_CONTENT)
}
