//! Accepting connections: as many as the process can bear, and no more of one address than is
//! fair.
//!
//! A connection goes through up to three doors before it comes to its first request: the header
//! of the PROXY protocol, the share of its address, the TLS handshake. Plain listeners have the
//! middle one only.

mod handshakes;
mod shares;
mod socket;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tollgate_core::exchange::Scheme;
use tollgate_core::{Body, reason};

use crate::connection::{self, Arrived, Protocol, WireSettings};
use crate::heard::cancelled;
use crate::hygiene::ConnectionInfo;
use crate::metrics::{Paused, Refused};
use crate::tls::{self, Arrival, Endpoint, Failure};
use crate::unreadable::UnreadableHead;
use crate::{Gateway, proxy_protocol};
use handshakes::{End, Handshakes};
use proxy_protocol::{Announced, HeaderError};
use shares::{Share, Shares};

pub use crate::observer::Observer;
pub use socket::{adopt, bind};

/// How long to wait when the process has no descriptors left, at first and at most.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// Cancelled, it stops the listeners that were given it.
pub type Shutdown = CancellationToken;

/// An address that is listened on, and what is spoken there.
#[derive(Debug)]
pub struct Listener {
    /// The socket.
    pub socket: TcpListener,
    /// TLS; `None` for plain HTTP.
    pub tls: Option<Arc<Endpoint>>,
    /// Whether every connection begins with a PROXY protocol header from a trusted proxy.
    pub proxy_protocol: bool,
}

impl From<TcpListener> for Listener {
    /// Plain HTTP from the first byte on.
    fn from(socket: TcpListener) -> Self {
        Self { socket, tls: None, proxy_protocol: false }
    }
}

/// Serves HTTP on a listener until `shutdown` is cancelled. Then it accepts no more, lets the
/// exchanges that are under way finish, and closes what is left when the drain time is over.
pub async fn serve(listener: TcpListener, gateway: Arc<Gateway>, shutdown: Shutdown) {
    let wire = WireSettings::new(&gateway.snapshot().project.settings);
    serve_on(vec![listener.into()], gateway, wire, shutdown).await;
}

/// The same on several listeners that share their limits, with settings that the process has
/// completed, such as by its descriptor limit.
pub async fn serve_on(listeners: Vec<Listener>, gateway: Arc<Gateway>, wire: WireSettings, shutdown: Shutdown) {
    let observer = Arc::clone(&gateway);
    serve_all(listeners, Arc::new(wire), observer, shutdown, move |info, arrived| {
        crate::exchange::handle(Arc::clone(&gateway), info, arrived)
    })
    .await;
}

/// Tells that a connection is over, however it ended.
struct Open<O: Observer>(Arc<O>);

impl<O: Observer> Open<O> {
    fn new(observer: &Arc<O>) -> Self {
        observer.opened();
        Self(Arc::clone(observer))
    }
}

impl<O: Observer> Drop for Open<O> {
    fn drop(&mut self) {
        self.0.closed();
    }
}

/// The same on one listener for any handler and observer.
pub async fn serve_with<O, H, F>(
    listener: impl Into<Listener>,
    wire: Arc<WireSettings>,
    observer: Arc<O>,
    shutdown: Shutdown,
    handler: H,
) where
    O: Observer,
    H: Fn(Arc<ConnectionInfo>, Arrived) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = http::Response<Body>> + Send + 'static,
{
    serve_all(vec![listener.into()], wire, observer, shutdown, handler).await;
}

/// The same on several listeners that share their limits.
pub async fn serve_all<O, H, F>(
    listeners: Vec<Listener>,
    wire: Arc<WireSettings>,
    observer: Arc<O>,
    shutdown: Shutdown,
    handler: H,
) where
    O: Observer,
    H: Fn(Arc<ConnectionInfo>, Arrived) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = http::Response<Body>> + Send + 'static,
{
    let total = wire.connections.unwrap_or(Semaphore::MAX_PERMITS).min(Semaphore::MAX_PERMITS);
    let doors = Arc::new(Doors {
        total: Arc::new(Semaphore::new(total)),
        shares: Shares::new(&wire),
        handshakes: Handshakes::new(wire.handshakes),
        connections: TaskTracker::new(),
        cut_off: CancellationToken::new(),
        wire,
        observer,
        shutdown,
        handler,
    });
    join_all(listeners.into_iter().map(|listener| doors.accept_on(listener))).await;
    doors.drain().await;
}

/// What all listeners share, and every connection is given.
struct Doors<O, H> {
    total: Arc<Semaphore>,
    shares: Shares,
    handshakes: Arc<Handshakes>,
    connections: TaskTracker,
    cut_off: CancellationToken,
    wire: Arc<WireSettings>,
    observer: Arc<O>,
    shutdown: Shutdown,
    handler: H,
}

/// What a connection holds until it ends.
struct Held<O: Observer> {
    open: Open<O>,
    _permit: OwnedSemaphorePermit,
    share: Option<Share>,
}

impl<O, H, F> Doors<O, H>
where
    O: Observer,
    H: Fn(Arc<ConnectionInfo>, Arrived) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = http::Response<Body>> + Send + 'static,
{
    /// Accepts until the shutdown.
    async fn accept_on(self: &Arc<Self>, listener: Listener) {
        let Listener { socket, tls, proxy_protocol } = listener;
        let mut patience = BACK_OFF.0;
        loop {
            let accepted = tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return,
                accepted = socket.accept() => accepted,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) if is_of_one_connection(&error) => continue,
                Err(error) => {
                    tracing::error!(%error, "cannot accept connections; trying again in {patience:?}");
                    self.observer.paused(Paused::of(&error));
                    tokio::select! {
                        () = self.shutdown.cancelled() => return,
                        () = tokio::time::sleep(patience) => {}
                    }
                    patience = (patience * 2).min(BACK_OFF.1);
                    continue;
                }
            };
            patience = BACK_OFF.0;
            // One connection waits here, those behind it in the kernel's queue: their time comes,
            // or their client gives up, and no work has been done for them.
            let Some(permit) = self.permit().await else {
                // It has been accepted: it is served as soon as one of those that are ending makes room.
                let (doors, total) = (Arc::clone(self), Arc::clone(&self.total));
                self.connections.spawn(async move {
                    if let Ok(permit) = total.acquire_owned().await {
                        doors.admit(stream, peer, permit, tls, proxy_protocol);
                    }
                });
                return;
            };
            self.admit(stream, peer, permit, tls.clone(), proxy_protocol);
        }
    }

    /// Leads an accepted connection to its first door.
    fn admit(
        self: &Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        permit: OwnedSemaphorePermit,
        tls: Option<Arc<Endpoint>>,
        proxy_protocol: bool,
    ) {
        let Ok(local) = stream.local_addr() else { return };
        // Answers are written in whole pieces; waiting for more only delays them. Where the
        // option cannot be set the connection works all the same.
        let _ = stream.set_nodelay(true);
        let info = ConnectionInfo::plain(peer, local);
        let held = Held { open: Open::new(&self.observer), _permit: permit, share: None };
        let doors = Arc::clone(self);
        if tls.is_none() && !proxy_protocol {
            let Some(held) = self.share(held, &info) else { return };
            self.connections.spawn(async move { doors.serve(stream, Arc::new(info), Protocol::Detect, held).await });
        } else {
            self.connections.spawn(async move { doors.greet(stream, info, held, tls, proxy_protocol).await });
        }
    }

    /// Room for one more connection; `None` at the shutdown.
    async fn permit(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.total).try_acquire_owned() {
            return Some(permit);
        }
        self.observer.paused(Paused::Connections);
        tokio::select! {
            biased;
            () = self.shutdown.cancelled() => None,
            permit = Arc::clone(&self.total).acquire_owned() => permit.ok(),
        }
    }

    /// Takes the share of the client's address.
    fn share(&self, mut held: Held<O>, info: &ConnectionInfo) -> Option<Held<O>> {
        held.share = self.shares.take(info.peer.ip());
        if held.share.is_none() {
            self.observer.refused(Refused::Address);
            tracing::debug!(peer = %info.peer, "too many connections of one address");
            return None;
        }
        Some(held)
    }

    /// Everything between the accept and the first request, within its time; then serves.
    async fn greet(
        &self,
        mut stream: TcpStream,
        mut info: ConnectionInfo,
        held: Held<O>,
        tls: Option<Arc<Endpoint>>,
        proxy_protocol: bool,
    ) {
        let mut place = self.handshakes.enter();
        let ended = place.ended(self.wire.handshake, self.shutdown.clone());
        tokio::pin!(ended);
        if proxy_protocol {
            let announced = tokio::select! {
                biased;
                announced = self.announced(&mut stream, &info) => announced,
                end = &mut ended => return self.gave_up(&info, end, Refused::ProxyProtocol),
            };
            match announced {
                Ok(Some(both)) => (info.peer, info.local) = (both.client, both.reached),
                Ok(None) => {}
                Err(HeaderError::Nothing) => return,
                Err(error) => return self.fail(&info, Refused::ProxyProtocol, error.to_string()),
            }
        }
        let Some(held) = self.share(held, &info) else { return };
        let Some(endpoint) = tls else {
            drop(place);
            return self.serve(stream, Arc::new(info), Protocol::Detect, held).await;
        };
        let arrival = tokio::select! {
            biased;
            arrival = tls::arrive(stream, endpoint) => arrival,
            end = &mut ended => return self.gave_up(&info, end, Refused::Tls),
        };
        drop(place);
        match arrival {
            Ok(Arrival::Session(stream, session, resumed)) => {
                self.observer.greeted(&session, resumed);
                // A client that says nothing of ALPN may have agreed on HTTP/2 by other means.
                let protocol = match session.alpn {
                    Some(true) => Protocol::Http2,
                    Some(false) => Protocol::Http1,
                    None => Protocol::Detect,
                };
                info.scheme = Scheme::Https;
                info.tls = Some(session);
                self.serve(stream, Arc::new(info), protocol, held).await;
            }
            // It is answered like any other request: with a problem, in the log and the metrics.
            Ok(Arrival::PlainHttp(stream)) => {
                info.lacks_tls = true;
                self.serve(stream, Arc::new(info), Protocol::Http1, held).await;
            }
            Err(Failure::Nothing) => {}
            Err(Failure::Handshake(error)) => self.fail(&info, Refused::Tls, error.to_string()),
        }
    }

    /// Who the client is, from a peer that may say so.
    async fn announced(&self, stream: &mut TcpStream, info: &ConnectionInfo) -> Result<Option<Announced>, HeaderError> {
        if !proxy_protocol::may_announce(info.peer.ip(), &self.wire.trusted_proxies) {
            return Err(HeaderError::Untrusted);
        }
        proxy_protocol::read(stream).await
    }

    /// A connection was ended before it came to a request.
    fn gave_up(&self, info: &ConnectionInfo, end: End, at: Refused) {
        match end {
            End::Stopping => {}
            End::Evicted => {
                self.observer.refused(Refused::Handshakes);
                tracing::debug!(peer = %info.peer, "too many handshakes are under way; this was the oldest");
            }
            End::TooLate => self.fail(info, at, "it was not over within `server.timeouts.handshake`".to_owned()),
        }
    }

    fn fail(&self, info: &ConnectionInfo, at: Refused, cause: String) {
        self.observer.refused(at);
        let reason = if at == Refused::Tls { &reason::TLS_HANDSHAKE } else { &reason::PROXY_PROTOCOL };
        self.observer.failed(info, &UnreadableHead::new(reason, cause));
    }

    /// Serves HTTP until the connection ends.
    async fn serve<S>(&self, stream: S, info: Arc<ConnectionInfo>, protocol: Protocol, held: Held<O>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let drain = self.shutdown.child_token();
        let observer = Arc::clone(&held.open.0) as Arc<dyn Observer>;
        let served =
            connection::serve(stream, Arc::clone(&info), &self.wire, protocol, self.handler.clone(), drain, observer);
        tokio::select! {
            biased;
            unreadable = served => {
                if let Some(head) = unreadable {
                    held.open.0.unreadable(&info, &head);
                }
            }
            () = cancelled(&self.cut_off) => {}
        }
    }

    /// Waits for what is under way, for as long as the settings say.
    async fn drain(&self) {
        self.connections.close();
        if tokio::time::timeout(self.wire.drain, self.connections.wait()).await.is_err() {
            let connections = self.connections.len();
            tracing::warn!(connections, "the drain time is over; closing what is left");
            self.cut_off.cancel();
            self.connections.wait().await;
        }
    }
}

/// Errors that concern the connection that was about to be accepted, not the listener.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}
