//! From a list of changes to what a keyring must do about them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tollgate_core::keys::KeyGrant;
use tollgate_core::store::{KeyChange, KeyChanges, StoreError};

use super::rows::{ChangeRow, digest};

/// What a reader must do about the changes after its sequence number.
///
/// All arguments are read in one transaction. A key that changed several times appears once, as
/// it is now, at the place of its last change; a consumer's change appears as one for each of
/// its live keys. `revoked` are the ids of revoked keys among those changed: a key that is
/// neither live nor revoked (or quarantined) was deleted.
///
/// # Errors
/// Where a row cannot be read.
pub(crate) fn fold(
    rows: &[ChangeRow],
    live: Vec<KeyGrant>,
    revoked: &BTreeSet<String>,
    sequence: i64,
) -> Result<KeyChanges, StoreError> {
    let mut keys_of: BTreeMap<Arc<str>, Vec<Arc<str>>> = BTreeMap::new();
    let mut live: BTreeMap<Arc<str>, KeyGrant> = live
        .into_iter()
        .map(|grant| {
            keys_of.entry(Arc::clone(&grant.consumer.id)).or_default().push(Arc::clone(&grant.key.id));
            (Arc::clone(&grant.key.id), grant)
        })
        .collect();
    let last: BTreeMap<(&str, &str), i64> =
        rows.iter().map(|row| ((row.kind.as_str(), row.subject.as_str()), row.sequence)).collect();

    let mut changes = Vec::new();
    let mut granted: BTreeSet<Arc<str>> = BTreeSet::new();
    for row in rows {
        if last.get(&(row.kind.as_str(), row.subject.as_str())) != Some(&row.sequence) {
            continue;
        }
        if row.kind == "consumer" {
            for key in keys_of.remove(row.subject.as_str()).unwrap_or_default() {
                if let Some(live) = live.remove(&key) {
                    granted.insert(key);
                    changes.push(KeyChange::Granted(live));
                }
            }
        } else if let Some(key) = live.remove(row.subject.as_str()) {
            granted.insert(Arc::clone(&key.key.id));
            changes.push(KeyChange::Granted(key));
        } else if let Some(bytes) = &row.digest
            // A live key that its consumer's change has brought already is not gone.
            && !granted.contains(row.subject.as_str())
        {
            changes.push(KeyChange::Withdrawn {
                digest: digest(bytes)?,
                key: row.subject.as_str().into(),
                revoked: revoked.contains(&row.subject),
            });
        }
    }
    Ok(KeyChanges { incomplete: false, changes, sequence })
}
