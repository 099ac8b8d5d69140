//! Paths that are written from arguments.

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};
use tollgate_core::route::{PathMode, PathTemplate};

use super::values::{UNRESERVED, text};

/// What a template may not hold as it stands (RFC 3986 §3.3).
const LITERAL: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');
/// What a parameter that takes the rest of a path keeps: its slashes.
const REST: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A path with places for arguments.
#[derive(Debug)]
pub(super) struct Path(Vec<Piece>);

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    /// Ready to be sent.
    Literal(String),
    Parameter(String),
    /// The rest of the path, which may be empty.
    Rest(String),
}

impl Path {
    /// Reads a template; `None` where it is a pattern that says more than names.
    pub(super) fn new(template: &PathTemplate) -> Option<Self> {
        let pieces = match template.mode {
            PathMode::OpenApi => braces(&template.text, template.rest.as_deref()),
            PathMode::UrlPattern => colons(&template.text)?,
        };
        Some(Self(pieces))
    }

    /// The names of its parameters, and whether one may be left out.
    pub(super) fn names(&self) -> impl Iterator<Item = (&str, bool)> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Literal(_) => None,
            Piece::Parameter(name) => Some((name.as_str(), false)),
            Piece::Rest(name) => Some((name.as_str(), true)),
        })
    }

    /// The path with these arguments.
    ///
    /// # Errors
    /// What is wrong with one of them: a segment that is empty, or that would lead up.
    pub(super) fn write(&self, given: &Map<String, Value>) -> Result<String, String> {
        let mut path = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Literal(literal) => path.push_str(literal),
                Piece::Parameter(name) => {
                    let value = given.get(name).map(segment).unwrap_or_default();
                    if value.is_empty() || value == "." || value == ".." {
                        return Err(format!("`{name}` cannot stand in a path: it is empty, or consists of dots"));
                    }
                    path.extend(utf8_percent_encode(&value, UNRESERVED));
                }
                Piece::Rest(name) => {
                    let value = given.get(name).map(segment).unwrap_or_default();
                    let value = value.trim_start_matches('/');
                    if value.split('/').any(|segment| segment == "." || segment == "..") {
                        return Err(format!("`{name}` cannot stand in a path: a segment of it consists of dots"));
                    }
                    path.extend(utf8_percent_encode(value, REST));
                }
            }
        }
        Ok(path)
    }
}

/// A value as `simple` writes it (OpenAPI 3.1, Style Values).
fn segment(value: &Value) -> String {
    match value {
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        Value::Object(members) => {
            members.iter().map(|(name, value)| format!("{name},{}", text(value))).collect::<Vec<_>>().join(",")
        }
        value => text(value),
    }
}

fn literal(text: &str) -> Piece {
    Piece::Literal(utf8_percent_encode(text, LITERAL).to_string())
}

/// `/users/{id}`.
fn braces(template: &str, rest: Option<&str>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut left = template;
    while let Some((before, name, after)) = left
        .split_once('{')
        .and_then(|(before, behind)| Some((before, behind.split_once('}')?)))
        .map(|(before, (name, after))| (before, name, after))
    {
        pieces.push(literal(before));
        let name = name.to_owned();
        pieces.push(if rest == Some(name.as_str()) { Piece::Rest(name) } else { Piece::Parameter(name) });
        left = after;
    }
    pieces.push(literal(left));
    pieces
}

/// `/users/:id`, each with an expression behind it or none.
fn colons(pattern: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut left = pattern;
    while let Some((before, behind)) = left.split_once(':') {
        pieces.push(literal(plain(before)?));
        let end = behind.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(behind.len());
        let (name, after) = behind.split_at(end);
        if name.is_empty() {
            return None;
        }
        pieces.push(Piece::Parameter(name.to_owned()));
        left = match after.strip_prefix('(') {
            Some(expression) => expression.split_once(')')?.1,
            None => after,
        };
    }
    pieces.push(literal(plain(left)?));
    Some(pieces)
}

/// A text in which no character of a pattern means anything.
fn plain(text: &str) -> Option<&str> {
    (!text.contains(['*', '+', '?', '(', ')', '{', '}', '\\'])).then_some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(template: &str, mode: PathMode, given: &Value, expected: Option<Result<&str, ()>>) {
        let rest = template.ends_with("/{rest}").then(|| "rest".into());
        let path = Path::new(&PathTemplate { text: template.into(), mode, rest });
        let written = path.map(|path| path.write(given.as_object().unwrap()).map_err(|_| ()));
        assert_eq!(written, expected.map(|expected| expected.map(str::to_owned)), "{template}");
    }

    #[test]
    fn an_argument_stays_within_its_segment() {
        use PathMode::{OpenApi, UrlPattern};
        check("/users/{id}/x", OpenApi, &json!({ "id": "a/b?c#d%" }), Some(Ok("/users/a%2Fb%3Fc%23d%25/x")));
        check("/u(1)/v{v}.{kind}", OpenApi, &json!({ "v": 2, "kind": true }), Some(Ok("/u(1)/v2.true")));
        check("/l/{ids}", OpenApi, &json!({ "ids": [1, "b"] }), Some(Ok("/l/1%2Cb")));
        check("/users/{id}", OpenApi, &json!({ "id": ".." }), Some(Err(())));
        check("/users/{id}", OpenApi, &json!({ "id": "" }), Some(Err(())));
        check("/files/{rest}", OpenApi, &json!({ "rest": "/a/b c" }), Some(Ok("/files/a/b%20c")));
        check("/files/{rest}", OpenApi, &json!({}), Some(Ok("/files/")));
        check("/files/{rest}", OpenApi, &json!({ "rest": "a/../../x" }), Some(Err(())));
        check("/users/:id(\\d+)/ü", UrlPattern, &json!({ "id": 7 }), Some(Ok("/users/7/%C3%BC")));
        check("/files/(.*)", UrlPattern, &json!({}), None);
        check("/files/:path*", UrlPattern, &json!({}), None);
    }
}
