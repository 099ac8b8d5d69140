//! `tollgate.yaml`, as types. Their doc comments are the reference page, the JSON Schema and the
//! editor's completion; their defaults are the defaults.

mod access_log;
mod answers;
mod issuer;
mod leaks;
mod listener;
mod metrics;
mod recorder;
mod scripts;
mod server;
mod source;
mod traces;
mod upstream;

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::keys::DeclaredConsumer;

pub use access_log::{AccessLogSettings, LogFileSettings, LogHttpSettings, LogPreset};
pub use answers::{AnswerSettings, ProxyStatus};
pub use issuer::{IssuerSettings, KeySettings, SecretSettings, SigningAlgorithm};
pub use leaks::{GITHUB_ALERTS, GithubAlertSettings, LeakSettings, LeakWebhookSettings};
pub use listener::{
    CertificateSettings, ClientCertificateMode, ClientCertificateSettings, ForwardedCertificate, ListenerSettings,
    ProxyProtocol, TlsSettings, TlsVersion,
};
pub use metrics::MetricSettings;
pub use recorder::RecorderSettings;
pub use scripts::{Destination, DestinationError, FetchSettings, ScriptSettings};
pub use server::{ClientTimeouts, Http2Settings, OnBrokenProject, ServerLimits, ServerSettings, TunnelSettings};
pub use source::{SOURCE_HOOK, SourceSettings, SourceWebhookKind, SourceWebhookSettings};
pub use traces::{TraceFormat, TraceSettings};
pub use upstream::{
    PoolSettings, RequestBuffering, TimeoutSettings, UpstreamHost, UpstreamHttp2, UpstreamOrUrl, UpstreamProtocol,
    UpstreamSettings, UpstreamTls,
};

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
    /// Keys that leak: who tells of them, and who is told.
    pub leaks: Box<LeakSettings>,
    /// A project that comes from a repository (`run --from git+…`): how it is followed.
    pub source: Box<SourceSettings>,
    /// The key that seals the signing keys at rest.
    pub secrets: SecretSettings,
    /// Where consumers, keys and signing keys are kept: `sqlite://PATH`, or
    /// `postgres://USER@HOST/DATABASE` for several nodes. Default: SQLite in the data folder.
    /// `--store` and `TOLLGATE_STORE` stand in for it.
    pub store: Option<ConnectionUrl>,
    /// Where limits are counted: `memory`, or in a Redis (7 or newer) or Valkey that several gateways share:
    /// `redis://[USER:PASSWORD@]HOST[:PORT][,HOST…][/DB]`, with TLS `rediss://…`. A cluster is recognised. Behind a
    /// `?` may stand `timeout=40ms` (how long a decision is waited for), `prefix=tollgate:` (what keys begin
    /// with), and for TLS `ca=FILE`, `cert=FILE` and `key=FILE`. Default: in memory.
    pub limits: Option<String>,
    /// The limits of TypeScript modules.
    pub scripts: ScriptSettings,
    /// The access log.
    pub access_log: AccessLogSettings,
    /// What is remembered of requests that are over, for `tollgate explain`.
    pub recorder: RecorderSettings,
    /// Spans of requests, for a collector of OpenTelemetry. None are sent by default.
    pub traces: Option<TraceSettings>,
    /// Metrics, for a collector of OpenTelemetry. None are sent by default; `/metrics` is there in any case.
    pub metrics: Option<Box<MetricSettings>>,
    /// Consumers that are part of the project, with the hashes of their keys.
    pub consumers: Vec<DeclaredConsumer>,
    /// How often one address may fail to authenticate before it is refused outright; `off`
    /// switches it off. Default: 60/m.
    pub failed_auth_limit: FailedAuthLimit,
}

/// The URL of a server. There may be a password in it, which `Debug` does not show.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ConnectionUrl(pub String);

impl ConnectionUrl {
    /// The URL, password and all.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for ConnectionUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ConnectionUrl(…)")
    }
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

/// One document of the project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DocumentSettings {
    /// The file, relative to the project; a URL (`https://…`); or a file of a repository
    /// (`git+https://HOST/REPOSITORY#BRANCH:PATH`, or with `git+ssh://` or `git+file://`), which is followed as `source` says.
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
