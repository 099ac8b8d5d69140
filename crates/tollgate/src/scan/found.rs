//! What a scan has found so far: each key once, with the places where it stands. The key itself is
//! let go at once; what stays is its digest and what people recognise it by.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};

use tollgate_core::keys::KeyDigest;
use tollgate_identity::finder::FoundForm;
use tollgate_identity::{digest, key_format};

use super::stream::Hit;

/// How many places of one key are told; further ones are counted.
const PLACES: usize = 20;
/// How many different keys are kept apart. A folder with more is a list of keys.
const KEYS: usize = 10_000;

/// Where a key stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FoundAt {
    /// The file, as it was reached; none in the message of a commit.
    pub(crate) path: Option<String>,
    pub(crate) line: u64,
    pub(crate) column: u64,
    /// The object of the history that it is in.
    pub(crate) object: Option<String>,
    /// The first commit with it, once that is known.
    pub(crate) commit: Option<Commit>,
}

/// A commit, as people speak of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Commit {
    pub(crate) id: String,
    pub(crate) author: String,
    pub(crate) on: String,
}

/// A key that was found.
#[derive(Debug, Clone)]
pub(crate) struct FoundKey {
    pub(crate) digest: KeyDigest,
    pub(crate) hint: String,
    pub(crate) form: FoundForm,
    pub(crate) prefix: usize,
    pub(crate) places: Vec<FoundAt>,
    /// How many places there are, those that are not told included.
    pub(crate) count: u64,
}

/// Keys and counts of a scan that may run on several threads.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    keys: Mutex<BTreeMap<[u8; 32], FoundKey>>,
    pub(crate) looked_at: AtomicU64,
    pub(crate) bytes: AtomicU64,
    pub(crate) binary: AtomicU64,
    pub(crate) too_large: AtomicU64,
    /// Keys beyond those that are kept apart.
    pub(crate) beyond: AtomicU64,
    pub(crate) failures: Mutex<Vec<String>>,
    pub(crate) failed: AtomicU64,
}

impl Findings {
    pub(super) fn add(&self, hit: Hit, path: Option<&str>, object: Option<&str>) {
        let digest = digest(&hit.key);
        let place = FoundAt {
            path: path.map(str::to_owned),
            line: hit.line,
            column: hit.column,
            object: object.map(str::to_owned),
            commit: None,
        };
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let full = keys.len() >= KEYS;
        let found = match keys.entry(digest.0) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(_) if full => return self.count(&self.beyond),
            Entry::Vacant(new) => new.insert(FoundKey {
                digest,
                hint: key_format::hint(&hit.key),
                form: hit.form,
                prefix: hit.prefix,
                places: Vec::new(),
                count: 0,
            }),
        };
        found.count += 1;
        if found.places.len() < PLACES {
            found.places.push(place);
        }
    }

    pub(super) fn count(&self, counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self, bytes: usize) {
        self.bytes.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Notes something that could not be looked at: a scan that left something out has not passed.
    pub(super) fn failed(&self, what: String) {
        self.count(&self.failed);
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() < PLACES {
            failures.push(what);
        }
    }

    /// All keys, in the order of their first places.
    pub(crate) fn take(&self) -> Vec<FoundKey> {
        let keys = std::mem::take(&mut *self.keys.lock().unwrap_or_else(PoisonError::into_inner));
        let mut keys: Vec<FoundKey> = keys.into_values().collect();
        for key in &mut keys {
            key.places.sort();
        }
        keys.sort_by(|a, b| a.places.first().cmp(&b.places.first()));
        keys
    }
}
