//! `$env(NAME)` and `$env(NAME:-default)` in texts.

use serde_json::Value;

use super::{Children, Node, Spans, Tree, unescape};
use crate::{Diagnostic, Diagnostics};

/// The value of a name, where it has one.
pub(crate) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Tree {
    /// Replaces every `$env(…)` in the texts at and below a JSON pointer. What is unset and has
    /// no default is a diagnostic, and stays as it is written.
    pub(crate) fn expand(&mut self, pointer: &str, lookup: Lookup<'_>, diagnostics: &mut Diagnostics) {
        let mut unset = Vec::new();
        let Some((value, spans)) = self.at_mut(pointer) else { return };
        expand(value, spans, pointer.to_owned(), lookup, &mut unset);
        for (pointer, problem) in unset {
            let span = self.nearest(&pointer).span();
            diagnostics.push(match problem {
                Problem::Unset(name) => {
                    let message = format!("`$env({name})` is not set");
                    Diagnostic::error("env-unset", span, message).help(format!(
                        "set {name} in the environment or in .env, or give a default: $env({name}:-value)"
                    ))
                }
                Problem::Unclosed => Diagnostic::error("env-syntax", span, "`$env(` has no `)`")
                    .help("write $env(NAME) or $env(NAME:-default)"),
                Problem::Name(name) => {
                    Diagnostic::error("env-syntax", span, format!("`{name}` is no name of an environment variable"))
                        .help("names have letters, digits and underscores: $env(API_URL)")
                }
            });
        }
    }

    /// The value and its ranges at a pointer, to be changed together.
    pub(crate) fn at_mut(&mut self, pointer: &str) -> Option<(&mut Value, &mut Spans)> {
        let (mut value, mut spans) = (&mut self.value, &mut self.spans);
        for token in pointer.strip_prefix('/').into_iter().flat_map(|rest| rest.split('/')) {
            (value, spans) = match (value, &mut spans.children) {
                (Value::Object(map), Children::Fields(fields)) => {
                    let name = unescape(token);
                    let index = map.keys().position(|key| **key == *name)?;
                    (map.get_mut(name.as_ref())?, &mut fields.get_mut(index)?.spans)
                }
                (Value::Array(values), Children::Items(items)) => {
                    let index: usize = token.parse().ok()?;
                    (values.get_mut(index)?, items.get_mut(index)?)
                }
                _ => return None,
            };
        }
        Some((value, spans))
    }
}

enum Problem {
    Unset(String),
    Unclosed,
    Name(String),
}

fn expand(
    value: &mut Value,
    spans: &mut Spans,
    pointer: String,
    lookup: Lookup<'_>,
    found: &mut Vec<(String, Problem)>,
) {
    match (value, &mut spans.children) {
        (Value::String(text), _) if text.contains("$env(") && !spans.expanded => {
            let (replaced, problems) = substitute(text, lookup);
            spans.expanded = replaced != *text;
            *text = replaced;
            found.extend(problems.into_iter().map(|problem| (pointer.clone(), problem)));
        }
        (Value::Array(values), Children::Items(items)) => {
            for (index, (value, spans)) in values.iter_mut().zip(items).enumerate() {
                expand(value, spans, format!("{pointer}/{index}"), lookup, found);
            }
        }
        (Value::Object(map), Children::Fields(fields)) => {
            for ((key, value), field) in map.iter_mut().zip(fields) {
                expand(value, &mut field.spans, format!("{pointer}/{}", super::escape(key)), lookup, found);
            }
        }
        _ => {}
    }
}

fn substitute(text: &str, lookup: Lookup<'_>) -> (String, Vec<Problem>) {
    let (mut out, mut problems, mut rest) = (String::with_capacity(text.len()), Vec::new(), text);
    while let Some(start) = rest.find("$env(") {
        out.push_str(&rest[..start]);
        let inner = &rest[start + 5..];
        let Some(end) = inner.find(')') else {
            problems.push(Problem::Unclosed);
            rest = &rest[start..];
            break;
        };
        let written = &rest[start..start + 5 + end + 1];
        let (name, default) = match inner[..end].split_once(":-") {
            Some((name, default)) => (name.trim(), Some(default)),
            None => (inner[..end].trim(), None),
        };
        let valid = !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        match lookup(name).filter(|_| valid).or_else(|| default.map(str::to_owned)) {
            Some(value) => out.push_str(&value),
            None => {
                out.push_str(written);
                problems.push(if valid { Problem::Unset(name.to_owned()) } else { Problem::Name(name.to_owned()) });
            }
        }
        rest = &inner[end + 1..];
    }
    out.push_str(rest);
    (out, problems)
}

impl Node<'_> {
    /// Whether anything at or below it still has an `$env(…)`.
    pub(crate) fn has_env(&self) -> bool {
        self.as_str().is_some_and(|text| text.contains("$env("))
            || self.items().any(|item| item.has_env())
            || self.entries().any(|(_, field)| field.has_env())
    }
}
