//! Keys that were found where they should not be.

use tollgate_core::keys::{KeyDigest, LeakAction};
use tollgate_core::store::{Leak, LeakReport, StoreError};

use super::{buckets, detail, keys};
use crate::sql::Tx;

pub(super) async fn report(tx: &mut Tx, digest: KeyDigest, report: LeakReport) -> Result<Option<Leak>, StoreError> {
    let Some(found) = keys::by_digest(tx, digest).await? else { return Ok(None) };
    let action = buckets::find(tx, &found.consumer.bucket).await?.settings.on_leak;
    let id = found.key.id.to_string();
    let detail = detail! {
        "bucket": &*found.consumer.bucket,
        "consumer": &*found.consumer.name,
        "source": report.source,
        "place": report.place,
        "action": action.as_str(),
    };
    tx.audit("key.leak", "key", &id, detail).await?;
    match action {
        LeakAction::Revoke => drop(keys::revoke(tx, &id).await?),
        LeakAction::Quarantine => drop(keys::quarantine(tx, &id).await?),
        LeakAction::Report => {}
    }
    let key = keys::find(tx, &id).await?;
    let acted = key.key.revoked_on != found.key.revoked_on || key.key.quarantined_on != found.key.quarantined_on;
    Ok(Some(Leak { key, action, acted }))
}
