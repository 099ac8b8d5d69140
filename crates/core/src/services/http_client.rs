//! The gateway's own outbound requests: key sets, remote documents, scripts' `fetch`.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::egress::EgressRules;
use crate::later::BoxFuture;
use crate::{Request, Response};

/// A whole answer.
#[derive(Debug, Clone)]
pub struct HttpResponse {
    /// Its status.
    pub status: StatusCode,
    /// Its header fields.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// Why no answer came.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct HttpError(pub String);

/// Fetches things for the gateway itself.
pub trait HttpClient: Send + Sync + fmt::Debug {
    /// GETs a URL: at most `limit` bytes, within `timeout`.
    fn get<'a>(
        &'a self,
        url: &'a str,
        timeout: Duration,
        limit: usize,
    ) -> BoxFuture<'a, Result<HttpResponse, HttpError>>;

    /// Sends a request to the absolute URL in its URI, where the rules permit, and gives the answer
    /// as soon as its head is there. Redirects are handed on.
    fn send<'a>(
        &'a self,
        request: Request,
        timeout: Duration,
        rules: &'a std::sync::Arc<EgressRules>,
    ) -> BoxFuture<'a, Result<Response, HttpError>> {
        let _ = (timeout, rules);
        let url = request.uri().to_string();
        Box::pin(async move { Err(HttpError(format!("{url}: there is no network here"))) })
    }
}
