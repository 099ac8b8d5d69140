//! Documents of a project that lie in repositories: looked at again, and put into force where they changed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use serde_json::json;
use tollgate_core::settings::SourceSettings;

use super::{Serving, control};
use crate::git::{GitAddress, GitDocuments};
use crate::snapshots::{Applied, How};

/// What became of the last look.
#[derive(Debug, Default)]
pub(super) struct FollowedDocuments {
    /// Why one of them cannot be read.
    pub(super) away: ArcSwapOption<String>,
    /// Whether it was said that a change waits for the pin to be lifted.
    waits: AtomicBool,
}

impl Serving {
    /// Whether there are some in the project that was read last.
    pub(super) fn has_documents_of_repositories(&self) -> bool {
        self.source.fetched().keys().any(|address| GitDocuments::has(address))
    }

    /// Asks for new commits for as long as the process lives.
    pub(super) async fn follow_documents(self: Arc<Self>) {
        let mut told = self.messages.told();
        while self.until_commits_are_due(&mut told).await {
            if self.has_documents_of_repositories() {
                let settings = self.project().settings.source.clone();
                self.look_at_documents(&settings).await;
            }
        }
    }

    async fn look_at_documents(&self, settings: &SourceSettings) {
        let changed = match self.changed_documents(settings.timeout.0).await {
            Ok(changed) => changed,
            Err(error) => {
                self.rooms.metrics.source_looked("failed");
                if self.documents.away.swap(Some(Arc::new(error.clone()))).is_none() {
                    tracing::error!(error, "a document of a repository cannot be read; what is in force stays");
                }
                return;
            }
        };
        if self.documents.away.swap(None).is_some() {
            tracing::info!("the documents of repositories can be read again");
        }
        if changed.is_empty() {
            self.rooms.metrics.source_looked("unchanged");
            return;
        }
        let from = changed.join(", ");
        if let Some(pin) = self.pinned.load_full() {
            self.rooms.metrics.source_looked("pinned");
            if !self.documents.waits.swap(true, Ordering::Relaxed) {
                tracing::warn!(from, "{pin}: the changed document waits for the pin to be lifted");
            }
            return;
        }
        self.documents.waits.store(false, Ordering::Relaxed);
        let canary = Some(settings.canary.0).filter(|time| !time.is_zero());
        let outcome = Self::reload(self, Applied::new(How::Git, from.clone()), canary).await;
        self.rooms.metrics.source_looked(if outcome.applied { "applied" } else { "refused" });
        control::log(&self.report(&outcome));
        self.record_reload(&from, json!({}), &outcome).await;
    }

    /// The documents that are not what they were when the project was read last, as people may see their addresses.
    async fn changed_documents(&self, timeout: Duration) -> Result<Vec<String>, String> {
        let mut changed = Vec::new();
        let mut reading = self.source.repositories.begin(timeout);
        for (address, known) in self.source.fetched() {
            if !GitDocuments::has(&address) {
                continue;
            }
            let shown = address.parse::<GitAddress>().map(|address| address.to_string())?;
            let now = reading.document(&address).await.map_err(|error| format!("{shown}: {error}"))?;
            if known.is_none_or(|known| known != now) {
                changed.push(shown);
            }
        }
        Ok(changed)
    }
}
