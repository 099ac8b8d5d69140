//! GitHub's alerts of secret scanning: whether one is GitHub's. It signs the raw body with ECDSA on
//! P-256 and SHA-256, and publishes the keys of these signatures.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use tokio::sync::Mutex;
use tollgate_core::services::HttpClient;
use tollgate_core::time::Clock;

/// How long a fetched list is used before it is fetched again.
const FRESH: Duration = Duration::from_secs(3600);
/// How long an old list is good while no new one can be had: GitHub replaces keys, and one that it
/// has withdrawn must not be believed for ever.
const STALE: Duration = Duration::from_secs(24 * 3600);
/// A list is not asked for more often, whatever identifiers strangers invent.
const PAUSE: Duration = Duration::from_secs(60);
const TIMEOUT: Duration = Duration::from_secs(10);
const LARGEST: usize = 256 * 1024;
/// Identifiers and signatures are shorter.
const LONGEST: usize = 256;

/// Why an alert is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AlertError {
    /// There is no signature, it is not one, or not one of this body by a key of GitHub's.
    #[error("{0}")]
    Unverified(&'static str),
    /// GitHub's keys are not to be had.
    #[error("the keys of GitHub's signatures are not to be had: {0}")]
    Away(String),
}

/// The keys that GitHub signs its alerts with.
#[derive(Debug)]
pub struct GithubKeys {
    http: Arc<dyn HttpClient>,
    clock: Arc<dyn Clock>,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    url: String,
    keys: Vec<PublicKey>,
    /// When the list came; monotonic.
    fetched: Option<Duration>,
    /// When it was last asked for.
    asked: Option<Duration>,
    failure: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct PublicKey {
    key_identifier: String,
    key: String,
}

#[derive(Deserialize)]
struct List {
    public_keys: Vec<PublicKey>,
}

impl GithubKeys {
    /// No keys yet: they are fetched for the first alert.
    pub fn new(http: Arc<dyn HttpClient>, clock: Arc<dyn Clock>) -> Self {
        Self { http, clock, held: Mutex::default() }
    }

    /// Checks that the body was signed by GitHub, by the list at `url`.
    ///
    /// # Errors
    /// Where it was not, or GitHub's keys are not to be had.
    pub async fn verify(
        &self,
        url: &str,
        identifier: Option<&str>,
        signature: Option<&str>,
        body: &[u8],
    ) -> Result<(), AlertError> {
        let (Some(identifier), Some(signature)) = (identifier, signature) else {
            return Err(AlertError::Unverified("there is no signature"));
        };
        if identifier.len() > LONGEST || signature.len() > LONGEST {
            return Err(AlertError::Unverified("the signature is too long to be one"));
        }
        let signature =
            STANDARD.decode(signature).map_err(|_| AlertError::Unverified("the signature is not base64"))?;
        let key = self.key(url, identifier).await?;
        let key = point(&key).ok_or(AlertError::Unverified("the key of the signature cannot be read"))?;
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key)
            .verify(body, &signature)
            .map_err(|_| AlertError::Unverified("the signature is not one of this body"))
    }

    /// The key of this identifier. One at a time, so that a list is fetched once for all who wait.
    async fn key(&self, url: &str, identifier: &str) -> Result<String, AlertError> {
        let mut held = self.held.lock().await;
        if held.url != url {
            *held = Held { url: url.to_owned(), ..Held::default() };
        }
        let now = self.clock.monotonic();
        let age = held.fetched.map(|fetched| now.saturating_sub(fetched));
        let fresh = age.is_some_and(|age| age < FRESH);
        let paused = held.asked.is_some_and(|asked| now.saturating_sub(asked) < PAUSE);
        if !paused && (!fresh || held.find(identifier).is_none()) {
            held.asked = Some(now);
            match self.fetch(url).await {
                Ok(keys) => (held.keys, held.fetched, held.failure) = (keys, Some(now), None),
                Err(error) => {
                    tracing::warn!(%error, "the keys of GitHub's signatures could not be fetched");
                    held.failure = Some(error);
                }
            }
        }
        if held.fetched.is_none_or(|fetched| now.saturating_sub(fetched) >= STALE) {
            let why = held.failure.clone().unwrap_or_else(|| "they are asked for once a minute at most".to_owned());
            return Err(AlertError::Away(why));
        }
        match (held.find(identifier), &held.failure) {
            (Some(key), _) => Ok(key),
            // It may be one of the list that could not be fetched.
            (None, Some(failure)) => Err(AlertError::Away(failure.clone())),
            (None, None) => Err(AlertError::Unverified("GitHub has no key of this identifier")),
        }
    }

    async fn fetch(&self, url: &str) -> Result<Vec<PublicKey>, String> {
        let response = self.http.get(url, TIMEOUT, LARGEST).await.map_err(|error| error.to_string())?;
        if !response.status.is_success() {
            return Err(format!("{url} answered {}", response.status));
        }
        let list: List = serde_json::from_slice(&response.body).map_err(|error| format!("{url}: {error}"))?;
        if list.public_keys.is_empty() {
            return Err(format!("{url} lists no keys"));
        }
        Ok(list.public_keys)
    }
}

impl Held {
    fn find(&self, identifier: &str) -> Option<String> {
        self.keys.iter().find(|key| key.key_identifier == identifier).map(|key| key.key.clone())
    }
}

/// The bytes of a public key in PEM.
fn point(pem: &str) -> Option<Vec<u8>> {
    let inner = pem.trim().strip_prefix("-----BEGIN PUBLIC KEY-----")?.strip_suffix("-----END PUBLIC KEY-----")?;
    STANDARD.decode(inner.split_whitespace().collect::<String>()).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use parking_lot::Mutex as Slot;
    use serde_json::json;
    use tollgate_core::later::BoxFuture;
    use tollgate_core::services::{HttpError, HttpResponse};
    use tollgate_core::time::Timestamp;

    use super::*;

    /// The examples of GitHub's documentation of its partner program: identifier, key, signature, body.
    const PUBLISHED: [(&str, &str, &str, &str); 2] = [
        (
            "f9525bf080f75b3506ca1ead061add62b8633a346606dc5fe544e29231c6ee0d",
            "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsz9ugWDj5jK5ELBK42ynytbo38gP\nHzZFI03Exwz8Lh/tCfL3YxwMdLjB+bMznsanlhK0RwcGP3IDb34kQDIo3Q==\n-----END PUBLIC KEY-----\n",
            "MEUCIFLZzeK++IhS+y276SRk2Pe5LfDrfvTXu6iwKKcFGCrvAiEAhHN2kDOhy2I6eGkOFmxNkOJ+L2y8oQ9A2T9GGJo6WJY=",
            r#"[{"token":"some_token","type":"some_type","url":"some_url","source":"some_source"}]"#,
        ),
        (
            "90a421169f0a406205f1563a953312f0be898d3c7b6c06b681aa86a874555f4a",
            "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9MJJHnMfn2+H4xL4YaPDA4RpJqUq\nkCmRCBnYERxZanmcpzQSXs1X/AljlKkbJ8qpVIW4clayyef9gWhFbNHWAA==\n-----END PUBLIC KEY-----",
            "MEUCIQDKZokqnCjrRtw0tni+2Ltvl/uiMJ1EGumEsp1BsNr32AIgQY1YXD2nlj+XNfGK4rBfkMJ1JDOQcYXxa2sY8FNkrKc=",
            r#"[{"token":"some_token","type":"some_type","url":"some_url"}]"#,
        ),
    ];

    const URL: &str = "https://api.github.com/meta/public_keys/secret_scanning";

    /// A GitHub that may be away, and a clock that is set by hand.
    #[derive(Debug, Default)]
    struct World {
        away: Slot<bool>,
        asked: AtomicUsize,
        now: Slot<Duration>,
        listed: Slot<usize>,
    }

    impl HttpClient for World {
        fn get<'a>(&'a self, _: &'a str, _: Duration, _: usize) -> BoxFuture<'a, Result<HttpResponse, HttpError>> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let keys: Vec<_> = PUBLISHED
                .iter()
                .take(*self.listed.lock())
                .map(|(id, key, ..)| json!({ "key_identifier": id, "key": key, "is_current": true }))
                .collect();
            let answer = HttpResponse {
                status: http::StatusCode::OK,
                headers: http::HeaderMap::new(),
                body: json!({ "public_keys": keys }).to_string().into(),
            };
            let away = *self.away.lock();
            Box::pin(async move { if away { Err(HttpError("no route".to_owned())) } else { Ok(answer) } })
        }
    }

    impl Clock for World {
        fn now(&self) -> Timestamp {
            Timestamp(0)
        }

        fn monotonic(&self) -> Duration {
            *self.now.lock()
        }
    }

    fn world(listed: usize) -> (Arc<World>, GithubKeys) {
        let world = Arc::new(World { listed: Slot::new(listed), ..World::default() });
        (Arc::clone(&world), GithubKeys::new(Arc::clone(&world) as _, world))
    }

    async fn verify(keys: &GithubKeys, example: usize) -> Result<(), AlertError> {
        let (id, _, signature, body) = PUBLISHED[example];
        keys.verify(URL, Some(id), Some(signature), body.as_bytes()).await
    }

    #[tokio::test]
    async fn the_published_examples_are_verified_and_nothing_near_them_is() {
        let (_, keys) = world(2);
        for (id, _, signature, body) in PUBLISHED {
            assert_eq!(keys.verify(URL, Some(id), Some(signature), body.as_bytes()).await, Ok(()), "{id}");
            let other = PUBLISHED.iter().find(|other| other.0 != id).unwrap();
            for (id, signature, body) in [
                (Some(id), Some(signature), body.replace("some_token", "other_token")),
                (Some(id), Some(signature), format!("{body}\n")),
                (Some(id), Some(other.2), body.to_owned()),
                (Some(other.0), Some(signature), body.to_owned()),
                (Some("unknown"), Some(signature), body.to_owned()),
                (None, Some(signature), body.to_owned()),
                (Some(id), None, body.to_owned()),
                (Some(id), Some(""), body.to_owned()),
                (Some(id), Some("no base64"), body.to_owned()),
            ] {
                let verdict = keys.verify(URL, id, signature, body.as_bytes()).await;
                assert!(matches!(verdict, Err(AlertError::Unverified(_))), "{id:?} {signature:?} {body}: {verdict:?}");
            }
        }
    }

    #[tokio::test]
    async fn the_list_is_fetched_once_and_a_new_identifier_fetches_it_again_but_not_often() {
        let (world, keys) = world(1);
        assert_eq!(verify(&keys, 0).await, Ok(()));
        assert_eq!(verify(&keys, 0).await, Ok(()));
        assert_eq!(world.asked.load(Ordering::Relaxed), 1);
        *world.listed.lock() = 2;
        assert!(verify(&keys, 1).await.is_err(), "within the pause");
        assert_eq!(world.asked.load(Ordering::Relaxed), 1);
        *world.now.lock() = PAUSE;
        assert_eq!(verify(&keys, 1).await, Ok(()));
        assert_eq!(world.asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn while_the_list_cannot_be_fetched_the_old_one_is_good_for_a_day() {
        let (world, keys) = world(1);
        assert_eq!(verify(&keys, 0).await, Ok(()));
        *world.away.lock() = true;
        *world.now.lock() = FRESH * 2;
        assert_eq!(verify(&keys, 0).await, Ok(()));
        assert!(matches!(verify(&keys, 1).await, Err(AlertError::Away(_))), "nobody knows whether it is GitHub's");
        *world.now.lock() = STALE;
        assert!(matches!(verify(&keys, 0).await, Err(AlertError::Away(_))));
        *world.away.lock() = false;
        *world.now.lock() = STALE + PAUSE;
        assert_eq!(verify(&keys, 0).await, Ok(()));
    }
}
