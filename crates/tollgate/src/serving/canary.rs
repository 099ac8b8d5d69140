//! Watching a project that has just been put into force, and going back by itself.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;
use tollgate_core::project::Project;
use tollgate_core::store::NewAuditEntry;
use tollgate_core::time::Timestamp;

use super::Serving;
use crate::canary::{Canary, Counted, History, Jump, NOTE_EVERY, Verdict, changed_routes};

/// As whom it goes back.
const ACTOR: &str = "canary";
/// How often is looked at most, and how often at least in a short time.
const LOOK: Duration = Duration::from_secs(1);
const LOOKS: u32 = 20;

/// Which project is being watched, and what was counted before.
#[derive(Debug, Default)]
pub(super) struct CanaryDesk {
    history: Mutex<History>,
    watched: Mutex<Option<Arc<Watched>>>,
}

/// A project that is being watched.
#[derive(Debug)]
struct Watched {
    canary: Canary,
    /// Where to go back to: the last snapshot that was not itself being watched.
    back_to: u32,
    until: Timestamp,
}

impl CanaryDesk {
    fn watched(&self) -> Option<Arc<Watched>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn watch(&self, next: Option<Arc<Watched>>) -> Option<Arc<Watched>> {
        std::mem::replace(&mut *self.watched.lock().unwrap_or_else(PoisonError::into_inner), next)
    }
}

impl Serving {
    /// Notes what was answered, minute by minute, for as long as the process lives.
    pub(super) async fn note_answers(self: Arc<Self>) {
        loop {
            let counted = self.counted();
            self.canary.history.lock().unwrap_or_else(PoisonError::into_inner).note(counted);
            tokio::select! {
                () = self.stopping.cancelled() => return,
                () = tokio::time::sleep(NOTE_EVERY) => {}
            }
        }
    }

    fn counted(&self) -> Counted {
        self.rooms.metrics.answers()
    }

    /// Watches the project in force, which took the place of `old`, for a time; without one, nothing is
    /// watched any more. Whoever calls holds the lock of reloads.
    pub(super) fn watch_errors(&self, old: &Project, before: Option<u32>, time: Option<Duration>) {
        let unproven = self.canary.watch(None);
        if unproven.is_some() {
            self.rooms.metrics.canary_ended("superseded");
        }
        let Some(time) = time else { return };
        let back_to = unproven.map(|unproven| unproven.back_to).or(before);
        let Some(back_to) = back_to else {
            tracing::warn!("errors are not watched: there is no snapshot to go back to");
            return;
        };
        let changed = changed_routes(old, &self.project());
        if changed.is_empty() {
            tracing::info!("errors are not watched: no route changed");
            return;
        }
        let clock = &self.rooms.services.clock;
        let (until, routes) = (clock.now().plus(time), changed.len());
        let history = self.canary.history.lock().unwrap_or_else(PoisonError::into_inner);
        let canary = Canary::new(changed, &history, self.counted(), clock.monotonic().saturating_add(time));
        drop(history);
        let watched = Arc::new(Watched { canary, back_to, until });
        self.canary.watch(Some(Arc::clone(&watched)));
        tracing::info!(routes, until = %until.rfc3339(), back_to, "the errors of the changed routes are watched");
        if let Some(serving) = self.this.upgrade() {
            let pause = LOOK.min(time / LOOKS).max(Duration::from_millis(10));
            tokio::spawn(async move { serving.follow_canary(watched, pause).await });
        }
    }

    /// Until when errors are watched.
    pub(super) fn canary_until(&self) -> Option<Timestamp> {
        self.canary.watched().map(|watched| watched.until)
    }

    fn is_watched(&self, watched: &Arc<Watched>) -> bool {
        self.canary.watched().is_some_and(|current| Arc::ptr_eq(&current, watched))
    }

    async fn follow_canary(&self, watched: Arc<Watched>, pause: Duration) {
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            if !self.is_watched(&watched) {
                return;
            }
            match watched.canary.judge(&self.counted(), self.rooms.services.clock.monotonic()) {
                Verdict::Watching => {}
                Verdict::Passed => {
                    let _one = self.reloading.lock().await;
                    if self.is_watched(&watched) {
                        self.canary.watch(None);
                        self.rooms.metrics.canary_ended("passed");
                        tracing::info!("the errors of the changed routes did not jump");
                    }
                    return;
                }
                Verdict::Jumped(jump) => return self.flee(&watched, &jump).await,
            }
        }
    }

    /// Goes back to the snapshot before, and stays there.
    async fn flee(&self, watched: &Arc<Watched>, jump: &Jump) {
        let _one = self.reloading.lock().await;
        if !self.is_watched(watched) {
            // Somebody was faster.
            return;
        }
        self.canary.watch(None);
        let from = self.in_force.load().project.digest.clone();
        tracing::error!(snapshot = %from, back_to = watched.back_to, "errors jumped: {jump}");
        let outcome = self.go_back(Some(watched.back_to), ACTOR, &format!("errors jumped: {jump}")).await;
        let applied = match outcome {
            Ok(outcome) if outcome.applied => true,
            Ok(outcome) => {
                let report = self.report(&outcome);
                tracing::error!(needs_restart = ?report.needs_restart, diagnostics = %report.text, "the snapshot before could not be put back");
                false
            }
            Err(refused) => {
                tracing::error!(?refused, "the snapshot before could not be put back");
                false
            }
        };
        self.rooms.metrics.canary_ended(if applied { "rolled_back" } else { "failed" });
        let detail = json!({
            "applied": applied, "from": from, "route": jump.route, "answers": jump.now.total, "errors": jump.now.failed,
        });
        let entry = NewAuditEntry {
            action: "project.rollback".to_owned(),
            target_kind: "snapshot".to_owned(),
            target: watched.back_to.to_string(),
            detail: detail.as_object().cloned().unwrap_or_default(),
        };
        // The store's own actor is the gateway.
        if let Err(error) = self.rooms.store.record(entry).await {
            tracing::error!(%error, action = "project.rollback", "this could not be written into the audit log");
        }
    }
}
