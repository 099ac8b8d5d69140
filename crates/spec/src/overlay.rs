//! OpenAPI Overlay 1.0 and 1.1: changes to a document, kept in a file of their own.
//!
//! A framework that writes its document anew would wipe out what stands in it; an overlay keeps
//! `x-tollgate` apart. Every value that an overlay wrote keeps its place in the overlay, so that
//! a mistake in it is shown there.

use serde_json::Value;
use serde_json_path::JsonPath;

use crate::openapi::nearest;
use crate::{Diagnostic, Diagnostics, Node, Tree, tree::Arrays};

const FIELDS: [&str; 4] = ["overlay", "info", "extends", "actions"];
const ACTION_FIELDS: [&str; 5] = ["target", "description", "update", "remove", "copy"];

/// Applies an overlay's actions to a document, one after the other. An action that cannot be
/// applied is said, and left out.
pub fn apply(tree: &mut Tree, overlay: &Tree, diagnostics: &mut Diagnostics) {
    let root = overlay.root();
    if !check_version(&root, diagnostics) {
        return;
    }
    check_fields(&root, &FIELDS, "an overlay", diagnostics);
    let Some(actions) = root.get("actions") else {
        let mut span = root.span();
        span.range.end = span.range.start;
        diagnostics.push(Diagnostic::error("overlay-invalid", span, "the overlay has no `actions`"));
        return;
    };
    if !actions.value().is_array() {
        let message = "`actions` must be a list";
        diagnostics.push(Diagnostic::error("wrong-type", actions.caret(), message));
    }
    for action in actions.items() {
        if let Err(diagnostic) = apply_action(tree, &action, diagnostics) {
            diagnostics.push(*diagnostic);
        }
    }
}

fn check_version(root: &Node<'_>, diagnostics: &mut Diagnostics) -> bool {
    let version = root.get("overlay");
    let text = version.as_ref().and_then(|version| version.as_str());
    match (version.as_ref(), text) {
        (_, Some(text)) if text == "1.0" || text == "1.1" => true,
        (_, Some(text)) if text.starts_with("1.0.") || text.starts_with("1.1.") => true,
        (Some(version), Some(text)) if text.starts_with("1.") => {
            let message = format!("Overlay {text} is newer than what is known; it is read as 1.1");
            diagnostics.push(Diagnostic::warning("overlay-version", version.span(), message));
            true
        }
        (Some(version), _) => {
            let message = format!("`{}` is no version of Overlay that is read", version.shown());
            let help = "1.0 and 1.1 are: `overlay: 1.1.0`";
            diagnostics.push(Diagnostic::error("overlay-version", version.caret(), message).help(help));
            false
        }
        (None, _) => {
            let mut span = root.span();
            span.range.end = span.range.start;
            let message = "this is no overlay: `overlay` is missing";
            diagnostics.push(Diagnostic::error("overlay-version", span, message).help("begin with `overlay: 1.1.0`"));
            false
        }
    }
}

fn check_fields(node: &Node<'_>, known: &[&str], what: &str, diagnostics: &mut Diagnostics) {
    for (field, node) in node.entries() {
        if !field.starts_with("x-") && !known.contains(&field) {
            let message = format!("`{field}` is not a field of {what}");
            let help = nearest(field, known.iter().copied()).map(|name| format!("did you mean `{name}`?"));
            diagnostics.push(Diagnostic::error("unknown-field", node.key_span(), message).help_if(help));
        }
    }
}

fn apply_action(tree: &mut Tree, action: &Node<'_>, diagnostics: &mut Diagnostics) -> Result<(), Box<Diagnostic>> {
    let invalid =
        |node: &Node<'_>, message: String| Err(Box::new(Diagnostic::error("overlay-invalid", node.caret(), message)));
    if !action.value().is_object() {
        return invalid(action, "an action must be an object with a `target`".to_owned());
    }
    check_fields(action, &ACTION_FIELDS, "an action", diagnostics);
    let Some(target) = action.get("target") else {
        return invalid(action, "the action has no `target`".to_owned());
    };
    let remove = match action.get("remove") {
        Some(node) => match node.value() {
            Value::Bool(remove) => *remove,
            _ => return invalid(&node, "`remove` must be true or false".to_owned()),
        },
        None => false,
    };
    let path = parse_path(&target)?;
    let mut pointers = locate(&path, tree.value());
    if pointers.is_empty() {
        let message = format!("`{}` matches nothing in {}", target.shown(), tree.name());
        diagnostics.push(Diagnostic::warning("overlay-no-match", target.span(), message));
    }
    if remove {
        // From the back, so that the places of those that are still to come do not move.
        pointers.sort_by(|a, b| document_order(b, a));
        pointers.iter().for_each(|pointer| {
            tree.remove(pointer);
        });
        return Ok(());
    }
    match (action.get("update"), action.get("copy")) {
        (Some(_), Some(copy)) => invalid(&copy, "an action has either `update` or `copy`, not both".to_owned()),
        (Some(update), None) => update_all(tree, &pointers, &update),
        (None, Some(copy)) => {
            let sources = locate(&parse_path(&copy)?, tree.value());
            let [source] = sources.as_slice() else {
                let message = format!("`copy` must match exactly one value, and it matches {}", sources.len());
                return invalid(&copy, message);
            };
            let before = tree.clone();
            match before.at(source) {
                Some(node) => update_all(tree, &pointers, &node),
                None => Ok(()),
            }
        }
        (None, None) => {
            invalid(action, "the action does nothing: it needs `update`, `copy` or `remove: true`".to_owned())
        }
    }
}

/// Merges objects, adds to arrays, replaces everything else (Overlay 1.1 §4.4.3).
fn update_all(tree: &mut Tree, pointers: &[String], update: &Node<'_>) -> Result<(), Box<Diagnostic>> {
    for pointer in pointers {
        let Some(target) = tree.at(pointer) else { continue };
        let (is_object, is_array) = (target.value().is_object(), target.value().is_array());
        match update.value() {
            _ if is_array => {
                // A list is added item by item, anything else is one item.
                if update.value().is_array() {
                    tree.merge_at(pointer, update, Arrays::Append);
                } else {
                    tree.append_at(pointer, update);
                }
            }
            Value::Object(_) if is_object => {
                tree.merge_at(pointer, update, Arrays::Append);
            }
            Value::Object(_) | Value::Array(_) => {
                let message = format!("`{pointer}` is a single value, which an object or a list cannot update");
                return Err(Box::new(Diagnostic::error("overlay-invalid", update.caret(), message)));
            }
            _ if is_object => {
                let message = format!("`{}` is an object, which a single value cannot update", shown(pointer));
                return Err(Box::new(Diagnostic::error("overlay-invalid", update.caret(), message)));
            }
            _ => {
                tree.merge_at(pointer, update, Arrays::Append);
            }
        }
    }
    Ok(())
}

fn shown(pointer: &str) -> &str {
    if pointer.is_empty() { "/" } else { pointer }
}

fn parse_path(node: &Node<'_>) -> Result<JsonPath, Box<Diagnostic>> {
    let Some(text) = node.as_str() else {
        let message = "a JSONPath is a text such as `$.paths['/users'].get`";
        return Err(Box::new(Diagnostic::error("overlay-path", node.caret(), message)));
    };
    JsonPath::parse(text).map_err(|error| {
        let mut span = node.span();
        // Inside of a text without escapes, the caret can stand where the mistake is.
        if let Some(start) = span.text().find(text) {
            span.range.start += start + error.position();
            span.range.end = span.range.end.min(span.range.start + 1).max(span.range.start);
        }
        let message = format!("`{text}` is not a JSONPath: {}", error.message());
        Box::new(
            Diagnostic::error("overlay-path", span, message)
                .help("RFC 9535 has them: `$.paths['/users'].get`, `$.paths.*.*`"),
        )
    })
}

fn locate(path: &JsonPath, value: &Value) -> Vec<String> {
    path.query_located(value).locations().map(|location| location.to_json_pointer()).collect()
}

/// Compares pointers so that what stands later in its array, or deeper, is greater.
fn document_order(a: &str, b: &str) -> std::cmp::Ordering {
    let tokens = |pointer: &str| {
        pointer.split('/').map(|token| (token.parse::<usize>().unwrap_or(0), token.to_owned())).collect::<Vec<_>>()
    };
    tokens(a).cmp(&tokens(b))
}
