//! Puts a token that the gateway has signed on the request, so that the upstream knows that it
//! came through the gateway, and from whom.
//!
//! The upstream verifies it with the issuer's published keys; nothing secret is shared with it.

use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::exchange::{Introduction, select};
use tollgate_core::reason::SIGN_FAILED;
use tollgate_core::services::TokenRequest;
use tollgate_core::settings::UpstreamOrUrl;
use tollgate_core::units::Lifetime;
use tollgate_core::{Exchange, Fault, Flow, Policy, Problem, Reason, Request, Route, Step, User};

/// Claims are to come from a user, and there is none.
pub static NO_USER: Reason = Reason {
    name: "sign.no_user",
    code: "unauthenticated",
    status: 401,
    title: "Unauthorized",
    fault: Fault::Client,
    meaning: "A token is to carry claims of the caller, and nobody was authenticated.",
    fix: "Send a credential; or put an authenticating policy on the route, or leave `claimsFromUser` out.",
};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<UpstreamJwt>("upstream-jwt", Direction::Inbound, include_str!("docs.md"))
        .exports(&["UpstreamZuploJwtAuthInboundPolicy"])
        .reasons(&[&NO_USER, &SIGN_FAILED]);

/// Whose token stands for callers that nobody authenticated.
const ANONYMOUS: &str = "api-gateway";
/// The claims that only the issuer writes.
const ISSUERS_OWN: [&str; 5] = ["iss", "iat", "nbf", "exp", "jti"];

/// What the token says, and where it goes.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Options {
    /// The `aud` claim. Default: the `audience` of the route's upstream; where that has none, the
    /// token has none either.
    audience: Option<String>,
    /// How long the token is valid: seconds, or a duration such as 5m. Default: the issuer's
    /// `expiresIn` (5m).
    expires_in: Option<Lifetime>,
    /// The `sub` claim. Default: the caller's; `api-gateway` where nobody was authenticated.
    subject: Option<String>,
    /// Claims with the caller's values: each claim's name, and where the value is: `sub`,
    /// `data.plan`, `data.address.city`. A value that is not there leaves its claim out; a
    /// request without a user is refused.
    #[schemars(with = "std::collections::BTreeMap<String, String>")]
    claims_from_user: IndexMap<String, String>,
    /// The same as `claimsFromUser`.
    #[schemars(with = "std::collections::BTreeMap<String, String>")]
    claims: IndexMap<String, String>,
    /// Claims with the same values in every token.
    additional_claims: Map<String, Value>,
    /// The header field that carries the token. Whatever the client sent in it is removed.
    /// Default: Authorization.
    header_name: Option<String>,
    /// What stands in front of the token in that field; empty for nothing. Default: Bearer.
    token_prefix: Option<String>,
}

/// See the module.
#[derive(Debug)]
struct UpstreamJwt {
    prepared: Arc<Prepared>,
    /// The `aud`: of the options, or of the route's upstream.
    audience: Option<String>,
}

#[derive(Debug)]
struct Prepared {
    header: HeaderName,
    /// With its space.
    prefix: String,
    expires_in: Duration,
    subject: Option<String>,
    from_user: Vec<(String, Selector)>,
    claims: Map<String, Value>,
    /// The audiences of the project's upstreams, by name; empty where the options say.
    audiences: IndexMap<String, String>,
}

/// Where in a user a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Selector {
    Sub,
    AllData,
    Data(String),
}

impl Selector {
    /// `sub`, `data`, `data.plan`; `user.` or a dot may stand in front.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let path = text.strip_prefix("user.").or_else(|| text.strip_prefix('.')).unwrap_or(text);
        if path.is_empty() || path.split('.').any(str::is_empty) {
            return None;
        }
        Some(match path.strip_prefix("data.") {
            Some(path) => Self::Data(path.to_owned()),
            None if path == "sub" => Self::Sub,
            None if path == "data" => Self::AllData,
            None => Self::Data(path.to_owned()),
        })
    }

    fn value(&self, user: &User) -> Option<Value> {
        match self {
            Self::Sub => Some(Value::from(&*user.sub)),
            Self::AllData => Some((*user.data).clone()),
            Self::Data(path) => select(&user.data, path).filter(|value| !value.is_null()).cloned(),
        }
    }
}

impl Configure for UpstreamJwt {
    type Options = Options;

    fn configure(mut options: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        let header = match &options.header_name {
            None => AUTHORIZATION,
            Some(name) => HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
                BuildError::at("/headerName", format!("`{name}` is not a name that a header field can have"))
            })?,
        };
        let prefix = match options.token_prefix.as_deref().map(str::trim) {
            None => "Bearer ".to_owned(),
            Some("") => String::new(),
            Some(prefix) => format!("{prefix} "),
        };
        HeaderValue::from_str(&prefix)
            .map_err(|_| BuildError::at("/tokenPrefix", "cannot be written into a header field"))?;
        let expires_in = options.expires_in.unwrap_or(context.settings.issuer.expires_in).0;
        if expires_in < Duration::from_secs(1) {
            return Err(BuildError::at("/expiresIn", "a token must be valid for a second at least"));
        }
        let from_user = selectors(&options)?;
        for name in options.additional_claims.keys() {
            issuers_own("additionalClaims", name)?;
        }
        // `sub` and `aud` have options of their own; written among the claims they mean the same.
        let text_claim = |value: Option<Value>, name: &str| match value {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(BuildError::at(format!("/additionalClaims/{name}"), format!("`{name}` must be a text"))),
        };
        let subject = text_claim(options.additional_claims.shift_remove("sub"), "sub")?;
        let audience = text_claim(options.additional_claims.shift_remove("aud"), "aud")?;
        let subject_of_user = from_user.iter().any(|(claim, _)| claim == "sub");
        let audience = options.audience.or(audience).filter(|audience| !audience.is_empty());
        let audiences = if audience.is_some() { IndexMap::new() } else { audiences(context) };
        let prepared = Prepared {
            header,
            prefix,
            expires_in,
            subject: options.subject.or(if subject_of_user { None } else { subject }),
            from_user,
            claims: options.additional_claims,
            audiences,
        };
        Ok(Self { prepared: Arc::new(prepared), audience })
    }
}

fn selectors(options: &Options) -> Result<Vec<(String, Selector)>, BuildError> {
    let mut selectors = Vec::new();
    for (option, claims) in [("claimsFromUser", &options.claims_from_user), ("claims", &options.claims)] {
        for (claim, path) in claims {
            issuers_own(option, claim)?;
            let pointer = format!("/{option}/{}", claim.replace('~', "~0").replace('/', "~1"));
            let selector = Selector::parse(path).ok_or_else(|| {
                BuildError::at(pointer.clone(), format!("`{path}` is not a place in a user"))
                    .help("such as sub or data.plan")
            })?;
            if claim == "aud" {
                return Err(BuildError::at(pointer, "the audience is not the caller's to say").help("use `audience`"));
            }
            if selectors.iter().any(|(other, _)| other == claim) {
                return Err(BuildError::at(pointer, format!("`{claim}` is in `claimsFromUser` too")));
            }
            selectors.push((claim.clone(), selector));
        }
    }
    Ok(selectors)
}

fn issuers_own(option: &str, claim: &str) -> Result<(), BuildError> {
    if ISSUERS_OWN.contains(&claim) {
        return Err(BuildError::at(format!("/{option}/{claim}"), format!("`{claim}` is written by the issuer alone")));
    }
    Ok(())
}

fn audiences(context: &BuildContext<'_>) -> IndexMap<String, String> {
    let upstreams = context.settings.upstreams.iter();
    let named = upstreams.filter_map(|(name, upstream)| match upstream {
        UpstreamOrUrl::Url(_) => None,
        UpstreamOrUrl::Upstream(upstream) => upstream.audience.clone().map(|audience| (name.clone(), audience)),
    });
    named.collect()
}

impl Policy for UpstreamJwt {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        // Before anything else: what the client sent there must never pass for ours.
        exchange.conceal(&self.prepared.header, request.headers_mut());
        match self.sign(exchange) {
            Ok(value) => {
                request.headers_mut().insert(self.prepared.header.clone(), value);
                Step::Now(Flow::Continue)
            }
            Err(problem) => Step::Now(Flow::Refuse(problem)),
        }
    }

    fn reads_introduction(&self) -> bool {
        Introduction::has(&self.prepared.header)
    }

    fn bind(&self, route: &Arc<Route>) -> Result<Option<Arc<dyn Policy>>, BuildError> {
        let upstream = route.handler.options.get("upstream").and_then(Value::as_str);
        let Some(audience) = upstream.and_then(|name| self.prepared.audiences.get(name)) else { return Ok(None) };
        Ok(Some(Arc::new(Self { prepared: Arc::clone(&self.prepared), audience: Some(audience.clone()) })))
    }
}

impl UpstreamJwt {
    fn sign(&self, exchange: &Exchange) -> Result<HeaderValue, Problem> {
        let prepared = &*self.prepared;
        let user = exchange.user.as_ref();
        let mut claims = None;
        let mut subject_of_user = None;
        if !prepared.from_user.is_empty() {
            let user = user.ok_or_else(|| {
                Problem::new(&NO_USER, "Authentication is required")
                    .with_header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"api\""))
            })?;
            let mut own = prepared.claims.clone();
            for (claim, selector) in &prepared.from_user {
                match (selector.value(user), claim.as_str()) {
                    (None, _) => {}
                    (Some(value), "sub") => subject_of_user = text_of(value),
                    (Some(value), _) => {
                        own.insert(claim.clone(), value);
                    }
                }
            }
            claims = Some(own);
        }
        let subject = prepared.subject.as_deref().or(subject_of_user.as_deref());
        let request = TokenRequest {
            subject: subject.or(user.map(|user| &*user.sub)).unwrap_or(ANONYMOUS),
            audience: self.audience.as_deref(),
            expires_in: prepared.expires_in,
            claims: claims.as_ref().unwrap_or(&prepared.claims),
            prefix: &prepared.prefix,
            credential: user.map(|user| &user.credential),
        };
        exchange
            .services
            .issuer
            .header(&request)
            .map_err(|error| Problem::new(&SIGN_FAILED, "The request could not be passed on").caused_by(error))
    }
}

/// A subject is a text; a number becomes one.
fn text_of(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
