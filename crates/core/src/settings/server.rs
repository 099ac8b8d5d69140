//! The process: its listeners, timeouts and limits.

use std::num::NonZeroU32;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::{Interval, Size};

use super::{AnswerSettings, ListenerSettings, ProxyProtocol, TlsSettings};

/// Listeners, timeouts and limits of the process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ServerSettings {
    /// The address of the data listener: `IP:PORT`; port 0 takes a free one. `[::]` takes IPv4
    /// too, unless another listener has `0.0.0.0` at the same port. Changing it needs a restart.
    pub listen: String,
    /// TLS on the data listener. Without it the data listener speaks plain HTTP. Switching it on
    /// or off needs a restart; certificates and all that is below are replaced while it runs.
    pub tls: Option<TlsSettings>,
    /// Whether every connection to the data listener begins with a PROXY protocol header.
    /// Changing it needs a restart.
    pub proxy_protocol: ProxyProtocol,
    /// Further listeners, besides the one at `listen`. They serve the same routes. Adding or
    /// removing one needs a restart.
    pub listeners: Vec<ListenerSettings>,
    /// The address of the management listener: keep it on loopback.
    pub management_listen: String,
    /// Proxies whose `Forwarded` and `X-Forwarded-*` fields are believed, as CIDR ranges.
    #[schemars(with = "Vec<String>")]
    pub trusted_proxies: Vec<IpNet>,
    /// What `run` does with a project that does not pass `check` at start: serve the last good
    /// snapshot of the data folder, where there is one, or refuse to start. The settings of that
    /// snapshot count; `--last-good` and `--no-last-good` stand in for them.
    pub on_broken_project: OnBrokenProject,
    /// How long a stop waits for exchanges that are under way.
    pub drain: Interval,
    /// How long before that a stop only announces itself: `/readyz` answers 503, and connections are
    /// still accepted. For load balancers that go on sending until their next health check.
    pub stop_notice: Interval,
    /// Limits on what a client may send and hold.
    pub limits: ServerLimits,
    /// How long a client may take.
    pub timeouts: ClientTimeouts,
    /// HTTP/2 with clients.
    pub http2: Http2Settings,
    /// WebSocket connections and other upgrades.
    pub tunnels: TunnelSettings,
    /// What answers tell of their way through the gateway.
    pub answers: AnswerSettings,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:9000".to_owned(),
            tls: None,
            proxy_protocol: ProxyProtocol::Off,
            listeners: Vec::new(),
            management_listen: "127.0.0.1:9001".to_owned(),
            trusted_proxies: Vec::new(),
            on_broken_project: OnBrokenProject::LastGood,
            drain: Interval::from_secs(30),
            stop_notice: Interval::from_secs(0),
            limits: ServerLimits::default(),
            timeouts: ClientTimeouts::default(),
            http2: Http2Settings::default(),
            tunnels: TunnelSettings::default(),
            answers: AnswerSettings::default(),
        }
    }
}

/// HTTP/2 with clients. Over TLS it is offered by ALPN, on plain text it is spoken with clients that
/// begin with it (prior knowledge).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Http2Settings {
    /// Whether it is spoken at all.
    pub enabled: bool,
    /// The most requests that one connection may have under way.
    pub max_concurrent_streams: NonZeroU32,
    /// How many bytes of one request body may be on their way before the upstream has taken them:
    /// at least 65,535, at most 2 GiB.
    pub stream_window: Size,
    /// The same for all request bodies of a connection together.
    pub connection_window: Size,
    /// How many requests a client may cancel beyond those it lets end; a tenth of it comes back each
    /// second. Then the connection is closed.
    pub reset_budget: NonZeroU32,
    /// How many frames that carry no request (PING, SETTINGS, PRIORITY, WINDOW_UPDATE, unknown ones)
    /// a client may send beyond what its traffic explains; a tenth of it comes back each second.
    /// Then the connection is closed.
    pub control_budget: NonZeroU32,
    /// How often a client is asked whether it is still there, so that connections whose other end
    /// has vanished do not stay. `0s` for never.
    pub ping_interval: Interval,
    /// How long its answer may take.
    pub ping_timeout: Interval,
}

impl Default for Http2Settings {
    fn default() -> Self {
        const STREAMS: NonZeroU32 = NonZeroU32::new(100).unwrap();
        const RESETS: NonZeroU32 = NonZeroU32::new(200).unwrap();
        const FRAMES: NonZeroU32 = NonZeroU32::new(1000).unwrap();
        Self {
            enabled: true,
            max_concurrent_streams: STREAMS,
            stream_window: Size(256 * 1024),
            connection_window: Size(1024 * 1024),
            reset_budget: RESETS,
            control_budget: FRAMES,
            ping_interval: Interval::from_secs(30),
            ping_timeout: Interval::from_secs(20),
        }
    }
}

/// WebSocket connections and other upgrades: what becomes of a connection once client and upstream
/// have agreed to speak another protocol on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TunnelSettings {
    /// The protocols that a request may upgrade to, as the `Upgrade` field names them. The field is
    /// dropped where it asks for any other. An empty list switches all upgrades off.
    pub protocols: Vec<String>,
    /// How long a tunnel may be silent in both directions before it is closed. `0s` for no limit.
    pub idle: Interval,
    /// How old a tunnel may become, however busy it is. `0s`, the default, for no limit.
    pub max_age: Interval,
    /// How long a stop leaves tunnels open; never longer than `server.drain`.
    pub drain: Interval,
    /// The most tunnels at once; a request for one more is answered with 503. Default: no limit of
    /// their own; each counts as a connection.
    pub most: Option<usize>,
}

impl Default for TunnelSettings {
    fn default() -> Self {
        Self {
            protocols: vec!["websocket".to_owned()],
            idle: Interval::from_secs(600),
            max_age: Interval::from_secs(0),
            drain: Interval::from_secs(10),
            most: None,
        }
    }
}

/// What to do with a broken project at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnBrokenProject {
    /// Do not start; exit with 78.
    Refuse,
    /// Serve the last project that passed, and say so.
    LastGood,
}

/// Limits on what a client may send and hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ServerLimits {
    /// The longest request target, in bytes.
    pub url_length: Size,
    /// The most header fields of a request.
    pub header_count: usize,
    /// The most bytes of all header fields of a request together.
    pub header_bytes: Size,
    /// The largest request body; routes may ask for less with `request-size-limit`.
    pub body: Option<Size>,
    /// The least bytes per second at which a request body comes while somebody waits for it.
    /// Slower ones get 408 when `timeouts.body` is used up. `0` for no rate.
    pub min_body_rate: Size,
    /// The least bytes per second at which a client takes an answer that waits for it. Slower ones
    /// are cut off when `timeouts.response` is used up. `0` for no rate.
    pub min_response_rate: Size,
    /// The most connections at once. Default: 80% of the descriptor limit.
    pub connections: Option<usize>,
    /// The most connections of one address. Default: half of the total; loopback and trusted
    /// proxies have none.
    pub connections_per_address: Option<usize>,
    /// The most connections that are still at their TLS handshake or PROXY protocol header.
    /// Beyond that, the one that has taken longest is closed for every new one.
    pub handshakes: usize,
    /// The largest body that a policy may hold in memory (validation, for one).
    pub buffered_body: Size,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            url_length: Size(16 * 1024),
            header_count: 100,
            header_bytes: Size(64 * 1024),
            body: None,
            min_body_rate: Size(240),
            min_response_rate: Size(240),
            connections: None,
            connections_per_address: None,
            handshakes: 2048,
            buffered_body: Size(10 * 1024 * 1024),
        }
    }
}

/// How long a client may take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ClientTimeouts {
    /// For the PROXY protocol header and the TLS handshake together.
    pub handshake: Interval,
    /// From the first byte of a head to its last.
    pub head: Interval,
    /// Between two pieces of a request body, and for how long it may come slower than
    /// `limits.minBodyRate`.
    pub body: Interval,
    /// For how long a client may take nothing of an answer that waits for it, and for how long it
    /// may take it slower than `limits.minResponseRate`.
    pub response: Interval,
    /// Between two requests on one connection.
    pub keep_alive: Interval,
    /// How old a connection may become: then its client is told that the answer under way is the last one
    /// (`Connection: close`, GOAWAY), so that clients spread anew over gateways and load balancers. Up to a
    /// tenth is taken off, so that what began together does not end together. Tunnels are not touched. `0s`,
    /// the default, for never.
    pub connection_age: Interval,
    /// For how long an HTTP/1 client that ends its side of the connection is believed to wait for
    /// its answer, rather than to have gone; each piece of the answer that it takes renews it. Then
    /// the upstream's request is cancelled.
    pub half_close: Interval,
}

impl Default for ClientTimeouts {
    fn default() -> Self {
        Self {
            handshake: Interval::from_secs(10),
            head: Interval::from_secs(10),
            body: Interval::from_secs(30),
            response: Interval::from_secs(60),
            keep_alive: Interval::from_secs(75),
            connection_age: Interval::from_secs(0),
            half_close: Interval::from_millis(800),
        }
    }
}
