//! One body type for both directions, so that a policy never has to name that of a connection.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::{BodyExt, Limited, combinators::UnsyncBoxBody};

use crate::BoxError;

/// The bytes of a request or a response. It streams unless somebody asked for all of it.
#[derive(Default)]
pub struct Body(Inner);

#[derive(Default)]
enum Inner {
    #[default]
    Empty,
    Full(Bytes),
    Stream(UnsyncBoxBody<Bytes, BoxError>),
}

/// Why a body could not be collected.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// It was longer than the limit given, in bytes.
    #[error("the body is longer than {0} bytes")]
    TooLong(usize),
    /// Its sender sent nothing for too long.
    #[error(transparent)]
    TimedOut(BodyTimedOut),
    /// It broke off, or its sender went away.
    #[error("the body could not be read: {0}")]
    Broken(BoxError),
}

/// A body went over a limit while it was streaming: [`Body::limited_to`] ends it with this error.
/// Whoever reads the body of a request to its end must answer it with 413, wherever in the chain
/// of sources it stands ([`BodyTooLarge::in_chain`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is longer than {limit} bytes")]
pub struct BodyTooLarge {
    /// The limit that it passed, in bytes.
    pub limit: u64,
}

impl BodyTooLarge {
    /// Finds it in an error or in what caused that, however often it was wrapped on the way.
    pub fn in_chain<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Self> {
        std::iter::successors(Some(error), |error| error.source()).find_map(|error| error.downcast_ref())
    }
}

/// The sender of a body sent nothing for too long. Whoever reads the body of a request to its end
/// must answer it with 408, wherever in the chain of sources it stands ([`BodyTimedOut::in_chain`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body did not come in time")]
pub struct BodyTimedOut;

impl BodyTimedOut {
    /// Finds it in an error or in what caused that, however often it was wrapped on the way.
    pub fn in_chain<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Self> {
        std::iter::successors(Some(error), |error| error.source()).find_map(|error| error.downcast_ref())
    }
}

impl Body {
    /// No bytes at all.
    pub fn empty() -> Self {
        Self(Inner::Empty)
    }

    /// Bytes that are in memory already.
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        if bytes.is_empty() { Self::empty() } else { Self(Inner::Full(bytes)) }
    }

    /// Any other body.
    pub fn stream<B>(body: B) -> Self
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self(Inner::Stream(body.map_err(Into::into).boxed_unsync()))
    }

    /// The bytes, where the whole body is in memory already.
    pub fn bytes(&self) -> Option<Bytes> {
        match &self.0 {
            Inner::Empty => Some(Bytes::new()),
            Inner::Full(bytes) => Some(bytes.clone()),
            _ => None,
        }
    }

    /// The same body, which ends with [`BodyTooLarge`] as soon as it brings more than `limit`
    /// bytes. Nothing is held back: bytes up to the limit pass as they come.
    #[must_use]
    pub fn limited_to(self, limit: u64) -> Self {
        match self.0 {
            Inner::Empty => self,
            Inner::Full(bytes) if bytes.len() as u64 <= limit => Self(Inner::Full(bytes)),
            inner => Self::stream(LimitedBody { inner: Self(inner), limit, left: limit }),
        }
    }

    /// Reads all of it, at most `limit` bytes.
    ///
    /// # Errors
    /// [`CollectError::TooLong`] as soon as the limit is passed, [`CollectError::TimedOut`] where
    /// the sender was silent for too long, [`CollectError::Broken`] where it broke off. Of the body
    /// of a request, `Problem::from` makes the answer of each.
    pub async fn collect_up_to(self, limit: usize) -> Result<Bytes, CollectError> {
        if let Some(bytes) = self.bytes() {
            return if bytes.len() > limit { Err(CollectError::TooLong(limit)) } else { Ok(bytes) };
        }
        match Limited::new(self, limit).collect().await {
            Ok(collected) => Ok(collected.to_bytes()),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(CollectError::TooLong(limit)),
            Err(error) => Err(if let Some(too_large) = BodyTooLarge::in_chain(&*error) {
                CollectError::TooLong(usize::try_from(too_large.limit).unwrap_or(usize::MAX))
            } else if let Some(timed_out) = BodyTimedOut::in_chain(&*error) {
                CollectError::TimedOut(*timed_out)
            } else {
                CollectError::Broken(error)
            }),
        }
    }
}

/// What [`Body::limited_to`] makes.
struct LimitedBody {
    inner: Body,
    limit: u64,
    left: u64,
}

impl HttpBody for LimitedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        let frame = std::task::ready!(Pin::new(&mut this.inner).poll_frame(cx));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            match this.left.checked_sub(data.len() as u64) {
                Some(left) => this.left = left,
                None => {
                    // What still comes is nobody's business any more.
                    this.inner = Body::empty();
                    return Poll::Ready(Some(Err(BodyTooLarge { limit: this.limit }.into())));
                }
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut self.get_mut().0;
        match this {
            Inner::Empty => Poll::Ready(None),
            Inner::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                *this = Inner::Empty;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Inner::Stream(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Inner::Empty => true,
            Inner::Full(_) => false,
            Inner::Stream(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Inner::Empty => SizeHint::with_exact(0),
            Inner::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Inner::Stream(body) => body.size_hint(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the bytes: they are the client's.
        write!(f, "Body({:?})", self.size_hint())
    }
}
