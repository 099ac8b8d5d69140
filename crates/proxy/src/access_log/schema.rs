//! What a line of JSON holds. These types are the contract: their schema is published, and what is written is
//! held against them by tests. They are not what writes a line (see `json`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The version of the schema. It grows when a member goes, or means something else; members may be added.
pub const VERSION: u32 = 1;

/// One line of the access log. Members without a value are left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessLogLine {
    /// The version of this schema. It grows when a member goes, or means something else; members may be added.
    #[schemars(schema_with = "this_version")]
    pub v: u32,
    /// When the head of the request had arrived, RFC 3339 in UTC.
    pub time: String,
    /// The request id: `x-request-id` as it came in, or a new UUIDv7; the answer carries it too.
    pub id: String,
    /// What was asked for; absent where the head could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The host that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The path, normalised, without the query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The *names* of the query's parameters, never their values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<Vec<String>>,
    /// `HTTP/1.1` …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// The status of the answer; 499 where the client was gone before it, 408 where its head did not come in time.
    pub status: u16,
    /// `ok`, or why it was refused: one of the closed list of reasons.
    pub reason: String,
    /// The stage that refused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// The policy that refused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// What the client was told of the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What only the log is told of the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The operation id, or `GET /path`; absent where no route matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// Who called: the consumer or token subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumer: Option<String>,
    /// The id of the key that was shown, never the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// The caller's address.
    pub client: String,
    /// The address at the other end of the connection, where that is a trusted proxy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// The TLS session, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsLine>,
    /// The name that was asked for in the TLS handshake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sni: Option<String>,
    /// The client's certificate, where it showed one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<CertificateLine>,
    /// What the client calls itself, cut at 256 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// Bytes of the request's body that were read.
    pub bytes_in: u64,
    /// Bytes of the answer's body that were written.
    pub bytes_out: u64,
    /// Milliseconds from the head of the request to the last byte of the answer.
    pub ms: f64,
    /// Milliseconds until the route was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ms_routing: Option<f64>,
    /// Milliseconds of all inbound policies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ms_inbound: Option<f64>,
    /// Milliseconds to resolve the upstream's name and connect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ms_connect: Option<f64>,
    /// Milliseconds of the TLS handshake with the upstream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ms_tls: Option<f64>,
    /// Milliseconds from sending the request upstream to the head of its answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ms_first_byte: Option<f64>,
    /// Milliseconds of all outbound policies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ms_outbound: Option<f64>,
    /// Every try to reach an upstream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<Vec<AttemptLine>>,
    /// W3C trace context: the caller's trace is continued.
    pub trace_id: String,
    /// The gateway's span, which the upstream receives as its parent.
    pub span_id: String,
    /// The digest of the project that was in force.
    pub snapshot: String,
    /// The share of such requests that have a line, where that is not all: this line stands for `1 / sample`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<f64>,
    /// What policies and scripts added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<Map<String, Value>>,
}

/// A TLS session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TlsLine {
    /// The version of TLS.
    pub version: String,
    /// The cipher suite.
    pub cipher: String,
}

/// A client's certificate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CertificateLine {
    /// The subject's distinguished name.
    pub subject: String,
    /// The subject alternative names: `DNS:`, `URI:`, `email:` or `IP:` and the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
    /// The SHA-256 of the certificate, in hexadecimal digits.
    pub sha256: String,
}

/// A try to reach an upstream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AttemptLine {
    /// `host:port`.
    pub target: String,
    /// `ok`, or the reason it failed with.
    pub outcome: String,
    /// Milliseconds until that was known.
    pub ms: f64,
    /// Whether a kept connection was used.
    pub reused: bool,
}

fn this_version(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "const": VERSION })
}

/// The JSON Schema of a line.
pub fn schema() -> Value {
    let mut settings = schemars::generate::SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.into_generator().into_root_schema_for::<AccessLogLine>().to_value()
}
