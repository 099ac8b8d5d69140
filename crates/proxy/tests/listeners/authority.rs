//! Certificates that are made for one test.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use tollgate_core::settings::{ClientCertificateMode, ForwardedCertificate};
use tollgate_proxy::tls::{Certificate, ClientRules, Named};

/// Signs certificates.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: rcgen::Certificate,
}

/// A certificate and its key.
pub(crate) struct Made {
    pub(crate) der: CertificateDer<'static>,
    key: KeyPair,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    pub(crate) fn make(&self, subject: &str, names: &[&str]) -> Made {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, subject);
        let key = KeyPair::generate().unwrap();
        Made { der: params.signed_by(&key, &self.issuer).unwrap().der().clone(), key }
    }

    /// What a listener answers with for these names.
    pub(crate) fn named(&self, names: &[&str]) -> Named {
        self.guarded(names, None)
    }

    pub(crate) fn guarded(&self, names: &[&str], clients: Option<&Arc<ClientRules>>) -> Named {
        let made = self.make("server", names);
        let pem = pem(&made.der);
        let certificate = Certificate::from_pem(pem.as_bytes(), made.key.serialize_pem().as_bytes()).unwrap();
        Named { certificate, clients: clients.map(Arc::clone) }
    }

    pub(crate) fn rules(&self, mode: ClientCertificateMode, forward: Option<ForwardedCertificate>) -> Arc<ClientRules> {
        Arc::new(ClientRules::from_pem(self.certificate.pem().as_bytes(), mode, forward).unwrap())
    }

    /// A client that trusts this authority.
    pub(crate) fn client(&self) -> ClientConfig {
        self.client_with(None, rustls::DEFAULT_VERSIONS)
    }

    pub(crate) fn client_with(
        &self,
        identity: Option<Made>,
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots);
        match identity {
            None => builder.with_no_client_auth(),
            Some(made) => {
                let key = PrivateKeyDer::try_from(made.key.serialize_der()).unwrap();
                builder.with_client_auth_cert(vec![made.der], key).unwrap()
            }
        }
    }
}

fn pem(der: &[u8]) -> String {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}
