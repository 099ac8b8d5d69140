//! A client's socket that carries HTTP/2: its frames are counted, its heads and its taking timed.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::super::Opened;
use super::super::early::Early;
use super::super::linger::Linger;
use super::super::settings::WireSettings;
use super::super::taking::Taking;
use super::budget::{Budgets, Flood};
use super::frames::{FrameHead, HEADERS, Scanner};
use super::load::{Ending, Load};
use crate::alarm::{Alarm, after};

const GOAWAY: u8 = 7;
const ENHANCE_YOUR_CALM: u32 = 0xb;

/// The socket. Between two requests the connection's driver keeps the time.
pub(super) struct FrameIo<S> {
    stream: S,
    early: Early,
    inbound: Scanner,
    outbound: Scanner,
    budgets: Budgets,
    /// The budget that has come to its end.
    flood: Option<Flood>,
    last_stream: u32,
    head: Duration,
    /// Since when a head, or a frame of another kind, is not whole.
    amid_head_since: Option<Instant>,
    load: Arc<Load>,
    taking: Taking,
    alarm: Alarm,
    linger: Linger,
}

impl<S> FrameIo<S> {
    pub(super) fn new(opened: Opened<S>, wire: &WireSettings, load: Arc<Load>) -> Self {
        let Opened { stream, early, taking, .. } = opened;
        let (control, resets) = wire.h2.budgets();
        Self {
            stream,
            early: Early::new(early),
            inbound: Scanner::inbound(),
            outbound: Scanner::outbound(),
            budgets: Budgets::new(control, resets, Instant::now()),
            flood: None,
            last_stream: 0,
            head: wire.head,
            amid_head_since: None,
            load,
            taking,
            alarm: Alarm::default(),
            linger: Linger::Open,
        }
    }

    fn received(&mut self, bytes: &[u8]) {
        let Self { inbound, budgets, flood, last_stream, load, .. } = self;
        load.receives(bytes.len());
        inbound.feed(bytes, |frame| {
            if frame.kind == HEADERS {
                *last_stream = frame.stream.max(*last_stream);
            }
            if let Err(over) = budgets.received(frame, Instant::now) {
                flood.get_or_insert(over);
            }
        });
        if !inbound.is_amid_head() {
            self.amid_head_since = None;
        } else if self.amid_head_since.is_none() {
            self.amid_head_since = Some(Instant::now());
        }
    }

    /// Notes what was written of `bytes`, of which `left` bytes were.
    fn sent(&mut self, bytes: &[u8], left: &mut usize) {
        let Self { outbound, budgets, flood, load, .. } = self;
        let written = bytes.get(..*left).unwrap_or(bytes);
        *left -= written.len();
        let seen = |frame: FrameHead| {
            if frame.ends_stream() {
                load.stream_written();
            }
            if let Err(over) = budgets.sent(frame, Instant::now) {
                flood.get_or_insert(over);
            }
        };
        outbound.feed_with_resets(written, seen, |stream, code| load.resets(stream, code));
    }
}

impl<S: AsyncWrite + Unpin> FrameIo<S> {
    /// Tells the client why this is the end, where that can be done without waiting.
    fn say_goodbye(&mut self, flood: Flood, cx: &mut Context<'_>) {
        if !self.outbound.is_between_frames() {
            return;
        }
        let text = flood.text().as_bytes();
        let mut frame = u32::try_from(8 + text.len()).unwrap_or(8).to_be_bytes()[1..].to_vec();
        frame.extend([GOAWAY, 0, 0, 0, 0, 0]);
        frame.extend(self.last_stream.to_be_bytes());
        frame.extend(ENHANCE_YOUR_CALM.to_be_bytes());
        frame.extend(text);
        // A client that takes nothing hears nothing.
        if Pin::new(&mut self.stream).poll_write(cx, &frame).is_ready()
            && Pin::new(&mut self.stream).poll_flush(cx).is_ready()
        {
            let _ = Pin::new(&mut self.stream).poll_shutdown(cx);
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for FrameIo<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let polled = match this.flood {
            Some(_) => Poll::Pending,
            None if this.early.give(buf) => Poll::Ready(Ok(())),
            None => Pin::new(&mut this.stream).poll_read(cx, buf),
        };
        if let Poll::Ready(result) = polled {
            result?;
            this.received(buf.filled().get(before..).unwrap_or_default());
            if this.flood.is_none() {
                return Poll::Ready(Ok(()));
            }
        }
        if let Some(flood) = this.flood {
            this.load.ends_by(Ending::Flood(flood));
            this.say_goodbye(flood, cx);
            return Poll::Ready(Err(io::Error::other(flood)));
        }
        let Some(since) = this.amid_head_since.filter(|_| !this.head.is_zero()) else { return Poll::Pending };
        ready!(this.alarm.poll_until(after(since, this.head), cx));
        this.load.ends_by(Ending::HeadTooSlow);
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for FrameIo<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[io::IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_write_vectored(cx, bufs);
        if let Poll::Ready(Ok(written)) = &polled {
            let mut left = *written;
            for buf in bufs {
                this.sent(buf, &mut left);
            }
            if this.flood.is_some() {
                // The next read tells.
                cx.waker().wake_by_ref();
            }
        }
        this.taking.write(polled, &mut this.alarm, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_flush(cx);
        this.taking.flush(polled, &mut this.alarm, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.linger.poll(&mut this.stream, this.load.is_silent(), &mut this.alarm, cx)
    }
}
