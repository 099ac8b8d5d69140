//! Accepting connections: as many as the process can bear, and no more of one address than is
//! fair.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tollgate_core::Body;
use tollgate_core::exchange::Scheme;

use crate::connection::{self, Protocol, WireSettings};
use crate::hygiene::ConnectionInfo;
use crate::unreadable::UnreadableHead;
use crate::{Gateway, story};

/// How long to wait when the process has no descriptors left, at first and at most.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// Cancelled, it stops the listeners that were given it.
pub type Shutdown = CancellationToken;

/// Serves HTTP on a listener until `shutdown` is cancelled. Then it accepts no more, lets the
/// exchanges that are under way finish, and closes what is left when the drain time is over.
pub async fn serve(listener: TcpListener, gateway: Arc<Gateway>, shutdown: Shutdown) {
    let wire = WireSettings::new(&gateway.snapshot().project.settings);
    serve_on(listener, gateway, wire, shutdown).await;
}

/// The same with settings that the process has completed, such as by its descriptor limit.
pub async fn serve_on(listener: TcpListener, gateway: Arc<Gateway>, wire: WireSettings, shutdown: Shutdown) {
    let observer = Arc::clone(&gateway);
    serve_with(listener, Arc::new(wire), observer, shutdown, move |info, request| {
        let gateway = Arc::clone(&gateway);
        async move { crate::exchange::handle(&gateway, &info, request).await }
    })
    .await;
}

/// Who is told of what no request tells: connections, and heads that never became requests.
pub trait Observer: Send + Sync + 'static {
    /// A connection was accepted.
    fn opened(&self) {}
    /// One that was accepted is over.
    fn closed(&self) {}
    /// One was turned away because its address has enough of them.
    fn refused(&self) {}
    /// One ended with a head that could not be read.
    fn unreadable(&self, connection: &ConnectionInfo, head: &UnreadableHead) {
        let _ = (connection, head);
    }
}

/// Nobody is told.
impl Observer for () {}

impl Observer for Gateway {
    fn opened(&self) {
        self.metrics.connections_accepted.inc();
        self.metrics.connections.inc();
    }

    fn closed(&self) {
        self.metrics.connections.dec();
    }

    fn refused(&self) {
        self.metrics.connections_refused.inc();
    }

    fn unreadable(&self, connection: &ConnectionInfo, head: &UnreadableHead) {
        story::unreadable(self, connection, head);
    }
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

/// The same for any handler and observer.
pub async fn serve_with<O, H, F>(
    listener: TcpListener,
    wire: Arc<WireSettings>,
    observer: Arc<O>,
    shutdown: Shutdown,
    handler: H,
) where
    O: Observer,
    H: Fn(Arc<ConnectionInfo>, http::Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = http::Response<Body>> + Send + 'static,
{
    let total =
        Arc::new(Semaphore::new(wire.connections.unwrap_or(Semaphore::MAX_PERMITS).min(Semaphore::MAX_PERMITS)));
    let shares = Shares::new(&wire);
    let connections = TaskTracker::new();
    let cut_off = CancellationToken::new();
    let mut patience = BACK_OFF.0;
    loop {
        // Connections beyond the limit wait in the kernel's queue: their time comes, or their
        // client gives up, and no work has been done for them.
        let accepted = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            accepted = accept(&listener, &total) => accepted,
        };
        let (stream, peer, permit) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if is_of_one_connection(&error) => continue,
            Err(error) => {
                tracing::error!(%error, "cannot accept connections; trying again in {patience:?}");
                tokio::select! {
                    () = shutdown.cancelled() => break,
                    () = tokio::time::sleep(patience) => {}
                }
                patience = (patience * 2).min(BACK_OFF.1);
                continue;
            }
        };
        patience = BACK_OFF.0;
        let Some(share) = shares.take(peer.ip()) else {
            observer.refused();
            tracing::debug!(%peer, "too many connections of one address");
            continue;
        };
        let Ok(local) = stream.local_addr() else { continue };
        // Answers are written in whole pieces; waiting for more only delays them. Where the
        // option cannot be set the connection works all the same.
        let _ = stream.set_nodelay(true);
        let info = Arc::new(ConnectionInfo { peer, local, scheme: Scheme::Http });
        let (wire, handler) = (Arc::clone(&wire), handler.clone());
        let (drain, cut_off) = (shutdown.child_token(), cut_off.clone());
        let open = Open::new(&observer);
        connections.spawn(async move {
            let _held = (permit, share);
            tokio::select! {
                unreadable = connection::serve(stream, Arc::clone(&info), &wire, Protocol::Detect, handler, drain) => {
                    if let Some(head) = unreadable {
                        open.0.unreadable(&info, &head);
                    }
                }
                () = cut_off.cancelled() => {}
            }
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(wire.drain, connections.wait()).await.is_err() {
        tracing::warn!(connections = connections.len(), "the drain time is over; closing what is left");
        cut_off.cancel();
        connections.wait().await;
    }
}

async fn accept(
    listener: &TcpListener,
    total: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(total).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, permit))
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

/// How many connections each address holds.
struct Shares {
    held: Arc<Mutex<HashMap<IpAddr, usize>>>,
    most: Option<usize>,
    trusted: Vec<ipnet::IpNet>,
}

impl Shares {
    fn new(wire: &WireSettings) -> Self {
        Self { held: Arc::default(), most: wire.connections_per_address, trusted: wire.trusted_proxies.clone() }
    }

    /// A share for one more connection; `None` where the address has enough.
    fn take(&self, peer: IpAddr) -> Option<Share> {
        let peer = peer.to_canonical();
        let Some(most) = self.most else { return Some(Share(None)) };
        if peer.is_loopback() || self.trusted.iter().any(|net| net.contains(&peer)) {
            return Some(Share(None));
        }
        let owner = owner(peer);
        let mut held = self.held.lock();
        let count = held.entry(owner).or_insert(0);
        if *count >= most {
            return None;
        }
        *count += 1;
        drop(held);
        Some(Share(Some((owner, Arc::clone(&self.held)))))
    }
}

/// Whoever has one IPv6 address has the whole /64 that it stands in.
fn owner(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64))),
    }
}

/// Gives itself back when the connection ends.
#[expect(clippy::type_complexity, reason = "the address and the table it is counted in, or nothing")]
struct Share(Option<(IpAddr, Arc<Mutex<HashMap<IpAddr, usize>>>)>);

impl Drop for Share {
    fn drop(&mut self) {
        if let Some((owner, held)) = &self.0 {
            let mut held = held.lock();
            if let Some(count) = held.get_mut(owner) {
                *count -= 1;
                if *count == 0 {
                    held.remove(owner);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_core::settings::Settings;

    fn shares(most: usize) -> Shares {
        let mut settings = Settings::default();
        settings.server.limits.connections_per_address = Some(most);
        settings.server.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        Shares::new(&WireSettings::new(&settings))
    }

    #[test]
    fn an_address_holds_no_more_connections_than_its_share() {
        let shares = shares(2);
        let ip = "192.0.2.1".parse().unwrap();
        let first = shares.take(ip).unwrap();
        let _second = shares.take(ip).unwrap();
        assert!(shares.take(ip).is_none());
        assert!(shares.take("192.0.2.2".parse().unwrap()).is_some());
        drop(first);
        assert!(shares.take(ip).is_some());
    }

    #[test]
    fn one_ipv6_network_is_one_address() {
        let shares = shares(1);
        let _first = shares.take("2001:db8::1".parse().unwrap()).unwrap();
        assert!(shares.take("2001:db8::2".parse().unwrap()).is_none());
        assert!(shares.take("2001:db8:0:1::2".parse().unwrap()).is_some());
        assert!(shares.take("::ffff:192.0.2.9".parse().unwrap()).is_some());
    }

    #[test]
    fn loopback_and_trusted_proxies_have_no_limit() {
        let shares = shares(1);
        for ip in ["127.0.0.1", "::1", "10.1.2.3"] {
            let ip = ip.parse().unwrap();
            let held: Vec<_> = (0..5).map(|_| shares.take(ip)).collect();
            assert!(held.iter().all(Option::is_some));
        }
    }

    #[test]
    fn nothing_is_kept_of_addresses_that_have_gone() {
        let shares = shares(1);
        drop(shares.take("192.0.2.1".parse().unwrap()));
        assert!(shares.held.lock().is_empty());
    }
}
