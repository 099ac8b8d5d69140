//! A project that comes from a repository: asked for new commits, or told of them, and put into force.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use serde_json::json;
use tollgate_core::settings::SourceSettings;

use super::{Outcome, Serving, control};
use crate::git::Checkout;
use crate::snapshots::{Applied, How, Revision};

/// A repository that is followed.
#[derive(Debug)]
pub(crate) struct Repository {
    pub(super) checkout: Checkout,
    /// Two fetches into one folder would be in each other's way.
    fetching: tokio::sync::Mutex<()>,
    /// The last commit that was to be put into force, whatever became of it: it is not tried again by itself.
    tried: Mutex<Option<String>>,
    /// Why it cannot be fetched.
    pub(super) away: ArcSwapOption<String>,
    /// Whether it was said that a commit waits for the pin to be lifted.
    waits: AtomicBool,
}

impl Repository {
    pub(super) fn new(checkout: Checkout) -> Self {
        let tried = Mutex::new(checkout.commit());
        Self {
            checkout,
            fetching: tokio::sync::Mutex::new(()),
            tried,
            away: ArcSwapOption::empty(),
            waits: AtomicBool::new(false),
        }
    }

    /// The commit that the repository is at, which is here when this returns.
    pub(super) async fn fetch(&self, timeout: Duration) -> anyhow::Result<String> {
        let _one = self.fetching.lock().await;
        let fetched = self.checkout.fetch(timeout).await;
        match &fetched {
            Ok(_) => {
                if self.away.swap(None).is_some() {
                    tracing::info!(from = %self.checkout.address(), "the repository can be fetched again");
                }
            }
            Err(error) => {
                let error = format!("{error:#}");
                if self.away.swap(Some(Arc::new(error.clone()))).is_none() {
                    tracing::error!(error, "the repository cannot be fetched; what is in force stays");
                }
            }
        }
        fetched
    }

    /// Puts a commit on the disk. Whoever calls holds the lock of reloads.
    pub(super) async fn check_out(&self, commit: &str, timeout: Duration) -> anyhow::Result<Revision> {
        *self.tried.lock().unwrap_or_else(PoisonError::into_inner) = Some(commit.to_owned());
        self.checkout.check_out(commit, timeout).await?;
        Ok(Revision { commit: commit.to_owned(), uncommitted: false })
    }

    fn was_tried(&self, commit: &str) -> bool {
        self.tried.lock().unwrap_or_else(PoisonError::into_inner).as_deref() == Some(commit)
    }
}

/// The first commit of a gateway; where the repository is away, the one that is on the disk.
pub(crate) async fn first_checkout(checkout: &Checkout) -> anyhow::Result<()> {
    let timeout = SourceSettings::default().timeout.0;
    let fetched = async {
        let commit = checkout.fetch(timeout).await?;
        checkout.check_out(&commit, timeout).await
    };
    match (fetched.await, checkout.commit()) {
        (Ok(()), _) => Ok(()),
        (Err(error), Some(commit)) if checkout.project().is_dir() => {
            let error = format!("{error:#}");
            tracing::error!(error, commit, "the repository cannot be fetched; the commit that is on the disk serves");
            Ok(())
        }
        (Err(error), _) => Err(error),
    }
}

impl Serving {
    /// Asks for new commits for as long as the process lives.
    pub(super) async fn follow_repository(self: Arc<Self>) {
        let Some(repository) = &self.repository else { return };
        let mut told = self.messages.told();
        while self.until_commits_are_due(&mut told).await {
            let settings = self.project().settings.source.clone();
            self.look_for_commit(repository, &settings).await;
        }
    }

    async fn look_for_commit(&self, repository: &Repository, settings: &SourceSettings) {
        let Ok(commit) = repository.fetch(settings.timeout.0).await else {
            self.rooms.metrics.source_looked("failed");
            return;
        };
        if repository.was_tried(&commit) {
            self.rooms.metrics.source_looked("unchanged");
            return;
        }
        let from = repository.checkout.address();
        if let Some(pin) = self.pinned.load_full() {
            self.rooms.metrics.source_looked("pinned");
            if !repository.waits.swap(true, Ordering::Relaxed) {
                tracing::warn!(%from, commit, "{pin}: the new commit waits for the pin to be lifted");
            }
            return;
        }
        repository.waits.store(false, Ordering::Relaxed);
        let canary = Some(settings.canary.0).filter(|time| !time.is_zero());
        let applied = Applied {
            revision: Some(Revision { commit: commit.clone(), uncommitted: false }),
            ..Applied::new(How::Git, from.to_string())
        };
        let outcome = Self::reload(self, applied, canary).await;
        self.rooms.metrics.source_looked(if outcome.applied { "applied" } else { "refused" });
        control::log(&self.report(&outcome));
        self.record_reload(&from.to_string(), json!({ "commit": commit }), &outcome).await;
        if outcome.applied {
            tracing::info!(%from, commit, "the commit is in force");
        } else {
            tracing::error!(%from, commit, "the commit was not put into force");
        }
    }

    /// Why a repository cannot be read.
    pub(super) fn away(&self) -> Option<String> {
        let repository = self.repository.as_ref().and_then(|repository| repository.away.load_full());
        let why = repository.or_else(|| self.documents.away.load_full())?;
        Some(why.as_ref().clone())
    }

    /// Puts the commit that is meant on the disk: the one that was fetched, or where nobody did that, the one
    /// that the repository is at now.
    pub(super) async fn commit_to_apply(&self, applied: &Applied) -> anyhow::Result<Option<String>> {
        let Some(repository) = &self.repository else { return Ok(None) };
        if let Some(revision) = &applied.revision {
            return Ok(Some(revision.commit.clone()));
        }
        repository.fetch(self.project().settings.source.timeout.0).await.map(Some)
    }

    /// What failed before a project could be read.
    pub(super) fn not_read(error: &anyhow::Error) -> Outcome {
        Outcome { failure: Some(format!("{error:#}")), ..Outcome::refused(tollgate_spec::Diagnostics::new()) }
    }
}
