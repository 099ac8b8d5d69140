//! What `{ "module": "$import(…)", "export": "…" }` means. Only these two say what runs; the
//! `policyType` beside them is a label, and often a wrong one.

use tollgate_core::services::Export;

use crate::check::schema::wrong_type;
use crate::load::{ProjectFiles, modules};
use crate::{Diagnostic, Diagnostics, Node};

/// What a policy or handler is implemented by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reference<'a> {
    /// An export of the runtime.
    Runtime(&'a str),
    /// An export of a file of the project.
    Module(Export),
}

/// Reads the `module` and `export` of a handler object.
///
/// # Errors
/// Where one of them is missing, or names no file of the project.
pub(super) fn read<'a>(handler: &Node<'a>, files: &ProjectFiles<'_>) -> Result<Reference<'a>, Box<Diagnostic>> {
    let module = text(handler, "module")?;
    let export = text(handler, "export")?;
    let path = imported(module).unwrap_or(module).trim();
    if path.starts_with("@zuplo/") || path.starts_with("@tollgate/") {
        return Ok(Reference::Runtime(export));
    }
    let span = handler.get("module").map_or_else(|| handler.caret(), |node| node.caret());
    match Export::of(module, export) {
        Some(export) => {
            modules::check_file(files, &export, path, span)?;
            Ok(Reference::Module(export))
        }
        None => Err(Box::new(modules::not_a_file(path, span))),
    }
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

/// Finds `$import(…)` in the options of what is built in where no function is asked for: it would be
/// taken for a text. `functions` are the pointers, below the options, of those that are.
pub(super) fn misplaced_imports(options: &Node<'_>, functions: &[&str], diagnostics: &mut Diagnostics) {
    fn walk(node: &Node<'_>, skipped: &dyn Fn(&str) -> bool, diagnostics: &mut Diagnostics) {
        if skipped(node.pointer()) {
            return;
        }
        if node.as_str().and_then(imported).is_some() {
            let message = format!("`{}` means nothing here", node.shown());
            let help = "this option takes no function of a module";
            diagnostics.push(Diagnostic::error("misplaced-import", node.caret(), message).help(help));
        }
        node.items().for_each(|item| walk(&item, skipped, diagnostics));
        node.entries().for_each(|(_, field)| walk(&field, skipped, diagnostics));
    }
    let skipped = |pointer: &str| {
        let below = pointer.strip_prefix(options.pointer());
        below.is_some_and(|below| functions.contains(&below))
    };
    walk(options, &skipped, diagnostics);
}
