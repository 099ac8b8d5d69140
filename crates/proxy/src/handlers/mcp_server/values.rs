//! Arguments as they stand in a request.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// What stands in a path or a query as it is (RFC 3986 §2.3).
pub(super) const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A value as a text: JSON where it is more than one.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// How a parameter is written (OpenAPI 3.1, Parameter Object).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `content`: a JSON text.
    Json,
    /// `name=a&name=b`, or `name=a,b`.
    Form { explode: bool },
    /// `name=a%20b`.
    Spaces,
    /// `name=a|b`.
    Pipes,
    /// `name[member]=value`.
    DeepObject,
}

/// Adds a parameter to a query.
pub(super) fn add_to_query(query: &mut String, name: &str, value: &Value, style: Style) {
    match (value, style) {
        (_, Style::Json) => pair(query, name, &value.to_string()),
        (Value::Array(items), Style::Form { explode: true } | Style::DeepObject) => {
            items.iter().for_each(|item| pair(query, name, &text(item)));
        }
        (Value::Array(items), _) => list(query, name, items.iter().map(text), style),
        (Value::Object(members), Style::DeepObject) => {
            members.iter().for_each(|(member, value)| pair(query, &format!("{name}[{member}]"), &text(value)));
        }
        (Value::Object(members), Style::Form { explode: true }) => {
            members.iter().for_each(|(member, value)| pair(query, member, &text(value)));
        }
        (Value::Object(members), _) => {
            let pieces = members.iter().flat_map(|(member, value)| [member.clone(), text(value)]);
            list(query, name, pieces, style);
        }
        (value, _) => pair(query, name, &text(value)),
    }
}

/// Adds a pair to a query or a form.
pub(super) fn pair(query: &mut String, name: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    query.extend(utf8_percent_encode(name, UNRESERVED));
    query.push('=');
    query.extend(utf8_percent_encode(value, UNRESERVED));
}

/// A list as a header field has it.
pub(super) fn field(value: &Value) -> String {
    match value {
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        value => text(value),
    }
}

/// Adds a list in one piece: what separates its items is not encoded, so that an item may hold the same.
fn list(query: &mut String, name: &str, items: impl Iterator<Item = String>, style: Style) {
    let separator = match style {
        Style::Spaces => "%20",
        Style::Pipes => "%7C",
        _ => ",",
    };
    pair(query, name, "");
    for (at, item) in items.enumerate() {
        query.push_str(if at == 0 { "" } else { separator });
        query.extend(utf8_percent_encode(&item, UNRESERVED));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parameters_are_written_in_their_style() {
        for (value, style, expected) in [
            (json!("a b&c=d"), Style::Form { explode: true }, "p=a%20b%26c%3Dd"),
            (json!(3), Style::Form { explode: true }, "p=3"),
            (json!(["a", 2]), Style::Form { explode: true }, "p=a&p=2"),
            (json!(["a", 2]), Style::Form { explode: false }, "p=a,2"),
            (json!(["a", 2]), Style::Spaces, "p=a%202"),
            (json!(["a", 2]), Style::Pipes, "p=a%7C2"),
            (json!({ "a": 1, "b": true }), Style::Form { explode: true }, "a=1&b=true"),
            (json!({ "a": 1 }), Style::Form { explode: false }, "p=a,1"),
            (json!({ "a": 1 }), Style::DeepObject, "p%5Ba%5D=1"),
            (json!({ "a": [1] }), Style::Json, "p=%7B%22a%22%3A%5B1%5D%7D"),
        ] {
            let mut query = String::new();
            add_to_query(&mut query, "p", &value, style);
            assert_eq!(query, expected, "{value}");
        }
    }
}
