//! One connection of the load generator: bytes over TCP or TLS, HTTP/1.1 or HTTP/2 in them.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};

use crate::http1::{Kind, Reader};
use crate::http2::Session;

/// An answer, and when its request was due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) due: Instant,
    pub(crate) status: u16,
    pub(crate) bytes: u64,
}

/// Where to connect, and how.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    pub(crate) tls: Option<Arc<ClientConfig>>,
    pub(crate) h2: bool,
}

enum Transport {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Transport {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buf),
            Self::Tls(stream) => stream.read(buf),
        }
    }

    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(buf),
            Self::Tls(stream) => stream.write(buf),
        }
    }

    /// What TLS has made of what was written.
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

enum Protocol {
    Http1 { reader: Reader, due: Option<Instant> },
    Http2(Session),
}

pub(crate) struct Connection {
    transport: Transport,
    protocol: Protocol,
    out: Vec<u8>,
    sent: usize,
    /// The peer will answer nothing more.
    ended: bool,
}

impl Connection {
    pub(crate) fn open(peer: &Peer, registry: &Registry, token: Token) -> anyhow::Result<Self> {
        let stream = std::net::TcpStream::connect(peer.address)?;
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let mut stream = TcpStream::from_std(stream);
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        let transport = match &peer.tls {
            None => Transport::Plain(stream),
            Some(config) => {
                let name = ServerName::try_from("bench.test")?;
                let client = ClientConnection::new(Arc::clone(config), name)?;
                Transport::Tls(Box::new(StreamOwned::new(client, stream)))
            }
        };
        let mut out = Vec::new();
        let protocol = if peer.h2 {
            Protocol::Http2(Session::begin(&mut out))
        } else {
            Protocol::Http1 { reader: Reader::new(Kind::Response), due: None }
        };
        Ok(Self { transport, protocol, out, sent: 0, ended: false })
    }

    /// Requests without an answer yet.
    pub(crate) fn outstanding(&self) -> usize {
        match &self.protocol {
            Protocol::Http1 { due, .. } => usize::from(due.is_some()),
            Protocol::Http2(session) => session.outstanding(),
        }
    }

    /// Whether it has to be replaced once nothing is outstanding.
    pub(crate) fn is_used_up(&self) -> bool {
        self.ended || matches!(&self.protocol, Protocol::Http2(session) if session.is_used_up())
    }

    /// Sends a request that was due at a moment.
    pub(crate) fn send(&mut self, due_at: Instant, request: &[u8]) -> io::Result<()> {
        match &mut self.protocol {
            Protocol::Http1 { due, .. } => {
                *due = Some(due_at);
                self.out.extend_from_slice(request);
            }
            Protocol::Http2(session) => session.send(due_at, request, &mut self.out),
        }
        self.flush()
    }

    /// Writes what waits to be written, as far as the socket takes it.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        while let Some(rest) = self.out.get(self.sent..).filter(|rest| !rest.is_empty()) {
            match self.transport.write(rest) {
                Ok(written) => self.sent += written,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.out.clear();
        self.sent = 0;
        match self.transport.flush() {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(()),
        }
    }

    /// Reads all that is there. An error is the end of the connection.
    pub(crate) fn read(&mut self, scratch: &mut [u8], mut done: impl FnMut(Answer)) -> anyhow::Result<()> {
        let Self { transport, protocol, out, ended, .. } = self;
        let room = scratch.len();
        loop {
            let count = match transport.read(scratch) {
                Ok(0) => {
                    *ended = true;
                    break;
                }
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            let bytes = scratch.get(..count).unwrap_or_default();
            match protocol {
                Protocol::Http1 { reader, due } => reader.take(bytes, |message| {
                    *ended |= message.close;
                    if let Some(due) = due.take() {
                        done(Answer { due, status: message.status, bytes: message.bytes });
                    }
                })?,
                Protocol::Http2(session) => session.take(bytes, out, &mut done)?,
            }
            // A socket that gave less than there was room for is empty: no need to ask again.
            if count < room && matches!(transport, Transport::Plain(_)) {
                break;
            }
        }
        if !self.out.is_empty() {
            self.flush()?;
        }
        Ok(())
    }
}

/// TLS 1.3 with one cipher suite and one key exchange, so that all servers do the same work, and
/// without resumption, so that a new connection is a whole handshake.
pub(crate) fn tls(h2: bool) -> anyhow::Result<Arc<ClientConfig>> {
    let provider = Arc::new(CryptoProvider {
        cipher_suites: vec![aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256],
        kx_groups: vec![aws_lc_rs::kx_group::X25519],
        ..aws_lc_rs::default_provider()
    });
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
        .with_no_client_auth();
    config.resumption = rustls::client::Resumption::disabled();
    config.alpn_protocols = vec![if h2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
    Ok(Arc::new(config))
}

/// Believes every certificate: the peer is a process that this bench started.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
