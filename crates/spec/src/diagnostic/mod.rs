//! A mistake in the project, at its line.
//!
//! Everything that finds one adds it to [`Diagnostics`] and goes on. A diagnostic holds a
//! [`Span`], so it can be drawn wherever it travels; only the renderers here count lines.

mod json;
mod sarif;
mod scripts;
mod text;

use std::sync::Arc;

use tollgate_core::catalog::BuildIssue;

pub use text::TextStyle;

use crate::source::Span;
use crate::tree::Tree;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The project cannot run.
    Error,
    /// It can, but probably not as meant.
    Warning,
}

impl Severity {
    /// As every form of output spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Another place that has to do with it.
#[derive(Debug, Clone)]
pub struct Related {
    /// Where.
    pub span: Span,
    /// What is there.
    pub label: String,
}

/// A mistake in the project.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Stable, in kebab case: `unknown-field`.
    pub code: &'static str,
    /// Where it is.
    pub span: Span,
    /// What is wrong, in one sentence, in the user's words.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
    /// Other places that have to do with it.
    pub related: Vec<Related>,
}

impl Diagnostic {
    /// A mistake because of which the project cannot run.
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { severity: Severity::Error, code, span, message, help: None, related: Vec::new() }
    }

    /// Something that is probably not meant.
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    /// Adds what would be right.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds what would be right, where it is known.
    #[must_use]
    pub fn help_if(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn related(mut self, span: Span, label: impl Into<String>) -> Self {
        self.related.push(Related { span, label: label.into() });
        self
    }
}

/// Everything that was found, and the trees it was found in.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    trees: Vec<Arc<Tree>>,
}

impl Diagnostics {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one. The same mistake at the same place counts once.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        let known = self.list.iter().any(|known| {
            known.code == diagnostic.code && known.message == diagnostic.message && known.span.same(&diagnostic.span)
        });
        if !known {
            self.list.push(diagnostic);
        }
    }

    /// Adds all of another's.
    pub fn extend(&mut self, other: Self) {
        other.list.into_iter().for_each(|diagnostic| self.push(diagnostic));
        self.trees.extend(other.trees);
    }

    /// Keeps a tree, so that what is found later (see [`Diagnostics::add_build_issues`]) can
    /// be drawn in it.
    pub fn keep_tree(&mut self, tree: Arc<Tree>) {
        self.trees.push(tree);
    }

    /// Where a value of the settings stands, for mistakes in the files that the settings name.
    pub fn settings_span(&self, pointer: &str) -> Span {
        match self.trees.iter().find(|tree| tree.name().starts_with("tollgate.")) {
            Some(tree) => tree.nearest(pointer).caret(),
            None => Span::of_file("tollgate.yaml"),
        }
    }

    /// Each of them; in the order of files and lines once [`Diagnostics::sort`] has run.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether one of them keeps the project from running.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// How many errors and how many warnings.
    pub fn counts(&self) -> (usize, usize) {
        let errors = self.list.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
        (errors, self.list.len() - errors)
    }

    /// Takes values that came from the environment out of every text, whoever wrote it: what is
    /// shown is the user's own `$env(NAME)`. Values too short to be secrets stay.
    pub(crate) fn redact<'v>(&mut self, values: impl Iterator<Item = (&'v str, &'v str)>) {
        const SHORTEST: usize = 6;
        let mut values: Vec<(&str, &str)> = values.filter(|(_, value)| value.len() >= SHORTEST).collect();
        // A value may be part of a longer one.
        values.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
        let clean = |text: &mut String| {
            for (name, value) in &values {
                if text.contains(value) {
                    *text = text.replace(value, &format!("$env({name})"));
                }
            }
        };
        for diagnostic in &mut self.list {
            clean(&mut diagnostic.message);
            diagnostic.help.iter_mut().for_each(clean);
            diagnostic.related.iter_mut().for_each(|related| clean(&mut related.label));
        }
    }

    /// Puts them in the order of files, lines and columns.
    pub fn sort(&mut self) {
        self.list.sort_by(|a, b| {
            let key = |d: &Diagnostic| (d.span.range.start, d.severity, d.span.range.end);
            a.span.source.name().cmp(b.span.source.name()).then_with(|| key(a).cmp(&key(b)))
        });
    }

    /// Adds what building a snapshot brought to light, each at the option that is wrong.
    pub fn add_build_issues(&mut self, issues: &[BuildIssue]) {
        for issue in issues {
            let pointer = format!("{}{}", issue.place.pointer, issue.error.pointer);
            let tree = self.trees.iter().find(|tree| tree.sources().iter().any(|s| *s.name() == issue.place.file));
            let (span, message) = match tree {
                Some(tree) => {
                    let node = tree.nearest(&pointer);
                    (node.caret(), tree.nearest(&issue.place.pointer).redact(&issue.error.message))
                }
                None => (Span::of_file(Arc::clone(&issue.place.file)), issue.error.message.clone()),
            };
            let message = format!("{}: {message}", issue.name);
            self.push(Diagnostic::error("invalid-options", span, message).help_if(issue.error.help.clone()));
        }
        self.sort();
    }

    /// For people: `file:line:column`, the line with a caret, the help; one after the other and
    /// a line that counts them.
    pub fn to_text(&self, style: &TextStyle) -> String {
        text::render(self, style)
    }

    /// For programs: an object with `diagnostics`, `errors` and `warnings`.
    pub fn to_json(&self) -> serde_json::Value {
        json::render(self)
    }

    /// For code scanning: SARIF 2.1.0.
    pub fn to_sarif(&self) -> serde_json::Value {
        sarif::render(self)
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
