//! Calls a route of the gateway on behalf of a client: through its own whole chain, without a connection in between.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use serde_json::Value;
use tollgate_core::body::CollectError;
use tollgate_core::coding::ContentCoding;
use tollgate_core::mcp::ToolCall;
use tollgate_core::reason::{REQUEST_MALFORMED, ROUTE_NOT_FOUND};
use tollgate_core::services::Caller;
use tollgate_core::{Body, Exchange, Request, Route};

use super::inputs::{Channel, Given, Inputs, Notation};
use super::path::Path;
use super::values;
use crate::handlers::outgoing::uri;

/// What belongs to the message to the MCP server, and not to the call that it asks for.
const OF_THE_MESSAGE: [&str; 19] = [
    "accept",
    "accept-encoding",
    "content-digest",
    "content-encoding",
    "content-language",
    "content-length",
    "content-type",
    "expect",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "last-event-id",
    "range",
    "repr-digest",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// A route, ready to be called.
#[derive(Debug)]
pub(super) struct Operation {
    route: Arc<str>,
    method: Method,
    path: Path,
    inputs: Inputs,
    /// The host that it is served at, where it is not served at every one.
    host: Option<Arc<str>>,
    /// Whether a step of it refuses who cannot prove who they are.
    authenticated: bool,
    total: Option<Duration>,
    longest: usize,
}

/// What a call is made with besides its arguments.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asking<'r> {
    /// The header of the client's message.
    pub(super) headers: &'r HeaderMap,
    /// What may be answered with.
    pub(super) accept: &'static str,
    /// The call, for code on the route.
    pub(super) tool_call: Option<&'r Arc<ToolCall>>,
}

/// What a route answered, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) content_type: Option<String>,
    pub(super) body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The arguments cannot be sent, in a sentence.
    Arguments(String),
    /// The call failed, in a sentence.
    Call(String),
}

impl Operation {
    pub(super) fn new(route: &Route, path: Path, inputs: Inputs, longest: usize) -> Self {
        let methods = match &route.methods {
            tollgate_core::route::Methods::Any => &[][..],
            tollgate_core::route::Methods::Listed(methods) => methods,
        };
        let usual = if inputs.body.is_some() { Method::POST } else { Method::GET };
        let spelt_out = route.hosts.iter().find(|host| !host.contains('*'));
        Self {
            route: Arc::clone(&route.id),
            method: methods.first().cloned().unwrap_or(usual),
            path,
            inputs,
            host: spelt_out.map(|host| host.as_str().into()),
            authenticated: route.authenticated,
            total: route.timeouts.total,
            longest,
        }
    }

    pub(super) const fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// Calls the route and reads its answer.
    pub(super) async fn call(
        &self,
        exchange: &mut Exchange,
        asking: Asking<'_>,
        given: Given,
    ) -> Result<Answer, Failure> {
        let request = self.request(exchange, asking, given)?;
        let mut caller = Caller::of(exchange);
        caller.tool_call = asking.tool_call.cloned();
        if let Some(host) = &self.host {
            caller.client.host = Arc::clone(host);
        }
        let Some(gateway) = exchange.gateway.clone() else {
            return Err(Failure::Call("there is no gateway to call a route of".to_owned()));
        };
        let (route, longest) = (Arc::clone(&self.route), self.longest);
        let answering = async {
            let called = gateway.call_route(caller, route, request).await.map_err(|problem| {
                let arguments = [REQUEST_MALFORMED.name, ROUTE_NOT_FOUND.name].contains(&problem.reason.name);
                let detail = problem.detail.clone().into_owned();
                if arguments { Failure::Arguments(detail) } else { Failure::Call(detail) }
            })?;
            let refused = &mut exchange.record.refused_within;
            *refused = refused.saturating_add(u16::from(called.refused_credential));
            read(called.response, longest).await
        };
        match self.total {
            None => answering.await,
            Some(total) => tokio::time::timeout(total, answering)
                .await
                .unwrap_or_else(|_| Err(Failure::Call("the route did not answer in time".to_owned()))),
        }
    }

    fn request(&self, exchange: &Exchange, asking: Asking<'_>, given: Given) -> Result<Request, Failure> {
        let mut target = self.path.write(&given.path).map_err(Failure::Arguments)?;
        let mut query = String::new();
        let mut headers = self.passed_on(exchange, asking.headers);
        headers.insert(ACCEPT, HeaderValue::from_static(asking.accept));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        for parameter in &self.inputs.parameters {
            match (parameter.channel, &parameter.field) {
                (Channel::Query, _) => match given.query.get(&parameter.name) {
                    None | Some(Value::Null) => {}
                    Some(value) => values::add_to_query(&mut query, &parameter.name, value, parameter.style),
                },
                (Channel::Header, Some(field)) => {
                    // What the caller's own message has under this name is not an argument.
                    headers.remove(field);
                    let Some(value) = given.headers.get(&parameter.name).filter(|value| !value.is_null()) else {
                        continue;
                    };
                    let value = HeaderValue::try_from(values::field(value)).map_err(|_| {
                        Failure::Arguments(format!("`{}` holds what no header field can", parameter.name))
                    })?;
                    headers.insert(field, value);
                }
                _ => {}
            }
        }
        let mut body = Body::empty();
        if let (Some(input), Some(value)) = (&self.inputs.body, given.body) {
            let text = match input.notation {
                Notation::Json => value.to_string(),
                Notation::Form => form(&value),
                Notation::Text => values::text(&value),
            };
            let media_type = HeaderValue::try_from(&input.media_type)
                .map_err(|_| Failure::Call(format!("`{}` is no media type", input.media_type)))?;
            headers.insert(CONTENT_TYPE, media_type);
            headers.insert(http::header::CONTENT_LENGTH, HeaderValue::from(text.len()));
            body = Body::full(text);
        }
        if !query.is_empty() {
            target = format!("{target}?{query}");
        }
        let mut request = Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri(target).map_err(|problem| Failure::Arguments(problem.detail.to_string()))?;
        *request.headers_mut() = headers;
        Ok(request)
    }

    /// What of the message's header goes along: above all what the caller proves itself with. What policies of the
    /// MCP route have taken out of it goes to a route that checks it, and to no other.
    fn passed_on(&self, exchange: &Exchange, message: &HeaderMap) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(message.len() + 4);
        for (name, value) in message {
            let own = name.as_str().starts_with("mcp-") || OF_THE_MESSAGE.contains(&name.as_str());
            if !own {
                headers.append(name, value.clone());
            }
        }
        let concealed = exchange.mcp.as_ref().and_then(|mcp| mcp.concealed.as_ref());
        for (name, value) in concealed.iter().flat_map(|concealed| concealed.iter()) {
            // What stands there now is the gateway's own, for an upstream that this route does not have.
            headers.remove(name);
            if let Some(value) = value.filter(|_| self.authenticated) {
                headers.insert(HeaderName::clone(name), value.clone());
            }
        }
        headers
    }
}

fn form(value: &Value) -> String {
    let mut form = String::new();
    for (name, value) in value.as_object().into_iter().flatten() {
        match value {
            Value::Array(items) => items.iter().for_each(|item| values::pair(&mut form, name, &values::text(item))),
            value => values::pair(&mut form, name, &values::text(value)),
        }
    }
    form
}

async fn read(response: tollgate_core::Response, longest: usize) -> Result<Answer, Failure> {
    let (parts, body) = response.into_parts();
    let coding =
        parts.headers.get(CONTENT_ENCODING).filter(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    let body = match coding {
        None => body,
        Some(coding) => match ContentCoding::parse(coding.as_bytes()) {
            Some(coding) => coding.decode(body),
            None => return Err(Failure::Call("the answer is encoded in a way that is not known here".to_owned())),
        },
    };
    let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let body = body.collect_up_to(longest).await.map_err(|error| {
        Failure::Call(match error {
            CollectError::TooLong(limit) => format!("the answer is longer than {limit} bytes"),
            CollectError::TimedOut(_) => "the answer did not come in time".to_owned(),
            CollectError::Broken(_) => "the answer broke off".to_owned(),
        })
    })?;
    Ok(Answer { status: parts.status, content_type, body })
}

impl Answer {
    /// Its media type, lower-case, without parameters.
    pub(super) fn media_type(&self) -> Option<String> {
        let essence = self.content_type.as_deref()?.split(';').next()?.trim().to_ascii_lowercase();
        (!essence.is_empty()).then_some(essence)
    }

    /// Whether it is JSON by its own account.
    pub(super) fn is_json(&self) -> bool {
        self.media_type().is_some_and(|of| of == "application/json" || of == "text/json" || of.ends_with("+json"))
    }

    /// It as JSON.
    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// What went wrong, for a model or a person: the status, and what the answer says.
    pub(super) fn told(&self) -> String {
        let reason = self.status.canonical_reason().unwrap_or_default();
        let status = format!("HTTP {} {reason}", self.status.as_u16());
        match std::str::from_utf8(&self.body) {
            Ok(text) if !text.is_empty() => format!("{}\n{text}", status.trim_end()),
            _ => status.trim_end().to_owned(),
        }
    }
}
