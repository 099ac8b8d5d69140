//! What the tests of this crate share: a real store in a folder of its own that can go away, and
//! an issuer on the web that answers from memory.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tollgate_core::keys::{Consumer, Key};
use tollgate_core::later::BoxFuture;
use tollgate_core::services::{HttpClient, HttpError, HttpResponse};
use tollgate_core::store::{
    KeyChanges, KeyFeed, KeySet, NewConsumer, NewKey, SigningKeys, Store, StoreError, StoredSigningKey,
};
use tollgate_core::time::{Clock, ManualClock, Timestamp};
use tollgate_identity::NewApiKey;

/// A store that can be made to fail, and counts the looks at its changes.
#[derive(Debug)]
pub(crate) struct TestStore {
    inner: Arc<dyn Store>,
    pub(crate) away: AtomicBool,
    pub(crate) looks: AtomicUsize,
    /// Whether the changes that were asked for are no longer kept.
    pub(crate) pruned: AtomicBool,
}

pub(crate) async fn open(folder: &Path, clock: &Arc<ManualClock>) -> Arc<TestStore> {
    let path = folder.join("tollgate.db").display().to_string();
    let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(clock);
    let inner = tollgate_store::open(&path, clock).await.expect("opened");
    Arc::new(TestStore {
        inner,
        away: AtomicBool::new(false),
        looks: AtomicUsize::new(0),
        pruned: AtomicBool::new(false),
    })
}

impl TestStore {
    pub(crate) async fn consumer(&self, name: &str, metadata: Value) -> Consumer {
        let new = NewConsumer {
            bucket: "default".to_owned(),
            name: name.to_owned(),
            description: None,
            metadata,
            tags: BTreeMap::new(),
        };
        self.create_consumer(new).await.expect("a consumer")
    }

    pub(crate) async fn key(&self, consumer: &str) -> (NewApiKey, Key) {
        self.key_with(consumer, None, false).await
    }

    pub(crate) async fn key_with(
        &self,
        consumer: &str,
        expires_on: Option<Timestamp>,
        development: bool,
    ) -> (NewApiKey, Key) {
        let made = tollgate_identity::new_key("tg").expect("made");
        let new = NewKey { digest: made.digest, hint: made.hint.clone(), description: None, expires_on, development };
        let key = self.create_key("default", consumer, new).await.expect("a key");
        (made, key)
    }

    fn gate<'a, T: 'a>(&'a self, future: BoxFuture<'a, Result<T, StoreError>>) -> BoxFuture<'a, Result<T, StoreError>> {
        if self.away.load(Ordering::SeqCst) {
            return Box::pin(async { Err(StoreError::Unavailable("it is away".to_owned())) });
        }
        future
    }
}

impl KeyFeed for TestStore {
    fn key_set(&self) -> BoxFuture<'_, Result<KeySet, StoreError>> {
        self.gate(self.inner.key_set())
    }
    fn key_changes(&self, sequence: i64) -> BoxFuture<'_, Result<KeyChanges, StoreError>> {
        self.looks.fetch_add(1, Ordering::SeqCst);
        self.gate(Box::pin(async move {
            let mut read = self.inner.key_changes(sequence).await?;
            if self.pruned.load(Ordering::SeqCst) {
                (read.incomplete, read.changes) = (true, Vec::new());
            }
            Ok(read)
        }))
    }
    fn changed(&self) -> BoxFuture<'_, ()> {
        self.inner.changed()
    }
}

impl SigningKeys for TestStore {
    fn signing_keys(&self) -> BoxFuture<'_, Result<Vec<StoredSigningKey>, StoreError>> {
        self.gate(self.inner.signing_keys())
    }
    fn add_signing_key(&self, newest: Option<&str>, key: StoredSigningKey) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.gate(self.inner.add_signing_key(newest, key))
    }
    fn change_signing_key(&self, newest: &str, key: StoredSigningKey) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.gate(self.inner.change_signing_key(newest, key))
    }
    fn prune_signing_keys(&self, now: Timestamp) -> BoxFuture<'_, Result<(), StoreError>> {
        self.gate(self.inner.prune_signing_keys(now))
    }
    fn shared_secret(&self, name: &str, proposal: Vec<u8>) -> BoxFuture<'_, Result<Vec<u8>, StoreError>> {
        self.gate(self.inner.shared_secret(name, proposal))
    }
    fn signing_keys_changed(&self) -> BoxFuture<'_, ()> {
        self.inner.changed()
    }
}

/// What it holds is changed behind the back of whoever reads it.
impl std::ops::Deref for TestStore {
    type Target = dyn Store;

    fn deref(&self) -> &Self::Target {
        &*self.inner
    }
}

/// A web that answers from memory, counts, and can be down.
#[derive(Debug, Default)]
pub(crate) struct Web {
    pages: Mutex<HashMap<String, Value>>,
    pub(crate) down: AtomicBool,
    pub(crate) fetches: AtomicUsize,
}

impl Web {
    pub(crate) fn publish(&self, url: &str, page: Value) {
        self.pages.lock().insert(url.to_owned(), page);
    }

    /// An issuer with its discovery document.
    pub(crate) fn issuer(&self, issuer: &str, jwks: Value) {
        let keys = format!("{issuer}/keys");
        self.publish(
            &format!("{issuer}/.well-known/openid-configuration"),
            json!({ "issuer": issuer, "jwks_uri": keys }),
        );
        self.publish(&keys, jwks);
    }

    pub(crate) fn fetched(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

impl HttpClient for Web {
    fn get<'a>(
        &'a self,
        url: &'a str,
        _timeout: Duration,
        _limit: usize,
    ) -> BoxFuture<'a, Result<HttpResponse, HttpError>> {
        Box::pin(async move {
            self.fetches.fetch_add(1, Ordering::SeqCst);
            // Others get their turn, as while waiting for a real answer.
            tokio::task::yield_now().await;
            if self.down.load(Ordering::SeqCst) {
                return Err(HttpError("connection refused".to_owned()));
            }
            let page = self.pages.lock().get(url).cloned();
            let (status, body) = match page {
                Some(page) => (StatusCode::OK, Bytes::from(page.to_string())),
                None => (StatusCode::NOT_FOUND, Bytes::new()),
            };
            Ok(HttpResponse { status, headers: HeaderMap::new(), body })
        })
    }
}

/// Waits for something that another task does, for ten seconds at most.
pub(crate) async fn eventually(what: &str, mut check: impl FnMut() -> bool) {
    let waiting = async {
        while !check() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap_or_else(|_| panic!("never happened: {what}"));
}
