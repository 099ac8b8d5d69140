//! The source ranges of a value, as a tree of the same shape.

use std::sync::Arc;

#[cfg(test)]
use serde_json::Value;

use super::{MAX_DEPTH, escape};
use crate::Diagnostic;
use crate::source::{Source, Span};

/// The range of one value and of everything below it. Fields and items stand in the order in
/// which the value has them.
#[derive(Debug, Clone)]
pub(crate) struct Spans {
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// Index of the file that wrote it.
    pub(crate) file: u16,
    /// Whether the value is not what is written, because `$env(…)` was replaced in it.
    pub(crate) expanded: bool,
    pub(crate) children: Children,
}

#[derive(Debug, Clone)]
pub(crate) enum Children {
    None,
    Items(Vec<Spans>),
    Fields(Vec<Field>),
}

/// A field of an object: its key is in the same file as its value.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) key: (u32, u32),
    pub(crate) spans: Spans,
}

impl Spans {
    pub(crate) fn new(start: usize, end: usize, children: Children) -> Self {
        let [start, end] = [start, end].map(offset);
        Self { start, end: end.max(start), file: 0, expanded: false, children }
    }

    pub(crate) fn leaf(start: usize, end: usize) -> Self {
        Self::new(start, end, Children::None)
    }

    pub(crate) fn fields(start: usize, end: usize, fields: Vec<Field>) -> Self {
        Self::new(start, end, Children::Fields(fields))
    }

    /// How many nodes there are, this one included.
    pub(crate) fn count(&self) -> usize {
        1 + match &self.children {
            Children::None => 0,
            Children::Items(items) => items.iter().map(Self::count).sum(),
            Children::Fields(fields) => fields.iter().map(|field| field.spans.count()).sum(),
        }
    }

    /// Moves every node from file 0 to `file`.
    pub(crate) fn refile(&mut self, map: &[u16]) {
        self.file = map.get(usize::from(self.file)).copied().unwrap_or_default();
        match &mut self.children {
            Children::None => {}
            Children::Items(items) => items.iter_mut().for_each(|item| item.refile(map)),
            Children::Fields(fields) => fields.iter_mut().for_each(|field| field.spans.refile(map)),
        }
    }

    /// Whether this tree has the shape of that value: what all walking relies on.
    #[cfg(test)]
    pub(crate) fn fits(&self, value: &Value) -> bool {
        match (&self.children, value) {
            (Children::Items(items), Value::Array(values)) => {
                items.len() == values.len() && items.iter().zip(values).all(|(spans, value)| spans.fits(value))
            }
            (Children::Fields(fields), Value::Object(map)) => {
                fields.len() == map.len() && fields.iter().zip(map.values()).all(|(field, v)| field.spans.fits(v))
            }
            (Children::None, value) => !value.is_array() && !value.is_object(),
            _ => false,
        }
    }
}

/// Files are smaller than 4 GiB (see `MAX_BYTES`), so this never saturates.
pub(crate) fn offset(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

/// A key that an object has twice.
pub(crate) fn duplicate(
    source: &Arc<Source>,
    parent: &str,
    name: &str,
    first: (u32, u32),
    second: (u32, u32),
) -> Diagnostic {
    let pointer = format!("{parent}/{}", escape(name));
    let span = |(start, end): (u32, u32)| Span {
        source: Arc::clone(source),
        range: start as usize..end as usize,
        pointer: pointer.clone(),
    };
    let (line, _) = source.line_column(first.0 as usize);
    Diagnostic::error("duplicate-key", span(second), format!("`{name}` is written twice; it is also on line {line}"))
        .related(span(first), "first written here")
        .help("keep one of the two")
}

/// A document that nests deeper than is sensible.
pub(crate) fn too_deep(source: &Arc<Source>, start: usize) -> Diagnostic {
    let span = Span { source: Arc::clone(source), range: start..start + 1, pointer: String::new() };
    Diagnostic::error("too-deep", span, format!("the document nests deeper than {MAX_DEPTH} levels"))
}
