//! Resources: operations that are read at a URI.

use std::sync::Arc;

use http::HeaderMap;
use serde_json::{Map, Value, json};
use tollgate_core::Exchange;
use tollgate_core::mcp::McpOperation;

use super::answers;
use super::call::{Asking, Failure, Operation};
use super::inputs::Given;
use super::rpc::{INTERNAL_ERROR, RESOURCE_NOT_FOUND, RpcError};

/// A resource, ready to be read.
#[derive(Debug)]
pub(super) struct Resource {
    pub(super) name: String,
    pub(super) uri: String,
    pub(super) listed: Value,
    mime_type: Option<String>,
    meta: Option<Map<String, Value>>,
    operation: Arc<Operation>,
}

impl Resource {
    pub(super) fn new(name: String, description: &str, operation: Arc<Operation>, written: &McpOperation) -> Self {
        let uri = written.uri.clone().unwrap_or_else(|| format!("mcp://resources/{name}"));
        let mut listed = Map::new();
        listed.insert("uri".to_owned(), json!(uri));
        listed.insert("name".to_owned(), json!(name));
        listed.insert("title".to_owned(), json!(name));
        listed.insert("description".to_owned(), json!(description));
        listed.insert("mimeType".to_owned(), json!(written.mime_type.as_deref().unwrap_or("text/plain")));
        if let Some(meta) = &written.meta {
            listed.insert("_meta".to_owned(), Value::Object(meta.clone()));
        }
        Self {
            name,
            uri,
            listed: Value::Object(listed),
            mime_type: written.mime_type.clone(),
            meta: written.meta.clone(),
            operation,
        }
    }

    /// Reads it.
    ///
    /// # Errors
    /// Where the route has nothing, or fails.
    pub(super) async fn read(&self, exchange: &mut Exchange, headers: &HeaderMap) -> Result<Value, RpcError> {
        let asking = Asking { headers, accept: "*/*", tool_call: None };
        let failed =
            |what: &str| RpcError::new(INTERNAL_ERROR, format!("The resource `{}` cannot be read: {what}", self.name));
        let answer =
            self.operation.call(exchange, asking, Given::default()).await.map_err(|failure| match failure {
                Failure::Arguments(what) | Failure::Call(what) => failed(&what),
            })?;
        match answer.status.as_u16() {
            404 | 410 => return Err(not_found(&self.uri)),
            _ if !answer.status.is_success() => return Err(failed(&answer.told())),
            _ => {}
        }
        let mut contents = answers::contents(&answer, &self.uri, self.mime_type.as_deref());
        if let Some(meta) = &self.meta {
            contents["_meta"] = Value::Object(meta.clone());
        }
        Ok(json!({ "contents": [contents] }))
    }
}

/// There is nothing at a URI.
pub(super) fn not_found(uri: &str) -> RpcError {
    RpcError::new(RESOURCE_NOT_FOUND, "Resource not found").with(json!({ "uri": uri }))
}
