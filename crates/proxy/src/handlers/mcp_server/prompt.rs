//! Prompts: operations that answer with messages for a model.

use std::sync::Arc;

use http::HeaderMap;
use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};
use tollgate_core::Exchange;
use tollgate_core::catalog::BuildError;
use tollgate_core::mcp::McpOperation;

use super::call::{Asking, Failure, Operation};
use super::inputs::Layout;
use super::rpc::{INTERNAL_ERROR, INVALID_PARAMS, RpcError};
use super::tool::check;

/// A prompt, ready to be asked for.
#[derive(Debug)]
pub(super) struct Prompt {
    pub(super) name: String,
    pub(super) listed: Value,
    description: String,
    operation: Arc<Operation>,
    layout: Layout,
    arguments: Validator,
    /// What each argument that is no text to the operation is: clients send texts alone.
    types: Map<String, Value>,
}

impl Prompt {
    /// # Errors
    /// Where its schema cannot be used, or its arguments are not beside one another.
    pub(super) fn new(
        name: String,
        description: String,
        (schema, layout): (Value, Layout),
        operation: Arc<Operation>,
        written: &McpOperation,
    ) -> Result<Self, BuildError> {
        let arguments = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .build(&schema)
            .map_err(|error| BuildError::at("", format!("the schema of `{name}` cannot be used: {error}")))?;
        let properties = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        let required = |name: &str| {
            let names = schema.get("required").and_then(Value::as_array);
            names.is_some_and(|names| names.iter().any(|known| known == name))
        };
        let listed_arguments: Vec<Value> = properties
            .iter()
            .map(|(argument, schema)| {
                let mut listed = Map::new();
                listed.insert("name".to_owned(), json!(argument));
                if let Some(description) = schema.get("description") {
                    listed.insert("description".to_owned(), description.clone());
                }
                listed.insert("required".to_owned(), json!(required(argument)));
                Value::Object(listed)
            })
            .collect();
        let mut listed = Map::new();
        listed.insert("name".to_owned(), json!(name));
        listed.insert("description".to_owned(), json!(description));
        listed.insert("arguments".to_owned(), Value::Array(listed_arguments));
        if let Some(meta) = &written.meta {
            listed.insert("_meta".to_owned(), Value::Object(meta.clone()));
        }
        let types = properties.into_iter().filter_map(|(name, schema)| Some((name, schema.get("type")?.clone())));
        let types = types.collect();
        Ok(Self { name, listed: Value::Object(listed), description, operation, layout, arguments, types })
    }

    /// Asks for it.
    ///
    /// # Errors
    /// Where the arguments do not fit, or the route does not answer with messages.
    pub(super) async fn get(
        &self,
        exchange: &mut Exchange,
        headers: &HeaderMap,
        arguments: Map<String, Value>,
    ) -> Result<Value, RpcError> {
        let read = |(name, value): (String, Value)| {
            let value = self.types.get(&name).map_or_else(|| value.clone(), |of| read(value.clone(), of));
            (name, value)
        };
        let arguments = Value::Object(arguments.into_iter().map(read).collect());
        check(&self.name, &self.arguments, &arguments)?;
        let Value::Object(arguments) = arguments else { return Ok(Value::Null) };
        let given = self.operation.inputs().given(self.layout, arguments);
        let asking = Asking { headers, accept: "application/json, */*;q=0.5", tool_call: None };
        let failed = |what: &str| RpcError::new(INTERNAL_ERROR, format!("The prompt `{}` failed: {what}", self.name));
        let answer = self.operation.call(exchange, asking, given).await.map_err(|failure| match failure {
            Failure::Arguments(what) => {
                RpcError::new(INVALID_PARAMS, format!("Invalid arguments for `{}`: {what}", self.name))
            }
            Failure::Call(what) => failed(&what),
        })?;
        if !answer.status.is_success() {
            return Err(failed(&answer.told()));
        }
        let answered = answer.json();
        let Some(messages) = answered.as_ref().and_then(|answer| answer.get("messages")).filter(|it| it.is_array())
        else {
            return Err(failed("the route did not answer with an object that has `messages`"));
        };
        let mut result = Map::new();
        let description = answered.as_ref().and_then(|answer| answer.get("description")).filter(|it| it.is_string());
        result.insert("description".to_owned(), description.cloned().unwrap_or_else(|| json!(self.description)));
        result.insert("messages".to_owned(), messages.clone());
        Ok(Value::Object(result))
    }
}

/// A text as what it spells, where something else belongs there; otherwise as it is, for the schema to judge.
fn read(value: Value, of: &Value) -> Value {
    let Some(text) = value.as_str() else { return value };
    let allows = |name: &str| of == name || of.as_array().is_some_and(|all| all.iter().any(|of| of == name));
    if allows("string") {
        return value;
    }
    match serde_json::from_str(text) {
        Ok(spelt @ Value::Number(_)) if allows("number") || allows("integer") => spelt,
        Ok(spelt @ Value::Bool(_)) if allows("boolean") => spelt,
        Ok(spelt @ Value::Array(_)) if allows("array") => spelt,
        Ok(spelt @ Value::Object(_)) if allows("object") => spelt,
        _ => value,
    }
}
