//! Stand-ins for the rooms behind the traits, each as small as it can be and still tell a right
//! policy from a wrong one.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tollgate_core::catalog::{BuildContext, BuildError};
use tollgate_core::keys::{Consumer, Key, KeyDigest, KeyGrant};
use tollgate_core::later::BoxFuture;
use tollgate_core::services::limiter::LimiterAway;
use tollgate_core::services::verifier::VerifiedToken;
use tollgate_core::services::{
    Decision, HttpClient, HttpError, HttpResponse, IssueError, KeyVerdict, Keyring, Limiter, ScriptHost, TokenIssuer,
    TokenRequest, TokenVerifier, VerifierFactory, VerifierSettings, VerifyError, Window, WindowCounter,
};
use tollgate_core::time::{Clock, Timestamp};
use tollgate_core::{Handler, MaybeLater, Policy};

use crate::bench::{BenchConsumer, KeyState};

/// The key of a consumer, as a client would send it.
pub(crate) fn key_of(consumer: &str) -> String {
    format!("tg_{consumer}")
}

/// Knows the keys of the declared consumers.
#[derive(Debug)]
pub(crate) struct FakeKeyring(pub(crate) BTreeMap<String, (KeyState, KeyGrant)>);

impl FakeKeyring {
    pub(crate) fn new(consumers: &BTreeMap<String, BenchConsumer>) -> Self {
        let grant = |(index, (name, consumer)): (usize, (&String, &BenchConsumer))| {
            let key = Key {
                id: format!("key_{name}").into(),
                consumer: format!("con_{name}").into(),
                description: None,
                hint: format!("tg_{name}"),
                created_on: Timestamp(0),
                expires_on: None,
                revoked_on: None,
                development: false,
            };
            let consumer_record = Consumer {
                id: format!("con_{name}").into(),
                bucket: consumer.bucket.as_str().into(),
                name: name.as_str().into(),
                metadata: Arc::new(if consumer.metadata.is_null() { json!({}) } else { consumer.metadata.clone() }),
                tags: BTreeMap::new(),
                created_on: Timestamp(0),
                updated_on: Timestamp(0),
                version: 1,
            };
            let digest = KeyDigest([u8::try_from(index).unwrap_or(u8::MAX); 32]);
            let grant = KeyGrant { digest, key: Arc::new(key), consumer: Arc::new(consumer_record) };
            (key_of(name), (consumer.key, grant))
        };
        Self(consumers.iter().enumerate().map(grant).collect())
    }
}

impl Keyring for FakeKeyring {
    fn find<'a>(&'a self, presented: &str, bucket: Option<&'a str>, _: IpAddr) -> MaybeLater<'a, KeyVerdict> {
        let bucket = bucket.unwrap_or(tollgate_core::keys::DEFAULT_BUCKET);
        MaybeLater::Now(match self.0.get(presented) {
            _ if !presented.starts_with("tg_") => KeyVerdict::Malformed,
            Some((_, grant)) if &*grant.consumer.bucket != bucket => KeyVerdict::Unknown,
            Some((KeyState::Good, grant)) => KeyVerdict::Good(grant.clone()),
            Some((KeyState::Revoked, _)) => KeyVerdict::Revoked,
            Some((KeyState::Expired, _)) => KeyVerdict::Expired,
            None => KeyVerdict::Unknown,
        })
    }
}

/// Keeps the exact moments of all hits: slow, and plainly right.
#[derive(Debug)]
pub(crate) struct ExactLimiter {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) counters: Mutex<BTreeMap<String, Arc<ExactCounter>>>,
}

#[derive(Debug)]
pub(crate) struct ExactCounter {
    clock: Arc<dyn Clock>,
    hits: Mutex<BTreeMap<(String, u32, Duration), VecDeque<Duration>>>,
}

impl Limiter for ExactLimiter {
    fn window(&self, id: &str) -> Arc<dyn WindowCounter> {
        let new = || Arc::new(ExactCounter { clock: Arc::clone(&self.clock), hits: Mutex::default() });
        Arc::clone(self.counters.lock().entry(id.to_owned()).or_insert_with(new)) as Arc<dyn WindowCounter>
    }
}

impl WindowCounter for ExactCounter {
    fn hit<'a>(&'a self, key: &str, window: Window, cost: u32) -> MaybeLater<'a, Result<Decision, LimiterAway>> {
        let now = self.clock.monotonic();
        let mut hits = self.hits.lock();
        let moments = hits.entry((key.to_owned(), window.count, window.window)).or_default();
        while moments.front().is_some_and(|moment| *moment + window.window <= now) {
            moments.pop_front();
        }
        let used = u32::try_from(moments.len()).unwrap_or(u32::MAX);
        let allowed = used.saturating_add(cost) <= window.count;
        let until =
            |moment: Option<&Duration>| moment.map_or(Duration::ZERO, |m| (*m + window.window).saturating_sub(now));
        if allowed {
            moments.extend(std::iter::repeat_n(now, cost as usize));
        }
        let over = (used.saturating_add(cost)).saturating_sub(window.count).saturating_sub(1) as usize;
        MaybeLater::Now(Ok(Decision {
            allowed,
            remaining: window.count.saturating_sub(if allowed { used + cost } else { used }),
            retry_after: if allowed { Duration::ZERO } else { until(moments.get(over)) },
            reset_after: until(moments.front()),
        }))
    }
}

/// Signs with a secret that everybody knows, so that a test can read the claims.
#[derive(Debug)]
pub(crate) struct FakeIssuer {
    pub(crate) clock: Arc<dyn Clock>,
}

impl TokenIssuer for FakeIssuer {
    fn header(&self, request: &TokenRequest<'_>) -> Result<HeaderValue, IssueError> {
        let now = self.clock.now();
        let mut claims = request.claims.clone();
        claims.insert("iss".to_owned(), json!(self.issuer()));
        claims.insert("sub".to_owned(), json!(request.subject));
        claims.insert("iat".to_owned(), json!(now.seconds()));
        claims.insert("exp".to_owned(), json!(now.plus(request.expires_in).seconds()));
        if let Some(audience) = request.audience {
            claims.insert("aud".to_owned(), json!(audience));
        }
        let token = sign(b"bench", &Value::Object(claims)).map_err(IssueError)?;
        HeaderValue::from_str(&format!("{}{token}", request.prefix)).map_err(|error| IssueError(error.to_string()))
    }
    fn issuer(&self) -> Arc<str> {
        "http://bench.test/__tollgate/issuer".into()
    }
    fn jwks(&self) -> Arc<Value> {
        Arc::new(json!({ "keys": [] }))
    }
    fn discovery(&self) -> Arc<Value> {
        Arc::new(json!({ "issuer": self.issuer() }))
    }
}

/// An HS256 token.
pub(crate) fn sign(secret: &[u8], claims: &Value) -> Result<String, String> {
    let key = jsonwebtoken::EncodingKey::from_secret(secret);
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), claims, &key).map_err(|error| error.to_string())
}

/// Verifies HS256 tokens with the secret of the settings, on the bench's clock.
#[derive(Debug)]
pub(crate) struct SecretVerifiers {
    pub(crate) clock: Arc<dyn Clock>,
}

#[derive(Debug)]
struct SecretVerifier {
    clock: Arc<dyn Clock>,
    settings: VerifierSettings,
}

impl VerifierFactory for SecretVerifiers {
    fn verifier(&self, settings: &VerifierSettings) -> Result<Arc<dyn TokenVerifier>, BuildError> {
        if settings.secret.is_none() && settings.jwks_url.is_none() && settings.issuer.is_none() {
            return Err(BuildError::at("", "neither keys nor a secret").help("give `jwkUrl`, `issuer` or `secret`"));
        }
        Ok(Arc::new(SecretVerifier { clock: Arc::clone(&self.clock), settings: settings.clone() }))
    }
}

impl TokenVerifier for SecretVerifier {
    fn verify<'a>(&'a self, token: &str) -> MaybeLater<'a, Result<VerifiedToken, VerifyError>> {
        MaybeLater::Now(self.check(token))
    }
}

impl SecretVerifier {
    fn check(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
        let Some(secret) = &self.settings.secret else {
            return Err(VerifyError::KeysUnavailable("the bench has no network".to_owned()));
        };
        jsonwebtoken::decode_header(token).map_err(|error| VerifyError::Malformed(error.to_string()))?;
        let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::HS256);
        // The moments are checked below, on the bench's clock.
        rules.required_spec_claims.clear();
        (rules.validate_exp, rules.validate_nbf, rules.validate_aud) = (false, false, false);
        let key = jsonwebtoken::DecodingKey::from_secret(secret.as_bytes());
        let claims = jsonwebtoken::decode::<Value>(token, &key, &rules)
            .map_err(|error| VerifyError::Signature(error.to_string()))?
            .claims;
        let now = self.clock.now().seconds();
        if claims.get("exp").and_then(Value::as_i64).is_some_and(|exp| exp <= now) {
            return Err(VerifyError::Expired);
        }
        for (name, wanted) in [("iss", &self.settings.issuer), ("aud", &self.settings.audience)] {
            if wanted.as_deref().is_some_and(|wanted| claims.get(name).and_then(Value::as_str) != Some(wanted)) {
                return Err(VerifyError::Claim { claim: name.to_owned(), problem: "is another".to_owned() });
            }
        }
        let mut digest = [0; 16];
        for (index, byte) in token.bytes().enumerate() {
            digest[index % 16] ^= byte;
        }
        Ok(VerifiedToken { claims: Arc::new(claims), digest })
    }
}

/// There is no network on the bench.
#[derive(Debug)]
pub(crate) struct NoHttp;

impl HttpClient for NoHttp {
    fn get<'a>(&'a self, url: &'a str, _: Duration, _: usize) -> BoxFuture<'a, Result<HttpResponse, HttpError>> {
        Box::pin(async move { Err(HttpError(format!("the bench does not fetch {url}"))) })
    }
}

/// There are no scripts on the bench.
#[derive(Debug)]
pub(crate) struct NoScripts;

impl ScriptHost for NoScripts {
    fn policy(&self, path: &str, export: &str, _: &BuildContext<'_>) -> Result<Arc<dyn Policy>, BuildError> {
        Err(BuildError::at("", format!("the bench runs no scripts: {path}#{export}")))
    }
    fn handler(&self, path: &str, export: &str) -> Result<Arc<dyn Handler>, BuildError> {
        Err(BuildError::at("", format!("the bench runs no scripts: {path}#{export}")))
    }
}
