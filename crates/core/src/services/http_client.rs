//! The gateway's own outbound requests: key sets, remote documents, later scripts' `fetch`.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::later::BoxFuture;

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
}
