//! Values against the JSON Schema that comes out of their Rust type, with messages for people.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use serde_json::Value;
use tollgate_core::Catalog;

use super::suggest::{did_you_mean, known_or_nearest, nearest};
use crate::source::Span;
use crate::tree::Node;
use crate::{Diagnostic, Diagnostics};

/// A compiled schema.
#[derive(Debug)]
pub struct SchemaCheck {
    schema: Value,
    validator: Option<Validator>,
}

impl SchemaCheck {
    /// Compiles a self-contained schema. One that does not compile (our own mistake) checks
    /// nothing; reading the value into its type still does.
    pub fn new(schema: Value) -> Self {
        let validator = jsonschema::validator_for(&schema).ok();
        Self { schema, validator }
    }

    /// Adds everything that is wrong with a value. False where something is.
    pub fn check(&self, node: &Node<'_>, diagnostics: &mut Diagnostics) -> bool {
        self.check_value(node.value(), node, diagnostics)
    }

    /// Like [`SchemaCheck::check`], for a value that was made from what stands at the node.
    pub fn check_value(&self, value: &Value, node: &Node<'_>, diagnostics: &mut Diagnostics) -> bool {
        let Some(validator) = &self.validator else { return true };
        // Validating alone is far cheaper than collecting errors, and nearly everything is right.
        if validator.is_valid(value) {
            return true;
        }
        let before = diagnostics.len();
        let errors: Vec<ValidationError<'_>> = validator.iter_errors(value).collect();
        for error in errors.iter().filter(|error| !self.is_only_misspelt(error, &errors)) {
            self.report(error, node, diagnostics);
        }
        diagnostics.len() == before
    }

    /// What `$env` brought in is text; where a number or a boolean belongs, and the text is one,
    /// that is meant. The pointers below the node, and the values that belong there.
    pub fn coercions(&self, node: &Node<'_>) -> Vec<(String, Value)> {
        let Some(validator) = self.validator.as_ref().filter(|validator| !validator.is_valid(node.value())) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for error in validator.iter_errors(node.value()) {
            let place = node.nearest(error.instance_path().as_str());
            if !place.is_expanded() || !wants_number_or_boolean(&error) {
                continue;
            }
            let value = place.as_str().and_then(|text| serde_json::from_str::<Value>(text.trim()).ok());
            if let Some(value) = value.filter(|value| value.is_number() || value.is_boolean()) {
                found.push((error.instance_path().as_str().to_owned(), value));
            }
        }
        found
    }

    /// The value of a node with its [coercions](Self::coercions) made.
    pub fn coerced(&self, node: &Node<'_>) -> Value {
        let mut value = node.value().clone();
        for (pointer, right) in self.coercions(node) {
            if let Some(place) = value.pointer_mut(&pointer) {
                *place = right;
            }
        }
        value
    }

    /// Whether a field is missing only because it is misspelt, which another error says.
    fn is_only_misspelt(&self, missing: &ValidationError<'_>, errors: &[ValidationError<'_>]) -> bool {
        let ValidationErrorKind::Required { property } = missing.kind() else { return false };
        errors.iter().filter(|other| other.instance_path() == missing.instance_path()).any(|other| {
            let ValidationErrorKind::AdditionalProperties { unexpected } = other.kind() else { return false };
            let names = field_names(self.around(other));
            unexpected.iter().any(|name| nearest(name, names.iter().copied()) == property.as_str())
        })
    }

    /// The keyword's schema: what stands around the keyword that failed.
    fn around(&self, error: &ValidationError<'_>) -> &Value {
        let path = error.schema_path().as_str();
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        self.schema.pointer(parent).unwrap_or(&Value::Null)
    }

    fn report(&self, error: &ValidationError<'_>, root: &Node<'_>, diagnostics: &mut Diagnostics) {
        let path = error.instance_path().as_str();
        let node = root.nearest(path);
        let around = self.around(error);
        let value = Span::clone(&node.caret());
        let shown = node.shown();
        let diagnostic = match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                for name in unexpected {
                    diagnostics.push(unknown_field(&node, name, field_names(around)));
                }
                return;
            }
            ValidationErrorKind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                Diagnostic::error("missing-field", node.key_span(), format!("`{name}` is missing"))
                    .help_if(describe(&around["properties"][name]))
            }
            ValidationErrorKind::Type { kind } => {
                Diagnostic::error("wrong-type", value, format!("expected {}, found {}", types(kind), found(&node)))
                    .help_if(describe(around))
            }
            ValidationErrorKind::Enum { options } => {
                one_of(&node, &shown, options.as_array().into_iter().flatten().collect())
            }
            ValidationErrorKind::Constant { expected_value } => one_of(&node, &shown, vec![expected_value]),
            ValidationErrorKind::AnyOf { context }
            | ValidationErrorKind::OneOfNotValid { context }
            | ValidationErrorKind::OneOfMultipleValid { context } => {
                self.report_branches(context, &node, root, around, diagnostics);
                return;
            }
            ValidationErrorKind::Minimum { limit } => out_of_range(value, &shown, "at least", limit),
            ValidationErrorKind::Maximum { limit } => out_of_range(value, &shown, "at most", limit),
            ValidationErrorKind::ExclusiveMinimum { limit } => out_of_range(value, &shown, "more than", limit),
            ValidationErrorKind::ExclusiveMaximum { limit } => out_of_range(value, &shown, "less than", limit),
            ValidationErrorKind::MinItems { limit } | ValidationErrorKind::MinProperties { limit } => {
                Diagnostic::error("too-few", value, format!("at least {limit} must be given"))
            }
            ValidationErrorKind::MinLength { limit } => {
                Diagnostic::error("too-short", value, format!("at least {limit} characters must be given"))
            }
            ValidationErrorKind::Pattern { .. } | ValidationErrorKind::Format { .. } => {
                Diagnostic::error("wrong-value", value, format!("`{shown}` does not fit here"))
                    .help_if(describe(around))
            }
            _ => Diagnostic::error("wrong-value", value, root.redact(&error.to_string())).help_if(describe(around)),
        };
        diagnostics.push(diagnostic);
    }

    /// Several forms are allowed and none fits: speaks of the one that was probably meant.
    fn report_branches(
        &self,
        branches: &[Vec<ValidationError<'static>>],
        node: &Node<'_>,
        root: &Node<'_>,
        around: &Value,
        diagnostics: &mut Diagnostics,
    ) {
        let here = branches.first().and_then(|errors| errors.first()).map(|e| e.instance_path().as_str().to_owned());
        let constants: Vec<&Value> = branches
            .iter()
            .flatten()
            .flat_map(|error| match error.kind() {
                ValidationErrorKind::Constant { expected_value } => vec![&**expected_value],
                ValidationErrorKind::Enum { options } => options.as_array().map_or(vec![], |all| all.iter().collect()),
                _ => vec![],
            })
            .collect();
        // The branches that at least take this type of value.
        let mut likely: Vec<&Vec<ValidationError<'static>>> = branches
            .iter()
            .filter(|errors| {
                !errors.iter().any(|error| {
                    matches!(error.kind(), ValidationErrorKind::Type { .. })
                        && Some(error.instance_path().as_str()) == here.as_deref()
                })
            })
            .collect();
        let only_constants = likely.iter().all(|errors| {
            errors.iter().all(|error| {
                matches!(error.kind(), ValidationErrorKind::Constant { .. } | ValidationErrorKind::Enum { .. })
                    && Some(error.instance_path().as_str()) == here.as_deref()
            })
        });
        let listed = only_constants && constants.len() > 1;
        if !likely.is_empty() && !listed {
            likely.sort_by_key(|errors| errors.len());
            for error in likely.first().into_iter().flat_map(|errors| errors.iter()) {
                self.report(error, root, diagnostics);
            }
        } else if !constants.is_empty() && node.value().is_string() {
            diagnostics.push(one_of(node, &node.shown(), constants));
        } else {
            let mut expected: Vec<String> = Vec::new();
            for error in branches.iter().flatten() {
                match error.kind() {
                    ValidationErrorKind::Type { kind } => expected.push(types(kind)),
                    ValidationErrorKind::Constant { expected_value } => {
                        expected.push(format!("`{}`", bare(expected_value)))
                    }
                    _ => {}
                }
            }
            expected.retain(|name| name != "nothing");
            expected.dedup();
            let message = format!("expected {}, found {}", expected.join(" or "), found(node));
            diagnostics.push(Diagnostic::error("wrong-type", node.caret(), message).help_if(describe(around)));
        }
    }
}

fn wants_number_or_boolean(error: &ValidationError<'_>) -> bool {
    let wanted = |name: String| matches!(name.as_str(), "number" | "integer" | "boolean");
    match error.kind() {
        ValidationErrorKind::Type { kind: TypeKind::Single(single) } => wanted(single.to_string()),
        ValidationErrorKind::Type { kind: TypeKind::Multiple(set) } => {
            set.iter().any(|single| wanted(single.to_string()))
        }
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            context.iter().flatten().any(wants_number_or_boolean)
        }
        _ => false,
    }
}

/// The diagnostic for a field that nobody knows.
pub fn unknown_field<'c>(
    object: &Node<'_>,
    name: &str,
    known: impl IntoIterator<Item = &'c str> + Clone,
) -> Diagnostic {
    let span = object.get(name).map_or_else(|| object.caret(), |field| field.key_span());
    let message = format!("unknown field `{name}`");
    Diagnostic::error("unknown-field", span, message).help_if(known_or_nearest(name, "known fields", known))
}

/// The diagnostic for a value of the wrong type.
pub fn wrong_type(node: &Node<'_>, expected: &str) -> Diagnostic {
    Diagnostic::error("wrong-type", node.caret(), format!("expected {expected}, found {}", found(node)))
}

fn field_names(schema: &Value) -> Vec<&str> {
    schema["properties"].as_object().map_or(vec![], |fields| fields.keys().map(String::as_str).collect())
}

fn one_of(node: &Node<'_>, shown: &str, options: Vec<&Value>) -> Diagnostic {
    let names: Vec<String> = options.into_iter().map(bare).collect();
    let list = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let help = did_you_mean(shown, names.iter().map(String::as_str));
    let what = if names.len() == 1 { "must be" } else { "is none of" };
    Diagnostic::error("wrong-value", node.caret(), format!("`{shown}` {what} {list}")).help_if(help)
}

fn out_of_range(span: Span, shown: &str, word: &str, limit: &Value) -> Diagnostic {
    Diagnostic::error("out-of-range", span, format!("`{shown}` is out of range: it must be {word} {limit}"))
}

fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What the schema says of a value, with its examples.
fn describe(schema: &Value) -> Option<String> {
    let text = schema["description"].as_str().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    let examples = schema["examples"].as_array().filter(|all| !all.is_empty());
    let examples = examples.map(|all| all.iter().map(bare).collect::<Vec<_>>().join(", "));
    match (text, examples) {
        (Some(text), Some(examples)) if !text.contains("such as") => Some(format!("{text} For example: {examples}")),
        (Some(text), _) => Some(text),
        (None, Some(examples)) => Some(format!("for example: {examples}")),
        (None, None) => None,
    }
}

fn types(kind: &TypeKind) -> String {
    let name = |name: &str| match name {
        "null" => "nothing",
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        "string" => "a text",
        "array" => "a list",
        _ => "an object",
    };
    match kind {
        TypeKind::Single(single) => name(&single.to_string()).to_owned(),
        TypeKind::Multiple(set) => {
            let all: Vec<String> = set.iter().map(|single| single.to_string()).collect();
            let all: Vec<&str> = all.iter().map(|single| name(single)).filter(|name| *name != "nothing").collect();
            all.join(" or ")
        }
    }
}

/// What stands there, in words.
pub fn found(node: &Node<'_>) -> String {
    match node.value() {
        Value::Null => "nothing".to_owned(),
        Value::Bool(value) => format!("`{value}`"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(_) => format!("the text `{}`", node.shown()),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// The compiled schemas of a catalog, each compiled when first asked for.
#[derive(Debug)]
pub struct Schemas {
    catalog: Catalog,
    compiled: Mutex<HashMap<(bool, &'static str), Arc<SchemaCheck>>>,
}

impl Schemas {
    /// None is compiled yet.
    pub fn new(catalog: &Catalog) -> Self {
        Self { catalog: *catalog, compiled: Mutex::default() }
    }

    /// The schema of a policy's options.
    pub fn policy(&self, name: &str) -> Option<Arc<SchemaCheck>> {
        let kind = self.catalog.policy(name)?;
        Some(self.get((false, kind.name), || kind.schema()))
    }

    /// The schema of a handler's options.
    pub fn handler(&self, name: &str) -> Option<Arc<SchemaCheck>> {
        let kind = self.catalog.handler(name)?;
        Some(self.get((true, kind.name), || kind.schema()))
    }

    fn get(&self, key: (bool, &'static str), schema: impl FnOnce() -> Value) -> Arc<SchemaCheck> {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(compiled.entry(key).or_insert_with(|| Arc::new(SchemaCheck::new(schema()))))
    }
}
