//! Keys that leaked: what is done about one, whoever says so. A key of the store meets what its bucket
//! says; the token of an operator is revoked; a key that is declared in the project can only be reported.

use std::sync::Arc;

use serde_json::{Map, Value};
use tokio::sync::Notify;
use tollgate_admin::views::LeakView;
use tollgate_core::keys::KeyDigest;
use tollgate_core::services::WindowCounter;
use tollgate_core::store::{Leak, LeakReport, NewAuditEntry, Operator, Store, StoreError};
use tollgate_identity::{GithubKeys, parse_key_hash};

use super::Serving;
use crate::wiring::Rooms;

/// How much of what a stranger says about a place is kept.
const PLACE: usize = 2048;

/// What reports of leaked keys need.
#[derive(Debug)]
pub(crate) struct LeakDesk {
    pub(super) github: GithubKeys,
    pub(super) counter: Arc<dyn WindowCounter>,
    /// Rung where something was reported here, so that the webhooks need not wait for their next look.
    pub(super) reported: Notify,
}

impl LeakDesk {
    pub(super) fn new(rooms: &Rooms) -> Self {
        let services = &rooms.services;
        Self {
            github: GithubKeys::new(Arc::clone(&services.http), Arc::clone(&services.clock)),
            counter: services.limiter.window("leak-alerts"),
            reported: Notify::new(),
        }
    }
}

/// What a reported key turned out to be.
#[derive(Debug)]
pub(super) enum Reported {
    Key(Box<Leak>),
    Operator(Box<Operator>),
    Declared { bucket: String, consumer: String },
    Unknown,
}

impl Serving {
    /// Does about a key what is to be done, and tells of it. `said_by` is for the metrics.
    pub(super) async fn report_leak(
        &self,
        store: &dyn Store,
        digest: KeyDigest,
        report: LeakReport,
        said_by: &'static str,
    ) -> Result<Reported, StoreError> {
        let report = LeakReport { place: report.place.as_deref().map(tidy), source: tidy(&report.source) };
        let reported = if store.key_by_digest(digest).await?.is_some() {
            store
                .report_leak(digest, report.clone())
                .await?
                .map_or(Reported::Unknown, |leak| Reported::Key(leak.into()))
        } else if let Some(operator) = store.operator_by_digest(digest).await? {
            store.record(entry("operator", &operator.id, &report, &[("operator", &operator.name)], "revoke")).await?;
            Reported::Operator(store.revoke_operator(&operator.id).await?.into())
        } else if let Some((bucket, consumer)) = self.declared(digest) {
            let about = [("bucket", bucket.as_str()), ("consumer", consumer.as_str())];
            store.record(entry("consumer", &consumer, &report, &about, "report")).await?;
            Reported::Declared { bucket, consumer }
        } else {
            Reported::Unknown
        };
        self.tell_of_leak(&reported, &report, said_by);
        if !matches!(reported, Reported::Unknown) {
            self.leaks.reported.notify_one();
        }
        Ok(reported)
    }

    /// The consumer of the project whose key this is.
    fn declared(&self, digest: KeyDigest) -> Option<(String, String)> {
        let project = self.project();
        let holds = |hash: &String| parse_key_hash(hash) == Some(digest);
        let found = project.consumers.iter().find(|consumer| consumer.key_hashes.iter().any(holds))?;
        Some((found.bucket.clone(), found.name.clone()))
    }

    fn tell_of_leak(&self, reported: &Reported, report: &LeakReport, said_by: &'static str) {
        let place = report.place.as_deref().unwrap_or("an unknown place");
        let source = &report.source;
        match reported {
            Reported::Key(leak) => {
                let (key, consumer) = (&leak.key.key, &leak.key.consumer);
                self.rooms.metrics.leaked(said_by, leak.action.as_str());
                tracing::warn!(
                    key = %key.id, hint = %key.hint, consumer = %consumer.name, bucket = %consumer.bucket, source, place,
                    action = leak.action.as_str(), acted = leak.acted, "a key leaked"
                );
            }
            Reported::Operator(operator) => {
                self.rooms.metrics.leaked(said_by, "revoke");
                tracing::error!(operator = %operator.name, hint = %operator.hint, source, place, "the token of an operator leaked, and is revoked");
            }
            Reported::Declared { bucket, consumer } => {
                self.rooms.metrics.leaked(said_by, "report");
                tracing::error!(
                    consumer,
                    bucket,
                    source,
                    place,
                    "a key leaked that is declared in the project, and goes on working until its hash is taken out of `consumers`"
                );
            }
            Reported::Unknown => self.rooms.metrics.leaked(said_by, "unknown"),
        }
    }
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
    pub(super) fn view(&self, digest: KeyDigest, now: tollgate_core::time::Timestamp) -> LeakView {
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
