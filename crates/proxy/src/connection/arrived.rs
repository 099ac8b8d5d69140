//! A request as it comes from a connection, whichever protocol that speaks.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tollgate_core::BoxError;
use tollgate_core::interim::Interim;

use super::h1::RequestBody;
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
    Whole(Bytes),
    Http1(RequestBody),
    Http2(StreamBody),
}

impl IncomingBody {
    /// There is none, and none will come.
    pub(super) fn none() -> Self {
        Self(Kind::None)
    }

    /// All of it is there.
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self(Kind::Whole(bytes))
    }

    /// All of it, where it is there.
    pub(crate) fn bytes(&self) -> Option<&Bytes> {
        match &self.0 {
            Kind::Whole(bytes) => Some(bytes),
            _ => None,
        }
    }
}

impl From<StreamBody> for IncomingBody {
    fn from(body: StreamBody) -> Self {
        Self(Kind::Http2(body))
    }
}

impl From<RequestBody> for IncomingBody {
    fn from(body: RequestBody) -> Self {
        Self(Kind::Http1(body))
    }
}

impl HttpBody for IncomingBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let kind = &mut self.get_mut().0;
        match kind {
            Kind::None => Poll::Ready(None),
            Kind::Whole(bytes) => {
                let bytes = std::mem::take(bytes);
                *kind = Kind::None;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Kind::Http1(body) => Pin::new(body).poll_frame(cx),
            Kind::Http2(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::None => true,
            Kind::Whole(_) => false,
            Kind::Http1(body) => body.is_end_stream(),
            Kind::Http2(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::None => SizeHint::with_exact(0),
            Kind::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
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
