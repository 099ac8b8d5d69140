//! From an accepted connection to a session: or to a client who speaks plain HTTP by mistake.

use std::io;
use std::sync::Arc;

use rustls::HandshakeKind;
use rustls::server::Acceptor;
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use super::endpoint::Endpoint;
use super::session::Session;

/// The first byte of every TLS record with a handshake in it (RFC 8446 §5.1).
const HANDSHAKE_RECORD: u8 = 22;

/// How a connection turned out.
pub(crate) enum Arrival {
    /// The handshake is over; whether an earlier session was taken up again.
    Session(Box<TlsStream<TcpStream>>, Arc<Session>, bool),
    /// What came is no TLS, and looks like HTTP. Nothing of it has been read.
    PlainHttp(TcpStream),
}

/// Why there is no session.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The client went away without a byte, as load balancers and port scanners do.
    Nothing,
    /// What went wrong.
    Handshake(io::Error),
}

/// Does the server's part of the handshake.
pub(crate) async fn arrive(stream: TcpStream, endpoint: Arc<Endpoint>) -> Result<Arrival, Failure> {
    let mut first = [0];
    match stream.peek(&mut first).await {
        Ok(0) => return Err(Failure::Nothing),
        Ok(_) if first[0] != HANDSHAKE_RECORD && first[0].is_ascii_uppercase() => {
            return Ok(Arrival::PlainHttp(stream));
        }
        Ok(_) => {}
        Err(error) => return Err(Failure::Handshake(error)),
    }
    let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await.map_err(Failure::Handshake)?;
    let choice = endpoint.choose(start.client_hello().server_name());
    let stream = start.into_stream(choice.config).await.map_err(Failure::Handshake)?;
    let connection = stream.get_ref().1;
    let resumed = connection.handshake_kind() == Some(HandshakeKind::Resumed);
    let session = Arc::new(Session::of(connection, endpoint, choice.clients));
    Ok(Arrival::Session(Box::new(stream), session, resumed))
}
