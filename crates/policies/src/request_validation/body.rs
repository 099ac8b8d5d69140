//! The body of a request: which media types an operation takes, and what must be in it.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, header};
use serde_json::Value;
use tollgate_core::catalog::BuildError;

use super::parameters::read_form;
use super::schemas::{Schema, Schemas, Shape};
use super::violation::Violation;
use tollgate_core::json_schema::Spot;

/// What an operation says of its body.
#[derive(Debug)]
pub(super) struct BodyRules {
    required: bool,
    media: Vec<Media>,
}

/// One media type (or range) of an operation.
#[derive(Debug)]
struct Media {
    /// Lower-case, without parameters: `application/json`, `image/*`, `*/*`.
    range: String,
    schema: Option<Arc<Schema>>,
    shape: Shape,
}

/// What is to be done with a body.
#[derive(Debug)]
pub(super) enum Verdict<'b> {
    /// Nothing.
    Pass,
    /// It may not be there, or must be.
    Wrong(Violation),
    /// Nobody can say what is in it: the sentence that says why.
    Unsupported(String),
    /// It must be read and checked.
    Check(Check<'b>),
}

/// How a body is to be checked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Check<'b> {
    schema: &'b Schema,
    shape: &'b Shape,
    form: bool,
}

impl BodyRules {
    /// Compiles the rules of an operation; `None` where it says nothing of a body.
    ///
    /// # Errors
    /// Where they cannot be understood.
    pub(super) fn of_operation(schemas: &Schemas, operation: &Spot<'_>) -> Result<Option<Self>, BuildError> {
        let Some(body) = operation.member("requestBody") else { return Ok(None) };
        let body = schemas.references.follow(body)?;
        let mut media = Vec::new();
        for (name, spot) in body.member("content").iter().flat_map(Spot::members) {
            let range = essence(name);
            let schema = spot.member("schema").filter(|_| is_json(&range) || is_form(&range) || range.ends_with("/*"));
            let shape = match &schema {
                Some(schema) if is_form(&range) => Shape::of(&schemas.references, schema.clone())?,
                _ => Shape::default(),
            };
            media.push(Media { range, schema: schema.map(|schema| schemas.compile(&schema)).transpose()?, shape });
        }
        let required = body.value.get("required").and_then(Value::as_bool).unwrap_or(false);
        Ok(Some(Self { required, media }))
    }

    /// Decides from the head of a request what is to be done with its body.
    pub(super) fn judge(&self, headers: &HeaderMap, has_body: bool) -> Verdict<'_> {
        if !has_body {
            let missing = || Violation::of_body("is required");
            return if self.required { Verdict::Wrong(missing()) } else { Verdict::Pass };
        }
        if self.media.is_empty() {
            return Verdict::Pass;
        }
        let expected = || self.media.iter().map(|media| media.range.as_str()).collect::<Vec<_>>().join(", ");
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let Some(content_type) = content_type.filter(|_| headers.get_all(header::CONTENT_TYPE).iter().count() == 1)
        else {
            return match self.media.iter().any(|media| media.range == "*/*" && media.schema.is_none()) {
                true => Verdict::Pass,
                false => Verdict::Unsupported(format!(
                    "The body needs one Content-Type; this operation takes: {}.",
                    expected()
                )),
            };
        };
        let kind = essence(content_type);
        let Some(media) = self.media_for(&kind) else {
            return Verdict::Unsupported(format!(
                "This operation does not take this media type, only: {}.",
                expected()
            ));
        };
        let Some(schema) = media.schema.as_ref().filter(|_| is_json(&kind) || is_form(&kind)) else {
            return Verdict::Pass;
        };
        let coded = headers
            .get_all(header::CONTENT_ENCODING)
            .iter()
            .any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"));
        if coded {
            return Verdict::Unsupported("The body must not be compressed: its contents are checked.".to_owned());
        }
        if charset(content_type).is_some_and(|charset| !["utf-8", "utf8", "us-ascii"].contains(&charset.as_str())) {
            return Verdict::Unsupported("The body must be in UTF-8.".to_owned());
        }
        Verdict::Check(Check { schema, shape: &media.shape, form: is_form(&kind) })
    }

    /// The most specific range wins (OpenAPI 3.1, Request Body Object, `content`).
    fn media_for(&self, kind: &str) -> Option<&Media> {
        let (main, _) = kind.split_once('/')?;
        let find = |range: &str| self.media.iter().find(|media| media.range == range);
        find(kind).or_else(|| find(&format!("{main}/*"))).or_else(|| find("*/*"))
    }
}

impl Check<'_> {
    /// Everything that is wrong with a whole body, at most `most`.
    pub(super) fn violations(&self, bytes: &Bytes, most: usize) -> Vec<Violation> {
        let value = if self.form {
            match std::str::from_utf8(bytes) {
                Ok(text) => read_form(text, self.shape),
                Err(_) => return vec![Violation::of_body("must be UTF-8")],
            }
        } else {
            match serde_json::from_slice(bytes) {
                Ok(value) => value,
                // Its position is in the error's words; no byte of the body is.
                Err(error) => return vec![Violation::of_body(format!("must be well-formed JSON: {error}"))],
            }
        };
        let found = self.schema.violations(&value, most).into_iter();
        found.map(|(pointer, detail)| Violation { pointer, ..Violation::of_body(detail) }).collect()
    }
}

/// A media type without its parameters, lower-case.
fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn is_json(essence: &str) -> bool {
    essence == "application/json" || essence == "text/json" || essence.ends_with("+json")
}

fn is_form(essence: &str) -> bool {
    essence == "application/x-www-form-urlencoded"
}

fn charset(media_type: &str) -> Option<String> {
    media_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"').to_ascii_lowercase())
    })
}
