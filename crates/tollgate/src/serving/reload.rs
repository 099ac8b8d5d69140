//! Putting another state of the project into force: whole, or not at all.

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tollgate_admin::views::ReloadReport;
use tollgate_core::project::Project;
use tollgate_core::settings::Settings;
use tollgate_core::store::NewAuditEntry;
use tollgate_core::time::Timestamp;
use tollgate_spec::{Diagnostics, Loaded};

use super::{InForce, Serving, listeners};
use crate::at_start;
use crate::certificates::Certificates;
use crate::snapshots::{Applied, Pin};
use crate::{issuer_url, stores, views};

/// What to do about a pin.
pub(crate) const HOW_TO_UNPIN: &str = "`tollgate snapshots unpin` lets other projects be put into force again";

/// What became of a reload.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Whether the project on disk is in force now.
    pub(crate) applied: bool,
    /// Whether it is the one that was in force before.
    pub(crate) unchanged: bool,
    /// Everything that was found in it.
    pub(crate) diagnostics: Diagnostics,
    /// What became public, signed or limited differently.
    pub(crate) security_changes: Vec<String>,
    /// What changed but needs a restart, so that nothing was applied.
    pub(crate) needs_restart: Vec<String>,
    /// Why it was not even tried: this is pinned.
    pub(crate) pinned: Option<Arc<Pin>>,
    /// Why it could not even be tried.
    pub(crate) failure: Option<String>,
    /// Every file that was read or looked for.
    pub(crate) files: Vec<PathBuf>,
}

impl Outcome {
    pub(super) fn refused(diagnostics: Diagnostics) -> Self {
        Self {
            applied: false,
            unchanged: false,
            diagnostics,
            security_changes: Vec::new(),
            needs_restart: Vec::new(),
            pinned: None,
            failure: None,
            files: Vec::new(),
        }
    }
}

impl Serving {
    /// Reads the project again and puts it into force if it is good, unless a snapshot is pinned.
    /// With `canary`, errors are watched for so long.
    pub(crate) async fn reload(&self, mut applied: Applied, canary: Option<Duration>) -> Outcome {
        // Before the lock is taken: a repository that does not answer must not hold up a rollback.
        let commit = match self.pinned.load().is_some() {
            true => Ok(None),
            false => self.commit_to_apply(&applied).await,
        };
        let _one = self.reloading.lock().await;
        if let Some(pin) = self.pinned.load_full() {
            return Outcome { pinned: Some(pin), ..Outcome::refused(Diagnostics::new()) };
        }
        let before = self.in_force.load_full();
        let outcome = match self.put_on_disk(commit, &mut applied).await {
            Ok(()) => {
                applied.read_on = self.rooms.services.clock.now();
                self.try_reload().await
            }
            Err(error) => Self::not_read(&error),
        };
        if outcome.applied {
            self.as_on_disk();
            self.keep_snapshot(&self.project(), applied).await;
            if !outcome.unchanged {
                self.watch_errors(&before.project, before.kept, canary);
            }
        } else {
            self.degrade(match (&outcome.failure, outcome.needs_restart.is_empty()) {
                (Some(failure), _) => failure.clone(),
                (None, false) => "the project on disk needs a restart".to_owned(),
                (None, true) => "the project on disk has mistakes; the last good one serves".to_owned(),
            });
        }
        // What was kept has been read once more.
        crate::memory::give_back();
        outcome
    }

    /// Puts the commit on the disk that is to be applied, where the project comes from a repository.
    async fn put_on_disk(&self, commit: anyhow::Result<Option<String>>, applied: &mut Applied) -> anyhow::Result<()> {
        if let (Some(commit), Some(repository)) = (commit?, &self.repository) {
            let timeout = self.project().settings.source.timeout.0;
            applied.revision = Some(repository.check_out(&commit, timeout).await?);
        }
        Ok(())
    }

    async fn try_reload(&self) -> Outcome {
        match self.source.load_with_scripts().await {
            Ok(loaded) => {
                let files = loaded.files.clone();
                Outcome { files, ..self.apply(loaded) }
            }
            Err(error) => Outcome { failure: Some(format!("{error:#}")), ..Outcome::refused(Diagnostics::new()) },
        }
    }

    pub(super) fn apply(&self, loaded: Loaded) -> Outcome {
        let mut diagnostics = loaded.diagnostics;
        let Some(project) = loaded.project else { return Outcome::refused(diagnostics) };
        let old = self.project();
        let needs_restart = self.needs_restart(&old, &project);
        if !needs_restart.is_empty() {
            return Outcome { needs_restart, ..Outcome::refused(diagnostics) };
        }
        let certificates = Certificates::read(&project, self.rooms.services.clock.now());
        certificates.tell(&mut diagnostics);
        if certificates.failure().is_some() {
            self.rooms.metrics.certificates_failed.inc();
            return Outcome::refused(diagnostics);
        }
        let snapshot = match self.rooms.compile(&project) {
            Ok(snapshot) => snapshot,
            Err(issues) => {
                diagnostics.add_build_issues(&issues);
                return Outcome::refused(diagnostics);
            }
        };
        if let Err(error) = self.rooms.keyring.set_declared(&project.consumers) {
            return Outcome { failure: Some(error.to_string()), ..Outcome::refused(diagnostics) };
        }
        if let Err(error) = self.certify(certificates) {
            return Outcome { failure: Some(error.to_string()), ..Outcome::refused(diagnostics) };
        }
        let issuer = issuer_url::of_settings(&project.settings, Some(self.listen));
        self.rooms.issuer.reconfigure(&project.settings.issuer, issuer);
        self.gateway.apply(snapshot);
        let security_changes = views::security_changes(&old, &project);
        let unchanged = old.digest == project.digest;
        let in_force = InForce { project: Arc::clone(&project), since: self.rooms.services.clock.now(), kept: None };
        self.in_force.store(Arc::new(in_force));
        crate::memory::give_back();
        Outcome { applied: true, unchanged, security_changes, ..Outcome::refused(diagnostics) }
    }

    /// What of the settings is read at start alone.
    fn needs_restart(&self, old: &Project, new: &Project) -> Vec<String> {
        let url = |settings: &Settings| {
            stores::url(settings, self.source.store_base(), &self.data, self.source.store.as_ref())
        };
        let (from, to) = (&old.settings, &new.settings);
        let mut changes = listeners::needs_restart(from, to, self.source.listen.as_deref());
        changes.extend(at_start::COMPARED.iter().filter(|(_, differs)| differs(from, to)).map(|(name, _)| *name));
        let management = from.server.management_listen != to.server.management_listen;
        let others = [
            (at_start::MANAGEMENT_LISTEN, self.management_listen.is_none() && management),
            (at_start::STORE, url(from) != url(to)),
            (at_start::LIMITS, self.limits.is_none() && from.limits != to.limits),
        ];
        changes.extend(others.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name));
        changes.into_iter().map(str::to_owned).collect()
    }

    /// Writes into the audit log what was not asked for through the management API. It has happened, whatever the
    /// store says.
    pub(super) async fn record_reload(&self, target: &str, more: Value, outcome: &Outcome) {
        let mut detail = json!({ "applied": outcome.applied, "snapshot": self.project().digest });
        if let (Some(detail), Value::Object(more)) = (detail.as_object_mut(), more) {
            detail.extend(more);
        }
        let entry = NewAuditEntry {
            action: "project.reload".to_owned(),
            target_kind: "project".to_owned(),
            target: target.to_owned(),
            detail: detail.as_object().cloned().unwrap_or_default(),
        };
        if let Err(error) = self.rooms.store.record(entry).await {
            tracing::error!(%error, action = "project.reload", "this could not be written into the audit log");
        }
    }

    /// An outcome as the management API tells it.
    pub(crate) fn report(&self, outcome: &Outcome) -> ReloadReport {
        let in_force = self.in_force.load();
        let mut text = outcome.failure.clone().unwrap_or_default();
        if let Some(pin) = &outcome.pinned {
            let _ = write!(text, "{pin}: {HOW_TO_UNPIN}");
        }
        if !outcome.diagnostics.is_empty() {
            text.push_str(&outcome.diagnostics.to_text(&tollgate_spec::diagnostic::TextStyle::default()));
        }
        let diagnostics = outcome.diagnostics.to_json();
        ReloadReport {
            applied: outcome.applied,
            snapshot: in_force.project.digest.clone(),
            routes: in_force.project.routes.len(),
            diagnostics: diagnostics.get("diagnostics").cloned().unwrap_or(Value::Array(Vec::new())),
            text,
            security_changes: outcome.security_changes.clone(),
            needs_restart: outcome.needs_restart.clone(),
            kept: in_force.kept,
            pinned: self.pinned.load().as_ref().map(|pin| pin.view()),
            canary_until: self.canary_until().map(Timestamp::rfc3339),
        }
    }
}
