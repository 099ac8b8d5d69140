//! The files that TLS listeners need: read, examined, and read again when they change.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tollgate_core::project::Project;
use tollgate_core::settings::{ClientCertificateSettings, ProxyProtocol, Settings, TlsSettings};
use tollgate_core::time::Timestamp;
use tollgate_proxy::tls::{Certificate, ClientRules, Named, Offer};
use tollgate_spec::{Diagnostic, Diagnostics};

/// A certificate that expires within this time is told of.
const SOON: Duration = Duration::from_secs(14 * 86_400);

/// A listener as the settings have it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Declared<'s> {
    /// Its address, as written.
    pub(crate) address: &'s str,
    /// TLS on it.
    pub(crate) tls: Option<&'s TlsSettings>,
    /// The PROXY protocol on it.
    pub(crate) proxy_protocol: ProxyProtocol,
}

/// Every data listener: the one at `server.listen` (`listen` stands in for it), then the others.
pub(crate) fn declared<'s>(settings: &'s Settings, listen: Option<&'s str>) -> Vec<Declared<'s>> {
    let server = &settings.server;
    let first = Declared {
        address: listen.unwrap_or(&server.listen),
        tls: server.tls.as_ref(),
        proxy_protocol: server.proxy_protocol,
    };
    let others = server.listeners.iter().map(|listener| Declared {
        address: &listener.address,
        tls: listener.tls.as_ref(),
        proxy_protocol: listener.proxy_protocol,
    });
    std::iter::once(first).chain(others).collect()
}

/// What one listener answers with.
#[derive(Debug)]
pub(crate) struct Answers {
    pub(crate) certificates: Vec<Named>,
    pub(crate) offer: Offer,
}

/// A certificate that is in the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The address of its listener, as written.
    pub(crate) listener: String,
    /// Its first name, or its file where it has none.
    pub(crate) name: String,
    /// Until when it is good.
    pub(crate) not_after: Timestamp,
}

/// Something that is wrong with the files.
#[derive(Debug, Clone)]
struct Finding {
    pointer: String,
    is_error: bool,
    code: &'static str,
    message: String,
    help: String,
}

/// Everything that was found in the files.
#[derive(Debug, Default)]
pub(crate) struct Certificates {
    /// For each listener, in the order of [`declared`]; `None` without TLS, or where it cannot be.
    pub(crate) answers: Vec<Option<Answers>>,
    /// Every certificate that can be used.
    pub(crate) seen: Vec<Seen>,
    findings: Vec<Finding>,
}

impl Certificates {
    /// Reads the files of a project.
    pub(crate) fn read(project: &Project, now: Timestamp) -> Self {
        let mut read = Self::default();
        for (index, listener) in declared(&project.settings, None).into_iter().enumerate() {
            let place = if index == 0 { "/server".to_owned() } else { format!("/server/listeners/{}", index - 1) };
            let answers = listener.tls.and_then(|tls| {
                let certificates = read.listener(&format!("{place}/tls"), listener.address, tls, &project.root, now)?;
                let http2 = project.settings.server.http2.enabled;
                Some(Answers { certificates, offer: Offer { oldest: tls.min_version, http2 } })
            });
            read.answers.push(answers);
        }
        read
    }

    /// Says what is wrong, each at its line.
    pub(crate) fn tell(&self, diagnostics: &mut Diagnostics) {
        for finding in &self.findings {
            let span = diagnostics.settings_span(&finding.pointer);
            let make = if finding.is_error { Diagnostic::error } else { Diagnostic::warning };
            diagnostics.push(make(finding.code, span, finding.message.as_str()).help(finding.help.as_str()));
        }
        diagnostics.sort();
    }

    /// Says in the log of the process what is not as it should be, and keeps nothing from serving.
    pub(crate) fn log_warnings(&self) {
        for finding in self.findings.iter().filter(|finding| !finding.is_error) {
            tracing::warn!(place = finding.pointer, help = finding.help, "{}", finding.message);
        }
    }

    /// What keeps them from being put into force, in one line.
    pub(crate) fn failure(&self) -> Option<String> {
        let errors: Vec<String> = self
            .findings
            .iter()
            .filter(|finding| finding.is_error)
            .map(|finding| format!("{}: {}", finding.pointer, finding.message))
            .collect();
        (!errors.is_empty()).then(|| errors.join("; "))
    }

    /// The certificates of one listener; `None` where one of them cannot be used.
    fn listener(
        &mut self,
        place: &str,
        address: &str,
        tls: &TlsSettings,
        root: &Path,
        now: Timestamp,
    ) -> Option<Vec<Named>> {
        let everyone = self.clients(&format!("{place}/clientCertificates"), tls.client_certificates.as_ref(), root);
        let mut certificates = Vec::new();
        for (index, settings) in tls.certificates.iter().enumerate() {
            let place = format!("{place}/certificates/{index}");
            let own = self.clients(&format!("{place}/clientCertificates"), settings.client_certificates.as_ref(), root);
            let chain = self.file(&format!("{place}/certificate"), &root.join(&settings.certificate));
            let key_file = root.join(&settings.key);
            let key = self.file(&format!("{place}/key"), &key_file);
            let (Some(chain), Some(key)) = (chain, key) else { continue };
            self.check_mode(&format!("{place}/key"), &key_file);
            match Certificate::from_pem(&chain, &key) {
                Ok(certificate) => {
                    self.check_time(&place, &certificate, now);
                    if certificate.names.is_empty() && index > 0 {
                        self.warn(
                            &place,
                            "unused-certificate",
                            "this certificate has no DNS name that a client could ask for".to_owned(),
                            "names stand in its subject alternative names; only the first certificate needs none",
                        );
                    }
                    let name = certificate.names.first().unwrap_or(&settings.certificate).clone();
                    self.seen.push(Seen { listener: address.to_owned(), name, not_after: certificate.not_after });
                    let clients = own.clone().or_else(|| everyone.clone()).flatten();
                    certificates.push(Named { certificate, clients });
                }
                Err(error) => {
                    let part = if error.in_key { "key" } else { "certificate" };
                    self.fail(&format!("{place}/{part}"), format!("this file {}", error.message), error.help);
                }
            }
        }
        (certificates.len() == tls.certificates.len() && self.failure().is_none()).then_some(certificates)
    }

    /// The rules for client certificates: `None` where none are written, `Some(None)` where what is
    /// written cannot be used.
    #[expect(clippy::option_option, reason = "rules that are broken must not count as no rules")]
    fn clients(
        &mut self,
        place: &str,
        settings: Option<&ClientCertificateSettings>,
        root: &Path,
    ) -> Option<Option<Arc<ClientRules>>> {
        let settings = settings?;
        let place = format!("{place}/ca");
        let Some(ca) = self.file(&place, &root.join(&settings.ca)) else { return Some(None) };
        match ClientRules::from_pem(&ca, settings.mode, settings.forward_as) {
            Ok(rules) => Some(Some(Arc::new(rules))),
            Err(error) => {
                self.fail(&place, format!("this file {}", error.message), error.help);
                Some(None)
            }
        }
    }

    fn file(&mut self, place: &str, path: &Path) -> Option<Vec<u8>> {
        fs::read(path)
            .map_err(|error| {
                let message = format!("this file cannot be read: {error}");
                self.fail(place, message, "a relative path is looked up below the project's folder");
            })
            .ok()
    }

    fn check_mode(&mut self, place: &str, path: &Path) {
        if fs::metadata(path).is_ok_and(|file| file.mode() & 0o004 != 0) {
            let message = "everybody on this machine can read this key".to_owned();
            self.warn(place, "readable-key", message, "take the right away: chmod 600");
        }
    }

    fn check_time(&mut self, place: &str, certificate: &Certificate, now: Timestamp) {
        const HELP: &str = "renew it; the gateway takes the new files without a restart";
        let place = format!("{place}/certificate");
        let until = certificate.not_after.rfc3339();
        if certificate.not_after < now {
            self.warn(&place, "certificate-expired", format!("this certificate has expired on {until}"), HELP);
        } else if certificate.not_after.since(now) < SOON {
            self.warn(&place, "certificate-expires", format!("this certificate expires on {until}"), HELP);
        } else if certificate.not_before > now {
            let message = format!("this certificate is not good before {}", certificate.not_before.rfc3339());
            self.warn(&place, "certificate-not-yet-valid", message, "look at the clock of this machine");
        }
    }

    fn fail(&mut self, pointer: &str, message: String, help: &str) {
        let (pointer, help) = (pointer.to_owned(), help.to_owned());
        self.findings.push(Finding { pointer, is_error: true, code: "invalid-certificate", message, help });
    }

    fn warn(&mut self, pointer: &str, code: &'static str, message: String, help: &str) {
        let (pointer, help) = (pointer.to_owned(), help.to_owned());
        self.findings.push(Finding { pointer, is_error: false, code, message, help });
    }
}

/// Every file that is read.
pub(crate) fn files(project: &Project) -> Vec<PathBuf> {
    let tls = declared(&project.settings, None).into_iter().filter_map(|listener| listener.tls);
    let mut files: Vec<PathBuf> = Vec::new();
    for tls in tls {
        for certificate in &tls.certificates {
            files.extend([&certificate.certificate, &certificate.key].map(|name| project.root.join(name)));
            files.extend(certificate.client_certificates.iter().map(|clients| project.root.join(&clients.ca)));
        }
        files.extend(tls.client_certificates.iter().map(|clients| project.root.join(&clients.ca)));
    }
    files
}

/// Device, inode, seconds and nanoseconds of the last change, and size of a file that is there.
type Stamp = Option<(u64, u64, i64, i64, u64)>;

/// What tells one state of the files from another: links are followed, as secrets that are mounted
/// are replaced by another link.
pub(crate) fn stamp(files: &[PathBuf]) -> Vec<Stamp> {
    let one = |path: &PathBuf| {
        let file = fs::metadata(path).ok()?;
        Some((file.dev(), file.ino(), file.mtime(), file.mtime_nsec(), file.size()))
    };
    files.iter().map(one).collect()
}

/// Examines the files of a project that is good otherwise.
pub(crate) fn examine(project: &Project, now: Timestamp, diagnostics: &mut Diagnostics) {
    Certificates::read(project, now).tell(diagnostics);
}
