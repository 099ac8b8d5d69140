//! YAML 1.2, from the events of `granit-parser`: anchors, aliases and merge keys are resolved,
//! plain scalars are read by the core schema.

use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, Span as Mark, StrInput, Tag};
use serde_json::{Map, Number, Value};

use super::spans::{self, offset};
use super::{Children, Field, MAX_DEPTH, Spans, escape};
use crate::source::{Source, Span};
use crate::{Diagnostic, Diagnostics};

/// How many nodes aliases may add to a document. A few lines of nested aliases can otherwise
/// stand for more values than any machine has room for.
const MAX_ALIASED: usize = 1_000_000;

pub(super) fn parse(source: &Arc<Source>, diagnostics: &mut Diagnostics) -> Option<(Value, Spans)> {
    let mut options = granit_parser::options! { block_nesting_limit: MAX_DEPTH, flow_nesting_limit: MAX_DEPTH };
    options.set_emit_comments(false);
    let mut reader = Reader {
        source,
        events: Parser::new_from_str_with_options(source.text(), options),
        anchors: HashMap::new(),
        aliased: 0,
        path: Vec::new(),
        diagnostics,
    };
    reader.stream().ok()
}

/// The reader said what is wrong and cannot go on.
struct Stop;

type Read<T> = Result<T, Stop>;

struct Reader<'a, 'd> {
    source: &'a Arc<Source>,
    events: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, (Value, Spans)>,
    aliased: usize,
    path: Vec<String>,
    diagnostics: &'d mut Diagnostics,
}

/// A key: its text, where it stands, and whether it is the plain `<<` of a merge.
struct Key {
    name: String,
    range: (u32, u32),
    merge: bool,
}

impl<'a> Reader<'a, '_> {
    fn stream(&mut self) -> Read<(Value, Spans)> {
        let mut document = None;
        loop {
            let (event, mark) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(..) if document.is_some() => {
                    let (start, end) = range(&mark);
                    return self.stop(
                        "yaml-documents",
                        start,
                        end,
                        "a file holds one document, not several".to_owned(),
                    );
                }
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                event => document = Some(self.value(event, &mark)?),
            }
        }
        Ok(document.unwrap_or_else(|| (Value::Null, Spans::leaf(0, self.source.text().len()))))
    }

    fn next(&mut self) -> Read<(Event<'a>, Mark)> {
        match self.events.next_event() {
            Some(Ok(pair)) => Ok(pair),
            Some(Err(error)) => {
                let at = error.marker().byte_offset().unwrap_or_else(|| self.source.text().len());
                let diagnostic = match self.tab(at) {
                    Some(tab) => {
                        Diagnostic::error("yaml-syntax", self.span(tab, tab + 1), "a tab cannot indent a line")
                            .help("indent with spaces: YAML does not take tabs")
                    }
                    None => Diagnostic::error("yaml-syntax", self.span(at, at + 1), error.info()),
                };
                self.diagnostics.push(diagnostic);
                Err(Stop)
            }
            None => Err(Stop),
        }
    }

    /// The tab that indents the line of an error or the one behind it: what the scanner stumbles
    /// over is then seldom what is wrong.
    fn tab(&self, at: usize) -> Option<usize> {
        let (line, _) = self.source.line_column(at);
        [line, line + 1].into_iter().filter(|line| *line <= self.source.line_count()).find_map(|line| {
            let range = self.source.line_range(line);
            let text = &self.source.text()[range.clone()];
            let indent = &text[..text.len() - text.trim_start().len()];
            indent.find('\t').filter(|_| !text.trim().is_empty()).map(|tab| range.start + tab)
        })
    }

    fn value(&mut self, event: Event<'a>, mark: &Mark) -> Read<(Value, Spans)> {
        let (start, end) = range(mark);
        let (anchor, read) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = scalar(&text, style, tag.as_deref());
                let end = if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
                    start + self.source.text()[start..end].trim_end().len()
                } else {
                    end
                };
                (anchor, (value, Spans::leaf(start, end)))
            }
            Event::SequenceStart(_, anchor, _) => (anchor, self.sequence(start)?),
            Event::MappingStart(_, anchor, _) => (anchor, self.mapping(start)?),
            Event::Alias(anchor) => return self.alias(anchor, start, end),
            _ => return self.stop("yaml-syntax", start, end, "a value is missing here".to_owned()),
        };
        if anchor > 0 {
            self.anchors.insert(anchor, read.clone());
        }
        Ok(read)
    }

    fn alias(&mut self, anchor: usize, start: usize, end: usize) -> Read<(Value, Spans)> {
        let Some((value, spans)) = self.anchors.get(&anchor) else {
            let message = "an alias cannot stand inside of what it means".to_owned();
            return self.stop("yaml-alias", start, end, message);
        };
        self.aliased += spans.count();
        if self.aliased > MAX_ALIASED {
            let message = format!("the aliases of this document stand for more than {MAX_ALIASED} values");
            return self.stop("yaml-alias", start, end, message);
        }
        let (value, mut spans) = (value.clone(), spans.clone());
        // A mistake in the value as a whole is shown at the alias, one inside of it where it is written.
        (spans.start, spans.end) = (offset(start), offset(end));
        Ok((value, spans))
    }

    fn sequence(&mut self, start: usize) -> Read<(Value, Spans)> {
        let (mut values, mut items) = (Vec::new(), Vec::new());
        self.enter(start)?;
        loop {
            let (event, mark) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                self.path.pop();
                let end = self.container_end(start, &mark);
                return Ok((Value::Array(values), Spans::new(start, end, Children::Items(items))));
            }
            let (value, spans) = self.value(event, &mark)?;
            values.push(value);
            items.push(spans);
        }
    }

    fn mapping(&mut self, start: usize) -> Read<(Value, Spans)> {
        let mut map = Map::new();
        let mut fields: Vec<Field> = Vec::new();
        let mut merged = Vec::new();
        self.enter(start)?;
        let last = loop {
            let (event, mark) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                break mark;
            }
            let key = self.key(event, &mark)?;
            if let Some(token) = self.path.last_mut() {
                token.clone_from(&key.name);
            }
            let (event, mark) = self.next()?;
            let (value, spans) = self.value(event, &mark)?;
            if key.merge {
                merged.push((value, spans, key));
            } else if map.contains_key(&key.name) {
                let first = map.keys().position(|known| *known == key.name).map_or(key.range, |i| fields[i].key);
                let parent = self.pointer_of_parent();
                self.diagnostics.push(spans::duplicate(self.source, &parent, &key.name, first, key.range));
            } else {
                map.insert(key.name, value);
                fields.push(Field { key: key.range, spans });
            }
        };
        for (value, spans, key) in merged {
            self.merge(&mut map, &mut fields, value, spans, &key);
        }
        self.path.pop();
        let end = self.container_end(start, &last);
        Ok((Value::Object(map), Spans::fields(start, end, fields)))
    }

    /// `<<: *base` and `<<: [*a, *b]`: fields that are not there come from the other mapping, the
    /// first one that has them.
    fn merge(&mut self, map: &mut Map<String, Value>, fields: &mut Vec<Field>, value: Value, spans: Spans, key: &Key) {
        match (value, spans.children) {
            (Value::Object(from), Children::Fields(places)) => {
                for ((name, value), place) in from.into_iter().zip(places) {
                    if !map.contains_key(&name) {
                        map.insert(name, value);
                        fields.push(place);
                    }
                }
            }
            (Value::Array(values), Children::Items(items)) => {
                for (value, spans) in values.into_iter().zip(items) {
                    self.merge(map, fields, value, spans, key);
                }
            }
            _ => {
                let span = self.span(key.range.0 as usize, key.range.1 as usize);
                let message = "`<<` takes a mapping or a list of mappings";
                self.diagnostics.push(Diagnostic::error("yaml-merge", span, message));
            }
        }
    }

    fn key(&mut self, event: Event<'a>, mark: &Mark) -> Read<Key> {
        let (start, end) = range(mark);
        let range = (offset(start), offset(end));
        match event {
            Event::Scalar(text, style, anchor, _) => {
                if anchor > 0 {
                    self.anchors.insert(anchor, (Value::String(text.to_string()), Spans::leaf(start, end)));
                }
                Ok(Key { merge: text == "<<" && style == ScalarStyle::Plain, name: text.into_owned(), range })
            }
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some((Value::String(name), _)) => Ok(Key { name: name.clone(), range, merge: false }),
                Some((value, _)) if !value.is_array() && !value.is_object() => {
                    Ok(Key { name: value.to_string(), range, merge: false })
                }
                _ => self.stop("yaml-key", start, end, "a key must be a text".to_owned()),
            },
            _ => self.stop("yaml-key", start, end, "a key must be a text".to_owned()),
        }
    }

    /// Where a container ends: at its closing bracket, or behind its last character.
    fn container_end(&self, start: usize, mark: &Mark) -> usize {
        let (_, end) = range(mark);
        let end = end.clamp(start, self.source.text().len());
        start + self.source.text()[start..end].trim_end().len()
    }

    fn enter(&mut self, start: usize) -> Read<()> {
        if self.path.len() >= MAX_DEPTH {
            self.diagnostics.push(spans::too_deep(self.source, start));
            return Err(Stop);
        }
        self.path.push(String::new());
        Ok(())
    }

    fn pointer_of_parent(&self) -> String {
        let parents = self.path.len().saturating_sub(1);
        self.path[..parents].iter().fold(String::new(), |pointer, token| pointer + "/" + escape(token).as_ref())
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span { source: Arc::clone(self.source), range: start..end, pointer: String::new() }
    }

    fn stop<T>(&mut self, code: &'static str, start: usize, end: usize, message: String) -> Read<T> {
        self.diagnostics.push(Diagnostic::error(code, self.span(start, end), message));
        Err(Stop)
    }
}

fn range(mark: &Mark) -> (usize, usize) {
    mark.byte_range().map_or((0, 0), |range| (range.start, range.end))
}

/// The value of a scalar by YAML's core schema. What JSON has no word for (`.inf`) stays a text.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let typed = match tag {
        Some(tag) => tag.core_suffix().is_some_and(|suffix| matches!(suffix, "int" | "float" | "bool" | "null")),
        None => style == ScalarStyle::Plain,
    };
    if !typed {
        return Value::String(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number),
    }
}

fn number(text: &str) -> Option<Number> {
    let first = *text.as_bytes().first()?;
    if !(first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.')) {
        return None;
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return digits
            .bytes()
            .all(|b| b.is_ascii_hexdigit())
            .then(|| u64::from_str_radix(digits, 16).ok())?
            .map(Number::from);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return digits
            .bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| u64::from_str_radix(digits, 8).ok())?
            .map(Number::from);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if unsigned.bytes().all(|b| b.is_ascii_digit()) {
        let integer = text.parse::<i64>().map(Number::from);
        if let Ok(number) = integer.or_else(|_| text.trim_start_matches('+').parse::<u64>().map(Number::from)) {
            return Some(number);
        }
    }
    // Rust's own reader also takes `inf`, `nan` and the like, which start with no digit or point.
    let digits = unsigned.bytes().any(|b| b.is_ascii_digit());
    let plain = unsigned.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'-' | b'+'));
    (digits && plain).then(|| text.parse::<f64>().ok().and_then(Number::from_f64))?
}
