//! What is written in a project about an MCP server.

use schemars::JsonSchema;
use serde::Deserialize;

/// Serves operations of the project to MCP clients: as tools, prompts and resources.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Options {
    /// The server's name, as clients show it. Default: the title of the document.
    pub(super) name: Option<String>,
    /// The server's version. Default: that of the document.
    pub(super) version: Option<String>,
    /// The operations that it offers. What each of them is, its `mcp` says; a tool where it says nothing.
    #[serde(default)]
    pub(super) operations: Vec<OperationRef>,
    /// How the arguments of a tool are laid out.
    #[serde(default)]
    pub(super) tool_input_style: ToolInputStyle,
    /// Whether answers in JSON are given as `structuredContent` too, and not only as text. What is no object stands
    /// in one, as its `result`.
    #[serde(default)]
    pub(super) include_structured_content: bool,
    /// Whether tools say what they answer with, by the schema of the operation's first answer of 2xx in JSON. It
    /// brings `includeStructuredContent` with it: clients expect the one where there is the other.
    #[serde(default)]
    pub(super) include_output_schema: bool,
    /// Whether every message of a client is a line in the gateway's own log.
    #[serde(default)]
    pub(super) debug_mode: bool,
    /// The older form of `operations`: documents, and which of their operations are offered.
    #[serde(default)]
    pub(super) files: Vec<DocumentRef>,
    /// The same as `files`.
    #[serde(default)]
    pub(super) tools: Vec<DocumentRef>,
    /// As `files`, for operations that are prompts.
    #[serde(default)]
    pub(super) prompts: Vec<DocumentRef>,
    /// As `files`, for operations that are resources.
    #[serde(default)]
    pub(super) resources: Vec<DocumentRef>,
    /// The oldest form of `operations`: documents of which every operation is offered.
    #[serde(default)]
    pub(super) open_api_file_paths: Vec<FilePath>,
}

/// An operation of the project.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct OperationRef {
    /// The document, relative to the project: `./config/routes.oas.json`. Default: the one that holds the server.
    pub(super) file: Option<String>,
    /// Its `operationId`.
    pub(super) id: String,
}

/// Operations of one document.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DocumentRef {
    /// The document, relative to the project.
    pub(super) path: String,
    /// Their `operationId`s. Default: all operations that can be called with arguments.
    pub(super) operation_ids: Option<Vec<String>>,
}

/// A document, and perhaps which of its operations are meant.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FilePath {
    /// The document, relative to the project.
    pub(super) file_path: String,
    /// Their `operationId`s. Default: all operations that can be called with arguments.
    pub(super) operation_ids: Option<Vec<String>>,
}

/// How the arguments of a tool are laid out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum ToolInputStyle {
    /// By where they go, in `pathParams`, `queryParams`, `headers` and `body`.
    #[default]
    Nested,
    /// All beside one another, the members of a body too. A tool of which two have one name is laid out as with
    /// `nested`; a body that is no plain object stays one argument, `body`.
    Flat,
}
