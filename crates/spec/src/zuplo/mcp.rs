//! How an operation appears to MCP clients: `mcp` in `x-zuplo-route`, or an extension of its own, as it was before.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use tollgate_core::mcp::McpOperation;

use super::unknown;
use crate::check::mcp;
use crate::{Diagnostics, Node};

/// The extensions of older days, and what each makes of an operation.
const OLD: [(&str, &str); 4] = [
    ("x-zuplo-mcp-tool", "tool"),
    ("x-zuplo-mcp-prompt", "prompt"),
    ("x-zuplo-mcp-resource", "resource"),
    ("x-zuplo-mcp-graphql", "graphql"),
];

/// Reads it; the older extensions count where the newer field is not there.
pub(super) fn read(
    operation: &Node<'_>,
    extension: &Node<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Arc<McpOperation>> {
    let written = extension.get("mcp").filter(|node| !node.value().is_null());
    let (node, mut value) = match written {
        Some(node) => (node.clone(), node.value().clone()),
        None => OLD.iter().find_map(|(name, kind)| {
            let node = operation.get(name)?;
            let value = of_old(node.value(), kind);
            Some((node, value))
        })?,
    };
    unknown::pass_over("mcp", &mcp::schema(), &mut value, &node, diagnostics);
    mcp::read(&value, &node, diagnostics)
}

/// What an older extension says, in the words of the newer field.
fn of_old(value: &Value, kind: &str) -> Value {
    let Some(members) = value.as_object() else { return value.clone() };
    let mut renewed = Map::new();
    renewed.insert("type".to_owned(), json!(kind));
    for (name, value) in members {
        let (tool, field) = match name.as_str() {
            "introspectionToolName" => ("introspectionTool", "name"),
            "introspectionToolDescription" => ("introspectionTool", "description"),
            "executeToolName" => ("executeTool", "name"),
            "executeToolDescription" => ("executeTool", "description"),
            _ => {
                renewed.insert(name.clone(), value.clone());
                continue;
            }
        };
        let tool = renewed.entry(tool).or_insert_with(|| json!({}));
        if let Some(tool) = tool.as_object_mut() {
            tool.insert(field.to_owned(), value.clone());
        }
    }
    Value::Object(renewed)
}
