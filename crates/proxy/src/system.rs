//! The gateway's own routes on the data listener: the issuer's keys, the pages of problems.

use std::fmt::Write;

use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, ORIGIN,
};
use http::request::Parts;
use http::{Method, StatusCode};
use tollgate_core::cors::Cors;
use tollgate_core::services::PluginDocument;
use tollgate_core::{Body, Catalog, Reason, Response};

use crate::hygiene::Inspected;

use crate::snapshot::Snapshot;

/// No route of a project may begin with this.
pub const RESERVED: &str = "/__tollgate/";

const PROBLEMS: &str = "/__tollgate/problems/";

/// Answers a request for one of the gateway's own paths; `None` for all others.
pub fn answer(snapshot: &Snapshot, parts: &Parts, inspected: &Inspected) -> Option<Response> {
    let path = inspected.target.match_path.as_str();
    if let Some(document) = snapshot.plugin_document(path) {
        return Some(resource_metadata(document, path, inspected, parts));
    }
    // Everything here lies below a name with two underscores.
    if !path.starts_with("/__") && !path.starts_with(snapshot.issuer_path.as_str()) {
        return None;
    }
    let answer = if let Some(below) = path.strip_prefix(snapshot.issuer_path.as_str()) {
        issuer(snapshot, below)
    } else if let Some(code) = path.strip_prefix(PROBLEMS) {
        Some(problem_page(snapshot, code))
    } else if snapshot.compatibility.zuplo_problems && path == "/__zuplo/ping" {
        Some(text("OK"))
    } else if path.starts_with(RESERVED) {
        Some(not_found())
    } else {
        None
    };
    let mut response = answer?;
    match parts.method {
        Method::GET | Method::HEAD => {}
        Method::OPTIONS => {
            *response.status_mut() = StatusCode::NO_CONTENT;
            *response.body_mut() = Body::empty();
            response.headers_mut().insert("access-control-allow-methods", HeaderValue::from_static("GET, HEAD"));
            response.headers_mut().insert("access-control-allow-headers", HeaderValue::from_static("*"));
        }
        _ => {
            response = text("method not allowed");
            *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        }
    }
    Some(response)
}

/// The metadata of a protected resource (RFC 9728 §3): readable from everywhere, whatever the routes say
/// of other origins.
fn resource_metadata(document: &PluginDocument, path: &str, inspected: &Inspected, parts: &Parts) -> Response {
    let (client, below) = (&inspected.client, path.strip_prefix(document.path.as_str()).unwrap_or_default());
    let mut body = document.body.clone();
    if let Some(body) = body.as_object_mut() {
        body.insert("resource".to_owned(), format!("{}://{}{below}", client.scheme.as_str(), client.host).into());
    }
    let mut response = Response::new(Body::full(body.to_string()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    Cors::anything_goes().apply(parts.headers.get(ORIGIN), headers);
    if parts.method == Method::OPTIONS {
        *response.status_mut() = StatusCode::NO_CONTENT;
        *response.body_mut() = Body::empty();
        let headers = response.headers_mut();
        headers.insert("access-control-allow-methods", HeaderValue::from_static("GET, HEAD"));
        headers.insert("access-control-allow-headers", HeaderValue::from_static("*"));
    }
    response
}

/// What is published under the issuer's path (OpenID Connect Discovery 1.0, section 4).
fn issuer(snapshot: &Snapshot, below: &str) -> Option<Response> {
    let issuer = &snapshot.services.issuer;
    let document = match below {
        "/.well-known/openid-configuration" => issuer.discovery(),
        "/.well-known/jwks.json" => issuer.jwks(),
        _ => return None,
    };
    let mut response = Response::new(Body::full(document.to_string()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    Some(response)
}

fn text(body: &'static str) -> Response {
    let mut response = Response::new(Body::full(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

fn not_found() -> Response {
    let mut response = text("There is nothing here.\n");
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// The page of a problem: what every reason of this code means, and what to do. Nothing of it is
/// about one request, and reasons that clients must not tell apart are not told apart here.
fn problem_page(snapshot: &Snapshot, code: &str) -> Response {
    let Some((_, page)) = snapshot.problem_pages.iter().find(|(known, _)| *known == code) else { return not_found() };
    let mut response = Response::new(Body::full(page.clone()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'"));
    response
}

/// The pages of all codes, made at load.
pub(crate) fn problem_pages(catalog: &Catalog) -> Vec<(&'static str, bytes::Bytes)> {
    let mut codes: Vec<(&'static str, Vec<&'static Reason>)> = Vec::new();
    for reason in catalog.reasons() {
        match codes.iter_mut().find(|(code, _)| *code == reason.code) {
            Some((_, same)) => same.push(reason),
            None => codes.push((reason.code, vec![reason])),
        }
    }
    codes.into_iter().map(|(code, reasons)| (code, page(code, &reasons).into())).collect()
}

fn page(code: &str, reasons: &[&Reason]) -> String {
    let (title, status) = reasons.first().map_or(("", 0), |reason| (reason.title, reason.status));
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{status} {title}</title>\
         <style>body{{font:16px/1.5 system-ui,sans-serif;max-width:42em;margin:3em auto;padding:0 1em}}code{{background:#8882;padding:.1em .3em}}</style>\
         <h1>{status} {title}</h1><p>Problem code <code>{}</code></p>",
        escape(code)
    );
    for reason in reasons {
        let _ = write!(
            html,
            "<h2>What may have happened</h2><p>{}</p><h2>What to do</h2><p>{}</p>",
            escape(reason.meaning),
            escape(reason.fix)
        );
    }
    html.push_str("<p>Every answer carries its own <code>requestId</code>: the operator finds the exact reason under it in the log.</p></html>\n");
    html
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
