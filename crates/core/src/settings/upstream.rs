//! Backends: their addresses, how they are spoken to, and for how long they are waited for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::{Interval, Size};

use super::Off;

/// A backend: its URL, or all about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum UpstreamOrUrl {
    /// `http://127.0.0.1:8888`
    Url(String),
    /// With settings.
    Upstream(Box<UpstreamSettings>),
}

/// A backend.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpstreamSettings {
    /// Its URL; a path in it goes in front of every request's. A Unix socket is written as
    /// `http://unix:/run/app.sock`, with a path as `http://unix:/run/app.sock:/api`.
    pub url: String,
    /// The protocol it is spoken to in: `auto` (the default) lets TLS decide, and is HTTP/1
    /// without TLS; `http1`; or `http2`, without TLS by prior knowledge.
    #[serde(default)]
    pub protocol: UpstreamProtocol,
    /// The Host that it receives: its own (`upstream`, the default) or the client's (`client`).
    #[serde(default)]
    pub host: UpstreamHost,
    /// The `aud` of tokens signed for it. Default: none.
    pub audience: Option<String>,
    /// TLS towards it.
    #[serde(default)]
    pub tls: UpstreamTls,
    /// Connections that are kept open to it.
    #[serde(default)]
    pub pool: PoolSettings,
    /// Connections that speak HTTP/2 with it.
    #[serde(default)]
    pub http2: UpstreamHttp2,
    /// For a backend that reads no chunked bodies (many WSGI servers): request bodies of unknown
    /// length are read into memory up to this size and sent with a Content-Length; longer ones
    /// are 413. `off` (the default) passes them on as they come.
    #[serde(default)]
    pub request_buffering: RequestBuffering,
    /// How long the addresses of its name are used before the name is looked up again. `0s` for every new
    /// connection. Addresses that do not answer are looked up again at once, and the last ones stay in use
    /// for an hour while the resolver fails.
    #[serde(default = "resolve_every")]
    pub resolve_every: Interval,
    /// Timeouts that differ from the server's.
    #[serde(default)]
    pub timeouts: TimeoutSettings,
}

fn resolve_every() -> Interval {
    Interval::from_secs(5)
}

impl UpstreamSettings {
    /// An upstream of which only the URL is known.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            protocol: UpstreamProtocol::default(),
            host: UpstreamHost::default(),
            audience: None,
            tls: UpstreamTls::default(),
            pool: PoolSettings::default(),
            http2: UpstreamHttp2::default(),
            request_buffering: RequestBuffering::default(),
            resolve_every: resolve_every(),
            timeouts: TimeoutSettings::default(),
        }
    }
}

/// Which protocol an upstream is spoken to in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UpstreamProtocol {
    /// Over TLS what ALPN decides; otherwise HTTP/1.
    #[default]
    Auto,
    /// HTTP/1.1.
    Http1,
    /// HTTP/2; without TLS by prior knowledge.
    Http2,
}

/// HTTP/2 towards an upstream.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct UpstreamHttp2 {
    /// After this time a connection takes no further requests, so that load spreads anew over
    /// the machines behind a name. `0s` for never.
    pub connection_age: Interval,
    /// A connection with open streams that brings nothing for this long is sent a PING, and
    /// given up where no answer comes within 20 seconds, or this time where it is shorter. `0s`
    /// for never. Some servers refuse
    /// clients that ping more often than every five minutes, as those of gRPC do.
    pub ping_interval: Interval,
    /// The most streams at once on one connection; the upstream may allow fewer. Where all are
    /// in use another connection is opened.
    pub streams: std::num::NonZeroU32,
}

impl Default for UpstreamHttp2 {
    fn default() -> Self {
        const STREAMS: std::num::NonZeroU32 = std::num::NonZeroU32::new(100).unwrap();
        Self { connection_age: Interval::from_secs(3600), ping_interval: Interval::from_secs(300), streams: STREAMS }
    }
}

/// Whether request bodies of unknown length are read before they are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum RequestBuffering {
    /// Up to a size, such as 1MiB.
    UpTo(Size),
    /// `off`
    Off(Off),
}

impl Default for RequestBuffering {
    fn default() -> Self {
        Self::Off(Off::Off)
    }
}

/// Which Host an upstream receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UpstreamHost {
    /// The upstream's own, from its URL.
    #[default]
    Upstream,
    /// What the client asked for.
    Client,
}

/// TLS towards an upstream.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct UpstreamTls {
    /// A PEM file with the certificates of the authorities to trust, instead of the system's. A
    /// relative path begins at the project folder.
    pub ca: Option<String>,
    /// The name that its certificate must have. Default: the host of its URL.
    pub server_name: Option<String>,
}

/// Connections that are kept open to an upstream.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PoolSettings {
    /// The most idle connections that are kept.
    pub idle_connections: usize,
    /// For how long an idle connection is kept. Keep it under the backend's own keep-alive.
    pub idle_timeout: Interval,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self { idle_connections: 256, idle_timeout: Interval::from_secs(50) }
    }
}

/// Timeouts of an exchange with an upstream. What is not given comes from the outer place, and
/// in the end from the defaults: connect 5s, first byte 60s, idle 60s, no total.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TimeoutSettings {
    /// For a connection: DNS, TCP and TLS together.
    pub connect: Option<Interval>,
    /// From sending the request until the head of the answer. `0s` for no limit.
    pub first_byte: Option<Interval>,
    /// Between two pieces of a body. `0s` for no limit.
    pub idle: Option<Interval>,
    /// For the whole exchange. `0s` for no limit.
    pub total: Option<Interval>,
}
