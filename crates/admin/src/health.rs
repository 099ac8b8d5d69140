//! Health and metrics: for probes and scrapers, so they need no token.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};

use crate::exposition;
use crate::server::Admin;
use crate::views::Readiness;

/// The process is alive
///
/// Says nothing about what it depends on: restarting it would not mend those.
#[utoipa::path(get, path = "/livez", operation_id = "livez", tag = "health", responses((status = 200, description = "It is.", body = String, content_type = "text/plain")))]
pub(crate) async fn livez() -> Response {
    ([(CACHE_CONTROL, "no-store")], "ok\n").into_response()
}

/// The gateway can take traffic
#[utoipa::path(get, path = "/readyz", operation_id = "readyz", tag = "health", responses(
    (status = 200, description = "It can.", body = Readiness),
    (status = 503, description = "It cannot; `checks` says why.", body = Readiness),
))]
pub(crate) async fn readyz(State(admin): State<Admin>) -> Response {
    let health = admin.control.health().await;
    // Known keys keep working while the store is away, so that alone only degrades.
    let unready = health.stopping || health.keys.is_some() || health.issuer.is_some();
    let parts = [&health.project, &health.source, &health.pinned, &health.certificates, &health.store];
    let degraded = parts.iter().any(|wrong| wrong.is_some());
    let mut checks = BTreeMap::new();
    for (name, wrong) in [
        ("project", health.project),
        ("source", health.source),
        ("snapshot", health.pinned),
        ("certificates", health.certificates),
        ("store", health.store),
        ("keys", health.keys),
        ("issuer", health.issuer),
    ] {
        checks.insert(name.to_owned(), wrong.unwrap_or_else(|| "ok".to_owned()));
    }
    if health.stopping {
        checks.insert("process".to_owned(), "stopping".to_owned());
    }
    let (code, status) = match (unready, degraded) {
        (true, _) => (StatusCode::SERVICE_UNAVAILABLE, "unready"),
        (false, true) => (StatusCode::OK, "degraded"),
        (false, false) => (StatusCode::OK, "ready"),
    };
    let body = Readiness { status: status.to_owned(), snapshot: health.snapshot, checks };
    (code, [(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// Metrics
///
/// In the OpenMetrics text format where the scraper asks for it, else in the older Prometheus one.
#[utoipa::path(get, path = "/metrics", operation_id = "metrics", tag = "health", responses((status = 200, description = "All of them.", content((String = "text/plain"), (String = "application/openmetrics-text")))))]
pub(crate) async fn metrics(State(admin): State<Admin>, headers: HeaderMap) -> Response {
    let open = headers
        .get_all(ACCEPT)
        .iter()
        .any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("application/openmetrics-text")));
    let text = admin.control.metrics();
    let (media, text) = match open {
        true => ("application/openmetrics-text; version=1.0.0; charset=utf-8", text),
        false => ("text/plain; version=0.0.4; charset=utf-8", exposition::plain(&text)),
    };
    ([(CONTENT_TYPE, media), (CACHE_CONTROL, "no-store")], text).into_response()
}
