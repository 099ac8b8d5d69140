//! The few forms of YAML that are written: block mappings of plain or quoted texts.

use serde_json::Value;

use super::insert::spaced;

/// A field on its own line or lines, each with a line break.
pub(super) fn field(name: &str, value: &Value, indent: &str, step: &str, newline: &str) -> String {
    match value {
        Value::Object(map) if !map.is_empty() => {
            // A block mapping is indented with spaces, whatever the rest of the text does.
            let inner = format!("{indent}{}", " ".repeat(step.len().max(1)));
            let fields = map.iter().map(|(key, value)| field(key, value, &inner, step, newline));
            format!("{indent}{}:{newline}{}", text(name), fields.collect::<String>())
        }
        Value::String(value) => format!("{indent}{}: {}{newline}", text(name), text(value)),
        other => format!("{indent}{}: {}{newline}", text(name), spaced(other)),
    }
}

/// A text as it may stand plain; in quotes where YAML could take it for something else.
pub(super) fn text(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_.:-".contains(&b))
        && !text.ends_with(':')
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text.to_ascii_lowercase().as_str());
    let rate = text.split_once('/').is_some_and(|(count, unit)| {
        !count.is_empty()
            && count.bytes().all(|b| b.is_ascii_digit())
            && unit.bytes().all(|b| b.is_ascii_alphanumeric())
    });
    if plain || rate { text.to_owned() } else { Value::from(text).to_string() }
}
