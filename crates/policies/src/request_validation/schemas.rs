//! The JSON Schemas of a document (draft 2020-12, which OpenAPI 3.1 has), compiled. `$ref`s are
//! followed within the document and into the files that it refers to, never to the network.

use std::collections::BTreeMap;
use std::sync::Arc;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, Validator};
use percent_encoding::{percent_decode_str, utf8_percent_encode};
use referencing::Registry;
use serde_json::{Value, json};
use tollgate_core::catalog::BuildError;
use tollgate_core::route::Document;

use super::violation::{FRAGMENT, detail};

/// How many `$ref`s may follow one another before they are taken for a circle.
const DEEPEST: usize = 32;

/// How deep a schema is searched for the types that it allows.
const DEEPEST_SHAPE: usize = 6;

/// A document, ready for the compilation of its schemas.
#[derive(Debug)]
pub(super) struct Schemas {
    document: Arc<Document>,
    registry: Registry<'static>,
}

/// A value of the document, and where it is.
#[derive(Debug, Clone)]
pub(super) struct Spot<'d> {
    pub(super) uri: String,
    pub(super) pointer: String,
    pub(super) value: &'d Value,
}

impl<'d> Spot<'d> {
    /// A member of an object.
    pub(super) fn member(&self, name: &str) -> Option<Self> {
        let value = self.value.get(name)?;
        let pointer = format!("{}/{}", self.pointer, name.replace('~', "~0").replace('/', "~1"));
        Some(Self { uri: self.uri.clone(), pointer, value })
    }

    /// The items of an array.
    pub(super) fn items(&self) -> impl Iterator<Item = Self> {
        let items = self.value.as_array().map(Vec::as_slice).unwrap_or_default().iter().enumerate();
        items.map(|(index, value)| Self { uri: self.uri.clone(), pointer: format!("{}/{index}", self.pointer), value })
    }

    /// The members of an object.
    pub(super) fn members(&self) -> impl Iterator<Item = (&'d str, Self)> {
        let names = self.value.as_object().into_iter().flat_map(|object| object.keys());
        names.filter_map(|name| Some((name.as_str(), self.member(name)?)))
    }
}

impl Schemas {
    /// Makes a document's schemas available.
    ///
    /// # Errors
    /// Where its URIs are not URIs.
    pub(super) fn new(document: &Arc<Document>) -> Result<Self, BuildError> {
        let wrong =
            |error: referencing::Error| BuildError::at("", format!("the document's schemas cannot be read: {error}"));
        let draft = Draft::Draft202012;
        let mut builder = Registry::new().draft(draft).add(&document.uri, Arc::clone(&document.root)).map_err(wrong)?;
        for (uri, value) in &document.resources {
            if *uri != document.uri {
                builder = builder.add(uri, Arc::clone(value)).map_err(wrong)?;
            }
        }
        Ok(Self { document: Arc::clone(document), registry: builder.prepare().map_err(wrong)? })
    }

    /// A place in the document itself.
    pub(super) fn spot(&self, pointer: &str) -> Option<Spot<'_>> {
        let value = self.document.root.pointer(pointer)?;
        Some(Spot { uri: self.document.uri.clone(), pointer: pointer.to_owned(), value })
    }

    /// Follows `$ref`s until something else comes.
    ///
    /// # Errors
    /// Where a reference leads nowhere, or in a circle.
    pub(super) fn follow<'d>(&'d self, mut spot: Spot<'d>) -> Result<Spot<'d>, BuildError> {
        for _ in 0..DEEPEST {
            let Some(reference) = spot.value.get("$ref").and_then(Value::as_str) else { return Ok(spot) };
            let nowhere =
                |error: &dyn std::fmt::Display| BuildError::at("", format!("`{reference}` leads nowhere: {error}"));
            let base = referencing::uri::from_str(&spot.uri).map_err(|error| nowhere(&error))?;
            let resolved = self.registry.resolver(base).lookup(reference).map_err(|error| nowhere(&error))?;
            let fragment = reference.split_once('#').map_or("", |(_, fragment)| fragment);
            let pointer = percent_decode_str(fragment).decode_utf8_lossy().into_owned();
            spot =
                Spot { uri: resolved.resolver().base_uri().as_str().to_owned(), pointer, value: resolved.contents() };
        }
        Err(BuildError::at("", format!("the references at {}#{} go in a circle", spot.uri, spot.pointer)))
    }

    /// Compiles the schema at a place.
    ///
    /// # Errors
    /// Where it is no schema.
    pub(super) fn compile(self: &Arc<Self>, spot: &Spot<'_>) -> Result<Schema, BuildError> {
        let place = format!("{}#{}", spot.uri, utf8_percent_encode(&spot.pointer, FRAGMENT));
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_registry(&self.registry)
            .should_validate_formats(true)
            .build(&json!({ "$ref": place }))
            .map_err(|error| {
                let at = error.absolute_keyword_location().map_or(place.clone(), |uri| uri.as_str().to_owned());
                BuildError::at("", format!("the schema at {} cannot be used: {error}", shown(&self.document, &at)))
                    .help("correct the schema; request-validation reads JSON Schema 2020-12, as OpenAPI 3.1 has it")
            })?;
        Ok(Schema { validator, schemas: Arc::clone(self) })
    }

    /// Whether a property that a schema requires is `readOnly`: clients need not send it
    /// (OpenAPI 3.1, Schema Object, with what 3.0 said of `required`).
    fn is_read_only(&self, keyword: &str, property: &str) -> bool {
        let Some((uri, fragment)) = keyword.split_once('#') else { return false };
        let pointer = percent_decode_str(fragment).decode_utf8_lossy();
        let root = match self.document.resources.iter().find(|(known, _)| known == uri) {
            _ if uri == self.document.uri => &self.document.root,
            Some((_, resource)) => resource,
            None => return false,
        };
        let Some(parent) = pointer.strip_suffix("/required") else { return false };
        let Some(value) = root.pointer(parent) else { return false };
        let schema = Spot { uri: uri.to_owned(), pointer: parent.to_owned(), value };
        let Some(property) = schema.member("properties").and_then(|properties| properties.member(property)) else {
            return false;
        };
        let read_only = |value: &Value| value.get("readOnly") == Some(&Value::Bool(true));
        read_only(property.value) || self.follow(property).is_ok_and(|target| read_only(target.value))
    }
}

/// The document's name in place of its URI.
fn shown(document: &Document, place: &str) -> String {
    place.replacen(&document.uri, &document.name, 1)
}

/// A compiled schema.
#[derive(Debug)]
pub(super) struct Schema {
    validator: Validator,
    schemas: Arc<Schemas>,
}

impl Schema {
    /// Everything that is wrong with a value, at most `most`: JSON pointer and words.
    pub(super) fn violations(&self, value: &Value, most: usize) -> Vec<(String, String)> {
        if self.validator.is_valid(value) {
            return Vec::new();
        }
        let errors = self.validator.iter_errors(value).filter(|error| match error.kind() {
            ValidationErrorKind::Required { property } => !error
                .absolute_keyword_location()
                .zip(property.as_str())
                .is_some_and(|(keyword, property)| self.schemas.is_read_only(keyword.as_str(), property)),
            _ => true,
        });
        errors.take(most).map(|error| (error.instance_path().as_str().to_owned(), detail(error.kind()))).collect()
    }
}

/// Which types a schema allows, for reading texts as values: strings, numbers, booleans.
#[derive(Debug, Clone, Default)]
pub(super) struct Shape {
    pub(super) string: bool,
    pub(super) number: bool,
    pub(super) integer: bool,
    pub(super) boolean: bool,
    pub(super) null: bool,
    /// The items, where it allows an array.
    pub(super) array: Option<Box<Shape>>,
    /// The properties, where it allows an object.
    pub(super) object: Option<BTreeMap<String, Shape>>,
}

impl Shape {
    /// Finds out, as far as the schema says so outright.
    ///
    /// # Errors
    /// Where a reference leads nowhere.
    pub(super) fn of(schemas: &Schemas, schema: Spot<'_>) -> Result<Self, BuildError> {
        let mut shape = Self::default();
        shape.add(schemas, schema, 0)?;
        Ok(shape)
    }

    fn add(&mut self, schemas: &Schemas, schema: Spot<'_>, depth: usize) -> Result<(), BuildError> {
        if depth > DEEPEST_SHAPE {
            return Ok(());
        }
        let schema = schemas.follow(schema)?;
        let types = match schema.value.get("type") {
            Some(Value::String(one)) => vec![one.as_str()],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let listed = schema.value.get("enum").and_then(Value::as_array).into_iter().flatten();
        let listed = listed
            .chain(schema.value.get("const"))
            .filter(|_| types.is_empty())
            .map(|value| -> &str { type_of(value) });
        for name in types.iter().copied().chain(listed) {
            match name {
                "string" => self.string = true,
                "number" => self.number = true,
                "integer" => self.integer = true,
                "boolean" => self.boolean = true,
                "null" => self.null = true,
                "array" => _ = self.array.get_or_insert_default(),
                "object" => _ = self.object.get_or_insert_default(),
                _ => {}
            }
        }
        // Parameters are flat: what lies deeper is never read from a text.
        if depth < 4 {
            if let Some(items) = schema.member("items") {
                self.array.get_or_insert_default().add(schemas, items, depth + 1)?;
            }
            if let Some(properties) = schema.member("properties") {
                for (name, property) in properties.members() {
                    let known = self.object.get_or_insert_default().entry(name.to_owned()).or_default();
                    known.add(schemas, property, depth + 1)?;
                }
            }
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            for part in schema.member(keyword).iter().flat_map(Spot::items) {
                self.add(schemas, part, depth + 1)?;
            }
        }
        Ok(())
    }

    /// Reads a text as the value that it spells, or leaves it a text for the schema to refuse.
    pub(super) fn read(&self, text: &str) -> Value {
        let plain = !text.is_empty() && !text.bytes().any(|byte| byte.is_ascii_whitespace());
        if self.boolean && (text == "true" || text == "false") {
            return Value::Bool(text == "true");
        }
        if (self.integer || self.number) && plain {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let whole = digits.bytes().all(|byte| byte.is_ascii_digit());
            if (whole || self.number)
                && let Ok(number) = serde_json::from_str::<serde_json::Number>(text)
            {
                return Value::Number(number);
            }
        }
        if self.null && !self.string && (text.is_empty() || text == "null") {
            return Value::Null;
        }
        Value::String(text.to_owned())
    }
}

const fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
