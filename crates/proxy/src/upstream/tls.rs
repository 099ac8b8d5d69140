//! TLS towards upstreams: whom to trust.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use tokio_rustls::TlsConnector;
use tollgate_core::catalog::BuildError;
use tollgate_core::settings::UpstreamProtocol;

/// How one upstream is spoken to over TLS.
pub(super) struct Tls {
    /// Offers HTTP/1.1 only.
    pub(super) http1: TlsConnector,
    /// Offers HTTP/2, and HTTP/1.1 where that would do as well.
    pub(super) http2: TlsConnector,
    pub(super) only_http2: bool,
    pub(super) name: ServerName<'static>,
}

impl Tls {
    pub(super) fn new(config: Arc<ClientConfig>, name: &str, protocol: UpstreamProtocol) -> Result<Self, BuildError> {
        let name = ServerName::try_from(name.to_owned()).map_err(|_| {
            BuildError::at("/tls/serverName", format!("`{name}` is not a name that a certificate can have"))
        })?;
        let mut http2 = ClientConfig::clone(&config);
        http2.alpn_protocols = vec![b"h2".to_vec()];
        if protocol != UpstreamProtocol::Http2 {
            http2.alpn_protocols.push(b"http/1.1".to_vec());
        }
        Ok(Self {
            http1: TlsConnector::from(config),
            http2: TlsConnector::from(Arc::new(http2)),
            only_http2: protocol == UpstreamProtocol::Http2,
            name,
        })
    }
}

/// Trusts the authorities in a PEM text, or in a PEM file, and no others.
pub(super) fn trusting(ca: &str) -> Result<Arc<ClientConfig>, BuildError> {
    let wrong = |message: String| BuildError::at("/tls/ca", message);
    let pem = if ca.contains("-----BEGIN") {
        ca.as_bytes().to_vec()
    } else {
        std::fs::read(ca).map_err(|error| wrong(format!("the file `{ca}` cannot be read: {error}")))?
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| wrong(format!("the PEM cannot be read: {error}")))?;
        roots.add(certificate).map_err(|error| wrong(format!("a certificate cannot be used: {error}")))?;
    }
    if roots.is_empty() {
        return Err(wrong("there is no certificate in it".to_owned()));
    }
    with_roots(roots, provider())
}

/// Trusts what the system trusts; where it has no store of its own, Mozilla's list.
pub(super) fn trusting_system() -> Result<Arc<ClientConfig>, BuildError> {
    let provider = provider();
    match Verifier::new(Arc::clone(&provider)) {
        Ok(verifier) => {
            let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
            let builder = builder.map_err(|error| BuildError::at("/tls", error.to_string()))?;
            Ok(speaking_http1(
                builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth(),
            ))
        }
        Err(error) => {
            tracing::debug!(%error, "the system has no store of certificate authorities; using the built-in list");
            let mut roots = RootCertStore::empty();
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
            with_roots(roots, provider)
        }
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn with_roots(roots: RootCertStore, provider: Arc<CryptoProvider>) -> Result<Arc<ClientConfig>, BuildError> {
    let wrong = |message: String| BuildError::at("/tls", message);
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .map_err(|error| wrong(error.to_string()))?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(error.to_string()))?;
    Ok(speaking_http1(builder.with_webpki_verifier(verifier).with_no_client_auth()))
}

fn speaking_http1(mut config: ClientConfig) -> Arc<ClientConfig> {
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Arc::new(config)
}
