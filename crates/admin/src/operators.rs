//! `/v1/operators`

use http::StatusCode;
use serde::Deserialize;
use tollgate_core::store::Scope;
use utoipa::ToSchema;

use crate::auth::{Administering, Call, Reading};
use crate::error::{ApiError, Json, Path, ProblemSchema, UNAVAILABLE};
use crate::operations::{self, parse_expiry};
use crate::paging::Listing;
use crate::views::{CreatedOperator, OperatorView};

/// What an operator may do.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
pub(crate) enum ScopeName {
    /// Look at everything but secrets.
    #[serde(rename = "read")]
    Read,
    /// Make, roll and end keys.
    #[serde(rename = "keys:write")]
    KeysWrite,
    /// Make, change and delete consumers, buckets and managers.
    #[serde(rename = "consumers:write")]
    ConsumersWrite,
    /// Report keys that leaked.
    #[serde(rename = "leaks:write")]
    LeaksWrite,
    /// Reload the project and rotate the signing keys.
    #[serde(rename = "project")]
    Project,
    /// Everything, operators included.
    #[serde(rename = "admin")]
    Admin,
}

impl From<ScopeName> for Scope {
    fn from(name: ScopeName) -> Self {
        match name {
            ScopeName::Read => Self::Read,
            ScopeName::KeysWrite => Self::KeysWrite,
            ScopeName::ConsumersWrite => Self::ConsumersWrite,
            ScopeName::LeaksWrite => Self::LeaksWrite,
            ScopeName::Project => Self::Project,
            ScopeName::Admin => Self::Admin,
        }
    }
}

/// An operator to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateOperator {
    /// Unique among those who are not revoked; as the audit log will have it.
    #[schema(min_length = 1, max_length = 128)]
    name: String,
    /// What they may do.
    #[schema(min_items = 1)]
    scopes: Vec<ScopeName>,
    /// `30d` from now, or a moment (RFC 3339). Without it the token does not expire.
    #[schema(example = "90d")]
    expires_on: Option<String>,
}

/// List operators
#[utoipa::path(get, path = "/v1/operators", operation_id = "listOperators", tag = "operators", security(("token" = ["read"])), responses(
    (status = 200, description = "All, the oldest first, revoked ones included.", body = Listing<OperatorView>),
))]
pub(crate) async fn list(call: Call<Reading>) -> Result<axum::Json<Listing<OperatorView>>, ApiError> {
    let now = call.control.now();
    let operators = call.store.operators().await?;
    Ok(axum::Json(Listing::whole(operators.iter().map(|operator| OperatorView::of(operator, now)).collect())))
}

/// Make an operator
///
/// The answer is the only place where the token is ever shown.
#[utoipa::path(post, path = "/v1/operators", operation_id = "createOperator", tag = "operators", request_body = CreateOperator, security(("token" = ["admin"])), responses(
    (status = 201, description = "Their token is good from now on.", body = CreatedOperator),
    (status = 409, description = "The name is taken.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn create(
    call: Call<Administering>,
    Json(new): Json<CreateOperator>,
) -> Result<(StatusCode, axum::Json<CreatedOperator>), ApiError> {
    let expires_on = new.expires_on.as_deref().map(|text| parse_expiry(text, call.control.now())).transpose()?;
    let token = call.control.mint_token().map_err(|error| ApiError::new(&UNAVAILABLE, error))?;
    let scopes = new.scopes.into_iter().map(Scope::from).collect();
    let created = operations::create_operator(&*call.store, new.name, scopes, expires_on, token).await?;
    Ok((StatusCode::CREATED, axum::Json(created)))
}

/// Show an operator
#[utoipa::path(get, path = "/v1/operators/{operator}", operation_id = "showOperator", tag = "operators", params(("operator" = String, Path, description = "Its id or name.")), security(("token" = ["read"])), responses(
    (status = 200, description = "This one.", body = OperatorView),
    (status = 404, description = "There is none.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn show(call: Call<Reading>, Path(name): Path<String>) -> Result<axum::Json<OperatorView>, ApiError> {
    let found = operations::operator(&*call.store, &name).await?;
    Ok(axum::Json(OperatorView::of(&found, call.control.now())))
}

/// Revoke an operator's token
///
/// At once and for good. Revoking it twice is no error.
#[utoipa::path(post, path = "/v1/operators/{operator}/revoke", operation_id = "revokeOperator", tag = "operators", params(("operator" = String, Path, description = "Its id or name.")), security(("token" = ["admin"])), responses(
    (status = 200, description = "It is refused from now on.", body = OperatorView),
    (status = 404, description = "There is none.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn revoke(
    call: Call<Administering>,
    Path(name): Path<String>,
) -> Result<axum::Json<OperatorView>, ApiError> {
    Ok(axum::Json(operations::revoke_operator(&*call.store, &name, call.control.now()).await?))
}
