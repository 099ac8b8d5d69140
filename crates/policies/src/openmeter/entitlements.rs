//! Whether a subject may use a feature.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::try_join_all;
use http::header::{AUTHORIZATION, HeaderValue};
use http::{StatusCode, Uri};
use serde::Deserialize;
use tollgate_core::{ByteCache, Services};

use crate::{query, remote};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What OpenMeter says of all features.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Granted,
    /// The first that is lacking.
    Lacking(String),
}

/// What is asked of OpenMeter.
pub(super) struct Entitlements {
    base: Uri,
    key: HeaderValue,
    features: Vec<String>,
    ttl: Duration,
    cache: Arc<ByteCache>,
    area: String,
    /// Whether the server knows customers only: newer ones know no entitlements of subjects.
    customers: AtomicBool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Value {
    has_access: bool,
}

impl Entitlements {
    pub(super) fn new(base: Uri, key: HeaderValue, features: Vec<String>, ttl: Duration, services: &Services) -> Self {
        let cache = Arc::clone(&services.cache);
        let area = format!("openmeter:{}", cache.area());
        Self { base, key, features, ttl, cache, area, customers: AtomicBool::new(false) }
    }

    /// Asks for all features at once.
    pub(super) async fn check(&self, services: &Services, subject: &str) -> Result<Verdict, String> {
        let asked = self.features.iter().map(|feature| self.has_access(services, subject, feature));
        let answers = try_join_all(asked).await?;
        let lacking = self.features.iter().zip(answers).find(|(_, has_access)| !has_access);
        Ok(lacking.map_or(Verdict::Granted, |(feature, _)| Verdict::Lacking(feature.clone())))
    }

    async fn has_access(&self, services: &Services, subject: &str, feature: &str) -> Result<bool, String> {
        let key = format!("{}/{}", query::encoded(subject), query::encoded(feature));
        if let Some(known) = self.cache.get(&self.area, &key) {
            return Ok(&known[..] == b"1");
        }
        let first = self.customers.load(Ordering::Relaxed);
        let mut answer = self.ask(services, first, subject, feature).await?;
        if answer.is_none() {
            answer = self.ask(services, !first, subject, feature).await?;
            if answer.is_some() {
                self.customers.store(!first, Ordering::Relaxed);
            }
        }
        // Who is not known, or has no entitlement, has no access.
        let has_access = answer.unwrap_or(false);
        let kept = if has_access { &b"1"[..] } else { b"0" };
        self.cache.put(&self.area, &key, Bytes::from_static(kept), self.ttl);
        Ok(has_access)
    }

    /// Asks once; `None` where there is nothing at this place.
    async fn ask(
        &self,
        services: &Services,
        customers: bool,
        subject: &str,
        feature: &str,
    ) -> Result<Option<bool>, String> {
        let who = if customers { "customers" } else { "subjects" };
        let path = format!("/api/v1/{who}/{}/entitlements/{}/value", query::encoded(subject), query::encoded(feature));
        let url = remote::below(&self.base, &path).ok_or("the subject cannot be a part of a URL")?;
        let mut request = remote::get(url);
        request.headers_mut().insert(AUTHORIZATION, self.key.clone());
        let answer = remote::ask(services, request, PATIENCE).await.map_err(|error| error.told("OpenMeter"))?;
        match answer.status {
            StatusCode::OK => serde_json::from_slice::<Value>(&answer.body)
                .map(|value| Some(value.has_access))
                .map_err(|_| "OpenMeter answered something else than an entitlement".to_owned()),
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(None),
            status => Err(format!("OpenMeter answered {status}")),
        }
    }
}
