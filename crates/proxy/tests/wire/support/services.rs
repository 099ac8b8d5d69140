//! Services that nobody asks for anything: these tests have no policies.

use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderValue;
use serde_json::Value;
use tollgate_core::byte_cache::{ByteCache, MOST};
use tollgate_core::catalog::{BuildContext, BuildError};
use tollgate_core::later::BoxFuture;
use tollgate_core::services::*;
use tollgate_core::time::SystemClock;
use tollgate_core::{Handler, MaybeLater, Policy, Services};

#[derive(Debug)]
struct Nothing;

impl Keyring for Nothing {
    fn find<'a>(&'a self, _: &str, _: Option<&'a str>, _: IpAddr) -> MaybeLater<'a, KeyVerdict> {
        MaybeLater::Now(KeyVerdict::Unknown)
    }
}

impl Limiter for Nothing {
    fn counter(&self, _: &str, _: Sharing) -> Arc<dyn Counter> {
        unreachable!("no test here limits anything")
    }

    fn group(&self, _: &str, _: &[&str], _: Sharing) -> Arc<dyn CounterGroup> {
        unreachable!("no test here limits anything")
    }
}

impl Quotas for Nothing {
    fn quota(&self, _: &str, _: bool) -> Arc<dyn Quota> {
        unreachable!("no test here limits anything")
    }
}

impl TokenIssuer for Nothing {
    fn header(&self, _: &TokenRequest<'_>) -> Result<HeaderValue, IssueError> {
        unreachable!("no test here signs anything")
    }
    fn issuer(&self) -> Arc<str> {
        Arc::from("")
    }
    fn jwks(&self) -> Arc<Value> {
        Arc::default()
    }
    fn discovery(&self) -> Arc<Value> {
        Arc::default()
    }
}

impl VerifierFactory for Nothing {
    fn verifier(&self, _: &VerifierSettings) -> Result<Arc<dyn TokenVerifier>, BuildError> {
        Err(BuildError::at("", "no test here verifies anything"))
    }
}

impl HttpClient for Nothing {
    fn get<'a>(
        &'a self,
        _: &'a str,
        _: std::time::Duration,
        _: usize,
    ) -> BoxFuture<'a, Result<HttpResponse, HttpError>> {
        Box::pin(async { Err(HttpError("no test here fetches anything".to_owned())) })
    }
}

pub(crate) fn none() -> Arc<Services> {
    let nothing = Arc::new(Nothing);
    Arc::new(Services {
        clock: Arc::new(SystemClock::new()),
        keyring: nothing.clone(),
        limiter: nothing.clone(),
        quotas: nothing.clone(),
        cache: Arc::new(ByteCache::new(MOST, Arc::new(SystemClock::new()))),
        outgoing: Arc::default(),
        issuer: nothing.clone(),
        verifiers: nothing.clone(),
        http: nothing.clone(),
        explain: false,
    })
}
