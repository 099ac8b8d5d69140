//! Files that are written whole: an overlay, a document for a backend that has none.

use serde_json::{Map, Value, json};

use super::{FIELD, public_operations, yaml};
use crate::Tree;

/// An overlay that carries the extension, for a document that a framework writes anew:
/// `x-tollgate` at the document, `auth: public` on every operation with `security: []`.
pub fn overlay(document: &Tree, extension: &Map<String, Value>) -> String {
    let mut text = String::from("overlay: 1.1.0\n");
    let info = json!({ "title": "What the gateway does", "version": "1.0.0" });
    text.push_str(&yaml::field("info", &info, "", "  ", "\n"));
    text.push_str("actions:\n");
    action(&mut text, "$", &Value::Object(extension.clone()));
    for operation in public_operations(&document.root()) {
        let tokens = operation.pointer.split('/').skip(1).map(crate::tree::unescape);
        let path: String = tokens.map(|token| format!("['{}']", quote(&token))).collect();
        action(&mut text, &format!("${path}"), &json!({ "auth": "public" }));
    }
    text
}

fn action(text: &mut String, target: &str, extension: &Value) {
    text.push_str(&format!("  - target: {}\n    update:\n", Value::from(target)));
    text.push_str(&yaml::field(FIELD, extension, "      ", "  ", "\n"));
}

/// A name between single quotes in a JSONPath (RFC 9535 §2.3.1.1).
fn quote(name: &str) -> String {
    let mut quoted = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '\'' | '\\' => quoted.extend(['\\', c]),
            c if (c as u32) < 0x20 => quoted.push_str(&format!("\\u{:04x}", c as u32)),
            c => quoted.push(c),
        }
    }
    quoted
}

/// A document for a backend that has none: one route that takes every path and every method.
pub fn catch_all(title: &str, extension: &Map<String, Value>) -> String {
    let mut text = String::from("openapi: 3.1.0\n");
    text.push_str(&yaml::field("info", &json!({ "title": title, "version": "1.0.0" }), "", "  ", "\n"));
    text.push_str(&yaml::field(FIELD, &Value::Object(extension.clone()), "", "  ", "\n"));
    text.push_str(
        "paths:\n\
         \x20 /{rest}:\n\
         \x20   # The rest of the path, slashes included.\n\
         \x20   x-tollgate-path:\n\
         \x20     rest: many\n\
         \x20   parameters:\n\
         \x20     - name: rest\n\
         \x20       in: path\n\
         \x20       required: true\n\
         \x20       schema:\n\
         \x20         type: string\n\
         \x20   # Every method. Write operations of their own for paths that need something else.\n\
         \x20   x-tollgate-any:\n\
         \x20     operationId: everything\n\
         \x20     responses:\n\
         \x20       default:\n\
         \x20         description: Whatever the backend answers.\n",
    );
    text
}
