//! A new connection: name to addresses, addresses to a socket, the socket to TLS.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use parking_lot::Mutex;
use tokio::net::{TcpStream, UnixStream};
use tokio::time::Instant;
use tollgate_core::egress::EgressRules;
use tollgate_core::time::Clock;
use tollgate_core::{Reason, reason};

use super::names::Names;
use super::stream::Stream;
use super::tls::Tls;

/// How long one address may be silent before the next is tried beside it (RFC 8305 §5).
const NEXT_ADDRESS_AFTER: Duration = Duration::from_millis(250);
/// A spare connection is for the request that made it; later ones cannot know whether it still
/// lives.
const SPARE_FOR: Duration = Duration::from_secs(2);

/// Knows how to reach one target.
pub(super) struct Connector {
    place: Place,
    tls: Option<Tls>,
    clock: Arc<dyn Clock>,
    /// Where it may connect to, where that is limited.
    egress: Option<Arc<EgressRules>>,
    /// A connection that was made to speak HTTP/2 and speaks HTTP/1.
    spare: Mutex<Option<(Instant, Connected)>>,
}

/// Where a target listens.
pub(super) enum Place {
    /// At a port of a machine.
    Tcp {
        name: String,
        /// Stands for the name where it is known.
        address: Option<SocketAddr>,
        /// What the name stands for otherwise.
        names: Arc<Names>,
        /// Whether the operator has put the address there.
        mapped: bool,
    },
    /// At a file of this machine.
    Unix(PathBuf),
}

/// A connection, and how long it took to get.
pub(super) struct Connected {
    pub(super) stream: Stream,
    pub(super) connect: Duration,
    pub(super) tls: Option<Duration>,
    /// Whether the other side has chosen HTTP/2.
    pub(super) chose_http2: bool,
}

/// Why there is no connection.
#[derive(Debug)]
pub(super) struct ConnectError {
    pub(super) reason: &'static Reason,
    pub(super) cause: String,
}

impl Place {
    /// `address` stands for the name where it is given, and where the name is an address itself.
    /// What a name stands for is looked up again after `resolve_every`.
    pub(super) fn tcp(name: String, port: u16, address: Option<SocketAddr>, resolve_every: Duration) -> Self {
        let mapped = address.is_some();
        let address = address.or_else(|| name.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, port)));
        let names = Names::of(&name, port, resolve_every);
        Self::Tcp { name, address, names, mapped }
    }
}

impl Connector {
    pub(super) fn new(place: Place, tls: Option<Tls>, clock: Arc<dyn Clock>, egress: Option<Arc<EgressRules>>) -> Self {
        Self { place, tls, clock, egress, spare: Mutex::default() }
    }

    /// Those of the addresses that it may connect to: looked at behind the resolver, so that a name
    /// cannot lead where its address may not.
    fn permitted(&self, host: &str, mut addresses: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, ConnectError> {
        if let Some(rules) = &self.egress {
            addresses.retain(|address| rules.permits(host, *address));
            if addresses.is_empty() {
                let cause = format!("scripts may not connect to {host}: see `scripts.fetch`");
                return Err(ConnectError { reason: &reason::UPSTREAM_REFUSED, cause });
            }
        }
        Ok(addresses)
    }

    /// Whether connections are encrypted.
    pub(super) fn is_encrypted(&self) -> bool {
        self.tls.is_some()
    }

    /// A connection that speaks HTTP/1.
    pub(super) async fn connect(&self) -> Result<Connected, ConnectError> {
        let spare = self.spare.lock().take();
        match spare {
            Some((since, connected)) if since.elapsed() < SPARE_FOR => Ok(connected),
            _ => self.open(false).await,
        }
    }

    /// A connection that speaks HTTP/2 if the other side can.
    pub(super) async fn connect_http2(&self) -> Result<Connected, ConnectError> {
        self.open(true).await
    }

    /// Keeps a connection that turned out to speak HTTP/1 for whoever wants such a one next.
    pub(super) fn spare(&self, connected: Connected) {
        *self.spare.lock() = Some((Instant::now(), connected));
    }

    async fn open(&self, http2: bool) -> Result<Connected, ConnectError> {
        let start = self.clock.monotonic();
        let socket = match &self.place {
            Place::Unix(path) => {
                let stream = UnixStream::connect(path).await.map_err(|error| failed(&error))?;
                let connect = self.clock.monotonic().saturating_sub(start);
                return Ok(Connected { stream: Stream::Unix(stream), connect, tls: None, chose_http2: false });
            }
            // An address that the operator has put in the place of a name is none of the rules' business.
            Place::Tcp { address: Some(address), mapped: true, .. } => TcpStream::connect(*address).await,
            Place::Tcp { name, address: Some(address), .. } => race(self.permitted(name, vec![*address])?).await,
            Place::Tcp { name, names, address: None, .. } => {
                let found = interleaved(&names.addresses().await?);
                race(self.permitted(name, found)?).await.inspect_err(|_| names.doubt())
            }
        }
        .map_err(|error| failed(&error))?;
        // A request is written in one piece; waiting for more only delays it. Where the option
        // cannot be set the connection works all the same.
        let _ = socket.set_nodelay(true);
        let connect = self.clock.monotonic().saturating_sub(start);
        let Some(tls) = &self.tls else {
            return Ok(Connected { stream: Stream::Plain(socket), connect, tls: None, chose_http2: false });
        };
        let start = self.clock.monotonic();
        let connector = if http2 { &tls.http2 } else { &tls.http1 };
        match connector.connect(tls.name.clone(), socket).await {
            Ok(stream) => Ok(Connected {
                connect,
                tls: Some(self.clock.monotonic().saturating_sub(start)),
                chose_http2: stream.get_ref().1.alpn_protocol() == Some(b"h2"),
                stream: Stream::Tls(Box::new(stream)),
            }),
            Err(error) => {
                Err(ConnectError { reason: tls_reason(&error, http2 && tls.only_http2), cause: error.to_string() })
            }
        }
    }
}

/// A server that knows none of the protocols that were offered ends the handshake.
fn tls_reason(error: &io::Error, only_http2: bool) -> &'static Reason {
    let tls = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>());
    match tls {
        Some(rustls::Error::AlertReceived(rustls::AlertDescription::NoApplicationProtocol)) if only_http2 => {
            &reason::UPSTREAM_NO_HTTP2
        }
        _ => &reason::UPSTREAM_TLS,
    }
}

fn failed(error: &io::Error) -> ConnectError {
    let reason = match error.kind() {
        io::ErrorKind::TimedOut => &reason::UPSTREAM_TIMEOUT_CONNECT,
        _ => &reason::UPSTREAM_REFUSED,
    };
    ConnectError { reason, cause: error.to_string() }
}

/// Alternates between the two families, beginning with the resolver's first choice, so that a
/// broken family costs one delay and not one for each of its addresses.
fn interleaved(found: &[SocketAddr]) -> Vec<SocketAddr> {
    let first_is_v6 = found.first().is_some_and(SocketAddr::is_ipv6);
    let (mut one, mut other): (Vec<_>, Vec<_>) = found.iter().copied().partition(|a| a.is_ipv6() == first_is_v6);
    one.reverse();
    other.reverse();
    let mut mixed = Vec::with_capacity(found.len());
    while !(one.is_empty() && other.is_empty()) {
        mixed.extend(one.pop());
        mixed.extend(other.pop());
    }
    mixed
}

/// Tries every address: the next one as soon as one has failed, or has been silent for a while.
/// The first connection wins, the others are dropped.
async fn race(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut waiting = addresses.into_iter();
    let mut tries: FuturesUnordered<_> = waiting.next().into_iter().map(TcpStream::connect).collect();
    let mut last = io::Error::new(io::ErrorKind::AddrNotAvailable, "no address to connect to");
    while !tries.is_empty() {
        tokio::select! {
            Some(result) = tries.next() => match result {
                Ok(socket) => return Ok(socket),
                Err(error) => {
                    last = error;
                    tries.extend(waiting.next().map(TcpStream::connect));
                }
            },
            () = tokio::time::sleep(NEXT_ADDRESS_AFTER), if waiting.len() > 0 => {
                tries.extend(waiting.next().map(TcpStream::connect));
            }
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_alternate_between_the_families() {
        let a = |text: &str| text.parse::<SocketAddr>().unwrap();
        let found = [a("[::1]:1"), a("[::2]:1"), a("1.1.1.1:1"), a("[::3]:1"), a("2.2.2.2:1")];
        let expected = [a("[::1]:1"), a("1.1.1.1:1"), a("[::2]:1"), a("2.2.2.2:1"), a("[::3]:1")];
        assert_eq!(interleaved(&found), expected);
    }

    #[tokio::test]
    async fn an_address_that_refuses_is_followed_by_the_next() {
        let open = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shut = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addresses = vec![shut.local_addr().unwrap(), open.local_addr().unwrap()];
        drop(shut);
        let socket = race(addresses).await.unwrap();
        assert_eq!(socket.peer_addr().unwrap(), open.local_addr().unwrap());
    }
}
