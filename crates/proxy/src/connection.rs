//! HTTP on one connection of a client.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use ipnet::IpNet;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tollgate_core::settings::Settings;
use tollgate_core::{Body, BoxError};

use crate::alarm::{Alarm, after};
use crate::hygiene::ConnectionInfo;
use crate::unreadable::{HeadTooSlow, UnreadableHead};

/// hyper keeps this many header fields without allocating for each request.
const HEADERS_IN_PLACE: usize = 100;
/// What a request line has besides its target.
const REQUEST_LINE_SURPLUS: usize = 1024;
/// How long, and how much, a connection that is being closed still listens. Closing it while
/// bytes of the client are unread would make the kernel take the answer back (RFC 9112 §9.6).
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 1024 * 1024;
/// The shortest time that a client has to take a piece of an answer.
const SLOWEST_TAKER: Duration = Duration::from_secs(60);

/// What a listener holds its connections to. Made at load; connections keep the one they began
/// with.
#[derive(Clone)]
pub struct WireSettings {
    /// From the first byte of a head to its last; also from a new connection to its first byte.
    pub head: Duration,
    /// Between two requests on one connection.
    pub keep_alive: Duration,
    /// For how long a client may take no byte of an answer that waits for it.
    pub take: Duration,
    /// The most connections at once; `None` where nothing is known of the process' limits.
    pub connections: Option<usize>,
    /// The most connections of one address.
    pub connections_per_address: Option<usize>,
    /// Peers without a limit of their own, besides loopback.
    pub trusted_proxies: Vec<IpNet>,
    /// How long a stop waits for exchanges that are under way.
    pub drain: Duration,
    http: Builder,
}

impl WireSettings {
    /// What the settings ask for.
    pub fn new(settings: &Settings) -> Self {
        let server = &settings.server;
        let mut http = Builder::new();
        let head_bytes = server.limits.url_length.as_usize().saturating_add(server.limits.header_bytes.as_usize());
        // The buffer bounds what a head may weigh before it is refused unread, and what an idle
        // connection may hold on to.
        http.max_buf_size(head_bytes.saturating_add(REQUEST_LINE_SURPLUS).max(16 * 1024));
        if server.limits.header_count > HEADERS_IN_PLACE {
            http.max_headers(server.limits.header_count);
        }
        // The timers are in `ClientIo`, which can tell an idle connection from a slow head.
        http.header_read_timeout(None);
        Self {
            head: server.timeouts.head.0,
            keep_alive: server.timeouts.keep_alive.0,
            take: server.timeouts.body.0.max(SLOWEST_TAKER),
            connections: server.limits.connections,
            connections_per_address: server.limits.connections_per_address,
            trusted_proxies: server.trusted_proxies.clone(),
            drain: server.drain.0,
            http,
        }
    }

    /// Fills in what the settings leave to the process: 80% of its descriptors for connections,
    /// half of those for one address.
    #[must_use]
    pub fn with_descriptor_limit(mut self, descriptors: usize) -> Self {
        let total = *self.connections.get_or_insert((descriptors / 10).saturating_mul(8).max(1));
        self.connections_per_address.get_or_insert((total / 2).max(1));
        self
    }
}

impl fmt::Debug for WireSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WireSettings")
            .field("head", &self.head)
            .field("keep_alive", &self.keep_alive)
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}

/// Serves HTTP/1.1 (and 1.0) on a connection until it ends. Once `drain` is cancelled, the
/// exchange that is under way is the last one. Gives back what is known of a head that could not be
/// read, with which the connection ended.
pub(crate) async fn serve<S, H, F>(
    stream: S,
    info: Arc<ConnectionInfo>,
    wire: &WireSettings,
    handler: H,
    drain: CancellationToken,
) -> Option<UnreadableHead>
where
    S: AsyncRead + AsyncWrite + Unpin,
    H: Fn(Arc<ConnectionInfo>, http::Request<Incoming>) -> F,
    F: Future<Output = http::Response<Body>>,
{
    let phase = Arc::new(Phase::new());
    let io = TokioIo::new(ClientIo::new(stream, wire, Arc::clone(&phase)));
    let service = service_fn(|request| {
        phase.request_began();
        let answer = handler(Arc::clone(&info), request);
        let phase = Arc::clone(&phase);
        async move {
            let response = answer.await;
            Ok::<_, Infallible>(response.map(|body| Answer { body, phase }))
        }
    });
    let mut connection = pin!(wire.http.serve_connection(io, service));
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => ended,
        () = drain.cancelled() => {
            phase.closes_now();
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    let error = ended.err()?;
    tracing::debug!(peer = %info.peer, %error, "connection ended early");
    UnreadableHead::of(&error)
}

/// Where a connection is between two requests.
#[derive(Debug)]
struct Phase {
    born: Instant,
    busy: AtomicBool,
    requests: AtomicU32,
    /// When the last answer was over, in microseconds since `born`.
    idle_since: AtomicU64,
    /// Closing while nothing is under way: no answer can be lost.
    silent: AtomicBool,
}

impl Phase {
    fn new() -> Self {
        Self {
            born: Instant::now(),
            busy: AtomicBool::new(false),
            requests: AtomicU32::new(0),
            idle_since: AtomicU64::new(0),
            silent: AtomicBool::new(false),
        }
    }

    fn request_began(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.busy.store(true, Ordering::Relaxed);
    }

    fn answer_ended(&self) {
        let since = u64::try_from(self.born.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.idle_since.store(since, Ordering::Relaxed);
        self.busy.store(false, Ordering::Relaxed);
    }

    /// The listener stops: whatever waits for a request is closed.
    fn closes_now(&self) {
        self.silent.store(!self.is_busy(), Ordering::Relaxed);
    }

    fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed)
    }

    fn idle_since(&self) -> Instant {
        self.born + Duration::from_micros(self.idle_since.load(Ordering::Relaxed))
    }
}

/// An answer's body; when it is dropped, the connection waits for its next request.
struct Answer {
    body: Body,
    phase: Arc<Phase>,
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

/// A client's socket with the patience that each phase deserves.
struct ClientIo<S> {
    stream: S,
    phase: Arc<Phase>,
    head: Duration,
    keep_alive: Duration,
    take: Duration,
    alarm: Alarm,
    /// The number of requests when the marks below were set.
    requests: u32,
    /// When the first byte of the head came.
    head_since: Option<Instant>,
    /// Since when the client takes nothing.
    stuck_since: Option<Instant>,
    linger: Linger,
}

enum Linger {
    Open,
    Listening { until: Instant, bytes: usize },
}

impl<S> ClientIo<S> {
    fn new(stream: S, wire: &WireSettings, phase: Arc<Phase>) -> Self {
        Self {
            stream,
            phase,
            head: wire.head,
            keep_alive: wire.keep_alive,
            take: wire.take,
            alarm: Alarm::default(),
            requests: 0,
            head_since: None,
            stuck_since: None,
            linger: Linger::Open,
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

fn timed_out(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, what)
}

impl<S: AsyncRead + Unpin> AsyncRead for ClientIo<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let requests = this.phase.requests.load(Ordering::Relaxed);
        if requests != this.requests {
            this.requests = requests;
            this.head_since = None;
        }
        let before = buf.filled().len();
        if let Poll::Ready(result) = Pin::new(&mut this.stream).poll_read(cx, buf) {
            result?;
            if this.head_since.is_none() && buf.filled().len() > before && !this.phase.is_busy() {
                this.head_since = Some(Instant::now());
            }
            return Poll::Ready(Ok(()));
        }
        if this.phase.is_busy() {
            // The wait for a body has a timeout of its own. But nobody may read again after the
            // answer's end, so the task must be woken to see that.
            if !this.keep_alive.is_zero() {
                this.alarm.tick(this.keep_alive, cx);
            }
            return Poll::Pending;
        }
        let Some(deadline) = this.head_deadline() else { return Poll::Pending };
        ready!(this.alarm.poll_until(deadline, cx));
        Poll::Ready(Err(match this.head_since {
            Some(_) => io::Error::new(io::ErrorKind::TimedOut, HeadTooSlow),
            // Nobody began to say anything.
            None => timed_out("no request in time"),
        }))
    }
}

impl<S: AsyncWrite + Unpin> ClientIo<S> {
    /// Lets a write fail once the client has taken nothing for too long.
    fn taken<T>(&mut self, polled: Poll<io::Result<T>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.stuck_since = None;
            return polled;
        }
        let since = *self.stuck_since.get_or_insert_with(Instant::now);
        ready!(self.alarm.poll_until(after(since, self.take), cx));
        Poll::Ready(Err(timed_out("the client does not take the answer")))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for ClientIo<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_write(cx, buf);
        this.taken(polled, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_write_vectored(cx, bufs);
        this.taken(polled, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_flush(cx);
        this.taken(polled, cx)
    }

    /// Says that nothing more will be written, and listens for a moment whether the client has
    /// seen it.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if matches!(this.linger, Linger::Open) {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
            if this.phase.silent.load(Ordering::Relaxed) {
                return Poll::Ready(Ok(()));
            }
            this.linger = Linger::Listening { until: Instant::now() + LINGER, bytes: 0 };
        }
        let Linger::Listening { until, bytes } = &mut this.linger else { return Poll::Ready(Ok(())) };
        let mut scrap = [0; 4096];
        while *bytes < LINGER_BYTES {
            let mut buf = ReadBuf::new(&mut scrap);
            match Pin::new(&mut this.stream).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => *bytes += buf.filled().len(),
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending => {
                    ready!(this.alarm.poll_until(*until, cx));
                    return Poll::Ready(Ok(()));
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}
