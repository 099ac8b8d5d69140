//! `tollgate.yaml`, as types. Their doc comments are the reference page, the JSON Schema and the
//! editor's completion; their defaults are the defaults.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use indexmap::IndexMap;
use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::keys::DeclaredConsumer;
use crate::units::{Interval, Lifetime, Size};

/// The server: everything that is not in the documents. Every field has a default.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Settings {
    /// The URL under which clients reach the gateway, without a trailing slash. It is the root
    /// of the issuer's name, so that backends can find the signing keys. Default: the scheme and
    /// address of the first listener.
    pub public_url: Option<String>,
    /// Listeners, timeouts and limits of the process.
    pub server: ServerSettings,
    /// The documents. Default: `openapi.{yaml,yml,json}` and everything in `apis/`.
    pub documents: Option<Vec<DocumentSettings>>,
    /// Named backends, for `upstream: NAME` in a document.
    #[schemars(with = "BTreeMap<String, UpstreamOrUrl>")]
    pub upstreams: IndexMap<String, UpstreamOrUrl>,
    /// Named policies, for steps in a document.
    #[schemars(with = "BTreeMap<String, NamedPolicy>")]
    pub policies: IndexMap<String, NamedPolicy>,
    /// Named CORS policies, for `cors: NAME` in a document.
    #[schemars(with = "BTreeMap<String, CorsSettings>")]
    pub cors: IndexMap<String, CorsSettings>,
    /// Default timeouts of all routes.
    pub timeouts: TimeoutSettings,
    /// What is done to header fields on their way.
    pub hygiene: HygieneSettings,
    /// The signing of tokens for upstreams.
    pub issuer: IssuerSettings,
    /// API keys.
    pub keys: KeySettings,
    /// The key that seals the signing keys at rest.
    pub secrets: SecretSettings,
    /// Where consumers and keys are kept: `sqlite://PATH` or `postgres://…`. Default: SQLite in
    /// the data folder.
    pub store: Option<String>,
    /// Where limits are counted: `memory` or `redis://…`. Default: in memory.
    pub limits: Option<String>,
    /// The access log.
    pub access_log: AccessLogSettings,
    /// Consumers that are part of the project, with the hashes of their keys.
    pub consumers: Vec<DeclaredConsumer>,
    /// How often one address may fail to authenticate before it is refused outright; `off`
    /// switches it off. Default: 60/m.
    pub failed_auth_limit: FailedAuthLimit,
}

/// How often one address may fail to authenticate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum FailedAuthLimit {
    /// A rate, such as 60/m.
    Rate(crate::units::Rate),
    /// `off`
    Off(Off),
}

/// The word `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Off {
    /// `off`
    Off,
}

impl Default for FailedAuthLimit {
    fn default() -> Self {
        const SIXTY: NonZeroU32 = NonZeroU32::new(60).unwrap();
        Self::Rate(crate::units::Rate { count: SIXTY, window: std::time::Duration::from_secs(60) })
    }
}

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
    /// What `run` does with a project that does not pass `check` at start: refuse to start, or
    /// serve the last good one.
    pub on_broken_project: OnBrokenProject,
    /// How long a stop waits for exchanges that are under way.
    pub drain: Interval,
    /// Limits on what a client may send and hold.
    pub limits: ServerLimits,
    /// How long a client may take.
    pub timeouts: ClientTimeouts,
    /// HTTP/2 with clients.
    pub http2: Http2Settings,
    /// WebSocket connections and other upgrades.
    pub tunnels: TunnelSettings,
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
            on_broken_project: OnBrokenProject::Refuse,
            drain: Interval::from_secs(30),
            limits: ServerLimits::default(),
            timeouts: ClientTimeouts::default(),
            http2: Http2Settings::default(),
            tunnels: TunnelSettings::default(),
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

/// A further listener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListenerSettings {
    /// Its address: `IP:PORT`, such as `[::]:443`.
    pub address: String,
    /// TLS on it. Without it, it speaks plain HTTP.
    pub tls: Option<TlsSettings>,
    /// Whether every connection begins with a PROXY protocol header.
    #[serde(default)]
    pub proxy_protocol: ProxyProtocol,
}

/// Whether connections begin with a PROXY protocol header, in which a load balancer says who the
/// client is. There is no guessing: a listener that took both would let clients write their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProxyProtocol {
    /// They do not.
    #[default]
    Off,
    /// They do, in version 1 or 2, and come from `server.trustedProxies` only: every other
    /// connection is closed.
    Required,
}

/// TLS on a listener: versions 1.2 and 1.3.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TlsSettings {
    /// The certificates. The name that a client asks for (SNI) chooses among them by their
    /// subject alternative names: exact names before wildcards. The first one answers everybody
    /// else. The files are read again when they change.
    pub certificates: Vec<CertificateSettings>,
    /// The oldest version that is spoken.
    pub min_version: TlsVersion,
    /// Whether clients show a certificate, and which ones are good. Default: they are not asked.
    pub client_certificates: Option<ClientCertificateSettings>,
}

/// A certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CertificateSettings {
    /// A PEM file: the certificate, then those of the authorities between it and the root. A
    /// relative path begins at the project folder.
    pub certificate: String,
    /// A PEM file with its private key, readable by the gateway's user alone.
    pub key: String,
    /// Client certificates for the names of this certificate, instead of the listener's. A
    /// request for such a name on a connection that was made under another is refused with 421.
    pub client_certificates: Option<ClientCertificateSettings>,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize, JsonSchema)]
pub enum TlsVersion {
    /// TLS 1.2.
    #[default]
    #[serde(rename = "1.2")]
    Tls12,
    /// TLS 1.3.
    #[serde(rename = "1.3")]
    Tls13,
}

/// Certificates that clients show. Who shows one is in the access log; what it means is for
/// routes and backends to decide.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientCertificateSettings {
    /// A PEM file with the certificates of the authorities that sign client certificates. A
    /// relative path begins at the project folder.
    pub ca: String,
    /// Whether a client may come without one.
    #[serde(default)]
    pub mode: ClientCertificateMode,
    /// The header field in which upstreams are told of the certificate. Default: none.
    pub forward_as: Option<ForwardedCertificate>,
}

/// Whether a client may come without a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClientCertificateMode {
    /// It may not: the handshake fails.
    #[default]
    Required,
    /// It may. One that is shown must be good.
    Optional,
}

/// How upstreams are told of a client's certificate. What clients write there themselves never
/// reaches an upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedCertificate {
    /// `X-Forwarded-Client-Cert: Hash=…;Subject="…";URI=…;DNS=…`
    XForwardedClientCert,
    /// `Client-Cert`, the whole certificate, as RFC 9440 has it.
    ClientCert,
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
            half_close: Interval::from_millis(800),
        }
    }
}

/// One document of the project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DocumentSettings {
    /// The file, relative to the project, or a URL.
    pub from: String,
    /// An OpenAPI Overlay that is laid over it, so that a document that a framework regenerates
    /// stays untouched.
    pub overlay: Option<String>,
    /// A path in front of all of its paths.
    pub mount: Option<String>,
    /// The hosts it is served for; any where none is given. `*.example.com` is allowed.
    #[serde(default)]
    pub hosts: Vec<String>,
}

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
    /// Timeouts that differ from the server's.
    #[serde(default)]
    pub timeouts: TimeoutSettings,
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

/// A named policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NamedPolicy {
    /// A built-in policy's name, or `./modules/file.ts#export`.
    #[serde(rename = "use")]
    pub implementation: String,
    /// Its options.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Value>")]
    pub options: Option<Value>,
}

/// One text, or several: a comma-separated text counts as several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany {
    /// `GET, POST`
    One(String),
    /// `[GET, POST]`
    Many(Vec<String>),
}

impl OneOrMany {
    /// Each of them, trimmed; empty ones are left out.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let (one, many) = match self {
            Self::One(text) => (Some(text.split(',')), None),
            Self::Many(texts) => (None, Some(texts.iter().flat_map(|text| text.split(',')))),
        };
        one.into_iter().flatten().chain(many.into_iter().flatten()).map(str::trim).filter(|text| !text.is_empty())
    }
}

/// Who may call from a web page of another origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CorsSettings {
    /// The origins that may call: exact, `*`, or `https://*.example.com` for exactly one label.
    pub allowed_origins: OneOrMany,
    /// The methods they may use. Default: those of the path.
    pub allowed_methods: Option<OneOrMany>,
    /// The request headers they may send.
    pub allowed_headers: Option<OneOrMany>,
    /// The response headers they may read.
    pub expose_headers: Option<OneOrMany>,
    /// For how many seconds a browser may remember the answer to a preflight.
    pub max_age: Option<u32>,
    /// Whether cookies and `Authorization` may be sent along.
    #[serde(default)]
    pub allow_credentials: bool,
}

/// What is done to header fields on their way.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct HygieneSettings {
    /// Names with an underscore, a dot or anything else but letters, digits and hyphens that are
    /// let through. All others are dropped, because WSGI and CGI merge `x_user` with `x-user`.
    pub allow_underscore: Vec<String>,
}

/// The signing of tokens for upstreams.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct IssuerSettings {
    /// The path of the issuer: its discovery document and its keys are served below it, and
    /// `publicUrl` + this path is the `iss` of every token.
    pub path: String,
    /// The signature algorithm.
    pub algorithm: SigningAlgorithm,
    /// How long a token is valid, unless a policy says otherwise.
    pub expires_in: Lifetime,
    /// How often the signing key is replaced. `0s` for never.
    pub rotate_every: Interval,
    /// How long a new signing key is published before it signs, so that backends which refresh
    /// their copy of the keys every five minutes know it in time.
    pub publish_before_use: Interval,
}

impl Default for IssuerSettings {
    fn default() -> Self {
        Self {
            path: "/__tollgate/issuer".to_owned(),
            algorithm: SigningAlgorithm::RS256,
            expires_in: Lifetime(std::time::Duration::from_secs(300)),
            rotate_every: Interval::from_secs(90 * 86_400),
            publish_before_use: Interval::from_secs(600),
        }
    }
}

/// The signature algorithms that the issuer knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[allow(clippy::upper_case_acronyms, reason = "these are the registered names")]
pub enum SigningAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256: what every library verifies.
    RS256,
    /// … with SHA-384.
    RS384,
    /// … with SHA-512.
    RS512,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// … with SHA-384.
    PS384,
    /// … with SHA-512.
    PS512,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// ECDSA on P-384 with SHA-384.
    ES384,
    /// Ed25519.
    EdDSA,
}

impl SigningAlgorithm {
    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::EdDSA => "EdDSA",
        }
    }
}

/// API keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct KeySettings {
    /// What new keys begin with: 2 to 12 lower-case letters and digits.
    pub prefix: String,
    /// For how long known keys are served while the store is away; then 503.
    pub max_stale: Interval,
}

impl Default for KeySettings {
    fn default() -> Self {
        Self { prefix: "tg".to_owned(), max_stale: Interval::from_secs(3600) }
    }
}

/// The key that seals the signing keys at rest.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SecretSettings {
    /// The master key: `$env(TOLLGATE_MASTER_KEY)`, 32 bytes or more in base64. Without it a
    /// file in the data folder, readable by its owner only, holds a generated one.
    pub master_key: Option<String>,
    /// A file that holds the master key.
    pub master_key_file: Option<String>,
}

impl std::fmt::Debug for SecretSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretSettings")
            .field("master_key", &self.master_key.as_ref().map(|_| "…"))
            .field("master_key_file", &self.master_key_file)
            .finish()
    }
}

/// The access log: one JSON line for every request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AccessLogSettings {
    /// Whether there is one.
    pub enabled: bool,
}

impl Default for AccessLogSettings {
    fn default() -> Self {
        Self { enabled: true }
    }
}
