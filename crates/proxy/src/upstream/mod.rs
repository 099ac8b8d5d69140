//! Backends: connections to them, and one exchange over such a connection.
//!
//! [`Upstreams`] lives as long as the process. A snapshot asks it for each [`Upstream`] it needs;
//! an unchanged definition gets the same one, with its open connections.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use http::HeaderValue;
use parking_lot::Mutex;
use rustls::ClientConfig;
use tollgate_core::Reason;
use tollgate_core::catalog::BuildError;
use tollgate_core::egress::EgressRules;
use tollgate_core::settings::{RequestBuffering, UpstreamHost, UpstreamProtocol, UpstreamSettings};
use tollgate_core::time::Clock;
use tollgate_core::unix_socket::{self, UnixSocket};
use url::{Host, Url};

mod beside;
mod buffering;
mod connect;
pub(crate) mod handshake;
mod http1;
mod http2;
mod interim;
mod link;
mod map_hosts;
mod names;
mod pool;
mod relay;
mod response;
mod send;
mod stream;
mod tls;
mod upgrade;
mod upload;
mod wait;

use crate::live::{TargetCounts, TargetTally};
pub(crate) use beside::Beside;
use connect::{Connector, Place};
pub use map_hosts::MapHosts;
use pool::Pool;
pub use response::BrokenResponse;

/// Why the body of an answer broke off, where an upstream's did.
pub fn broken_body_reason(error: &(dyn std::error::Error + 'static)) -> Option<&'static Reason> {
    BrokenResponse::in_chain(error).map(|broken| broken.reason)
}

/// The most upstreams that templates may bring into being at request time; above it, those that
/// nobody uses at the moment are forgotten.
const MOST_BY_URL: usize = 1024;

/// An origin, and where whoever asks for it may go.
type Guarded = (String, Arc<EgressRules>);

/// Every upstream of the process.
pub struct Upstreams {
    clock: Arc<dyn Clock>,
    map_hosts: MapHosts,
    defined: Mutex<HashMap<String, Arc<Upstream>>>,
    by_url: Mutex<HashMap<String, Arc<Upstream>>>,
    /// What scripts talk to, by where they may go.
    guarded: Mutex<HashMap<Guarded, Arc<Upstream>>>,
    system_trust: OnceLock<Arc<ClientConfig>>,
}

impl Upstreams {
    /// None yet.
    pub fn new(clock: Arc<dyn Clock>, map_hosts: MapHosts) -> Arc<Self> {
        Arc::new(Self {
            clock,
            map_hosts,
            defined: Mutex::default(),
            by_url: Mutex::default(),
            guarded: Mutex::default(),
            system_trust: OnceLock::new(),
        })
    }

    /// The upstream with this definition: the one there is, or a new one without connections.
    ///
    /// # Errors
    /// Where the URL is not an `http` or `https` one with a host, or `tls` cannot be used.
    pub fn get(&self, settings: &UpstreamSettings) -> Result<Arc<Upstream>, BuildError> {
        let key = serde_json::to_string(settings).map_err(|error| BuildError::at("", error.to_string()))?;
        if let Some(upstream) = self.defined.lock().get(&key) {
            return Ok(Arc::clone(upstream));
        }
        let wrong = |message: String| BuildError::at("/url", message);
        let upstream = Arc::new(match unix_socket::parse(&settings.url) {
            Some(Ok(socket)) => self.build_unix(socket, settings),
            Some(Err(mistake)) => {
                return Err(wrong(format!("`{}` {}", settings.url, mistake.message)).help(mistake.help));
            }
            None => {
                let url = Url::parse(&settings.url)
                    .map_err(|error| wrong(format!("`{}` is not a URL: {error}", settings.url)))?;
                self.build(&url, settings, None)?
            }
        });
        Ok(Arc::clone(self.defined.lock().entry(key).or_insert(upstream)))
    }

    /// The upstream at a URL of which only scheme, host and port matter, with default settings:
    /// for handlers whose target comes out of a template at request time.
    ///
    /// # Errors
    /// Where the URL is not an `http` or `https` one with a host.
    pub fn get_url(&self, origin: &Url) -> Result<Arc<Upstream>, BuildError> {
        let key = &origin[..url::Position::BeforePath];
        if let Some(upstream) = self.by_url.lock().get(key) {
            return Ok(Arc::clone(upstream));
        }
        let upstream = Arc::new(self.build(origin, &UpstreamSettings::new(key), None)?);
        let mut by_url = self.by_url.lock();
        if by_url.len() >= MOST_BY_URL {
            by_url.retain(|_, upstream| Arc::strong_count(upstream) > 1);
        }
        Ok(Arc::clone(by_url.entry(key.to_owned()).or_insert(upstream)))
    }

    /// The same for requests of scripts, which may not go everywhere.
    ///
    /// # Errors
    /// As for [`Self::get_url`].
    pub fn get_guarded(&self, origin: &Url, rules: &Arc<EgressRules>) -> Result<Arc<Upstream>, BuildError> {
        let key = (origin[..url::Position::BeforePath].to_owned(), Arc::clone(rules));
        if let Some(upstream) = self.guarded.lock().get(&key) {
            return Ok(Arc::clone(upstream));
        }
        let upstream = Arc::new(self.build(origin, &UpstreamSettings::new(key.0.as_str()), Some(rules))?);
        let mut guarded = self.guarded.lock();
        if guarded.len() >= MOST_BY_URL {
            guarded.retain(|_, upstream| Arc::strong_count(upstream) > 1);
        }
        Ok(Arc::clone(guarded.entry(key).or_insert(upstream)))
    }

    /// After a reload: forgets every defined upstream that is not in use any more. Exchanges that
    /// are under way on one finish; its idle connections are closed.
    pub fn retain(&self, in_use: &[Arc<Upstream>]) {
        self.defined.lock().retain(|_, upstream| in_use.iter().any(|used| Arc::ptr_eq(used, upstream)));
    }

    fn build(
        &self,
        url: &Url,
        settings: &UpstreamSettings,
        egress: Option<&Arc<EgressRules>>,
    ) -> Result<Upstream, BuildError> {
        let wrong = |message: &str| BuildError::at("/url", format!("`{}`: {message}", settings.url));
        let encrypted = match url.scheme() {
            "http" => false,
            "https" => true,
            _ => return Err(wrong("the scheme of an upstream is http or https")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("a URL of an upstream holds no user name and no password")
                .help("send credentials with a `set-headers` step, its value from `$env(NAME)`"));
        }
        let host = url.host().ok_or_else(|| wrong("the URL has no host"))?;
        let port = url.port_or_known_default().ok_or_else(|| wrong("the URL has no port"))?;
        let name = match &host {
            Host::Domain(name) => (*name).to_owned(),
            Host::Ipv4(ip) => ip.to_string(),
            Host::Ipv6(ip) => ip.to_string(),
        };
        let mapped = self.map_hosts.find(&name, port);
        let tls = if encrypted && mapped.is_none_or(|mapping| mapping.tls) {
            let config = match &settings.tls.ca {
                Some(ca) => tls::trusting(ca)?,
                None => self.system_trust()?,
            };
            Some(tls::Tls::new(config, settings.tls.server_name.as_deref().unwrap_or(&name), settings.protocol)?)
        } else {
            None
        };
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_string(),
        };
        let host_field =
            HeaderValue::from_str(&authority).map_err(|_| wrong("the host cannot be sent as a Host field"))?;
        let place = Place::tcp(name, port, mapped.map(|mapping| mapping.address), settings.resolve_every.0);
        let base_path = url.path().trim_end_matches('/').to_owned();
        let connector = Connector::new(place, tls, Arc::clone(&self.clock), egress.map(Arc::clone));
        Ok(self.assemble(format!("{host}:{port}"), host_field, base_path, connector, settings))
    }

    fn build_unix(&self, socket: UnixSocket<'_>, settings: &UpstreamSettings) -> Upstream {
        let target = format!("unix:{}", socket.path);
        let base_path = socket.base.trim_end_matches('/').to_owned();
        let place = Place::Unix(socket.path.into());
        let connector = Connector::new(place, None, Arc::clone(&self.clock), None);
        self.assemble(target, HeaderValue::from_static("localhost"), base_path, connector, settings)
    }

    fn assemble(
        &self,
        target: String,
        host: HeaderValue,
        base_path: String,
        connector: Connector,
        settings: &UpstreamSettings,
    ) -> Upstream {
        let encrypted = connector.is_encrypted();
        let speaks_http2 = match settings.protocol {
            UpstreamProtocol::Auto => encrypted,
            UpstreamProtocol::Http1 => false,
            UpstreamProtocol::Http2 => true,
        };
        Upstream {
            target: Arc::from(target),
            host,
            host_rule: settings.host,
            base_path,
            http2: speaks_http2.then(|| Arc::new(http2::Pool::new(settings, encrypted))),
            connector,
            pool: Arc::new(Pool::new(&settings.pool)),
            buffering: match settings.request_buffering {
                RequestBuffering::UpTo(size) => Some(size.as_usize()),
                RequestBuffering::Off(_) => None,
            },
            clock: Arc::clone(&self.clock),
            tally: TargetTally::default(),
        }
    }

    /// What was counted of each target that something was sent to. One target may stand in several
    /// definitions.
    pub fn targets(&self) -> Vec<TargetCounts> {
        let mut all: Vec<Arc<Upstream>> = self.defined.lock().values().map(Arc::clone).collect();
        all.extend(self.by_url.lock().values().map(Arc::clone));
        all.extend(self.guarded.lock().values().map(Arc::clone));
        let mut targets: Vec<TargetCounts> = Vec::with_capacity(all.len());
        for upstream in all {
            let counts = upstream.tally.counts(&upstream.target, upstream.idle_connections());
            match targets.iter_mut().find(|known| known.target == counts.target) {
                Some(known) => known.add(counts),
                None => targets.push(counts),
            }
        }
        targets.retain(|counts| counts.sent > 0);
        targets.sort_by(|one, other| one.target.cmp(&other.target));
        targets
    }

    /// Read once, and only when somebody speaks TLS: the system's store has hundreds of
    /// certificates.
    fn system_trust(&self) -> Result<Arc<ClientConfig>, BuildError> {
        if let Some(config) = self.system_trust.get() {
            return Ok(Arc::clone(config));
        }
        let config = tls::trusting_system()?;
        Ok(Arc::clone(self.system_trust.get_or_init(|| config)))
    }
}

impl fmt::Debug for Upstreams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstreams").field("defined", &self.defined.lock().len()).finish_non_exhaustive()
    }
}

/// One backend and the connections to it.
pub struct Upstream {
    target: Arc<str>,
    host: HeaderValue,
    host_rule: UpstreamHost,
    base_path: String,
    connector: Connector,
    pool: Arc<Pool>,
    /// Where it may speak HTTP/2.
    http2: Option<Arc<http2::Pool>>,
    /// Up to how many bytes of a body of unknown length are read before it is sent.
    buffering: Option<usize>,
    clock: Arc<dyn Clock>,
    tally: TargetTally,
}

impl Upstream {
    /// `host:port`, or `unix:` and a path, as the log names it.
    pub fn target(&self) -> &Arc<str> {
        &self.target
    }

    /// What it is sent as Host where the client's is not passed on.
    pub(crate) fn host(&self) -> &HeaderValue {
        &self.host
    }

    /// The path of its URL, which goes in front of every request's; without a trailing slash,
    /// empty for the root.
    pub fn base_path(&self) -> &str {
        &self.base_path
    }

    /// How many open connections wait for a request.
    pub fn idle_connections(&self) -> usize {
        self.pool.len() + self.http2.as_ref().map_or(0, |pool| pool.idle())
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream").field("target", &self.target).finish_non_exhaustive()
    }
}
