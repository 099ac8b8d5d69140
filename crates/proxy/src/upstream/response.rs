//! The body of an answer, as it comes from the upstream.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Instant;
use tollgate_core::{BoxError, Reason, reason};

use super::link::Link;
use super::pool::Pool;
use crate::alarm::after;

/// An answer ended before it was complete. The client must not take it for a whole one: its
/// connection is broken off as well.
#[derive(Debug, thiserror::Error)]
#[error("the upstream's answer broke off ({reason}): {cause}")]
pub struct BrokenResponse {
    /// What the record shall say.
    pub reason: &'static Reason,
    /// The private cause.
    pub cause: String,
}

impl BrokenResponse {
    /// Finds it in an error or in what caused that.
    pub fn in_chain<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Self> {
        std::iter::successors(Some(error), |error| error.source()).find_map(|error| error.downcast_ref())
    }
}

/// Streams an answer, drives the connection it comes from, and gives that back at the end.
pub(super) struct ResponseBody {
    pub(super) incoming: Incoming,
    pub(super) link: Option<Box<Link>>,
    pub(super) pool: Arc<Pool>,
    pub(super) idle: Option<Duration>,
    pub(super) total: Option<Instant>,
    pub(super) waiting_since: Option<Instant>,
}

impl ResponseBody {
    /// The first limit that waiting comes to.
    fn deadline(&mut self) -> Option<(Instant, &'static Reason)> {
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        let idle = self.idle.map(|idle| (after(since, idle), &reason::UPSTREAM_TIMEOUT_IDLE));
        let total = self.total.map(|total| (total, &reason::UPSTREAM_TIMEOUT_TOTAL));
        idle.into_iter().chain(total).min_by_key(|(at, _)| *at)
    }

    fn broken(&mut self, reason: &'static Reason, cause: String) -> BoxError {
        self.link = None;
        Box::new(BrokenResponse { reason, cause })
    }
}

impl HttpBody for ResponseBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        let Some(link) = &mut this.link else { return Poll::Ready(None) };
        let incoming = &mut this.incoming;
        let frame = match link.poll_with(cx, |cx| Pin::new(&mut *incoming).poll_frame(cx)) {
            Poll::Ready(frame) => frame,
            Poll::Pending => {
                let Some((at, reason)) = this.deadline() else { return Poll::Pending };
                if let Some(link) = &mut this.link {
                    ready!(link.alarm.poll_until(at, cx));
                }
                let error = this.broken(reason, "no bytes in time".to_owned());
                return Poll::Ready(Some(Err(error)));
            }
        };
        this.waiting_since = None;
        match frame {
            Some(Err(error)) => {
                let cause = error_chain(&error);
                Poll::Ready(Some(Err(this.broken(&reason::UPSTREAM_RESET, cause))))
            }
            frame => {
                if frame.is_none() || this.incoming.is_end_stream() {
                    // The server stops asking as soon as it knows that nothing follows.
                    if let Some(link) = this.link.take() {
                        this.pool.put(link);
                    }
                }
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

/// An error and what caused it, for the log.
pub(super) fn error_chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    for cause in std::iter::successors(error.source(), |error| error.source()) {
        text.push_str(": ");
        text.push_str(&cause.to_string());
    }
    text
}
