//! `pathMode`, and what paths meant before the compatibility date 2025-02-06.

use tollgate_core::route::{PathMode, PathTemplate};

use crate::check::schema::wrong_type;
use crate::check::template::{self, Rules};
use crate::openapi::PathItem;
use crate::{Diagnostic, Diagnostics};

/// What meant something to the matcher where it stood in an `open-api` path of the old days.
const PATTERN_SIGNS: [char; 6] = ['(', ')', '*', '+', '?', ':'];

/// Reads the template of a path item; `None` where it is wrong.
pub(super) fn read(item: &PathItem<'_>, literal: bool, diagnostics: &mut Diagnostics) -> Option<PathTemplate> {
    let text = item.template;
    let mut mode = PathMode::OpenApi;
    if let Some(extension) = item.field("x-zuplo-path") {
        if !extension.value().is_object() {
            diagnostics.push(wrong_type(&extension, "an object with `pathMode`"));
            return None;
        }
        super::check_fields(&extension, &["pathMode"], "x-zuplo-path", diagnostics);
        if let Some(node) = extension.get("pathMode") {
            match node.as_str() {
                Some("open-api") => {}
                Some("url-pattern") => mode = PathMode::UrlPattern,
                _ => {
                    let message = format!("`{}` is not a path mode", node.shown());
                    let help = "`open-api` and `url-pattern` are";
                    diagnostics.push(Diagnostic::error("wrong-value", node.caret(), message).help(help));
                    return None;
                }
            }
        }
    }
    if mode == PathMode::UrlPattern {
        return Some(PathTemplate { text: text.into(), mode, rest: None });
    }
    if !literal && let Some(pattern) = leaked_pattern(text) {
        return Some(PathTemplate { text: pattern.into(), mode: PathMode::UrlPattern, rest: None });
    }
    match template::read(text, None, Rules::Zuplo) {
        Ok(_) => Some(PathTemplate { text: text.into(), mode, rest: None }),
        Err(errors) => {
            for error in errors {
                let mut span = item.key.key_span();
                // Inside of a key without escapes, the caret can stand where the mistake is.
                if let Some(start) = span.text().find(text) {
                    let start = span.range.start + start;
                    span.range = start + error.range.start..start + error.range.end;
                }
                let help = error.help.map(str::to_owned);
                diagnostics.push(Diagnostic::error("path-invalid", span, error.message).help_if(help));
            }
            None
        }
    }
}

/// The pattern that an old `open-api` path is, where it has more in it than parameters:
/// `/files/{name}/(.*)` is `/files/{:name}/(.*)`.
fn leaked_pattern(text: &str) -> Option<String> {
    let (mut pattern, mut rest, mut leaked) = (String::with_capacity(text.len()), text, false);
    while let Some((before, after)) = rest.split_once('{') {
        leaked |= before.contains(PATTERN_SIGNS);
        pattern.push_str(before);
        let (name, after) = after.split_once('}')?;
        let is_name = name
            .chars()
            .enumerate()
            .all(|(index, c)| c.is_alphabetic() || matches!(c, '_' | '$') || (index > 0 && c.is_numeric()));
        if !is_name || name.is_empty() {
            return None;
        }
        pattern.push_str(&format!("{{:{name}}}"));
        rest = after;
    }
    leaked |= rest.contains(PATTERN_SIGNS);
    pattern.push_str(rest);
    leaked.then_some(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_old_paths_with_signs_of_a_pattern_are_patterns() {
        let cases = [
            ("/files/(.*)", Some("/files/(.*)")),
            ("/{name}/files/:rest*", Some("/{:name}/files/:rest*")),
            ("/users/{id}", None),
            ("/users/{id}.json", None),
            ("/{user-id}/(.*)", None),
            ("/{open", None),
        ];
        for (text, expected) in cases {
            assert_eq!(leaked_pattern(text).as_deref(), expected, "{text}");
        }
    }
}
