//! `/v1/buckets/{bucket}/managers`, `/v1/consumers/{name}/managers`

use http::StatusCode;
use serde::Deserialize;
use tollgate_core::store::{Managed, NewManager};
use utoipa::ToSchema;

use crate::auth::{Call, ManagingConsumers, Reading};
use crate::consumers::InBucket;
use crate::error::{ApiError, Json, Path, ProblemSchema, Query};
use crate::operations::{self, bucket_or_default};
use crate::paging::Listing;
use crate::views::ManagerView;

/// A manager to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AddManager {
    /// Their e-mail address; compared without regard to case.
    #[schema(format = Email, max_length = 254)]
    email: String,
    /// Their `sub` at the identity provider, where it is known.
    #[schema(min_length = 1, max_length = 128)]
    subject: Option<String>,
}

impl From<AddManager> for NewManager {
    fn from(add: AddManager) -> Self {
        Self { email: add.email, subject: add.subject }
    }
}

/// List the managers of a bucket
#[utoipa::path(get, path = "/v1/buckets/{bucket}/managers", operation_id = "listManagersOfBucket", tag = "managers", params(("bucket" = String, Path, description = "Its name.")), security(("token" = ["read"])), responses(
    (status = 200, description = "By e-mail address.", body = Listing<ManagerView>),
    (status = 404, description = "There is no such bucket.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn list_of_bucket(
    call: Call<Reading>,
    Path(bucket): Path<String>,
) -> Result<axum::Json<Listing<ManagerView>>, ApiError> {
    operations::bucket(&*call.store, &bucket).await?;
    let managers = call.store.managers(Managed::Bucket(&bucket)).await?;
    Ok(axum::Json(Listing::whole(managers.iter().map(ManagerView::from).collect())))
}

/// Add a manager of a bucket
#[utoipa::path(post, path = "/v1/buckets/{bucket}/managers", operation_id = "addManagerOfBucket", tag = "managers", params(("bucket" = String, Path, description = "Its name.")), request_body = AddManager, security(("token" = ["consumers:write"])), responses(
    (status = 201, description = "They manage it from now on.", body = ManagerView),
    (status = 404, description = "There is no such bucket.", body = ProblemSchema, content_type = "application/problem+json"),
    (status = 409, description = "They do already.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn add_to_bucket(
    call: Call<ManagingConsumers>,
    Path(bucket): Path<String>,
    Json(new): Json<AddManager>,
) -> Result<(StatusCode, axum::Json<ManagerView>), ApiError> {
    operations::bucket(&*call.store, &bucket).await?;
    let added = operations::add_manager(&*call.store, Managed::Bucket(&bucket), new.into()).await?;
    Ok((StatusCode::CREATED, axum::Json(ManagerView::from(&added))))
}

/// Take a manager of a bucket away
#[utoipa::path(delete, path = "/v1/buckets/{bucket}/managers/{id}", operation_id = "removeManagerOfBucket", tag = "managers", params(("bucket" = String, Path, description = "Its name."), ("id" = String, Path, description = "Of the manager.")), security(("token" = ["consumers:write"])), responses(
    (status = 204, description = "They do not manage it any more."),
    (status = 404, description = "There was none.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn remove_from_bucket(
    call: Call<ManagingConsumers>,
    Path((bucket, id)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    call.store.remove_manager(Managed::Bucket(&bucket), &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the managers of a consumer
#[utoipa::path(get, path = "/v1/consumers/{name}/managers", operation_id = "listManagersOfConsumer", tag = "managers", params(("name" = String, Path, description = "Of the consumer."), InBucket), security(("token" = ["read"])), responses(
    (status = 200, description = "By e-mail address.", body = Listing<ManagerView>),
    (status = 404, description = "There is no such consumer.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn list_of_consumer(
    call: Call<Reading>,
    Path(name): Path<String>,
    Query(place): Query<InBucket>,
) -> Result<axum::Json<Listing<ManagerView>>, ApiError> {
    let bucket = bucket_or_default(place.bucket.as_deref());
    operations::consumer(&*call.store, bucket, &name).await?;
    let managers = call.store.managers(Managed::Consumer(bucket, &name)).await?;
    Ok(axum::Json(Listing::whole(managers.iter().map(ManagerView::from).collect())))
}

/// Add a manager of a consumer
#[utoipa::path(post, path = "/v1/consumers/{name}/managers", operation_id = "addManagerOfConsumer", tag = "managers", params(("name" = String, Path, description = "Of the consumer."), InBucket), request_body = AddManager, security(("token" = ["consumers:write"])), responses(
    (status = 201, description = "They manage it from now on.", body = ManagerView),
    (status = 404, description = "There is no such consumer.", body = ProblemSchema, content_type = "application/problem+json"),
    (status = 409, description = "They do already.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn add_to_consumer(
    call: Call<ManagingConsumers>,
    Path(name): Path<String>,
    Query(place): Query<InBucket>,
    Json(new): Json<AddManager>,
) -> Result<(StatusCode, axum::Json<ManagerView>), ApiError> {
    let bucket = bucket_or_default(place.bucket.as_deref());
    operations::consumer(&*call.store, bucket, &name).await?;
    let added = operations::add_manager(&*call.store, Managed::Consumer(bucket, &name), new.into()).await?;
    Ok((StatusCode::CREATED, axum::Json(ManagerView::from(&added))))
}

/// Take a manager of a consumer away
#[utoipa::path(delete, path = "/v1/consumers/{name}/managers/{id}", operation_id = "removeManagerOfConsumer", tag = "managers", params(("name" = String, Path, description = "Of the consumer."), ("id" = String, Path, description = "Of the manager."), InBucket), security(("token" = ["consumers:write"])), responses(
    (status = 204, description = "They do not manage it any more."),
    (status = 404, description = "There was none.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn remove_from_consumer(
    call: Call<ManagingConsumers>,
    Path((name, id)): Path<(String, String)>,
    Query(place): Query<InBucket>,
) -> Result<StatusCode, ApiError> {
    let bucket = bucket_or_default(place.bucket.as_deref());
    call.store.remove_manager(Managed::Consumer(bucket, &name), &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
