//! Keeping what was put into force, going back to it, and staying there.

use std::sync::Arc;

use anyhow::Context;
use tollgate_admin::RollbackRefused;
use tollgate_admin::views::PinView;
use tollgate_core::project::Project;

use super::{InForce, Outcome, Serving};
use crate::snapshots::{Applied, Kept, Pin, Revision};

impl Serving {
    /// Keeps a project that has just been put into force. That it cannot be kept is told, and no reason
    /// not to serve it.
    pub(super) async fn keep_snapshot(&self, project: &Arc<Project>, mut applied: Applied) {
        if applied.revision.is_none()
            && let Some(folder) = self.source.folder()
        {
            applied.revision = Revision::of(folder).await;
        }
        let (snapshots, source) = (self.snapshots.clone(), self.source.clone());
        let (kept_project, now) = (Arc::clone(project), self.rooms.services.clock.now());
        let before = self.snapshots.in_force().ok().flatten().map(|record| record.id);
        let keep = tokio::task::spawn_blocking(move || snapshots.keep(&source, &kept_project, &applied, now)).await;
        let kept = match keep.map_err(anyhow::Error::from).and_then(|kept| kept) {
            Ok(Some(kept)) if kept.may_differ => self.check_kept(kept, project, before).await,
            Ok(kept) => Ok(kept),
            Err(error) => Err(error),
        };
        match kept {
            Ok(kept) => self.set_kept(kept.map(|kept| kept.id)),
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!(error, "this project cannot be kept, so that nobody can come back to it");
            }
        }
    }

    /// Reads what was kept, and takes it away where it is not what is in force: somebody wrote meanwhile.
    async fn check_kept(&self, kept: Kept, project: &Project, before: Option<u32>) -> anyhow::Result<Option<Kept>> {
        let record = self.snapshots.find(kept.id)?.context("it is not kept")?;
        let source = tokio::task::block_in_place(|| self.snapshots.source(&record, &self.source))?;
        let loaded = source.load_with_scripts().await?;
        if loaded.project.is_some_and(|read| read.digest == project.digest) {
            return Ok(Some(kept));
        }
        self.snapshots.forget(kept.id, before)?;
        anyhow::bail!("its files changed while they were read; the next reload keeps what they are then")
    }

    /// Notes that what is in force is a snapshot.
    pub(super) fn serve_kept(&self, id: u32, pin: Option<Pin>) {
        self.set_kept(Some(id));
        self.set_pinned(pin);
    }

    fn set_kept(&self, kept: Option<u32>) {
        let InForce { project, since, .. } = &**self.in_force.load();
        self.in_force.store(Arc::new(InForce { project: Arc::clone(project), since: *since, kept }));
    }

    fn set_pinned(&self, pin: Option<Pin>) {
        self.rooms.metrics.snapshot_pinned.set(i64::from(pin.is_some()));
        self.pinned.store(pin.map(Arc::new));
    }

    /// Says that what is in force is what is on disk, or what somebody wanted to be in force.
    pub(super) fn as_on_disk(&self) {
        self.degraded.store(None);
        self.rooms.metrics.project_degraded.set(0);
    }

    /// Puts a snapshot into force and pins it; the one before that in force where none is named.
    pub(crate) async fn roll_back(&self, to: Option<u32>, by: &str, why: &str) -> Result<Outcome, RollbackRefused> {
        let _one = self.reloading.lock().await;
        self.go_back(to, by, why).await
    }

    /// The same for whoever holds the lock.
    pub(super) async fn go_back(&self, to: Option<u32>, by: &str, why: &str) -> Result<Outcome, RollbackRefused> {
        let failed = |error: anyhow::Error| RollbackRefused::Failed(format!("{error:#}"));
        let record = match (to, self.in_force.load().kept) {
            (Some(id), _) => self.snapshots.find(id).map_err(failed)?,
            (None, Some(id)) => self.snapshots.before(id).map_err(failed)?,
            // What is in force could not be kept: the latest that was is the one before it.
            (None, None) => self.snapshots.in_force().map_err(failed)?,
        };
        let record = record.ok_or_else(|| {
            RollbackRefused::NotKept(match to {
                Some(id) => format!("No snapshot {id} is kept; `tollgate snapshots list` shows those that are."),
                None => "No snapshot before the one in force is kept.".to_owned(),
            })
        })?;
        // Every file of it is read and compared.
        let source = tokio::task::block_in_place(|| self.snapshots.source(&record, &self.source)).map_err(failed)?;
        let loaded = source.load_with_scripts().await.map_err(failed)?;
        let outcome = self.apply(loaded);
        if !outcome.applied {
            return Ok(outcome);
        }
        let on = self.rooms.services.clock.now();
        let pin = Pin { id: record.id, by: by.to_owned(), on, why: why.to_owned() };
        self.as_on_disk();
        self.watch_errors(&self.project(), None, None);
        self.rooms.metrics.rollbacks.inc();
        self.serve_kept(record.id, Some(pin.clone()));
        tracing::warn!(id = record.id, snapshot = %record.snapshot, by, why, "rolled back: this snapshot is in force, and pinned");
        self.snapshots.set_in_force(record.id, Some(pin)).map_err(|error| {
            RollbackRefused::Failed(format!(
                "Snapshot {} is in force and pinned, but that could not be written down, so that a restart forgets it: {error:#}",
                record.id
            ))
        })?;
        Ok(outcome)
    }

    /// Lets other projects be put into force again, and says what was pinned.
    pub(crate) async fn unpin(&self, by: &str) -> anyhow::Result<Option<PinView>> {
        let _one = self.reloading.lock().await;
        let was = self.snapshots.unpin()?;
        self.set_pinned(None);
        if let Some(pin) = &was {
            tracing::warn!(id = pin.id, by, "the pin was lifted: the next reload puts the project on disk into force");
        }
        Ok(was.map(|pin| pin.view()))
    }
}
