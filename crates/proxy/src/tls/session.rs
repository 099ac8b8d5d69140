//! What the handshake of a connection established.

use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use rustls::{CipherSuite, ProtocolVersion, ServerConnection};
use tollgate_core::exchange::ClientCertificate;

use super::client::{ClientIdentity, ClientRules};
use super::endpoint::Endpoint;

/// A connection's TLS session.
pub struct Session {
    /// `1.2` or `1.3`.
    pub version: &'static str,
    /// The registered name of the cipher suite.
    pub cipher: &'static str,
    /// The name that the client asked for.
    pub server_name: Option<Arc<str>>,
    /// Whether HTTP/2 was agreed on; `None` where the client said nothing of protocols.
    pub alpn: Option<bool>,
    /// Who the client is, where it showed a certificate.
    pub client: Option<ClientIdentity>,
    /// That certificate, for policies.
    pub certificate: Option<Arc<ClientCertificate>>,
    rules: Option<Arc<ClientRules>>,
    forwarded: Option<(HeaderName, HeaderValue)>,
    endpoint: Arc<Endpoint>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("version", &self.version)
            .field("server_name", &self.server_name)
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Of a connection whose handshake is over.
    pub(super) fn of(connection: &ServerConnection, endpoint: Arc<Endpoint>, rules: Option<Arc<ClientRules>>) -> Self {
        let certificate = connection.peer_certificates().and_then(|chain| chain.first());
        let client = certificate.map(ClientIdentity::of);
        let forwarded = match (&rules, &client, certificate) {
            (Some(rules), Some(client), Some(certificate)) => rules.forwarded(client, certificate),
            _ => None,
        };
        Self {
            version: match connection.protocol_version() {
                Some(ProtocolVersion::TLSv1_3) => "1.3",
                _ => "1.2",
            },
            cipher: connection.negotiated_cipher_suite().map_or("", |suite| registered_name(suite.suite())),
            server_name: connection.server_name().map(|name| name.to_ascii_lowercase().into()),
            alpn: connection.alpn_protocol().map(|protocol| protocol == b"h2"),
            client,
            certificate: certificate.and_then(|certificate| super::client::certificate(certificate)).map(Arc::new),
            rules,
            forwarded,
            endpoint,
        }
    }

    /// Whether a request for this host (without port) may be served here: only if the rules for
    /// client certificates that hold for it now are those that the connection was checked by.
    /// Otherwise a client could pass the handshake as one name and then speak as another, or go
    /// on with what was revoked.
    pub fn serves(&self, host: &str) -> bool {
        self.endpoint.digest_for(host) == self.rules.as_ref().map(|rules| rules.digest)
    }

    /// Whether fields of a request are cleared or written for the client's certificate.
    pub(crate) fn forwards_certificates(&self) -> bool {
        self.rules.is_some()
    }

    /// Tells an upstream of the client's certificate, where that is asked for. What stood there
    /// before goes in any case.
    pub(crate) fn forward(&self, headers: &mut HeaderMap) {
        let Some(rules) = &self.rules else { return };
        rules.clear(headers);
        if let Some((name, value)) = &self.forwarded {
            headers.insert(name.clone(), value.clone());
        }
    }
}

/// As IANA has it: the library's own names for those of TLS 1.3 differ.
fn registered_name(suite: CipherSuite) -> &'static str {
    match suite {
        CipherSuite::TLS13_AES_128_GCM_SHA256 => "TLS_AES_128_GCM_SHA256",
        CipherSuite::TLS13_AES_256_GCM_SHA384 => "TLS_AES_256_GCM_SHA384",
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => "TLS_CHACHA20_POLY1305_SHA256",
        other => other.as_str().unwrap_or_default(),
    }
}
