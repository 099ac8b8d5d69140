//! Lets a request through only with a valid API key, and says which consumer sent it.
//!
//! Not for people in browsers: a key in a web page is a key for everyone. Use tokens there.

use std::borrow::Cow;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::exchange::{Credential, Introduction};
use tollgate_core::keys::KeyGrant;
use tollgate_core::reason::STORE_UNAVAILABLE;
use tollgate_core::services::{KeyVerdict, Keyring};
use tollgate_core::{Exchange, Flow, MaybeLater, Policy, Problem, Reason, Request, Step, User};

use crate::credential::{Absent, Source, unauthorized};
use crate::query;

/// No key was sent.
pub static MISSING: Reason = unauthorized(
    "key.missing",
    "key-missing",
    "The request carries no API key.",
    "Send the key as `Authorization: Bearer KEY`, or where the `authHeader` of the policy says.",
);
/// What was sent is no key.
pub static MALFORMED: Reason = unauthorized(
    "key.malformed",
    "key-refused",
    "What was sent is not an API key: another scheme, more than one field, or a text whose checksum is wrong.",
    "Look for a key that was cut off when it was copied, and for a second Authorization header.",
);
/// Nobody knows the key.
pub static UNKNOWN: Reason = unauthorized(
    "key.unknown",
    "key-refused",
    "The key is well-formed, but no consumer of this bucket has it.",
    "Compare its first and last characters with `tollgate key list`; it may belong to another gateway or bucket.",
);
/// The key was revoked.
pub static REVOKED: Reason = unauthorized(
    "key.revoked",
    "key-refused",
    "The key was revoked.",
    "Make another one with `tollgate key create CONSUMER`.",
);
/// The key has expired.
pub static EXPIRED: Reason = unauthorized(
    "key.expired",
    "key-refused",
    "The key has expired.",
    "Make another one with `tollgate key create CONSUMER`, or roll keys before they expire.",
);
/// The key is for development.
pub static DEVELOPMENT_ONLY: Reason = unauthorized(
    "key.development_only",
    "key-refused",
    "The key is the one that `tollgate dev` keeps in a file; `tollgate run` refuses it.",
    "Make a consumer and a key for it: `tollgate consumer create NAME`, `tollgate key create NAME`.",
);

/// What the rest of the product knows about it.
pub static KIND: PolicyKind = PolicyKind::of::<ApiKey>("api-key", Direction::Inbound, include_str!("docs.md"))
    .exports(&["ApiKeyInboundPolicy", "ApiAuthKeyInboundPolicy"])
    .authenticates()
    .documented_as(security_scheme)
    .reasons(&[&MISSING, &MALFORMED, &UNKNOWN, &REVOKED, &EXPIRED, &DEVELOPMENT_ONLY, &STORE_UNAVAILABLE]);

/// How a published document describes the key (OpenAPI 3.1, §4.8.27).
fn security_scheme(options: &Value) -> Option<Value> {
    if options.get("disableAutomaticallyAddingKeyHeaderToOpenApi") == Some(&Value::Bool(true)) {
        return None;
    }
    let text = |name: &str, default| options.get(name).and_then(Value::as_str).unwrap_or(default);
    let (header, scheme) = (text("authHeader", "Authorization"), text("authScheme", "Bearer"));
    Some(if header.eq_ignore_ascii_case("authorization") && !scheme.is_empty() {
        json!({ "type": "http", "scheme": scheme.to_ascii_lowercase() })
    } else {
        json!({ "type": "apiKey", "in": "header", "name": header })
    })
}

/// How clients send their keys, and whose keys are good.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Options {
    /// The header field that holds the key. Default: Authorization.
    auth_header: Option<String>,
    /// What stands in front of the key in that field; empty for nothing. Default: Bearer in
    /// `Authorization`, nothing in other fields.
    auth_scheme: Option<String>,
    /// A query parameter that may hold the key instead, for clients that cannot set header
    /// fields. URLs end up in logs and histories of others: leave it out if you can. Default:
    /// none.
    query_param: Option<String>,
    /// The bucket whose consumers may call. Default: `default`.
    bucket_name: Option<String>,
    /// The same as `bucketName`.
    bucket_id: Option<String>,
    /// Whether requests without a good key go on, without a user. A wrong key is then like none.
    /// Default: false.
    allow_unauthenticated_requests: bool,
    /// Whether the upstream sees the key. Default: false: what carried the key is removed.
    forward_key: bool,
    /// Accepted for projects that have it. Keys are held in memory, and a revoked one is refused
    /// at once: there is nothing to cache.
    cache_ttl_seconds: Option<f64>,
    /// Whether published documents leave out that the route takes a key. Default: false.
    disable_automatically_adding_key_header_to_open_api: bool,
}

/// See the module.
#[derive(Debug)]
struct ApiKey {
    keyring: Arc<dyn Keyring>,
    source: Source,
    query: Option<String>,
    bucket: Option<String>,
    optional: bool,
    forward: bool,
}

/// Where a key was found.
enum Found {
    Header(crate::credential::Presented),
    Query(String),
}

impl Found {
    fn as_str(&self) -> &str {
        match self {
            Self::Header(presented) => presented.as_str(),
            Self::Query(key) => key,
        }
    }
}

impl Configure for ApiKey {
    type Options = Options;

    fn configure(options: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        let source = Source::new(options.auth_header.as_deref(), options.auth_scheme.as_deref())?;
        if options.query_param.as_deref() == Some("") {
            return Err(BuildError::at("/queryParam", "a parameter needs a name"));
        }
        if let (Some(name), Some(id)) = (&options.bucket_name, &options.bucket_id)
            && name != id
        {
            return Err(BuildError::at("/bucketId", "names another bucket than `bucketName`").help("keep one of them"));
        }
        Ok(Self {
            keyring: Arc::clone(&context.services.keyring),
            source,
            query: options.query_param,
            bucket: options.bucket_name.or(options.bucket_id).filter(|bucket| !bucket.is_empty()),
            optional: options.allow_unauthenticated_requests,
            forward: options.forward_key,
        })
    }
}

impl Policy for ApiKey {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        let found = match self.find(exchange, request) {
            Ok(found) => found,
            Err(absent) => return Step::Now(self.absent(absent)),
        };
        match self.keyring.find(found.as_str(), self.bucket.as_deref(), exchange.client.ip) {
            MaybeLater::Now(verdict) => Step::Now(self.decide(verdict, exchange, request)),
            MaybeLater::Later(verdict) => Step::later(async move { self.decide(verdict.await, exchange, request) }),
        }
    }

    fn reads_introduction(&self) -> bool {
        Introduction::has(self.source.header())
    }
}

impl ApiKey {
    /// Takes the key out of the request's query and looks for one in its header.
    fn find(&self, exchange: &mut Exchange, request: &mut Request) -> Result<Found, Absent> {
        let mut in_query = Vec::new();
        if let Some(name) = &self.query {
            in_query = query::values(&exchange.target, name);
            if !in_query.is_empty() && !self.forward {
                // At once, whatever becomes of it: a key must not reach a log by way of the URL.
                query::remove(&mut exchange.target, request, name);
            }
        }
        match (self.source.read(request.headers()), in_query.pop(), in_query.is_empty()) {
            (Ok(presented), None, _) => Ok(Found::Header(presented)),
            (Err(Absent::Missing), Some(key), true) if !key.is_empty() => {
                self.note(exchange, &key);
                Ok(Found::Query(key))
            }
            (Err(Absent::Missing), Some(_), true) => Err(Absent::Malformed),
            (_, Some(_), _) => Err(Absent::Several),
            (Err(absent), None, _) => Err(absent),
        }
    }

    fn absent(&self, absent: Absent) -> Flow {
        let detail = self.source.detail(absent);
        match absent {
            // Two credentials are refused even where none is needed: whichever the upstream
            // believes would be one that nobody checked.
            Absent::Several => self.refuse(&MALFORMED, detail, true),
            _ if self.optional => Flow::Continue,
            Absent::Missing => self.refuse(&MISSING, detail, false),
            Absent::OtherScheme => self.refuse(&MALFORMED, detail, false),
            Absent::Malformed => self.refuse(&MALFORMED, "No key present", true),
        }
    }

    fn decide(&self, verdict: KeyVerdict, exchange: &mut Exchange, request: &mut Request) -> Flow {
        let reason = match verdict {
            KeyVerdict::Good(grant) => {
                self.conceal(exchange, request);
                exchange.user = Some(user_of(grant));
                return Flow::Continue;
            }
            KeyVerdict::Unavailable => {
                return Problem::new(&STORE_UNAVAILABLE, "Keys cannot be checked at the moment").into();
            }
            KeyVerdict::Malformed => &MALFORMED,
            KeyVerdict::Unknown => &UNKNOWN,
            KeyVerdict::Revoked => &REVOKED,
            KeyVerdict::Expired => &EXPIRED,
            KeyVerdict::DevelopmentOnly => &DEVELOPMENT_ONLY,
        };
        if self.optional {
            // What is no key of ours may be a credential that a later policy knows.
            if !matches!(reason.name, "key.malformed" | "key.unknown") {
                self.conceal(exchange, request);
            }
            return Flow::Continue;
        }
        // One answer for every wrong key: which one it is helps nobody but a thief.
        self.refuse(reason, "API Key is invalid or does not have access to the API", true)
    }

    /// Keeps a key of the query for a handler that calls other routes with it.
    fn note(&self, exchange: &mut Exchange, key: &str) {
        if let Some(concealed) = exchange.mcp.as_mut().and_then(|mcp| mcp.concealed.as_mut())
            && let Some(field) = self.source.field(key)
        {
            concealed.note_elsewhere(self.source.header(), field);
        }
    }

    /// Removes what carried the key; a query parameter is gone already.
    fn conceal(&self, exchange: &mut Exchange, request: &mut Request) {
        if !self.forward {
            exchange.conceal(self.source.header(), request.headers_mut());
        }
    }

    fn refuse(&self, reason: &'static Reason, detail: impl Into<Cow<'static, str>>, presented: bool) -> Flow {
        Problem::new(reason, detail)
            .with_header(http::header::WWW_AUTHENTICATE, self.source.challenge(presented))
            .into()
    }
}

fn user_of(grant: KeyGrant) -> User {
    User {
        sub: grant.consumer.name.clone(),
        data: grant.consumer.metadata.clone(),
        credential: Credential::Key {
            id: grant.key.id.clone(),
            consumer: grant.consumer.id.clone(),
            version: grant.consumer.version,
            digest: grant.digest,
        },
    }
}

#[cfg(test)]
mod tests;
