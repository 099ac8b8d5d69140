//! A new connection: name to addresses, addresses to a socket, the socket to TLS.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::net::TcpStream;
use tollgate_core::time::Clock;
use tollgate_core::{Reason, reason};

use super::stream::Stream;
use super::tls::Tls;

/// How long one address may be silent before the next is tried beside it (RFC 8305 §5).
const NEXT_ADDRESS_AFTER: Duration = Duration::from_millis(250);

/// Knows how to reach one target.
pub(super) struct Connector {
    name: String,
    port: u16,
    address: Option<SocketAddr>,
    tls: Option<Tls>,
    clock: Arc<dyn Clock>,
}

/// A connection, and how long it took to get.
pub(super) struct Connected {
    pub(super) stream: Stream,
    pub(super) connect: Duration,
    pub(super) tls: Option<Duration>,
}

/// Why there is no connection.
#[derive(Debug)]
pub(super) struct ConnectError {
    pub(super) reason: &'static Reason,
    pub(super) cause: String,
}

impl Connector {
    /// `address` stands for the name where it is given, and where the name is an address itself.
    pub(super) fn new(
        name: String,
        port: u16,
        address: Option<SocketAddr>,
        tls: Option<Tls>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let address = address.or_else(|| name.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, port)));
        Self { name, port, address, tls, clock }
    }

    pub(super) async fn connect(&self) -> Result<Connected, ConnectError> {
        let start = self.clock.monotonic();
        let socket = match self.address {
            Some(address) => TcpStream::connect(address).await,
            None => race(self.resolve().await?).await,
        }
        .map_err(|error| failed(&error))?;
        // A request is written in one piece; waiting for more only delays it. Where the option
        // cannot be set the connection works all the same.
        let _ = socket.set_nodelay(true);
        let connect = self.clock.monotonic().saturating_sub(start);
        let Some(tls) = &self.tls else {
            return Ok(Connected { stream: Stream::Plain(socket), connect, tls: None });
        };
        let start = self.clock.monotonic();
        match tls.connector.connect(tls.name.clone(), socket).await {
            Ok(stream) => Ok(Connected {
                stream: Stream::Tls(Box::new(stream)),
                connect,
                tls: Some(self.clock.monotonic().saturating_sub(start)),
            }),
            Err(error) => Err(ConnectError { reason: &reason::UPSTREAM_TLS, cause: error.to_string() }),
        }
    }

    async fn resolve(&self) -> Result<Vec<SocketAddr>, ConnectError> {
        let unknown = |cause: String| ConnectError { reason: &reason::UPSTREAM_DNS, cause };
        let found = tokio::net::lookup_host((self.name.as_str(), self.port)).await;
        let found: Vec<_> = found.map_err(|error| unknown(error.to_string()))?.collect();
        if found.is_empty() {
            return Err(unknown("the name has no address".to_owned()));
        }
        Ok(interleaved(&found))
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
