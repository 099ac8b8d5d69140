//! What ends every pipeline of a bench.

use http::{HeaderValue, StatusCode, header};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tollgate_core::later::BoxFuture;
use tollgate_core::{Body, Exchange, Handler, Problem, Request, Response};

use super::project::BenchUpstream;
use crate::upstream::Seen;

/// Ends every pipeline of a bench.
#[derive(Debug)]
pub(super) struct Upstream {
    pub(super) answer: Option<BenchUpstream>,
    pub(super) seen: Mutex<Option<Seen>>,
}

impl Handler for Upstream {
    fn handle<'a>(&'a self, exchange: &'a mut Exchange, request: Request) -> BoxFuture<'a, Result<Response, Problem>> {
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = body.collect_up_to(64 * 1024 * 1024).await?;
            let target = match &exchange.target.query {
                Some(query) => format!("{}?{query}", exchange.target.forward_path),
                None => exchange.target.forward_path.clone(),
            };
            let seen = Seen { method: parts.method, target, headers: parts.headers, body };
            let response = match &self.answer {
                Some(answer) => fixed(answer),
                None => echo(&seen, exchange),
            };
            *self.seen.lock() = Some(seen);
            Ok(response)
        })
    }
}

fn fixed(answer: &BenchUpstream) -> Response {
    let body = match &answer.body {
        Value::Null => Body::empty(),
        Value::String(text) => Body::full(text.clone()),
        json => Body::full(json.to_string()),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &answer.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<http::HeaderName>(), HeaderValue::from_str(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

fn echo(seen: &Seen, exchange: &Exchange) -> Response {
    let user = exchange.user.as_ref().map(|user| json!({ "sub": user.sub, "data": user.data }));
    let body = json!({ "method": seen.method.as_str(), "target": seen.target, "user": user });
    let mut response = Response::new(Body::full(body.to_string()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
