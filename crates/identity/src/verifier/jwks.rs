//! A JWK set that is fetched: kept, refreshed beside the requests, asked anew for an unknown key,
//! and kept on while its issuer is down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use parking_lot::Mutex;
use serde_json::Value;
use tollgate_core::services::{HttpClient, KeySet, VerifyError};
use tollgate_core::time::Clock;

use super::header::TokenHeader;
use super::keys::{PublicKey, PublicKeys, Selection};

/// A set older than this is fetched anew, beside the requests.
const FRESH: Duration = Duration::from_secs(600);
/// An unknown key makes the set be fetched anew at most this often; a refresh that failed is
/// tried again after as long.
const PATIENCE: Duration = Duration::from_secs(30);
/// Where there is no set at all, a failure is remembered for this long.
const FIRST_PATIENCE: Duration = Duration::from_secs(5);
/// For a document.
const TIMEOUT: Duration = Duration::from_secs(5);
/// In bytes.
const MAX_DOCUMENT: usize = 512 * 1024;

/// Where a set is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Location {
    /// At this URL.
    Url(String),
    /// Where the discovery document of this issuer says.
    Issuer(String),
}

/// One set, shared by all verifiers that use it.
#[derive(Debug)]
pub(super) struct JwksSource {
    location: Location,
    http: Arc<dyn HttpClient>,
    clock: Arc<dyn Clock>,
    keys: ArcSwapOption<PublicKeys>,
    /// Counts up when a key is taken back: whatever passed before must be checked again.
    generation: AtomicU64,
    attempt: Mutex<Attempt>,
    fetching: tokio::sync::Mutex<()>,
    /// How many fetches have ended.
    ended: AtomicU64,
    refreshing: AtomicBool,
}

/// The last fetch.
#[derive(Debug, Default)]
struct Attempt {
    /// When it ended.
    at: Option<Duration>,
    /// When one last succeeded.
    succeeded: Option<Duration>,
    /// Why it failed.
    error: Option<String>,
}

impl JwksSource {
    pub(super) fn new(location: Location, http: Arc<dyn HttpClient>, clock: Arc<dyn Clock>) -> Self {
        Self {
            location,
            http,
            clock,
            keys: ArcSwapOption::empty(),
            generation: AtomicU64::new(0),
            attempt: Mutex::default(),
            fetching: tokio::sync::Mutex::new(()),
            ended: AtomicU64::new(0),
            refreshing: AtomicBool::new(false),
        }
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The keys for a token, from memory.
    pub(super) fn select(self: &Arc<Self>, header: &TokenHeader) -> Selection {
        let Some(keys) = self.keys.load_full() else {
            return match self.recent_failure(FIRST_PATIENCE) {
                Some(error) => Selection::Refused(VerifyError::KeysUnavailable(error)),
                None => Selection::Ask,
            };
        };
        self.keep_fresh();
        let found = keys.select(header);
        if !found.is_empty() {
            return Selection::Found(found);
        }
        if !self.attempted_within(PATIENCE) {
            return Selection::Ask;
        }
        // The attempt may have ended since the keys were looked at, and have brought this one.
        let found = self.keys.load_full().map(|keys| keys.select(header)).unwrap_or_default();
        if found.is_empty() { Selection::Refused(unknown_key()) } else { Selection::Found(found) }
    }

    /// The keys for a token, after a fetch. All that ask meanwhile share it.
    pub(super) async fn ask(self: &Arc<Self>, header: &TokenHeader) -> Result<Vec<Arc<PublicKey>>, VerifyError> {
        // Somebody else's fetch may have ended since the decision to ask.
        match self.select(header) {
            Selection::Found(keys) => return Ok(keys),
            Selection::Refused(error) => return Err(error),
            Selection::Ask => {}
        }
        let outcome = self.fetch_shared().await;
        let Some(keys) = self.keys.load_full() else {
            let error = outcome.err().or_else(|| self.attempt.lock().error.clone());
            return Err(VerifyError::KeysUnavailable(error.unwrap_or_else(|| "they were not fetched".to_owned())));
        };
        let found = keys.select(header);
        if found.is_empty() { Err(unknown_key()) } else { Ok(found) }
    }

    /// Fetches a set that has grown old, beside the request that noticed.
    pub(super) fn keep_fresh(self: &Arc<Self>) {
        let now = self.clock.monotonic();
        let old = {
            let attempt = self.attempt.lock();
            attempt.succeeded.is_some_and(|at| now.saturating_sub(at) > FRESH)
                && attempt.at.is_none_or(|at| now.saturating_sub(at) > PATIENCE)
        };
        if !old || self.refreshing.swap(true, Ordering::AcqRel) {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            self.refreshing.store(false, Ordering::Release);
            return;
        };
        let source = Arc::clone(self);
        runtime.spawn(async move {
            if let Err(error) = source.fetch_shared().await {
                tracing::warn!(location = ?source.location, %error, "the key set could not be refreshed; the old one stays in use");
            }
            source.refreshing.store(false, Ordering::Release);
        });
    }

    /// How it is at this moment.
    pub(super) fn describe(&self) -> KeySet {
        let (Location::Url(location) | Location::Issuer(location)) = &self.location;
        let attempt = self.attempt.lock();
        KeySet {
            // What stands behind may be a secret.
            location: location.split(['?', '#']).next().unwrap_or_default().to_owned(),
            age: attempt.succeeded.map(|at| self.clock.monotonic().saturating_sub(at)),
            error: attempt.error.clone(),
        }
    }

    fn recent_failure(&self, patience: Duration) -> Option<String> {
        let attempt = self.attempt.lock();
        let recent = attempt.at.is_some_and(|at| self.clock.monotonic().saturating_sub(at) < patience);
        attempt.error.clone().filter(|_| recent)
    }

    fn attempted_within(&self, patience: Duration) -> bool {
        self.attempt.lock().at.is_some_and(|at| self.clock.monotonic().saturating_sub(at) < patience)
    }

    async fn fetch_shared(&self) -> Result<(), String> {
        let asked = self.ended.load(Ordering::Acquire);
        let _one = self.fetching.lock().await;
        // One that ended meanwhile was asked by somebody else, and answers all who waited.
        if self.ended.load(Ordering::Acquire) != asked {
            return self.attempt.lock().error.clone().map_or(Ok(()), Err);
        }
        let outcome = self.fetch().await;
        let now = self.clock.monotonic();
        let mut attempt = self.attempt.lock();
        attempt.at = Some(now);
        attempt.error = outcome.as_ref().err().cloned();
        if let Ok(keys) = outcome {
            attempt.succeeded = Some(now);
            let old = self.keys.swap(Some(Arc::new(keys)));
            let new = self.keys.load_full();
            if let (Some(old), Some(new)) = (old, new)
                && !old.all_in(&new)
            {
                self.generation.fetch_add(1, Ordering::AcqRel);
            }
        }
        self.ended.fetch_add(1, Ordering::AcqRel);
        attempt.error.clone().map_or(Ok(()), Err)
    }

    async fn fetch(&self) -> Result<PublicKeys, String> {
        let url = match &self.location {
            Location::Url(url) => url.clone(),
            Location::Issuer(issuer) => self.discover(issuer).await?,
        };
        let document = self.document(&url).await?;
        match PublicKeys::read(&document) {
            Some(keys) if !keys.is_empty() => Ok(keys),
            Some(_) => Err(format!("{url} has no key that is usable here")),
            None => Err(format!("{url} is not a JWK set")),
        }
    }

    /// OpenID Connect Discovery 1.0, §4.
    async fn discover(&self, issuer: &str) -> Result<String, String> {
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let document = self.document(&url).await?;
        let member = |name: &str| document.get(name).and_then(Value::as_str);
        match member("issuer") {
            // §4.3: they must be equal, or another issuer's keys would be taken for this one's.
            Some(found) if found == issuer => {}
            Some(found) => return Err(format!("{url} says that its issuer is `{found}`, not `{issuer}`")),
            None => return Err(format!("{url} has no `issuer`")),
        }
        let keys = member("jwks_uri").ok_or_else(|| format!("{url} has no `jwks_uri`"))?;
        if keys.starts_with("https://") || (keys.starts_with("http://") && issuer.starts_with("http://")) {
            Ok(keys.to_owned())
        } else {
            Err(format!("the `jwks_uri` in {url} is not https"))
        }
    }

    async fn document(&self, url: &str) -> Result<Value, String> {
        let response = self.http.get(url, TIMEOUT, MAX_DOCUMENT).await.map_err(|error| format!("{url}: {error}"))?;
        if !response.status.is_success() {
            return Err(format!("{url} answered {}", response.status.as_u16()));
        }
        serde_json::from_slice(&response.body).map_err(|_| format!("{url} did not answer with JSON"))
    }
}

fn unknown_key() -> VerifyError {
    VerifyError::Signature("the issuer has no such key".to_owned())
}
