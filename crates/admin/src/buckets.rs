//! `/v1/buckets`

use std::collections::BTreeMap;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use tollgate_core::keys::{BucketSettings, LeakAction};
use tollgate_core::store::{BucketChange, KeysOf, NewBucket};
use utoipa::ToSchema;

use crate::auth::{Call, ManagingConsumers, ManagingKeys, Reading};
use crate::error::{ApiError, Json, Path, ProblemSchema};
use crate::extract::present;
use crate::operations;
use crate::paging::Listing;
use crate::precondition::{IfMatch, Versioned};
use crate::views::BucketView;

/// What happens to a key that leaked.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OnLeak {
    /// It is refused for good.
    Revoke,
    /// It is refused until somebody releases it.
    Quarantine,
    /// It is written down, and goes on working.
    Report,
}

impl From<OnLeak> for BucketSettings {
    fn from(action: OnLeak) -> Self {
        let on_leak = match action {
            OnLeak::Revoke => LeakAction::Revoke,
            OnLeak::Quarantine => LeakAction::Quarantine,
            OnLeak::Report => LeakAction::Report,
        };
        Self { on_leak }
    }
}

/// A bucket to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateBucket {
    /// By which everything else means it.
    #[schema(min_length = 1, max_length = 128)]
    name: String,
    /// What it is for.
    #[schema(max_length = 1024)]
    description: Option<String>,
    /// For finding it again.
    #[serde(default)]
    tags: BTreeMap<String, String>,
    /// What happens to a key of it that leaked: `revoke` where it is not given.
    on_leak: Option<OnLeak>,
}

/// What of a bucket shall change; what is not given stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(clippy::option_option, reason = "absent, null and a value are three things")]
pub(crate) struct UpdateBucket {
    /// Replaces the description; `null` takes it away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 1024)]
    description: Option<Option<String>>,
    /// Replaces the tags.
    tags: Option<BTreeMap<String, String>>,
    /// What happens to a key of it that leaked.
    on_leak: Option<OnLeak>,
}

/// How many keys were ended.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Revoked {
    /// Those that were live until now.
    pub(crate) revoked: u64,
}

fn versioned(bucket: &tollgate_core::keys::Bucket) -> Versioned<BucketView> {
    Versioned { id: bucket.id.clone(), version: bucket.version, body: BucketView::from(bucket) }
}

/// List buckets
#[utoipa::path(get, path = "/v1/buckets", operation_id = "listBuckets", tag = "buckets", security(("token" = ["read"])), responses(
    (status = 200, description = "All, by name.", body = Listing<BucketView>),
))]
pub(crate) async fn list(call: Call<Reading>) -> Result<axum::Json<Listing<BucketView>>, ApiError> {
    let buckets = call.store.buckets().await?;
    Ok(axum::Json(Listing::whole(buckets.iter().map(BucketView::from).collect())))
}

/// Make a bucket
#[utoipa::path(post, path = "/v1/buckets", operation_id = "createBucket", tag = "buckets", request_body = CreateBucket, security(("token" = ["consumers:write"])), responses(
    (status = 201, description = "It is made.", body = BucketView, headers(("ETag" = String, description = "Its version."))),
    (status = 409, description = "The name is taken.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn create(
    call: Call<ManagingConsumers>,
    Json(new): Json<CreateBucket>,
) -> Result<(StatusCode, Versioned<BucketView>), ApiError> {
    let new = NewBucket {
        name: new.name,
        description: new.description,
        tags: new.tags,
        settings: new.on_leak.map(BucketSettings::from).unwrap_or_default(),
    };
    let made = operations::create_bucket(&*call.store, new).await?;
    Ok((StatusCode::CREATED, versioned(&made)))
}

/// Show a bucket
#[utoipa::path(get, path = "/v1/buckets/{bucket}", operation_id = "showBucket", tag = "buckets", params(("bucket" = String, Path, description = "Its name.")), security(("token" = ["read"])), responses(
    (status = 200, description = "This one.", body = BucketView, headers(("ETag" = String, description = "Its version."))),
    (status = 404, description = "There is none.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn show(call: Call<Reading>, Path(name): Path<String>) -> Result<Versioned<BucketView>, ApiError> {
    Ok(versioned(&operations::bucket(&*call.store, &name).await?))
}

/// Change a bucket
#[utoipa::path(patch, path = "/v1/buckets/{bucket}", operation_id = "updateBucket", tag = "buckets", params(("bucket" = String, Path, description = "Its name.")), request_body = UpdateBucket, security(("token" = ["consumers:write"])), responses(
    (status = 200, description = "As it is now.", body = BucketView, headers(("ETag" = String, description = "Its version."))),
    (status = 404, description = "There is none.", body = ProblemSchema, content_type = "application/problem+json"),
    (status = 412, description = "It is not what `If-Match` says.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn update(
    call: Call<ManagingConsumers>,
    Path(name): Path<String>,
    condition: IfMatch,
    Json(change): Json<UpdateBucket>,
) -> Result<Versioned<BucketView>, ApiError> {
    let found = operations::bucket(&*call.store, &name).await?;
    let change = BucketChange {
        description: change.description,
        tags: change.tags,
        settings: change.on_leak.map(BucketSettings::from),
        if_version: condition.version_of(&found.id, found.version)?,
    };
    Ok(versioned(&operations::update_bucket(&*call.store, &name, change).await?))
}

/// Delete a bucket, its consumers and all of their keys
///
/// `default` is there again at once, empty.
#[utoipa::path(delete, path = "/v1/buckets/{bucket}", operation_id = "deleteBucket", tag = "buckets", params(("bucket" = String, Path, description = "Its name.")), security(("token" = ["consumers:write"])), responses(
    (status = 204, description = "It is gone."),
    (status = 404, description = "There was none.", body = ProblemSchema, content_type = "application/problem+json"),
    (status = 412, description = "It is not what `If-Match` says.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn delete(
    call: Call<ManagingConsumers>,
    Path(name): Path<String>,
    condition: IfMatch,
) -> Result<StatusCode, ApiError> {
    let found = operations::bucket(&*call.store, &name).await?;
    let version = condition.version_of(&found.id, found.version)?;
    call.store.delete_bucket(&name, version).await?;
    call.control.follow_keys().await;
    Ok(StatusCode::NO_CONTENT)
}

/// Revoke all keys of a bucket
///
/// At once and for good; the consumers stay.
#[utoipa::path(post, path = "/v1/buckets/{bucket}/revoke-keys", operation_id = "revokeKeysOfBucket", tag = "buckets", params(("bucket" = String, Path, description = "Its name.")), security(("token" = ["keys:write"])), responses(
    (status = 200, description = "They are refused from now on.", body = Revoked),
    (status = 404, description = "There is none.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn revoke_keys(
    call: Call<ManagingKeys>,
    Path(name): Path<String>,
) -> Result<axum::Json<Revoked>, ApiError> {
    let revoked = operations::revoke_keys(&*call.store, KeysOf::Bucket(&name)).await?;
    call.control.follow_keys().await;
    Ok(axum::Json(Revoked { revoked }))
}
