//! What of MCP (Model Context Protocol) is known outside of the handler that serves it: how an operation appears to
//! MCP clients, and what a route that is called as a tool can see of the call.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

/// How the operation appears to MCP clients, where an MCP server offers it.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct McpOperation {
    /// What it is to them. Default: a tool.
    #[serde(rename = "type")]
    pub kind: Option<McpKind>,
    /// Its name. Default: the operation id, else one that is made of method and path.
    pub name: Option<String>,
    /// What it does and when it is of use: models decide by it. Default: the description of the operation, else its
    /// summary.
    pub description: Option<String>,
    /// Whether MCP servers that list it offer it. Default: true.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// What clients may take for granted of a tool.
    pub annotations: Option<ToolAnnotations>,
    /// Whatever else clients are to be told of it, as it stands.
    #[serde(rename = "_meta")]
    pub meta: Option<Map<String, Value>>,
    /// The URI of a resource. Default: `mcp://resources/` and its name.
    pub uri: Option<String>,
    /// The media type of a resource. Default: that of the answer, else `text/plain`.
    pub mime_type: Option<String>,
    /// The tool that tells the schema of a GraphQL API.
    pub introspection_tool: Option<NamedTool>,
    /// The tool that executes queries of a GraphQL API.
    pub execute_tool: Option<NamedTool>,
}

const fn yes() -> bool {
    true
}

/// What an operation is to MCP clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum McpKind {
    /// Something that models call.
    Tool,
    /// Messages for a model, which a user chooses: the route answers with `messages`.
    Prompt,
    /// Something to read, at a URI: the route is a GET without parameters.
    Resource,
    /// A GraphQL API: two tools, one that tells the schema and one that executes queries.
    Graphql,
}

/// What clients may take for granted of a tool. They are hints, and nobody enforces them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ToolAnnotations {
    /// A name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Whether it changes nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only_hint: Option<bool>,
    /// Whether it may destroy something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destructive_hint: Option<bool>,
    /// Whether a second call with the same arguments changes nothing more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotent_hint: Option<bool>,
    /// Whether it deals with things beyond a closed system, as a search of the web does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_world_hint: Option<bool>,
}

/// Name and description of one of the two tools of a GraphQL API.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NamedTool {
    /// Its name. Default: `graphql_introspect` or `graphql_execute`.
    pub name: Option<String>,
    /// Its description.
    pub description: Option<String>,
}

impl McpOperation {
    /// An operation of a kind, of which nothing else is said.
    pub const fn of(kind: McpKind) -> Self {
        Self {
            kind: Some(kind),
            name: None,
            description: None,
            enabled: true,
            annotations: None,
            meta: None,
            uri: None,
            mime_type: None,
            introspection_tool: None,
            execute_tool: None,
        }
    }
}

/// What of an exchange concerns MCP.
#[derive(Debug, Default)]
pub struct McpPart {
    /// The call of a tool that led to this exchange.
    pub tool_call: Option<Arc<ToolCall>>,
    /// Credentials that policies have taken out of the request, where its route calls others on the caller's behalf.
    pub concealed: Option<Concealed>,
}

/// The call of a tool, as the route that it leads to sees it.
#[derive(Debug)]
pub struct ToolCall {
    request: Value,
    result: Mutex<Map<String, Value>>,
}

impl ToolCall {
    /// The call that a message (`tools/call`) is.
    pub fn new(request: Value) -> Self {
        Self { request, result: Mutex::default() }
    }

    /// The message.
    pub const fn request(&self) -> &Value {
        &self.request
    }

    /// Notes fields of the result that go before those which are made of the route's answer.
    pub fn set_result(&self, fields: Map<String, Value>) {
        *self.result.lock().unwrap_or_else(PoisonError::into_inner) = fields;
    }

    /// The fields that were noted last.
    pub fn take_result(&self) -> Map<String, Value> {
        std::mem::take(&mut self.result.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Credentials that policies have taken out of a request so that no upstream sees them: whoever calls another route
/// on the caller's behalf needs them there.
#[derive(Default)]
pub struct Concealed(Vec<(HeaderName, Option<HeaderValue>)>);

impl Concealed {
    /// Notes the value that a field has before it is taken away or replaced; the first one of each field counts.
    pub fn note(&mut self, name: &HeaderName, headers: &HeaderMap) {
        if self.0.iter().all(|(known, _)| known != name) {
            self.0.push((name.clone(), headers.get(name).cloned()));
        }
    }

    /// Notes a credential that stood elsewhere, as the field in which it would be sent otherwise.
    pub fn note_elsewhere(&mut self, name: &HeaderName, value: HeaderValue) {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.clone(), Some(value)));
    }

    /// The fields, each with its value where it had one.
    pub fn iter(&self) -> impl Iterator<Item = (&HeaderName, Option<&HeaderValue>)> {
        self.0.iter().map(|(name, value)| (name, value.as_ref()))
    }
}

impl fmt::Debug for Concealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the values: they are secrets.
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_of_a_concealed_field_counts_and_none_is_printed() {
        let name = HeaderName::from_static("authorization");
        let mut headers = HeaderMap::new();
        headers.insert(&name, HeaderValue::from_static("Bearer mine"));
        let mut concealed = Concealed::default();
        concealed.note(&name, &headers);
        headers.insert(&name, HeaderValue::from_static("Bearer the-gateways"));
        concealed.note(&name, &headers);
        let noted: Vec<_> = concealed.iter().collect();
        assert_eq!(noted, [(&name, Some(&HeaderValue::from_static("Bearer mine")))]);
        assert!(!format!("{concealed:?}").contains("mine"));
    }
}
