//! A certificate with its key, out of two PEM texts.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use tollgate_core::time::Timestamp;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::provider;

/// What is wrong with a PEM text, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PemError {
    /// Whether it is the key's text; otherwise the certificate's.
    pub in_key: bool,
    /// What is wrong, as the end of a sentence that begins with the file. Holds nothing of a key.
    pub message: String,
    /// What would be right.
    pub help: &'static str,
}

impl PemError {
    fn certificate(message: impl Into<String>, help: &'static str) -> Self {
        Self { in_key: false, message: message.into(), help }
    }

    fn key(message: impl Into<String>, help: &'static str) -> Self {
        Self { in_key: true, message: message.into(), help }
    }
}

const CERTIFICATE_HELP: &str =
    "name a PEM file that begins with the server's certificate (`-----BEGIN CERTIFICATE-----`), then those above it";
const KEY_HELP: &str = "name a PEM file with the key in PKCS#8, PKCS#1 or SEC1 form (`-----BEGIN PRIVATE KEY-----`)";

/// A certificate, those between it and its root, and its private key.
pub struct Certificate {
    pub(super) key: Arc<CertifiedKey>,
    /// The DNS names that it is good for, in lower case; `*.` in front of those with a wildcard.
    pub names: Vec<String>,
    /// From when on it is good.
    pub not_before: Timestamp,
    /// Until when it is good.
    pub not_after: Timestamp,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("names", &self.names).finish_non_exhaustive()
    }
}

impl Certificate {
    /// Reads the certificate chain and the key.
    ///
    /// # Errors
    /// Where either cannot be used, or they do not belong together.
    pub fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Self, PemError> {
        let chain = chain(certificate)?;
        let (names, not_before, not_after) = match chain.first() {
            Some(first) => describe(first)?,
            None => return Err(PemError::certificate("has no certificate in it", CERTIFICATE_HELP)),
        };
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| match error {
            _ if find(key, b"BEGIN ENCRYPTED PRIVATE KEY") => {
                PemError::key("is encrypted", "write it without a passphrase: openssl pkey -in KEY -out PLAIN")
            }
            pem::Error::NoItemsFound => PemError::key("has no private key in it", KEY_HELP),
            _ => PemError::key("is not well-formed PEM", KEY_HELP),
        })?;
        let key = provider()
            .key_provider
            .load_private_key(key)
            .map_err(|_| PemError::key("has a key of a kind or size that is not supported", KEY_HELP))?;
        let certified = CertifiedKey::new(chain, key);
        certified.keys_match().map_err(|_| {
            PemError::key(
                "is not the key of the certificate",
                "both files must be from the same issue; after a renewal, replace both",
            )
        })?;
        Ok(Self { key: Arc::new(certified), names, not_before, not_after })
    }
}

fn find(text: &[u8], mark: &[u8]) -> bool {
    text.windows(mark.len()).any(|window| window == mark)
}

fn chain(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    chain.map_err(|_| PemError::certificate("is not well-formed PEM", CERTIFICATE_HELP))
}

/// The names that a certificate is good for, and between which moments.
fn describe(certificate: &[u8]) -> Result<(Vec<String>, Timestamp, Timestamp), PemError> {
    let unreadable = || PemError::certificate("has a certificate that cannot be read", CERTIFICATE_HELP);
    let (_, parsed) = X509Certificate::from_der(certificate).map_err(|_| unreadable())?;
    let alternatives = parsed.subject_alternative_name().map_err(|_| unreadable())?;
    let names = alternatives.iter().flat_map(|extension| &extension.value.general_names);
    let names = names.filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        _ => None,
    });
    let validity = parsed.validity();
    let moment = |seconds: i64| Timestamp(seconds.saturating_mul(1000));
    Ok((names.collect(), moment(validity.not_before.timestamp()), moment(validity.not_after.timestamp())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(names: &[&str]) -> (String, String) {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    #[test]
    fn a_certificate_tells_its_names_and_its_time() {
        let (certificate, key) = made(&["API.example", "*.example", "127.0.0.1"]);
        let certificate = Certificate::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
        assert_eq!(certificate.names, ["api.example", "*.example"]);
        assert!(certificate.not_before < certificate.not_after);
    }

    #[test]
    fn what_cannot_be_used_is_named_and_no_key_is_shown() {
        let (certificate, key) = made(&["a.example"]);
        let (_, other) = made(&["a.example"]);
        let broken = certificate.replace("BEGIN CERTIFICATE", "BEGIN CERT");
        let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
        for (certificate, key, in_key, message) in [
            (&*certificate, &*other, true, "is not the key of the certificate"),
            (&certificate, &certificate, true, "has no private key in it"),
            (&certificate, encrypted, true, "is encrypted"),
            (&certificate, "", true, "has no private key in it"),
            ("", &key, false, "has no certificate in it"),
            (&key, &key, false, "has no certificate in it"),
            (&broken, &key, false, "is not well-formed PEM"),
        ] {
            let error = Certificate::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap_err();
            assert_eq!((error.in_key, error.message.as_str()), (in_key, message));
        }
        let whole = Certificate::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
        assert!(!format!("{whole:?}").contains("PRIVATE"));
    }
}
