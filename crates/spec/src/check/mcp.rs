//! What a document says of an operation for MCP clients.

use std::sync::{Arc, LazyLock};

use serde_json::Value;
use tollgate_core::catalog::parse_options;
use tollgate_core::mcp::McpOperation;

use super::schema::SchemaCheck;
use crate::tree::Node;
use crate::{Diagnostic, Diagnostics};

static CHECK: LazyLock<SchemaCheck> = LazyLock::new(|| SchemaCheck::new(schema()));

/// Its JSON Schema.
pub(crate) fn schema() -> Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    settings.into_generator().into_root_schema_for::<McpOperation>().to_value()
}

/// Reads it from a value that was made of what stands at the node.
pub(crate) fn read(value: &Value, node: &Node<'_>, diagnostics: &mut Diagnostics) -> Option<Arc<McpOperation>> {
    if !CHECK.check_value(value, node, diagnostics) {
        return None;
    }
    match parse_options(value.clone()) {
        Ok(operation) => Some(Arc::new(operation)),
        Err(error) => {
            let place = node.nearest(&error.pointer);
            diagnostics.push(Diagnostic::error("wrong-value", place.caret(), node.redact(&error.message)));
            None
        }
    }
}
