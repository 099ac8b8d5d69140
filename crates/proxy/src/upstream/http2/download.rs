//! The body of an answer, as it comes out of a stream.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use h2::RecvStream;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tollgate_core::{BoxError, Reason, reason};

use super::super::response::BrokenResponse;
use super::connection::error_chain;
use super::pool::Lease;
use crate::alarm::{Alarm, after};
use crate::hygiene::clean_response_trailers;

/// Streams an answer. Dropping it early resets the stream.
pub(super) struct Download {
    pub(super) stream: RecvStream,
    /// None once the answer is over.
    pub(super) lease: Option<Lease>,
    /// The rest of the request, where that is still on its way.
    pub(super) upload: Option<Detached>,
    /// What Content-Length promises to come, still.
    pub(super) left: Option<u64>,
    pub(super) idle: Option<Duration>,
    pub(super) total: Option<Instant>,
    pub(super) waiting_since: Option<Instant>,
    pub(super) alarm: Alarm,
}

/// An upload in a task of its own: it must not depend on how fast the client takes the answer.
pub(super) struct Detached {
    pub(super) task: JoinHandle<()>,
    /// Why the request broke off, if it did.
    pub(super) broken: Arc<OnceLock<String>>,
}

impl Drop for Detached {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Download {
    /// The first limit that waiting comes to.
    fn deadline(&mut self) -> Option<(Instant, &'static Reason)> {
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        let idle = self.idle.map(|idle| (after(since, idle), &reason::UPSTREAM_TIMEOUT_IDLE));
        let total = self.total.map(|total| (total, &reason::UPSTREAM_TIMEOUT_TOTAL));
        idle.into_iter().chain(total).min_by_key(|(at, _)| *at)
    }

    fn end(&mut self) {
        self.upload = None;
        self.lease = None;
    }

    fn broken(&mut self, reason: &'static Reason, cause: String) -> BoxError {
        self.end();
        Box::new(BrokenResponse { reason, cause })
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        loop {
            match ready!(self.stream.poll_data(cx)) {
                Some(Ok(data)) => {
                    // The client has room for it: the other side may send as much again.
                    self.stream.flow_control().release_capacity(data.len())?;
                    self.left = self.left.map(|left| left.saturating_sub(data.len() as u64));
                    if !data.is_empty() {
                        return Poll::Ready(Some(Ok(Frame::data(data))));
                    }
                }
                // A reset after the end of the answer, which tells that the rest of the request is
                // not wanted, is no error here: the library knows that the end came first.
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => {
                    let trailers = ready!(self.stream.poll_trailers(cx))?;
                    return Poll::Ready(trailers.and_then(|mut trailers| {
                        clean_response_trailers(&mut trailers);
                        (!trailers.is_empty()).then(|| Ok(Frame::trailers(trailers)))
                    }));
                }
            }
        }
    }
}

impl HttpBody for Download {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        if this.lease.is_none() {
            return Poll::Ready(None);
        }
        let Poll::Ready(frame) = this.poll_piece(cx) else {
            let Some((at, reason)) = this.deadline() else { return Poll::Pending };
            ready!(this.alarm.poll_until(at, cx));
            let error = this.broken(reason, "no bytes in time".to_owned());
            return Poll::Ready(Some(Err(error)));
        };
        this.waiting_since = None;
        match frame {
            Some(Err(error)) => {
                let request = this.upload.as_ref().and_then(|upload| upload.broken.get().cloned());
                let (reason, cause) = match request {
                    Some(cause) => (&reason::CLIENT_BODY_BROKEN, cause),
                    None => (&reason::UPSTREAM_RESET, error_chain(&error)),
                };
                Poll::Ready(Some(Err(this.broken(reason, cause))))
            }
            Some(Ok(frame)) => {
                if frame.is_trailers() || this.stream.is_end_stream() {
                    this.end();
                }
                Poll::Ready(Some(Ok(frame)))
            }
            None => {
                this.end();
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.lease.is_none() || self.stream.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
