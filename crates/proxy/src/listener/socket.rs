//! The sockets that listen.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use tokio::net::TcpListener;

/// How many connections may wait to be accepted; the system's own limit (`somaxconn`) may be
/// lower.
const BACKLOG: i32 = 4096;
/// When a silent peer is asked whether it is still there, how often again, and how many times
/// before its connection is given up: peers that vanished without a word are gone after two
/// minutes.
const KEEP_ALIVE: (Duration, Duration, u32) = (Duration::from_secs(60), Duration::from_secs(15), 4);

/// Listens on an address. On `[::]` IPv4 is taken too, unless `only_v6`.
///
/// The address of a process that has just ended can be taken at once; that of one that runs
/// cannot.
///
/// # Errors
/// Where the system refuses.
pub fn bind(address: SocketAddr, only_v6: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(only_v6)?;
    }
    let _ = socket.set_tcp_keepalive(&keep_alive());
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Listens on a socket that somebody else has opened and bound.
///
/// # Errors
/// Where the system refuses.
pub fn adopt(listener: std::net::TcpListener) -> io::Result<TcpListener> {
    listener.set_nonblocking(true)?;
    let _ = SockRef::from(&listener).set_tcp_keepalive(&keep_alive());
    TcpListener::from_std(listener)
}

/// Connections inherit it from the socket that accepts them. One that cannot have it works too.
fn keep_alive() -> TcpKeepalive {
    let (time, interval, retries) = KEEP_ALIVE;
    TcpKeepalive::new().with_time(time).with_interval(interval).with_retries(retries)
}
