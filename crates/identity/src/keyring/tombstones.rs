//! The digests of revoked keys, so that the log can say `key.revoked`.

use std::collections::VecDeque;

use parking_lot::Mutex;
use tollgate_core::keys::KeyDigest;

/// How many are remembered. An older one is refused as unknown instead.
const CAPACITY: usize = 100_000;

/// Remembers the latest revoked keys.
#[derive(Debug, Default)]
pub(super) struct Tombstones {
    set: papaya::HashMap<KeyDigest, ()>,
    order: Mutex<VecDeque<KeyDigest>>,
}

impl Tombstones {
    pub(super) fn contains(&self, digest: &KeyDigest) -> bool {
        self.set.pin().contains_key(digest)
    }

    /// All of them, the latest first.
    pub(super) fn all(&self) -> Vec<KeyDigest> {
        self.order.lock().iter().rev().copied().collect()
    }

    pub(super) fn add(&self, digest: KeyDigest) {
        let set = self.set.pin();
        if set.insert(digest, ()).is_some() {
            return;
        }
        let mut order = self.order.lock();
        order.push_back(digest);
        if order.len() > CAPACITY
            && let Some(oldest) = order.pop_front()
        {
            set.remove(&oldest);
        }
    }

    /// For a digest that lives again: its key was deleted and imported anew.
    pub(super) fn remove(&self, digest: &KeyDigest) {
        if self.set.pin().remove(digest).is_some() {
            self.order.lock().retain(|other| other != digest);
        }
    }
}
