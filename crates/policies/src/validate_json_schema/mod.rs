//! Checks the body of a request against one JSON Schema.
//!
//! For projects that have it. `request-validation` reads the schemas of the document, where clients see them.

use bytes::Bytes;
use http_body::Body as _;
use jsonschema::Validator;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde_json::Value;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::reason::{CLIENT_BODY_BROKEN, REQUEST_TIMEOUT, REQUEST_TOO_LARGE};
use tollgate_core::{Body, Exchange, Flow, Policy, Problem, Request, Step};

use crate::request_form::is_coded;
use tollgate_core::json_schema::detail;

use crate::request_validation::violation::{MOST, Violation};
use crate::request_validation::{MEDIA_TYPE_UNSUPPORTED, VALIDATION_FAILED};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<ValidateJsonSchema>("validate-json-schema", Direction::Inbound, include_str!("docs.md"))
        .exports(&["ValidateJsonSchemaInbound"])
        .imports(&["/validator"])
        .reasons(&[
            &VALIDATION_FAILED,
            &MEDIA_TYPE_UNSUPPORTED,
            &REQUEST_TOO_LARGE,
            &REQUEST_TIMEOUT,
            &CLIENT_BODY_BROKEN,
        ]);

/// Which schema.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Options {
    /// The JSON Schema that bodies must fit. In a project of the Zuplo form it may be a file of the project:
    /// `$import(./schemas/pet.json)`.
    #[schemars(schema_with = "schema_of_a_schema")]
    validator: Value,
}

fn schema_of_a_schema(_: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({ "type": ["object", "boolean"] })
}

/// See the module.
#[derive(Debug)]
struct ValidateJsonSchema {
    validator: Validator,
    limit: usize,
    sentences: bool,
}

impl Configure for ValidateJsonSchema {
    type Options = Options;

    fn configure(Options { validator }: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        if !validator.is_object() && !validator.is_boolean() {
            return Err(BuildError::at("/validator", "this is no JSON Schema").help(
                "write the schema here; a project of the Zuplo form may name a file: `$import(./schemas/pet.json)`",
            ));
        }
        // A schema that says which draft it is of is read as that one.
        let compiled = jsonschema::options().should_validate_formats(true).build(&validator).map_err(|error| {
            BuildError::at("/validator", format!("the schema cannot be used: {error}"))
                .help("correct the schema; it may refer to places in itself, and to nothing outside")
        })?;
        Ok(Self {
            validator: compiled,
            limit: context.settings.server.limits.buffered_body.as_usize(),
            sentences: context.compatibility.zuplo_problems,
        })
    }
}

impl Policy for ValidateJsonSchema {
    fn on_request<'a>(&'a self, _: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        if is_coded(request.headers()) {
            let detail = "The body must not be compressed: its contents are checked.";
            return Problem::new(&MEDIA_TYPE_UNSUPPORTED, detail).into();
        }
        if request.body().size_hint().lower() > self.limit as u64 {
            return Problem::body_too_large(self.limit as u64).into();
        }
        match request.body().bytes() {
            Some(bytes) => Step::Now(self.check(&bytes)),
            None => Step::later(async {
                match std::mem::take(request.body_mut()).collect_up_to(self.limit).await {
                    Ok(bytes) => {
                        // From here on it is a body in memory, whole and of known length.
                        *request.body_mut() = Body::full(bytes.clone());
                        self.check(&bytes)
                    }
                    Err(error) => Problem::from(error).into(),
                }
            }),
        }
    }
}

impl ValidateJsonSchema {
    fn check(&self, bytes: &Bytes) -> Flow {
        let found: Vec<Violation> = match serde_json::from_slice::<Value>(bytes) {
            // Its position is in the error's words; no byte of the body is.
            Err(error) => vec![Violation::of_body(format!("must be well-formed JSON: {error}"))],
            Ok(value) => self
                .validator
                .iter_errors(&value)
                .take(MOST)
                .map(|error| Violation {
                    pointer: error.instance_path().as_str().to_owned(),
                    ..Violation::of_body(detail(error.kind()))
                })
                .collect(),
        };
        if found.is_empty() {
            return Flow::Continue;
        }
        let told = |violation: &Violation| match self.sentences {
            true => Value::String(violation.sentence()),
            false => violation.object(),
        };
        Problem::new(&VALIDATION_FAILED, "Incoming body did not pass schema validation")
            .with("errors", found.iter().map(told).collect())
            .into()
    }
}
