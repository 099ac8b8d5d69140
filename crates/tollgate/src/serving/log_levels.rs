//! Levels of the log that are others for a time, and go back by themselves.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tollgate_admin::views::{LogLevelView, LogSubject};
use tollgate_core::time::Timestamp;

use super::Serving;
use crate::own_log;

/// What is another one, and until when.
#[derive(Debug, Default)]
pub(crate) struct LogLevels {
    set: Mutex<Vec<(LogLevelView, Timestamp)>>,
    changed: Notify,
}

impl Serving {
    pub(super) fn levels_in_force(&self) -> Vec<LogLevelView> {
        let now = self.rooms.services.clock.now();
        let mut set = self.log_levels.set.lock().clone();
        set.retain(|(_, until)| *until > now);
        set.sort_by_key(|(_, until)| *until);
        set.into_iter().map(|(view, _)| view).collect()
    }

    pub(super) fn set_level(&self, view: LogLevelView, until: Timestamp) -> Result<(), String> {
        let before = {
            let mut set = self.log_levels.set.lock();
            let before = set.clone();
            set.retain(|(known, _)| (known.subject, &known.name) != (view.subject, &view.name));
            set.push((view.clone(), until));
            before
        };
        if let Err(error) = self.follow_levels() {
            *self.log_levels.set.lock() = before;
            return Err(error);
        }
        tracing::info!(
            subject = view.subject.as_str(),
            name = view.name,
            level = view.level.as_str(),
            until = view.until,
            "log level set"
        );
        self.log_levels.changed.notify_one();
        Ok(())
    }

    pub(super) fn reset_level(&self, subject: LogSubject, name: &str) -> bool {
        let was_set = {
            let mut set = self.log_levels.set.lock();
            let before = set.len();
            set.retain(|(known, _)| (known.subject, known.name.as_str()) != (subject, name));
            set.len() < before
        };
        if was_set {
            self.follow_levels_or_tell();
            tracing::info!(subject = subject.as_str(), name, "log level is as usual");
        }
        was_set
    }

    /// Lets go of levels whose time is over, for as long as the process lives.
    pub(super) async fn end_levels(self: Arc<Self>) {
        loop {
            let next = self.log_levels.set.lock().iter().map(|(_, until)| *until).min();
            let now = self.rooms.services.clock.now();
            match next.map(|until| until.since(now)) {
                None => self.log_levels.changed.notified().await,
                Some(left) if left.is_zero() => self.end_those_before(now),
                Some(left) => {
                    // What is set meanwhile may end sooner.
                    let _ = tokio::time::timeout(left, self.log_levels.changed.notified()).await;
                }
            }
        }
    }

    fn end_those_before(&self, now: Timestamp) {
        let ended: Vec<LogLevelView> = {
            let mut set = self.log_levels.set.lock();
            let (ended, left) = std::mem::take(&mut *set).into_iter().partition(|(_, until)| *until <= now);
            *set = left;
            let ended: Vec<(LogLevelView, Timestamp)> = ended;
            ended.into_iter().map(|(view, _)| view).collect()
        };
        self.follow_levels_or_tell();
        for view in ended {
            tracing::info!(
                subject = view.subject.as_str(),
                name = view.name,
                "log level is as usual, its time is over"
            );
        }
    }

    fn follow_levels_or_tell(&self) {
        if let Err(error) = self.follow_levels() {
            tracing::error!(error, "log levels could not be put back");
        }
    }

    /// Puts what is set into force.
    fn follow_levels(&self) -> Result<(), String> {
        let set = self.log_levels.set.lock();
        let clock = &self.rooms.services.clock;
        let (now, monotonic) = (clock.now(), clock.monotonic());
        let mut routes: HashMap<Arc<str>, std::time::Duration> = HashMap::new();
        let mut targets = Vec::new();
        for (view, until) in set.iter() {
            match view.subject {
                LogSubject::Routes => {
                    routes.insert(view.name.as_str().into(), monotonic + until.since(now));
                }
                LogSubject::Targets => targets.push((view.name.clone(), view.level.as_str())),
            }
        }
        drop(set);
        own_log::tell(&targets)?;
        self.gateway.debugged.set(routes);
        Ok(())
    }
}
