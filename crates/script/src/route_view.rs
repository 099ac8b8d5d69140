//! Routes and callers as scripts see them (`context.route`, `context.incomingRequestProperties`).

use std::sync::Arc;

use serde_json::{Map, Value, json};
use tollgate_core::Route;
use tollgate_core::project::{CorsChoice, Use};
use tollgate_core::route::{Methods, PathMode};

use crate::message::Seed;

/// What the document says of a route.
pub(crate) fn configuration(route: &Route) -> Value {
    let raw = route.operation.raw().unwrap_or_default();
    let extension = raw.get("x-zuplo-route").or_else(|| raw.get("x-tollgate")).cloned().unwrap_or_default();
    let methods = match &route.methods {
        Methods::Any => Vec::new(),
        Methods::Listed(methods) => methods.iter().map(|method| method.as_str().to_owned()).collect(),
    };
    let mut view = Map::new();
    view.insert("path".to_owned(), json!(route.template.text));
    view.insert("methods".to_owned(), json!(methods));
    view.insert("pathPattern".to_owned(), json!(route.template.text));
    view.insert("handler".to_owned(), handler(route, &extension));
    let policies = extension.get("policies").cloned();
    view.insert("policies".to_owned(), policies.unwrap_or_else(|| json!({ "inbound": [], "outbound": [] })));
    let cors = extension.get("corsPolicy").cloned();
    let cors = cors.unwrap_or_else(|| match route.cors {
        CorsChoice::None => json!("none"),
        CorsChoice::AnythingGoes => json!("anything-goes"),
        CorsChoice::Named(_) => Value::Null,
    });
    view.insert("corsPolicy".to_owned(), cors);
    view.insert("excludeFromOpenApi".to_owned(), json!(route.internal));
    view.insert("metadata".to_owned(), json!({ "filepath": route.operation.document.name }));
    view.insert(
        "pathMode".to_owned(),
        json!(if route.template.mode == PathMode::UrlPattern { "url-pattern" } else { "open-api" }),
    );
    for field in ["label", "key", "version", "custom", "mcp"] {
        if let Some(value) = extension.get(field) {
            view.insert(field.to_owned(), value.clone());
        }
    }
    for field in ["operationId", "summary", "description", "tags", "parameters", "responses"] {
        if let Some(value) = raw.get(field) {
            view.insert(field.to_owned(), value.clone());
        }
    }
    Value::Object(view)
}

fn handler(route: &Route, extension: &Value) -> Value {
    let written = extension.get("handler");
    let field = |name: &str| written.and_then(|handler| handler.get(name)).cloned();
    let (module, export) = match &route.handler.implementation {
        Use::Module(export) => (format!("$import(./{})", export.path.trim_start_matches("./")), export.name.clone()),
        Use::BuiltIn(name) => ("$import(@tollgate/runtime)".to_owned(), name.clone()),
    };
    json!({
        "module": field("module").unwrap_or_else(|| module.into()),
        "export": field("export").unwrap_or_else(|| export.into()),
        // Those that were read have `$env(…)` resolved.
        "options": route.handler.options,
    })
}

/// A route that is not an exchange's own, and its operation.
pub(crate) fn other(route: &Arc<Route>) -> Value {
    json!({ "route": configuration(route), "raw": route.operation.raw() })
}

/// Where a request came from, as far as it is known.
pub(crate) fn properties(seed: &Seed) -> Value {
    json!({
        "ip": seed.client.ip.to_string(),
        "httpProtocol": if seed.http2 { "HTTP/2" } else { "HTTP/1.1" },
    })
}
