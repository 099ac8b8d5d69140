//! One request and its response, as policies and handlers see it.

use std::any::Any;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use serde_json::{Map, Value};
use smallvec::SmallVec;

use crate::interim::Interim;
use crate::keeper::Keeper;
use crate::keys::KeyDigest;
use crate::ledger::Ledger;
use crate::mcp::McpPart;
use crate::record::Record;
use crate::services::{Gateway, ScriptContext};
use crate::time::Timestamp;
pub use crate::trace::{SpanId, Trace, TraceId};
use crate::{Route, Services};

/// Who calls, once a policy has established it.
#[derive(Debug, Clone)]
pub struct User {
    /// The subject: a consumer's name, or a token's `sub`.
    pub sub: Arc<str>,
    /// A consumer's metadata, or a token's claims.
    pub data: Arc<Value>,
    /// What the caller proved itself with.
    pub credential: Credential,
}

/// What a caller proved itself with. Never the secret itself.
#[derive(Debug, Clone)]
pub enum Credential {
    /// An API key, by its id.
    Key {
        /// The key's id (`key_…`).
        id: Arc<str>,
        /// The consumer's id (`con_…`).
        consumer: Arc<str>,
        /// Counts up whenever the consumer's metadata changes, so that caches can key on it.
        version: u64,
        /// What it is known by, for those who want to hear of its end.
        digest: KeyDigest,
    },
    /// A verified token.
    Token {
        /// The first 16 bytes of the token's SHA-256: equal tokens, equal digests.
        digest: [u8; 16],
    },
    /// Whatever a script says.
    Other,
}

/// The scheme the client used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `http`
    Http,
    /// `https`
    Https,
}

impl Scheme {
    /// `http` or `https`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// Where a request came from.
#[derive(Debug, Clone)]
pub struct Client {
    /// The address at the other end of the connection.
    pub peer: SocketAddr,
    /// The caller's address: the peer's, or what trusted proxies say.
    pub ip: IpAddr,
    /// The scheme the caller used, by the same rule.
    pub scheme: Scheme,
    /// The host (and port) that was asked for, lower-case: from Host, or by the same rule.
    pub host: Arc<str>,
    /// The certificate that the peer has shown, where it has, and the listener has verified it.
    pub certificate: Option<Arc<ClientCertificate>>,
}

/// A certificate that a client has shown and that was verified.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The subject's distinguished name.
    pub subject: String,
    /// The issuer's.
    pub issuer: String,
    /// From when on it is good.
    pub not_before: Timestamp,
    /// Until when it is.
    pub not_after: Timestamp,
    /// The SHA-256 of the certificate, in hexadecimal digits.
    pub sha256: String,
}

/// The target of a request in its two spellings (`proxy/hygiene` makes them).
#[derive(Debug, Clone, Default)]
pub struct Target {
    /// Unreserved characters decoded, dot segments resolved, empty segments merged: what
    /// routing, policies, limits and logs use.
    pub match_path: String,
    /// The client's bytes with only dot segments resolved and empty segments merged: what is
    /// forwarded.
    pub forward_path: String,
    /// The query, without its question mark, as the client sent it.
    pub query: Option<String>,
}

/// Path parameters, percent-decoded once, in template order.
pub type Params = SmallVec<[(Arc<str>, String); 4]>;

/// A request without its body.
#[derive(Debug, Clone)]
pub struct RequestHead {
    /// Its method.
    pub method: http::Method,
    /// Its header fields.
    pub headers: HeaderMap,
}

/// What an upstream is told of a caller, by fields that are the same for all its requests.
#[derive(Debug)]
pub struct Introduction {
    /// The fields. Each connection that is open has some of these: no map, which would take twice the memory.
    pub fields: Box<[(HeaderName, HeaderValue)]>,
    /// The same as lines of a head of HTTP/1, each with its end.
    pub lines: Box<[u8]>,
}

impl Introduction {
    /// Whether a field introduces a caller, or names the request and its trace.
    pub fn has(name: &HeaderName) -> bool {
        let name = name.as_str();
        name.starts_with("x-forwarded-")
            || matches!(name, "forwarded" | "x-real-ip" | "x-request-id" | "traceparent" | "tracestate")
    }
}

/// One request and its response.
#[derive(Debug)]
pub struct Exchange {
    /// The request id (`x-request-id`).
    pub id: Arc<str>,
    /// The route that matched.
    pub route: Arc<Route>,
    /// The path parameters.
    pub params: Params,
    /// Where the request came from.
    pub client: Client,
    /// The target as it was asked for. A policy that moves the request changes this.
    pub target: Target,
    /// The trace it belongs to.
    pub trace: Trace,
    /// Who calls; `None` until a policy says so.
    pub user: Option<User>,
    /// The bag that policies and scripts share.
    pub custom: Map<String, Value>,
    /// Fields that every answer to this request shall carry, refusals included.
    pub response_headers: HeaderMap,
    /// What is known about it, for log, metrics and explanation. It outlives the exchange.
    pub record: Box<Record>,
    /// What is counted of it.
    pub ledger: Ledger,
    /// The rooms behind the traits.
    pub services: Arc<Services>,
    /// The gateway around it, for code that calls other routes and policies; where the project has
    /// such code.
    pub gateway: Option<Arc<dyn Gateway>>,
    /// How many calls from within the gateway there are around it; 0 for a client's request.
    pub depth: u8,
    /// The context of the script that called this route from within, where one did.
    pub called_by: Option<ScriptContext>,
    /// What of it concerns MCP: of hardly any request.
    pub mcp: Option<Box<McpPart>>,
    /// The head of the request as the handler got it, where somebody behind the handler asks for it.
    pub sent: Option<Box<RequestHead>>,
    /// Who wants to see the answer once it is as routes leave it.
    pub keepers: Vec<Box<dyn Keeper>>,
    /// Where what an upstream says before its answer goes; `None` where the client takes nothing of it.
    pub interim: Option<Interim>,
    /// What the scripts keep of it between one call and the next.
    pub script: Option<Box<dyn Any + Send + Sync>>,
    /// What introduces the caller where nothing on the route looks at it: it and the fields of the trace and of the
    /// request id are not among those of the request, and are written when that is sent.
    pub introduction: Option<Arc<Introduction>>,
}

impl Exchange {
    /// A path parameter's value.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(n, _)| &**n == name).map(|(_, value)| value.as_str())
    }

    /// Adds a field to whatever the answer will be.
    pub fn answer_with(&mut self, name: HeaderName, value: HeaderValue) {
        self.response_headers.append(name, value);
    }

    /// Takes a field out of the header of a request that carries what the caller proved itself with, or in whose place
    /// the gateway puts a proof of its own. A handler that calls other routes on the caller's behalf still gets it.
    pub fn conceal(&mut self, name: &HeaderName, headers: &mut HeaderMap) {
        if let Some(concealed) = self.mcp.as_mut().and_then(|mcp| mcp.concealed.as_mut()) {
            concealed.note(name, headers);
        }
        headers.remove(name);
    }

    /// A value of the caller's data by a dotted path: `plan`, `address.city`, or `sub`.
    pub fn user_value(&self, path: &str) -> Option<Value> {
        let user = self.user.as_ref()?;
        select(&user.data, path).cloned().or_else(|| (path == "sub").then(|| Value::String(user.sub.to_string())))
    }
}

/// Follows a dotted path through objects; a member whose own name has the dots wins.
pub fn select<'v>(data: &'v Value, path: &str) -> Option<&'v Value> {
    let object = data.as_object()?;
    if let Some(value) = object.get(path) {
        return Some(value);
    }
    let mut at = 0;
    while let Some(dot) = path[at..].find('.') {
        let (head, rest) = (&path[..at + dot], &path[at + dot + 1..]);
        if let Some(found) = object.get(head).and_then(|inner| select(inner, rest)) {
            return Some(found);
        }
        at += dot + 1;
    }
    None
}
