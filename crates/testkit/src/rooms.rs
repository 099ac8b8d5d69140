//! The rooms behind the traits, as the gateway has them, on a clock that stands still and a store
//! in a folder that vanishes. Only the network and the scripts are not there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tollgate_core::Services;
use tollgate_core::byte_cache::{ByteCache, MOST};
use tollgate_core::catalog::BuildError;
use tollgate_core::keys::DEFAULT_BUCKET;
use tollgate_core::later::BoxFuture;
use tollgate_core::services::{HttpClient, HttpError, HttpResponse};
use tollgate_core::settings::{IssuerSettings, SigningAlgorithm};
use tollgate_core::store::{NewConsumer, NewKey, Store};
use tollgate_core::time::{Clock, Timestamp};
use tollgate_identity::{Issuer, Keyring, KeyringOptions, MasterKey, Verifiers};
use tollgate_limits::LocalLimiter;
use tollgate_limits::quota::LocalQuotas;

use crate::bench::{BenchConsumer, BenchProject, KeyState};

/// The services of a bench, and what must live as long as they do.
#[derive(Debug)]
pub(crate) struct Rooms {
    pub(crate) services: Arc<Services>,
    /// The keys of the consumers.
    pub(crate) keys: BTreeMap<String, String>,
    _folder: tempfile::TempDir,
}

impl Rooms {
    pub(crate) async fn open(project: &BenchProject, clock: Arc<dyn Clock>) -> Result<Self, BuildError> {
        let folder = crate::temp_dir().map_err(wrong)?;
        let url = format!("sqlite://{}", folder.path().join("bench.db").display());
        let store = tollgate_store::open(&url, Arc::clone(&clock)).await.map_err(wrong)?;
        let prefix = project.settings.keys.prefix.as_str();
        let mut keys = BTreeMap::new();
        for (name, consumer) in &project.consumers {
            keys.insert(name.clone(), make_key(&*store, prefix, name, consumer, clock.now()).await?);
        }
        let options =
            KeyringOptions { prefix: prefix.to_owned(), max_stale: project.settings.keys.max_stale.0, dev: false };
        let keyring = Keyring::load(Arc::clone(&store) as _, Arc::clone(&clock), options).await.map_err(wrong)?;
        // A key for RSA takes long to make, and the algorithm is not what a policy is about.
        let issuer = IssuerSettings { algorithm: SigningAlgorithm::ES256, ..project.settings.issuer.clone() };
        let issuer_url = format!("http://bench.test{}", issuer.path);
        let master_key = MasterKey::from_settings(&project.settings.secrets, folder.path()).map_err(wrong)?;
        let issuer = Issuer::load(store, Arc::clone(&clock), master_key, &issuer, issuer_url).await.map_err(wrong)?;
        let http: Arc<dyn HttpClient> = Arc::new(NoHttp);
        let services = Services {
            keyring,
            limiter: Arc::new(LocalLimiter::new(Arc::clone(&clock))),
            quotas: Arc::new(LocalQuotas::in_memory(Arc::clone(&clock))),
            cache: Arc::new(ByteCache::new(MOST, Arc::clone(&clock))),
            outgoing: Arc::default(),
            issuer,
            verifiers: Arc::new(Verifiers::new(Arc::clone(&clock), Arc::clone(&http))),
            http,
            explain: false,
            clock,
        };
        Ok(Self { services: Arc::new(services), keys, _folder: folder })
    }
}

async fn make_key(
    store: &dyn Store,
    prefix: &str,
    name: &str,
    consumer: &BenchConsumer,
    now: Timestamp,
) -> Result<String, BuildError> {
    let bucket = if consumer.bucket.is_empty() { DEFAULT_BUCKET } else { &consumer.bucket };
    let metadata = if consumer.metadata.is_null() { json!({}) } else { consumer.metadata.clone() };
    let new = NewConsumer {
        bucket: bucket.to_owned(),
        name: name.to_owned(),
        description: None,
        metadata,
        tags: BTreeMap::new(),
    };
    store.create_consumer(new).await.map_err(wrong)?;
    let key = tollgate_identity::new_key(prefix).map_err(wrong)?;
    let new = NewKey {
        digest: key.digest,
        hint: key.hint.clone(),
        description: None,
        expires_on: (consumer.key == KeyState::Expired).then(|| Timestamp(now.0 - 1000)),
        development: false,
    };
    let made = store.create_key(bucket, name, new).await.map_err(wrong)?;
    if consumer.key == KeyState::Revoked {
        store.revoke_key(&made.id).await.map_err(wrong)?;
    }
    Ok(key.secret.expose().to_owned())
}

fn wrong(error: impl std::fmt::Display) -> BuildError {
    BuildError::at("", format!("the bench cannot be set up: {error}"))
}

/// A key that has the right form and belongs to nobody.
pub(crate) fn unknown_key(prefix: &str) -> String {
    tollgate_identity::new_key(prefix).map(|key| key.secret.expose().to_owned()).unwrap_or_default()
}

/// An HS256 token of a foreign issuer.
pub(crate) fn sign(secret: &[u8], claims: &Value) -> Result<String, String> {
    let key = jsonwebtoken::EncodingKey::from_secret(secret);
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), claims, &key).map_err(|error| error.to_string())
}

/// There is no network on the bench.
#[derive(Debug)]
struct NoHttp;

impl HttpClient for NoHttp {
    fn get<'a>(&'a self, url: &'a str, _: Duration, _: usize) -> BoxFuture<'a, Result<HttpResponse, HttpError>> {
        Box::pin(async move { Err(HttpError(format!("the bench does not fetch {url}"))) })
    }
}
