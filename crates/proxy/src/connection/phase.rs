//! Where an HTTP/1 connection is between two requests, told by its answers to its socket.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tollgate_core::{Body, BoxError};

use super::{FIRST_REQUEST, NEXT_REQUEST};

/// Shared by the service, the answer under way and the socket. All three live in one task, so that
/// nothing here needs more than relaxed order.
#[derive(Debug)]
pub(super) struct Phase {
    born: Instant,
    busy: AtomicBool,
    requests: AtomicU32,
    /// When the last answer was over, in microseconds since `born`.
    idle_since: AtomicU64,
    /// Closing while nothing is under way: no answer can be lost.
    silent: AtomicBool,
    /// The connection speaks another protocol from now on, which has its own patience.
    tunnel: AtomicBool,
}

impl Phase {
    pub(super) fn new() -> Self {
        Self {
            born: Instant::now(),
            busy: AtomicBool::new(false),
            requests: AtomicU32::new(0),
            idle_since: AtomicU64::new(0),
            silent: AtomicBool::new(false),
            tunnel: AtomicBool::new(false),
        }
    }

    pub(super) fn request_began(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.busy.store(true, Ordering::Relaxed);
    }

    fn answer_ended(&self) {
        let since = u64::try_from(self.born.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.idle_since.store(since, Ordering::Relaxed);
        self.busy.store(false, Ordering::Relaxed);
    }

    /// The listener stops: whatever waits for a request is closed.
    pub(super) fn closes_now(&self) {
        self.silent.store(!self.is_busy(), Ordering::Relaxed);
    }

    /// Waits for the end of the listener, and then for as long as a connection without a request is left open.
    pub(super) async fn given_up(&self, drain: &CancellationToken) {
        drain.cancelled().await;
        let until = match self.requests() {
            0 => self.born + FIRST_REQUEST,
            _ => Instant::now() + NEXT_REQUEST,
        };
        tokio::time::sleep_until(until).await;
    }

    /// The answer was a switch of protocols: there are no requests to wait for any more.
    pub(super) fn becomes_tunnel(&self) {
        self.tunnel.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_tunnel(&self) -> bool {
        self.tunnel.load(Ordering::Relaxed)
    }

    pub(super) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed)
    }

    pub(super) fn is_silent(&self) -> bool {
        self.silent.load(Ordering::Relaxed)
    }

    pub(super) fn requests(&self) -> u32 {
        self.requests.load(Ordering::Relaxed)
    }

    pub(super) fn idle_since(&self) -> Instant {
        self.born + Duration::from_micros(self.idle_since.load(Ordering::Relaxed))
    }
}

/// An answer's body; when it is dropped, the connection waits for its next request.
pub(super) struct Answer {
    body: Body,
    phase: Arc<Phase>,
}

impl Answer {
    pub(super) fn new(body: Body, phase: Arc<Phase>) -> Self {
        Self { body, phase }
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.phase.answer_ended();
    }
}
