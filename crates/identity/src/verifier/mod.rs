//! Checks of the tokens that clients bring: compact JWS (RFC 7515) with JWT claims (RFC 7519), by
//! the rules of RFC 8725.
//!
//! Which algorithms are allowed is decided by the settings and the kind of each key, never by the
//! token. Keys come from a JWK set that is fetched, or are a shared secret; never both. Good
//! tokens are remembered by their hash until they expire, or until the issuer takes a key back.

mod claims;
mod header;
mod jwks;
mod keys;
mod settings;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Weak};

use aws_lc_rs::digest::{SHA256, digest};
use jsonwebtoken::{DecodingKey, Validation, decode};
use parking_lot::Mutex;
use serde_json::Value;
use tollgate_core::MaybeLater;
use tollgate_core::catalog::BuildError;
use tollgate_core::services::verifier::VerifiedToken;
use tollgate_core::services::{HttpClient, KeySet, TokenVerifier, VerifierFactory, VerifierSettings, VerifyError};
use tollgate_core::time::{Clock, Timestamp};

use header::{Name, TokenHeader};
use jwks::{JwksSource, Location};
use keys::{PublicKey, Selection};
use settings::{KeyOrigin, Plan};

/// The longest token that is looked at. Longer ones do not fit most servers' header limits.
const MAX_TOKEN: usize = 16 * 1024;
/// Good tokens that are remembered at once, per verifier.
const REMEMBERED: usize = 20_000;

/// Makes verifiers; equal settings share one, and equal places share their keys.
pub struct Verifiers {
    clock: Arc<dyn Clock>,
    http: Arc<dyn HttpClient>,
    verifiers: Mutex<HashMap<VerifierSettings, Weak<Verifier>>>,
    sources: Mutex<HashMap<Location, Weak<JwksSource>>>,
}

impl fmt::Debug for Verifiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifiers").field("verifiers", &self.verifiers.lock().len()).finish_non_exhaustive()
    }
}

impl Verifiers {
    /// A factory whose verifiers fetch keys with `http`.
    pub fn new(clock: Arc<dyn Clock>, http: Arc<dyn HttpClient>) -> Self {
        Self { clock, http, verifiers: Mutex::default(), sources: Mutex::default() }
    }

    fn source(&self, location: Location) -> Arc<JwksSource> {
        let mut sources = self.sources.lock();
        sources.retain(|_, source| source.strong_count() > 0);
        if let Some(source) = sources.get(&location).and_then(Weak::upgrade) {
            return source;
        }
        let source = Arc::new(JwksSource::new(location.clone(), Arc::clone(&self.http), Arc::clone(&self.clock)));
        sources.insert(location, Arc::downgrade(&source));
        source
    }
}

impl VerifierFactory for Verifiers {
    fn verifier(&self, settings: &VerifierSettings) -> Result<Arc<dyn TokenVerifier>, BuildError> {
        let mut verifiers = self.verifiers.lock();
        verifiers.retain(|_, verifier| verifier.strong_count() > 0);
        if let Some(verifier) = verifiers.get(settings).and_then(Weak::upgrade) {
            return Ok(verifier);
        }
        let plan = Plan::new(settings)?;
        let keys = match &plan.origin {
            KeyOrigin::Secret(secret) => Keys::Given(DecodingKey::from_secret(secret.as_bytes())),
            KeyOrigin::Public(key) => Keys::Given(key.clone()),
            KeyOrigin::Fetched(location) => Keys::Fetched(self.source(location.clone())),
        };
        let verifier = Arc::new(Verifier {
            clock: Arc::clone(&self.clock),
            issuer: settings.issuer.clone(),
            audience: settings.audience.clone(),
            algorithms: plan.algorithms,
            keys,
            remembered: papaya::HashMap::new(),
        });
        verifiers.insert(settings.clone(), Arc::downgrade(&verifier));
        Ok(verifier)
    }

    fn key_sets(&self) -> Vec<KeySet> {
        let sources: Vec<_> = self.sources.lock().values().filter_map(Weak::upgrade).collect();
        let mut sets: Vec<KeySet> = sources.iter().map(|source| source.describe()).collect();
        sets.sort_by(|one, other| one.location.cmp(&other.location));
        sets
    }
}

enum Keys {
    /// The one that the settings hold; the algorithms are those of its kind.
    Given(DecodingKey),
    Fetched(Arc<JwksSource>),
}

/// Checks tokens against one set of settings.
struct Verifier {
    clock: Arc<dyn Clock>,
    issuer: Option<String>,
    audience: Option<String>,
    algorithms: Vec<Name>,
    keys: Keys,
    remembered: papaya::HashMap<[u8; 32], Remembered>,
}

struct Remembered {
    claims: Arc<Value>,
    expires: Timestamp,
    /// The generation of the key set that it passed with.
    generation: u64,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .field("algorithms", &self.algorithms)
            .finish_non_exhaustive()
    }
}

impl TokenVerifier for Verifier {
    fn verify<'a>(&'a self, token: &str) -> MaybeLater<'a, Result<VerifiedToken, VerifyError>> {
        if token.len() > MAX_TOKEN {
            return MaybeLater::Now(Err(VerifyError::Malformed(format!("it is longer than {MAX_TOKEN} bytes"))));
        }
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        if let Some(claims) = self.recall(&hash) {
            return MaybeLater::Now(Ok(verified(&hash, claims)));
        }
        let header = match TokenHeader::read(token) {
            Ok(header) => header,
            Err(error) => return MaybeLater::Now(Err(error)),
        };
        if !self.algorithms.contains(&header.algorithm) {
            let text = format!("the algorithm {} is not allowed here", header.algorithm);
            return MaybeLater::Now(Err(VerifyError::Signature(text)));
        }
        match &self.keys {
            Keys::Given(key) => MaybeLater::Now(self.check(token, &header, [key], hash, 0)),
            Keys::Fetched(source) => match source.select(&header) {
                Selection::Found(keys) => MaybeLater::Now(self.check_fetched(token, &header, &keys, hash, source)),
                Selection::Ask => {
                    let token = token.to_owned();
                    MaybeLater::later(async move {
                        let keys = source.ask(&header).await?;
                        self.check_fetched(&token, &header, &keys, hash, source)
                    })
                }
                Selection::Refused(error) => MaybeLater::Now(Err(error)),
            },
        }
    }
}

impl Verifier {
    fn recall(&self, hash: &[u8; 32]) -> Option<Arc<Value>> {
        let remembered = self.remembered.pin();
        let found = remembered.get(hash)?;
        let generation = match &self.keys {
            Keys::Given(_) => 0,
            Keys::Fetched(source) => {
                source.keep_fresh();
                source.generation()
            }
        };
        if self.clock.now() < found.expires && found.generation == generation {
            return Some(Arc::clone(&found.claims));
        }
        remembered.remove(hash);
        None
    }

    fn check_fetched(
        &self,
        token: &str,
        header: &TokenHeader,
        keys: &[Arc<PublicKey>],
        hash: [u8; 32],
        source: &JwksSource,
    ) -> Result<VerifiedToken, VerifyError> {
        // Read before the check: a key that is taken back meanwhile makes the result worthless.
        let generation = source.generation();
        self.check(token, header, keys.iter().map(|key| &key.key), hash, generation)
    }

    fn check<'k>(
        &self,
        token: &str,
        header: &TokenHeader,
        keys: impl IntoIterator<Item = &'k DecodingKey>,
        hash: [u8; 32],
        generation: u64,
    ) -> Result<VerifiedToken, VerifyError> {
        let mut validation = Validation::new(header.algorithm.algorithm());
        // The claims are checked here, by the injected clock and to the letter.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let mut refusal = VerifyError::Signature("no key fits".to_owned());
        for key in keys {
            let outcome = match header.algorithm {
                Name::Registered(_) => decode::<Value>(token, key, &validation).map(|data| data.claims),
                Name::Ed25519 => header::decode_ed25519(token, key),
            };
            match outcome {
                Ok(claims) => return self.accept(claims, hash, generation),
                Err(error) => refusal = header::refusal(&error),
            }
        }
        Err(refusal)
    }

    fn accept(&self, claims: Value, hash: [u8; 32], generation: u64) -> Result<VerifiedToken, VerifyError> {
        let now = self.clock.now();
        let expires = claims::check(&claims, self.issuer.as_deref(), self.audience.as_deref(), now)?;
        let claims = Arc::new(claims);
        let remembered = self.remembered.pin();
        if remembered.len() >= REMEMBERED {
            remembered.retain(|_, token| now < token.expires);
            let mut surplus = remembered.len().saturating_sub(REMEMBERED / 4 * 3);
            remembered.retain(|_, _| {
                let drop = surplus > 0;
                surplus = surplus.saturating_sub(1);
                !drop
            });
        }
        remembered.insert(hash, Remembered { claims: Arc::clone(&claims), expires, generation });
        Ok(verified(&hash, claims))
    }
}

fn verified(hash: &[u8; 32], claims: Arc<Value>) -> VerifiedToken {
    let mut digest = [0; 16];
    digest.copy_from_slice(&hash[..16]);
    VerifiedToken { claims, digest }
}
