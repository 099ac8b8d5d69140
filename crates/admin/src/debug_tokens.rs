//! `/v1/debug-tokens`

use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use tollgate_core::services::DebugGrant;
use tollgate_core::store::NewAuditEntry;
use tollgate_core::units::Interval;
use utoipa::ToSchema;

use crate::auth::{Call, Reading};
use crate::error::{ApiError, Json, UNACCEPTABLE};
use crate::views::DebugTokenView;

/// How long a token is good unless told otherwise.
const DEFAULT: Duration = Duration::from_secs(15 * 60);
/// How long it is good at most: it cannot be revoked.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// A debug token to be made.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct CreateDebugToken {
    /// How long it is good: `15m` where it is not given, `1h` at most.
    #[schema(example = "15m", pattern = "^[0-9]+(\\.[0-9]+)? ?[A-Za-z]*$")]
    expires_in: Option<String>,
    /// The only route that it is for, by id; all where it is not given.
    #[schema(min_length = 1, max_length = 256)]
    route: Option<String>,
}

/// Make a debug token
///
/// Answers to requests that carry it in `X-Tollgate-Debug` tell in `X-Tollgate-Trace` what matched, each
/// step with its verdict and time, and the reason; the requests are remembered. It says no more than
/// the scope `read` lets its holder see anyway, is signed and not stored, and ends by itself.
#[utoipa::path(post, path = "/v1/debug-tokens", operation_id = "createDebugToken", tag = "gateway", request_body = CreateDebugToken, security(("token" = ["read"])), responses(
    (status = 201, description = "It is good on every node.", body = DebugTokenView),
))]
pub(crate) async fn create(
    call: Call<Reading>,
    Json(wanted): Json<CreateDebugToken>,
) -> Result<(StatusCode, axum::Json<DebugTokenView>), ApiError> {
    let unacceptable = |detail: String| ApiError::new(&UNACCEPTABLE, detail);
    let lifetime = match wanted.expires_in.as_deref() {
        None => DEFAULT,
        Some(text) => text.parse::<Interval>().map_err(|error| unacceptable(format!("expiresIn: {error}")))?.0,
    };
    if lifetime < Duration::from_secs(1) || lifetime > LONGEST {
        return Err(unacceptable("expiresIn: a debug token is good for 1s at least and for 1h at most".to_owned()));
    }
    if let Some(route) = &wanted.route
        && !call.control.routes().iter().any(|known| known.id == *route)
    {
        let detail = format!("route: there is no route `{}`; `/v1/routes` lists them", route.escape_debug());
        return Err(unacceptable(detail));
    }
    let expires_on = call.control.now().plus(lifetime);
    let grant = DebugGrant { operator: call.actor().name.clone(), route: wanted.route, expires_on };
    let detail = json!({ "route": grant.route, "expiresOn": expires_on.rfc3339() });
    let entry = NewAuditEntry {
        action: "debug-token.create".to_owned(),
        target_kind: "debug-token".to_owned(),
        target: String::new(),
        detail: detail.as_object().cloned().unwrap_or_default(),
    };
    // Whoever looks why the store is away needs this most.
    if let Err(error) = call.store.record(entry).await {
        tracing::error!(%error, "the making of a debug token could not be written into the audit log");
    }
    let view = DebugTokenView {
        token: call.control.debug_token(&grant),
        header: "X-Tollgate-Debug".to_owned(),
        route: grant.route,
        expires_on: expires_on.rfc3339(),
    };
    Ok((StatusCode::CREATED, axum::Json(view)))
}
