//! What the policies for GraphQL share: finding the documents in a request, and measuring them.
//!
//! Whoever forbids something must see everything that the server could execute. So a request that cannot be read in
//! one way is refused, and all of a document is looked at, whichever of its operations is meant.

mod document;
mod payload;

use std::pin::pin;

use http::Method;
use http::header::UPGRADE;
use http_body::Body as _;
use tollgate_core::{Body, Exchange, Fault, Problem, Reason, Request};

use crate::query;
use crate::request_form::is_coded;
pub(crate) use document::{Cost, Document};

/// Nobody can tell what would be executed.
pub(crate) static UNREADABLE: Reason = Reason {
    name: "graphql.unreadable",
    code: "bad-request",
    status: 400,
    title: "Bad Request",
    fault: Fault::Client,
    meaning: "A policy must see the GraphQL documents of a request, and the request has none that can be read.",
    fix: "Send the document as `query` of a JSON object, as application/graphql, or in the URL; not compressed, not as a persisted query, and no upgrade.",
};

/// All documents of a request. None where nothing is executed: a GET without one.
///
/// # Errors
/// Where one cannot be read, or none is there.
pub(crate) async fn documents(
    exchange: &Exchange,
    request: &mut Request,
    limit: usize,
) -> Result<Vec<Document>, Problem> {
    let refused = |why: String| Problem::new(&UNREADABLE, "The GraphQL request cannot be read").caused_by(why);
    let mut texts = query::values(&exchange.target, "query");
    let headers = request.headers();
    if headers.contains_key(UPGRADE) || *request.method() == Method::CONNECT {
        return Err(refused("documents in a WebSocket are not seen".to_owned()));
    }
    let silent = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if !request.body().is_end_stream() {
        if is_coded(headers) {
            return Err(refused("the body is compressed".to_owned()));
        }
        let headers = headers.clone();
        let body = std::mem::take(request.body_mut());
        let bytes = pin!(body.collect_up_to(limit)).await.map_err(Problem::from)?;
        *request.body_mut() = Body::full(bytes.clone());
        if !bytes.is_empty() {
            texts.extend(payload::texts(&headers, bytes).await.map_err(refused)?);
        }
    }
    if texts.is_empty() && !silent {
        return Err(refused("there is no document in it".to_owned()));
    }
    texts.iter().map(|text| Document::parse(text)).collect::<Result<_, _>>().map_err(refused)
}
