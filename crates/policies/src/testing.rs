//! What unit tests of policies share: an exchange to try them on, and small stand-ins for the
//! rooms behind the traits.

mod scripts;
mod server;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::HeaderValue;
use serde_json::{Value, json};
use tollgate_core::byte_cache::{ByteCache, MOST};
use tollgate_core::catalog::{BuildContext, BuildError, Nested};
use tollgate_core::exchange::{Client, Credential, Scheme, Target, Trace};
use tollgate_core::keys::{Consumer, Key, KeyDigest, KeyGrant};
use tollgate_core::later::BoxFuture;
use tollgate_core::project::{Compatibility, CorsChoice, HandlerDefinition, Place, PolicyInstance, Timeouts, Use};
use tollgate_core::route::{Document, Methods, Operation, PathMode, PathTemplate};
use tollgate_core::services::verifier::VerifiedToken;
use tollgate_core::services::{
    Charge, Correction, Counter, CounterGroup, Decision, HttpClient, HttpError, HttpResponse, IssueError, KeyVerdict,
    Keyring, Limit, Limiter, LimiterAway, Metered, Period, Quota, Quotas, Schedule, Scripts, Sharing, TokenIssuer,
    TokenRequest, TokenVerifier, Usage, VerifierFactory, VerifierSettings, VerifyError,
};
use tollgate_core::settings::Settings;
use tollgate_core::time::{ManualClock, Timestamp};
use tollgate_core::{Body, Exchange, Flow, MaybeLater, Policy, PolicyKind, Problem, Request, Route, Services, User};
use tollgate_limits::LocalLimiter;
use tollgate_limits::quota::LocalQuotas;

pub(crate) use scripts::{FakeScripts, RETURNS};
pub(crate) use server::{Asked, Reply};

/// A gateway without a wire.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) keyring: Arc<FakeKeyring>,
    pub(crate) limiter: Arc<FakeLimiter>,
    pub(crate) verifiers: Arc<FakeVerifiers>,
    pub(crate) services: Arc<Services>,
    pub(crate) settings: Settings,
    pub(crate) compatibility: Compatibility,
    /// Policies that others may nest.
    pub(crate) named: HashMap<String, Arc<dyn Policy>>,
    /// The modules of the project, where it has any.
    pub(crate) scripts: Option<Arc<dyn Scripts>>,
}

impl Room {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(ManualClock::default());
        let keyring = Arc::new(FakeKeyring::default());
        let limiter = Arc::new(FakeLimiter { local: LocalLimiter::new(Arc::clone(&clock) as _), away: Arc::default() });
        let verifiers = Arc::new(FakeVerifiers::default());
        let quotas = LocalQuotas::in_memory(Arc::clone(&clock) as _);
        let services = Services {
            clock: Arc::clone(&clock) as _,
            keyring: Arc::clone(&keyring) as _,
            limiter: Arc::clone(&limiter) as _,
            quotas: Arc::new(FakeQuotas { local: quotas, away: Arc::clone(&limiter.away) }),
            cache: Arc::new(ByteCache::new(MOST, Arc::clone(&clock) as _)),
            outgoing: Arc::default(),
            issuer: Arc::new(FakeIssuer),
            verifiers: Arc::clone(&verifiers) as _,
            http: Arc::new(Nothing),
            explain: false,
        };
        Self {
            clock,
            keyring,
            limiter,
            verifiers,
            services: Arc::new(services),
            settings: Settings::default(),
            compatibility: Compatibility::native(),
            named: HashMap::new(),
            scripts: None,
        }
    }

    /// Builds a policy under the name of its kind.
    pub(crate) fn build(&self, kind: &PolicyKind, options: Value) -> Result<Arc<dyn Policy>, BuildError> {
        self.build_named(kind, kind.name, options)
    }

    /// Builds a policy under a name.
    pub(crate) fn build_named(
        &self,
        kind: &PolicyKind,
        name: &str,
        options: Value,
    ) -> Result<Arc<dyn Policy>, BuildError> {
        let instance = PolicyInstance {
            id: name.into(),
            name: name.into(),
            implementation: Use::BuiltIn(kind.name.to_owned()),
            options: options.clone(),
            place: Place::default(),
            unused: false,
        };
        let nested = |name: &str| match self.named.get(name) {
            Some(policy) => Ok(Nested { name: name.into(), policy: Arc::clone(policy) }),
            None => Err(BuildError::at("", format!("there is no policy `{name}`"))),
        };
        let context = BuildContext {
            instance: &instance,
            services: &self.services,
            settings: &self.settings,
            compatibility: &self.compatibility,
            scripts: self.scripts.as_ref(),
            nested: &nested,
        };
        kind.build(options, &context)
    }

    /// Builds a policy that others may nest.
    pub(crate) fn name(&mut self, name: &str, kind: &PolicyKind, options: Value) {
        let policy = self.build_named(kind, name, options).unwrap();
        self.named.insert(name.to_owned(), policy);
    }

    /// An exchange of a caller at 192.0.2.1 that nobody knows yet.
    pub(crate) fn exchange(&self) -> Exchange {
        Exchange {
            id: "request-1".into(),
            route: route(json!({})),
            params: Default::default(),
            client: Client {
                peer: SocketAddr::from(([192, 0, 2, 1], 4711)),
                ip: IpAddr::from([192, 0, 2, 1]),
                scheme: Scheme::Https,
                host: "api.example.com".into(),
                certificate: None,
            },
            target: Target { match_path: "/pets".into(), forward_path: "/pets".into(), query: None },
            trace: Trace::default(),
            user: None,
            custom: Default::default(),
            response_headers: Default::default(),
            record: Default::default(),
            services: Arc::clone(&self.services),
            gateway: None,
            depth: 0,
            called_by: None,
            mcp: None,
            sent: None,
            keepers: Vec::new(),
            ledger: Default::default(),
            interim: None,
            script: None,
            introduction: None,
        }
    }
}

/// A route whose handler has these options.
pub(crate) fn route(handler_options: Value) -> Arc<Route> {
    let document = Arc::new(Document {
        name: "openapi.yaml".into(),
        uri: "file:///openapi.yaml".into(),
        root: json!({}).into(),
        resources: Vec::new(),
        mount: String::new(),
    });
    Arc::new(Route {
        id: "getPets".into(),
        place: Place::default(),
        template: PathTemplate { text: "/pets".into(), mode: PathMode::OpenApi, rest: None },
        methods: Methods::Any,
        hosts: Vec::new(),
        inbound: Vec::new(),
        handler: HandlerDefinition {
            implementation: Use::BuiltIn("forward".into()),
            options: handler_options,
            place: Place::default(),
        }
        .into(),
        outbound: Vec::new(),
        cors: CorsChoice::None,
        timeouts: Timeouts { connect: Duration::from_secs(5), first_byte: None, idle: None, total: None },
        operation: Operation { document, pointer: String::new() },
        upgrades: None,
        mcp: None,
        authenticated: true,
        internal: false,
    })
}

/// A GET with these header fields.
pub(crate) fn request(fields: &[(&str, &str)]) -> Request {
    let mut builder = http::Request::builder().uri("/pets");
    for (name, value) in fields {
        builder = builder.header(*name, *value);
    }
    builder.body(Body::empty()).unwrap()
}

/// A user with this data.
pub(crate) fn user(sub: &str, data: Value) -> User {
    User { sub: sub.into(), data: Arc::new(data), credential: Credential::Other }
}

/// Runs a policy on the way in.
pub(crate) async fn run(policy: &Arc<dyn Policy>, exchange: &mut Exchange, request: &mut Request) -> Flow {
    policy.on_request(exchange, request).get().await
}

/// Why it was refused.
#[track_caller]
pub(crate) fn refused(flow: Flow) -> Problem {
    match flow {
        Flow::Refuse(problem) => problem,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

/// That it went on.
#[track_caller]
pub(crate) fn passed(flow: Flow) {
    assert!(matches!(flow, Flow::Continue), "{flow:?}");
}

/// Knows `good` of the consumer alice, and some keys that are named after what is wrong with
/// them; whatever has no `_` in it and is none of these is malformed.
#[derive(Debug, Default)]
pub(crate) struct FakeKeyring {
    /// Whether it answers later.
    pub(crate) slow: AtomicBool,
}

impl FakeKeyring {
    fn verdict(presented: &str, bucket: Option<&str>) -> KeyVerdict {
        match (presented, bucket) {
            ("good", None) | ("good-elsewhere", Some("elsewhere")) => KeyVerdict::Good(grant()),
            ("revoked", _) => KeyVerdict::Revoked,
            ("expired", _) => KeyVerdict::Expired,
            ("development", _) => KeyVerdict::DevelopmentOnly,
            ("unavailable", _) => KeyVerdict::Unavailable,
            (other, _) if other.contains(['_', '-']) => KeyVerdict::Unknown,
            _ => KeyVerdict::Malformed,
        }
    }
}

impl Keyring for FakeKeyring {
    fn find<'a>(&'a self, presented: &str, bucket: Option<&'a str>, _: IpAddr) -> MaybeLater<'a, KeyVerdict> {
        let verdict = Self::verdict(presented, bucket);
        if self.slow.load(Ordering::Relaxed) {
            MaybeLater::later(async move { verdict })
        } else {
            MaybeLater::Now(verdict)
        }
    }
}

fn grant() -> KeyGrant {
    KeyGrant {
        digest: KeyDigest([0; 32]),
        key: Arc::new(Key {
            id: "key_1".into(),
            consumer: "con_1".into(),
            description: None,
            hint: "go…od".into(),
            created_on: Timestamp(0),
            expires_on: None,
            revoked_on: None,
            quarantined_on: None,
            development: false,
        }),
        consumer: Arc::new(Consumer {
            id: "con_1".into(),
            bucket: "default".into(),
            name: "alice".into(),
            description: None,
            metadata: Arc::new(json!({ "plan": "gold" })),
            tags: Default::default(),
            created_on: Timestamp(0),
            updated_on: Timestamp(0),
            version: 3,
        }),
    }
}

/// The real one, and a switch that takes its store away.
#[derive(Debug)]
pub(crate) struct FakeLimiter {
    local: LocalLimiter,
    pub(crate) away: Arc<AtomicBool>,
}

#[derive(Debug)]
struct FakeCounter<T: ?Sized> {
    local: Arc<T>,
    sharing: Sharing,
    away: Arc<AtomicBool>,
}

impl<T: ?Sized> FakeCounter<T> {
    fn is_away(&self) -> bool {
        self.away.load(Ordering::Relaxed) && !self.sharing.stands_in
    }
}

impl Limiter for FakeLimiter {
    fn counter(&self, id: &str, sharing: Sharing) -> Arc<dyn Counter> {
        Arc::new(FakeCounter { local: self.local.counter(id, sharing), sharing, away: Arc::clone(&self.away) })
    }

    fn group(&self, id: &str, names: &[&str], sharing: Sharing) -> Arc<dyn CounterGroup> {
        Arc::new(FakeCounter { local: self.local.group(id, names, sharing), sharing, away: Arc::clone(&self.away) })
    }
}

impl Counter for FakeCounter<dyn Counter> {
    fn hit<'a>(&'a self, key: &str, limit: Limit, cost: u32) -> MaybeLater<'a, Result<Decision, LimiterAway>> {
        if self.is_away() {
            return MaybeLater::later(async { Err(LimiterAway("gone".into())) });
        }
        self.local.hit(key, limit, cost)
    }
}

impl CounterGroup for FakeCounter<dyn CounterGroup> {
    fn hit<'a>(&'a self, key: &str, charges: &[Charge]) -> MaybeLater<'a, Result<Vec<Decision>, LimiterAway>> {
        if self.is_away() {
            return MaybeLater::later(async { Err(LimiterAway("gone".into())) });
        }
        self.local.hit(key, charges)
    }

    fn add(&self, key: &str, charges: &[Charge]) {
        self.local.add(key, charges);
    }
}

/// The real ones, and the same switch.
#[derive(Debug)]
struct FakeQuotas {
    local: LocalQuotas,
    away: Arc<AtomicBool>,
}

#[derive(Debug)]
struct FakeQuota {
    local: Arc<dyn Quota>,
    stands_in: bool,
    away: Arc<AtomicBool>,
}

impl Quotas for FakeQuotas {
    fn quota(&self, id: &str, stands_in: bool) -> Arc<dyn Quota> {
        Arc::new(FakeQuota { local: self.local.quota(id, stands_in), stands_in, away: Arc::clone(&self.away) })
    }
}

impl Quota for FakeQuota {
    fn take<'a>(
        &'a self,
        key: &str,
        schedule: Schedule,
        metered: &[Metered],
    ) -> MaybeLater<'a, Result<Usage, LimiterAway>> {
        if self.away.load(Ordering::Relaxed) && !self.stands_in {
            return MaybeLater::later(async { Err(LimiterAway("gone".into())) });
        }
        self.local.take(key, schedule, metered)
    }

    fn correct(&self, key: &str, period: Period, corrections: &[Correction]) {
        self.local.correct(key, period, corrections);
    }
}

/// Writes what it was asked for where the token would be.
#[derive(Debug)]
struct FakeIssuer;

impl TokenIssuer for FakeIssuer {
    fn header(&self, request: &TokenRequest<'_>) -> Result<HeaderValue, IssueError> {
        if request.subject == "unsignable" {
            return Err(IssueError("no signing key".into()));
        }
        let asked = json!({
            "sub": request.subject,
            "aud": request.audience,
            "for": request.expires_in.as_secs(),
            "claims": request.claims,
        });
        HeaderValue::from_str(&format!("{}{asked}", request.prefix)).map_err(|error| IssueError(error.to_string()))
    }

    fn issuer(&self) -> Arc<str> {
        "https://api.example.com/__tollgate/issuer".into()
    }

    fn jwks(&self) -> Arc<Value> {
        Arc::default()
    }

    fn discovery(&self) -> Arc<Value> {
        Arc::default()
    }
}

/// Tokens are JSON with `;` for commas and `+` for spaces: an object is good and these are its
/// claims; a text names what is wrong.
#[derive(Debug, Default)]
pub(crate) struct FakeVerifiers {
    /// Whether they answer later.
    pub(crate) slow: Arc<AtomicBool>,
    /// What was asked for.
    pub(crate) asked: std::sync::Mutex<Vec<VerifierSettings>>,
}

#[derive(Debug)]
struct FakeVerifier {
    slow: Arc<AtomicBool>,
}

impl VerifierFactory for FakeVerifiers {
    fn verifier(&self, settings: &VerifierSettings) -> Result<Arc<dyn TokenVerifier>, BuildError> {
        self.asked.lock().unwrap().push(settings.clone());
        if settings.issuer.is_none() && settings.jwks_url.is_none() && settings.secret.is_none() {
            return Err(BuildError::at("", "neither keys nor a secret"));
        }
        Ok(Arc::new(FakeVerifier { slow: Arc::clone(&self.slow) }))
    }
}

impl FakeVerifier {
    fn verdict(token: &str) -> Result<VerifiedToken, VerifyError> {
        match token {
            "signature" => Err(VerifyError::Signature("wrong".into())),
            "expired" => Err(VerifyError::Expired),
            "not-yet" => Err(VerifyError::NotYet),
            "audience" => Err(VerifyError::Claim { claim: "aud".into(), problem: "another".into() }),
            "keys" => Err(VerifyError::KeysUnavailable("refused".into())),
            _ => serde_json::from_str::<Value>(&token.replace(';', ",").replace('+', " "))
                .map(|claims| VerifiedToken { claims: Arc::new(claims), digest: [7; 16] })
                .map_err(|error| VerifyError::Malformed(error.to_string())),
        }
    }
}

impl TokenVerifier for FakeVerifier {
    fn verify<'a>(&'a self, token: &str) -> MaybeLater<'a, Result<VerifiedToken, VerifyError>> {
        let verdict = Self::verdict(token);
        if self.slow.load(Ordering::Relaxed) {
            MaybeLater::later(async move { verdict })
        } else {
            MaybeLater::Now(verdict)
        }
    }
}

/// Rooms that no policy here enters.
#[derive(Debug)]
struct Nothing;

impl HttpClient for Nothing {
    fn get<'a>(&'a self, _: &'a str, _: Duration, _: usize) -> BoxFuture<'a, Result<HttpResponse, HttpError>> {
        Box::pin(async { Err(HttpError("there is no network here".into())) })
    }
}
