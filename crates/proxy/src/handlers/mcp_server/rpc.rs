//! JSON-RPC 2.0, as far as MCP uses it: messages in, answers out.

use std::fmt;

use serde_json::{Map, Value, json};

/// What came is no JSON.
pub(super) const PARSE_ERROR: i32 = -32700;
/// It is JSON, and no message.
pub(super) const INVALID_REQUEST: i32 = -32600;
/// There is no such method.
pub(super) const METHOD_NOT_FOUND: i32 = -32601;
/// The parameters do not fit.
pub(super) const INVALID_PARAMS: i32 = -32602;
/// The server failed.
pub(super) const INTERNAL_ERROR: i32 = -32603;
/// There is nothing at a URI (MCP, Resources, Error Handling).
pub(super) const RESOURCE_NOT_FOUND: i32 = -32002;

/// Why a request has no result.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RpcError {
    pub(super) code: i32,
    pub(super) message: String,
    pub(super) data: Option<Value>,
}

impl RpcError {
    pub(super) fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    #[must_use]
    pub(super) fn with(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }

    /// The answer to the request of this id, or to one whose id nobody could read.
    pub(super) fn answer(&self, id: Option<&Value>) -> String {
        let mut error = Map::new();
        error.insert("code".to_owned(), json!(self.code));
        error.insert("message".to_owned(), json!(self.message));
        if let Some(data) = &self.data {
            error.insert("data".to_owned(), data.clone());
        }
        json!({ "jsonrpc": "2.0", "id": id.unwrap_or(&Value::Null), "error": error }).to_string()
    }
}

/// A result.
#[derive(Debug)]
pub(super) enum Outcome<'s> {
    /// One that was written when the project was loaded.
    Prepared(&'s str),
    Made(Value),
}

impl fmt::Display for Outcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prepared(text) => f.write_str(text),
            Self::Made(value) => write!(f, "{value}"),
        }
    }
}

/// The answer with a result.
pub(super) fn answer(id: &Value, outcome: &Outcome<'_>) -> String {
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{outcome}}}")
}

/// A message, as it is to be dealt with.
#[derive(Debug)]
pub(super) enum Message<'m> {
    /// Wants an answer.
    Request { id: &'m Value, method: &'m str, params: Option<&'m Value> },
    /// Wants none: a notification, or an answer to a request that this server never sent.
    Other,
}

/// Reads one message.
///
/// # Errors
/// Where it is none; with the id to answer to, where that can be read.
pub(super) fn read(value: &Value) -> Result<Message<'_>, (Option<&Value>, RpcError)> {
    let wrong = |id, what: &str| Err((id, RpcError::new(INVALID_REQUEST, format!("Invalid request: {what}"))));
    let Some(members) = value.as_object() else { return wrong(None, "a message is an object") };
    let id = members.get("id");
    let known = id.filter(|id| id.is_string() || id.is_number());
    if members.get("jsonrpc").is_none_or(|version| version != "2.0") {
        return wrong(known, "`jsonrpc` must be \"2.0\"");
    }
    let Some(method) = members.get("method") else {
        let answers = members.contains_key("result") || members.contains_key("error");
        return if answers { Ok(Message::Other) } else { wrong(known, "`method` is missing") };
    };
    let Some(method) = method.as_str() else { return wrong(known, "`method` must be a text") };
    let params = members.get("params");
    if params.is_some_and(|params| !params.is_object()) {
        return wrong(known, "`params` must be an object");
    }
    match (id, known) {
        (None, _) => Ok(Message::Other),
        (Some(_), Some(id)) => Ok(Message::Request { id, method, params }),
        (Some(_), None) => wrong(None, "`id` must be a text or a number"),
    }
}
