//! What was counted goes to the store, every few seconds and off the request path. While the store
//! is away it is added up here; a batch whose fate is unknown is handed in again and counts once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tollgate_core::keys::KeyUse;
use tollgate_core::store::{Period, UsageBatch, UsageKey, UsageSample};
use tollgate_proxy::usage::Calls;
use uuid::Uuid;

use super::Serving;

/// How often. What was counted since the last time is lost with a process that is killed.
const EVERY: Duration = Duration::from_secs(5);
/// How often what has been kept for long enough is forgotten.
const PRUNE: Duration = Duration::from_secs(3600);
/// How many samples go in one batch.
const BATCH: usize = 2000;
/// How many samples are held while the store is away; beyond that, new ones are not.
const ROOM: usize = 200_000;
/// How long the last report may take when the process ends.
const LAST: Duration = Duration::from_secs(3);

/// What has not been acknowledged yet.
#[derive(Debug, Default)]
pub(super) struct Reporter {
    waiting: BTreeMap<(UsageKey, i64), UsageSample>,
    uses: BTreeMap<String, KeyUse>,
    /// Handed in, and not answered.
    unsure: Option<UsageBatch>,
    dropping: bool,
}

impl Reporter {
    fn add(&mut self, calls: Calls) {
        let text = |id: &Option<Arc<str>>| id.as_deref().unwrap_or_default().to_owned();
        let of = UsageKey {
            consumer: text(&calls.consumer),
            key: text(&calls.key),
            route: text(&calls.route),
            status_class: calls.status_class,
        };
        if !of.key.is_empty() && self.uses.len() < ROOM {
            let newest = KeyUse { on: calls.last_seen, from: calls.from.to_string() };
            let known = self.uses.entry(of.key.clone()).or_insert_with(|| newest.clone());
            if known.on < newest.on {
                *known = newest;
            }
        }
        let place = (of, Period::Minute.start(calls.last_seen).0);
        if self.waiting.len() >= ROOM && !self.waiting.contains_key(&place) {
            if !self.dropping {
                tracing::warn!("the store has been away for so long that usage is not counted any more");
            }
            self.dropping = true;
            return;
        }
        let (of, last_seen) = (place.0.clone(), calls.last_seen);
        let sample = self.waiting.entry(place).or_insert(UsageSample { of, last_seen, count: 0 });
        sample.count += calls.count;
        sample.last_seen = sample.last_seen.max(last_seen);
    }

    /// What is to be handed in next.
    fn next(&mut self) -> Option<UsageBatch> {
        if let Some(unsure) = self.unsure.take() {
            return Some(unsure);
        }
        if self.waiting.is_empty() && self.uses.is_empty() {
            return None;
        }
        let mut batch = UsageBatch { id: Uuid::new_v4().simple().to_string(), ..UsageBatch::default() };
        while batch.samples.len() < BATCH
            && let Some((_, sample)) = self.waiting.pop_first()
        {
            batch.samples.push(sample);
        }
        while batch.key_uses.len() < BATCH
            && let Some(used) = self.uses.pop_first()
        {
            batch.key_uses.push(used);
        }
        Some(batch)
    }
}

impl Serving {
    /// Reports for as long as the process lives.
    pub(super) async fn report_usage(self: Arc<Self>) {
        let clock = Arc::clone(&self.rooms.services.clock);
        let mut pruned = clock.monotonic();
        loop {
            tokio::time::sleep(EVERY).await;
            self.report_counted().await;
            if clock.monotonic().saturating_sub(pruned) >= PRUNE {
                pruned = clock.monotonic();
                // The next hour is as good, where the store is away now.
                let _ = self.rooms.store.prune_usage().await;
            }
        }
    }

    /// Reports what was counted until now, as far as the store takes it.
    async fn report_counted(&self) {
        let mut reporter = self.reporter.lock().await;
        for calls in self.gateway.usage.take() {
            reporter.add(calls);
        }
        while let Some(batch) = reporter.next() {
            if let Err(error) = self.rooms.store.add_usage(batch.clone()).await {
                reporter.unsure = Some(batch);
                tracing::debug!(%error, "usage waits");
                return;
            }
            reporter.dropping = false;
        }
    }

    /// The last report of a process that ends.
    pub(super) async fn report_usage_once_more(&self) {
        if tokio::time::timeout(LAST, self.report_counted()).await.is_err() {
            tracing::warn!("the store did not take the last report of usage in time");
        }
    }
}
