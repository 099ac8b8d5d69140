//! `/v1/consumers`

use std::collections::BTreeMap;

use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use tollgate_core::keys::Consumer;
use tollgate_core::store::{ConsumerChange, ConsumerQuery, KeysOf, NewConsumer};
use utoipa::{IntoParams, ToSchema};

use crate::auth::{Call, ManagingConsumers, ManagingKeys, Reading};
use crate::buckets::Revoked;
use crate::error::{ApiError, Json, Path, ProblemSchema, Query};
use crate::extract::present;
use crate::keys::{RollKey, mint, overlap};
use crate::operations::{self, bucket_or_default};
use crate::paging::{self, Listing};
use crate::precondition::{IfMatch, Versioned};
use crate::views::{ConsumerView, CreatedKey};

/// Which consumers.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Of one bucket only.
    #[param(min_length = 1, max_length = 128)]
    bucket: Option<String>,
    /// With these tags only: `name=value`, several separated by commas.
    tag: Option<String>,
    /// Those only that this person manages, by e-mail address.
    manager: Option<String>,
    /// How many at most: 100 where it is not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u16>,
    /// What the page before says in `next`; the first page where it is not given.
    cursor: Option<String>,
}

/// Whose bucket.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct InBucket {
    /// The consumer's bucket; `default` where none is given.
    #[param(min_length = 1, max_length = 128)]
    pub(crate) bucket: Option<String>,
}

/// A consumer to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateConsumer {
    /// Unique in its bucket; the `sub` of its requests and tokens.
    #[schema(min_length = 1, max_length = 128)]
    name: String,
    /// `default` where none is given. A bucket that is not there yet is made along with it.
    #[schema(min_length = 1, max_length = 128)]
    bucket: Option<String>,
    /// Who it is, for people.
    #[schema(max_length = 1024)]
    description: Option<String>,
    /// What `user.data` shall hold.
    #[serde(default = "empty")]
    #[schema(value_type = Object)]
    metadata: Value,
    /// For finding it again.
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

fn empty() -> Value {
    Value::Object(serde_json::Map::new())
}

/// What of a consumer shall change; what is not given stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(clippy::option_option, reason = "absent, null and a value are three things")]
pub(crate) struct UpdateConsumer {
    /// Replaces the description; `null` takes it away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 1024)]
    description: Option<Option<String>>,
    /// Replaces the metadata.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
    /// Replaces the tags.
    tags: Option<BTreeMap<String, String>>,
}

fn versioned(consumer: &Consumer) -> Versioned<ConsumerView> {
    Versioned { id: consumer.id.to_string(), version: consumer.version, body: ConsumerView::from(consumer) }
}

/// List consumers
#[utoipa::path(get, path = "/v1/consumers", operation_id = "listConsumers", tag = "consumers", params(Filter), security(("token" = ["read"])), responses(
    (status = 200, description = "By bucket and name.", body = Listing<ConsumerView>),
))]
pub(crate) async fn list(
    call: Call<Reading>,
    Query(filter): Query<Filter>,
) -> Result<axum::Json<Listing<ConsumerView>>, ApiError> {
    let mut tags = BTreeMap::new();
    for tag in filter.tag.iter().flat_map(|text| text.split(',')) {
        let (name, value) = operations::parse_tag(tag)?;
        tags.insert(name, value);
    }
    filter.bucket.as_deref().map_or(Ok(()), operations::check_bucket_name)?;
    let query = ConsumerQuery {
        bucket: filter.bucket,
        tags,
        manager: filter.manager,
        after: paging::position(filter.cursor.as_deref())?,
        offset: 0,
        limit: paging::limit(filter.limit)?,
    };
    let page = call.store.consumer_page(query).await?;
    let last = page.items.last().filter(|_| page.more).map(|last| (last.bucket.to_string(), last.name.to_string()));
    Ok(axum::Json(Listing::new(page.items.iter().map(ConsumerView::from).collect(), last)))
}

/// Make a consumer
#[utoipa::path(post, path = "/v1/consumers", operation_id = "createConsumer", tag = "consumers", request_body = CreateConsumer, security(("token" = ["consumers:write"])), responses(
    (status = 201, description = "It is made.", body = ConsumerView, headers(("ETag" = String, description = "Its version."))),
    (status = 409, description = "The name is taken.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn create(
    call: Call<ManagingConsumers>,
    Json(new): Json<CreateConsumer>,
) -> Result<(StatusCode, Versioned<ConsumerView>), ApiError> {
    let new = NewConsumer {
        bucket: bucket_or_default(new.bucket.as_deref()).to_owned(),
        name: new.name,
        description: new.description,
        metadata: new.metadata,
        tags: new.tags,
    };
    Ok((StatusCode::CREATED, versioned(&operations::create_consumer(&*call.store, new).await?)))
}

/// Show a consumer
#[utoipa::path(get, path = "/v1/consumers/{name}", operation_id = "showConsumer", tag = "consumers", params(("name" = String, Path, description = "Its name."), InBucket), security(("token" = ["read"])), responses(
    (status = 200, description = "This one.", body = ConsumerView, headers(("ETag" = String, description = "Its version."))),
    (status = 404, description = "There is none.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn show(
    call: Call<Reading>,
    Path(name): Path<String>,
    Query(place): Query<InBucket>,
) -> Result<Versioned<ConsumerView>, ApiError> {
    let bucket = bucket_or_default(place.bucket.as_deref());
    Ok(versioned(&operations::consumer(&*call.store, bucket, &name).await?))
}

/// Change a consumer
///
/// What is not given stays. A running gateway uses the new metadata at once, also in tokens.
#[utoipa::path(patch, path = "/v1/consumers/{name}", operation_id = "updateConsumer", tag = "consumers", params(("name" = String, Path, description = "Its name."), InBucket), request_body = UpdateConsumer, security(("token" = ["consumers:write"])), responses(
    (status = 200, description = "As it is now.", body = ConsumerView, headers(("ETag" = String, description = "Its version."))),
    (status = 404, description = "There is none.", body = ProblemSchema, content_type = "application/problem+json"),
    (status = 412, description = "It is not what `If-Match` says.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn update(
    call: Call<ManagingConsumers>,
    Path(name): Path<String>,
    Query(place): Query<InBucket>,
    condition: IfMatch,
    Json(change): Json<UpdateConsumer>,
) -> Result<Versioned<ConsumerView>, ApiError> {
    let bucket = bucket_or_default(place.bucket.as_deref());
    let found = operations::consumer(&*call.store, bucket, &name).await?;
    let change = ConsumerChange {
        description: change.description,
        metadata: change.metadata,
        tags: change.tags,
        if_version: condition.version_of(&found.id, found.version)?,
    };
    let updated = operations::update_consumer(&*call.store, bucket, &name, change).await?;
    call.control.follow_keys().await;
    Ok(versioned(&updated))
}

/// Delete a consumer and all of its keys
#[utoipa::path(delete, path = "/v1/consumers/{name}", operation_id = "deleteConsumer", tag = "consumers", params(("name" = String, Path, description = "Its name."), InBucket), security(("token" = ["consumers:write"])), responses(
    (status = 204, description = "It is gone."),
    (status = 404, description = "There was none.", body = ProblemSchema, content_type = "application/problem+json"),
    (status = 412, description = "It is not what `If-Match` says.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn delete(
    call: Call<ManagingConsumers>,
    Path(name): Path<String>,
    Query(place): Query<InBucket>,
    condition: IfMatch,
) -> Result<StatusCode, ApiError> {
    let bucket = bucket_or_default(place.bucket.as_deref());
    let found = operations::consumer(&*call.store, bucket, &name).await?;
    let version = condition.version_of(&found.id, found.version)?;
    call.store.delete_consumer(bucket, &name, version).await?;
    call.control.follow_keys().await;
    Ok(StatusCode::NO_CONTENT)
}

/// Revoke all keys of a consumer
///
/// At once and for good; the consumer stays.
#[utoipa::path(post, path = "/v1/consumers/{name}/revoke-keys", operation_id = "revokeKeysOfConsumer", tag = "consumers", params(("name" = String, Path, description = "Its name."), InBucket), security(("token" = ["keys:write"])), responses(
    (status = 200, description = "They are refused from now on.", body = Revoked),
    (status = 404, description = "There is none.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn revoke_keys(
    call: Call<ManagingKeys>,
    Path(name): Path<String>,
    Query(place): Query<InBucket>,
) -> Result<axum::Json<Revoked>, ApiError> {
    let bucket = bucket_or_default(place.bucket.as_deref());
    let revoked = operations::revoke_keys(&*call.store, KeysOf::Consumer(bucket, &name)).await?;
    call.control.follow_keys().await;
    Ok(axum::Json(Revoked { revoked }))
}

/// Roll the keys of a consumer
///
/// Makes a new key and lets all others live on for a while.
#[utoipa::path(post, path = "/v1/consumers/{name}/roll", operation_id = "rollKeysOfConsumer", tag = "consumers", params(("name" = String, Path, description = "Its name."), InBucket), request_body = RollKey, security(("token" = ["keys:write"])), responses(
    (status = 201, description = "The new key.", body = CreatedKey),
    (status = 404, description = "There is none.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn roll(
    call: Call<ManagingKeys>,
    Path(name): Path<String>,
    Query(place): Query<InBucket>,
    Json(roll): Json<RollKey>,
) -> Result<(StatusCode, axum::Json<CreatedKey>), ApiError> {
    let bucket = bucket_or_default(place.bucket.as_deref());
    let ends_on = call.control.now().plus(overlap(&*call.control, roll.overlap.as_deref())?);
    let minted = mint(&*call.control, None, roll.expires_on.as_deref())?;
    let created = operations::roll_keys(&*call.store, bucket, &name, ends_on, minted).await?;
    call.control.follow_keys().await;
    Ok((StatusCode::CREATED, axum::Json(created)))
}
