//! A request as it comes from a connection, whichever protocol that speaks.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use tollgate_core::BoxError;
use tollgate_core::interim::Interim;

use super::h2::StreamBody;

/// A request that was read up to its body.
#[derive(Debug)]
pub struct Arrived {
    /// The request.
    pub request: http::Request<IncomingBody>,
    /// Where what comes before its answer goes; `None` where the client takes no such thing.
    pub interim: Option<Interim>,
}

/// The body of a request, which the connection reads as it is asked for it.
pub struct IncomingBody(Kind);

enum Kind {
    None,
    Http1(Incoming),
    Http2(StreamBody),
}

impl IncomingBody {
    /// There is none, and none will come.
    pub(super) fn none() -> Self {
        Self(Kind::None)
    }
}

impl From<StreamBody> for IncomingBody {
    fn from(body: StreamBody) -> Self {
        Self(Kind::Http2(body))
    }
}

impl From<Incoming> for IncomingBody {
    fn from(body: Incoming) -> Self {
        Self(Kind::Http1(body))
    }
}

impl HttpBody for IncomingBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.get_mut().0 {
            Kind::None => Poll::Ready(None),
            Kind::Http1(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
            Kind::Http2(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::None => true,
            Kind::Http1(body) => body.is_end_stream(),
            Kind::Http2(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::None => SizeHint::with_exact(0),
            Kind::Http1(body) => body.size_hint(),
            Kind::Http2(body) => body.size_hint(),
        }
    }
}

impl fmt::Debug for IncomingBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IncomingBody")
    }
}
