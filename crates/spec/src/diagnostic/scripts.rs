//! What linking the modules of a project brings to light, drawn in TypeScript.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use tollgate_core::project::Place;
use tollgate_core::services::ScriptIssue;

use super::{Diagnostic, Diagnostics};
use crate::source::{Source, Span};

impl Diagnostics {
    /// Adds what linking brought to light: at a line of a module, which is read from the project's
    /// folder, or at the place in a document that names the module.
    pub fn add_script_issues(&mut self, root: &Path, issues: &[ScriptIssue]) {
        let mut modules: HashMap<Arc<str>, Option<Arc<Source>>> = HashMap::new();
        for issue in issues {
            let span = self.document_span(&issue.place).unwrap_or_else(|| {
                let source = modules.entry(Arc::clone(&issue.place.file)).or_insert_with_key(|name| {
                    let text = std::fs::read_to_string(root.join(&**name)).ok()?;
                    Some(Source::new(Arc::clone(name), text))
                });
                module_span(source.as_ref(), &issue.place)
            });
            self.push(Diagnostic::error("module", span, issue.message.clone()).help_if(issue.help.clone()));
        }
        self.sort();
    }

    /// A place in one of the documents that were read. A line without a pointer is one of a module, be
    /// it a JSON file that a document refers to as well.
    fn document_span(&self, place: &Place) -> Option<Span> {
        if place.pointer.is_empty() && place.line > 0 {
            return None;
        }
        let tree = self.trees.iter().find(|tree| tree.sources().iter().any(|source| *source.name() == place.file))?;
        Some(tree.nearest(&place.pointer).caret())
    }
}

/// A place in a module; the file as a whole where the line is not known or cannot be shown.
fn module_span(source: Option<&Arc<Source>>, place: &Place) -> Span {
    let Some(source) = source.filter(|source| (1..=source.line_count()).contains(&place.line)) else {
        return Span::of_file(place.to_string());
    };
    let line = source.line_range(place.line);
    let text = &source.text()[line.clone()];
    let column = place.column.saturating_sub(1);
    let at = text.char_indices().nth(column).map_or(text.trim_end().len(), |(index, _)| index);
    // The whole word that begins there, as far as one does.
    let word = text[at..].find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(text.len() - at);
    let start = line.start + at;
    Span { source: Arc::clone(source), range: start..start + word, pointer: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::TextStyle;

    fn issue(file: &str, line: usize, column: usize) -> ScriptIssue {
        ScriptIssue {
            place: Place { file: file.into(), pointer: String::new(), line, column },
            message: "`lenght` is not there".to_owned(),
            help: Some("did you mean `length`?".to_owned()),
        }
    }

    #[test]
    fn a_mistake_in_a_module_is_drawn_at_its_line() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("x.ts"), "const ä = 1;\nexport default ä.lenght;\n").unwrap();
        let mut diagnostics = Diagnostics::new();
        diagnostics.add_script_issues(folder.path(), &[issue("x.ts", 2, 18), issue("gone.ts", 3, 1)]);
        let (known, unknown) = (&diagnostics.list[1], &diagnostics.list[0]);
        assert_eq!((known.span.text(), known.span.start()), ("lenght", Some((2, 18))));
        assert_eq!(&**unknown.span.source.name(), "gone.ts:3:1");
        let drawn = diagnostics.to_text(&TextStyle::default());
        assert!(drawn.contains("x.ts:2:18") && drawn.contains("error[module]"), "{drawn}");
        assert!(drawn.contains("gone.ts:3:1: `lenght`"), "{drawn}");
    }

    #[test]
    fn a_place_that_is_not_in_the_text_any_more_does_no_harm() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("x.ts"), "ä").unwrap();
        let mut diagnostics = Diagnostics::new();
        let issues = [issue("x.ts", 1, 99), issue("x.ts", 9, 1), issue("x.ts", 0, 0), issue("x.ts", 1, 1)];
        diagnostics.add_script_issues(folder.path(), &issues);
        assert_eq!(diagnostics.len(), issues.len());
        assert!(!diagnostics.to_text(&TextStyle::default()).is_empty());
    }
}
