//! What a validator found, in words: those that users of JSON Schema validators know, which also are the ones that
//! projects of the Zuplo form read. No value is repeated in them; names that came with it are cut short.

use std::fmt::Write as _;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value;

/// The most characters of a name, pattern or list that is repeated.
const LONGEST: usize = 120;

/// What a validator found, in words.
pub fn detail(kind: &ValidationErrorKind) -> String {
    use ValidationErrorKind as Kind;
    let items = |n: u64| if n == 1 { "item" } else { "items" };
    let characters = |n: u64| if n == 1 { "character" } else { "characters" };
    let properties = |n: u64| if n == 1 { "property" } else { "properties" };
    match kind {
        Kind::Required { property } => format!("must have required property '{}'", text(property)),
        Kind::AdditionalProperties { unexpected } => {
            format!("must NOT have additional properties: {}", names(unexpected))
        }
        Kind::UnevaluatedProperties { unexpected } => {
            format!("must NOT have unevaluated properties: {}", names(unexpected))
        }
        Kind::AdditionalItems { limit } => format!("must NOT have more than {limit} items"),
        Kind::UnevaluatedItems { .. } => "must NOT have unevaluated items".to_owned(),
        Kind::Type { kind } => format!("must be {}", types(kind)),
        Kind::Enum { options } => format!("must be equal to one of the allowed values: {}", allowed(options)),
        Kind::Constant { expected_value } => format!("must be equal to constant {}", cut(&expected_value.to_string())),
        Kind::Minimum { limit } => format!("must be >= {limit}"),
        Kind::Maximum { limit } => format!("must be <= {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("must be > {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("must be < {limit}"),
        Kind::MultipleOf { multiple_of } => format!("must be multiple of {multiple_of}"),
        Kind::MinLength { limit } => format!("must NOT have fewer than {limit} {}", characters(*limit)),
        Kind::MaxLength { limit } => format!("must NOT have more than {limit} {}", characters(*limit)),
        Kind::MinItems { limit } => format!("must NOT have fewer than {limit} {}", items(*limit)),
        Kind::MaxItems { limit } => format!("must NOT have more than {limit} {}", items(*limit)),
        Kind::MinProperties { limit } => format!("must NOT have fewer than {limit} {}", properties(*limit)),
        Kind::MaxProperties { limit } => format!("must NOT have more than {limit} {}", properties(*limit)),
        Kind::Pattern { pattern } => format!("must match pattern \"{}\"", cut(pattern)),
        Kind::BacktrackLimitExceeded { .. } | Kind::RegexEngineFailure { .. } => {
            "must match its pattern, which took too long to find out".to_owned()
        }
        Kind::Format { format } => format!("must match format \"{format}\""),
        Kind::UniqueItems => "must NOT have duplicate items".to_owned(),
        Kind::Contains => "must contain a valid item".to_owned(),
        Kind::AnyOf { .. } => "must match a schema in anyOf".to_owned(),
        Kind::OneOfNotValid { .. } => "must match exactly one schema in oneOf, and matches none".to_owned(),
        Kind::OneOfMultipleValid { .. } => "must match exactly one schema in oneOf, and matches several".to_owned(),
        Kind::Not { .. } => "must NOT be valid against the schema in not".to_owned(),
        Kind::PropertyNames { error } => format!("has a property whose name {}", detail(error.kind())),
        Kind::FalseSchema => "is not allowed".to_owned(),
        Kind::ContentEncoding { content_encoding } => format!("must be encoded in {content_encoding}"),
        Kind::ContentMediaType { content_media_type } => format!("must hold {content_media_type}"),
        Kind::FromUtf8 { .. } => "must hold UTF-8".to_owned(),
        Kind::Custom { message, .. } => cut(message),
        Kind::Referencing(_) => "cannot be checked: its schema refers to something that is not there".to_owned(),
    }
}

fn text(value: &Value) -> String {
    cut(value.as_str().unwrap_or_default())
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => one.to_string(),
        TypeKind::Multiple(set) => set.iter().map(|one| one.to_string()).collect::<Vec<_>>().join(" or "),
    }
}

fn names(names: &[String]) -> String {
    let mut listed = names.iter().take(5).map(|name| format!("'{}'", cut(name))).collect::<Vec<_>>().join(", ");
    if names.len() > 5 {
        let _ = write!(listed, " and {} more", names.len() - 5);
    }
    listed
}

fn allowed(options: &Value) -> String {
    let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
    cut(&options.iter().map(Value::to_string).collect::<Vec<_>>().join(", "))
}

/// At most so much of it, so that an answer stays small whatever came in.
pub fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
