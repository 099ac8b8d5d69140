//! What of a document is published.

use serde_json::{Map, Value, json};
use std::sync::Arc;
use tollgate_core::project::{Project, Use};
use tollgate_core::route::Document;
use tollgate_core::{Catalog, Route};

const METHODS: [&str; 9] = ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];

/// The document as clients may see it.
pub(super) fn published(document: &Document, project: &Project, catalog: &Catalog) -> Value {
    let mut root = (*document.root.tree()).clone();
    document_credentials(&mut root, document, project, catalog);
    super::bundle::bundle(&mut root, document);
    hide_internal(&mut root);
    strip(&mut root, false);
    if let Some(root) = root.as_object_mut() {
        let public = project.settings.public_url.as_deref().unwrap_or_default().trim_end_matches('/');
        let url = format!("{public}{}", document.mount);
        root.insert("servers".to_owned(), json!([{ "url": if url.is_empty() { "/" } else { &url } }]));
    }
    root
}

/// Takes out operations and path items that are nobody else's business.
fn hide_internal(root: &mut Value) {
    for container in ["paths", "webhooks"] {
        let Some(items) = root.get_mut(container).and_then(Value::as_object_mut) else { continue };
        items.retain(|_, item| !is_internal(item));
        for item in items.values_mut().filter_map(Value::as_object_mut) {
            item.retain(|member, value| !(METHODS.contains(&member.as_str()) && is_internal(value)));
            if let Some(additional) = item.get_mut("additionalOperations").and_then(Value::as_object_mut) {
                additional.retain(|_, operation| !is_internal(operation));
            }
        }
        // What has no operation left says nothing any more.
        items.retain(|_, item| {
            item.as_object().is_none_or(|item| {
                item.contains_key("$ref")
                    || item.keys().any(|member| METHODS.contains(&member.as_str()) || member == "additionalOperations")
            })
        });
    }
}

fn is_internal(value: &Value) -> bool {
    value.get("x-internal") == Some(&Value::Bool(true))
}

/// Takes out the gateway's own extensions. In a map of names (`of_names`) every member is
/// somebody's name and none an extension; examples and defaults are data.
fn strip(value: &mut Value, of_names: bool) {
    match value {
        Value::Object(members) => {
            if !of_names {
                members.retain(|name, _| !is_own(name));
            }
            for (name, member) in members {
                let data = !of_names && matches!(name.as_str(), "example" | "examples" | "default" | "enum" | "const");
                if !data {
                    let names = ["properties", "patternProperties", "headers", "schemas", "mapping", "variables"];
                    strip(member, !of_names && names.contains(&name.as_str()));
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| strip(item, false)),
        _ => {}
    }
}

fn is_own(name: &str) -> bool {
    name.starts_with("x-tollgate") || name.starts_with("x-zuplo") || name == "x-internal"
}

/// Says under `security` what a route asks its callers for, where its policies tell.
fn document_credentials(root: &mut Value, document: &Document, project: &Project, catalog: &Catalog) {
    let mut schemes: Map<String, Value> = Map::new();
    for route in &project.routes {
        if !std::ptr::eq(Arc::as_ptr(&route.operation.document), document) {
            continue;
        }
        let Some(scheme) = scheme(route, project, catalog) else { continue };
        let Some(operation) = root.pointer_mut(&route.operation.pointer).and_then(Value::as_object_mut) else {
            continue;
        };
        if operation.contains_key("security") {
            continue;
        }
        let known = schemes.iter().find(|(_, known)| **known == scheme).map(|(name, _)| name.clone());
        let name = known.unwrap_or_else(|| match schemes.len() {
            0 => "apiKey".to_owned(),
            number => format!("apiKey{}", number + 1),
        });
        operation.insert("security".to_owned(), json!([{ name.as_str(): [] }]));
        schemes.insert(name, scheme);
    }
    if schemes.is_empty() {
        return;
    }
    let Some(root) = root.as_object_mut() else { return };
    let components = root.entry("components").or_insert_with(|| json!({}));
    let Some(components) = components.as_object_mut() else { return };
    let Some(existing) = components.entry("securitySchemes").or_insert_with(|| json!({})).as_object_mut() else {
        return;
    };
    for (name, scheme) in schemes {
        existing.insert(name, scheme);
    }
}

/// The first security scheme that a step of the route describes.
fn scheme(route: &Route, project: &Project, catalog: &Catalog) -> Option<Value> {
    route.inbound.iter().find_map(|step| {
        let instance = project.policies.get(step.policy)?;
        let Use::BuiltIn(name) = &instance.implementation else { return None };
        (catalog.policy(name)?.security_scheme?)(&instance.options)
    })
}
