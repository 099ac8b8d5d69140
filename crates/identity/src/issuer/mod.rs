//! The part that signs tokens: its keys, their rotation, the documents that backends verify
//! with, and the cache of tokens.
//!
//! A signing key lives through four moments. It is *published* when it is made, so that backends
//! know it before they meet it; it becomes *active* `publishBeforeUse` later (the very first one
//! at once) and signs; it is *retired* when its successor becomes active; and it stays published
//! until the last token that it signed has expired. `rotate --now` skips all of this: the new key
//! signs at once and the old ones are withdrawn.
//!
//! The keys are kept in the store, sealed, and every node follows it: whoever rotates, all sign
//! with the new key from the same moment on.

mod cache;
mod documents;
mod rotation;
mod signing_key;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use http::HeaderValue;
use serde::Serialize;
use serde_json::{Map, Value};
use tollgate_core::exchange::Credential;
use tollgate_core::services::{IssueError, TokenIssuer, TokenRequest};
use tollgate_core::settings::{IssuerSettings, SigningAlgorithm};
use tollgate_core::store::{KeyChange, SigningKeys, StoreError, StoredSigningKey};
use tollgate_core::time::{Clock, Timestamp};
use uuid::Uuid;

use crate::master_key::MasterKey;
use cache::{Owner, TokenCache};
use rotation::KeySet;
use signing_key::KeyMaterial;

/// How often the keys are looked after where nothing happens.
const TICK: Duration = Duration::from_secs(15);
/// How soon again after a failure.
const RETRY: Duration = Duration::from_secs(1);
/// The claims that are the issuer's alone.
const STANDARD_CLAIMS: [&str; 7] = ["iss", "sub", "aud", "iat", "nbf", "exp", "jti"];

/// Why the issuer cannot work.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// The store said no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A signing key does not open.
    #[error(
        "the signing key `{kid}` cannot be opened: it was sealed with another master key. Bring that master key back \
         (`secrets.masterKey`, `secrets.masterKeyFile`, or `master.key` in the data folder)"
    )]
    WrongMasterKey {
        /// Which one.
        kid: String,
    },
    /// A signing key is of a kind that this version does not know, or is damaged.
    #[error("the signing key `{kid}` cannot be used: {problem}")]
    Unusable {
        /// Which one.
        kid: String,
        /// Why.
        problem: String,
    },
    /// A key could not be made.
    #[error("a signing key could not be made: {0}")]
    Generate(String),
    /// Other nodes rotated at the same moment, again and again.
    #[error("the signing keys were changed by other nodes meanwhile: try again")]
    Contended,
}

/// What a rotation did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rotation {
    /// The new key, or the one that a rotation under way has made already.
    pub kid: String,
    /// From when on it signs.
    pub active_on: Timestamp,
    /// The keys that are not published any more.
    pub withdrawn: Vec<String>,
}

/// Where a signing key is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SigningKeyState {
    /// Published, not signing yet.
    Pending,
    /// Signing.
    Active,
    /// Not signing any more, still published.
    Retired,
    /// Not published any more.
    Withdrawn,
}

/// A signing key, as `tollgate token list` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SigningKeyInfo {
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// `RS256`, …
    pub algorithm: String,
    /// Where it is in its life.
    pub state: SigningKeyState,
    /// When it was made and first published.
    pub created_on: Timestamp,
    /// From when on it signs.
    pub active_on: Timestamp,
    /// From when on it does not.
    pub retired_on: Option<Timestamp>,
    /// Until when it is published.
    pub published_until: Option<Timestamp>,
}

/// What a reload may change.
#[derive(Debug)]
struct Config {
    issuer: Arc<str>,
    algorithm: SigningAlgorithm,
    expires_in: Duration,
    rotate_every: Duration,
    publish_before_use: Duration,
}

impl Config {
    fn new(settings: &IssuerSettings, issuer: String) -> Self {
        Self {
            issuer: issuer.into(),
            algorithm: settings.algorithm,
            expires_in: settings.expires_in.0,
            rotate_every: settings.rotate_every.0,
            publish_before_use: settings.publish_before_use.0,
        }
    }
}

/// The documents that backends read.
#[derive(Debug)]
struct Documents {
    jwks: Arc<Value>,
    discovery: Arc<Value>,
}

/// Signs tokens.
pub struct Issuer {
    store: Arc<dyn SigningKeys>,
    clock: Arc<dyn Clock>,
    master_key: MasterKey,
    config: ArcSwap<Config>,
    keys: ArcSwap<KeySet>,
    documents: ArcSwap<Documents>,
    cache: TokenCache,
    /// The longest lifetime that a token was asked for, in seconds.
    longest: AtomicU64,
    /// Whether the configured algorithm has yet to be compared with the newest key's.
    algorithm_unchecked: AtomicBool,
    /// One change of the keys at a time.
    working: tokio::sync::Mutex<()>,
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer")
            .field("config", &self.config.load())
            .field("keys", &self.list())
            .finish_non_exhaustive()
    }
}

impl Issuer {
    /// Loads the signing keys, and makes the first one where there is none. `issuer_url` is the
    /// public URL and the issuer's path: the `iss` of every token.
    ///
    /// # Errors
    /// Where the store cannot be read or written, or the keys in it were sealed with another
    /// master key.
    pub async fn load(
        store: Arc<dyn SigningKeys>,
        clock: Arc<dyn Clock>,
        master_key: MasterKey,
        settings: &IssuerSettings,
        issuer_url: String,
    ) -> Result<Arc<Self>, IssuerError> {
        let issuer = Self::empty(store, clock, master_key, settings, issuer_url);
        {
            let _one = issuer.working.lock().await;
            issuer.ensure_key().await?;
        }
        Ok(Arc::new(issuer))
    }

    /// Begins with signing keys as the store last had them: for a start while it is away.
    ///
    /// # Errors
    /// Where they were sealed with another master key, or none of them may sign.
    pub fn restore(
        store: Arc<dyn SigningKeys>,
        clock: Arc<dyn Clock>,
        master_key: MasterKey,
        settings: &IssuerSettings,
        issuer_url: String,
        keys: Vec<StoredSigningKey>,
    ) -> Result<Arc<Self>, IssuerError> {
        let issuer = Self::empty(store, clock, master_key, settings, issuer_url);
        issuer.take(keys)?;
        if issuer.keys.load().active(issuer.clock.now()).is_none() {
            return Err(IssuerError::Generate("none of those that were kept may sign".to_owned()));
        }
        Ok(Arc::new(issuer))
    }

    fn empty(
        store: Arc<dyn SigningKeys>,
        clock: Arc<dyn Clock>,
        master_key: MasterKey,
        settings: &IssuerSettings,
        issuer_url: String,
    ) -> Self {
        let config = Config::new(settings, issuer_url);
        Self {
            documents: ArcSwap::from_pointee(documents::build(&config.issuer, &KeySet::default(), clock.now())),
            store,
            clock,
            master_key,
            longest: AtomicU64::new(config.expires_in.as_secs()),
            config: ArcSwap::from_pointee(config),
            keys: ArcSwap::default(),
            cache: TokenCache::default(),
            algorithm_unchecked: AtomicBool::new(false),
            working: tokio::sync::Mutex::new(()),
        }
    }

    /// The keys as they are kept: sealed.
    pub fn stored(&self) -> Vec<StoredSigningKey> {
        self.keys.load().stored()
    }

    /// Looks after the keys: follows the store, rotates when it is time, forgets old keys. Never
    /// ends: run it beside the gateway.
    pub async fn run(self: Arc<Self>) {
        self.algorithm_unchecked.store(true, Ordering::Release);
        let mut failing = false;
        loop {
            // Called before the read, so that what happens between read and wait is not missed.
            let changed = self.store.signing_keys_changed();
            match self.tick().await {
                Ok(()) => {
                    failing = false;
                    drop(tokio::time::timeout(TICK, changed).await);
                }
                Err(error) => {
                    // That the store is away is said once, by the keyring.
                    let away = matches!(&error, IssuerError::Store(error) if error.is_outage());
                    if !failing && !away {
                        tracing::error!(%error, "the signing keys cannot be looked after; the known ones stay in use");
                    }
                    failing = true;
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    /// One round of [`Issuer::run`].
    ///
    /// # Errors
    /// As for [`Issuer::load`].
    pub async fn tick(&self) -> Result<(), IssuerError> {
        let _one = self.working.lock().await;
        self.look_after().await
    }

    /// Replaces the signing key: by a new one that is published for a while before it signs, or,
    /// with `now`, by one that signs at once while all others are withdrawn.
    ///
    /// # Errors
    /// As for [`Issuer::load`]; [`IssuerError::Contended`] where other nodes rotate too.
    pub async fn rotate(&self, now: bool) -> Result<Rotation, IssuerError> {
        let _one = self.working.lock().await;
        if now { self.replace_now().await } else { self.replace_later(None).await }
    }

    /// Takes over changed settings. Tokens that carry the old issuer are not handed out any more.
    pub fn reconfigure(&self, settings: &IssuerSettings, issuer_url: String) {
        let new = Config::new(settings, issuer_url);
        let old = self.config.load_full();
        // The same name stays the same object, by which cached tokens are recognised.
        let issuer = if new.issuer == old.issuer { Arc::clone(&old.issuer) } else { Arc::clone(&new.issuer) };
        self.longest.fetch_max(new.expires_in.as_secs(), Ordering::AcqRel);
        if new.algorithm != old.algorithm {
            self.algorithm_unchecked.store(true, Ordering::Release);
        }
        self.config.store(Arc::new(Config { issuer, ..new }));
        self.publish();
    }

    /// The keys, the oldest first, as they were when the store was last read.
    pub fn list(&self) -> Vec<SigningKeyInfo> {
        self.keys.load().list(self.clock.now())
    }

    /// Drops the tokens of a key that was revoked or whose consumer changed. Hand it to
    /// [`crate::Keyring::on_change`].
    pub fn forget(&self, change: &KeyChange) {
        self.cache.forget(match change {
            KeyChange::Granted(grant) => &grant.key.id,
            KeyChange::Withdrawn { key, .. } => key,
        });
    }

    /// Builds the documents from what is in memory.
    fn publish(&self) {
        let documents = documents::build(&self.config.load().issuer, &self.keys.load(), self.clock.now());
        self.documents.store(Arc::new(documents));
    }

    fn sign(&self, key: &KeyMaterial, config: &Config, request: &TokenRequest<'_>) -> Result<Signed, IssueError> {
        let now = self.clock.now();
        // A token of no length would be refused everywhere.
        let lifetime = request.expires_in.as_secs().max(1);
        self.longest.fetch_max(lifetime, Ordering::AcqRel);
        let issued = now.seconds();
        let expires = issued.saturating_add(i64::try_from(lifetime).unwrap_or(i64::MAX));
        let claims = claims(&config.issuer, request, issued, expires);
        let token = key.sign(&claims, expires)?;
        let mut header = HeaderValue::try_from([request.prefix, &token].concat())
            .map_err(|_| IssueError("the token's prefix cannot stand in a header".to_owned()))?;
        header.set_sensitive(true);
        Ok(Signed { header, issued: now, reuse_until: now.plus(Duration::from_secs(lifetime) / 2) })
    }
}

/// A token and for how long it is handed out.
#[derive(Debug)]
struct Signed {
    header: HeaderValue,
    issued: Timestamp,
    reuse_until: Timestamp,
}

fn claims(issuer: &str, request: &TokenRequest<'_>, issued: i64, expires: i64) -> Map<String, Value> {
    let mut claims = Map::with_capacity(STANDARD_CLAIMS.len() + request.claims.len());
    claims.insert("iss".to_owned(), issuer.into());
    claims.insert("sub".to_owned(), request.subject.into());
    if let Some(audience) = request.audience {
        claims.insert("aud".to_owned(), audience.into());
    }
    claims.insert("iat".to_owned(), issued.into());
    claims.insert("nbf".to_owned(), issued.into());
    claims.insert("exp".to_owned(), expires.into());
    claims.insert("jti".to_owned(), Uuid::new_v4().to_string().into());
    for (name, value) in request.claims {
        if !STANDARD_CLAIMS.contains(&name.as_str()) {
            claims.insert(name.clone(), value.clone());
        }
    }
    claims
}

impl TokenIssuer for Issuer {
    fn header(&self, request: &TokenRequest<'_>) -> Result<HeaderValue, IssueError> {
        let now = self.clock.now();
        let keys = self.keys.load();
        let key = keys.active(now).ok_or_else(|| IssueError("there is no signing key".to_owned()))?;
        let config = self.config.load();
        let owner = match request.credential {
            Some(Credential::Key { id, .. }) => Owner::Key(id),
            Some(Credential::Token { digest }) => Owner::Token(digest),
            Some(Credential::Other) | None => Owner::Subject(request.subject),
        };
        self.cache.get_or_sign(owner, request, key.kid(), &config.issuer, now, || self.sign(key, &config, request))
    }

    fn issuer(&self) -> Arc<str> {
        Arc::clone(&self.config.load().issuer)
    }

    fn jwks(&self) -> Arc<Value> {
        Arc::clone(&self.documents.load().jwks)
    }

    fn discovery(&self) -> Arc<Value> {
        Arc::clone(&self.documents.load().discovery)
    }
}
