//! TLS on one listener: a table from names to certificates, swapped whole.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::Ticketer;
use rustls::server::{NoServerSessionStorage, ProducesTickets, WebPkiClientVerifier};
use rustls::sign::SingleCertAndKey;
use rustls::version::{TLS12, TLS13};
use tollgate_core::settings::TlsVersion;

use super::certificate::Certificate;
use super::client::ClientRules;
use super::provider;

/// Why TLS cannot be spoken with what is configured.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// No certificate at all.
    #[error("there is no certificate")]
    NoCertificate,
    /// The TLS library refuses.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// A certificate, and what is asked of clients who come for one of its names.
#[derive(Debug)]
pub struct Named {
    /// The certificate.
    pub certificate: Certificate,
    /// Which client certificates are good; `None` where clients are not asked.
    pub clients: Option<Arc<ClientRules>>,
}

/// What is offered to clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// The oldest version of TLS.
    pub oldest: TlsVersion,
    /// Whether HTTP/2 is offered (RFC 7301), before HTTP/1.1.
    pub http2: bool,
}

/// TLS on one listener.
pub struct Endpoint {
    table: ArcSwap<Table>,
    /// The keys of session tickets outlive the certificates, so that a renewal does not cost every
    /// client a full handshake. They are never shared between listeners.
    tickets: Arc<dyn ProducesTickets>,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("table", &self.table.load()).finish_non_exhaustive()
    }
}

impl Endpoint {
    /// Speaks TLS with these certificates; the first one answers where no name fits.
    ///
    /// # Errors
    /// Without a certificate, or where the TLS library refuses.
    pub fn new(certificates: Vec<Named>, offer: Offer) -> Result<Arc<Self>, EndpointError> {
        let tickets = Ticketer::new()?;
        let table = Table::new(certificates, offer, &tickets)?;
        Ok(Arc::new(Self { table: ArcSwap::from_pointee(table), tickets }))
    }

    /// Answers new connections with other certificates. Those that are open go on.
    ///
    /// # Errors
    /// As [`Endpoint::new`]; then nothing has changed.
    pub fn replace(&self, certificates: Vec<Named>, offer: Offer) -> Result<(), EndpointError> {
        self.table.store(Arc::new(Table::new(certificates, offer, &self.tickets)?));
        Ok(())
    }

    /// What answers a client who asks for a name, or for none.
    pub(super) fn choose(&self, name: Option<&str>) -> Choice {
        let table = self.table.load();
        let entry = table.find(name.unwrap_or_default());
        Choice { config: Arc::clone(&entry.config), clients: entry.clients.clone() }
    }

    /// The digest of the rules for client certificates that hold for a name.
    pub(super) fn digest_for(&self, name: &str) -> Option<[u8; 32]> {
        let table = self.table.load();
        let entry = if table.uniform { table.entries.first() } else { Some(table.find(name)) };
        entry.and_then(|entry| entry.clients.as_ref()).map(|rules| rules.digest)
    }
}

/// What answers one client.
pub(super) struct Choice {
    pub(super) config: Arc<ServerConfig>,
    pub(super) clients: Option<Arc<ClientRules>>,
}

#[derive(Debug)]
struct Entry {
    config: Arc<ServerConfig>,
    clients: Option<Arc<ClientRules>>,
}

/// Never empty: [`Table::new`] sees to it.
#[derive(Debug)]
struct Table {
    entries: Vec<Entry>,
    fallback: Entry,
    exact: HashMap<String, usize>,
    /// By what follows `*.`.
    wildcards: HashMap<String, usize>,
    /// Every name has the same rules for client certificates.
    uniform: bool,
}

impl Table {
    fn new(certificates: Vec<Named>, offer: Offer, tickets: &Arc<dyn ProducesTickets>) -> Result<Self, EndpointError> {
        let (mut exact, mut wildcards, mut entries) = (HashMap::new(), HashMap::new(), Vec::new());
        for (index, Named { certificate, clients }) in certificates.into_iter().enumerate() {
            for name in &certificate.names {
                // Of two certificates for one name the one that is written first answers.
                match name.strip_prefix("*.") {
                    Some(rest) => wildcards.entry(rest.to_owned()).or_insert(index),
                    None => exact.entry(name.clone()).or_insert(index),
                };
            }
            let config = Arc::new(config(&certificate, clients.as_deref(), offer, tickets)?);
            entries.push(Entry { config, clients });
        }
        let first = entries.first().ok_or(EndpointError::NoCertificate)?;
        let fallback = Entry { config: Arc::clone(&first.config), clients: first.clients.clone() };
        let digest = |entry: &Entry| entry.clients.as_ref().map(|rules| rules.digest);
        let uniform = entries.iter().all(|entry| digest(entry) == digest(&fallback));
        Ok(Self { entries, fallback, exact, wildcards, uniform })
    }

    /// An exact name, then a wildcard for its first label, then the first certificate.
    fn find(&self, name: &str) -> &Entry {
        let lower;
        let name = if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            lower = name.to_ascii_lowercase();
            &lower
        } else {
            name
        };
        let name = name.strip_suffix('.').unwrap_or(name);
        let wildcard = || self.wildcards.get(name.split_once('.')?.1);
        let index = self.exact.get(name).or_else(wildcard);
        index.and_then(|&index| self.entries.get(index)).unwrap_or(&self.fallback)
    }
}

fn config(
    certificate: &Certificate,
    clients: Option<&ClientRules>,
    offer: Offer,
    tickets: &Arc<dyn ProducesTickets>,
) -> Result<ServerConfig, EndpointError> {
    let versions: &[_] = match offer.oldest {
        TlsVersion::Tls12 => &[&TLS13, &TLS12],
        TlsVersion::Tls13 => &[&TLS13],
    };
    let verifier = clients.map_or_else(WebPkiClientVerifier::no_client_auth, |rules| Arc::clone(&rules.verifier));
    let resolver = Arc::new(SingleCertAndKey::from(Arc::clone(&certificate.key)));
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(resolver);
    let protocols: &[&[u8]] = if offer.http2 { &[b"h2", b"http/1.1"] } else { &[b"http/1.1"] };
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    config.session_storage = Arc::new(NoServerSessionStorage {});
    if clients.is_none() {
        config.ticketer = Arc::clone(tickets);
    } else {
        // A ticket would stand in for the certificate for hours, whatever becomes of that.
        config.send_tls13_tickets = 0;
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_core::settings::ClientCertificateMode;

    const OFFER: Offer = Offer { oldest: TlsVersion::Tls12, http2: true };

    fn named(names: &[&str], clients: Option<&Arc<ClientRules>>) -> Named {
        let made =
            rcgen::generate_simple_self_signed(names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
        let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        let certificate = Certificate::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
        Named { certificate, clients: clients.map(Arc::clone) }
    }

    #[test]
    fn an_exact_name_goes_before_a_wildcard_and_the_first_certificate_is_for_the_rest() {
        let certificates = vec![
            named(&["default.example"], None),
            named(&["*.b.example", "twice.example"], None),
            named(&["a.b.example", "twice.example"], None),
        ];
        let endpoint = Endpoint::new(certificates, OFFER).unwrap();
        let table = endpoint.table.load();
        for (name, expected) in [
            ("default.example", 0),
            ("x.b.example", 1),
            ("X.B.Example", 1),
            ("a.b.example", 2),
            ("A.b.example.", 2),
            ("x.a.b.example", 0),
            ("b.example", 0),
            ("twice.example", 1),
            ("127.0.0.1", 0),
            ("", 0),
            (".", 0),
        ] {
            let found = &table.find(name).config;
            assert!(Arc::ptr_eq(found, &table.entries[expected].config), "{name}");
        }
        assert!(matches!(Endpoint::new(Vec::new(), OFFER), Err(EndpointError::NoCertificate)));
    }

    #[test]
    fn each_name_has_the_rules_of_its_certificate() {
        let authority = rcgen::generate_simple_self_signed(vec!["ca".to_owned()]).unwrap().cert.pem();
        let rules = ClientRules::from_pem(authority.as_bytes(), ClientCertificateMode::Required, None).unwrap();
        let (rules, digest) = (Arc::new(rules), |endpoint: &Endpoint, name| endpoint.digest_for(name));
        let mixed = vec![named(&["open.example"], None), named(&["closed.example"], Some(&rules))];
        let endpoint = Endpoint::new(mixed, OFFER).unwrap();
        assert_eq!(digest(&endpoint, "open.example"), None);
        assert_eq!(digest(&endpoint, "closed.example"), Some(rules.digest));
        assert_eq!(digest(&endpoint, "other.example"), None);
        endpoint.replace(vec![named(&["open.example"], Some(&rules))], OFFER).unwrap();
        assert_eq!(digest(&endpoint, "other.example"), Some(rules.digest));
        assert!(endpoint.replace(Vec::new(), OFFER).is_err());
        assert_eq!(digest(&endpoint, "open.example"), Some(rules.digest));
    }
}
