//! The rooms of a request that nobody sends: keys are looked up where a store is at hand, limits are counted
//! from nothing, nothing is signed, and what would go over the network is noted instead.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::HeaderValue;
use serde_json::Value;
use tollgate_core::MaybeLater;
use tollgate_core::byte_cache::{ByteCache, MOST};
use tollgate_core::keys::Consumer;
use tollgate_core::later::BoxFuture;
use tollgate_core::project::Project;
use tollgate_core::services::{
    ConsumersAway, HttpClient, HttpError, HttpResponse, IssueError, KeyVerdict, Keyring, Services, TokenIssuer,
    TokenRequest,
};
use tollgate_core::store::{KeyChanges, KeyFeed, KeySet, Store, StoreError};
use tollgate_core::time::{Clock, SystemClock};
use tollgate_identity::key_format::{Form, form};
use tollgate_identity::{KeyringOptions, Verifiers};
use tollgate_limits::LocalLimiter;
use tollgate_limits::quota::LocalQuotas;

use crate::issuer_url;

/// What the rooms were asked that they cannot answer.
#[derive(Debug, Default)]
pub(super) struct Noted {
    /// A key was asked for that only a store could know.
    unknown_key: AtomicBool,
    /// What would have been fetched.
    fetched: parking_lot::Mutex<Vec<String>>,
}

impl Noted {
    /// Why the last step cannot be told, where it cannot; and begins anew.
    pub(super) fn take(&self) -> Option<String> {
        let key = self.unknown_key.swap(false, Ordering::Relaxed);
        let fetched = std::mem::take(&mut *self.fetched.lock());
        if let Some(url) = fetched.first() {
            return Some(format!("it would ask {url}, and nothing is sent"));
        }
        key.then(|| {
            "the key has the form of one, and there is no store at hand that knows it: give --data-dir or --store"
                .to_owned()
        })
    }
}

/// The rooms for a project.
pub(super) async fn open(
    project: &Project,
    store: Option<Arc<dyn Store>>,
    noted: &Arc<Noted>,
) -> anyhow::Result<Arc<Services>> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let http: Arc<dyn HttpClient> = Arc::new(Unsent(Arc::clone(noted)));
    let keys = &project.settings.keys;
    let options = KeyringOptions { prefix: keys.prefix.clone(), max_stale: keys.max_stale.0, dev: false };
    let has_store = store.is_some();
    let keyring = match store {
        Some(store) => tollgate_identity::Keyring::load(store as _, Arc::clone(&clock), options).await?,
        None => {
            let now = clock.now();
            tollgate_identity::Keyring::restore(
                Arc::new(NoStore),
                Arc::clone(&clock),
                options,
                KeySet { grants: Vec::new(), revoked: Vec::new(), sequence: 0 },
                now,
            )
        }
    };
    keyring.set_declared(&project.consumers)?;
    let keyring = Keys { keyring, prefix: keys.prefix.clone(), has_store, noted: Arc::clone(noted) };
    Ok(Arc::new(Services {
        keyring: Arc::new(keyring),
        limiter: Arc::new(LocalLimiter::new(Arc::clone(&clock))),
        quotas: Arc::new(LocalQuotas::in_memory(Arc::clone(&clock))),
        cache: Arc::new(ByteCache::new(MOST, Arc::clone(&clock))),
        outgoing: Arc::default(),
        issuer: Arc::new(Unsigned(issuer_url::of_settings(&project.settings, None).into())),
        verifiers: Arc::new(Verifiers::new(Arc::clone(&clock), Arc::clone(&http))),
        http,
        clock,
        explain: false,
    }))
}

/// The keys of the project, and of a store where one is at hand.
#[derive(Debug)]
struct Keys {
    keyring: Arc<tollgate_identity::Keyring>,
    prefix: String,
    has_store: bool,
    noted: Arc<Noted>,
}

impl Keyring for Keys {
    fn find<'a>(&'a self, presented: &str, bucket: Option<&'a str>, client: IpAddr) -> MaybeLater<'a, KeyVerdict> {
        let found = self.keyring.find(presented, bucket, client);
        if self.has_store || form(&self.prefix, presented) != Form::Good {
            return found;
        }
        MaybeLater::later(async move {
            let verdict = found.get().await;
            if matches!(verdict, KeyVerdict::Unknown | KeyVerdict::Unavailable) {
                self.noted.unknown_key.store(true, Ordering::Relaxed);
            }
            verdict
        })
    }

    fn consumer<'a>(
        &'a self,
        bucket: Option<&'a str>,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<Consumer>, ConsumersAway>> {
        self.keyring.consumer(bucket, name)
    }
}

/// No store at all.
struct NoStore;

impl NoStore {
    fn away() -> StoreError {
        StoreError::Unavailable("there is no store at hand".to_owned())
    }
}

impl KeyFeed for NoStore {
    fn key_set(&self) -> BoxFuture<'_, Result<KeySet, StoreError>> {
        Box::pin(std::future::ready(Err(Self::away())))
    }

    fn key_changes(&self, _: i64) -> BoxFuture<'_, Result<KeyChanges, StoreError>> {
        Box::pin(std::future::ready(Err(Self::away())))
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }
}

/// Signs nothing, and lets on.
#[derive(Debug)]
struct Unsigned(Arc<str>);

impl TokenIssuer for Unsigned {
    fn header(&self, _: &TokenRequest<'_>) -> Result<HeaderValue, IssueError> {
        Ok(HeaderValue::from_static("signed-when-it-is-sent"))
    }

    fn issuer(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }

    fn jwks(&self) -> Arc<Value> {
        Arc::new(Value::Null)
    }

    fn discovery(&self) -> Arc<Value> {
        Arc::new(Value::Null)
    }
}

/// Fetches nothing, and notes what it was asked for.
#[derive(Debug)]
struct Unsent(Arc<Noted>);

impl HttpClient for Unsent {
    fn get<'a>(&'a self, url: &'a str, _: Duration, _: usize) -> BoxFuture<'a, Result<HttpResponse, HttpError>> {
        // Without what may be a secret in it.
        let shown = url::Url::parse(url).ok().map(|mut url| {
            let _ = url.set_password(None);
            let _ = url.set_username("");
            url.set_query(None);
            url.to_string()
        });
        self.0.fetched.lock().push(shown.unwrap_or_else(|| "an address".to_owned()));
        Box::pin(std::future::ready(Err(HttpError("nothing is sent while a request is explained".to_owned()))))
    }
}
