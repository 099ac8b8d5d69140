//! The routes of a document, and a matcher that is enough for examples.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde_json::Value;
use tollgate_core::Route;
use tollgate_core::exchange::Params;
use tollgate_core::project::{CorsChoice, HandlerDefinition, Place, Timeouts, Use};
use tollgate_core::route::{Document, Methods, Operation, PathMode, PathTemplate};

/// One route for each operation, in document order.
pub(super) fn routes_of(document: &Arc<Document>) -> Vec<Arc<Route>> {
    let methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];
    let mut routes = Vec::new();
    let root = document.root.tree();
    for (path, item) in root.get("paths").and_then(Value::as_object).into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let name = method.to_ascii_uppercase();
            let Some(verb) =
                methods.contains(&method.as_str()).then(|| Method::from_bytes(name.as_bytes()).ok()).flatten()
            else {
                continue;
            };
            let escaped = path.replace('~', "~0").replace('/', "~1");
            let id = operation
                .get("operationId")
                .and_then(Value::as_str)
                .map_or_else(|| format!("{name} {path}"), str::to_owned);
            routes.push(Arc::new(Route {
                id: id.into(),
                place: Place::default(),
                template: PathTemplate { text: path.as_str().into(), mode: PathMode::OpenApi, rest: None },
                methods: Methods::Listed(vec![verb]),
                hosts: Vec::new(),
                inbound: Vec::new(),
                handler: HandlerDefinition {
                    implementation: Use::BuiltIn("forward".to_owned()),
                    options: Value::Null,
                    place: Place::default(),
                }
                .into(),
                outbound: Vec::new(),
                cors: CorsChoice::None,
                timeouts: Timeouts { connect: Duration::from_secs(5), first_byte: None, idle: None, total: None },
                operation: Operation { document: Arc::clone(document), pointer: format!("/paths/{escaped}/{method}") },
                upgrades: None,
                mcp: None,
                authenticated: false,
                internal: false,
            }));
        }
    }
    routes
}

/// A matcher that is enough for the documents of examples: whole segments only.
pub(super) fn match_route(route: &Route, method: &Method, path: &str) -> Option<Params> {
    let Methods::Listed(methods) = &route.methods else { return None };
    if !methods.contains(method) {
        return None;
    }
    let (template, path): (Vec<_>, Vec<_>) = (route.template.text.split('/').collect(), path.split('/').collect());
    if template.len() != path.len() {
        return None;
    }
    let mut params = Params::new();
    for (expected, actual) in template.into_iter().zip(path) {
        match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) if !actual.is_empty() => {
                let value = percent_encoding::percent_decode_str(actual).decode_utf8_lossy().into_owned();
                params.push((name.into(), value));
            }
            None if expected == actual => {}
            _ => return None,
        }
    }
    Some(params)
}
