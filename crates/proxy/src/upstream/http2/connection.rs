//! One connection, and the task that drives it.

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use h2::{Ping, PingPong};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;
use tokio::time::Instant;
use tollgate_core::reason;

use super::super::connect::ConnectError;
use super::super::stream::Stream;
use crate::alarm::after;

/// How much of an answer may be on its way to a client that does not take it, in bytes. On a line
/// of 10 ms this is 50 MB/s for each stream.
const STREAM_WINDOW: u32 = 512 * 1024;
/// So large that slow readers of some streams cannot hold up the others.
const WINDOWS: u32 = 128;
/// The largest frame that the other side may send.
const FRAME: u32 = 64 * 1024;
/// What an answer's head may weigh at most, in bytes, as over HTTP/1.
const HEAD_BYTES: u32 = 256 * 1024;
/// How long the answer to a PING may take, or as long as the interval between two where that is
/// shorter.
const PONG: Duration = Duration::from_secs(20);

/// A connection that streams can be opened on.
pub(super) struct Connection {
    sender: SendRequest<Bytes>,
    received: Arc<AtomicU64>,
    retired: AtomicBool,
    /// How many exchanges are on it.
    pub(super) streams: Arc<AtomicUsize>,
    pub(super) born: Instant,
    pub(super) idle_since: Mutex<Instant>,
}

impl Connection {
    /// Shakes hands, and waits until the other side has shown that it speaks HTTP/2: only then its
    /// limits are known, and what follows can be trusted to be understood.
    pub(super) async fn over(stream: Stream, ping_interval: Duration, streams: usize) -> Result<Self, ConnectError> {
        let received = Arc::new(AtomicU64::new(0));
        let io = Counted { stream, received: Arc::clone(&received) };
        let silent = |error: &h2::Error| ConnectError {
            // A server of HTTP/1 answers the preface with something that is no frame, or not at all.
            reason: if error.is_io() { &reason::UPSTREAM_RESET } else { &reason::UPSTREAM_NO_HTTP2 },
            cause: error_chain(error),
        };
        let handshake = Builder::new()
            .enable_push(false)
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(STREAM_WINDOW * WINDOWS)
            .max_frame_size(FRAME)
            .max_header_list_size(HEAD_BYTES)
            .initial_max_send_streams(streams)
            .handshake::<_, Bytes>(io);
        let (sender, mut connection) = handshake.await.map_err(|error| silent(&error))?;
        let pings = connection.ping_pong();
        let open = Arc::new(AtomicUsize::new(0));
        let (greeted, greeting) = oneshot::channel();
        tokio::spawn(drive(connection, pings, greeted, ping_interval, Arc::clone(&received), Arc::clone(&open)));
        match greeting.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(silent(&error)),
            Err(_) => return Err(ConnectError { reason: &reason::UPSTREAM_RESET, cause: "closed at once".to_owned() }),
        }
        Ok(Self {
            sender,
            received,
            retired: AtomicBool::new(false),
            streams: open,
            born: Instant::now(),
            idle_since: Mutex::new(Instant::now()),
        })
    }

    /// Something to open a stream with, unless the connection is closed or about to close.
    pub(super) fn sender(&self) -> Option<SendRequest<Bytes>> {
        if self.retired.load(Ordering::Relaxed) {
            return None;
        }
        let mut sender = self.sender.clone();
        match sender.poll_ready(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(())) => Some(sender),
            _ => None,
        }
    }

    /// How many streams the other side allows at once.
    pub(super) fn allowed(&self) -> usize {
        self.sender.current_max_send_streams()
    }

    /// How many bytes have come on it.
    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// No further exchange goes on it. Those that are under way finish, then it closes.
    pub(super) fn retire(&self) {
        self.retired.store(true, Ordering::Relaxed);
    }
}

/// Drives a connection to its end.
async fn drive(
    connection: h2::client::Connection<Counted, Bytes>,
    pings: Option<PingPong>,
    greeted: oneshot::Sender<Result<(), h2::Error>>,
    ping_interval: Duration,
    received: Arc<AtomicU64>,
    open: Arc<AtomicUsize>,
) {
    let mut connection = pin!(connection);
    let Some(mut pings) = pings else { return };
    let greeting = tokio::select! {
        biased;
        ended = &mut connection => ended.and(Err(h2::Reason::NO_ERROR.into())),
        pong = pings.ping(Ping::opaque()) => pong.map(drop),
    };
    let failed = greeting.is_err();
    if greeted.send(greeting).is_err() || failed {
        return;
    }
    if ping_interval.is_zero() {
        // How it ends is told to whoever waits for an answer or a body.
        let _ = connection.await;
        return;
    }
    let mut seen = received.load(Ordering::Relaxed);
    loop {
        tokio::select! {
            biased;
            _ = &mut connection => return,
            () = tokio::time::sleep_until(after(Instant::now(), ping_interval)) => {}
        }
        let now = received.load(Ordering::Relaxed);
        // Servers of gRPC close connections that ping while no stream is open.
        if now == seen && open.load(Ordering::Relaxed) > 0 {
            let alive = tokio::select! {
                biased;
                _ = &mut connection => return,
                pong = tokio::time::timeout(PONG.min(ping_interval), pings.ping(Ping::opaque())) => matches!(pong, Ok(Ok(_))),
            };
            if !alive {
                tracing::debug!("an HTTP/2 connection to an upstream answers no PING and is closed");
                return;
            }
        }
        seen = received.load(Ordering::Relaxed);
    }
}

/// A socket that counts what it brings.
struct Counted {
    stream: Stream,
    received: Arc<AtomicU64>,
}

impl AsyncRead for Counted {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        this.received.fetch_add((buf.filled().len() - before) as u64, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Counted {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// An error and what caused it, for the log.
pub(super) fn error_chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    for cause in std::iter::successors(error.source(), |error| error.source()) {
        text.push_str(": ");
        text.push_str(&cause.to_string());
    }
    text
}
