//! One connection to an upstream, over HTTP/1.
//!
//! No task stands behind it: whoever uses it drives it, from the same task that serves the
//! client. So an exchange costs no hop between threads, dropping the exchange closes the
//! connection at once, and a look at an idle connection tells whether the other side has closed
//! it or sent something nobody asked for.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use http::{Method, StatusCode};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::Instant;
use tollgate_core::BoxError;
use tollgate_core::interim::Interim;
use tollgate_http1::{BodyDecoder, BodyError, Decoded, Framing, HeadError, HeadLimits, ResponseDecoder, ResponseHead};

use super::interim;
use super::stream::Stream;
use super::upload::{Upload, UploadError};
use crate::alarm::Alarm;
use crate::unread::Unread;

/// One connection to an upstream.
pub(super) struct Link {
    stream: Stream,
    unread: Unread,
    head: ResponseDecoder,
    body: BodyDecoder,
    method: Method,
    interim: u32,
    /// Whether any byte has come since the request began.
    received: bool,
    /// Whether another request may follow the one that is under way.
    reusable: bool,
    pub(super) alarm: Alarm,
    pub(super) idle_since: Instant,
}

/// Why an answer did not come, or not all of it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    /// The head breaks a rule.
    #[error("{0}")]
    Head(#[from] HeadError),
    /// Nothing but interim answers.
    #[error("more than {} interim answers", interim::MOST)]
    Interim,
    /// The framing of the body breaks a rule, or the connection ended within it.
    #[error("{0}")]
    Body(#[from] BodyError),
    /// The connection ended before a whole head had come.
    #[error("the connection was closed before a whole answer had come")]
    Closed,
    /// The connection broke.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The request could not be sent on, because its body broke off.
    #[error("{0}")]
    Request(BoxError),
}

impl Link {
    pub(super) fn over(stream: Stream, now: Instant) -> Box<Self> {
        Box::new(Self {
            stream,
            unread: Unread::default(),
            head: ResponseDecoder::new(HeadLimits::default()),
            body: BodyDecoder::new(Framing::Empty),
            method: Method::GET,
            interim: 0,
            received: false,
            reusable: true,
            alarm: Alarm::default(),
            idle_since: now,
        })
    }

    /// Begins an exchange: the next head answers a request with this method.
    pub(super) fn begin(&mut self, method: &Method) {
        self.method.clone_from(method);
        self.interim = 0;
        self.received = false;
    }

    /// Whether any byte has come since the exchange began.
    pub(super) fn has_received(&self) -> bool {
        self.received
    }

    /// Sends what there is of the request, and reads until the head of the final answer is there.
    /// That may come before the request has been sent. What comes before it goes to `interim`, and
    /// is given the time to be written.
    pub(super) fn poll_head(
        &mut self,
        upload: &mut Upload,
        interim: Option<&Interim>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<ResponseHead, Broken>> {
        self.poll_upload(upload, cx)?;
        loop {
            if let Some(head) = self.head.decode(&mut self.unread.bytes, &self.method)? {
                if head.status.is_informational() && head.status != StatusCode::SWITCHING_PROTOCOLS {
                    self.interim += 1;
                    if self.interim > interim::MOST {
                        return Poll::Ready(Err(Broken::Interim));
                    }
                    if interim::pass_on(interim, head.status, head.headers) {
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                    continue;
                }
                self.reusable = head.keep_alive && head.framing != Framing::Tunnel;
                self.body = BodyDecoder::new(head.framing);
                return Poll::Ready(Ok(head));
            }
            if ready!(self.poll_read(cx))? == 0 {
                return Poll::Ready(Err(Broken::Closed));
            }
        }
    }

    /// Sends what there is of the request. An upstream that takes no more of it may still answer
    /// (most that refuse a body do just that), so only the sending ends here, unless nothing has
    /// been sent at all.
    ///
    /// # Errors
    /// Where the body of the request broke off, or not a byte could be sent.
    pub(super) fn poll_upload(&mut self, upload: &mut Upload, cx: &mut Context<'_>) -> Result<(), Broken> {
        if upload.is_done() {
            return Ok(());
        }
        match upload.poll(&mut self.stream, cx) {
            Poll::Pending | Poll::Ready(Ok(())) => Ok(()),
            Poll::Ready(Err(UploadError::Body(error))) => Err(Broken::Request(error)),
            Poll::Ready(Err(UploadError::Write(error))) if upload.is_unsent() => Err(Broken::Io(error)),
            Poll::Ready(Err(UploadError::Write(_))) => {
                self.reusable = false;
                upload.abandon();
                Ok(())
            }
        }
    }

    /// The next piece of the body.
    pub(super) fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Result<Decoded, Broken>> {
        loop {
            match self.body.decode(&mut self.unread.bytes)? {
                Decoded::Incomplete => {}
                decoded => return Poll::Ready(Ok(decoded)),
            }
            if ready!(self.poll_read(cx))? == 0 {
                self.reusable = false;
                self.body.end_of_stream()?;
            }
        }
    }

    /// The body, where it has a known length and has come with the head.
    pub(super) fn whole_body(&mut self) -> Option<Bytes> {
        let length = usize::try_from(self.body.remaining()?).ok()?;
        if length > self.unread.bytes.len() {
            return None;
        }
        match self.body.decode(&mut self.unread.bytes) {
            Ok(Decoded::Data(data)) => Some(data),
            _ => Some(Bytes::new()),
        }
    }

    /// Whether nothing of the body is still to come.
    pub(super) fn is_body_done(&self) -> bool {
        self.body.is_done()
    }

    /// How many bytes of the body are still to come, where that is known.
    pub(super) fn remaining(&self) -> Option<u64> {
        self.body.remaining()
    }

    /// Whether another request may follow, as far as can be told without looking at the socket:
    /// the answer was whole, allows it, and no byte stands behind it.
    pub(super) fn is_reusable(&self) -> bool {
        self.reusable && self.body.is_done() && self.unread.bytes.is_empty()
    }

    /// Lets no other request follow the one that is under way.
    pub(super) fn ends_with_this(&mut self) {
        self.reusable = false;
    }

    /// Whether the connection is still open and silent.
    pub(super) fn is_quiet(&mut self) -> bool {
        let mut byte = [0];
        let mut cx = Context::from_waker(Waker::noop());
        Pin::new(&mut self.stream).poll_read(&mut cx, &mut ReadBuf::new(&mut byte)).is_pending()
    }

    /// The connection waits for its next request, and keeps no more memory than most need.
    pub(super) fn settle(&mut self, now: Instant) {
        self.idle_since = now;
        self.unread.settle();
    }

    /// Gives memory back: the connection will not be used for a while.
    pub(super) fn rest(&mut self) {
        self.unread.rest();
    }

    /// What an answer 101 leaves: the socket, and the bytes that came behind the head.
    pub(super) fn into_tunnel(self: Box<Self>) -> (Stream, Bytes) {
        let this = *self;
        (this.stream, this.unread.bytes.freeze())
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let count = ready!(self.unread.poll_read(&mut self.stream, cx))?;
        self.received |= count > 0;
        Poll::Ready(Ok(count))
    }
}
