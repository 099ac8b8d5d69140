//! The body of an answer on its stream, and how long the stream waits for its client.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use parking_lot::Mutex;
use tokio::time::Instant;
use tollgate_core::{Body, BoxError};

use super::load::OpenStream;
use crate::pace::Pace;

/// The library takes a piece as soon as the client's window has room for one byte of it, and keeps
/// the rest. So pieces are small: this is what a client with closed windows can make it keep of
/// each stream.
const PIECE: usize = 32 * 1024;

/// Whom a stream waits for. The library asks for the next piece once the client has made room for
/// it: from one piece to the next question it is the client who is waited for.
#[derive(Debug)]
pub(super) struct StreamClock(Mutex<Clock>);

#[derive(Debug)]
struct Clock {
    pace: Pace,
    given: Option<(Instant, usize)>,
}

impl StreamClock {
    pub(super) fn new(pace: Pace) -> Self {
        Self(Mutex::new(Clock { pace, given: None }))
    }

    /// Until when the client may take what it was given; `None` where nothing waits for it.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let clock = self.0.lock();
        clock.given.and_then(|(since, _)| clock.pace.deadline(since))
    }

    fn asked(&self) {
        let mut clock = self.0.lock();
        if let Some((since, bytes)) = clock.given.take() {
            clock.pace.waited(since.elapsed());
            clock.pace.moved(bytes);
        }
    }

    fn gave(&self, bytes: usize) {
        self.0.lock().given = Some((Instant::now(), bytes));
    }
}

/// The body; when it is dropped, the stream is over.
pub(super) struct StreamAnswer {
    body: Body,
    rest: Bytes,
    clock: Arc<StreamClock>,
    open: OpenStream,
    ended: bool,
}

impl StreamAnswer {
    pub(super) fn new(body: Body, clock: Arc<StreamClock>, open: OpenStream) -> Self {
        let mut answer = Self { body, rest: Bytes::new(), clock, open, ended: false };
        answer.note_end(answer.body.is_end_stream());
        answer
    }

    fn note_end(&mut self, ends: bool) {
        if ends && !self.ended {
            self.ended = true;
            self.open.given();
        }
    }
}

impl HttpBody for StreamAnswer {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        this.clock.asked();
        while this.rest.is_empty() {
            match ready!(Pin::new(&mut this.body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) if data.is_empty() && !this.body.is_end_stream() => {}
                    Ok(data) => {
                        this.rest = data;
                        break;
                    }
                    Err(trailers) => {
                        this.note_end(true);
                        return Poll::Ready(Some(Ok(trailers)));
                    }
                },
                None => {
                    this.note_end(true);
                    return Poll::Ready(None);
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            }
        }
        let piece = this.rest.split_to(this.rest.len().min(PIECE));
        this.clock.gave(piece.len());
        this.note_end(this.is_end_stream());
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, body) = (self.rest.len() as u64, self.body.size_hint());
        let mut hint = SizeHint::new();
        hint.set_lower(body.lower() + rest);
        if let Some(upper) = body.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}
