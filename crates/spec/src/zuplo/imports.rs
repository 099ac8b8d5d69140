//! `$import(./schemas/pet.json)` in an option that may be a JSON file of the project: the file's content stands
//! in its place.

use serde_json::Value;
use tollgate_core::PolicyKind;

use super::implementation::imported;
use super::read_json;
use crate::load::ProjectFiles;
use crate::{Diagnostic, Diagnostics, Node};

/// Puts the files that options name in their places. What cannot be read is an error at the option.
pub(super) fn inline(
    kind: &PolicyKind,
    value: &mut Value,
    options: &Node<'_>,
    files: &ProjectFiles<'_>,
    diagnostics: &mut Diagnostics,
) {
    for pointer in kind.imports {
        let Some(path) = value.pointer(pointer).and_then(Value::as_str).and_then(imported) else { continue };
        let node = options.nearest(pointer);
        let wrong = |message: String, help: &str| {
            Diagnostic::error("wrong-import", node.caret(), message).help(help.to_owned())
        };
        let Some(name) = file_of(path) else {
            diagnostics.push(wrong(format!("`{path}` is no file of the project"), "write it as ./schemas/NAME.json"));
            continue;
        };
        files.remember(&files.root().join(&name));
        if !files.exists(&name) {
            diagnostics.push(wrong(format!("there is no file `{name}`"), "paths begin at the project's folder"));
            continue;
        }
        if let Some(tree) = read_json(files, &name, diagnostics)
            && let Some(place) = value.pointer_mut(pointer)
        {
            *place = tree.into_value();
        }
    }
}

/// The name of a JSON file below the project's folder; its ending may be left out.
fn file_of(path: &str) -> Option<String> {
    let path = path.trim();
    let relative = path.strip_prefix("./").unwrap_or(path);
    let plain = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', ':']);
    let within = !relative.is_empty() && relative.split('/').all(plain) && !relative.starts_with('@');
    let name = if relative.ends_with(".json") { relative.to_owned() } else { format!("{relative}.json") };
    within.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_below_the_project_are_meant() {
        for (path, expected) in [
            ("./schemas/pet.json", Some("schemas/pet.json")),
            ("schemas/pet", Some("schemas/pet.json")),
            ("../pet.json", None),
            ("./a/../../pet.json", None),
            ("/etc/pet.json", None),
            ("https://a.example/pet.json", None),
            ("@zuplo/runtime", None),
            ("", None),
        ] {
            assert_eq!(file_of(path).as_deref(), expected, "{path}");
        }
    }
}
