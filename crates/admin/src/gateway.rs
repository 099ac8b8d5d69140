//! `/v1/status`, `/v1/routes`, `/v1/reload`, `/v1/signing-keys`: the running gateway itself.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use tollgate_core::store::NewAuditEntry;
use utoipa::IntoParams;

use crate::auth::{Call, ManagingProject, Reading};
use crate::error::{ApiError, ProblemSchema, Query, UNAVAILABLE};
use crate::views::{ReloadReport, RouteView, SigningKeyView, Status};

/// What runs here
#[utoipa::path(get, path = "/v1/status", operation_id = "showStatus", tag = "gateway", security(("token" = ["read"])), responses(
    (status = 200, description = "Addresses, snapshot, issuer.", body = Status),
))]
pub(crate) async fn status(call: Call<Reading>) -> Json<Status> {
    Json(call.control.status())
}

/// The routes in force
#[utoipa::path(get, path = "/v1/routes", operation_id = "listRoutes", tag = "gateway", security(("token" = ["read"])), responses(
    (status = 200, description = "In document order.", body = Vec<RouteView>),
))]
pub(crate) async fn routes(call: Call<Reading>) -> Json<Vec<RouteView>> {
    Json(call.control.routes())
}

/// Read the project again
///
/// A good project is in force when the answer comes; a broken one changes nothing.
#[utoipa::path(post, path = "/v1/reload", operation_id = "reloadProject", tag = "gateway", security(("token" = ["project"])), responses(
    (status = 200, description = "It is in force.", body = ReloadReport),
    (status = 422, description = "It has mistakes, or needs a restart; nothing changed.", content((ReloadReport = "application/json"), (ProblemSchema = "application/problem+json"))),
))]
pub(crate) async fn reload(call: Call<ManagingProject>) -> Response {
    let report = call.control.reload().await;
    let detail = json!({ "applied": report.applied, "snapshot": report.snapshot });
    record(&call, "project.reload", "project", "", detail).await;
    let code = if report.applied { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    (code, Json(report)).into_response()
}

/// The signing keys
#[utoipa::path(get, path = "/v1/signing-keys", operation_id = "listSigningKeys", tag = "gateway", security(("token" = ["read"])), responses(
    (status = 200, description = "The oldest first.", body = Vec<SigningKeyView>),
))]
pub(crate) async fn signing_keys(call: Call<Reading>) -> Result<Json<Vec<SigningKeyView>>, ApiError> {
    call.control.signing_keys().await.map(Json).map_err(|error| ApiError::new(&UNAVAILABLE, error))
}

/// How to rotate.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Rotation {
    /// Withdraw the old keys and sign with the new one at once, for a key that leaked. Backends
    /// that have not fetched the new one yet refuse tokens until they do.
    #[serde(default)]
    now: bool,
}

/// Replace the signing key
#[utoipa::path(post, path = "/v1/signing-keys/rotate", operation_id = "rotateSigningKey", tag = "gateway", params(Rotation), security(("token" = ["project"])), responses(
    (status = 200, description = "The keys as they are now.", body = Vec<SigningKeyView>),
))]
pub(crate) async fn rotate(
    call: Call<ManagingProject>,
    Query(rotation): Query<Rotation>,
) -> Result<Json<Vec<SigningKeyView>>, ApiError> {
    let rotated = call.control.rotate_signing_key(rotation.now).await;
    let keys = rotated.map_err(|error| ApiError::new(&UNAVAILABLE, error))?;
    let newest = keys.last().map(|key| key.kid.clone()).unwrap_or_default();
    record(&call, "signing-key.rotate", "signing-key", &newest, json!({ "now": rotation.now })).await;
    Ok(Json(keys))
}

/// Writes down what the store does not do itself. It has happened: where the store is away, it is
/// only logged, because the caller must hear of it as it is.
pub(crate) async fn record(call: &Call<ManagingProject>, action: &str, target_kind: &str, target: &str, detail: Value) {
    let detail = detail.as_object().cloned().unwrap_or_default();
    let entry = NewAuditEntry {
        action: action.to_owned(),
        target_kind: target_kind.to_owned(),
        target: target.to_owned(),
        detail,
    };
    if let Err(error) = call.store.record(entry).await {
        tracing::error!(%error, action, "this could not be written into the audit log");
    }
}
