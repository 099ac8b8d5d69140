//! What lives as long as the process.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use tollgate_core::Services;
use tollgate_core::services::{Alerts, DebugGrant, DebugTokens};
use tollgate_core::settings::{GITHUB_ALERTS, SOURCE_HOOK};
use tollgate_core::time::Timestamp;

use crate::access_log::AccessLog;
use crate::debugged::DebuggedRoutes;
use crate::failed_auth::FailedAuth;
use crate::live::Tallies;
use crate::metrics::Metrics;
use crate::metrics_export::ExportInForce;
use crate::recorder::Recorder;
use crate::snapshot::Snapshot;
use crate::spans::SpansInForce;
use crate::upstream::Upstreams;
use crate::usage::UsageMeter;

/// The gateway: the snapshot in force, and everything that outlives it.
pub struct Gateway {
    /// The rooms behind the traits.
    pub services: Arc<Services>,
    /// Pools of connections, by what the upstream is.
    pub upstreams: Arc<Upstreams>,
    /// Counters and histograms.
    pub metrics: Arc<Metrics>,
    /// Where the lines of the access log go.
    pub access_log: AccessLog,
    /// Who calls what.
    pub usage: UsageMeter,
    /// What is counted for whoever watches.
    pub tallies: Tallies,
    /// What is remembered of requests that are over.
    pub recorder: Recorder,
    pub(crate) failed_auth: FailedAuth,
    alerts: OnceLock<Arc<dyn Alerts>>,
    debug_tokens: OnceLock<Arc<dyn DebugTokens>>,
    commits: OnceLock<Arc<dyn Alerts>>,
    /// Routes whose requests are told of in detail.
    pub debugged: DebuggedRoutes,
    spans: SpansInForce,
    export: ExportInForce,
    snapshot: ArcSwap<Snapshot>,
}

impl Gateway {
    /// A gateway that serves `snapshot`.
    pub fn new(
        services: Arc<Services>,
        upstreams: Arc<Upstreams>,
        metrics: Arc<Metrics>,
        access_log: AccessLog,
        mut snapshot: Snapshot,
    ) -> Arc<Self> {
        snapshot.connect(&metrics);
        metrics.serves(&snapshot.id);
        access_log.apply(&snapshot.project.settings.access_log, &services, &metrics);
        let (spans, export) = (SpansInForce::default(), ExportInForce::default());
        snapshot.export = export.of(snapshot.project.settings.metrics.as_deref(), &services, &metrics);
        snapshot.spans = spans.of(snapshot.project.settings.traces.as_ref(), &services, &metrics);
        let recorder = Recorder::default();
        recorder.set(&snapshot.project.settings.recorder);
        Arc::new(Self {
            debugged: DebuggedRoutes::default(),
            spans,
            recorder,
            tallies: Tallies::default(),
            export,
            failed_auth: FailedAuth::new(&services),
            services,
            upstreams,
            metrics,
            access_log,
            usage: UsageMeter::default(),
            alerts: OnceLock::new(),
            debug_tokens: OnceLock::new(),
            commits: OnceLock::new(),
            snapshot: ArcSwap::from_pointee(snapshot),
        })
    }

    /// The snapshot in force at this moment.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Puts another snapshot into force: new exchanges run on it, those under way finish on the
    /// one they began with. Gives back the one that was in force.
    pub fn apply(&self, mut snapshot: Snapshot) -> Arc<Snapshot> {
        snapshot.connect(&self.metrics);
        self.metrics.serves(&snapshot.id);
        self.access_log.apply(&snapshot.project.settings.access_log, &self.services, &self.metrics);
        let collector = snapshot.project.settings.metrics.as_deref();
        snapshot.export = self.export.of(collector, &self.services, &self.metrics);
        snapshot.spans = self.spans.of(snapshot.project.settings.traces.as_ref(), &self.services, &self.metrics);
        self.recorder.set(&snapshot.project.settings.recorder);
        let snapshot = Arc::new(snapshot);
        let before = self.snapshot.swap(Arc::clone(&snapshot));
        self.upstreams.retain(&snapshot.upstreams);
        before
    }

    /// Hands alerts of leaked keys to `alerts` from now on, where the settings take any.
    pub fn alert(&self, alerts: Arc<dyn Alerts>) {
        let _ = self.alerts.set(alerts);
    }

    /// Believes debug tokens that `tokens` knows from now on.
    pub fn debug_with(&self, tokens: Arc<dyn DebugTokens>) {
        let _ = self.debug_tokens.set(tokens);
    }

    /// What a debug token allows, where it is good.
    pub(crate) fn debug_grant(&self, token: &[u8], now: Timestamp) -> Option<Box<DebugGrant>> {
        self.debug_tokens.get()?.check(token, now).map(Box::new)
    }

    /// Hands messages about new commits to `commits` from now on, where the settings take any.
    pub fn take_commits(&self, commits: Arc<dyn Alerts>) {
        let _ = self.commits.set(commits);
    }

    /// Who takes what comes to this path, where it is one of alerts.
    pub(crate) fn alerts_at(&self, snapshot: &Snapshot, path: &str) -> Option<&Arc<dyn Alerts>> {
        let settings = &snapshot.project.settings;
        match path {
            GITHUB_ALERTS => self.alerts.get().filter(|_| settings.leaks.github.is_some()),
            SOURCE_HOOK => self.commits.get().filter(|_| settings.source.webhook.is_some()),
            _ => None,
        }
    }

    /// The page of a problem, where the gateway serves it.
    pub fn problem_page(&self, code: &str) -> String {
        format!("{}{code}", self.snapshot.load().problems.type_base)
    }

    /// Sends the spans that wait and the last state of the metrics, for at most so long.
    pub async fn flush_telemetry(&self, within: Duration) {
        let snapshot = self.snapshot();
        let spans = async {
            if let Some(spans) = &snapshot.spans {
                spans.flush(within).await;
            }
        };
        let metrics = async {
            if let Some(export) = &snapshot.export {
                export.flush(within).await;
            }
        };
        tokio::join!(spans, metrics);
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("snapshot", &self.snapshot.load().id).finish_non_exhaustive()
    }
}
