//! Certificates of clients: which are good, who they say the client is, and how upstreams hear
//! of it.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use aws_lc_rs::digest::{self, SHA256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use tollgate_core::exchange::ClientCertificate;
use tollgate_core::settings::{ClientCertificateMode, ForwardedCertificate};
use tollgate_core::time::Timestamp;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::certificate::PemError;
use super::provider;

const HELP: &str = "name a PEM file with the certificates of the authorities that sign your clients' certificates";
const X_FORWARDED_CLIENT_CERT: HeaderName = HeaderName::from_static("x-forwarded-client-cert");
const CLIENT_CERT: HeaderName = HeaderName::from_static("client-cert");
const CLIENT_CERT_CHAIN: HeaderName = HeaderName::from_static("client-cert-chain");

/// Which client certificates are good for some names of a listener.
pub struct ClientRules {
    pub(super) verifier: Arc<dyn ClientCertVerifier>,
    pub(super) forward_as: Option<ForwardedCertificate>,
    /// Equal rules, and only those, have equal digests.
    pub(super) digest: [u8; 32],
}

impl fmt::Debug for ClientRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientRules").field("forward_as", &self.forward_as).finish_non_exhaustive()
    }
}

impl ClientRules {
    /// Trusts the authorities in a PEM text, and no others.
    ///
    /// # Errors
    /// Where there is none in it that can be used.
    pub fn from_pem(
        authorities: &[u8],
        mode: ClientCertificateMode,
        forward_as: Option<ForwardedCertificate>,
    ) -> Result<Self, PemError> {
        let wrong = |message: &str| PemError { in_key: false, message: message.to_owned(), help: HELP };
        let mut context = digest::Context::new(&SHA256);
        context.update(&[u8::from(mode == ClientCertificateMode::Optional), forward_as.map_or(0, |how| how as u8 + 1)]);
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(authorities) {
            let certificate = certificate.map_err(|_| wrong("is not well-formed PEM"))?;
            context.update(&(certificate.len() as u64).to_be_bytes());
            context.update(&certificate);
            roots.add(certificate).map_err(|_| wrong("has a certificate that cannot be read"))?;
        }
        if roots.is_empty() {
            return Err(wrong("has no certificate in it"));
        }
        let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
        let builder = match mode {
            ClientCertificateMode::Required => builder,
            ClientCertificateMode::Optional => builder.allow_unauthenticated(),
        };
        let verifier = builder.build().map_err(|_| wrong("has no certificate that can verify others"))?;
        let mut digest = [0; 32];
        digest.copy_from_slice(context.finish().as_ref());
        Ok(Self { verifier, forward_as, digest })
    }

    /// Takes out of a request where an upstream would look for a certificate: nothing but the
    /// gateway's own word may stand there.
    pub(super) fn clear(&self, headers: &mut HeaderMap) {
        match self.forward_as {
            None => {}
            Some(ForwardedCertificate::XForwardedClientCert) => drop(headers.remove(X_FORWARDED_CLIENT_CERT)),
            Some(ForwardedCertificate::ClientCert) => {
                headers.remove(CLIENT_CERT);
                headers.remove(CLIENT_CERT_CHAIN);
            }
        }
    }

    /// What an upstream is told of a certificate.
    pub(super) fn forwarded(
        &self,
        identity: &ClientIdentity,
        certificate: &CertificateDer<'_>,
    ) -> Option<(HeaderName, HeaderValue)> {
        let (name, text) = match self.forward_as? {
            ForwardedCertificate::XForwardedClientCert => (X_FORWARDED_CLIENT_CERT, identity.element()),
            // A byte sequence of RFC 8941.
            ForwardedCertificate::ClientCert => (CLIENT_CERT, format!(":{}:", STANDARD.encode(certificate))),
        };
        Some((name, HeaderValue::from_str(&text).ok()?))
    }
}

/// Who a client is by the certificate that was verified.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientIdentity {
    /// The subject's distinguished name.
    pub subject: String,
    /// The subject alternative names: `DNS:`, `URI:`, `email:` or `IP:` and the name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// The SHA-256 of the certificate, in hexadecimal digits.
    pub sha256: String,
}

/// A certificate that was verified, as policies see it; `None` where it cannot be read.
pub(super) fn certificate(certificate: &CertificateDer<'_>) -> Option<ClientCertificate> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let validity = parsed.validity();
    Some(ClientCertificate {
        subject: parsed.subject().to_string(),
        issuer: parsed.issuer().to_string(),
        not_before: Timestamp::from_seconds(validity.not_before.timestamp()),
        not_after: Timestamp::from_seconds(validity.not_after.timestamp()),
        sha256: ClientIdentity::of(certificate).sha256,
    })
}

impl ClientIdentity {
    /// Reads a certificate that was verified.
    pub(super) fn of(certificate: &CertificateDer<'_>) -> Self {
        let sha256 = digest::digest(&SHA256, certificate).as_ref().iter().fold(String::new(), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        });
        let Ok((_, parsed)) = X509Certificate::from_der(certificate) else {
            return Self { subject: String::new(), names: Vec::new(), sha256 };
        };
        let alternatives = parsed.subject_alternative_name().ok().flatten();
        let names = alternatives.iter().flat_map(|extension| &extension.value.general_names);
        let names = names.filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(format!("DNS:{name}")),
            GeneralName::URI(uri) => Some(format!("URI:{uri}")),
            GeneralName::RFC822Name(address) => Some(format!("email:{address}")),
            GeneralName::IPAddress(bytes) => ip(bytes).map(|ip| format!("IP:{ip}")),
            _ => None,
        });
        Self { subject: parsed.subject().to_string(), names: names.collect(), sha256 }
    }

    /// An element of `X-Forwarded-Client-Cert`.
    fn element(&self) -> String {
        let mut text = format!("Hash={};Subject={}", self.sha256, quoted(&self.subject));
        for name in &self.names {
            match name.split_once(':') {
                Some(("URI", uri)) => text.push_str(&format!(";URI={}", quoted(uri))),
                Some(("DNS", name)) => text.push_str(&format!(";DNS={}", quoted(name))),
                _ => {}
            }
        }
        text
    }
}

fn ip(bytes: &[u8]) -> Option<std::net::IpAddr> {
    <[u8; 4]>::try_from(bytes).map(Into::into).or_else(|_| <[u8; 16]>::try_from(bytes).map(Into::into)).ok()
}

/// A quoted string that nobody can read in two ways: what a certificate says is its owner's text.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for char in text.chars() {
        match char {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(char);
            }
            ' '..='~' => quoted.push(char),
            _ => quoted.push('?'),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_says_who_the_certificate_is_for_and_cannot_break_out_of_its_quotes() {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(vec!["a.example".to_owned(), "10.0.0.1".to_owned()]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(rcgen::DnType::CommonName, "x\";Hash=\"f\u{e9}");
        let certificate = params.self_signed(&key).unwrap();
        let identity = ClientIdentity::of(certificate.der());
        assert_eq!(identity.names, ["DNS:a.example", "IP:10.0.0.1"]);
        assert_eq!(identity.sha256.len(), 64);
        let element = identity.element();
        assert_eq!(
            element,
            format!("Hash={};Subject=\"CN=x\\\";Hash=\\\"f?\";DNS=\"a.example\"", identity.sha256),
            "{identity:?}"
        );
    }

    #[test]
    fn policies_see_subject_issuer_and_lifetime_of_a_certificate() {
        let key = rcgen::KeyPair::generate().unwrap();
        let named = |name: &str| {
            let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
            params.distinguished_name = rcgen::DistinguishedName::new();
            params.distinguished_name.push(rcgen::DnType::OrganizationName, "Pets");
            params.distinguished_name.push(rcgen::DnType::CommonName, name);
            params.not_before = rcgen::date_time_ymd(2026, 1, 1);
            params.not_after = rcgen::date_time_ymd(2027, 1, 1);
            params
        };
        let authority = named("authority");
        let issuer = rcgen::Issuer::from_params(&authority, &key);
        let der = named("client").signed_by(&key, &issuer).unwrap();
        let seen = certificate(der.der()).unwrap();
        assert_eq!((seen.subject.as_str(), seen.issuer.as_str()), ("O=Pets, CN=client", "O=Pets, CN=authority"));
        assert_eq!(seen.not_before.rfc3339(), "2026-01-01T00:00:00.000Z");
        assert_eq!(seen.not_after.rfc3339(), "2027-01-01T00:00:00.000Z");
        assert_eq!(seen.sha256, ClientIdentity::of(der.der()).sha256);
    }

    #[test]
    fn equal_rules_have_equal_digests_and_different_ones_do_not() {
        let authority = || rcgen::generate_simple_self_signed(vec!["ca.example".to_owned()]).unwrap().cert.pem();
        let (one, other) = (authority(), authority());
        let digest = |pem: &str, mode, forward| ClientRules::from_pem(pem.as_bytes(), mode, forward).unwrap().digest;
        let (required, optional) = (ClientCertificateMode::Required, ClientCertificateMode::Optional);
        assert_eq!(digest(&one, required, None), digest(&one, required, None));
        assert_ne!(digest(&one, required, None), digest(&one, optional, None));
        assert_ne!(digest(&one, required, None), digest(&other, required, None));
        let forwarded = Some(ForwardedCertificate::ClientCert);
        assert_ne!(digest(&one, required, None), digest(&one, required, forwarded));
        assert!(ClientRules::from_pem(b"", required, None).is_err());
    }
}
