//! `/v1/snapshots`, `/v1/rollback`: the projects that were applied, and the way back to them.

use std::sync::Arc;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::auth::{Call, ManagingProject, Reading};
use crate::control::{Control, RollbackRefused};
use crate::error::{ApiError, NOT_FOUND, Path, ProblemSchema, Query, UNAVAILABLE};
use crate::gateway::record;
use crate::views::{PinView, ReloadReport, SnapshotDetail, SnapshotDiff, SnapshotView};

/// The projects that were applied
///
/// The last twenty are kept, the latest first; the one in force and a pinned one always.
#[utoipa::path(get, path = "/v1/snapshots", operation_id = "listSnapshots", tag = "snapshots", security(("token" = ["read"])), responses(
    (status = 200, description = "All that are kept.", body = Vec<SnapshotView>),
))]
pub(crate) async fn list(call: Call<Reading>) -> Result<Json<Vec<SnapshotView>>, ApiError> {
    from_disk(&call.control, |control| control.snapshots()).await.map(Json)
}

/// Show a snapshot
///
/// With the names and digests of its files, not with their contents.
#[utoipa::path(get, path = "/v1/snapshots/{id}", operation_id = "showSnapshot", tag = "snapshots", params(("id" = u32, Path, description = "1, 2, 3, …")), security(("token" = ["read"])), responses(
    (status = 200, description = "This one.", body = SnapshotDetail),
    (status = 404, description = "None of this id is kept.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn show(call: Call<Reading>, Path(id): Path<u32>) -> Result<Json<SnapshotDetail>, ApiError> {
    let found = from_disk(&call.control, move |control| control.snapshot(id)).await?;
    found.map(Json).ok_or_else(|| ApiError::new(&NOT_FOUND, format!("No snapshot {id} is kept.")))
}

/// Which two.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Compared {
    /// The other side: another snapshot.
    with: u32,
}

/// Compare two snapshots
///
/// File by file. Values of `.env`, and what looks like a secret elsewhere, is not shown; all else is, so
/// that this needs the scope of those who put projects into force.
#[utoipa::path(get, path = "/v1/snapshots/{id}/diff", operation_id = "compareSnapshots", tag = "snapshots", params(("id" = u32, Path, description = "The older side."), Compared), security(("token" = ["project"])), responses(
    (status = 200, description = "What differs.", body = SnapshotDiff),
    (status = 404, description = "One of them is not kept.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn compare(
    call: Call<ManagingProject>,
    Path(id): Path<u32>,
    Query(compared): Query<Compared>,
) -> Result<Json<SnapshotDiff>, ApiError> {
    let other = compared.with;
    let found = from_disk(&call.control, move |control| control.compare_snapshots(id, other)).await?;
    found.map(Json).ok_or_else(|| ApiError::new(&NOT_FOUND, format!("Snapshots {id} and {other} are not both kept.")))
}

/// Where to.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Target {
    /// The snapshot to go back to; the one before that in force where it is not given.
    to: Option<u32>,
}

/// Go back to a snapshot
///
/// It is in force when the answer comes, and pinned: until the pin is lifted, neither a reload nor a
/// restart puts another project into force.
#[utoipa::path(post, path = "/v1/rollback", operation_id = "rollBack", tag = "snapshots", params(Target), security(("token" = ["project"])), responses(
    (status = 200, description = "It is in force, and pinned.", body = ReloadReport),
    (status = 404, description = "It is not kept, or there is none before that in force.", body = ProblemSchema, content_type = "application/problem+json"),
    (status = 422, description = "It cannot be put into force while this gateway runs; nothing changed.", content((ReloadReport = "application/json"), (ProblemSchema = "application/problem+json"))),
))]
pub(crate) async fn roll_back(call: Call<ManagingProject>, Query(target): Query<Target>) -> Result<Response, ApiError> {
    let before = call.control.status().snapshot;
    let report = call.control.roll_back(target.to, call.actor()).await.map_err(|refused| match refused {
        RollbackRefused::NotKept(why) => ApiError::new(&NOT_FOUND, why),
        RollbackRefused::Failed(why) => unreadable(why),
    })?;
    let id = target.to.or(report.kept.filter(|_| report.applied));
    let detail = json!({ "applied": report.applied, "from": before, "snapshot": report.snapshot });
    let id = id.map_or_else(String::new, |id| id.to_string());
    record(&call, "project.rollback", "snapshot", &id, detail).await;
    // A pin that was there before is not why it was refused.
    let code = if report.applied { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok((code, Json(report)).into_response())
}

/// What was lifted.
#[derive(Debug, serde::Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Unpinned {
    /// The pin as it was; none where nothing was pinned.
    was: Option<PinView>,
}

/// Lift the pin
///
/// What is in force stays so until the next reload or restart, or the next commit of the repository that the
/// project comes from.
#[utoipa::path(delete, path = "/v1/snapshots/pin", operation_id = "unpinSnapshot", tag = "snapshots", security(("token" = ["project"])), responses(
    (status = 200, description = "Nothing is pinned any more.", body = Unpinned),
))]
pub(crate) async fn unpin(call: Call<ManagingProject>) -> Result<Json<Unpinned>, ApiError> {
    let was = call.control.unpin(call.actor()).await.map_err(unreadable)?;
    if let Some(pin) = &was {
        record(&call, "project.unpin", "snapshot", &pin.id.to_string(), json!({ "by": pin.by, "since": pin.on })).await;
    }
    Ok(Json(Unpinned { was }))
}

/// Reads from the disk on a thread that no traffic waits for.
async fn from_disk<T: Send + 'static>(
    control: &Arc<dyn Control>,
    read: impl FnOnce(&dyn Control) -> Result<T, String> + Send + 'static,
) -> Result<T, ApiError> {
    let control = Arc::clone(control);
    let read = tokio::task::spawn_blocking(move || read(&*control)).await;
    read.map_err(|_| unreadable("Reading broke off.".to_owned()))?.map_err(unreadable)
}

fn unreadable(why: String) -> ApiError {
    ApiError::new(&UNAVAILABLE, why)
}
