//! Keys that leaked, as a running gateway hears of them: what is done about one is counted, logged and told.

use std::sync::Arc;

use tokio::sync::Notify;
use tollgate_core::keys::KeyDigest;
use tollgate_core::services::{Counter, Sharing};
use tollgate_core::store::{LeakReport, Store, StoreError};
use tollgate_identity::GithubKeys;

use super::Serving;
use crate::leaks::{self, Reported};
use crate::wiring::Rooms;

/// What reports of leaked keys need.
#[derive(Debug)]
pub(crate) struct LeakDesk {
    pub(super) github: GithubKeys,
    pub(super) counter: Arc<dyn Counter>,
    /// Rung where something was reported here, so that the webhooks need not wait for their next look.
    pub(super) reported: Notify,
}

impl LeakDesk {
    pub(super) fn new(rooms: &Rooms) -> Self {
        let services = &rooms.services;
        Self {
            github: GithubKeys::new(Arc::clone(&services.http), Arc::clone(&services.clock)),
            counter: services.limiter.counter("leak-alerts", Sharing { overtakes: false, stands_in: true }),
            reported: Notify::new(),
        }
    }
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
        let reported = leaks::report(store, &self.project().consumers, digest, &report).await?;
        self.tell_of_leak(&reported, &report, said_by);
        if !matches!(reported, Reported::Unknown) {
            self.leaks.reported.notify_one();
        }
        Ok(reported)
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
