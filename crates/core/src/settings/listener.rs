//! Where clients connect: addresses, TLS, client certificates, the PROXY protocol.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A further listener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListenerSettings {
    /// Its address: `IP:PORT`, such as `[::]:443`.
    pub address: String,
    /// TLS on it. Without it, it speaks plain HTTP.
    pub tls: Option<TlsSettings>,
    /// Whether every connection begins with a PROXY protocol header.
    #[serde(default)]
    pub proxy_protocol: ProxyProtocol,
}

/// Whether connections begin with a PROXY protocol header, in which a load balancer says who the
/// client is. There is no guessing: a listener that took both would let clients write their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProxyProtocol {
    /// They do not.
    #[default]
    Off,
    /// They do, in version 1 or 2, and come from `server.trustedProxies` only: every other
    /// connection is closed.
    Required,
}

/// TLS on a listener: versions 1.2 and 1.3.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TlsSettings {
    /// The certificates. The name that a client asks for (SNI) chooses among them by their
    /// subject alternative names: exact names before wildcards. The first one answers everybody
    /// else. The files are read again when they change.
    pub certificates: Vec<CertificateSettings>,
    /// The oldest version that is spoken.
    pub min_version: TlsVersion,
    /// Whether clients show a certificate, and which ones are good. Default: they are not asked.
    pub client_certificates: Option<ClientCertificateSettings>,
}

/// A certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CertificateSettings {
    /// A PEM file: the certificate, then those of the authorities between it and the root. A
    /// relative path begins at the project folder.
    pub certificate: String,
    /// A PEM file with its private key, readable by the gateway's user alone.
    pub key: String,
    /// Client certificates for the names of this certificate, instead of the listener's. A
    /// request for such a name on a connection that was made under another is refused with 421.
    pub client_certificates: Option<ClientCertificateSettings>,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize, JsonSchema)]
pub enum TlsVersion {
    /// TLS 1.2.
    #[default]
    #[serde(rename = "1.2")]
    Tls12,
    /// TLS 1.3.
    #[serde(rename = "1.3")]
    Tls13,
}

/// Certificates that clients show. Who shows one is in the access log; what it means is for
/// routes and backends to decide.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientCertificateSettings {
    /// A PEM file with the certificates of the authorities that sign client certificates. A
    /// relative path begins at the project folder.
    pub ca: String,
    /// Whether a client may come without one.
    #[serde(default)]
    pub mode: ClientCertificateMode,
    /// The header field in which upstreams are told of the certificate. Default: none.
    pub forward_as: Option<ForwardedCertificate>,
}

/// Whether a client may come without a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClientCertificateMode {
    /// It may not: the handshake fails.
    #[default]
    Required,
    /// It may. One that is shown must be good.
    Optional,
}

/// How upstreams are told of a client's certificate. What clients write there themselves never
/// reaches an upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedCertificate {
    /// `X-Forwarded-Client-Cert: Hash=…;Subject="…";URI=…;DNS=…`
    XForwardedClientCert,
    /// `Client-Cert`, the whole certificate, as RFC 9440 has it.
    ClientCert,
}
