//! OpenAPI 3.0 in the shape of 3.1, so that nothing behind the reader meets two dialects.
//!
//! Schemas of 3.0 are a variant of an early JSON Schema draft; 3.1 speaks 2020-12. What has
//! another meaning is rewritten after the migration guide of the OpenAPI Initiative; everything
//! else, extensions above all, stays as it is. Rewriting twice changes nothing.

use serde_json::{Map, Value, json};

use super::shape::Kind;

/// The version that an upgraded document carries.
pub(crate) const UPGRADED_VERSION: &str = "3.1.0";

/// Rewrites one object of a 3.0 document; the objects in it are rewritten already.
pub(crate) fn upgrade(kind: Kind, object: &mut Map<String, Value>) {
    match kind {
        Kind::Schema => upgrade_schema(object),
        Kind::Document => {
            object.insert("openapi".to_owned(), UPGRADED_VERSION.into());
        }
        _ => {}
    }
}

fn upgrade_schema(schema: &mut Map<String, Value>) {
    exclusive_limit(schema, "exclusiveMinimum", "minimum");
    exclusive_limit(schema, "exclusiveMaximum", "maximum");
    if !schema.contains_key("examples") && schema.contains_key("example") {
        rename(schema, "example", "examples", |example| json!([example]));
    }
    match schema.get("format").and_then(Value::as_str) {
        Some("binary") => rename(schema, "format", "contentMediaType", |_| "application/octet-stream".into()),
        Some("byte" | "base64") => rename(schema, "format", "contentEncoding", |_| "base64".into()),
        _ => {}
    }
    if let Some(Value::Bool(nullable)) = schema.get("nullable") {
        let nullable = *nullable;
        schema.shift_remove("nullable");
        if nullable {
            allow_null(schema);
        }
    }
}

/// `minimum: 3, exclusiveMinimum: true` is `exclusiveMinimum: 3` now.
fn exclusive_limit(schema: &mut Map<String, Value>, exclusive: &str, limit: &str) {
    match schema.get(exclusive) {
        Some(Value::Bool(true)) => {
            if let Some(value) = schema.shift_remove(limit) {
                schema.insert(exclusive.to_owned(), value);
            } else {
                schema.shift_remove(exclusive);
            }
        }
        Some(Value::Bool(false)) => {
            schema.shift_remove(exclusive);
        }
        _ => {}
    }
}

/// Replaces a field by another at the same place in the order.
fn rename(schema: &mut Map<String, Value>, from: &str, to: &str, change: impl FnOnce(Value) -> Value) {
    if schema.contains_key(to) {
        return;
    }
    let Some(index) = schema.keys().position(|key| key == from) else { return };
    let Some(value) = schema.shift_remove(from) else { return };
    schema.shift_insert(index, to.to_owned(), change(value));
}

/// What `nullable: true` says. Where a schema has no `type`, 3.0 gave it no meaning, but authors
/// mean what they write: null is allowed beside whatever the schema refers to or combines.
fn allow_null(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(values)) = schema.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    match schema.get_mut("type") {
        Some(Value::String(name)) => {
            let name = std::mem::take(name);
            schema.insert("type".to_owned(), json!([name, "null"]));
            return;
        }
        Some(Value::Array(names)) => {
            if !names.iter().any(|name| name == "null") {
                names.push("null".into());
            }
            return;
        }
        _ => {}
    }
    let null = json!({ "type": "null" });
    for keyword in ["anyOf", "oneOf"] {
        if let Some(Value::Array(choices)) = schema.get_mut(keyword) {
            choices.push(null);
            return;
        }
    }
    for keyword in ["$ref", "allOf"] {
        if schema.contains_key(keyword) {
            rename(schema, keyword, "anyOf", |value| Value::Array(vec![json!({ keyword: value }), null]));
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(before: Value, after: Value) {
        let Value::Object(mut schema) = before else { panic!("a schema is an object") };
        upgrade(Kind::Schema, &mut schema);
        assert_eq!(Value::Object(schema.clone()), after);
        upgrade(Kind::Schema, &mut schema);
        assert_eq!(Value::Object(schema), after, "twice is as once");
    }

    #[test]
    fn nullable_becomes_a_type_or_an_alternative() {
        check(json!({ "type": "string", "nullable": true }), json!({ "type": ["string", "null"] }));
        check(json!({ "type": "string", "nullable": false }), json!({ "type": "string" }));
        check(
            json!({ "type": "string", "nullable": true, "enum": ["a"] }),
            json!({ "type": ["string", "null"], "enum": ["a", null] }),
        );
        check(
            json!({ "nullable": true, "$ref": "#/a", "description": "d" }),
            json!({ "anyOf": [{ "$ref": "#/a" }, { "type": "null" }], "description": "d" }),
        );
        check(
            json!({ "nullable": true, "allOf": [{ "$ref": "#/a" }] }),
            json!({ "anyOf": [{ "allOf": [{ "$ref": "#/a" }] }, { "type": "null" }] }),
        );
        check(
            json!({ "nullable": true, "oneOf": [{ "type": "string" }] }),
            json!({ "oneOf": [{ "type": "string" }, { "type": "null" }] }),
        );
        check(json!({ "nullable": true, "x-a": 1 }), json!({ "x-a": 1 }));
    }

    #[test]
    fn exclusive_limits_become_numbers() {
        check(json!({ "minimum": 3, "exclusiveMinimum": true }), json!({ "exclusiveMinimum": 3 }));
        check(json!({ "maximum": 3, "exclusiveMaximum": false }), json!({ "maximum": 3 }));
        check(json!({ "exclusiveMinimum": 3 }), json!({ "exclusiveMinimum": 3 }));
        check(json!({ "exclusiveMaximum": true }), json!({}));
    }

    #[test]
    fn files_and_examples_are_said_in_the_words_of_json_schema() {
        check(
            json!({ "type": "string", "format": "binary" }),
            json!({ "type": "string", "contentMediaType": "application/octet-stream" }),
        );
        check(json!({ "format": "byte" }), json!({ "contentEncoding": "base64" }));
        check(json!({ "format": "date" }), json!({ "format": "date" }));
        check(json!({ "example": 1, "x-a": 2 }), json!({ "examples": [1], "x-a": 2 }));
        check(json!({ "example": 1, "examples": [2] }), json!({ "example": 1, "examples": [2] }));
    }
}
