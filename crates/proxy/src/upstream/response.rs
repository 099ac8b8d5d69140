//! The body of an answer, as it comes from the upstream.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Instant;
use tollgate_core::time::coarse;
use tollgate_core::{BoxError, Problem, Reason, reason};
use tollgate_http1::Decoded;

use super::link::{Broken, Link};
use super::pool::Pool;
use super::relay::Relay;
use crate::alarm::{Alarm, after};
use crate::hygiene::clean_response_trailers;

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

impl From<Broken> for BrokenResponse {
    fn from(error: Broken) -> Self {
        let reason = match &error {
            Broken::Request(error) => Problem::of_request_body(&**error).reason,
            _ => &reason::UPSTREAM_RESET,
        };
        Self { reason, cause: error.to_string() }
    }
}

/// Streams an answer, drives the connection it comes from, and gives that back at the end.
pub(super) struct ResponseBody {
    source: Source,
    pool: Arc<Pool>,
    idle: Option<Duration>,
    total: Option<Instant>,
    waiting_since: Option<Instant>,
}

/// Where the bytes come from.
pub(super) enum Source {
    /// The connection itself.
    Link(Box<Link>),
    /// A task that sends the rest of the request as well, and how many bytes are still to come
    /// from it, where that is known.
    Relay(Relay, Option<u64>),
    /// Nothing comes any more.
    Over,
}

impl Source {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Decoded, Broken>> {
        match self {
            Self::Link(link) => link.poll_body(cx),
            Self::Relay(relay, remaining) => {
                let piece = ready!(relay.poll(cx));
                if let (Some(remaining), Ok(Decoded::Data(data))) = (remaining, &piece) {
                    *remaining = remaining.saturating_sub(data.len() as u64);
                }
                Poll::Ready(piece)
            }
            Self::Over => Poll::Ready(Ok(Decoded::End)),
        }
    }

    fn alarm(&mut self) -> Option<&mut Alarm> {
        match self {
            Self::Link(link) => Some(&mut link.alarm),
            Self::Relay(relay, _) => Some(&mut relay.alarm),
            Self::Over => None,
        }
    }

    /// Whether nothing follows what was given out.
    fn is_done(&self) -> bool {
        match self {
            Self::Link(link) => link.is_body_done(),
            Self::Relay(relay, _) => relay.is_done(),
            Self::Over => true,
        }
    }

    /// How many bytes are still to come, where that is known.
    fn remaining(&self) -> Option<u64> {
        match self {
            Self::Link(link) => link.remaining(),
            Self::Relay(_, remaining) => *remaining,
            Self::Over => Some(0),
        }
    }
}

impl ResponseBody {
    pub(super) fn new(source: Source, pool: Arc<Pool>, idle: Option<Duration>, total: Option<Instant>) -> Self {
        Self { source, pool, idle, total, waiting_since: None }
    }

    /// The first limit that waiting comes to.
    fn deadline(&mut self) -> Option<(Instant, &'static Reason)> {
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        let idle = self.idle.map(|idle| (after(since, idle), &reason::UPSTREAM_TIMEOUT_IDLE));
        let total = self.total.map(|total| (total, &reason::UPSTREAM_TIMEOUT_TOTAL));
        idle.into_iter().chain(total).min_by_key(|(at, _)| *at)
    }

    fn broken(&mut self, error: BrokenResponse) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.source = Source::Over;
        Poll::Ready(Some(Err(error.into())))
    }

    /// The body is over: its connection can serve the next request.
    fn end(&mut self) {
        if let Source::Link(link) = std::mem::replace(&mut self.source, Source::Over) {
            self.pool.put(link, Instant::from_std(coarse::instant()));
        }
    }
}

impl HttpBody for ResponseBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        let Poll::Ready(piece) = this.source.poll(cx) else {
            let Some((at, reason)) = this.deadline() else { return Poll::Pending };
            if let Some(alarm) = this.source.alarm() {
                ready!(alarm.poll_until(at, cx));
            }
            return this.broken(BrokenResponse { reason, cause: "no bytes in time".to_owned() });
        };
        this.waiting_since = None;
        match piece {
            Ok(Decoded::Data(data)) => {
                // The server stops asking as soon as it knows that nothing follows.
                if this.source.is_done() {
                    this.end();
                }
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            Ok(Decoded::Trailers(mut trailers)) => {
                clean_response_trailers(&mut trailers);
                this.end();
                Poll::Ready(Some(Ok(Frame::trailers(trailers))))
            }
            Ok(Decoded::End | Decoded::Incomplete) => {
                this.end();
                Poll::Ready(None)
            }
            Err(error) => this.broken(error.into()),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.source, Source::Over)
    }

    fn size_hint(&self) -> SizeHint {
        self.source.remaining().map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
