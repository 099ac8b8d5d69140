//! A client's socket while a request is under way: what is read ahead, what is written, and how long the client is
//! believed to be there.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_util::io::poll_read_buf;

use super::super::Opened;
use super::super::linger::Linger;
use super::super::taking::Taking;
use super::inflow::Inflow;
use super::outbox::Outbox;
use crate::alarm::{Alarm, after};
use crate::unread::Unread;

/// The client has gone, or is as good as gone: there is nobody to answer.
#[derive(Debug)]
pub(super) struct Gone;

impl From<io::Error> for Gone {
    fn from(error: io::Error) -> Self {
        tracing::debug!(%error, "a connection ended early");
        Self
    }
}

/// The socket.
pub(super) struct Client<S> {
    pub(super) stream: S,
    pub(super) unread: Unread,
    pub(super) out: Outbox,
    /// Whether bytes were written that the stream may hold back.
    unflushed: bool,
    pub(super) taking: Taking,
    pub(super) alarm: Alarm,
    half_close: Duration,
    /// Since when the client, which says no more, has taken nothing.
    mute_since: Option<Instant>,
}

/// From how many bytes on what was read keeps the buffer that it was read into.
const LARGE: usize = 4 * 1024;

thread_local! {
    /// What the next look reads into; nothing is in it between two.
    static SPARE: RefCell<BytesMut> = RefCell::default();
}

/// How much is read at once where nothing is expected, or the head of a request with a body of some size.
pub(super) const LOOK: usize = 2 * 1024;
pub(super) const MESSAGE: usize = 16 * 1024;

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(super) fn new(opened: Opened<S>, half_close: Duration) -> Self {
        let Opened { stream, early, taking, .. } = opened;
        let mut unread = Unread::default();
        if !early.is_empty() {
            unread.bytes = BytesMut::from(&*early);
        }
        Self {
            stream,
            unread,
            out: Outbox::default(),
            unflushed: false,
            taking,
            alarm: Alarm::default(),
            half_close,
            mute_since: None,
        }
    }

    /// Whether the client has said that it will say no more.
    pub(super) fn is_mute(&self) -> bool {
        self.mute_since.is_some()
    }

    /// Reads once, at most `most` bytes, into a buffer of the thread: as long as nothing comes the connection has
    /// none, and what has come takes about as much memory as it is long. What is large is lent out of that buffer; if
    /// it has been let go before the thread reads again, the next comes in the same memory, which is still at hand.
    /// 0 is the end.
    pub(super) fn poll_look(&mut self, most: usize, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        SPARE.with_borrow_mut(|spare| {
            spare.reserve(most);
            let read = ready!(poll_read_buf(Pin::new(&mut self.stream), cx, &mut (&mut *spare).limit(most)));
            let bytes = &mut self.unread.bytes;
            if bytes.is_empty() && spare.len() > LARGE {
                // Cheaper to lend than to copy.
                *bytes = spare.split();
                return Poll::Ready(read);
            }
            if bytes.is_empty() {
                *bytes = BytesMut::from(&**spare);
            } else {
                bytes.extend_from_slice(spare);
            }
            spare.clear();
            Poll::Ready(read)
        })
    }

    /// What there is to do for a request beside asking its handler: to write what waits, to read what is wanted of
    /// its body, and to see whether the client is there. Ready where the handler, or the body of its answer, has
    /// something new to look at.
    pub(super) fn poll_meanwhile(&mut self, inflow: &mut Inflow, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        if inflow.is_to_ask(&self.unread) {
            self.out.push("HTTP/1.1 100 Continue\r\n\r\n");
        }
        if !self.out.is_empty() {
            let _ = self.poll_write_out(cx)?;
        }
        if !inflow.is_done() {
            if self.mute_since.is_none() && inflow.poll(self, cx)?.is_ready() {
                return Poll::Ready(Ok(()));
            }
            if self.mute_since.is_none() {
                return Poll::Pending;
            }
        }
        self.poll_gone(cx)
    }

    /// Ready once the client has gone. One that has asked for more already has not; how much it asks for then waits
    /// in its socket.
    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        if self.mute_since.is_none() {
            if !self.unread.bytes.is_empty() {
                return Poll::Pending;
            }
            if ready!(self.poll_look(LOOK, cx))? > 0 {
                return Poll::Pending;
            }
            self.ends();
        }
        // A client that ends its side may still wait for its answer, or may have gone: TCP does not tell. It is
        // believed to wait for a moment, and as long as bytes can be written to it.
        if let Some(since) = self.mute_since.filter(|_| !self.half_close.is_zero()) {
            ready!(self.alarm.poll_until(after(since, self.half_close), cx));
        }
        Poll::Ready(Err(Gone))
    }

    /// The client has ended its side.
    pub(super) fn ends(&mut self) {
        self.mute_since.get_or_insert_with(Instant::now);
    }

    /// Writes what waits, to its end.
    pub(super) fn poll_write_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.out.is_empty() {
            let mut room = Outbox::room();
            let count = self.out.slices(&mut room);
            let stream = Pin::new(&mut self.stream);
            let polled = match room.get(..count) {
                Some([one]) => stream.poll_write(cx, one),
                several => stream.poll_write_vectored(cx, several.unwrap_or_default()),
            };
            if polled.is_ready() && self.mute_since.is_some() {
                self.mute_since = Some(Instant::now());
            }
            match ready!(self.taking.write(polled, &mut self.alarm, cx))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.out.advance(written),
            }
            self.unflushed = true;
        }
        if self.unflushed {
            let polled = Pin::new(&mut self.stream).poll_flush(cx);
            ready!(self.taking.flush(polled, &mut self.alarm, cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// The answer is written: what the next one may not need is given back.
    pub(super) fn settle(&mut self) {
        self.out.rest();
        if self.unread.bytes.is_empty() {
            self.unread.rest();
        }
    }

    /// Ends the connection. `silent` says that there is nothing that the client could miss.
    pub(super) async fn close(&mut self, silent: bool) {
        let mut linger = Linger::default();
        let closed = poll_fn(|cx| {
            ready!(self.poll_write_out(cx))?;
            linger.poll(&mut self.stream, silent, &mut self.alarm, cx)
        });
        if let Err(error) = closed.await {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}
