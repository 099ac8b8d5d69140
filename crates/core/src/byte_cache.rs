//! What a process remembers for a while, in bytes, and never more than so many: answers of routes, and what
//! the project's code keeps.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::time::Clock;
use bytes::Bytes;

/// What an item takes beside its name and its bytes: nodes of the maps, counts of references.
const OVERHEAD: usize = 200;

/// Bytes that a process keeps, all together.
pub const MOST: usize = 64 << 20;

/// Bytes by namespace and key, each until its time is over. When it is full, what was used longest ago
/// makes room.
pub struct ByteCache {
    most: usize,
    clock: Arc<dyn Clock>,
    items: Mutex<Items>,
    areas: AtomicU64,
    /// Bytes that are being gathered to be put there.
    filling: AtomicUsize,
}

#[derive(Default)]
struct Items {
    named: HashMap<Arc<str>, HashMap<Arc<str>, Item>>,
    /// The order of their last use: the first is the first to go.
    used: BTreeMap<u64, (Arc<str>, Arc<str>)>,
    uses: u64,
    size: usize,
}

struct Item {
    bytes: Bytes,
    until: Duration,
    used: u64,
}

impl ByteCache {
    /// An empty cache that holds at most so many bytes, names and bookkeeping included.
    pub fn new(most: usize, clock: Arc<dyn Clock>) -> Self {
        Self { most, clock, items: Mutex::default(), areas: AtomicU64::new(0), filling: AtomicUsize::new(0) }
    }

    /// What was put there, unless its time is over.
    pub fn get(&self, namespace: &str, key: &str) -> Option<Bytes> {
        let now = self.clock.monotonic();
        let mut items = self.lock();
        let items = &mut *items;
        let item = items.named.get_mut(namespace)?.get_mut(key)?;
        if item.until <= now {
            items.remove(namespace, key);
            return None;
        }
        items.uses += 1;
        let names = items.used.remove(&item.used)?;
        item.used = items.uses;
        items.used.insert(items.uses, names);
        Some(item.bytes.clone())
    }

    /// Puts bytes there for this long, in the place of what was there. Says whether they are kept:
    /// what is larger than the whole cache is not, nor what has no time to live.
    pub fn put(&self, namespace: &str, key: &str, bytes: Bytes, ttl: Duration) -> bool {
        let now = self.clock.monotonic();
        let mut items = self.lock();
        items.remove(namespace, key);
        let size = size(namespace, key, &bytes);
        if size > self.most || ttl.is_zero() {
            return false;
        }
        while items.size + size > self.most && items.evict() {}
        items.add(namespace, key, bytes, now.saturating_add(ttl));
        true
    }

    /// Forgets what is there; says whether there was something whose time was not over.
    pub fn delete(&self, namespace: &str, key: &str) -> bool {
        let now = self.clock.monotonic();
        self.lock().remove(namespace, key).is_some_and(|item| item.until > now)
    }

    /// Forgets everything in a namespace.
    pub fn clear(&self, namespace: &str) {
        let mut items = self.lock();
        let Some(keys) = items.named.remove(namespace) else { return };
        for (key, item) in keys {
            items.used.remove(&item.used);
            items.size -= size(namespace, &key, &item.bytes);
        }
    }

    /// A number that nobody else gets, to make namespaces of.
    pub fn area(&self) -> u64 {
        self.areas.fetch_add(1, Ordering::Relaxed)
    }

    /// The most bytes that it holds.
    pub const fn most(&self) -> usize {
        self.most
    }

    /// For whoever gathers bytes to be put there: all together may gather half of what it holds.
    pub fn filling(self: &Arc<Self>) -> Filling {
        Filling { cache: Arc::clone(self), bytes: 0 }
    }

    /// How many bytes it holds, names and bookkeeping included.
    pub fn size(&self) -> usize {
        self.lock().size
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Items> {
        // Nothing in here panics half-way through a change.
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes that somebody gathers; given back when it is dropped.
#[derive(Debug)]
pub struct Filling {
    cache: Arc<ByteCache>,
    bytes: usize,
}

impl Filling {
    /// Says whether so many more may be gathered.
    pub fn grow(&mut self, by: usize) -> bool {
        let before = self.cache.filling.fetch_add(by, Ordering::Relaxed);
        self.bytes += by;
        before + by <= self.cache.most / 2
    }
}

impl Drop for Filling {
    fn drop(&mut self) {
        self.cache.filling.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

fn size(namespace: &str, key: &str, bytes: &Bytes) -> usize {
    OVERHEAD + namespace.len() + key.len() + bytes.len()
}

impl Items {
    fn add(&mut self, namespace: &str, key: &str, bytes: Bytes, until: Duration) {
        self.uses += 1;
        self.size += size(namespace, key, &bytes);
        let (namespace, key): (Arc<str>, Arc<str>) = (namespace.into(), key.into());
        self.used.insert(self.uses, (Arc::clone(&namespace), Arc::clone(&key)));
        let item = Item { bytes, until, used: self.uses };
        self.named.entry(namespace).or_default().insert(key, item);
    }

    fn remove(&mut self, namespace: &str, key: &str) -> Option<Item> {
        let Entry::Occupied(mut keys) = self.named.entry(namespace.into()) else { return None };
        let item = keys.get_mut().remove(key)?;
        if keys.get().is_empty() {
            keys.remove();
        }
        self.used.remove(&item.used);
        self.size -= size(namespace, key, &item.bytes);
        Some(item)
    }

    /// Removes what was used longest ago, if there is anything.
    fn evict(&mut self) -> bool {
        let Some((_, (namespace, key))) = self.used.pop_first() else { return false };
        self.remove(&namespace, &key).is_some()
    }
}

impl fmt::Debug for ByteCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteCache").field("most", &self.most).field("size", &self.size()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use crate::time::{ManualClock, Timestamp};

    use super::*;

    const LONG: Duration = Duration::from_secs(1_000);

    fn cache(most: usize) -> (ByteCache, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at(Timestamp(0)));
        (ByteCache::new(most, Arc::clone(&clock) as Arc<dyn Clock>), clock)
    }

    fn put(cache: &ByteCache, key: &str, length: usize) -> bool {
        cache.put("n", key, vec![b'x'; length].into(), LONG)
    }

    #[test]
    fn what_was_put_is_found_under_its_namespace_and_key_alone() {
        let (cache, _) = cache(10_000);
        assert!(cache.put("a", "k", Bytes::from_static(b"1"), LONG));
        assert!(cache.put("a", "k", Bytes::from_static(b"2"), LONG));
        assert_eq!(cache.get("a", "k").unwrap(), "2");
        assert_eq!(cache.get("b", "k"), None);
        assert_eq!(cache.get("a", "j"), None);
        assert!(cache.delete("a", "k"));
        assert!(!cache.delete("a", "k"));
        assert_eq!(cache.get("a", "k"), None);
        assert_eq!(cache.size(), 0);
    }

    #[test]
    fn an_item_is_gone_when_its_time_is_over() {
        let (cache, clock) = cache(10_000);
        assert!(cache.put("n", "k", Bytes::from_static(b"1"), Duration::from_secs(5)));
        clock.advance(Duration::from_secs(4));
        assert_eq!(cache.get("n", "k").unwrap(), "1");
        clock.advance(Duration::from_secs(1));
        assert!(!cache.delete("n", "k"));
        assert!(cache.put("n", "k", Bytes::from_static(b"1"), Duration::from_secs(5)));
        clock.advance(Duration::from_secs(5));
        assert_eq!(cache.get("n", "k"), None);
        assert_eq!(cache.size(), 0);
    }

    #[test]
    fn it_never_holds_more_than_it_may_and_keeps_what_is_used() {
        let (cache, _) = cache(3 * (OVERHEAD + 2 + 100));
        for key in ["a", "b", "c"] {
            assert!(put(&cache, key, 100));
        }
        assert!(cache.get("n", "a").is_some());
        assert!(put(&cache, "d", 100));
        let kept: Vec<_> = ["a", "b", "c", "d"].into_iter().filter(|key| cache.get("n", key).is_some()).collect();
        assert_eq!(kept, ["a", "c", "d"]);
        for (at, key) in ["e", "f", "g", "h", "a", "d"].into_iter().enumerate() {
            put(&cache, key, 50 * at);
            assert!(cache.size() <= 3 * (OVERHEAD + 2 + 100));
        }
    }

    #[test]
    fn what_is_larger_than_the_cache_only_removes_what_it_replaces() {
        let (cache, _) = cache(1_000);
        assert!(put(&cache, "a", 10) && put(&cache, "b", 10));
        assert!(!put(&cache, "a", 1_000));
        assert_eq!(cache.get("n", "a"), None);
        assert!(cache.get("n", "b").is_some());
        assert!(!cache.put("n", "b", Bytes::from_static(b"1"), Duration::ZERO));
        assert_eq!(cache.size(), 0);
    }

    #[test]
    fn a_namespace_is_cleared_without_its_neighbours() {
        let (cache, _) = cache(10_000);
        for (namespace, key) in [("a", "1"), ("a", "2"), ("b", "1")] {
            assert!(cache.put(namespace, key, Bytes::from_static(b"x"), LONG));
        }
        cache.clear("a");
        assert_eq!((cache.get("a", "1"), cache.get("a", "2")), (None, None));
        cache.delete("b", "1");
        assert_eq!(cache.size(), 0);
    }

    #[test]
    fn no_more_than_half_of_it_is_gathered_at_once() {
        let cache = Arc::new(cache(1_000).0);
        let (mut one, mut two) = (cache.filling(), cache.filling());
        assert!(one.grow(300) && two.grow(200));
        assert!(!two.grow(1));
        drop(one);
        assert!(two.grow(1));
    }
}
