//! CORS preflights: answered from the route that the requested method would find, before any
//! hook, policy or key.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HeaderValue, ORIGIN,
    VARY,
};
use http::request::Parts;
use http::{Method, StatusCode};
use tollgate_core::project::CorsChoice;
use tollgate_core::reason::{CORS_MALFORMED, CORS_REFUSED};
use tollgate_core::{Body, Problem, Response};

use crate::hygiene::Inspected;
use crate::router::Outcome;
use crate::snapshot::Snapshot;

/// Answers a preflight; `None` where the request is none.
///
/// An OPTIONS request counts as one if it says so with `Access-Control-Request-Method`, or if no
/// route serves OPTIONS at its path.
pub fn answer(snapshot: &Snapshot, parts: &Parts, inspected: &Inspected) -> Option<Result<Response, Problem>> {
    if parts.method != Method::OPTIONS {
        return None;
    }
    let path = &inspected.target.match_path;
    let host = &*inspected.client.host;
    let origin = parts.headers.get(ORIGIN);
    let wanted = parts.headers.get(ACCESS_CONTROL_REQUEST_METHOD);
    let (Some(origin), Some(wanted)) = (origin, wanted) else {
        if origin.is_none() && wanted.is_none() {
            // No preflight. Where a route serves OPTIONS, or the path is known, routing has the
            // better answer; the Zuplo form answers every other OPTIONS as a broken preflight.
            let served = matches!(snapshot.router.find(host, &Method::OPTIONS, path), Outcome::Found(_));
            if served || !snapshot.compatibility.zuplo_problems {
                return None;
            }
        } else if origin.is_some() && matches!(snapshot.router.find(host, &Method::OPTIONS, path), Outcome::Found(_)) {
            // A cross-origin OPTIONS request that is meant for the backend.
            return None;
        }
        return Some(Err(Problem::new(
            &CORS_MALFORMED,
            "A preflight request needs the headers Origin and Access-Control-Request-Method.",
        )));
    };
    let refused = || Some(Err(Problem::new(&CORS_REFUSED, "No CORS policy allows this request.")));
    let Ok(method) = Method::from_bytes(wanted.as_bytes()) else { return refused() };
    let Outcome::Found(found) = snapshot.router.find(host, &method, path) else { return refused() };
    let Some(route) = snapshot.routes.get(found.route) else { return refused() };
    let Some(cors) = &route.pipeline.cors else { return refused() };
    let methods = snapshot.router.methods_at(host, path).unwrap_or_else(|| wanted.clone());
    let mut response = Response::new(Body::empty());
    if !cors.preflight(origin, &methods, response.headers_mut()) {
        return refused();
    }
    // With credentials `*` would mean a header of that name, and it never covers Authorization.
    if route.route.cors == CorsChoice::AnythingGoes
        && !snapshot.compatibility.zuplo_problems
        && let Some(headers) = parts.headers.get(ACCESS_CONTROL_REQUEST_HEADERS)
    {
        response.headers_mut().insert(ACCESS_CONTROL_ALLOW_HEADERS, headers.clone());
        response.headers_mut().append(VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
    }
    *response.status_mut() = StatusCode::OK;
    Some(Ok(response))
}
