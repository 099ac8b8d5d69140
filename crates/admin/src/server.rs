//! The router of the management listener, its document, and the listener itself.

use std::sync::Arc;

use axum::Router;
use axum::middleware;
use axum::routing::get;
use tokio::net::TcpListener;
use tollgate_core::store::Store;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::{self, ManagementToken};
use crate::control::Control;
use crate::{consumers, error, gateway, health, keys, leaks};

/// What the handlers work on.
#[derive(Debug, Clone)]
pub struct Admin {
    /// Consumers and keys.
    pub store: Arc<dyn Store>,
    /// The running gateway.
    pub control: Arc<dyn Control>,
    /// What callers must present.
    pub token: ManagementToken,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tollgate management API",
        description = "Consumers, keys, signing keys and the running gateway. Keep its listener on loopback.",
        license(name = "MIT OR Apache-2.0")
    ),
    tags(
        (name = "health", description = "For probes and scrapers; no token needed."),
        (name = "gateway", description = "The running gateway."),
        (name = "consumers", description = "Who calls."),
        (name = "keys", description = "The API keys of consumers."),
    ),
    modifiers(&Token)
)]
struct Document;

struct Token;

impl utoipa::Modify for Token {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("The content of `management.token` in the data folder."))
            .build();
        document.components.get_or_insert_default().add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

fn open_routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(health::livez))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
}

fn guarded_routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::new()
        .routes(routes!(gateway::status))
        .routes(routes!(gateway::routes))
        .routes(routes!(gateway::reload))
        .routes(routes!(gateway::signing_keys))
        .routes(routes!(gateway::rotate))
        .routes(routes!(consumers::list, consumers::create))
        .routes(routes!(consumers::show, consumers::update, consumers::delete))
        .routes(routes!(keys::list, keys::create))
        .routes(routes!(keys::show))
        .routes(routes!(keys::revoke))
        .routes(routes!(keys::roll))
        .routes(routes!(leaks::report))
}

/// The OpenAPI document of the management API.
pub fn document() -> serde_json::Value {
    let (_, mut document) = open_routes().split_for_parts();
    document.merge(guarded_routes().split_for_parts().1);
    serde_json::to_value(document).unwrap_or_default()
}

/// Everything that the management listener serves.
pub fn router(admin: Admin) -> Router {
    let (open, _) = open_routes().split_for_parts();
    let (guarded, _) = guarded_routes().split_for_parts();
    let guarded = guarded
        .method_not_allowed_fallback(error::no_such_method)
        .layer(middleware::from_fn_with_state(admin.token.clone(), auth::require));
    let document = Arc::new(document());
    open.method_not_allowed_fallback(error::no_such_method)
        .route("/v1/openapi.json", get(move || async move { axum::Json((*document).clone()) }))
        .route("/problems/{code}", get(error::page))
        .merge(guarded)
        .fallback(error::no_such_path)
        .with_state(admin)
}

/// Serves the management listener until `shutdown` resolves.
///
/// # Errors
/// Where the listener itself breaks.
pub async fn serve(
    listener: TcpListener,
    admin: Admin,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router(admin)).with_graceful_shutdown(shutdown).await
}
