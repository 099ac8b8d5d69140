//! The router of the management listener, and the listener itself.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::get;
use http::header::CONTENT_TYPE;
use tokio::net::TcpListener;
use tollgate_core::store::Store;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use crate::auth::{self, ManagementToken};
use crate::control::Control;
use crate::document::{self, document};
use crate::{
    audit, buckets, consumers, debug_tokens, error, gateway, health, idempotency, key_service, keys, leaks, log_levels,
    managers, operators, requests, snapshots, usage,
};

/// The longest body of a call.
pub(crate) const MAX_BODY: usize = 2 * 1024 * 1024;

/// What the handlers work on.
#[derive(Debug, Clone)]
pub struct Admin {
    /// Consumers, keys and everything else that is kept. Handlers get it on behalf of their caller.
    pub store: Arc<dyn Store>,
    /// The running gateway.
    pub control: Arc<dyn Control>,
    /// The bootstrap token.
    pub token: ManagementToken,
}

fn open_routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::with_openapi(document::frame())
        .routes(routes!(health::livez))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
}

/// `wrap` is put around the calls, but not around the answer to a method that a path does not take.
fn guarded_routes(wrap: impl Fn(UtoipaMethodRouter<Admin>) -> UtoipaMethodRouter<Admin>) -> OpenApiRouter<Admin> {
    OpenApiRouter::new()
        .routes(wrap(routes!(gateway::status)))
        .routes(wrap(routes!(gateway::live)))
        .routes(wrap(routes!(gateway::routes)))
        .routes(wrap(routes!(gateway::describe)))
        .routes(wrap(routes!(gateway::reload)))
        .routes(wrap(routes!(snapshots::list)))
        .routes(wrap(routes!(snapshots::show)))
        .routes(wrap(routes!(snapshots::compare)))
        .routes(wrap(routes!(snapshots::roll_back)))
        .routes(wrap(routes!(snapshots::unpin)))
        .routes(wrap(routes!(gateway::signing_keys)))
        .routes(wrap(routes!(gateway::rotate)))
        .routes(wrap(routes!(requests::list)))
        .routes(wrap(routes!(requests::show)))
        .routes(wrap(routes!(debug_tokens::create)))
        .routes(wrap(routes!(log_levels::list)))
        .routes(wrap(routes!(log_levels::set, log_levels::reset)))
        .routes(wrap(routes!(buckets::list, buckets::create)))
        .routes(wrap(routes!(buckets::show, buckets::update, buckets::delete)))
        .routes(wrap(routes!(buckets::revoke_keys)))
        .routes(wrap(routes!(managers::list_of_bucket, managers::add_to_bucket)))
        .routes(wrap(routes!(managers::remove_from_bucket)))
        .routes(wrap(routes!(consumers::list, consumers::create)))
        .routes(wrap(routes!(consumers::show, consumers::update, consumers::delete)))
        .routes(wrap(routes!(consumers::revoke_keys)))
        .routes(wrap(routes!(consumers::roll)))
        .routes(wrap(routes!(managers::list_of_consumer, managers::add_to_consumer)))
        .routes(wrap(routes!(managers::remove_from_consumer)))
        .routes(wrap(routes!(keys::list, keys::create)))
        .routes(wrap(routes!(keys::show, keys::update, keys::delete)))
        .routes(wrap(routes!(keys::revoke)))
        .routes(wrap(routes!(keys::quarantine)))
        .routes(wrap(routes!(keys::release)))
        .routes(wrap(routes!(keys::roll)))
        .routes(wrap(routes!(leaks::report)))
        .routes(wrap(routes!(operators::list, operators::create)))
        .routes(wrap(routes!(operators::show)))
        .routes(wrap(routes!(operators::revoke)))
        .routes(wrap(routes!(usage::list)))
        .routes(wrap(routes!(audit::list)))
        .routes(wrap(routes!(audit::verify)))
}

/// The text of [`document()`], made when somebody asks for it first: few gateways are ever asked.
static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| serde_json::to_vec(&document()).unwrap_or_default().into());

/// What the handlers say of themselves.
pub(crate) fn described() -> OpenApi {
    let (_, mut described) = open_routes().split_for_parts();
    described.merge(guarded_routes(|calls| calls).split_for_parts().1);
    described
}

/// Everything that the management listener serves.
pub fn router(admin: Admin) -> Router {
    let (open, _) = open_routes().split_for_parts();
    let once = middleware::from_fn_with_state(admin.clone(), idempotency::once);
    let wrap = |(schemas, paths, calls): UtoipaMethodRouter<Admin>| (schemas, paths, calls.route_layer(once.clone()));
    let (guarded, _) = guarded_routes(wrap).split_for_parts();
    let guarded = guarded
        .merge(key_service::routes(|calls| calls.route_layer(once.clone())))
        .method_not_allowed_fallback(error::no_such_method)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(admin.clone(), auth::authenticate));
    open.method_not_allowed_fallback(error::no_such_method)
        .route("/v1/openapi.json", get(async || ([(CONTENT_TYPE, "application/json")], DOCUMENT.clone())))
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
    let service = router(admin).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(shutdown).await
}
