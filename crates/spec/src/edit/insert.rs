//! Where in a text a field can be added to an object, and how it is written there.

use serde_json::Value;

use super::{EditError, Insertion, yaml};
use crate::Node;

/// A new field directly behind another of the same object, in the style of its surroundings.
pub(super) fn after(object: &Node<'_>, beside: &str, name: &str, value: &Value) -> Result<Insertion, EditError> {
    let Some(field) = object.get(beside) else {
        return Err(EditError::NoPlace(format!("it has no `{beside}`")));
    };
    let span = field.span();
    let text = span.source.text();
    let (key, end) = (field.key_span().range.start, span.range.end);
    if text.get(object.span().range.start..).is_some_and(|rest| rest.starts_with('{')) {
        return Ok(in_flow(text, key, end, name, value));
    }
    in_block(text, key, end, name, value)
}

/// The text with the additions, which are in the order of their places.
pub(super) fn apply(text: &str, insertions: &[Insertion]) -> String {
    let added: usize = insertions.iter().map(|insertion| insertion.text.len()).sum();
    let mut out = String::with_capacity(text.len() + added);
    let mut from = 0;
    for insertion in insertions {
        out.push_str(&text[from..insertion.offset]);
        out.push_str(&insertion.text);
        from = insertion.offset;
    }
    out.push_str(&text[from..]);
    out
}

/// Between braces, in JSON and in YAML: behind the value, before whatever comma follows it.
fn in_flow(text: &str, key: usize, end: usize, name: &str, value: &Value) -> Insertion {
    let before = &text[..key];
    let space = &before[before.trim_end_matches([' ', '\t', '\r', '\n']).len()..];
    let text = match space.rsplit_once('\n') {
        Some((_, indent)) => {
            let newline = newline(space);
            let step = step(text);
            let lines = pretty(value, &step).replace('\n', &format!("{newline}{indent}"));
            format!(",{newline}{indent}\"{name}\": {lines}")
        }
        None => {
            let tight = space.is_empty() && text[key..end].contains("\":\"");
            if tight { format!(",\"{name}\":{value}") } else { format!(", \"{name}\": {}", spaced(value)) }
        }
    };
    Insertion { offset: end, text }
}

/// In a block mapping: on the lines behind the value's.
fn in_block(text: &str, key: usize, end: usize, name: &str, value: &Value) -> Result<Insertion, EditError> {
    let line = text[..key].rfind('\n').map_or(0, |at| at + 1);
    let indent = text[line..key].trim_start_matches('\u{FEFF}');
    if !indent.bytes().all(|b| b == b' ') {
        return Err(EditError::NoPlace("a key does not stand at the beginning of its line".to_owned()));
    }
    let newline = newline(text);
    let block = yaml::field(name, value, indent, &step(text), newline);
    let rest = &text[end..];
    Ok(match rest.find('\n') {
        Some(length) => Insertion { offset: end + length + 1, text: block },
        // The last line has no line break, and shall have none.
        None => {
            let block = block.strip_suffix(newline).unwrap_or(&block);
            Insertion { offset: text.len(), text: format!("{newline}{block}") }
        }
    })
}

/// The line break of a text.
fn newline(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// What one level of indentation is: the least that any line has.
fn step(text: &str) -> String {
    let indents = text.lines().map(|line| &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]);
    let least = indents.filter(|indent| !indent.is_empty()).min_by_key(|indent| indent.len());
    least.filter(|indent| indent.len() <= 8).unwrap_or("  ").to_owned()
}

/// JSON over several lines with this indentation.
fn pretty(value: &Value, step: &str) -> String {
    let mut out = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(step.as_bytes());
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    match serde::Serialize::serialize(value, &mut serializer) {
        Ok(()) => String::from_utf8(out).unwrap_or_else(|_| value.to_string()),
        Err(_) => value.to_string(),
    }
}

/// JSON on one line with a space behind every comma and colon, which is YAML too.
pub(super) fn spaced(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(spaced).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let fields = map.iter().map(|(key, value)| format!("{}: {}", Value::from(key.as_str()), spaced(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
