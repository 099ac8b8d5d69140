//! Lets a request through only with a token of an issuer that is trusted here, and says who
//! sent it.
//!
//! Which keys and algorithms are good is decided here, never by the token.

use std::sync::Arc;

use http::header::{HeaderValue, WWW_AUTHENTICATE};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::exchange::{Credential, Introduction, select};
use tollgate_core::services::verifier::VerifiedToken;
use tollgate_core::services::{TokenVerifier, VerifierSettings, VerifyError};
use tollgate_core::{Exchange, Fault, Flow, MaybeLater, Policy, Problem, Reason, Request, Step, User};

use crate::credential::{Absent, Source};

macro_rules! refusal {
    ($(#[$doc:meta])* $ident:ident = $name:literal, $code:literal, $status:literal, $title:literal, $fault:ident, $meaning:literal, $fix:literal) => {
        $(#[$doc])*
        pub static $ident: Reason = Reason {
            name: $name,
            code: $code,
            status: $status,
            title: $title,
            fault: Fault::$fault,
            meaning: $meaning,
            fix: $fix,
        };
    };
}

refusal!(
    /// No token was sent.
    MISSING = "token.missing", "token-missing", 401, "Unauthorized", Client,
    "The request carries no token.",
    "Send the token as `Authorization: Bearer TOKEN`, or where the `authHeader` of the policy says."
);
refusal!(
    /// What was sent is no token.
    MALFORMED = "token.malformed", "token-refused", 401, "Unauthorized", Client,
    "What was sent is not a signed token: another scheme, more than one field, or not three parts in base64url.",
    "Look at the field as the gateway gets it; send the token alone behind `Bearer`."
);
refusal!(
    /// Nobody trusted has signed it.
    SIGNATURE = "token.signature", "token-refused", 401, "Unauthorized", Client,
    "The token's signature, key or algorithm is not one that the policy trusts.",
    "Compare the token's `alg` and `kid` with the issuer's key set, and `jwkUrl`, `secret` and `algorithms` of the policy."
);
refusal!(
    /// It has expired.
    EXPIRED = "token.expired", "token-refused", 401, "Unauthorized", Client,
    "The token has expired.",
    "Get another one from the issuer; if it is new, compare the clocks."
);
refusal!(
    /// A claim is wrong.
    CLAIM = "token.claim", "token-refused", 401, "Unauthorized", Client,
    "A claim of the token is missing, wrong or not valid yet: issuer, audience, `nbf`, or the subject.",
    "The log says which claim; compare it with `issuer`, `audience` and `subPropertyName` of the policy."
);
refusal!(
    /// It does not reach far enough.
    SCOPE = "token.scope", "insufficient-scope", 403, "Forbidden", Client,
    "The token is good, and lacks a scope that the route requires.",
    "Ask the issuer for a token with the scopes that WWW-Authenticate names."
);
refusal!(
    /// A claim has another value than those that are required.
    REQUIRED_CLAIM = "token.required_claim", "forbidden", 403, "Forbidden", Client,
    "The token is good, and a claim of it has none of the values that the policy requires.",
    "The log says which claim; compare it with `requiredClaims` of the policy."
);
refusal!(
    /// There are no keys to verify it with.
    KEYS_UNAVAILABLE = "token.keys_unavailable", "unavailable", 503, "Service Unavailable", Gateway,
    "The issuer's keys could not be fetched, and there are no older ones.",
    "Fetch the key set from this machine; correct `issuer` or `jwkUrl`."
);

/// The reasons of the policies for single providers.
pub(crate) const REASONS: &[&Reason] = &[&MISSING, &MALFORMED, &SIGNATURE, &EXPIRED, &CLAIM, &KEYS_UNAVAILABLE];

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<OpenIdJwtAuth>("open-id-jwt-auth", Direction::Inbound, include_str!("docs.md"))
        .exports(&["OpenIdJwtInboundPolicy"])
        .authenticates()
        .secrets(&["/secret"])
        .reasons(&[&MISSING, &MALFORMED, &SIGNATURE, &EXPIRED, &CLAIM, &SCOPE, &KEYS_UNAVAILABLE]);

/// Whose tokens are good. Either `issuer` (its keys are discovered), `jwkUrl` or `secret`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Options {
    /// The `iss` that tokens must have. Without `jwkUrl` and `secret` the keys are discovered at
    /// its `/.well-known/openid-configuration`.
    issuer: Option<String>,
    /// The `aud` that tokens must have, among others.
    audience: Option<String>,
    /// The URL of the issuer's key set.
    jwk_url: Option<String>,
    /// The secret that tokens are signed with (HS256, HS384, HS512), instead of keys.
    secret: Option<String>,
    /// The algorithms that are allowed, such as RS256. Default: those that fit the keys.
    algorithms: Vec<String>,
    /// The header field that holds the token. Default: Authorization.
    auth_header: Option<String>,
    /// Whether requests without a good token go on, without a user. A wrong token is then like
    /// none. Default: false.
    allow_unauthenticated_requests: bool,
    /// The claim that says who calls; a dotted path where it is not at the top. Default: sub.
    sub_property_name: Option<String>,
    /// Scopes that a token must have, all of them, in its `scope` or `scp` claim.
    required_scopes: Vec<String>,
    /// Header fields for fetching the key set. Not supported yet: the request carries none.
    #[schemars(with = "std::collections::BTreeMap<String, String>")]
    headers: IndexMap<String, String>,
    /// Whether the challenge of a 401 names the metadata of this resource (RFC 9728), as MCP
    /// clients expect. Default: false.
    o_auth_resource_metadata_enabled: bool,
}

/// What a good token lacks.
enum Insufficient {
    Scope(String),
    Claim(String),
}

/// See the module.
#[derive(Debug)]
pub(crate) struct OpenIdJwtAuth {
    source: Source,
    verifier: Arc<dyn TokenVerifier>,
    optional: bool,
    sub: String,
    scopes: Vec<String>,
    claims: RequiredClaims,
    /// Whether challenges name the resource's metadata, and the gateway's own URL for that.
    metadata: Option<Option<String>>,
}

impl Configure for OpenIdJwtAuth {
    type Options = Options;

    fn configure(options: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        if !options.headers.is_empty() {
            return Err(BuildError::at("/headers", "the request for the key set cannot carry header fields yet")
                .help("serve the key set without them, or give `secret`"));
        }
        if let Some(scope) = options.required_scopes.iter().position(|scope| !is_scope(scope)) {
            return Err(
                BuildError::at(format!("/requiredScopes/{scope}"), "not a scope").help("one scope an entry, no spaces")
            );
        }
        let settings = VerifierSettings {
            issuer: options.issuer.filter(|text| !text.is_empty()),
            audience: options.audience.filter(|text| !text.is_empty()),
            jwks_url: options.jwk_url.filter(|text| !text.is_empty()),
            secret: options.secret.filter(|text| !text.is_empty()),
            public_key: None,
            algorithms: options.algorithms,
        };
        let demands = Demands {
            auth_header: options.auth_header,
            optional: options.allow_unauthenticated_requests,
            sub: options.sub_property_name,
            scopes: options.required_scopes,
            metadata: options.o_auth_resource_metadata_enabled,
            ..Demands::default()
        };
        Self::with(&settings, demands, context)
    }
}

/// What is asked of requests and tokens beside a good signature of the right issuer.
#[derive(Debug, Default)]
pub(crate) struct Demands {
    /// The header field that holds the token, where it is not `Authorization`.
    pub(crate) auth_header: Option<String>,
    /// Whether requests without a good token go on, without a user.
    pub(crate) optional: bool,
    /// The claim that says who calls, where it is not `sub`.
    pub(crate) sub: Option<String>,
    /// Scopes that a token must have.
    pub(crate) scopes: Vec<String>,
    /// Claims that a token must have, each with one of some values.
    pub(crate) claims: RequiredClaims,
    /// Whether challenges name the resource's metadata.
    pub(crate) metadata: bool,
}

/// Claims by their dotted paths, and the values of which each must have one.
pub(crate) type RequiredClaims = Vec<(String, Vec<Value>)>;

/// RFC 6749 §3.3
pub(crate) fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

/// The first scope that is required and not in a token's `scope` or `scp` claim.
pub(crate) fn missing_scope<'s>(required: &'s [String], claims: &Value) -> Option<&'s String> {
    if required.is_empty() {
        return None;
    }
    let mut granted = Vec::new();
    for claim in ["scope", "scp"] {
        match claims.get(claim) {
            Some(Value::String(text)) => granted.extend(text.split(' ')),
            Some(Value::Array(scopes)) => granted.extend(scopes.iter().filter_map(Value::as_str)),
            _ => {}
        }
    }
    required.iter().find(|scope| !granted.contains(&scope.as_str()))
}

/// The first claim that has none of the values that are required of it. Of a list, one entry must have it.
fn missing_claim<'c>(required: &'c RequiredClaims, claims: &Value) -> Option<&'c str> {
    let has = |(path, accepted): &(String, Vec<Value>)| match select(claims, path) {
        Some(Value::Array(values)) => values.iter().any(|value| accepted.contains(value)),
        Some(value) => accepted.contains(value),
        None => false,
    };
    required.iter().find(|claim| !has(claim)).map(|(path, _)| path.as_str())
}

impl Policy for OpenIdJwtAuth {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        let presented = match self.source.read(request.headers()) {
            Ok(presented) => presented,
            Err(absent) => return Step::Now(self.absent(absent, exchange)),
        };
        match self.verifier.verify(presented.as_str()) {
            MaybeLater::Now(verdict) => Step::Now(self.decide(verdict, exchange)),
            MaybeLater::Later(verdict) => Step::later(async move { self.decide(verdict.await, exchange) }),
        }
    }

    fn reads_introduction(&self) -> bool {
        Introduction::has(self.source.header())
    }
}

impl OpenIdJwtAuth {
    /// For the policies that know where the keys of one provider are.
    ///
    /// # Errors
    /// Where the settings cannot work.
    pub(crate) fn with(
        settings: &VerifierSettings,
        demands: Demands,
        context: &BuildContext<'_>,
    ) -> Result<Self, BuildError> {
        Ok(Self {
            source: Source::new(demands.auth_header.as_deref(), Some("Bearer"))?,
            verifier: context.services.verifiers.verifier(settings)?,
            optional: demands.optional,
            sub: demands.sub.unwrap_or_else(|| "sub".to_owned()),
            scopes: demands.scopes,
            claims: demands.claims,
            metadata: demands.metadata.then(|| context.settings.public_url.clone()),
        })
    }

    fn absent(&self, absent: Absent, exchange: &Exchange) -> Flow {
        match absent {
            // Refused even where no token is needed: whichever of two the upstream believes would
            // be one that nobody checked.
            Absent::Several => {}
            _ if self.optional => return Flow::Continue,
            _ => {}
        }
        let reason = if absent == Absent::Missing { &MISSING } else { &MALFORMED };
        let presented = matches!(absent, Absent::Several | Absent::Malformed);
        let problem = Problem::new(reason, self.source.detail(absent));
        problem.with_header(WWW_AUTHENTICATE, self.challenge(presented, exchange)).into()
    }

    fn decide(&self, verdict: Result<VerifiedToken, VerifyError>, exchange: &mut Exchange) -> Flow {
        let admitted = verdict.map_err(|error| refusal_of(&error)).and_then(|token| self.user_of(token));
        let (reason, cause) = match admitted {
            Ok(user) => match self.insufficiency(&user.data) {
                None => {
                    exchange.user = Some(user);
                    return Flow::Continue;
                }
                Some(_) if self.optional => return Flow::Continue,
                Some(Insufficient::Scope(scope)) => return self.insufficient(&scope, exchange),
                Some(Insufficient::Claim(claim)) => {
                    return Problem::new(&REQUIRED_CLAIM, "Forbidden")
                        .caused_by(format!("claim `{claim}` has none of the values that are required"))
                        .into();
                }
            },
            Err(refusal) => refusal,
        };
        if reason.status == KEYS_UNAVAILABLE.status {
            return Problem::new(reason, "Tokens cannot be checked at the moment").caused_by(cause).into();
        }
        if self.optional {
            return Flow::Continue;
        }
        // One answer for every wrong token, expired ones included; the log has the cause.
        Problem::new(reason, "The token is invalid or has expired")
            .caused_by(cause)
            .with_header(WWW_AUTHENTICATE, self.challenge(true, exchange))
            .into()
    }

    fn user_of(&self, token: VerifiedToken) -> Result<User, (&'static Reason, String)> {
        let sub = match select(&token.claims, &self.sub) {
            Some(Value::String(sub)) if !sub.is_empty() => sub.as_str().into(),
            Some(Value::Number(number)) => number.to_string().into(),
            _ => {
                return Err((
                    &CLAIM,
                    format!("claim `{}`: it must say who calls, and is missing or not a text", self.sub),
                ));
            }
        };
        Ok(User { sub, data: token.claims, credential: Credential::Token { digest: token.digest } })
    }

    /// What a good token lacks.
    fn insufficiency(&self, claims: &Value) -> Option<Insufficient> {
        let scope = missing_scope(&self.scopes, claims).map(|scope| Insufficient::Scope(scope.clone()));
        scope.or_else(|| missing_claim(&self.claims, claims).map(|claim| Insufficient::Claim(claim.to_owned())))
    }

    fn insufficient(&self, scope: &str, exchange: &Exchange) -> Flow {
        let challenge = self
            .challenge_with(&format!(", error=\"insufficient_scope\", scope=\"{}\"", self.scopes.join(" ")), exchange);
        Problem::new(&SCOPE, "The token lacks a scope that is required here")
            .caused_by(format!("scope `{scope}` is missing"))
            .with_header(WWW_AUTHENTICATE, challenge)
            .into()
    }

    fn challenge(&self, presented: bool, exchange: &Exchange) -> HeaderValue {
        if self.metadata.is_none() {
            return self.source.challenge(presented);
        }
        self.challenge_with(if presented { ", error=\"invalid_token\"" } else { "" }, exchange)
    }

    /// `Bearer realm="api"`, and more.
    fn challenge_with(&self, more: &str, exchange: &Exchange) -> HeaderValue {
        let mut challenge = format!("Bearer realm=\"api\"{more}");
        if let Some(public_url) = &self.metadata {
            challenge.push_str(", resource_metadata=\"");
            match public_url {
                Some(url) => challenge.push_str(&quoted(url.trim_end_matches('/'))),
                None => {
                    challenge.push_str(exchange.client.scheme.as_str());
                    challenge.push_str("://");
                    challenge.push_str(&quoted(&exchange.client.host));
                }
            }
            // RFC 9728 §3.1: the resource's own path goes behind the well-known one.
            challenge.push_str("/.well-known/oauth-protected-resource");
            challenge.push_str(&quoted(exchange.target.forward_path.trim_end_matches('/')));
            challenge.push('"');
        }
        HeaderValue::from_str(&challenge).unwrap_or_else(|_| self.source.challenge(false))
    }
}

/// The inside of a quoted string (RFC 9110 §5.6.4).
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

fn refusal_of(error: &VerifyError) -> (&'static Reason, String) {
    let reason = match error {
        VerifyError::Malformed(_) => &MALFORMED,
        VerifyError::Signature(_) => &SIGNATURE,
        VerifyError::Expired => &EXPIRED,
        VerifyError::NotYet | VerifyError::Claim { .. } => &CLAIM,
        VerifyError::KeysUnavailable(_) => &KEYS_UNAVAILABLE,
    };
    (reason, error.to_string())
}

#[cfg(test)]
mod tests;
