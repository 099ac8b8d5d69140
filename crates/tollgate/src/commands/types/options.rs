//! The options of policies as TypeScript, out of their JSON Schemas: whoever calls a built-in policy from
//! code gets the same completion as in a document.

use std::fmt::Write;

use serde_json::Value;
use tollgate_core::Catalog;

/// The declarations of the options of every policy that code can import.
pub(super) fn declarations(catalog: &Catalog) -> String {
    let mut types = String::new();
    let mut names = String::new();
    for kind in catalog.policies {
        let Some(first) = kind.exports.first() else { continue };
        let _ = writeln!(types, "  /** The options of `{}`. */", kind.name);
        let _ = writeln!(types, "  export type {first}Options = {};\n", of(&kind.schema(), 1));
        for export in kind.exports {
            let _ = writeln!(names, "    {export}: {first}Options;");
        }
    }
    format!(
        "// The options of the policies that this gateway has.\n\n\
         declare module \"@tollgate/runtime\" {{\n{types}  export interface BuiltInPolicyOptions {{\n{names}  }}\n}}\n"
    )
}

/// The type of what a schema allows. `null` is left out: it means the same as leaving the option out.
fn of(schema: &Value, depth: usize) -> String {
    if let Some(value) = schema.get("const") {
        return value.to_string();
    }
    if let Some(values) = schema["enum"].as_array() {
        return union(values.iter().filter(|value| !value.is_null()).map(Value::to_string));
    }
    if let Some(choices) = ["anyOf", "oneOf"].iter().find_map(|word| schema.get(word)?.as_array()) {
        return union(choices.iter().filter(|choice| choice["type"] != "null").map(|choice| of(choice, depth)));
    }
    let named = |name: &str| match name {
        "integer" | "number" => "number".to_owned(),
        "array" => list(&of(&schema["items"], depth)),
        "object" => object(schema, depth),
        // "string" and "boolean" are called the same.
        other => other.to_owned(),
    };
    match &schema["type"] {
        Value::String(name) => named(name),
        Value::Array(names) => union(names.iter().filter_map(Value::as_str).filter(|name| *name != "null").map(named)),
        _ => "any".to_owned(),
    }
}

fn union(choices: impl Iterator<Item = String>) -> String {
    let mut known: Vec<String> = Vec::new();
    for choice in choices {
        if !known.contains(&choice) {
            known.push(choice);
        }
    }
    if known.is_empty() { "any".to_owned() } else { known.join(" | ") }
}

fn list(item: &str) -> String {
    if item.contains(" | ") { format!("Array<{item}>") } else { format!("{item}[]") }
}

fn object(schema: &Value, depth: usize) -> String {
    let others = schema.get("additionalProperties").filter(|values| values.is_object()).map(|values| of(values, depth));
    let others = others.map(|others| format!("Record<string, {others}>"));
    let Some(fields) = schema["properties"].as_object() else {
        return others.unwrap_or_else(|| "Record<string, any>".to_owned());
    };
    let required =
        |name: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|known| known == name));
    let indent = "  ".repeat(depth + 1);
    let mut text = "{\n".to_owned();
    for (name, field) in fields {
        text.push_str(&comment(field, depth + 1));
        let mark = if required(name) { "" } else { "?" };
        let _ = writeln!(text, "{indent}{}{mark}: {};", key(name), of(field, depth + 1));
    }
    let _ = write!(text, "{}}}", "  ".repeat(depth));
    // Beside its own members a type can have no others of a narrower type: a union comes nearest.
    match others {
        Some(others) => format!("{text} | {others}"),
        None => text,
    }
}

/// A member's name, in quotes where TypeScript wants them.
fn key(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain { name.to_owned() } else { Value::from(name).to_string() }
}

/// What a schema says of itself, as a comment in front of it.
fn comment(schema: &Value, depth: usize) -> String {
    let Some(text) = schema["description"].as_str() else { return String::new() };
    let (indent, text) = ("  ".repeat(depth), text.replace("*/", "* /"));
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    match lines[..] {
        [] => String::new(),
        [line] => format!("{indent}/** {line} */\n"),
        _ => {
            let rows = lines.iter().fold(String::new(), |mut rows, line| {
                let _ = writeln!(rows, "{}", format!("{indent} * {line}").trim_end());
                rows
            });
            format!("{indent}/**\n{rows}{indent} */\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_kind_of_schema_has_its_type() {
        let cases = [
            (json!({ "type": "string" }), "string"),
            (json!({ "type": ["integer", "string", "null"] }), "number | string"),
            (json!({ "enum": ["a", "b", null] }), "\"a\" | \"b\""),
            (json!({ "anyOf": [{ "oneOf": [{ "const": "a" }, { "const": 1 }] }, { "type": "null" }] }), "\"a\" | 1"),
            (json!({ "type": ["array", "null"], "items": { "type": ["number", "string"] } }), "Array<number | string>"),
            (json!({ "type": "object", "additionalProperties": { "type": "boolean" } }), "Record<string, boolean>"),
            (json!({ "type": "object" }), "Record<string, any>"),
            (
                json!({ "properties": { "a": { "type": "string" } }, "type": "object", "additionalProperties": { "type": "number" } }),
                "{\n  a?: string;\n} | Record<string, number>",
            ),
            (json!({}), "any"),
        ];
        for (schema, expected) in cases {
            assert_eq!(of(&schema, 0), expected, "{schema}");
        }
    }

    #[test]
    fn members_keep_their_names_and_what_is_said_of_them() {
        let schema = json!({
            "type": "object",
            "properties": {
                "api-key": { "type": "string", "description": "One */ line." },
                "when": { "type": "number", "description": "Two\nlines." },
            },
            "required": ["api-key"],
        });
        let expected = "{\n  /** One * / line. */\n  \"api-key\": string;\n  /**\n   * Two\n   * lines.\n   */\n  when?: number;\n}";
        assert_eq!(of(&schema, 0), expected);
    }
}
