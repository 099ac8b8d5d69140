//! A client's socket with the patience that each phase of an HTTP/1 connection deserves.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::early::Early;
use super::linger::Linger;
use super::phase::Phase;
use super::refusals::Refusals;
use super::settings::WireSettings;
use super::taking::Taking;
use crate::alarm::{Alarm, after};
use crate::unreadable::HeadTooSlow;

/// The socket of a connection that speaks HTTP/1, or has not said yet what it speaks.
pub(super) struct ClientIo<S> {
    stream: S,
    early: Early,
    phase: Arc<Phase>,
    head: Duration,
    keep_alive: Duration,
    alarm: Alarm,
    /// The number of requests when the mark below was set.
    requests: u32,
    /// Whether a byte of the head has come.
    head_began: bool,
    /// Since when the rest of it is waited for: mostly it has come whole, and nobody asks for the time.
    head_since: Option<Instant>,
    /// Since when the client, which says no more, has taken nothing.
    mute_since: Option<Instant>,
    half_close: Duration,
    taking: Taking,
    linger: Linger,
    refusals: Refusals,
    /// What has not been written yet of what the library does not say: interim answers and refusals.
    interim: Bytes,
}

impl<S> ClientIo<S> {
    pub(super) fn new(stream: S, wire: &WireSettings, phase: Arc<Phase>, refusals: Refusals) -> Self {
        Self {
            stream,
            early: Early::default(),
            phase,
            head: wire.head,
            keep_alive: wire.keep_alive,
            alarm: Alarm::default(),
            requests: 0,
            head_began: false,
            head_since: None,
            mute_since: None,
            half_close: wire.half_close,
            taking: Taking::new(wire.taking_pace(), refusals.connection()),
            linger: Linger::Open,
            refusals,
            interim: Bytes::new(),
        }
    }

    /// Puts back what was read to tell the protocol: it is what the next reads bring.
    pub(super) fn put_back(&mut self, early: Vec<u8>) {
        self.early = Early::new(early);
    }

    /// The socket, what was put back and is not read yet, and how slowly it may be read.
    pub(super) fn into_parts(self) -> (S, Early, Taking) {
        (self.stream, self.early, self.taking)
    }

    /// A client that ends its side may still wait for its answer, or may have gone: TCP does not
    /// tell. It is believed to wait for a moment, and as long as bytes can be written to it.
    fn poll_gone(&mut self, since: Instant, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.phase.is_busy() && !self.half_close.is_zero() {
            ready!(self.alarm.poll_until(after(since, self.half_close), cx));
        }
        Poll::Ready(Ok(()))
    }

    fn wrote<T>(&mut self, polled: &Poll<io::Result<T>>) {
        if self.mute_since.is_some() && matches!(polled, Poll::Ready(Ok(_))) {
            self.mute_since = Some(Instant::now());
        }
    }

    /// When the wait for a request ends, as it is now.
    fn head_deadline(&self) -> Option<Instant> {
        let (since, most) = match self.head_since {
            Some(since) => (since, self.head),
            None if self.requests == 0 => (self.phase.idle_since(), self.head),
            None => (self.phase.idle_since(), self.keep_alive),
        };
        (!most.is_zero()).then(|| after(since, most))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ClientIo<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let requests = this.phase.requests();
        if requests != this.requests {
            this.requests = requests;
            this.head_began = false;
            this.head_since = None;
        }
        if this.early.give(buf) {
            return Poll::Ready(Ok(()));
        }
        if let Some(since) = this.mute_since {
            return this.poll_gone(since, cx);
        }
        let before = buf.filled().len();
        if let Poll::Ready(result) = Pin::new(&mut this.stream).poll_read(cx, buf) {
            result?;
            if buf.filled().len() == before && buf.remaining() > 0 && this.phase.is_busy() && !this.phase.is_tunnel() {
                let since = *this.mute_since.insert(Instant::now());
                return this.poll_gone(since, cx);
            }
            if !this.head_began && buf.filled().len() > before && !this.phase.is_busy() {
                this.head_began = true;
                this.refusals.head_begins(&this.phase, buf.filled().get(before..).unwrap_or_default());
            }
            return Poll::Ready(Ok(()));
        }
        if this.phase.is_tunnel() {
            return Poll::Pending;
        }
        if this.phase.is_busy() {
            // The wait for a body has a timeout of its own. But nobody may read again after the
            // answer's end, so the task must be woken to see that.
            if !this.keep_alive.is_zero() {
                this.alarm.tick(this.keep_alive, cx);
            }
            return Poll::Pending;
        }
        if this.head_began {
            this.head_since.get_or_insert_with(Instant::now);
        }
        let Some(deadline) = this.head_deadline() else { return Poll::Pending };
        ready!(this.alarm.poll_until(deadline, cx));
        Poll::Ready(Err(match this.head_since {
            Some(_) => io::Error::new(io::ErrorKind::TimedOut, HeadTooSlow),
            // Nobody began to say anything.
            None => io::Error::new(io::ErrorKind::TimedOut, "no request in time"),
        }))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> ClientIo<S> {
    /// Writes where the library may say something of its own: no answer is under way.
    #[cold]
    fn poll_write_between(&mut self, cx: &mut Context<'_>, bufs: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let length = bufs.iter().map(|part| part.len()).sum();
        if let Some(refusal) = self.refusals.replace(&self.phase, bufs)? {
            self.interim = refusal;
            return Poll::Ready(Ok(length));
        }
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.wrote(&polled);
        if let Poll::Ready(Ok(bytes)) = &polled {
            self.refusals.taken(*bytes);
        }
        self.taking.write(polled, &mut self.alarm, cx)
    }

    /// Writes to its end what has begun of interim answers and refusals.
    fn poll_interim(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.interim.is_empty() {
            let polled = Pin::new(&mut self.stream).poll_write(cx, &self.interim);
            self.wrote(&polled);
            match ready!(self.taking.write(polled, &mut self.alarm, cx))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.interim.advance(written),
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for ClientIo<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_interim(cx))?;
        if this.refusals.are_possible(&this.phase) {
            return this.poll_write_between(cx, &[io::IoSlice::new(buf)]);
        }
        let polled = Pin::new(&mut this.stream).poll_write(cx, buf);
        if polled.is_pending() {
            this.refusals.settle(&this.phase, buf.len());
        }
        this.wrote(&polled);
        this.taking.write(polled, &mut this.alarm, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_interim(cx))?;
        if this.refusals.are_possible(&this.phase) {
            return this.poll_write_between(cx, bufs);
        }
        let polled = Pin::new(&mut this.stream).poll_write_vectored(cx, bufs);
        if polled.is_pending() {
            this.refusals.settle(&this.phase, bufs.iter().map(|part| part.len()).sum());
        }
        this.wrote(&polled);
        this.taking.write(polled, &mut this.alarm, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// hyper flushes once it has handed over every byte that it has. As long as an answer has not
    /// begun, those are earlier answers and `100 Continue`: here, and only here, an interim answer
    /// comes into the middle of nothing. A refusal stands last of all.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            ready!(this.poll_interim(cx))?;
            this.interim = this.phase.interim().into();
            if this.interim.is_empty() {
                break;
            }
        }
        this.refusals.settle(&this.phase, 0);
        let polled = Pin::new(&mut this.stream).poll_flush(cx);
        this.taking.flush(polled, &mut this.alarm, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // The other direction of a tunnel goes on.
        let silent = this.phase.is_silent() || this.phase.is_tunnel();
        this.linger.poll(&mut this.stream, silent, &mut this.alarm, cx)
    }
}
