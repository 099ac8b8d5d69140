//! Takes an opaque token from the client and sends the upstream the JWT that stands for it: the phantom token
//! approach, by introspection (RFC 7662, RFC 9701) at a Curity server or another that can do it.

mod introspection;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::exchange::Credential;
use tollgate_core::{ByteCache, Exchange, Fault, Flow, Policy, Problem, Reason, Request, Step, User};

use crate::credential::{Absent, Source, unauthorized};
use crate::remote;
use introspection::{Introspection, Phantom, Verdict};

/// There is no token.
pub static MISSING: Reason = unauthorized(
    "phantom.missing",
    "credentials-missing",
    "The request carries no token.",
    "Send it as `Authorization: Bearer TOKEN`.",
);
/// The server does not know it.
pub static REFUSED: Reason = unauthorized(
    "phantom.refused",
    "credentials-refused",
    "The token cannot be read, or the authorization server says that it is not active.",
    "Get a new token. Who issued it must be the server that `introspectionUrl` of the policy belongs to.",
);
/// The server does not answer.
pub static UNAVAILABLE: Reason = Reason {
    name: "phantom.unavailable",
    code: "unavailable",
    status: 503,
    title: "Service Unavailable",
    fault: Fault::Gateway,
    meaning: "The authorization server could not be asked about a token, or answered something else than a JWT.",
    fix: "The log has what it said; check `introspectionUrl`, `clientId` and `clientSecret`, and that the server answers `Accept: application/jwt`.",
};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<CurityPhantomToken>("curity-phantom-token", Direction::Inbound, include_str!("docs.md"))
        .exports(&["CurityPhantomTokenInboundPolicy"])
        .authenticates()
        .documented_as(|_| Some(json!({ "type": "http", "scheme": "bearer" })))
        .secrets(&["/clientSecret"])
        .reasons(&[&MISSING, &REFUSED, &UNAVAILABLE]);

/// Who is asked about tokens.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// The id of the client that the gateway is at the server.
    client_id: String,
    /// Its secret. Take it from the environment: `$env(NAME)`.
    client_secret: String,
    /// The URL of the introspection endpoint.
    introspection_url: String,
    /// For how many seconds an answer is believed, at most: a token that is withdrawn is good for so long. Default:
    /// 600.
    #[serde(default = "ten_minutes")]
    cache_duration_seconds: u32,
}

const fn ten_minutes() -> u32 {
    600
}

/// See the module.
struct CurityPhantomToken {
    source: Source,
    introspection: Introspection,
    ttl: Duration,
    cache: Arc<ByteCache>,
    area: String,
}

impl fmt::Debug for CurityPhantomToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CurityPhantomToken").field("introspection", &self.introspection).finish_non_exhaustive()
    }
}

impl Configure for CurityPhantomToken {
    type Options = Options;

    fn configure(options: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        for (field, text) in [("clientId", &options.client_id), ("clientSecret", &options.client_secret)] {
            if text.is_empty() {
                return Err(BuildError::at(format!("/{field}"), "is empty").help("give it: `$env(NAME)`"));
            }
        }
        let url = remote::url(&options.introspection_url).ok_or_else(|| {
            BuildError::at("/introspectionUrl", format!("`{}` is not the URL of a server", options.introspection_url))
                .help("write it whole: https://HOST/PATH, without user and password")
        })?;
        let cache = Arc::clone(&context.services.cache);
        Ok(Self {
            source: Source::new(None, None)?,
            introspection: Introspection::new(url, &options.client_id, &options.client_secret)?,
            ttl: Duration::from_secs(options.cache_duration_seconds.into()),
            area: format!("phantom:{}", cache.area()),
            cache,
        })
    }
}

impl Policy for CurityPhantomToken {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        let presented = match self.source.read(request.headers()) {
            Ok(presented) => presented,
            Err(absent) => {
                let reason = if absent == Absent::Missing { &MISSING } else { &REFUSED };
                return Problem::new(reason, self.source.detail(absent))
                    .with_header(WWW_AUTHENTICATE, self.source.challenge(absent != Absent::Missing))
                    .into();
            }
        };
        let digest = digest(&SHA256, presented.as_str().as_bytes());
        let mut short = [0; 16];
        short.copy_from_slice(&digest.as_ref()[..16]);
        let key = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        Step::later(async move {
            let now = exchange.services.clock.now().seconds();
            let kept = self.cache.get(&self.area, &key).and_then(|jwt| Phantom::read(std::str::from_utf8(&jwt).ok()?));
            let verdict = match kept {
                Some(phantom) => Ok(Verdict::Active(phantom)),
                None => self.introspection.ask(&exchange.services, presented.as_str()).await,
            };
            let refused = |why: &str| {
                Flow::from(
                    Problem::new(&REFUSED, "The token is invalid or has expired")
                        .with_header(WWW_AUTHENTICATE, self.source.challenge(true))
                        .caused_by(why),
                )
            };
            let phantom = match verdict {
                Ok(Verdict::Active(phantom)) => phantom,
                Ok(Verdict::Inactive) => return refused("the server says that it is not active"),
                Err(why) => {
                    return Problem::new(&UNAVAILABLE, "Tokens cannot be checked at the moment").caused_by(why).into();
                }
            };
            let left = phantom.expires.saturating_sub(now);
            if left <= 0 {
                return refused("the JWT has expired");
            }
            let Some(field) = remote::secret(&format!("Bearer {}", phantom.jwt)) else {
                return refused("the JWT cannot be sent");
            };
            let ttl = self.ttl.min(Duration::from_secs(left.unsigned_abs()));
            self.keep(&key, &phantom, ttl);
            request.headers_mut().insert(AUTHORIZATION, field);
            exchange.user = Some(User {
                sub: phantom.sub.into(),
                data: Arc::new(phantom.claims),
                credential: Credential::Token { digest: short },
            });
            Flow::Continue
        })
    }
}

impl CurityPhantomToken {
    /// Keeps what was fetched. What is kept already ends when it was to end.
    fn keep(&self, key: &str, phantom: &Phantom, ttl: Duration) {
        if phantom.fetched {
            self.cache.put(&self.area, key, Bytes::copy_from_slice(phantom.jwt.as_bytes()), ttl);
        }
    }
}

#[cfg(test)]
mod tests;
