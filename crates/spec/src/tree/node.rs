//! A value in a tree, with its pointer and its place.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::{Children, Spans, Tree};
use crate::source::Span;

/// A value in a [`Tree`]: knows its JSON pointer and where it is written.
#[derive(Clone)]
pub struct Node<'a> {
    tree: &'a Tree,
    value: &'a Value,
    spans: &'a Spans,
    key: Option<(u32, u32)>,
    pointer: String,
}

impl<'a> Node<'a> {
    pub(super) fn root(tree: &'a Tree) -> Self {
        Self { tree, value: &tree.value, spans: &tree.spans, key: None, pointer: String::new() }
    }

    /// The value, `$env` replaced where that has been done.
    pub fn value(&self) -> &'a Value {
        self.value
    }

    /// Its JSON pointer in the tree.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// The tree that it is in.
    pub fn tree(&self) -> &'a Tree {
        self.tree
    }

    pub(super) fn spans(&self) -> &'a Spans {
        self.spans
    }

    /// The value as text, where it is one.
    pub fn as_str(&self) -> Option<&'a str> {
        self.value.as_str()
    }

    /// The last token of the pointer: a field's name or an item's index.
    pub fn name(&self) -> Cow<'_, str> {
        unescape(self.pointer.rsplit_once('/').map_or("", |(_, name)| name))
    }

    /// A field of an object.
    pub fn get(&self, key: &str) -> Option<Self> {
        let (Value::Object(map), Children::Fields(fields)) = (self.value, &self.spans.children) else { return None };
        // Most fields that are asked for are not there, and the map knows that at once.
        let value = map.get(key)?;
        let field = fields.get(map.keys().position(|name| name == key)?)?;
        Some(self.child(escape(key).as_ref(), value, &field.spans, Some(field.key)))
    }

    /// An item of an array.
    pub fn item(&self, index: usize) -> Option<Self> {
        let (Value::Array(values), Children::Items(items)) = (self.value, &self.spans.children) else { return None };
        Some(self.child(&index.to_string(), values.get(index)?, items.get(index)?, None))
    }

    /// Every field of an object in its order; none where it is not an object.
    pub fn entries(&self) -> impl Iterator<Item = (&'a str, Self)> + use<'a, '_> {
        let both = match (self.value, &self.spans.children) {
            (Value::Object(map), Children::Fields(fields)) => Some(map.iter().zip(fields)),
            _ => None,
        };
        both.into_iter().flatten().map(|((key, value), field)| {
            (key.as_str(), self.child(escape(key).as_ref(), value, &field.spans, Some(field.key)))
        })
    }

    /// Every item of an array; none where it is not an array.
    pub fn items(&self) -> impl Iterator<Item = Self> + use<'a, '_> {
        let both = match (self.value, &self.spans.children) {
            (Value::Array(values), Children::Items(items)) => Some(values.iter().zip(items)),
            _ => None,
        };
        both.into_iter()
            .flatten()
            .enumerate()
            .map(|(index, (value, spans))| self.child(&index.to_string(), value, spans, None))
    }

    /// The node at a JSON pointer below this one.
    pub fn at(&self, pointer: &str) -> Option<Self> {
        let mut node = self.clone();
        for token in tokens(pointer) {
            node = node.step(&token)?;
        }
        Some(node)
    }

    /// The node at a JSON pointer below this one, or its nearest ancestor that is there.
    pub fn nearest(&self, pointer: &str) -> Self {
        let mut node = self.clone();
        for token in tokens(pointer) {
            match node.step(&token) {
                Some(next) => node = next,
                None => break,
            }
        }
        node
    }

    fn step(&self, token: &str) -> Option<Self> {
        match self.value {
            Value::Array(_) => self.item(token.parse().ok()?),
            _ => self.get(token),
        }
    }

    fn child(&self, token: &str, value: &'a Value, spans: &'a Spans, key: Option<(u32, u32)>) -> Self {
        let mut pointer = String::with_capacity(self.pointer.len() + token.len() + 1);
        pointer.push_str(&self.pointer);
        pointer.push('/');
        pointer.push_str(token);
        Self { tree: self.tree, value, spans, key, pointer }
    }

    /// Where the value is written.
    pub fn span(&self) -> Span {
        self.span_of(self.spans.start, self.spans.end)
    }

    /// Where its key is written; the value itself where it has none.
    pub fn key_span(&self) -> Span {
        self.key.map_or_else(|| self.span(), |(start, end)| self.span_of(start, end))
    }

    /// What a caret should stand under: a short value itself, the key of an object or array.
    pub fn caret(&self) -> Span {
        if self.value.is_array() || self.value.is_object() { self.key_span() } else { self.span() }
    }

    fn span_of(&self, start: u32, end: u32) -> Span {
        let source = self.tree.sources.get(usize::from(self.spans.file)).unwrap_or(&self.tree.sources[0]);
        let text = source.text();
        let [start, end] = [start, end].map(|o| crate::source::floor_char_boundary(text, o as usize));
        Span { source: Arc::clone(source), range: start..end.max(start), pointer: self.pointer.clone() }
    }

    /// Whether `$env(…)` was replaced in this very value.
    pub fn is_expanded(&self) -> bool {
        self.spans.expanded
    }

    /// The value as a message may show it: as the user wrote it, shortened.
    pub fn shown(&self) -> String {
        let text = match self.value {
            _ if self.spans.expanded => self.written(),
            Value::String(text) => text.clone(),
            Value::Array(_) => "a list".to_owned(),
            Value::Object(_) => "an object".to_owned(),
            other => other.to_string(),
        };
        shorten(&text)
    }

    /// The text as it stands in the file, without its quotes.
    fn written(&self) -> String {
        let span = self.span();
        let text = span.text();
        let bare = |quote| text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
        bare('"').or_else(|| bare('\'')).unwrap_or(text).to_owned()
    }

    /// A message of others about this value or something below it, with the user's text in place
    /// of whatever `$env(…)` brought in.
    pub fn redact(&self, message: &str) -> String {
        if self.spans.expanded
            && let Some(secret) = self.as_str().filter(|text| !text.is_empty())
        {
            return message.replace(secret, &self.written());
        }
        let message = self.items().fold(message.to_owned(), |message, item| item.redact(&message));
        self.entries().fold(message, |message, (_, field)| field.redact(&message))
    }
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("file", self.tree.name()).field("pointer", &self.pointer).finish_non_exhaustive()
    }
}

/// The tokens of a JSON pointer.
fn tokens(pointer: &str) -> impl Iterator<Item = Cow<'_, str>> {
    pointer.strip_prefix('/').into_iter().flat_map(|rest| rest.split('/')).map(unescape)
}

/// A field's name as a token of a JSON pointer (RFC 6901).
pub fn escape(token: &str) -> Cow<'_, str> {
    if token.contains(['~', '/']) { Cow::Owned(token.replace('~', "~0").replace('/', "~1")) } else { token.into() }
}

/// A token of a JSON pointer as a field's name.
pub fn unescape(token: &str) -> Cow<'_, str> {
    if token.contains('~') { Cow::Owned(token.replace("~1", "/").replace("~0", "~")) } else { token.into() }
}

fn shorten(text: &str) -> String {
    const MOST: usize = 80;
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= MOST && line.len() == text.trim_end().len() {
        return line.to_owned();
    }
    line.chars().take(MOST).chain(['…']).collect()
}
