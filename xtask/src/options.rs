//! A table of options out of a JSON Schema.

use std::fmt::Write;

use serde_json::Value;

/// One row for every field, nested ones by their dotted path.
pub(crate) fn table(schema: &Value) -> String {
    let mut rows = Vec::new();
    collect(schema, "", &mut rows);
    if rows.is_empty() {
        return "It has no options.\n".to_owned();
    }
    let mut table = "| option | type | default | meaning |\n| --- | --- | --- | --- |\n".to_owned();
    for Row { path, kind, default, meaning } in rows {
        let _ = writeln!(table, "| `{path}` | {kind} | {default} | {meaning} |");
    }
    table
}

struct Row {
    path: String,
    kind: String,
    default: String,
    meaning: String,
}

fn collect(schema: &Value, prefix: &str, rows: &mut Vec<Row>) {
    let alternatives = ["anyOf", "oneOf"].iter().filter_map(|word| schema.get(word)?.as_array()).flatten();
    for alternative in alternatives {
        collect(alternative, prefix, rows);
    }
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        if rows.iter().any(|row| row.path == path) {
            continue;
        }
        let default = match field.get("default") {
            Some(Value::Null) | None if required.contains(&name.as_str()) => "required".to_owned(),
            Some(Value::Null) | None => String::new(),
            Some(Value::Object(_)) => String::new(),
            Some(value) => format!("`{value}`"),
        };
        rows.push(Row { kind: kind(field), default, meaning: meaning(field), path: path.clone() });
        collect(field, &path, rows);
        if let Some(items) = field.get("items") {
            collect(items, &format!("{path}[]"), rows);
        }
        if let Some(values) = field.get("additionalProperties").filter(|values| values.is_object()) {
            collect(values, &format!("{path}.<name>"), rows);
        }
    }
}

fn meaning(field: &Value) -> String {
    let mut text = field["description"].as_str().unwrap_or_default().to_owned();
    let choices: Vec<String> = choices(field)
        .into_iter()
        .filter_map(|(value, why)| why.map(|why| format!("`{value}`: {}", why.trim_end_matches('.'))))
        .collect();
    if !choices.is_empty() {
        let _ = write!(text, " {}.", choices.join("; "));
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn choices(field: &Value) -> Vec<(String, Option<String>)> {
    let alternatives = ["oneOf", "anyOf"].iter().filter_map(|word| field.get(word)?.as_array()).flatten();
    alternatives
        .filter_map(|choice| {
            let value = choice.get("const").or_else(|| choice["enum"].get(0))?.as_str()?.to_owned();
            Some((value, choice["description"].as_str().map(str::to_owned)))
        })
        .collect()
}

fn kind(field: &Value) -> String {
    let named = choices(field);
    if !named.is_empty() {
        return named.iter().map(|(value, _)| format!("`{value}`")).collect::<Vec<_>>().join(" or ");
    }
    if let Some(values) = field["enum"].as_array() {
        let values = values.iter().filter(|value| !value.is_null());
        return values
            .map(|value| format!("`{}`", value.as_str().unwrap_or_default()))
            .collect::<Vec<_>>()
            .join(" or ");
    }
    let alternatives: Vec<String> = ["anyOf", "oneOf"]
        .iter()
        .filter_map(|word| field.get(word)?.as_array())
        .flatten()
        .map(kind)
        .filter(|kind| !kind.is_empty())
        .collect();
    if !alternatives.is_empty() {
        return alternatives.join(" or ");
    }
    let of = |name: &str| match name {
        "array" => format!("list of {}", kind(&field["items"])),
        "object" if field["additionalProperties"].is_object() => "map".to_owned(),
        "null" => String::new(),
        "string" => "text".to_owned(),
        other => other.to_owned(),
    };
    match &field["type"] {
        Value::String(name) => of(name),
        Value::Array(names) => {
            let names = names.iter().filter_map(Value::as_str).map(of).filter(|name| !name.is_empty());
            names.collect::<Vec<_>>().join(" or ")
        }
        _ => "any".to_owned(),
    }
}
