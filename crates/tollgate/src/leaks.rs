//! What is done about a key that leaked, whoever says so: a running gateway or a command. A key of the
//! store meets what its bucket says; the token of an operator is revoked; a key that is declared in the
//! project can only be written down.

use serde_json::{Map, Value};
use tollgate_admin::views::LeakView;
use tollgate_core::keys::{DeclaredConsumer, KeyDigest};
use tollgate_core::store::{Leak, LeakReport, NewAuditEntry, Operator, Store, StoreError};
use tollgate_core::time::Timestamp;
use tollgate_identity::parse_key_hash;

/// How much of what a stranger says about a place is kept.
const PLACE: usize = 2048;

/// What a reported key turned out to be.
#[derive(Debug)]
pub(crate) enum Reported {
    Key(Box<Leak>),
    Operator(Box<Operator>),
    Declared { bucket: String, consumer: String },
    Unknown,
}

/// Does about a key what is to be done, and writes it down.
pub(crate) async fn report(
    store: &dyn Store,
    declared: &[DeclaredConsumer],
    digest: KeyDigest,
    report: &LeakReport,
) -> Result<Reported, StoreError> {
    let report = LeakReport { place: report.place.as_deref().map(tidy), source: tidy(&report.source) };
    if store.key_by_digest(digest).await?.is_some() {
        let leak = store.report_leak(digest, report).await?;
        return Ok(leak.map_or(Reported::Unknown, |leak| Reported::Key(leak.into())));
    }
    if let Some(operator) = store.operator_by_digest(digest).await? {
        let about = [("operator", operator.name.as_str())];
        store.record(entry("operator", &operator.id, &report, &about, "revoke")).await?;
        return Ok(Reported::Operator(store.revoke_operator(&operator.id).await?.into()));
    }
    if let Some(owner) = declared_owner(declared, digest) {
        let (bucket, consumer) = (owner.bucket.clone(), owner.name.clone());
        let about = [("bucket", bucket.as_str()), ("consumer", consumer.as_str())];
        store.record(entry("consumer", &consumer, &report, &about, "report")).await?;
        return Ok(Reported::Declared { bucket, consumer });
    }
    Ok(Reported::Unknown)
}

/// The consumer of a project whose key this is.
pub(crate) fn declared_owner(declared: &[DeclaredConsumer], digest: KeyDigest) -> Option<&DeclaredConsumer> {
    let holds = |hash: &String| parse_key_hash(hash) == Some(digest);
    declared.iter().find(|consumer| consumer.key_hashes.iter().any(holds))
}

fn entry(target_kind: &str, target: &str, report: &LeakReport, about: &[(&str, &str)], action: &str) -> NewAuditEntry {
    let mut detail: Map<String, Value> =
        about.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
    detail.insert("source".to_owned(), report.source.as_str().into());
    detail.insert("place".to_owned(), report.place.as_deref().into());
    detail.insert("action".to_owned(), action.into());
    NewAuditEntry {
        action: "key.leak".to_owned(),
        target_kind: target_kind.to_owned(),
        target: target.to_owned(),
        detail,
    }
}

/// What a stranger wrote, fit for a log: of bounded length, and without control characters.
fn tidy(text: &str) -> String {
    text.chars().take(PLACE).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

impl Reported {
    /// As the management API tells it.
    pub(crate) fn view(&self, digest: KeyDigest, now: Timestamp) -> LeakView {
        let hash = format!("sha256:{}", digest.to_hex());
        match self {
            Self::Key(leak) => LeakView::of_key(hash, &leak.key, leak.action, now),
            Self::Operator(operator) => LeakView {
                known: true,
                operator: Some(operator.name.clone()),
                action: Some("revoke".to_owned()),
                ..LeakView::unknown(hash)
            },
            Self::Declared { bucket, consumer } => LeakView {
                known: true,
                bucket: Some(bucket.clone()),
                consumer: Some(consumer.clone()),
                action: Some("report".to_owned()),
                ..LeakView::unknown(hash)
            },
            Self::Unknown => LeakView::unknown(hash),
        }
    }
}
