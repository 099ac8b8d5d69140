//! The gateway's own outbound requests: key sets, remote documents, scripts' `fetch`.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite};

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

/// Bytes that go both ways: a connection that does not speak HTTP any more.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A connection that a server has switched to a WebSocket's.
pub struct Switched {
    /// The fields of its answer: the subprotocol that it chose, say.
    pub headers: HeaderMap,
    /// The connection. It begins with the server's first frame.
    pub stream: Box<dyn Duplex>,
}

impl fmt::Debug for Switched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Switched").finish_non_exhaustive()
    }
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

    /// Opens a WebSocket (RFC 6455 §4.1) to the absolute `http:` or `https:` URL in the request's URI, where the
    /// rules permit. Subprotocols stand in the request's fields; the rest of the handshake is the client's business.
    fn open_websocket<'a>(
        &'a self,
        request: Request,
        timeout: Duration,
        rules: &'a std::sync::Arc<EgressRules>,
    ) -> BoxFuture<'a, Result<Switched, HttpError>> {
        let _ = (timeout, rules);
        let url = request.uri().to_string();
        Box::pin(async move { Err(HttpError(format!("{url}: there is no network here"))) })
    }
}
