//! The data listeners of a gateway that serves: bound at its start, their certificates replaced
//! while it runs.

use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tollgate_core::project::Project;
use tollgate_core::settings::{ProxyProtocol, Settings};
use tollgate_proxy::listener::{self, Listener};
use tollgate_proxy::metrics::Metrics;
use tollgate_proxy::tls::Endpoint;

use super::Serving;
use crate::at_start;
use crate::certificates::{self, Answers, Certificates, Declared, Seen};
use crate::handover::{Claims, Inherited, Offered, Role, Shared};

/// How often the files of certificates are looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// One of them.
#[derive(Debug, Clone)]
pub(crate) struct Bound {
    /// The address it really has.
    pub(crate) address: SocketAddr,
    /// TLS on it.
    pub(crate) tls: Option<Arc<Endpoint>>,
}

impl Bound {
    /// `http` or `https`.
    pub(crate) const fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// Its URL, as far as there is one.
    pub(crate) fn url(&self) -> String {
        format!("{}://{}", self.scheme(), crate::issuer_url::reachable(self.address))
    }
}

/// The listening sockets of a start: those that others have opened, and new ones.
pub(super) struct Opening<'s> {
    claims: Claims<'s>,
    shared: Vec<Shared>,
}

impl<'s> Opening<'s> {
    pub(super) fn new(inherited: &'s Inherited) -> Self {
        Self { claims: Claims::new(inherited), shared: Vec::new() }
    }

    /// Every data listener; the first is the one at `server.listen`, for which `listen` stands in.
    pub(super) async fn all(
        &mut self,
        settings: &Settings,
        listen: Option<&str>,
        certificates: Certificates,
    ) -> anyhow::Result<(Vec<Listener>, Vec<Bound>)> {
        let declared = certificates::declared(settings, listen);
        let mut wanted = Vec::new();
        for (index, one) in declared.iter().enumerate() {
            let (role, flag) = if index == 0 { (Role::First, "--listen") } else { (Role::Further, "") };
            wanted.push((address_of(one.address, flag).await?, role, flag));
        }
        let (mut listeners, mut bound) = (Vec::new(), Vec::new());
        for ((one, (address, role, flag)), answers) in declared.iter().zip(&wanted).zip(certificates.answers) {
            // A listener on 0.0.0.0 at the same port has IPv4 for itself.
            let only_v6 = wanted.iter().any(|(other, ..)| {
                other.is_ipv4() && other.ip().is_unspecified() && other.port() == address.port() && address.port() != 0
            });
            let socket = self.open(*role, one.address, *address, only_v6, flag)?;
            let tls = answers.map(|Answers { certificates, offer }| Endpoint::new(certificates, offer)).transpose()?;
            let proxy_protocol = one.proxy_protocol == ProxyProtocol::Required;
            bound.push(Bound { address: socket.local_addr()?, tls: tls.clone() });
            listeners.push(Listener { socket, tls, proxy_protocol });
        }
        Ok((listeners, bound))
    }

    /// One at an address as written, for which `flag` could stand in.
    pub(super) async fn one(
        &mut self,
        role: Role,
        declared: &str,
        only_v6: bool,
        flag: &str,
    ) -> anyhow::Result<TcpListener> {
        let address = address_of(declared, flag).await?;
        self.open(role, declared, address, only_v6, flag)
    }

    /// What is listened on, for whoever takes the place of this process.
    pub(super) fn finish(self) -> anyhow::Result<Vec<Shared>> {
        self.claims.none_is_left()?;
        Ok(self.shared)
    }

    fn open(
        &mut self,
        role: Role,
        declared: &str,
        address: SocketAddr,
        only_v6: bool,
        flag: &str,
    ) -> anyhow::Result<TcpListener> {
        let (socket, name) = match self.claims.take(role, declared, address)? {
            Some((socket, name)) => (listener::adopt(socket)?, name),
            None => {
                let bound = listener::bind(address, only_v6);
                (bound.map_err(|error| cannot_listen(&address.to_string(), flag, &error))?, None)
            }
        };
        let offered = Offered { role, name, declared: declared.to_owned() };
        self.shared.push(Shared { offered, descriptor: socket.as_fd().try_clone_to_owned()? });
        Ok(socket)
    }
}

/// The address to listen on, for which `flag` could stand in.
async fn address_of(text: &str, flag: &str) -> anyhow::Result<SocketAddr> {
    let found = match text.parse() {
        Ok(address) => Ok(Some(address)),
        Err(_) => tokio::net::lookup_host(text).await.map(|mut found| found.next()),
    };
    found.map_err(|error| cannot_listen(text, flag, &error))?.context(format!("`{text}` is no address to listen on"))
}

fn cannot_listen(address: &str, flag: &str, error: &std::io::Error) -> anyhow::Error {
    let help = match error.kind() {
        std::io::ErrorKind::AddrInUse if flag.is_empty() => {
            "something listens there already: another process, or another of `server.listeners`".to_owned()
        }
        std::io::ErrorKind::AddrInUse => {
            format!("something listens there already; {flag} 127.0.0.1:0 takes a free port")
        }
        std::io::ErrorKind::PermissionDenied => "ports below 1024 need the right to bind them".to_owned(),
        std::io::ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
        _ => "an address is IP:PORT, such as 127.0.0.1:9000 or [::]:9000".to_owned(),
    };
    anyhow::anyhow!("cannot listen on {address}: {error}\n  help: {help}")
}

/// What of the listeners only a restart can change.
pub(super) fn needs_restart(from: &Settings, to: &Settings, listen: Option<&str>) -> Vec<&'static str> {
    let shape = |one: &Declared<'_>| (one.address.to_owned(), one.tls.is_some(), one.proxy_protocol);
    let shapes = |settings| certificates::declared(settings, listen).iter().map(shape).collect::<Vec<_>>();
    let (old, new) = (shapes(from), shapes(to));
    let (first, others) = (old.first().zip(new.first()), (&old[1..], &new[1..]));
    let mut changes = Vec::new();
    if let Some((old, new)) = first {
        let parts = [
            (at_start::LISTEN, old.0 != new.0),
            (at_start::TLS, old.1 != new.1),
            (at_start::PROXY_PROTOCOL, old.2 != new.2),
        ];
        changes.extend(parts.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name));
    }
    if others.0 != others.1 {
        changes.push(at_start::LISTENERS);
    }
    let announces = old.iter().any(|(_, _, protocol)| *protocol == ProxyProtocol::Required);
    if announces && from.server.trusted_proxies != to.server.trusted_proxies {
        changes.push(at_start::TRUSTED_PROXIES);
    }
    changes
}

/// Notes in the metrics which certificates are in force.
pub(super) fn note(metrics: &Metrics, certificates: &[Seen]) {
    let one = |seen: &'_ Seen| (seen.listener.clone(), seen.name.clone(), seen.not_after.0 / 1000);
    metrics.certified(certificates.iter().map(one));
}

impl Serving {
    /// Puts certificates into force that were found good. New connections see them.
    pub(super) fn certify(&self, certificates: Certificates) -> anyhow::Result<()> {
        certificates.log_warnings();
        note(&self.rooms.metrics, &certificates.seen);
        for (bound, answers) in self.listeners.iter().zip(certificates.answers) {
            if let (Some(endpoint), Some(Answers { certificates, offer })) = (&bound.tls, answers) {
                endpoint.replace(certificates, offer)?;
            }
        }
        self.uncertified.store(None);
        Ok(())
    }

    /// Reads the certificates again. Broken ones change nothing but what is said of them.
    async fn renew(&self) {
        let _one = self.reloading.lock().await;
        let project = self.project();
        let read = Certificates::read(&project, self.rooms.services.clock.now());
        let failure = match read.failure() {
            Some(failure) => Some(failure),
            None => self.certify(read).err().map(|error| error.to_string()),
        };
        match failure {
            None => tracing::info!("certificates reloaded"),
            Some(failure) => {
                self.rooms.metrics.certificates_failed.inc();
                tracing::error!(failure, "the changed certificates cannot be used; those in force stay");
                self.uncertified.store(Some(Arc::new(failure)));
            }
        }
    }

    /// Looks at the files of the certificates until the process stops. What has changed is read
    /// once it has not changed since the look before: certificate and key are two files, and are
    /// replaced one after the other.
    pub(super) async fn follow_certificates(self: Arc<Self>) {
        let look = |project: &Project| certificates::stamp(&certificates::files(project));
        let mut in_force = look(&self.project());
        let mut before = in_force.clone();
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => return,
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
            let now = look(&self.project());
            if now != in_force && now == before {
                in_force.clone_from(&now);
                self.renew().await;
            }
            before = now;
        }
    }
}
