//! The parameters of an operation: found in path, query, header fields and cookies, read by their
//! `style` and `explode` (OpenAPI 3.1, Parameter Object), turned into the types that their schemas
//! allow, and checked.

use std::borrow::Cow;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, header};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use tollgate_core::catalog::BuildError;
use tollgate_core::exchange::Params;

use super::schemas::{Schema, Schemas, Shape};
use super::violation::{In, Violation};
use tollgate_core::json_schema::Spot;

/// A parameter, ready to be checked.
#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) part: In,
    name: String,
    field: Option<HeaderName>,
    required: bool,
    allow_empty: bool,
    format: Format,
    shape: Shape,
    schema: Option<Arc<Schema>>,
}

/// How a parameter is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    /// `content`: a JSON text.
    Json,
    Styled {
        style: Style,
        explode: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Form,
    Simple,
    Label,
    Matrix,
    Spaces,
    Pipes,
    DeepObject,
}

/// What a parameter is read from.
pub(super) struct Source<'r> {
    pub(super) params: &'r Params,
    pub(super) query: &'r [Pair<'r>],
    pub(super) headers: &'r HeaderMap,
}

/// A piece of the query, between two `&`, not decoded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair<'r> {
    name: &'r str,
    value: &'r str,
}

/// Cuts a query, or a form, into its pairs.
pub(super) fn pairs(query: &str) -> Vec<Pair<'_>> {
    let pieces = query.split('&').filter(|piece| !piece.is_empty());
    pieces.map(|piece| piece.split_once('=').unwrap_or((piece, ""))).map(|(name, value)| Pair { name, value }).collect()
}

/// Undoes what forms do to a text (`application/x-www-form-urlencoded`).
fn decode(text: &str) -> String {
    let spaces = if text.contains('+') { Cow::Owned(text.replace('+', " ")) } else { Cow::Borrowed(text) };
    percent_decode_str(&spaces).decode_utf8_lossy().into_owned()
}

/// All parameters of an operation; those of its path item too, unless it has one of the same name
/// in the same place.
///
/// # Errors
/// Where one cannot be understood.
pub(super) fn of_operation(
    schemas: &Schemas,
    operation: &Spot<'_>,
    path_item: Option<&Spot<'_>>,
    wanted: impl Fn(In) -> bool,
) -> Result<Vec<Parameter>, BuildError> {
    let mut parameters: Vec<Parameter> = Vec::new();
    // The operation's own come first, so that they are there when the path item's are looked at.
    for owner in [Some(operation), path_item].into_iter().flatten() {
        let listed = owner.member("parameters");
        let inherited = parameters.len();
        for spot in listed.iter().flat_map(Spot::items) {
            let spot = schemas.references.follow(spot)?;
            let Some(parameter) = Parameter::new(schemas, &spot, &wanted)? else { continue };
            let known = parameters[..inherited].iter().any(|p| p.part == parameter.part && p.name == parameter.name);
            if !known {
                parameters.push(parameter);
            }
        }
    }
    Ok(parameters)
}

impl Parameter {
    fn new(schemas: &Schemas, spot: &Spot<'_>, wanted: &impl Fn(In) -> bool) -> Result<Option<Self>, BuildError> {
        let text = |name: &str| spot.value.get(name).and_then(Value::as_str);
        let flag = |name: &str| spot.value.get(name).and_then(Value::as_bool);
        let (Some(name), Some(part)) = (text("name"), text("in")) else {
            return Err(BuildError::at("", format!("the parameter at {} has no `name` or no `in`", spot.pointer)));
        };
        let part = match part {
            "path" => In::Path,
            "query" => In::Query,
            "header" => In::Header,
            "cookie" => In::Cookie,
            // `querystring` of OpenAPI 3.2 describes the query as a whole.
            _ => return Ok(None),
        };
        // These three are described elsewhere (OpenAPI 3.1, Parameter Object, `name`).
        let described_elsewhere = ["accept", "content-type", "authorization"];
        if !wanted(part) || part == In::Header && described_elsewhere.contains(&name.to_ascii_lowercase().as_str()) {
            return Ok(None);
        }
        let field = (part == In::Header).then(|| HeaderName::from_bytes(name.as_bytes())).transpose();
        let field = field.map_err(|_| BuildError::at("", format!("`{name}` is not the name of a header field")))?;
        let content = spot.member("content");
        let media = content.as_ref().and_then(|content| content.members().next());
        let (format, schema) = match &media {
            Some((media, spot)) if media.contains("json") => (Format::Json, spot.member("schema")),
            // Another notation: a text, of which the schema says nothing.
            Some(_) => (Format::Styled { style: Style::Form, explode: true }, None),
            None => {
                let style = match (text("style"), part) {
                    (Some("simple"), _) | (None, In::Path | In::Header) => Style::Simple,
                    (Some("label"), _) => Style::Label,
                    (Some("matrix"), _) => Style::Matrix,
                    (Some("spaceDelimited"), _) => Style::Spaces,
                    (Some("pipeDelimited"), _) => Style::Pipes,
                    (Some("deepObject"), _) => Style::DeepObject,
                    _ => Style::Form,
                };
                let explode = flag("explode").unwrap_or(matches!(style, Style::Form | Style::DeepObject));
                (Format::Styled { style, explode }, spot.member("schema"))
            }
        };
        Ok(Some(Self {
            part,
            name: name.to_owned(),
            field,
            required: part == In::Path || flag("required").unwrap_or(false),
            allow_empty: flag("allowEmptyValue").unwrap_or(false),
            format,
            shape: schema.clone().map(|schema| Shape::of(&schemas.references, schema)).transpose()?.unwrap_or_default(),
            schema: schema.map(|schema| schemas.compile(&schema)).transpose()?,
        }))
    }

    /// Adds what is wrong with it to `found`, until that holds `most`.
    pub(super) fn check(&self, source: &Source<'_>, found: &mut Vec<Violation>, most: usize) {
        let violation = |detail: String| Violation::of_parameter(self.part, &self.name, detail);
        let value = match self.read(source) {
            Ok(Some(value)) => value,
            Ok(None) if self.required => return found.push(violation("is required".to_owned())),
            Ok(None) => return,
            Err(detail) => return found.push(violation(detail)),
        };
        if self.allow_empty && value == Value::String(String::new()) {
            return;
        }
        let Some(schema) = &self.schema else { return };
        for (pointer, detail) in schema.violations(&value, most.saturating_sub(found.len())) {
            found.push(Violation { pointer, ..violation(detail) });
        }
    }

    fn read(&self, source: &Source<'_>) -> Result<Option<Value>, String> {
        let Format::Styled { style, explode } = self.format else {
            let Some(text) = self.text(source)? else { return Ok(None) };
            return serde_json::from_str(&text).map(Some).map_err(|error| format!("must be JSON: {error}"));
        };
        if self.part == In::Query {
            return self.read_query(source.query, style, explode);
        }
        let Some(text) = self.text(source)? else { return Ok(None) };
        let (text, separator) = match style {
            Style::Label => (text.strip_prefix('.').unwrap_or(&text), if explode { '.' } else { ',' }),
            Style::Matrix => return Ok(Some(self.read_matrix(&text, explode))),
            _ => (text.as_str(), ','),
        };
        Ok(Some(self.read_list(text, separator, explode, str::to_owned)))
    }

    /// The parameter's text where it stands in one piece. Those of the path are decoded already.
    fn text(&self, source: &Source<'_>) -> Result<Option<String>, String> {
        match self.part {
            In::Path => Ok(source.params.iter().find(|(name, _)| **name == self.name).map(|(_, value)| value.clone())),
            In::Query => {
                once(source.query.iter().filter(|pair| decode(pair.name) == self.name).map(|p| decode(p.value)))
            }
            In::Header => {
                let values = self.field.iter().flat_map(|field| source.headers.get_all(field));
                let values: Vec<_> =
                    values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
                // Several lines of one field are one list (RFC 9110 §5.3).
                Ok((!values.is_empty()).then(|| values.join(",")))
            }
            In::Cookie => {
                let lines = source.headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
                let cookies = lines.flat_map(|line| line.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
                once(
                    cookies.filter(|(name, _)| *name == self.name).map(|(_, value)| value.trim_matches('"').to_owned()),
                )
            }
            In::Body => Ok(None),
        }
    }

    fn read_query(&self, query: &[Pair<'_>], style: Style, explode: bool) -> Result<Option<Value>, String> {
        if let Some(properties) = self.shape.object.as_ref().filter(|_| style == Style::DeepObject || explode) {
            // `filter[name]=v` each, or `name=v` each: whichever properties are there.
            let mut object = Map::new();
            for (property, shape) in properties {
                let name =
                    if style == Style::DeepObject { format!("{}[{property}]", self.name) } else { property.clone() };
                let mut values =
                    query.iter().filter(|pair| decode(pair.name) == name).map(|pair| decode(pair.value)).peekable();
                match &shape.array {
                    Some(items) if values.peek().is_some() => {
                        object.insert(property.clone(), values.map(|value| items.read(&value)).collect());
                    }
                    _ => {
                        if let Some(value) = once(values)? {
                            object.insert(property.clone(), shape.read(&value));
                        }
                    }
                }
            }
            // Members that the schema does not name are for it to judge.
            if style == Style::DeepObject {
                for pair in query {
                    let name = decode(pair.name);
                    let member =
                        name.strip_prefix(&self.name).and_then(|rest| rest.strip_prefix('[')?.strip_suffix(']'));
                    if let Some(member) = member
                        && !object.contains_key(member)
                    {
                        object.insert(member.to_owned(), Value::String(decode(pair.value)));
                    }
                }
            }
            return Ok((!object.is_empty()).then_some(Value::Object(object)));
        }
        let raw: Vec<&str> =
            query.iter().filter(|pair| decode(pair.name) == self.name).map(|pair| pair.value).collect();
        if raw.is_empty() {
            return Ok(None);
        }
        if let Some(items) = &self.shape.array
            && (explode || raw.len() > 1)
        {
            return Ok(Some(raw.into_iter().map(|value| items.read(&decode(value))).collect()));
        }
        let text = once(raw.into_iter().map(str::to_owned))?.unwrap_or_default();
        // The delimiters are looked for before the decoding, so that an item may hold one, encoded.
        Ok(Some(match style {
            Style::Spaces => self.read_list(&text.replace("%20", " ").replace('+', " "), ' ', false, decode),
            Style::Pipes => self.read_list(&text.replace("%7C", "|").replace("%7c", "|"), '|', false, decode),
            _ => self.read_list(&text, ',', false, decode),
        }))
    }

    /// `a,b` for arrays; `name,v` or (exploded) `name=v` for objects; anything else as it stands.
    fn read_list(&self, text: &str, separator: char, explode: bool, decode: fn(&str) -> String) -> Value {
        if let Some(items) = &self.shape.array {
            let texts = text.split(separator).filter(|_| !text.is_empty());
            return texts.map(|item| items.read(&decode(item.trim()))).collect();
        }
        let Some(properties) = &self.shape.object else { return self.shape.read(&decode(text)) };
        let mut pieces = text.split(separator).filter(|_| !text.is_empty()).map(str::trim);
        let mut object = Map::new();
        while let Some(piece) = pieces.next() {
            let (name, value) = if explode {
                piece.split_once('=').unwrap_or((piece, ""))
            } else {
                (piece, pieces.next().unwrap_or_default())
            };
            let (name, value) = (decode(name), decode(value));
            let value = properties.get(&name).map_or_else(|| Value::String(value.clone()), |shape| shape.read(&value));
            object.insert(name, value);
        }
        Value::Object(object)
    }

    /// `;name=a,b`, or exploded `;name=a;name=b` and `;k=v;k=v`.
    fn read_matrix(&self, text: &str, explode: bool) -> Value {
        let pieces = text.trim_start_matches(';').split(';').map(|piece| piece.split_once('=').unwrap_or((piece, "")));
        if explode && let Some(properties) = &self.shape.object {
            let read = |(name, value): (&str, &str)| {
                let value =
                    properties.get(name).map_or_else(|| Value::String(value.to_owned()), |shape| shape.read(value));
                (name.to_owned(), value)
            };
            return Value::Object(pieces.map(read).collect());
        }
        let values: Vec<&str> = pieces.filter(|(name, _)| *name == self.name).map(|(_, value)| value).collect();
        self.read_list(&values.join(","), ',', false, str::to_owned)
    }
}

/// A text that may be there once: which of two a backend would take nobody knows.
fn once(mut texts: impl Iterator<Item = String>) -> Result<Option<String>, String> {
    let first = texts.next();
    if texts.next().is_some() { Err("must be given only once".to_owned()) } else { Ok(first) }
}

/// Reads a form (`application/x-www-form-urlencoded`) as the object that its schema describes.
pub(super) fn read_form(form: &str, shape: &Shape) -> Value {
    let mut object = Map::new();
    for pair in pairs(form) {
        let (name, value) = (decode(pair.name), decode(pair.value));
        let property = shape.object.as_ref().and_then(|properties| properties.get(&name));
        let items = property.and_then(|property| property.array.as_deref());
        match (items, object.get_mut(&name)) {
            (Some(items), Some(Value::Array(known))) => known.push(items.read(&value)),
            (Some(items), _) => _ = object.insert(name, Value::Array(vec![items.read(&value)])),
            // A second value for what is no list makes it one, which the schema then refuses.
            (None, Some(known)) => *known = Value::Array(vec![known.take(), Value::String(value)]),
            (None, None) => {
                let value = property.map_or_else(|| Value::String(value.clone()), |property| property.read(&value));
                object.insert(name, value);
            }
        }
    }
    Value::Object(object)
}
