//! `/v1/keys`

use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;
use tollgate_core::store::{KeyUpdate, KeysOf};
use tollgate_core::units::Interval;
use utoipa::{IntoParams, ToSchema};

use crate::auth::{Call, ManagingKeys, Reading};
use crate::control::{Control, MintedKey};
use crate::error::{ApiError, Json, Path, ProblemSchema, Query, UNAVAILABLE};
use crate::extract::present;
use crate::operations::{self, OperationError, bucket_or_default, parse_expiry};
use crate::paging::{self, Listing};
use crate::views::{CreatedKey, KeyView};

/// Whose keys.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Of one consumer only.
    #[param(min_length = 1, max_length = 128)]
    consumer: Option<String>,
    /// Of one bucket only; with `consumer`, that of the consumer, and `default` where it is not given.
    #[param(min_length = 1, max_length = 128)]
    bucket: Option<String>,
    /// How many at most: 100 where it is not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u16>,
    /// What the page before says in `next`; the first page where it is not given.
    cursor: Option<String>,
}

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateKey {
    /// The name of its consumer.
    #[schema(min_length = 1, max_length = 128)]
    consumer: String,
    /// The consumer's bucket; `default` where none is given.
    #[schema(min_length = 1, max_length = 128)]
    bucket: Option<String>,
    /// What it is for.
    #[schema(max_length = 1024)]
    description: Option<String>,
    /// `30d` from now, or a moment (RFC 3339). Without it the key does not expire.
    #[schema(example = "30d")]
    expires_on: Option<String>,
}

/// What of a key shall change; what is not given stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(clippy::option_option, reason = "absent, null and a value are three things")]
pub(crate) struct UpdateKey {
    /// Replaces the description; `null` takes it away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 1024)]
    description: Option<Option<String>>,
    /// `30d` from now, or a moment (RFC 3339); `null`: it does not expire.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, example = "30d")]
    expires_on: Option<Option<String>>,
}

/// How a key is rolled.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RollKey {
    /// How long the old key lives on: `24h` where it is not given.
    #[schema(example = "24h")]
    pub(crate) overlap: Option<String>,
    /// When the new one ends: `30d` from now, or a moment (RFC 3339).
    #[schema(example = "90d")]
    pub(crate) expires_on: Option<String>,
}

/// Makes a key, which nobody keeps yet.
pub(crate) fn mint(
    control: &dyn Control,
    description: Option<String>,
    expires_on: Option<&str>,
) -> Result<MintedKey, ApiError> {
    operations::check_description(description.as_deref())?;
    let expires_on = expires_on.map(|text| parse_expiry(text, control.now())).transpose()?;
    control.mint_key(description, expires_on).map_err(|error| ApiError::new(&UNAVAILABLE, error))
}

/// How long an old key lives on.
pub(crate) fn overlap(control: &dyn Control, text: Option<&str>) -> Result<Duration, ApiError> {
    let Some(text) = text else { return Ok(control.default_overlap()) };
    let interval: Result<Interval, _> = text.parse();
    Ok(interval.map_err(|error| OperationError::Invalid { what: "overlap", problem: error.to_string() })?.0)
}

/// List keys
///
/// The oldest first, revoked and expired ones included. The keys themselves are stored nowhere.
#[utoipa::path(get, path = "/v1/keys", operation_id = "listKeys", tag = "keys", params(Filter), security(("token" = ["read"])), responses(
    (status = 200, description = "All, or those of one bucket or consumer.", body = Listing<KeyView>),
    (status = 404, description = "There is no such consumer.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    call: Call<Reading>,
    Query(filter): Query<Filter>,
) -> Result<axum::Json<Listing<KeyView>>, ApiError> {
    let bucket = filter.bucket.as_deref();
    let of = match &filter.consumer {
        Some(name) => {
            operations::consumer(&*call.store, bucket_or_default(bucket), name).await?;
            Some(KeysOf::Consumer(bucket_or_default(bucket), name))
        }
        None => bucket.map(KeysOf::Bucket),
    };
    let after: Option<String> = paging::position(filter.cursor.as_deref())?;
    let page = call.store.key_page(of, after.as_deref(), paging::limit(filter.limit)?).await?;
    let last = page.items.last().filter(|_| page.more).map(|last| last.key.id.to_string());
    let now = call.control.now();
    Ok(axum::Json(Listing::new(page.items.iter().map(|owned| KeyView::of(owned, now)).collect(), last)))
}

/// Make a key
///
/// The answer is the only place where the key is ever shown.
#[utoipa::path(post, path = "/v1/keys", operation_id = "createKey", tag = "keys", request_body = CreateKey, security(("token" = ["keys:write"])), responses(
    (status = 201, description = "It is made, and works at once.", body = CreatedKey),
    (status = 404, description = "There is no such consumer.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn create(
    call: Call<ManagingKeys>,
    Json(new): Json<CreateKey>,
) -> Result<(StatusCode, axum::Json<CreatedKey>), ApiError> {
    let bucket = bucket_or_default(new.bucket.as_deref());
    let minted = mint(&*call.control, new.description, new.expires_on.as_deref())?;
    let created = operations::create_key(&*call.store, bucket, &new.consumer, minted).await?;
    Ok((StatusCode::CREATED, axum::Json(created)))
}

/// Show a key
#[utoipa::path(get, path = "/v1/keys/{id}", operation_id = "showKey", tag = "keys", params(("id" = String, Path, description = "`key_…`")), security(("token" = ["read"])), responses(
    (status = 200, description = "This one.", body = KeyView),
    (status = 404, description = "There is none.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn show(call: Call<Reading>, Path(id): Path<String>) -> Result<axum::Json<KeyView>, ApiError> {
    Ok(axum::Json(operations::key(&*call.store, &id, call.control.now()).await?))
}

/// Change a key
///
/// What is written about it, or when it ends.
#[utoipa::path(patch, path = "/v1/keys/{id}", operation_id = "updateKey", tag = "keys", params(("id" = String, Path, description = "`key_…`")), request_body = UpdateKey, security(("token" = ["keys:write"])), responses(
    (status = 200, description = "As it is now.", body = KeyView),
    (status = 404, description = "There is none.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn update(
    call: Call<ManagingKeys>,
    Path(id): Path<String>,
    Json(change): Json<UpdateKey>,
) -> Result<axum::Json<KeyView>, ApiError> {
    let now = call.control.now();
    let expires_on = match change.expires_on {
        None => None,
        Some(text) => Some(text.map(|text| parse_expiry(&text, now)).transpose()?),
    };
    let change = KeyUpdate { description: change.description, expires_on };
    let updated = operations::update_key(&*call.store, &id, change, now).await?;
    call.control.follow_keys().await;
    Ok(axum::Json(updated))
}

/// Delete a key
///
/// It is refused from now on. What the audit log and the usage say of it stays.
#[utoipa::path(delete, path = "/v1/keys/{id}", operation_id = "deleteKey", tag = "keys", params(("id" = String, Path, description = "`key_…`")), security(("token" = ["keys:write"])), responses(
    (status = 204, description = "It is gone."),
    (status = 404, description = "There was none.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn delete(call: Call<ManagingKeys>, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    operations::key(&*call.store, &id, call.control.now()).await?;
    call.store.delete_key(&id).await?;
    call.control.follow_keys().await;
    Ok(StatusCode::NO_CONTENT)
}

/// Revoke a key
///
/// At once and for good. Revoking it twice is no error.
#[utoipa::path(post, path = "/v1/keys/{id}/revoke", operation_id = "revokeKey", tag = "keys", params(("id" = String, Path, description = "`key_…`")), security(("token" = ["keys:write"])), responses(
    (status = 200, description = "It is refused from now on.", body = KeyView),
    (status = 404, description = "There is none.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn revoke(call: Call<ManagingKeys>, Path(id): Path<String>) -> Result<axum::Json<KeyView>, ApiError> {
    let revoked = operations::revoke_key(&*call.store, &id, call.control.now()).await?;
    call.control.follow_keys().await;
    Ok(axum::Json(revoked))
}

/// Quarantine a key
///
/// It is refused until somebody releases it.
#[utoipa::path(post, path = "/v1/keys/{id}/quarantine", operation_id = "quarantineKey", tag = "keys", params(("id" = String, Path, description = "`key_…`")), security(("token" = ["keys:write"])), responses(
    (status = 200, description = "It is refused from now on.", body = KeyView),
    (status = 404, description = "There is none.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn quarantine(
    call: Call<ManagingKeys>,
    Path(id): Path<String>,
) -> Result<axum::Json<KeyView>, ApiError> {
    let now = call.control.now();
    operations::key(&*call.store, &id, now).await?;
    call.store.quarantine_key(&id).await?;
    call.control.follow_keys().await;
    Ok(axum::Json(operations::key(&*call.store, &id, now).await?))
}

/// Release a key from quarantine
#[utoipa::path(post, path = "/v1/keys/{id}/release", operation_id = "releaseKey", tag = "keys", params(("id" = String, Path, description = "`key_…`")), security(("token" = ["keys:write"])), responses(
    (status = 200, description = "As it is now.", body = KeyView),
    (status = 404, description = "There is none.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn release(call: Call<ManagingKeys>, Path(id): Path<String>) -> Result<axum::Json<KeyView>, ApiError> {
    let now = call.control.now();
    operations::key(&*call.store, &id, now).await?;
    call.store.release_key(&id).await?;
    call.control.follow_keys().await;
    Ok(axum::Json(operations::key(&*call.store, &id, now).await?))
}

/// Roll a key
///
/// Makes a new key for the same consumer and lets the old one live on for a while, so that its
/// holder can change over without an interruption.
#[utoipa::path(post, path = "/v1/keys/{id}/roll", operation_id = "rollKey", tag = "keys", params(("id" = String, Path, description = "`key_…`")), request_body = RollKey, security(("token" = ["keys:write"])), responses(
    (status = 201, description = "The new key.", body = CreatedKey),
    (status = 404, description = "There is none.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn roll(
    call: Call<ManagingKeys>,
    Path(id): Path<String>,
    Json(roll): Json<RollKey>,
) -> Result<(StatusCode, axum::Json<CreatedKey>), ApiError> {
    let now = call.control.now();
    let ends_on = now.plus(overlap(&*call.control, roll.overlap.as_deref())?);
    let old = operations::key(&*call.store, &id, now).await?;
    let minted = mint(&*call.control, old.description, roll.expires_on.as_deref())?;
    let created = operations::roll_key(&*call.store, &id, ends_on, minted, now).await?;
    call.control.follow_keys().await;
    Ok((StatusCode::CREATED, axum::Json(created)))
}
