//! Bytes in both directions, each at the pace of whoever takes them.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;
use tollgate_core::reason::{CLIENT_GONE, TUNNEL_IDLE, TUNNEL_MAX_AGE, UPSTREAM_RESET};

use super::goodbye::FrameCursor;
use super::{End, TunnelLimits};
use crate::alarm::{Alarm, after};

/// The most that one direction reads at a time, and the most that it holds.
const PIECE: usize = 16 * 1024;

/// How long both sides may take to end what they have said goodbye to. The server is the one to do it (RFC 6455
/// §7.1.1), but not all do: over HTTP/2 some leave the stream open, and clients wait for many seconds.
const GOODBYE: Duration = Duration::from_millis(500);

/// Copies in both directions.
pub(super) struct Join {
    pub(super) up: Pipe,
    pub(super) down: Pipe,
    /// Which side has said first that it sends no more.
    first: Option<&'static str>,
    /// Since when both have said so in a Close frame.
    parted: Option<Instant>,
    idle: Option<Duration>,
    born: Instant,
    max_age: Option<Duration>,
    active: Instant,
    alarm: Alarm,
}

impl Join {
    /// `frames` where both sides speak in frames of WebSocket.
    pub(super) fn new(limits: &TunnelLimits, frames: bool) -> Self {
        let now = Instant::now();
        Self {
            up: Pipe::new(frames),
            down: Pipe::new(frames),
            first: None,
            parted: None,
            idle: limits.idle,
            born: now,
            max_age: limits.max_age,
            active: now,
            alarm: Alarm::default(),
        }
    }

    pub(super) fn poll<C, U>(&mut self, cx: &mut Context<'_>, client: &mut C, upstream: &mut U) -> Poll<End>
    where
        C: AsyncRead + AsyncWrite + Unpin,
        U: AsyncRead + AsyncWrite + Unpin,
    {
        let before = self.up.bytes + self.down.bytes;
        let up = self.up.poll(cx, client, upstream);
        if self.first.is_none() && (self.up.is_ending() || self.up.said_goodbye()) {
            self.first = Some("client");
        }
        let down = self.down.poll(cx, upstream, client);
        if self.first.is_none() && (self.down.is_ending() || self.down.said_goodbye()) {
            self.first = Some("upstream");
        }
        if self.parted.is_none() && self.up.said_goodbye() && self.down.said_goodbye() {
            self.parted = Some(Instant::now());
        }
        match (up, down) {
            // Everything was said: how it is hung up means nothing.
            (Poll::Ready(Err(_)), _) | (_, Poll::Ready(Err(_))) if self.parted.is_some() => {
                return Poll::Ready(End { by: self.first.unwrap_or("client"), reason: None, cause: None });
            }
            (Poll::Ready(Err(fault)), _) => return Poll::Ready(fault.end("client", "upstream")),
            (_, Poll::Ready(Err(fault))) => return Poll::Ready(fault.end("upstream", "client")),
            (Poll::Ready(Ok(())), Poll::Ready(Ok(()))) => {
                return Poll::Ready(End { by: self.first.unwrap_or("client"), reason: None, cause: None });
            }
            _ => {}
        }
        if self.up.bytes + self.down.bytes != before {
            self.active = Instant::now();
        }
        if let Some(since) = self.parted
            && !(self.up.is_ending() && self.down.is_ending())
        {
            ready!(self.alarm.poll_until(after(since, GOODBYE), cx));
            self.up.end();
            self.down.end();
            return self.poll(cx, client, upstream);
        }
        let idle = self.idle.map(|idle| (after(self.active, idle), &TUNNEL_IDLE));
        let age = self.max_age.map(|age| (after(self.born, age), &TUNNEL_MAX_AGE));
        let Some((at, reason)) = idle.into_iter().chain(age).min_by_key(|(at, _)| *at) else { return Poll::Pending };
        ready!(self.alarm.poll_until(at, cx));
        Poll::Ready(End { by: "gateway", reason: Some(reason), cause: None })
    }
}

/// What broke a pipe.
enum Fault {
    Reading(io::Error),
    Writing(io::Error),
}

impl Fault {
    fn end(self, from: &'static str, to: &'static str) -> End {
        let (by, error) = match self {
            Self::Reading(error) => (from, error),
            Self::Writing(error) => (to, error),
        };
        let reason = if by == "client" { &CLIENT_GONE } else { &UPSTREAM_RESET };
        End { by, reason: Some(reason), cause: Some(error.to_string()) }
    }
}

/// One direction.
#[derive(Default)]
pub(super) struct Pipe {
    /// What has been read and not yet been taken.
    held: Vec<u8>,
    taken: usize,
    /// Bytes that the receiver has taken.
    pub(super) bytes: u64,
    /// Where the receiver is among the frames, where there are any.
    frames: Option<FrameCursor>,
    unflushed: bool,
    state: PipeState,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum PipeState {
    #[default]
    Open,
    /// The sender sends no more; the receiver is being told.
    Ending,
    Ended,
}

impl Pipe {
    fn new(frames: bool) -> Self {
        Self { frames: frames.then(FrameCursor::default), ..Self::default() }
    }

    /// Whether the receiver can be told of the end in a frame.
    pub(super) fn may_close(&self) -> bool {
        self.state == PipeState::Open && self.frames.as_ref().is_some_and(FrameCursor::may_close)
    }

    /// Whether a Close frame has passed, after which nothing may follow (RFC 6455 §5.5.1).
    fn said_goodbye(&self) -> bool {
        self.frames.as_ref().is_some_and(FrameCursor::is_over)
    }

    /// Takes it for said that the sender sends no more.
    fn end(&mut self) {
        if self.state == PipeState::Open {
            self.state = PipeState::Ending;
        }
    }

    fn is_ending(&self) -> bool {
        self.state != PipeState::Open
    }

    /// Ready once the sender has ended and the receiver knows it.
    fn poll<R, W>(&mut self, cx: &mut Context<'_>, from: &mut R, to: &mut W) -> Poll<Result<(), Fault>>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        loop {
            while self.taken < self.held.len() {
                let n = ready!(write(cx, to, &self.held[self.taken..]))?;
                Self::wrote(&mut self.bytes, &mut self.frames, &self.held[self.taken..self.taken + n]);
                self.taken += n;
                self.unflushed = true;
            }
            if self.taken > 0 {
                (self.held, self.taken) = (Vec::new(), 0);
            }
            match self.state {
                PipeState::Ended => return Poll::Ready(Ok(())),
                PipeState::Ending => {
                    ready!(Pin::new(&mut *to).poll_shutdown(cx)).map_err(Fault::Writing)?;
                    self.state = PipeState::Ended;
                    return Poll::Ready(Ok(()));
                }
                PipeState::Open => {}
            }
            let mut piece = [const { MaybeUninit::<u8>::uninit() }; PIECE];
            let mut piece = ReadBuf::uninit(&mut piece);
            match Pin::new(&mut *from).poll_read(cx, &mut piece) {
                Poll::Ready(read) => read.map_err(Fault::Reading)?,
                Poll::Pending => {
                    // Encrypted connections hold back what they are not told to send.
                    if self.unflushed {
                        ready!(Pin::new(&mut *to).poll_flush(cx)).map_err(Fault::Writing)?;
                        self.unflushed = false;
                    }
                    return Poll::Pending;
                }
            }
            let read = piece.filled();
            if read.is_empty() {
                self.state = PipeState::Ending;
                continue;
            }
            match write(cx, to, read) {
                Poll::Ready(written) => {
                    let n = written?;
                    Self::wrote(&mut self.bytes, &mut self.frames, &read[..n]);
                    self.unflushed = true;
                    self.held.extend_from_slice(&read[n..]);
                }
                Poll::Pending => self.held.extend_from_slice(read),
            }
        }
    }

    fn wrote(count: &mut u64, frames: &mut Option<FrameCursor>, bytes: &[u8]) {
        *count += bytes.len() as u64;
        if let Some(frames) = frames {
            frames.pass(bytes);
        }
    }
}

fn write<W: AsyncWrite + Unpin>(cx: &mut Context<'_>, to: &mut W, bytes: &[u8]) -> Poll<Result<usize, Fault>> {
    match ready!(Pin::new(to).poll_write(cx, bytes)) {
        Ok(0) => Poll::Ready(Err(Fault::Writing(io::ErrorKind::WriteZero.into()))),
        written => Poll::Ready(written.map_err(Fault::Writing)),
    }
}
