//! What `{ "module": "$import(…)", "export": "…" }` means. Only these two say what runs; the
//! `policyType` beside them is a label, and often a wrong one.

use crate::check::schema::wrong_type;
use crate::{Diagnostic, Node};

/// What a policy or handler is implemented by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reference<'a> {
    /// An export of the runtime.
    Runtime(&'a str),
    /// An export of a file of the project.
    Module {
        /// As written, without `$import(…)`.
        path: &'a str,
        /// The export.
        export: &'a str,
    },
}

/// Reads the `module` and `export` of a handler object.
pub(super) fn read<'a>(handler: &Node<'a>) -> Result<Reference<'a>, Box<Diagnostic>> {
    let module = text(handler, "module")?;
    let export = text(handler, "export")?;
    let path = imported(module).unwrap_or(module).trim();
    Ok(if path.starts_with("@zuplo/") { Reference::Runtime(export) } else { Reference::Module { path, export } })
}

/// The path in `$import(…)`.
pub(super) fn imported(text: &str) -> Option<&str> {
    text.strip_prefix("$import(")?.strip_suffix(')')
}

fn text<'a>(handler: &Node<'a>, field: &str) -> Result<&'a str, Box<Diagnostic>> {
    if !handler.value().is_object() {
        return Err(Box::new(wrong_type(handler, "an object with `module` and `export`")));
    }
    let Some(node) = handler.get(field) else {
        let help = r#"a handler is { "module": "$import(@zuplo/runtime)", "export": "…", "options": {} }"#;
        let diagnostic = super::missing(handler, field, format!("`{field}` is missing"));
        return Err(Box::new(if diagnostic.help.is_none() { diagnostic.help(help) } else { diagnostic }));
    };
    match node.as_str().filter(|text| !text.is_empty()) {
        Some(text) => Ok(text),
        None => Err(Box::new(wrong_type(&node, "a name"))),
    }
}

/// The diagnostic for what only code of the project can do.
pub(super) fn needs_module(node: &Node<'_>, what: &str) -> Diagnostic {
    let message = format!("{what} needs a TypeScript module, which this build cannot run yet");
    Diagnostic::error("needs-module", node.caret(), message)
}

/// Finds what in a policy's or handler's options needs code of the project.
pub(super) fn modules_in(node: &Node<'_>, found: &mut Vec<Diagnostic>) {
    if let Some(path) = node.as_str().and_then(imported) {
        found.push(needs_module(node, &format!("`{path}`")));
    }
    node.items().for_each(|item| modules_in(&item, found));
    node.entries().for_each(|(_, field)| modules_in(&field, found));
}
