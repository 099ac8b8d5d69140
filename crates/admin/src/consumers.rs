//! `/v1/consumers`

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use tollgate_core::store::{ConsumerChange, NewConsumer};
use utoipa::{IntoParams, ToSchema};

use crate::error::{ApiError, Json, ProblemSchema, Query};
use crate::operations::{self, bucket_or_default};
use crate::server::Admin;
use crate::views::ConsumerView;

/// Which consumers.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Of one bucket only.
    bucket: Option<String>,
    /// With these tags only: `name=value`, several separated by commas.
    tag: Option<String>,
}

/// Whose bucket.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct InBucket {
    /// The consumer's bucket; `default` where none is given.
    pub(crate) bucket: Option<String>,
}

/// A consumer to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateConsumer {
    /// Unique in its bucket; the `sub` of its requests and tokens.
    name: String,
    /// `default` where none is given.
    bucket: Option<String>,
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

/// What of a consumer shall change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UpdateConsumer {
    /// Replaces the metadata.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
    /// Replaces the tags.
    tags: Option<BTreeMap<String, String>>,
}

/// List consumers
#[utoipa::path(get, path = "/v1/consumers", tag = "consumers", params(Filter), security(("token" = [])), responses(
    (status = 200, description = "By name.", body = Vec<ConsumerView>),
    (status = 400, description = "A parameter is wrong.", body = ProblemSchema, content_type = "application/problem+json"),
    (status = 401, description = "No token, or a wrong one.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(admin): State<Admin>,
    Query(filter): Query<Filter>,
) -> Result<axum::Json<Vec<ConsumerView>>, ApiError> {
    let mut tags = BTreeMap::new();
    for tag in filter.tag.iter().flat_map(|text| text.split(',')) {
        let (name, value) = operations::parse_tag(tag)?;
        tags.insert(name, value);
    }
    Ok(axum::Json(operations::consumers(&*admin.store, filter.bucket.as_deref(), &tags).await?))
}

/// Make a consumer
#[utoipa::path(post, path = "/v1/consumers", tag = "consumers", request_body = CreateConsumer, security(("token" = [])), responses(
    (status = 201, description = "It is made.", body = ConsumerView),
    (status = 400, description = "A value is not allowed.", body = ProblemSchema, content_type = "application/problem+json"),
    (status = 401, description = "No token, or a wrong one.", body = ProblemSchema, content_type = "application/problem+json"),
    (status = 409, description = "The name is taken.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn create(
    State(admin): State<Admin>,
    Json(new): Json<CreateConsumer>,
) -> Result<(StatusCode, axum::Json<ConsumerView>), ApiError> {
    let new = NewConsumer {
        bucket: bucket_or_default(new.bucket.as_deref()).to_owned(),
        name: new.name,
        metadata: new.metadata,
        tags: new.tags,
    };
    Ok((StatusCode::CREATED, axum::Json(operations::create_consumer(&*admin.store, new).await?)))
}

/// Show a consumer
#[utoipa::path(get, path = "/v1/consumers/{name}", tag = "consumers", params(("name" = String, Path), InBucket), security(("token" = [])), responses(
    (status = 200, description = "This one.", body = ConsumerView),
    (status = 401, description = "No token, or a wrong one.", body = ProblemSchema, content_type = "application/problem+json"),
    (status = 404, description = "There is none.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn show(
    State(admin): State<Admin>,
    Path(name): Path<String>,
    Query(place): Query<InBucket>,
) -> Result<axum::Json<ConsumerView>, ApiError> {
    let bucket = bucket_or_default(place.bucket.as_deref());
    Ok(axum::Json(ConsumerView::from(&operations::consumer(&*admin.store, bucket, &name).await?)))
}

/// Change a consumer
///
/// What is not given stays. A running gateway uses the new metadata at once, also in tokens.
#[utoipa::path(patch, path = "/v1/consumers/{name}", tag = "consumers", params(("name" = String, Path), InBucket), request_body = UpdateConsumer, security(("token" = [])), responses(
    (status = 200, description = "As it is now.", body = ConsumerView),
    (status = 400, description = "A value is not allowed.", body = ProblemSchema, content_type = "application/problem+json"),
    (status = 401, description = "No token, or a wrong one.", body = ProblemSchema, content_type = "application/problem+json"),
    (status = 404, description = "There is none.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn update(
    State(admin): State<Admin>,
    Path(name): Path<String>,
    Query(place): Query<InBucket>,
    Json(change): Json<UpdateConsumer>,
) -> Result<axum::Json<ConsumerView>, ApiError> {
    let bucket = bucket_or_default(place.bucket.as_deref());
    let change = ConsumerChange { metadata: change.metadata, tags: change.tags, if_version: None };
    let updated = operations::update_consumer(&*admin.store, bucket, &name, change).await?;
    admin.control.follow_keys().await;
    Ok(axum::Json(updated))
}

/// Delete a consumer and all of its keys
#[utoipa::path(delete, path = "/v1/consumers/{name}", tag = "consumers", params(("name" = String, Path), InBucket), security(("token" = [])), responses(
    (status = 204, description = "It is gone."),
    (status = 401, description = "No token, or a wrong one.", body = ProblemSchema, content_type = "application/problem+json"),
    (status = 404, description = "There was none.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn delete(
    State(admin): State<Admin>,
    Path(name): Path<String>,
    Query(place): Query<InBucket>,
) -> Result<StatusCode, ApiError> {
    operations::delete_consumer(&*admin.store, bucket_or_default(place.bucket.as_deref()), &name).await?;
    admin.control.follow_keys().await;
    Ok(StatusCode::NO_CONTENT)
}
