//! JSON and JSON with comments, read by `jsonc-parser`.

use std::sync::Arc;

use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use jsonc_parser::errors::ParseErrorKind;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde_json::{Map, Number, Value};

use super::{Children, Field, MAX_DEPTH, Spans, escape, spans::offset};
use crate::source::{Source, Span};
use crate::{Diagnostic, Diagnostics};

pub(super) fn parse(source: &Arc<Source>, comments: bool, diagnostics: &mut Diagnostics) -> Option<(Value, Spans)> {
    let options = ParseOptions {
        allow_comments: comments,
        allow_trailing_commas: comments,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
    };
    let text = source.text();
    // A byte-order mark is no part of the text, but offsets count it.
    let skipped = text.len() - text.strip_prefix('\u{FEFF}').unwrap_or(text).len();
    let parsed = match parse_to_ast(&text[skipped..], &CollectOptions::default(), &options) {
        Ok(parsed) => parsed,
        Err(error) => {
            let range = error.range();
            let (start, end) = (range.start + skipped, range.end + skipped);
            let span = Span { source: Arc::clone(source), range: start..end, pointer: String::new() };
            let mut diagnostic = Diagnostic::error("json-syntax", span, lower_first(&error.kind().to_string()));
            match error.kind() {
                ParseErrorKind::CommentsNotAllowed => {
                    diagnostic = diagnostic.help("name the file .jsonc, or use YAML, to write comments");
                }
                ParseErrorKind::TrailingCommasNotAllowed => diagnostic = diagnostic.help("take the last comma away"),
                _ => {}
            }
            diagnostics.push(diagnostic);
            return None;
        }
    };
    let Some(value) = parsed.value else {
        return Some((Value::Null, Spans::leaf(0, text.len())));
    };
    let mut reader = Reader { source, skipped, diagnostics, path: Vec::new(), too_deep: false };
    let read = reader.value(value);
    (!reader.too_deep).then_some(read)
}

struct Reader<'a> {
    source: &'a Arc<Source>,
    skipped: usize,
    diagnostics: &'a mut Diagnostics,
    path: Vec<String>,
    too_deep: bool,
}

impl Reader<'_> {
    fn value(&mut self, value: ast::Value<'_>) -> (Value, Spans) {
        let range = value.range();
        let (start, end) = (range.start + self.skipped, range.end + self.skipped);
        match value {
            ast::Value::Object(object) => {
                if self.is_too_deep(start) {
                    return (Value::Null, Spans::leaf(start, end));
                }
                self.object(object, start, end)
            }
            ast::Value::Array(array) => {
                if self.is_too_deep(start) {
                    return (Value::Null, Spans::leaf(start, end));
                }
                let mut values = Vec::with_capacity(array.elements.len());
                let mut items = Vec::with_capacity(array.elements.len());
                self.path.push(String::new());
                for element in array.elements {
                    let (value, spans) = self.value(element);
                    values.push(value);
                    items.push(spans);
                }
                self.path.pop();
                (Value::Array(values), Spans::new(start, end, Children::Items(items)))
            }
            ast::Value::StringLit(text) => (Value::String(text.value.into_owned()), Spans::leaf(start, end)),
            ast::Value::NumberLit(number) => (self.number(number.value, start, end), Spans::leaf(start, end)),
            ast::Value::BooleanLit(boolean) => (Value::Bool(boolean.value), Spans::leaf(start, end)),
            ast::Value::NullKeyword(_) => (Value::Null, Spans::leaf(start, end)),
        }
    }

    fn object(&mut self, object: ast::Object<'_>, start: usize, end: usize) -> (Value, Spans) {
        let mut map = Map::with_capacity(object.properties.len());
        let mut fields: Vec<Field> = Vec::with_capacity(object.properties.len());
        for property in object.properties {
            let range = property.name.range();
            let key = (offset(range.start + self.skipped), offset(range.end + self.skipped));
            let name = property.name.into_string();
            self.path.push(name.clone());
            let (value, spans) = self.value(property.value);
            self.path.pop();
            if map.contains_key(&name) {
                let first = map.keys().position(|known| *known == name).map_or(key, |index| fields[index].key);
                let pointer = self.pointer();
                self.diagnostics.push(super::spans::duplicate(self.source, &pointer, &name, first, key));
                continue;
            }
            map.insert(name, value);
            fields.push(Field { key, spans });
        }
        (Value::Object(map), Spans::fields(start, end, fields))
    }

    fn number(&mut self, text: &str, start: usize, end: usize) -> Value {
        if let Ok(number) = text.parse::<Number>() {
            return Value::Number(number);
        }
        let span = Span { source: Arc::clone(self.source), range: start..end, pointer: self.pointer() };
        let message = format!("`{text}` is not a number that JSON knows");
        self.diagnostics.push(Diagnostic::error("json-syntax", span, message));
        Value::Null
    }

    fn is_too_deep(&mut self, start: usize) -> bool {
        if self.path.len() < MAX_DEPTH {
            return false;
        }
        if !self.too_deep {
            self.too_deep = true;
            self.diagnostics.push(super::spans::too_deep(self.source, start));
        }
        true
    }

    fn pointer(&self) -> String {
        self.path.iter().fold(String::new(), |pointer, token| pointer + "/" + escape(token).as_ref())
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
