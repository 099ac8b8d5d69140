//! An MCP server (Model Context Protocol): operations of the project as tools, prompts and resources.
//!
//! It keeps no sessions: every message stands alone. A call re-enters the gateway, so that the whole chain of the
//! operation that it means runs within that of the server.

mod answers;
mod call;
mod graphql;
mod inputs;
mod listing;
mod options;
mod path;
mod prompt;
mod resource;
mod rpc;
mod schemas;
mod tool;
mod transport;
mod values;

use std::sync::Arc;

use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};
use tollgate_core::catalog::{BuildError, HandlerKind, parse_options, schema_of};
use tollgate_core::cors::Cors;
use tollgate_core::later::BoxFuture;
use tollgate_core::project::CorsChoice;
use tollgate_core::{Exchange, Handler, Problem, Request, Response};

use super::HandlerContext;
use listing::Offer;
use options::Options;
use rpc::{INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND, Message, Outcome, PARSE_ERROR, RpcError};
use transport::{Asked, NOT_ACCEPTABLE, ORIGIN_REFUSED, Origins, REVISIONS, VERSION_UNSUPPORTED};

/// What the catalog says of it.
pub static KIND: HandlerKind = HandlerKind {
    name: "mcp-server",
    exports: &["mcpServerHandler"],
    reasons: &[&ORIGIN_REFUSED, &NOT_ACCEPTABLE, &VERSION_UNSUPPORTED],
    functions: |_| Vec::new(),
    docs: include_str!("docs.md"),
    schema: schema_of::<Options>,
};

/// The most messages of one batch.
const LARGEST_BATCH: usize = 50;

#[derive(Debug)]
struct McpServer {
    offer: Offer,
    /// What `initialize` is answered with, but for the revision.
    introduction: Map<String, Value>,
    origins: Origins,
    longest: usize,
    debug: bool,
}

pub(super) fn build(options: Value, context: &HandlerContext<'_>) -> Result<Arc<dyn Handler>, BuildError> {
    let options: Options = parse_options(options)?;
    let mut errors = Vec::new();
    let offer = listing::read(&options, context, &mut errors);
    let mut errors = errors.into_iter();
    if let Some(first) = errors.next() {
        context.further.borrow_mut().extend(errors);
        return Err(first);
    }
    let cors = match context.route.cors {
        CorsChoice::None => None,
        CorsChoice::AnythingGoes => Some(Cors::anything_goes()),
        CorsChoice::Named(index) => context.project.cors.get(index).map(Cors::new),
    };
    let settings = &context.project.settings;
    Ok(Arc::new(McpServer {
        introduction: introduction(&options, context, &offer),
        offer,
        origins: Origins::new(cors, settings.public_url.as_deref()),
        longest: settings.server.limits.buffered_body.as_usize(),
        debug: options.debug_mode,
    }))
}

fn introduction(options: &Options, context: &HandlerContext<'_>, offer: &Offer) -> Map<String, Value> {
    let root = context.route.operation.document.root.tree();
    let info = |name: &str| root.pointer(&format!("/info/{name}")).and_then(Value::as_str);
    let name = options.name.as_deref().or_else(|| info("title")).unwrap_or("MCP server");
    let version = options.version.as_deref().or_else(|| info("version")).unwrap_or("0.0.0");
    let mut capabilities = Map::new();
    for (capability, offered) in [
        ("tools", !offer.tools.is_empty()),
        ("prompts", !offer.prompts.is_empty()),
        ("resources", !offer.resources.is_empty()),
    ] {
        if offered {
            capabilities.insert(capability.to_owned(), json!({}));
        }
    }
    let mut introduction = Map::new();
    introduction.insert("capabilities".to_owned(), Value::Object(capabilities));
    introduction.insert("serverInfo".to_owned(), json!({ "name": name, "version": version }));
    let described = context.route.operation.raw();
    let described = described.as_ref().and_then(|raw| raw.get("description")).and_then(Value::as_str);
    if let Some(instructions) = described.filter(|text| !text.trim().is_empty()) {
        introduction.insert("instructions".to_owned(), json!(instructions));
    }
    introduction
}

impl Handler for McpServer {
    fn handle<'a>(&'a self, exchange: &'a mut Exchange, request: Request) -> BoxFuture<'a, Result<Response, Problem>> {
        Box::pin(self.answer(exchange, request))
    }

    fn calls_routes(&self) -> bool {
        true
    }
}

impl McpServer {
    async fn answer(&self, exchange: &mut Exchange, request: Request) -> Result<Response, Problem> {
        let (parts, body) = request.into_parts();
        let asked = transport::inspect(&parts.method, &parts.headers, &exchange.client.host, &self.origins)?;
        let body = body.collect_up_to(self.longest).await?;
        let bad = |error: &RpcError| transport::answer(StatusCode::BAD_REQUEST, asked.form, Some(error.answer(None)));
        let message: Value = match serde_json::from_slice(&body) {
            Ok(message) => message,
            // Its position is in the error's words; no byte of the body is.
            Err(error) => return Ok(bad(&RpcError::new(PARSE_ERROR, format!("Parse error: {error}")))),
        };
        drop(body);
        if asked.unspoken && message.get("method").is_none_or(|method| method != "initialize") {
            return Err(transport::unspoken());
        }
        let Value::Array(batch) = &message else {
            let (status, answer) = self.one(exchange, &parts.headers, &message).await;
            return Ok(transport::answer(status, asked.form, answer));
        };
        if let Err(error) = check_batch(batch, asked) {
            return Ok(bad(&error));
        }
        let mut answers = Vec::new();
        for message in batch {
            answers.extend(self.one(exchange, &parts.headers, message).await.1);
        }
        let body = (!answers.is_empty()).then(|| format!("[{}]", answers.join(",")));
        Ok(transport::answer(StatusCode::OK, asked.form, body))
    }

    /// Deals with one message: the status where it came alone, and the answer where it wants one.
    async fn one(&self, exchange: &mut Exchange, headers: &HeaderMap, message: &Value) -> (StatusCode, Option<String>) {
        let (id, method, params) = match rpc::read(message) {
            Ok(Message::Request { id, method, params }) => (id, method, params),
            Ok(Message::Other) => return (StatusCode::OK, None),
            Err((id, error)) => return (StatusCode::BAD_REQUEST, Some(error.answer(id))),
        };
        let outcome = self.request(exchange, headers, message, method, params).await;
        if self.debug {
            let route = &*exchange.route.id;
            let error = outcome.as_ref().err().map(|error| error.message.as_str());
            tracing::info!(route, method, error, "an MCP message");
        }
        let answer = match outcome {
            Ok(outcome) => rpc::answer(id, &outcome),
            Err(error) => error.answer(Some(id)),
        };
        (StatusCode::OK, Some(answer))
    }

    async fn request(
        &self,
        exchange: &mut Exchange,
        headers: &HeaderMap,
        message: &Value,
        method: &str,
        params: Option<&Value>,
    ) -> Result<Outcome<'_>, RpcError> {
        let lists = &self.offer.lists;
        let outcome = match method {
            "initialize" => Outcome::Made(self.initialize(params)?),
            "ping" => Outcome::Prepared("{}"),
            "tools/list" => whole(params, &lists.tools)?,
            "prompts/list" => whole(params, &lists.prompts)?,
            "resources/list" => whole(params, &lists.resources)?,
            "resources/templates/list" => whole(params, "{\"resourceTemplates\":[]}")?,
            "tools/call" => {
                let name = text(params, "name")?;
                let arguments = arguments(params)?;
                let tool = self.offer.tools.get(name).ok_or_else(|| unknown("tool", name))?;
                note(exchange, method, name);
                Outcome::Made(tool.call(exchange, headers, message, arguments).await?)
            }
            "prompts/get" => {
                let name = text(params, "name")?;
                let arguments = arguments(params)?;
                let prompt = self.offer.prompts.get(name).ok_or_else(|| unknown("prompt", name))?;
                note(exchange, method, name);
                Outcome::Made(prompt.get(exchange, headers, arguments).await?)
            }
            "resources/read" => {
                let uri = text(params, "uri")?;
                let resource = self.offer.resources.get(uri).ok_or_else(|| resource::not_found(uri))?;
                note(exchange, method, &resource.name);
                Outcome::Made(resource.read(exchange, headers).await?)
            }
            _ => return Err(RpcError::new(METHOD_NOT_FOUND, "Method not found")),
        };
        Ok(outcome)
    }

    /// The client's revision, where it is spoken here; otherwise the newest that is (MCP, Lifecycle).
    fn initialize(&self, params: Option<&Value>) -> Result<Value, RpcError> {
        let wanted = text(params, "protocolVersion")?;
        let spoken = REVISIONS.into_iter().find(|revision| *revision == wanted).unwrap_or(REVISIONS[0]);
        let mut result = Map::new();
        result.insert("protocolVersion".to_owned(), json!(spoken));
        result.extend(self.introduction.clone());
        Ok(Value::Object(result))
    }
}

fn check_batch(batch: &[Value], asked: Asked) -> Result<(), RpcError> {
    let wrong = |what: &str| Err(RpcError::new(INVALID_REQUEST, format!("Invalid request: {what}")));
    if !asked.batches {
        return wrong("messages come one by one since revision 2025-06-18");
    }
    if batch.is_empty() {
        return wrong("the batch is empty");
    }
    if batch.len() > LARGEST_BATCH {
        return wrong(&format!("a batch holds {LARGEST_BATCH} messages at most"));
    }
    if batch.iter().any(|message| message.get("method").is_some_and(|method| method == "initialize")) {
        return wrong("`initialize` comes alone");
    }
    Ok(())
}

/// A list is given whole: there is no place in it to go on from.
fn whole<'s>(params: Option<&Value>, list: &'s str) -> Result<Outcome<'s>, RpcError> {
    match params.and_then(|params| params.get("cursor")) {
        None | Some(Value::Null) => Ok(Outcome::Prepared(list)),
        Some(_) => Err(RpcError::new(INVALID_PARAMS, "Invalid params: there is nothing at this `cursor`")),
    }
}

fn text<'p>(params: Option<&'p Value>, name: &str) -> Result<&'p str, RpcError> {
    let value = params.and_then(|params| params.get(name)).and_then(Value::as_str);
    value.ok_or_else(|| RpcError::new(INVALID_PARAMS, format!("Invalid params: `{name}` must be a text")))
}

fn arguments(params: Option<&Value>) -> Result<Map<String, Value>, RpcError> {
    match params.and_then(|params| params.get("arguments")) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(arguments)) => Ok(arguments.clone()),
        Some(_) => Err(RpcError::new(INVALID_PARAMS, "Invalid params: `arguments` must be an object")),
    }
}

fn unknown(what: &str, name: &str) -> RpcError {
    RpcError::new(INVALID_PARAMS, format!("Unknown {what}: {}", tollgate_core::json_schema::cut(name)))
}

/// Tells the access log what was asked for; the last message of a batch counts. Names are those of the project.
fn note(exchange: &mut Exchange, method: &str, name: &str) {
    exchange.record.fields.insert("mcp".to_owned(), json!({ "method": method, "name": name }));
}
