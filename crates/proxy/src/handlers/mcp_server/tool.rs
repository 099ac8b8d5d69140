//! Tools: operations that a model calls.

use std::sync::Arc;

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};
use tollgate_core::Exchange;
use tollgate_core::catalog::BuildError;
use tollgate_core::json_schema::{References, Spot, cut, detail};
use tollgate_core::mcp::{McpOperation, ToolCall};

use super::answers;
use super::call::{Answer, Asking, Failure, Operation};
use super::graphql::Graphql;
use super::inputs::Layout;
use super::options::Options;
use super::rpc::{INVALID_PARAMS, RpcError};
use super::schemas::{self, Direction};

/// So much that is wrong with arguments is told at once.
const MOST: usize = 10;

/// A tool, ready to be called.
#[derive(Debug)]
pub(super) struct Tool {
    pub(super) name: String,
    /// What a list says of it.
    pub(super) listed: Value,
    operation: Arc<Operation>,
    arguments: Validator,
    form: Form,
    output: Output,
    /// A name for what it answers with, where that is no text.
    uri: String,
}

/// How arguments become a request.
#[derive(Debug)]
pub(super) enum Form {
    /// As the operation takes them.
    Operation(Layout),
    /// One of the two tools of a GraphQL API.
    Graphql(Graphql),
}

/// What of an answer is structured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    Text,
    /// As it is; within an object, where it is none.
    Structured,
    /// As clients were told: as it is, or as the `result` of an object.
    Told {
        wrapped: bool,
    },
}

/// What a tool is made of.
pub(super) struct Parts {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) input: Value,
    pub(super) operation: Arc<Operation>,
    pub(super) form: Form,
}

impl Tool {
    /// # Errors
    /// Where a schema cannot be used.
    pub(super) fn new(
        parts: Parts,
        output_schema: Option<(Value, bool)>,
        options: &Options,
        written: &McpOperation,
    ) -> Result<Self, BuildError> {
        let Parts { name, description, input, operation, form } = parts;
        let arguments = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .build(&input)
            .map_err(|error| BuildError::at("", format!("the schema of `{name}` cannot be used: {error}")))?;
        let mut listed = Map::new();
        listed.insert("name".to_owned(), json!(name));
        if let Some(title) = written.annotations.as_ref().and_then(|annotations| annotations.title.as_ref()) {
            listed.insert("title".to_owned(), json!(title));
        }
        listed.insert("description".to_owned(), json!(description));
        listed.insert("inputSchema".to_owned(), input);
        let output = match output_schema {
            Some((schema, wrapped)) => {
                listed.insert("outputSchema".to_owned(), schema);
                Output::Told { wrapped }
            }
            None if options.include_structured_content || options.include_output_schema => Output::Structured,
            None => Output::Text,
        };
        if let Some(annotations) = &written.annotations {
            listed.insert("annotations".to_owned(), serde_json::to_value(annotations).unwrap_or_default());
        }
        if let Some(meta) = &written.meta {
            listed.insert("_meta".to_owned(), Value::Object(meta.clone()));
        }
        let uri = format!("mcp://tools/{name}");
        Ok(Self { name, listed: Value::Object(listed), operation, arguments, form, output, uri })
    }

    /// Calls it for a message.
    ///
    /// # Errors
    /// Where the arguments do not fit.
    pub(super) async fn call(
        &self,
        exchange: &mut Exchange,
        headers: &http::HeaderMap,
        message: &Value,
        arguments: Map<String, Value>,
    ) -> Result<Value, RpcError> {
        let arguments = Value::Object(arguments);
        check(&self.name, &self.arguments, &arguments)?;
        let Value::Object(arguments) = arguments else { return Ok(Value::Null) };
        let given = match &self.form {
            Form::Operation(layout) => self.operation.inputs().given(*layout, arguments),
            Form::Graphql(graphql) => graphql.given(arguments),
        };
        let call = Arc::new(ToolCall::new(message.clone()));
        let asking = Asking { headers, accept: "application/json, */*;q=0.5", tool_call: Some(&call) };
        let mut result = match self.operation.call(exchange, asking, given).await {
            Ok(answer) => self.result(&answer),
            Err(Failure::Arguments(what)) => return Err(invalid(&self.name, &what)),
            Err(Failure::Call(what)) => failed(&what),
        };
        // What code on the route says of the result goes before what was made of its answer.
        for (field, value) in call.take_result() {
            result.insert(field, value);
        }
        Ok(Value::Object(result))
    }

    fn result(&self, answer: &Answer) -> Map<String, Value> {
        if !answer.status.is_success() {
            return failed(&answer.told());
        }
        let mut result = Map::new();
        result.insert("content".to_owned(), Value::Array(answers::content(answer, &self.uri)));
        let json = if self.output == Output::Text { None } else { answer.json() };
        let structured = match (self.output, json) {
            (Output::Text, _) | (Output::Structured, None) => None,
            (Output::Told { .. }, None) => return failed("the answer is no JSON, as the operation says it is"),
            (Output::Told { wrapped: false }, Some(value)) => Some(value),
            (Output::Structured, Some(value)) if value.is_object() => Some(value),
            (_, Some(value)) => Some(json!({ "result": value })),
        };
        if let Some(structured) = structured {
            result.insert("structuredContent".to_owned(), structured);
        }
        let is_error = matches!(&self.form, Form::Graphql(_)) && Graphql::failed(answer);
        result.insert("isError".to_owned(), json!(is_error));
        result
    }
}

/// The result of a call that failed: models see it, and may do better.
fn failed(what: &str) -> Map<String, Value> {
    let mut result = Map::new();
    result.insert("content".to_owned(), json!([answers::text(what)]));
    result.insert("isError".to_owned(), json!(true));
    result
}

fn invalid(name: &str, what: &str) -> RpcError {
    RpcError::new(INVALID_PARAMS, format!("Invalid arguments for `{name}`: {what}"))
}

/// Checks arguments against their schema.
///
/// # Errors
/// With everything that is wrong, up to a number.
pub(super) fn check(name: &str, validator: &Validator, arguments: &Value) -> Result<(), RpcError> {
    if validator.is_valid(arguments) {
        return Ok(());
    }
    let errors: Vec<(String, String)> = validator
        .iter_errors(arguments)
        .take(MOST)
        .map(|error| (cut(error.instance_path().as_str()), detail(error.kind())))
        .collect();
    let sentences: Vec<String> =
        errors.iter().map(|(pointer, detail)| format!("{pointer} {detail}").trim_start().to_owned()).collect();
    let errors: Vec<Value> =
        errors.into_iter().map(|(pointer, detail)| json!({ "pointer": pointer, "detail": detail })).collect();
    Err(invalid(name, &sentences.join("; ")).with(json!({ "errors": errors })))
}

/// The schema of what an operation answers with: that of its first answer of 2xx in JSON; and whether that stands in
/// an object, since results are objects.
///
/// # Errors
/// Where a reference leads nowhere.
pub(super) fn output_schema(references: &References, pointer: &str) -> Result<Option<(Value, bool)>, BuildError> {
    let responses = references.spot(pointer).and_then(|operation| operation.member("responses"));
    let mut successes: Vec<_> =
        responses.iter().flat_map(Spot::members).filter(|(status, _)| status.starts_with('2')).collect();
    successes.sort_by_key(|(status, _)| status.to_ascii_lowercase());
    for (_, response) in successes {
        let content = references.follow(response)?.member("content");
        let is_json = |name: &str| name.starts_with("application/json") || name.contains("+json");
        let media = content.iter().flat_map(Spot::members).find(|(name, _)| is_json(name));
        let Some(schema) = media.and_then(|(_, media)| media.member("schema")) else { continue };
        let place = (schema.uri, schema.pointer);
        let mut wrapped = false;
        let written = |wraps: bool| {
            schemas::alone(references, Direction::Output, |writer| {
                let value = writer.references().root(&place.0).and_then(|root| root.pointer(&place.1));
                let Some(value) = value else { return Ok(json!({})) };
                let schema = writer.write(Spot { uri: place.0.clone(), pointer: place.1.clone(), value })?;
                Ok(if wraps {
                    json!({ "type": "object", "properties": { "result": schema }, "required": ["result"] })
                } else {
                    schema
                })
            })
        };
        let mut schema = written(false)?;
        if schema.get("type").is_none_or(|of| of != "object") {
            wrapped = true;
            schema = written(true)?;
        }
        return Ok(Some((schema, wrapped)));
    }
    Ok(None)
}
