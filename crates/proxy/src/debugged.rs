//! Routes whose requests are told of in detail, for a time.
//!
//! Everybody else pays for it with the reading of one flag.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use http::HeaderMap;

use crate::access_log::Entry;

/// What the lines of such requests are of, in the gateway's own log.
pub const TARGET: &str = "tollgate::route";

/// Which routes those are, and until when on the monotonic clock.
#[derive(Debug, Default)]
pub struct DebuggedRoutes {
    any: AtomicBool,
    routes: ArcSwap<HashMap<Arc<str>, Duration>>,
}

/// The names of the header fields of a request and its answer. Never a value.
#[derive(Debug, Default)]
pub(crate) struct HeaderNames {
    request: String,
    answer: String,
}

impl DebuggedRoutes {
    /// These, and no others.
    pub fn set(&self, routes: HashMap<Arc<str>, Duration>) {
        self.any.store(!routes.is_empty(), Ordering::Relaxed);
        self.routes.store(Arc::new(routes));
    }

    /// What is noted of a request on this route, where it is one of them.
    pub(crate) fn note(
        &self,
        route: &Arc<str>,
        headers: &HeaderMap,
        now: impl FnOnce() -> Duration,
    ) -> Option<Box<HeaderNames>> {
        if !self.any.load(Ordering::Relaxed) {
            return None;
        }
        let until = *self.routes.load().get(route)?;
        (now() < until).then(|| Box::new(HeaderNames { request: names(headers), answer: String::new() }))
    }
}

impl HeaderNames {
    pub(crate) fn answered(&mut self, headers: &HeaderMap) {
        self.answer = names(headers);
    }

    /// Tells of a request that is over.
    pub(crate) fn tell(&self, entry: &Entry) {
        let record = &entry.record;
        tracing::debug!(
            target: TARGET,
            id = %entry.id,
            route = entry.route.as_deref().unwrap_or_default(),
            method = entry.method.as_ref().map(http::Method::as_str),
            path = entry.path,
            status = entry.status,
            reason = record.reason(),
            detail = record.refusal.as_ref().map(|refusal| &*refusal.detail),
            cause = record.refusal.as_ref().and_then(|refusal| refusal.cause.as_deref()),
            consumer = entry.user.as_ref().map(|user| &*user.sub),
            policies = policies(entry),
            attempts = attempts(entry),
            request_headers = self.request,
            answer_headers = self.answer,
            ms = millis(entry.total()),
            "a request in detail"
        );
    }
}

fn names(headers: &HeaderMap) -> String {
    let names: Vec<&str> = headers.keys().map(http::HeaderName::as_str).collect();
    names.join(" ")
}

/// Each policy with its stage, its verdict and its time, in the order in which they spoke.
fn policies(entry: &Entry) -> String {
    let record = &entry.record;
    let mut out = String::new();
    for visit in &record.visits {
        let refused = record
            .refusal
            .as_ref()
            .filter(|refusal| refusal.policy.as_ref() == Some(&visit.policy) && refusal.stage == Some(visit.stage));
        let verdict = refused.map_or("passed", |refusal| refusal.reason.name);
        let gap = if out.is_empty() { "" } else { "; " };
        // Writing to a string does not fail.
        let _ = write!(out, "{gap}{} {}: {verdict}, {} ms", visit.stage.as_str(), visit.policy, millis(visit.took));
    }
    out
}

/// Each try to reach an upstream.
fn attempts(entry: &Entry) -> String {
    let mut out = String::new();
    for attempt in &entry.record.attempts {
        let gap = if out.is_empty() { "" } else { "; " };
        let status = attempt.status.map(|status| format!(" {status}")).unwrap_or_default();
        let reused = if attempt.reused { ", kept connection" } else { ", new connection" };
        let _ =
            write!(out, "{gap}{}: {}{status}, {} ms{reused}", attempt.target, attempt.outcome, millis(attempt.took));
    }
    out
}

fn millis(took: Duration) -> f64 {
    (took.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_told_of_until_its_time_is_over_and_others_never() {
        let debugged = DebuggedRoutes::default();
        let (route, other): (Arc<str>, Arc<str>) = ("getTodo".into(), "getTodos".into());
        let headers = HeaderMap::from_iter([(http::header::AUTHORIZATION, http::HeaderValue::from_static("s3cret"))]);
        let noted = |route: &Arc<str>, seconds| debugged.note(route, &headers, || Duration::from_secs(seconds));
        assert!(noted(&route, 0).is_none());
        debugged.set(HashMap::from([(Arc::clone(&route), Duration::from_secs(10))]));
        assert_eq!(noted(&route, 9).unwrap().request, "authorization");
        assert!(noted(&other, 9).is_none());
        assert!(noted(&route, 10).is_none());
        debugged.set(HashMap::new());
        assert!(noted(&route, 9).is_none());
    }
}
