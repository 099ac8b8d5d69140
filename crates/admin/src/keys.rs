//! `/v1/keys`

use axum::extract::{Path, State};
use http::StatusCode;
use serde::Deserialize;
use tollgate_core::units::Interval;
use utoipa::{IntoParams, ToSchema};

use crate::control::MintedKey;
use crate::error::{ApiError, Json, ProblemSchema, Query, UNAVAILABLE};
use crate::operations::{self, OperationError, bucket_or_default, parse_expiry};
use crate::server::Admin;
use crate::views::{CreatedKey, KeyView};

/// Whose keys.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Of one consumer only.
    consumer: Option<String>,
    /// The consumer's bucket; `default` where none is given.
    bucket: Option<String>,
}

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateKey {
    /// The name of its consumer.
    consumer: String,
    /// The consumer's bucket; `default` where none is given.
    bucket: Option<String>,
    /// What it is for.
    description: Option<String>,
    /// `30d` from now, or a moment (RFC 3339). Without it the key does not expire.
    expires_on: Option<String>,
}

/// How a key is rolled.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RollKey {
    /// How long the old key lives on: `24h` where it is not given.
    overlap: Option<String>,
    /// When the new one ends: `30d` from now, or a moment (RFC 3339).
    expires_on: Option<String>,
}

fn mint(admin: &Admin, description: Option<String>, expires_on: Option<&str>) -> Result<MintedKey, ApiError> {
    let expires_on = expires_on.map(|text| parse_expiry(text, admin.control.now())).transpose()?;
    admin.control.mint_key(description, expires_on).map_err(|error| ApiError::new(&UNAVAILABLE, error))
}

/// List keys
///
/// The oldest first, revoked and expired ones included. The keys themselves are stored nowhere.
#[utoipa::path(get, path = "/v1/keys", tag = "keys", params(Filter), security(("token" = [])), responses(
    (status = 200, description = "All, or those of one consumer.", body = Vec<KeyView>),
    (status = 401, description = "No token, or a wrong one.", body = ProblemSchema, content_type = "application/problem+json"),
    (status = 404, description = "There is no such consumer.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(admin): State<Admin>,
    Query(filter): Query<Filter>,
) -> Result<axum::Json<Vec<KeyView>>, ApiError> {
    let bucket = bucket_or_default(filter.bucket.as_deref());
    let of = filter.consumer.as_deref().map(|name| (bucket, name));
    Ok(axum::Json(operations::keys(&*admin.store, of, admin.control.now()).await?))
}

/// Make a key
///
/// The answer is the only place where the key is ever shown.
#[utoipa::path(post, path = "/v1/keys", tag = "keys", request_body = CreateKey, security(("token" = [])), responses(
    (status = 201, description = "It is made, and works at once.", body = CreatedKey),
    (status = 400, description = "A value is not allowed.", body = ProblemSchema, content_type = "application/problem+json"),
    (status = 401, description = "No token, or a wrong one.", body = ProblemSchema, content_type = "application/problem+json"),
    (status = 404, description = "There is no such consumer.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn create(
    State(admin): State<Admin>,
    Json(new): Json<CreateKey>,
) -> Result<(StatusCode, axum::Json<CreatedKey>), ApiError> {
    let bucket = bucket_or_default(new.bucket.as_deref());
    let minted = mint(&admin, new.description, new.expires_on.as_deref())?;
    let created = operations::create_key(&*admin.store, bucket, &new.consumer, minted).await?;
    Ok((StatusCode::CREATED, axum::Json(created)))
}

/// Show a key
#[utoipa::path(get, path = "/v1/keys/{id}", tag = "keys", params(("id" = String, Path)), security(("token" = [])), responses(
    (status = 200, description = "This one.", body = KeyView),
    (status = 401, description = "No token, or a wrong one.", body = ProblemSchema, content_type = "application/problem+json"),
    (status = 404, description = "There is none.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn show(State(admin): State<Admin>, Path(id): Path<String>) -> Result<axum::Json<KeyView>, ApiError> {
    Ok(axum::Json(operations::key(&*admin.store, &id, admin.control.now()).await?))
}

/// Revoke a key
///
/// At once and for good. Revoking it twice is no error.
#[utoipa::path(post, path = "/v1/keys/{id}/revoke", tag = "keys", params(("id" = String, Path)), security(("token" = [])), responses(
    (status = 200, description = "It is refused from now on.", body = KeyView),
    (status = 401, description = "No token, or a wrong one.", body = ProblemSchema, content_type = "application/problem+json"),
    (status = 404, description = "There is none.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn revoke(
    State(admin): State<Admin>,
    Path(id): Path<String>,
) -> Result<axum::Json<KeyView>, ApiError> {
    let revoked = operations::revoke_key(&*admin.store, &id, admin.control.now()).await?;
    admin.control.follow_keys().await;
    Ok(axum::Json(revoked))
}

/// Roll a key
///
/// Makes a new key for the same consumer and lets the old one live on for a while, so that its
/// holder can change over without an interruption.
#[utoipa::path(post, path = "/v1/keys/{id}/roll", tag = "keys", params(("id" = String, Path)), request_body = RollKey, security(("token" = [])), responses(
    (status = 201, description = "The new key.", body = CreatedKey),
    (status = 400, description = "A value is not allowed, or the old key is not active.", body = ProblemSchema, content_type = "application/problem+json"),
    (status = 401, description = "No token, or a wrong one.", body = ProblemSchema, content_type = "application/problem+json"),
    (status = 404, description = "There is none.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn roll(
    State(admin): State<Admin>,
    Path(id): Path<String>,
    Json(roll): Json<RollKey>,
) -> Result<(StatusCode, axum::Json<CreatedKey>), ApiError> {
    let overlap = match roll.overlap.as_deref() {
        None => admin.control.default_overlap(),
        Some(text) => {
            let interval: Result<Interval, _> = text.parse();
            interval.map_err(|error| OperationError::Invalid { what: "overlap", problem: error.to_string() })?.0
        }
    };
    let now = admin.control.now();
    let minted = mint(&admin, None, roll.expires_on.as_deref())?;
    let created = operations::roll_key(&*admin.store, &id, now.plus(overlap), minted, now).await?;
    admin.control.follow_keys().await;
    Ok((StatusCode::CREATED, axum::Json(created)))
}
