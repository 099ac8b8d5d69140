//! The body of a request, as it comes out of its stream.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::RecvStream;
use http::header::{CONTENT_LENGTH, EXPECT};
use http::{HeaderMap, StatusCode};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tollgate_core::BoxError;
use tollgate_core::interim::Interim;

/// Streams a body; its sender may go on as it is taken. A reset is an error, whatever its code: what
/// was broken off must look complete to nobody.
pub(in crate::connection) struct StreamBody {
    stream: RecvStream,
    /// What Content-Length promises, still. The library holds the client to it.
    left: Option<u64>,
    data_done: bool,
    /// A client that waits to be asked for the body is asked once somebody wants it.
    asks: Option<Interim>,
}

impl StreamBody {
    pub(super) fn new(stream: RecvStream, headers: &HeaderMap, interim: &Interim) -> Self {
        let left = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let expects = headers.get(EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
        Self { stream, left, data_done: false, asks: expects.then(|| interim.clone()) }
    }
}

impl HttpBody for StreamBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        while !this.data_done {
            let polled = this.stream.poll_data(cx);
            if let Some(asks) = this.asks.take()
                && polled.is_pending()
            {
                asks.pass_on(StatusCode::CONTINUE, &HeaderMap::new());
            }
            match ready!(polled) {
                Some(Ok(data)) => {
                    this.stream.flow_control().release_capacity(data.len())?;
                    this.left = this.left.map(|left| left.saturating_sub(data.len() as u64));
                    if !data.is_empty() {
                        return Poll::Ready(Some(Ok(Frame::data(data))));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                None => this.data_done = true,
            }
        }
        let trailers = ready!(this.stream.poll_trailers(cx))?;
        Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.stream.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.stream.is_end_stream() {
            return SizeHint::with_exact(0);
        }
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
