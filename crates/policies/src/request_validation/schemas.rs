//! The JSON Schemas of a document (draft 2020-12, which OpenAPI 3.1 has), compiled.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, Validator};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use tollgate_core::catalog::BuildError;

use tollgate_core::json_schema::{References, Spot, cut, detail};

/// How deep a schema is searched for the types that it allows.
const DEEPEST_SHAPE: usize = 6;

/// The schemas of one document: each is compiled once, however many operations have it.
#[derive(Debug)]
pub(super) struct Schemas {
    pub(super) references: Arc<References>,
    compiled: Mutex<HashMap<String, Arc<Schema>>>,
}

impl Schemas {
    pub(super) fn new(references: Arc<References>) -> Self {
        Self { references, compiled: Mutex::default() }
    }

    /// Compiles the schema at a place.
    ///
    /// # Errors
    /// Where it is no schema.
    pub(super) fn compile(&self, spot: &Spot<'_>) -> Result<Arc<Schema>, BuildError> {
        // A bare reference is what it refers to; one with siblings is a schema of its own.
        let bare = spot.value.as_object().is_some_and(|schema| schema.len() == 1);
        let target = if bare { self.references.follow(spot.clone()).ok() } else { None };
        let place = target.as_ref().unwrap_or(spot).reference();
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(schema) = compiled.get(&place) {
            return Ok(Arc::clone(schema));
        }
        let schema = Arc::new(compile(&self.references, &place)?);
        compiled.insert(place, Arc::clone(&schema));
        Ok(schema)
    }
}

fn compile(references: &Arc<References>, place: &str) -> Result<Schema, BuildError> {
    let validator = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .with_registry(references.registry())
        .should_validate_formats(true)
        .build(&json!({ "$ref": place }))
        .map_err(|error| {
            let document = references.document();
            let place = place.replacen(&document.uri, &document.name, 1);
            // Where in its file the mistake is, when it is not the reference itself.
            let inside = match error.instance_path().as_str() {
                "" => String::new(),
                inside => format!(" at {inside} ({})", cut(&error.instance().to_string())),
            };
            BuildError::at("", format!("the schema {place} cannot be used: {error}{inside}"))
                .help("correct the schema; request-validation reads JSON Schema 2020-12, as OpenAPI 3.1 has it")
        })?;
    Ok(Schema { validator, references: Arc::clone(references) })
}

/// Whether a property that a schema requires is `readOnly`: clients need not send it (OpenAPI
/// 3.1, Schema Object, with what 3.0 said of `required`).
fn is_read_only(references: &References, keyword: &str, property: &str) -> bool {
    let Some((uri, fragment)) = keyword.split_once('#') else { return false };
    let pointer = percent_decode_str(fragment).decode_utf8_lossy();
    let Some(parent) = pointer.strip_suffix("/required") else { return false };
    let Some(value) = references.root(uri).and_then(|root| root.pointer(parent)) else { return false };
    let schema = Spot { uri: uri.to_owned(), pointer: parent.to_owned(), value };
    let Some(property) = schema.member("properties").and_then(|properties| properties.member(property)) else {
        return false;
    };
    let read_only = |value: &Value| value.get("readOnly") == Some(&Value::Bool(true));
    read_only(property.value) || references.follow(property).is_ok_and(|target| read_only(target.value))
}

/// A compiled schema.
#[derive(Debug)]
pub(super) struct Schema {
    validator: Validator,
    references: Arc<References>,
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
                .is_some_and(|(keyword, property)| is_read_only(&self.references, keyword.as_str(), property)),
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
    pub(super) fn of(references: &References, schema: Spot<'_>) -> Result<Self, BuildError> {
        let mut shape = Self::default();
        shape.add(references, schema, 0)?;
        Ok(shape)
    }

    fn add(&mut self, references: &References, schema: Spot<'_>, depth: usize) -> Result<(), BuildError> {
        if depth > DEEPEST_SHAPE {
            return Ok(());
        }
        let schema = references.follow(schema)?;
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
                self.array.get_or_insert_default().add(references, items, depth + 1)?;
            }
            if let Some(properties) = schema.member("properties") {
                for (name, property) in properties.members() {
                    let known = self.object.get_or_insert_default().entry(name.to_owned()).or_default();
                    known.add(references, property, depth + 1)?;
                }
            }
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            for part in schema.member(keyword).iter().flat_map(Spot::items) {
                self.add(references, part, depth + 1)?;
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
