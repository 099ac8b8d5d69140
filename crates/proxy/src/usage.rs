//! Who calls what, counted beside the request path: an exchange that ends adds one to a counter in
//! memory; every few seconds somebody takes what was counted and hands it to the store.
//!
//! Counters are found by the addresses of the ids that they are about, which is cheaper than by
//! their texts; what has one text comes together when it is taken. There is room for a bounded
//! number of them: beyond it, calls are counted by route and status alone, and never dropped.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rustc_hash::FxBuildHasher;
use tokio::time::Instant;
use tollgate_core::exchange::{Credential, User};
use tollgate_core::store::Period;
use tollgate_core::time::Timestamp;

/// Parts of the counters, so that threads seldom meet.
const SHARDS: usize = 16;
/// Counters of one part: 131,072 altogether, some 20 MiB at most.
const ROOM: usize = 8192;

/// Calls that have everything in common but their moment.
#[derive(Debug, Clone)]
pub struct Calls {
    /// The consumer's id; `None` where nobody was recognised.
    pub consumer: Option<Arc<str>>,
    /// The consumer's name.
    pub name: Option<Arc<str>>,
    /// The key's id; `None` where it was no key.
    pub key: Option<Arc<str>>,
    /// The route's id; `None` where there was none.
    pub route: Option<Arc<str>>,
    /// 2 for 2xx, …
    pub status_class: u8,
    /// How many.
    pub count: u64,
    /// When the last of them ended.
    pub last_seen: Timestamp,
    /// Where that one came from.
    pub from: IpAddr,
}

/// Addresses of the ids (zero for none), the status class and the minute.
type Place = (usize, usize, u8, i64);

/// Counts calls.
pub struct UsageMeter {
    /// By a quick hash: no caller chooses the addresses that are hashed.
    shards: Box<[Mutex<HashMap<Place, Calls, FxBuildHasher>>; SHARDS]>,
    /// What was taken last, for whoever watches.
    last: Mutex<Span>,
}

/// How many callers are remembered of what was taken.
const CALLERS: usize = 1000;

/// What was counted in a span of time.
struct Span {
    began: Instant,
    ended: Instant,
    callers: Vec<Caller>,
}

/// Somebody who calls, and how much.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The consumer's id; `None` for everyone who has no key.
    pub consumer: Option<Arc<str>>,
    /// The consumer's name.
    pub name: Option<Arc<str>>,
    /// Calls.
    pub requests: u64,
    /// Those that were answered with 4xx or 5xx.
    pub errors: u64,
}

impl Default for UsageMeter {
    fn default() -> Self {
        let now = Instant::now();
        let last = Span { began: now, ended: now, callers: Vec::new() };
        Self { shards: Box::default(), last: Mutex::new(last) }
    }
}

impl fmt::Debug for UsageMeter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UsageMeter").finish_non_exhaustive()
    }
}

fn address(id: Option<&Arc<str>>) -> usize {
    id.map_or(0, |id| Arc::as_ptr(id).cast::<u8>().addr())
}

impl UsageMeter {
    /// Counts a call.
    pub fn count(&self, user: Option<&User>, route: Option<&Arc<str>>, status: u16, now: Timestamp, from: IpAddr) {
        let (key, consumer) = match user.map(|user| &user.credential) {
            Some(Credential::Key { id, consumer, .. }) => (Some(id), Some(consumer)),
            _ => (None, None),
        };
        let class = u8::try_from(status / 100).unwrap_or(0);
        let minute = Period::Minute.start(now).0;
        let place = (address(key), address(route), class, minute);
        // The lowest bits of addresses are always the same.
        let shard = &self.shards[((place.0 >> 4) ^ (place.1 >> 4)) % SHARDS];
        let mut counters = shard.lock();
        if let Some(calls) = counters.get_mut(&place) {
            calls.count += 1;
            calls.last_seen = calls.last_seen.max(now);
            calls.from = from;
            return;
        }
        let full = counters.len() >= ROOM;
        let (key, consumer) = if full { (None, None) } else { (key, consumer) };
        let name = consumer.and_then(|_| user.map(|user| Arc::clone(&user.sub)));
        let place = (address(key), place.1, class, minute);
        let calls = counters.entry(place).or_insert_with(|| Calls {
            // As long as these are held, their addresses mean nothing else.
            consumer: consumer.cloned(),
            name,
            key: key.cloned(),
            route: route.cloned(),
            status_class: class,
            count: 0,
            last_seen: now,
            from,
        });
        calls.count += 1;
        calls.last_seen = calls.last_seen.max(now);
    }

    /// Takes what was counted since the last time.
    pub fn take(&self) -> Vec<Calls> {
        let mut taken = Vec::new();
        for shard in self.shards.iter() {
            let counters = std::mem::take(&mut *shard.lock());
            taken.extend(counters.into_values());
        }
        let mut callers = by_caller(taken.iter(), Vec::new());
        callers.truncate(CALLERS);
        let mut last = self.last.lock();
        *last = Span { began: last.ended, ended: Instant::now(), callers };
        taken
    }

    /// Who called most, the busiest first, and over how long: since what was taken before the last time.
    pub fn busiest(&self, most: usize) -> (Duration, Vec<Caller>) {
        let (began, mut callers) = {
            let last = self.last.lock();
            (last.began, last.callers.clone())
        };
        for shard in self.shards.iter() {
            callers = by_caller(shard.lock().values(), callers);
        }
        callers.truncate(most);
        (began.elapsed(), callers)
    }
}

/// Adds calls up by who made them.
fn by_caller<'c>(calls: impl Iterator<Item = &'c Calls>, before: Vec<Caller>) -> Vec<Caller> {
    let before = before.into_iter().map(|caller| (caller.consumer.clone(), caller));
    let mut callers: HashMap<Option<Arc<str>>, Caller> = before.collect();
    for calls in calls {
        let caller = callers.entry(calls.consumer.clone()).or_insert_with(|| Caller {
            consumer: calls.consumer.clone(),
            name: calls.name.clone(),
            requests: 0,
            errors: 0,
        });
        caller.requests += calls.count;
        caller.errors += if calls.status_class >= 4 { calls.count } else { 0 };
    }
    let mut callers: Vec<Caller> = callers.into_values().collect();
    callers.sort_by(|one, other| other.requests.cmp(&one.requests).then_with(|| one.consumer.cmp(&other.consumer)));
    callers
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use serde_json::Value;

    use tollgate_core::keys::KeyDigest;

    use super::*;

    const FROM: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn user(key: &Arc<str>) -> User {
        let credential =
            Credential::Key { id: Arc::clone(key), consumer: "con_1".into(), version: 1, digest: KeyDigest([0; 32]) };
        User { sub: "bob".into(), data: Arc::new(Value::Null), credential }
    }

    #[test]
    fn calls_are_counted_by_key_route_status_and_minute() {
        let meter = UsageMeter::default();
        let (key, route): (Arc<str>, Arc<str>) = ("key_1".into(), "getPets".into());
        let user = user(&key);
        for (status, moment) in [(200, 0), (204, 59_999), (404, 1), (200, 60_000)] {
            meter.count(Some(&user), Some(&route), status, Timestamp(moment), FROM);
        }
        meter.count(None, None, 401, Timestamp(5), FROM);
        let mut taken = meter.take();
        taken.sort_by_key(|calls| (calls.key.is_none(), calls.status_class, calls.last_seen));
        let told: Vec<_> = taken.iter().map(|c| (c.key.as_deref(), c.status_class, c.count, c.last_seen.0)).collect();
        assert_eq!(
            told,
            [(Some("key_1"), 2, 2, 59_999), (Some("key_1"), 2, 1, 60_000), (Some("key_1"), 4, 1, 1), (None, 4, 1, 5)]
        );
        assert!(meter.take().is_empty(), "what was taken is gone");
    }

    #[test]
    fn the_busiest_are_known_with_what_was_taken_last_and_what_was_not_taken_yet() {
        let meter = UsageMeter::default();
        let key: Arc<str> = "key_1".into();
        let user = user(&key);
        for status in [200, 200, 500] {
            meter.count(Some(&user), None, status, Timestamp(0), FROM);
        }
        meter.take();
        meter.count(Some(&user), None, 200, Timestamp(0), FROM);
        meter.count(None, None, 401, Timestamp(0), FROM);
        let (_, callers) = meter.busiest(10);
        let told: Vec<_> = callers.iter().map(|c| (c.name.as_deref(), c.requests, c.errors)).collect();
        assert_eq!(told, [(Some("bob"), 4, 1), (None, 1, 1)]);
        assert_eq!(meter.busiest(1).1.len(), 1);
        meter.take();
        meter.take();
        assert!(meter.busiest(10).1.is_empty(), "what was long ago is forgotten");
    }

    #[test]
    fn beyond_its_room_it_counts_without_names_and_drops_nothing() {
        let meter = UsageMeter::default();
        let keys: Vec<Arc<str>> = (0..SHARDS * ROOM * 2).map(|n| format!("key_{n}").into()).collect();
        for key in &keys {
            meter.count(Some(&user(key)), None, 200, Timestamp(0), FROM);
        }
        let taken = meter.take();
        assert_eq!(taken.iter().map(|calls| calls.count).sum::<u64>(), keys.len() as u64);
        assert!(taken.len() <= SHARDS * (ROOM + 1));
        assert!(taken.iter().any(|calls| calls.key.is_none() && calls.count > 1000));
    }
}
