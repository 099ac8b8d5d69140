//! `/v1/status`, `/v1/routes`, `/v1/reload`, `/v1/signing-keys`: the running gateway itself.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::error::{ApiError, ProblemSchema, Query, UNAVAILABLE};
use crate::server::Admin;
use crate::views::{ReloadReport, RouteView, SigningKeyView, Status};

/// What runs here
#[utoipa::path(get, path = "/v1/status", tag = "gateway", security(("token" = [])), responses(
    (status = 200, description = "Addresses, snapshot, issuer.", body = Status),
    (status = 401, description = "No token, or a wrong one.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn status(State(admin): State<Admin>) -> Json<Status> {
    Json(admin.control.status())
}

/// The routes in force
#[utoipa::path(get, path = "/v1/routes", tag = "gateway", security(("token" = [])), responses(
    (status = 200, description = "In document order.", body = Vec<RouteView>),
    (status = 401, description = "No token, or a wrong one.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn routes(State(admin): State<Admin>) -> Json<Vec<RouteView>> {
    Json(admin.control.routes())
}

/// Read the project again
///
/// A good project is in force when the answer comes; a broken one changes nothing.
#[utoipa::path(post, path = "/v1/reload", tag = "gateway", security(("token" = [])), responses(
    (status = 200, description = "It is in force.", body = ReloadReport),
    (status = 401, description = "No token, or a wrong one.", body = ProblemSchema, content_type = "application/problem+json"),
    (status = 422, description = "It has mistakes, or needs a restart; nothing changed.", body = ReloadReport),
))]
pub(crate) async fn reload(State(admin): State<Admin>) -> Response {
    let report = admin.control.reload().await;
    let code = if report.applied { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    (code, Json(report)).into_response()
}

/// The signing keys
#[utoipa::path(get, path = "/v1/signing-keys", tag = "gateway", security(("token" = [])), responses(
    (status = 200, description = "The oldest first.", body = Vec<SigningKeyView>),
    (status = 401, description = "No token, or a wrong one.", body = ProblemSchema, content_type = "application/problem+json"),
    (status = 503, description = "The store is away.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn signing_keys(State(admin): State<Admin>) -> Result<Json<Vec<SigningKeyView>>, ApiError> {
    admin.control.signing_keys().await.map(Json).map_err(|error| ApiError::new(&UNAVAILABLE, error))
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
#[utoipa::path(post, path = "/v1/signing-keys/rotate", tag = "gateway", params(Rotation), security(("token" = [])), responses(
    (status = 200, description = "The keys as they are now.", body = Vec<SigningKeyView>),
    (status = 401, description = "No token, or a wrong one.", body = ProblemSchema, content_type = "application/problem+json"),
    (status = 503, description = "The store is away.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn rotate(
    State(admin): State<Admin>,
    Query(rotation): Query<Rotation>,
) -> Result<Json<Vec<SigningKeyView>>, ApiError> {
    let rotated = admin.control.rotate_signing_key(rotation.now).await;
    rotated.map(Json).map_err(|error| ApiError::new(&UNAVAILABLE, error))
}
