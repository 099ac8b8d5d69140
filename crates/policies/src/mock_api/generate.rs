//! A value that fits a schema, for operations without examples. It is always the same one.

use serde_json::{Map, Number, Value, json};
use tollgate_core::catalog::BuildError;

use tollgate_core::json_schema::{References, Spot};

/// How deep values are nested at most: schemas may hold themselves.
const DEEPEST: usize = 6;

/// Makes the value.
///
/// # Errors
/// Where a reference leads nowhere.
pub(super) fn generate(references: &References, schema: Spot<'_>) -> Result<Value, BuildError> {
    value(references, schema, 0).map(Option::unwrap_or_default)
}

/// `None` where it would be too deep, so that the property that would hold it is left out.
fn value(references: &References, schema: Spot<'_>, depth: usize) -> Result<Option<Value>, BuildError> {
    if depth > DEEPEST {
        return Ok(None);
    }
    let schema = references.follow(schema)?;
    let keyword = |name: &str| schema.value.get(name);
    let first = |name: &str| keyword(name).and_then(Value::as_array).and_then(|list| list.first());
    let given =
        keyword("example").or_else(|| first("examples")).or_else(|| keyword("const")).or_else(|| keyword("default"));
    if let Some(given) = given.or_else(|| first("enum")) {
        return Ok(Some(given.clone()));
    }
    for alternatives in ["oneOf", "anyOf"] {
        if let Some(first) = schema.member(alternatives).and_then(|list| list.items().next()) {
            return value(references, first, depth + 1);
        }
    }
    if let Some(parts) = schema.member("allOf") {
        let mut whole = object(references, &schema, depth)?;
        for part in parts.items() {
            match value(references, part, depth + 1)? {
                Some(Value::Object(members)) => whole.extend(members),
                Some(other) if whole.is_empty() => return Ok(Some(other)),
                _ => {}
            }
        }
        return Ok(Some(Value::Object(whole)));
    }
    let kind = match keyword("type") {
        Some(Value::String(one)) => one.as_str(),
        Some(Value::Array(many)) => {
            many.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("null")
        }
        _ if keyword("properties").is_some() => "object",
        _ if keyword("items").is_some() => "array",
        _ => "object",
    };
    Ok(Some(match kind {
        "object" => Value::Object(object(references, &schema, depth)?),
        "array" => {
            let count = keyword("minItems").and_then(Value::as_u64).unwrap_or(1).clamp(1, 3);
            let item = schema.member("items").map(|items| value(references, items, depth + 1)).transpose()?.flatten();
            item.map_or_else(|| json!([]), |item| (0..count).map(|_| item.clone()).collect())
        }
        "string" => Value::String(text(schema.value)),
        "integer" | "number" => Value::Number(number(schema.value, kind == "integer")),
        "boolean" => Value::Bool(true),
        _ => Value::Null,
    }))
}

fn object(references: &References, schema: &Spot<'_>, depth: usize) -> Result<Map<String, Value>, BuildError> {
    let mut object = Map::new();
    for (name, property) in schema.member("properties").iter().flat_map(Spot::members) {
        // What only requests hold (a password) is no part of a response.
        if property.value.get("writeOnly") == Some(&Value::Bool(true)) {
            continue;
        }
        if let Some(value) = value(references, property, depth + 1)? {
            object.insert(name.to_owned(), value);
        }
    }
    Ok(object)
}

fn text(schema: &Value) -> String {
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    let text = match format {
        "date-time" => "2026-01-01T00:00:00Z",
        "date" => "2026-01-01",
        "time" => "00:00:00Z",
        "duration" => "PT1H",
        "email" | "idn-email" => "user@example.com",
        "uuid" => "018f0000-0000-7000-8000-000000000000",
        "uri" | "url" | "iri" => "https://example.com/",
        "uri-reference" | "iri-reference" => "/",
        "hostname" | "idn-hostname" => "example.com",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "byte" => "c3RyaW5n",
        "json-pointer" => "/",
        _ => "string",
    };
    if !matches!(text, "string") {
        return text.to_owned();
    }
    let bound = |name: &str| schema.get(name).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
    let (least, most) = (bound("minLength").unwrap_or(0).min(1024), bound("maxLength").unwrap_or(usize::MAX));
    text.chars().cycle().take(text.len().max(least).min(most)).collect()
}

fn number(schema: &Value, integer: bool) -> Number {
    let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
    let step = if integer { 1.0 } else { 0.5 };
    let least = bound("minimum").or_else(|| bound("exclusiveMinimum").map(|least| least + step));
    let most = bound("maximum").or_else(|| bound("exclusiveMaximum").map(|most| most - step));
    let mut number = match (least, most) {
        (Some(least), _) => least,
        (None, Some(most)) => most.min(1.0),
        (None, None) => 1.0,
    };
    if let Some(multiple) = bound("multipleOf").filter(|multiple| *multiple > 0.0) {
        number = (number / multiple).ceil() * multiple;
    }
    let whole = integer.then(|| number.ceil()).filter(|n| n.abs() < 9e15);
    // Within 2^53 every whole f64 is exactly that i64.
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and small enough")]
    let whole = whole.map(|n| Number::from(n as i64));
    whole.or_else(|| Number::from_f64(number)).unwrap_or_else(|| Number::from(0))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tollgate_core::route::Document;

    use super::*;

    fn generated(schema: &Value) -> Value {
        let document = Document {
            name: "openapi.yaml".to_owned(),
            uri: "file:///openapi.yaml".to_owned(),
            root: json!({ "components": { "schemas": { "S": schema } } }).into(),
            resources: Vec::new(),
            mount: String::new(),
        };
        let references = References::new(&Arc::new(document)).unwrap();
        generate(&references, references.spot("/components/schemas/S").unwrap()).unwrap()
    }

    #[test]
    fn what_is_generated_fits_its_schema() {
        for schema in [
            json!({ "type": "integer", "minimum": 5, "multipleOf": 4 }),
            json!({ "type": "number", "exclusiveMaximum": 0 }),
            json!({ "type": "number", "exclusiveMinimum": 3, "maximum": 4 }),
            json!({ "type": "string", "minLength": 9, "maxLength": 12 }),
            json!({ "type": "string", "maxLength": 2 }),
            json!({ "type": "string", "format": "uuid" }),
            json!({ "type": "string", "format": "date-time" }),
            json!({ "type": ["null", "boolean"] }),
            json!({ "type": "array", "minItems": 2, "items": { "enum": [3, 4] } }),
            json!({ "allOf": [{ "type": "object", "properties": { "a": { "const": 1 } }, "required": ["a"] }, { "type": "object", "properties": { "b": {} }, "required": ["b"] }] }),
            json!({ "oneOf": [{ "type": "string" }, { "type": "integer" }] }),
            json!({ "properties": { "a": { "default": "x" } }, "required": ["a"] }),
        ] {
            let options = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
            let value = generated(&schema);
            assert!(options.is_valid(&value), "{value} for {schema}");
        }
    }

    #[test]
    fn a_schema_that_holds_itself_comes_to_an_end() {
        let value = generated(&json!({
            "type": "object",
            "properties": { "name": { "type": "string" }, "next": { "$ref": "#/components/schemas/S" } },
        }));
        assert_eq!(value["next"]["next"]["name"], "string");
        assert!(value.to_string().len() < 1000, "{value}");
    }
}
