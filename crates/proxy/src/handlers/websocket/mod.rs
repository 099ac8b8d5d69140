//! Joins a client with a WebSocket server, with code of the project between them where that is asked for.

use std::sync::Arc;

use http::header::{HeaderValue, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use tollgate_core::catalog::{BuildError, HandlerKind, parse_options, schema_of};
use tollgate_core::later::BoxFuture;
use tollgate_core::reason::REQUEST_NOT_WEBSOCKET;
use tollgate_core::services::{Export, MessageExports, MessageScripts};
use tollgate_core::{Body, Exchange, Handler, Problem, Request, Response};

use super::HandlerContext;
use super::outgoing::{UrlTemplate, append_query, over_http, send};
use crate::hygiene::upgrade::WEBSOCKET;
use crate::upstream::Upstreams;
use crate::upstream::handshake::{SwitchedSlot, UpgradeRequest};

/// What the catalog says of it.
pub static KIND: HandlerKind = HandlerKind {
    name: "websocket",
    exports: &["webSocketPipelineHandler", "webSocketHandler"],
    reasons: &[&REQUEST_NOT_WEBSOCKET],
    functions,
    docs: include_str!("docs.md"),
    schema: schema_of::<Options>,
};

/// Joins a client with a WebSocket server, with code of the project between them where that is asked for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Options {
    /// The server's address, `ws`, `wss`, `http` or `https`; a template: `wss://${env.HOST}/rooms/${params.room}`.
    pub rewrite_pattern: String,
    /// Whether the incoming query is appended; behind the query of the pattern, where it has one.
    #[serde(default = "yes")]
    pub forward_search: bool,
    /// Functions of modules that messages go through.
    #[serde(default)]
    pub policies: MessagePolicies,
    /// A function that is called once the server has answered and before the client is: `(target, source, request,
    /// context)`. Messages wait for it; where it throws, there is no WebSocket.
    pub on_open: Option<MessageFunction>,
}

/// Functions of modules that messages go through, one after the other.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MessagePolicies {
    /// For what the client sends: `(data, target, source, request, context)`. What a function returns goes on;
    /// `undefined` drops the message.
    #[serde(default)]
    pub inbound: Vec<MessageFunction>,
    /// For what the server sends.
    #[serde(default)]
    pub outbound: Vec<MessageFunction>,
}

/// A function of a module: `./modules/file.ts#name`, or the two by themselves.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum MessageFunction {
    /// `./modules/file.ts#name`
    Reference(String),
    /// Module and export.
    Export(ModuleExport),
}

/// An export of a module.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModuleExport {
    /// The module: `$import(./modules/file)`.
    pub module: String,
    /// The export.
    pub export: String,
}

const fn yes() -> bool {
    true
}

impl MessageFunction {
    fn export(&self) -> Option<Export> {
        match self {
            Self::Reference(reference) => Export::from_reference(reference),
            Self::Export(named) => Export::of(&named.module, &named.export),
        }
    }
}

impl Options {
    /// Every function, with the pointer to what names it.
    fn functions(&self) -> impl Iterator<Item = (String, Option<Export>)> {
        let list = |list: &'static str, functions: &[MessageFunction]| {
            let pointer = |place: usize| format!("/policies/{list}/{place}");
            functions
                .iter()
                .map(MessageFunction::export)
                .enumerate()
                .map(|(at, it)| (pointer(at), it))
                .collect::<Vec<_>>()
        };
        let open = self.on_open.iter().map(|function| ("/onOpen".to_owned(), function.export()));
        let (inbound, outbound) = (list("inbound", &self.policies.inbound), list("outbound", &self.policies.outbound));
        open.chain(inbound).chain(outbound).collect::<Vec<_>>().into_iter()
    }

    fn messages(&self) -> Result<Option<MessageExports>, BuildError> {
        let mut exports = MessageExports::default();
        for (pointer, export) in self.functions() {
            let export =
                export.ok_or_else(|| BuildError::at(pointer.as_str(), "this names no module of the project"))?;
            match pointer.as_str() {
                "/onOpen" => exports.on_open = Some(export),
                inbound if inbound.starts_with("/policies/inbound") => exports.inbound.push(export),
                _ => exports.outbound.push(export),
            }
        }
        Ok((exports != MessageExports::default()).then_some(exports))
    }
}

fn functions(options: &Value) -> Vec<(String, Option<Export>)> {
    // What does not fit the schema has been told already.
    parse_options::<Options>(options.clone()).map(|options| options.functions().collect()).unwrap_or_default()
}

#[derive(Debug)]
struct WebSocket {
    url: UrlTemplate,
    forward_search: bool,
    messages: Option<Arc<dyn MessageScripts>>,
    upstreams: Arc<Upstreams>,
}

pub(super) fn build(options: Value, context: &HandlerContext<'_>) -> Result<Arc<dyn Handler>, BuildError> {
    let options: Options = parse_options(options)?;
    let messages = match (options.messages()?, &context.project.scripts) {
        (None, _) => None,
        (Some(exports), Some(scripts)) => Some(scripts.messages(&exports)?),
        (Some(_), None) => return Err(BuildError::at("", "modules cannot run here")),
    };
    Ok(Arc::new(WebSocket {
        url: UrlTemplate::new(&over_http(&options.rewrite_pattern), "/rewritePattern", context)?,
        forward_search: options.forward_search,
        messages,
        upstreams: Arc::clone(context.upstreams),
    }))
}

impl Handler for WebSocket {
    fn handle<'a>(
        &'a self,
        exchange: &'a mut Exchange,
        mut request: Request,
    ) -> BoxFuture<'a, Result<Response, Problem>> {
        Box::pin(async move {
            let asked = request.extensions().get::<UpgradeRequest>();
            if !asked.is_some_and(|asked| asked.asked.is_websocket()) {
                return Err(Problem::new(&REQUEST_NOT_WEBSOCKET, "There is a WebSocket here, and nothing else.")
                    .with_header(UPGRADE, HeaderValue::from_static(WEBSOCKET)));
            }
            let mut to = self.url.render(exchange, &mut request, &self.upstreams).await?;
            if self.forward_search {
                append_query(&mut to.path_and_query, exchange.target.query.as_deref());
            }
            let Some(messages) = &self.messages else { return send(exchange, request, to, None).await };
            // Code reads messages, not what an extension has made of them.
            request.headers_mut().remove(SEC_WEBSOCKET_EXTENSIONS);
            let mut head = Request::new(Body::empty());
            *head.method_mut() = request.method().clone();
            *head.headers_mut() = request.headers().clone();
            let mut response = send(exchange, request, to, None).await?;
            let Some(mut switched) = SwitchedSlot::take(&mut response) else { return Ok(response) };
            let chosen = response.headers().get(SEC_WEBSOCKET_PROTOCOL).and_then(|chosen| chosen.to_str().ok());
            let chosen = chosen.unwrap_or_default().trim();
            switched.stream = messages.join(exchange, head, chosen, switched.stream).await?;
            response.extensions_mut().insert(SwitchedSlot::new(switched));
            Ok(response)
        })
    }
}
