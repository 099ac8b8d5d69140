//! Where an HTTP/1 connection is between two requests, told by its answers to its socket.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, Version};
use http_body::{Body as HttpBody, Frame, SizeHint};
use parking_lot::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tollgate_core::interim::InterimLine;
use tollgate_core::{Body, BoxError};

use super::{FIRST_REQUEST, MOST_INTERIM, NEXT_REQUEST, head};
use crate::unreadable::AnsweredHead;

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
    /// Whether the answer to the last request has begun: an interim one would come too late.
    answered: AtomicBool,
    /// Whether an interim answer waits, so that nobody locks to see that none does.
    interim_waits: AtomicBool,
    interim: Mutex<InterimAnswers>,
    /// What a head that could not be read was answered with.
    answered_head: Mutex<Option<Box<AnsweredHead>>>,
}

/// Interim answers, as bytes that wait until nothing stands before them.
#[derive(Debug, Default)]
struct InterimAnswers {
    /// The request that they are said of.
    request: u32,
    bytes: Vec<u8>,
    /// How many bytes there have been of that request.
    taken: usize,
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
            answered: AtomicBool::new(true),
            interim_waits: AtomicBool::new(false),
            interim: Mutex::default(),
            answered_head: Mutex::default(),
        }
    }

    /// Gives back the number of the request.
    pub(super) fn request_began(&self) -> u32 {
        self.answered.store(false, Ordering::Relaxed);
        self.busy.store(true, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(super) fn answer_begins(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }

    /// Whether an interim answer to this request has a place still.
    fn awaits_answer(&self, request: u32) -> bool {
        self.requests() == request && !self.answered.load(Ordering::Relaxed)
    }

    /// The interim answers that wait. Whoever asks has written every byte that stands before them.
    pub(super) fn interim(&self) -> Vec<u8> {
        if !self.interim_waits.swap(false, Ordering::Relaxed) {
            return Vec::new();
        }
        let mut interim = self.interim.lock();
        let bytes = std::mem::take(&mut interim.bytes);
        if self.awaits_answer(interim.request) { bytes } else { Vec::new() }
    }

    pub(super) fn answer_ended(&self) {
        let since = u64::try_from(self.born.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.idle_since.store(since, Ordering::Relaxed);
        self.busy.store(false, Ordering::Relaxed);
    }

    /// The listener stops: whatever waits for a request is closed.
    pub(super) fn closes_now(&self) {
        self.silent.store(!self.is_busy(), Ordering::Relaxed);
    }

    /// A head that could not be read is answered: there is something that a client could miss.
    pub(super) fn head_answered(&self, answered: AnsweredHead) {
        self.silent.store(false, Ordering::Relaxed);
        *self.answered_head.lock() = Some(Box::new(answered));
    }

    pub(super) fn take_answered_head(&self) -> Option<Box<AnsweredHead>> {
        self.answered_head.lock().take()
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

impl InterimLine for Phase {
    fn take(&self, request: u32, status: StatusCode, headers: &HeaderMap) -> bool {
        if !self.awaits_answer(request) {
            return false;
        }
        let head = head::bytes(Version::HTTP_11, status, headers);
        let mut interim = self.interim.lock();
        if interim.request != request {
            *interim = InterimAnswers { request, ..InterimAnswers::default() };
        }
        if interim.taken + head.len() > MOST_INTERIM {
            return false;
        }
        interim.taken += head.len();
        interim.bytes.extend_from_slice(&head);
        self.interim_waits.store(true, Ordering::Relaxed);
        true
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
