//! Two connections joined: after an upgrade, bytes go from the client to the upstream and back
//! until either side ends it, nothing has moved for too long, or the gateway stops.
//!
//! A tunnel holds on to nothing of the project that opened it: a reload does not touch it. What a
//! policy decided at its handshake holds until it ends; `server.tunnels.maxAge` bounds that.
//!
//! *Buffers.* Bytes that the other side takes at once are never stored; what it does not take waits
//! in a buffer of one direction, and as long as that holds anything, nothing more is read. So a slow
//! reader slows its sender down, and a silent tunnel costs no buffer at all.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tollgate_core::reason::{CLIENT_GONE, TUNNEL_DRAINED, TUNNEL_IDLE, TUNNEL_MAX_AGE, UPSTREAM_RESET};
use tollgate_core::settings::TunnelSettings;
use tollgate_core::{Body, Reason};

use crate::alarm::{Alarm, after};
use crate::story::Story;
use crate::upstream::handshake::Switched;

/// The most that one direction reads at a time, and the most that it holds.
const PIECE: usize = 16 * 1024;

/// What tunnels are held to; `None` means no limit.
#[derive(Debug, Clone, Copy)]
pub struct TunnelLimits {
    /// How long one may be silent.
    pub idle: Option<Duration>,
    /// How old one may become.
    pub max_age: Option<Duration>,
    /// How long a stop waits for them.
    pub drain: Duration,
    /// The most at once.
    pub most: Option<usize>,
}

impl TunnelLimits {
    /// What the settings ask for.
    pub fn new(settings: &TunnelSettings) -> Self {
        let limit = |duration: Duration| (!duration.is_zero()).then_some(duration);
        Self {
            idle: limit(settings.idle.0),
            max_age: limit(settings.max_age.0),
            drain: settings.drain.0,
            most: settings.most,
        }
    }
}

/// A tunnel that waits for the client's side.
pub struct Tunnel {
    upstream: Switched,
    limits: TunnelLimits,
    told: Told,
}

impl fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tunnel").field("upstream", &self.upstream).finish_non_exhaustive()
    }
}

/// How a [`Tunnel`] travels in the extensions of an answer to whoever has the connection.
#[derive(Debug, Clone)]
struct TunnelSlot(Arc<Mutex<Option<Tunnel>>>);

impl Tunnel {
    pub(crate) fn new(upstream: Switched, limits: TunnelLimits, story: Story) -> Self {
        let protocol = Arc::clone(&upstream.asked.protocol);
        Self { upstream, limits, told: Told { protocol, story: Some(story), bytes: (0, 0), drain: None } }
    }

    pub(crate) fn put_into(self, response: &mut http::Response<Body>) {
        response.extensions_mut().insert(TunnelSlot(Arc::new(Mutex::new(Some(self)))));
    }

    /// The tunnel that an answer is the beginning of. Whoever sends the answer must run it.
    pub fn take(response: &mut http::Response<Body>) -> Option<Self> {
        let slot = response.extensions_mut().remove::<TunnelSlot>()?;
        slot.0.lock().take()
    }

    /// Waits until the client's connection has been handed over, then runs.
    pub async fn run_on(self, client: OnUpgrade, drain: CancellationToken) {
        // Without it the connection broke before the answer was written.
        if let Ok(client) = client.await {
            self.run(TokioIo::new(client), drain).await;
        }
    }

    /// Joins the two sides until the end. Dropping the future ends the tunnel as well.
    pub async fn run<C: AsyncRead + AsyncWrite + Unpin>(mut self, mut client: C, drain: CancellationToken) {
        self.told.drain = Some(drain.clone());
        let mut join = Join::new(&self.limits);
        let told = &mut self.told;
        let upstream = &mut self.upstream.stream;
        let joined = poll_fn(|cx| {
            let polled = join.poll(cx, &mut client, upstream);
            told.bytes = (join.up.bytes, join.down.bytes);
            polled
        });
        let drained = async {
            drain.cancelled().await;
            tokio::time::sleep(self.limits.drain).await;
        };
        let end = tokio::select! {
            biased;
            end = joined => end,
            () = drained => End { by: "gateway", reason: Some(&TUNNEL_DRAINED), cause: None },
        };
        // The sockets are closed before the log says that they are.
        drop((client, self.upstream));
        self.told.end(end);
    }
}

/// How a tunnel came to its end.
struct End {
    /// Which side ended it.
    by: &'static str,
    /// `None` where it was closed in order.
    reason: Option<&'static Reason>,
    cause: Option<String>,
}

/// Tells the story of a tunnel once, however it ends.
struct Told {
    protocol: Arc<str>,
    story: Option<Story>,
    bytes: (u64, u64),
    /// Of the listener, once the tunnel runs.
    drain: Option<CancellationToken>,
}

impl Told {
    fn end(&mut self, end: End) {
        if let Some(story) = self.story.take() {
            let refusal = end.reason.map(|reason| (reason, end.cause));
            story.tunnel_ended(&self.protocol, end.by, self.bytes, refusal);
        }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        // A tunnel that runs is dropped by a listener that closes what is left, or with the HTTP/2
        // connection that it is a stream of.
        let stopping = self.drain.as_ref().is_some_and(CancellationToken::is_cancelled);
        let (by, reason) = if stopping { ("gateway", &TUNNEL_DRAINED) } else { ("client", &CLIENT_GONE) };
        self.end(End { by, reason: Some(reason), cause: None });
    }
}

/// Copies in both directions.
struct Join {
    up: Pipe,
    down: Pipe,
    /// Which side has said first that it sends no more.
    first: Option<&'static str>,
    idle: Option<Duration>,
    born: Instant,
    max_age: Option<Duration>,
    active: Instant,
    alarm: Alarm,
}

impl Join {
    fn new(limits: &TunnelLimits) -> Self {
        let now = Instant::now();
        Self {
            up: Pipe::default(),
            down: Pipe::default(),
            first: None,
            idle: limits.idle,
            born: now,
            max_age: limits.max_age,
            active: now,
            alarm: Alarm::default(),
        }
    }

    fn poll<C, U>(&mut self, cx: &mut Context<'_>, client: &mut C, upstream: &mut U) -> Poll<End>
    where
        C: AsyncRead + AsyncWrite + Unpin,
        U: AsyncRead + AsyncWrite + Unpin,
    {
        let before = self.up.bytes + self.down.bytes;
        let up = self.up.poll(cx, client, upstream);
        if self.first.is_none() && self.up.is_ending() {
            self.first = Some("client");
        }
        let down = self.down.poll(cx, upstream, client);
        if self.first.is_none() && self.down.is_ending() {
            self.first = Some("upstream");
        }
        match (up, down) {
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
struct Pipe {
    /// What has been read and not yet been taken.
    held: Vec<u8>,
    taken: usize,
    /// Bytes that the receiver has taken.
    bytes: u64,
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
                self.taken += n;
                self.wrote(n);
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
                    self.wrote(n);
                    self.held.extend_from_slice(&read[n..]);
                }
                Poll::Pending => self.held.extend_from_slice(read),
            }
        }
    }

    fn wrote(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        self.unflushed = true;
    }
}

fn write<W: AsyncWrite + Unpin>(cx: &mut Context<'_>, to: &mut W, bytes: &[u8]) -> Poll<Result<usize, Fault>> {
    match ready!(Pin::new(to).poll_write(cx, bytes)) {
        Ok(0) => Poll::Ready(Err(Fault::Writing(io::ErrorKind::WriteZero.into()))),
        written => Poll::Ready(written.map_err(Fault::Writing)),
    }
}
