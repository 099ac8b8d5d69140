//! The request body as it comes from the client: counted, limited, and not waited for in vain.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::Extensions;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};
use tollgate_core::body::BodyTimedOut;
use tollgate_core::{Body, BoxError};

use super::HygieneRules;
use crate::connection::IncomingBody;
use crate::pace::Pace;

/// Counts the bytes of one request body. It stands in the request's extensions, so that whoever
/// writes the record can read it when everything is over.
#[derive(Debug, Clone, Default)]
pub struct BodyMeter(Arc<Meter>);

/// How a client is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// As long as the listener's rules say.
    Rules,
    /// For ever: its messages come when there is something to say, as those of gRPC streams do. A
    /// client that is gone is found by the PINGs of its connection.
    Endless,
}

#[derive(Debug, Default)]
struct Meter {
    patient: bool,
    bytes: AtomicU64,
    ended: AtomicBool,
    waiting: AtomicBool,
}

impl BodyMeter {
    /// The bytes that have come so far.
    pub fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// Whether nothing will come any more, because the body is complete, broken or unwanted.
    pub fn ended(&self) -> bool {
        self.0.ended.load(Ordering::Relaxed)
    }

    /// Whether somebody wants bytes and the client has none.
    pub(crate) fn is_waiting(&self) -> bool {
        self.0.waiting.load(Ordering::Relaxed)
    }

    /// Whether the client may be silent for as long as it likes.
    pub(crate) fn is_patient(&self) -> bool {
        self.0.patient
    }
}

/// Makes the body of a request out of what the connection brings, by the listener's rules, and
/// leaves a [`BodyMeter`] in the extensions where there is anything to count.
pub fn client_body(
    incoming: IncomingBody,
    rules: &HygieneRules,
    patience: Patience,
    extensions: &mut Extensions,
) -> Body {
    if incoming.is_end_stream() {
        return Body::empty();
    }
    let patient = patience == Patience::Endless;
    if let Some(bytes) = incoming.bytes() {
        let (bytes, count) = (bytes.clone(), AtomicU64::new(bytes.len() as u64));
        extensions.insert(BodyMeter(Arc::new(Meter { patient, bytes: count, ended: true.into(), ..Meter::default() })));
        return match rules.body_limit {
            Some(limit) => Body::full(bytes).limited_to(limit),
            None => Body::full(bytes),
        };
    }
    let meter = BodyMeter(Arc::new(Meter { patient, ..Meter::default() }));
    extensions.insert(meter.clone());
    let pace = if patient { Pace::new(0, Duration::ZERO) } else { rules.body_pace.clone() };
    let body = metered(ClientBody { inner: incoming, pace, timer: None, waiting_since: None }, meter);
    match rules.body_limit {
        Some(limit) => body.limited_to(limit),
        None => body,
    }
}

/// A body whose bytes are counted by `meter`.
pub(crate) fn metered<B>(inner: B, meter: BodyMeter) -> Body
where
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<BoxError>,
{
    Body::stream(Metered { inner, meter })
}

/// Ends with an error when the client sends nothing, or too little, for too long. The time runs only
/// while somebody waits for bytes, so that a slow upstream is not held against the client.
struct ClientBody {
    inner: IncomingBody,
    pace: Pace,
    timer: Option<Pin<Box<Sleep>>>,
    waiting_since: Option<Instant>,
}

impl HttpBody for ClientBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(cx) {
            if let Some(since) = this.waiting_since.take() {
                this.pace.waited(since.elapsed());
            }
            if let Some(Ok(frame)) = &frame {
                this.pace.moved(frame.data_ref().map_or(0, Bytes::len));
            }
            return Poll::Ready(frame);
        }
        let begins = this.waiting_since.is_none();
        let since = *this.waiting_since.get_or_insert_with(Instant::now);
        let Some(deadline) = this.pace.deadline(since) else { return Poll::Pending };
        let timer = this.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if begins {
            timer.as_mut().reset(deadline);
        }
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Some(Err(BodyTimedOut.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

struct Metered<B> {
    inner: B,
    meter: BodyMeter,
}

impl<B> HttpBody for Metered<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.inner).poll_frame(cx);
        this.meter.0.waiting.store(polled.is_pending(), Ordering::Relaxed);
        let frame = ready!(polled);
        match &frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    this.meter.0.bytes.fetch_add(data.len() as u64, Ordering::Relaxed);
                }
                if this.inner.is_end_stream() {
                    this.meter.0.ended.store(true, Ordering::Relaxed);
                }
            }
            _ => this.meter.0.ended.store(true, Ordering::Relaxed),
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

impl<B> Drop for Metered<B> {
    fn drop(&mut self) {
        self.meter.0.ended.store(true, Ordering::Relaxed);
    }
}

impl fmt::Debug for ClientBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBody").field("pace", &self.pace).finish_non_exhaustive()
    }
}
