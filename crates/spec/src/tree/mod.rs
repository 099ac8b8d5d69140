//! A parsed file: its value, and beside it the source range of every JSON pointer.
//!
//! The ranges are a tree of their own, parallel to the value, so that a document of many
//! megabytes costs no map of pointers. A tree may be put together from several files (a settings
//! file and that of an environment, a document and its overlay): each node knows the file that
//! wrote it.

mod edit;
mod env;
mod json;
mod node;
mod spans;
#[cfg(test)]
mod tests;
mod yaml;

use std::sync::Arc;

use serde_json::Value;

use crate::source::{Source, Span};
use crate::{Diagnostic, Diagnostics};

pub use edit::Arrays;
pub use node::{Node, escape, unescape};
pub(crate) use spans::{Children, Field, Spans};

/// The largest file that is read. Offsets are kept in 32 bits.
const MAX_BYTES: usize = 256 * 1024 * 1024;
/// How deep a document may nest.
const MAX_DEPTH: usize = 200;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// YAML 1.2, which most JSON is too.
    Yaml,
    /// JSON as RFC 8259 has it.
    Json,
    /// JSON with comments and trailing commas.
    Jsonc,
}

impl Syntax {
    /// By the name's ending; by the first character where there is none that says it.
    pub fn of(name: &str, text: &str) -> Self {
        let path = name.split(['?', '#']).next().unwrap_or(name).to_ascii_lowercase();
        match path.rsplit_once('.').map(|(_, extension)| extension) {
            Some("yaml" | "yml") => Self::Yaml,
            Some("jsonc") => Self::Jsonc,
            Some("json") => Self::Json,
            _ if text.trim_start().starts_with(['{', '[']) => Self::Json,
            _ => Self::Yaml,
        }
    }
}

/// A parsed file, or several laid over each other.
#[derive(Clone)]
pub struct Tree {
    value: Value,
    spans: Spans,
    sources: Vec<Arc<Source>>,
}

impl std::fmt::Debug for Tree {
    /// Values may hold secrets that `$env` brought in: only the files are shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tree").field("sources", &self.sources).finish_non_exhaustive()
    }
}

impl Tree {
    /// Reads a file by the ending of its name. `None` where it cannot be read at all; what is
    /// wrong with it is added to the diagnostics.
    pub fn parse(name: impl Into<Arc<str>>, bytes: &[u8], diagnostics: &mut Diagnostics) -> Option<Self> {
        Self::parse_as(name, bytes, None, diagnostics)
    }

    /// Like [`Tree::parse`], in a given syntax.
    pub fn parse_as(
        name: impl Into<Arc<str>>,
        bytes: &[u8],
        syntax: Option<Syntax>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let name = name.into();
        if bytes.len() > MAX_BYTES {
            let message = format!("the file has {} bytes; at most {MAX_BYTES} are read", bytes.len());
            diagnostics.push(Diagnostic::error("file-too-large", Span::of_file(name), message));
            return None;
        }
        let source = match std::str::from_utf8(bytes) {
            Ok(text) => Source::new(name, text),
            Err(error) => {
                diagnostics.push(not_utf8(name, bytes, error.valid_up_to()));
                return None;
            }
        };
        let (value, spans) = match syntax.unwrap_or_else(|| Syntax::of(source.name(), source.text())) {
            Syntax::Yaml => yaml::parse(&source, diagnostics)?,
            Syntax::Json => json::parse(&source, false, diagnostics)?,
            Syntax::Jsonc => json::parse(&source, true, diagnostics)?,
        };
        Some(Self { value, spans, sources: vec![source] })
    }

    /// An empty object that no file wrote, for what is optional.
    pub fn empty(name: impl Into<Arc<str>>) -> Self {
        let value = Value::Object(serde_json::Map::new());
        Self { value, spans: Spans::fields(0, 0, Vec::new()), sources: vec![Source::new(name, "")] }
    }

    /// What it says.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Gives the value away.
    pub fn into_value(self) -> Value {
        self.value
    }

    /// The files that it was put together from; the first is the one that it began with.
    pub fn sources(&self) -> &[Arc<Source>] {
        &self.sources
    }

    /// The name of the first file.
    pub fn name(&self) -> &Arc<str> {
        self.sources[0].name()
    }

    /// The whole of it.
    pub fn root(&self) -> Node<'_> {
        Node::root(self)
    }

    /// The node at a JSON pointer.
    pub fn at(&self, pointer: &str) -> Option<Node<'_>> {
        self.root().at(pointer)
    }

    /// The node at a JSON pointer, or its nearest ancestor that is there.
    pub fn nearest(&self, pointer: &str) -> Node<'_> {
        self.root().nearest(pointer)
    }
}

fn not_utf8(name: Arc<str>, bytes: &[u8], offset: usize) -> Diagnostic {
    // The valid part is shown up to the bad byte, so that the caret has something to stand under.
    let until = bytes[offset..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |end| offset + end);
    let source = Source::new(name, String::from_utf8_lossy(&bytes[..until]).into_owned());
    let span = Span { source, range: offset..offset + '\u{FFFD}'.len_utf8(), pointer: String::new() };
    Diagnostic::error("not-utf8", span, "the file is not UTF-8 text").help("save it with the encoding UTF-8")
}
