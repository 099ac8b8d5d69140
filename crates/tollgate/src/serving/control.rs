//! The running gateway, as the management API sees it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tollgate_admin::views::{
    LeakView, LiveView, LogLevelView, LogSubject, PinView, ProjectDescription, RecorderView, ReloadReport,
    RequestFilter, RequestSummary, RequestView, RouteView, SigningKeyView, SnapshotDetail, SnapshotDiff, SnapshotView,
    Status,
};
use tollgate_admin::{Control, Health, MintedKey, RollbackRefused};
use tollgate_core::keys::KeyDigest;
use tollgate_core::later::BoxFuture;
use tollgate_core::services::{DebugGrant, DebugTokens, TokenIssuer};
use tollgate_core::store::{Actor, LeakReport, Store, StoreError};
use tollgate_core::time::Timestamp;
use tollgate_identity::DebugTokenKey;

use super::Serving;
use crate::describe::{self, Fingerprints};
use crate::snapshots::{Applied, How};
use crate::{minting, seeing, views};

/// How long the store has to answer a probe.
const PING: Duration = Duration::from_secs(2);

/// What sealed answers are sealed for: calls that may come again.
const SEALED_ANSWERS: &str = "management-answer";

impl Control for Serving {
    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(async move {
            let keyring = self.rooms.keyring.status();
            let max_stale = self.project().settings.keys.max_stale.0;
            let too_long = keyring.away_for > max_stale;
            Health {
                snapshot: self.project().digest.clone(),
                project: self.degraded.load_full().map(|why| why.as_ref().clone()),
                source: self.away(),
                pinned: self.pinned.load_full().map(|pin| pin.to_string()),
                certificates: self.uncertified.load_full().map(|why| why.as_ref().clone()),
                store: self.ping_store().await.err().or(keyring.error),
                keys: too_long.then(|| "the store has been away for longer than `keys.maxStale`".to_owned()),
                issuer: published_keys(&*self.rooms.issuer).is_none().then(|| "there is no signing key".to_owned()),
                stopping: self.leaving.is_cancelled(),
            }
        })
    }

    fn status(&self) -> Status {
        let in_force = self.in_force.load();
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            mode: self.mode.as_str().to_owned(),
            project: self.source.folder().map(|dir| dir.display().to_string()),
            data_dir: self.data.path().display().to_string(),
            listen: self.listen.to_string(),
            management: self.management.to_string(),
            issuer: self.rooms.issuer.issuer().to_string(),
            snapshot: in_force.project.digest.clone(),
            started_on: self.started_on.rfc3339(),
            loaded_on: in_force.since.rfc3339(),
            routes: in_force.project.routes.len(),
            degraded: self.degraded.load_full().map(|why| why.as_ref().clone()),
        }
    }

    fn routes(&self) -> Vec<RouteView> {
        views::routes(&self.project())
    }

    fn describe(&self) -> ProjectDescription {
        // Whoever cannot read the data folder cannot test guesses of a hidden value either.
        let token = self.data.existing_management_token().ok().flatten();
        describe::project(&self.project(), &Fingerprints::keyed(token))
    }

    fn reload(&self, by: &Actor, canary: Option<Duration>) -> BoxFuture<'_, ReloadReport> {
        let applied = Applied::new(How::Reload, &by.name);
        Box::pin(async move {
            let outcome = Self::reload(self, applied, canary).await;
            let report = self.report(&outcome);
            log(&report);
            report
        })
    }

    fn snapshots(&self) -> Result<Vec<SnapshotView>, String> {
        self.snapshots.views().map_err(|error| format!("{error:#}"))
    }

    fn snapshot(&self, id: u32) -> Result<Option<SnapshotDetail>, String> {
        self.snapshots.detail(id).map_err(|error| format!("{error:#}"))
    }

    fn compare_snapshots(&self, from: u32, to: u32) -> Result<Option<SnapshotDiff>, String> {
        self.snapshots.compare(from, to).map_err(|error| format!("{error:#}"))
    }

    fn roll_back(&self, to: Option<u32>, by: &Actor) -> BoxFuture<'_, Result<ReloadReport, RollbackRefused>> {
        let by = by.name.clone();
        Box::pin(async move {
            let outcome = Self::roll_back(self, to, &by, "rolled back").await?;
            Ok(self.report(&outcome))
        })
    }

    fn unpin(&self, by: &Actor) -> BoxFuture<'_, Result<Option<PinView>, String>> {
        let by = by.name.clone();
        Box::pin(async move { Self::unpin(self, &by).await.map_err(|error| format!("{error:#}")) })
    }

    fn mint_key(&self, description: Option<String>, expires_on: Option<Timestamp>) -> Result<MintedKey, String> {
        minting::mint(&self.project().settings.keys.prefix, description, expires_on).map_err(|error| error.to_string())
    }

    fn report_leaks(
        &self,
        store: Arc<dyn Store>,
        keys: Vec<KeyDigest>,
        report: LeakReport,
    ) -> BoxFuture<'_, Result<Vec<LeakView>, StoreError>> {
        Box::pin(async move {
            let now = self.rooms.services.clock.now();
            let mut views = Vec::with_capacity(keys.len());
            for digest in keys {
                views.push(self.report_leak(&*store, digest, report.clone(), "api").await?.view(digest, now));
            }
            self.follow_keys().await;
            Ok(views)
        })
    }

    fn adopt_key(
        &self,
        key: &str,
        description: Option<String>,
        expires_on: Option<Timestamp>,
    ) -> Result<MintedKey, String> {
        let prefix = &self.project().settings.keys.prefix;
        minting::adopt(prefix, key, description, expires_on).map_err(|error| error.to_string())
    }

    fn mint_token(&self) -> Result<MintedKey, String> {
        minting::token().map_err(|error| error.to_string())
    }

    fn digest(&self, of: &[u8]) -> KeyDigest {
        tollgate_identity::digest_of(of)
    }

    fn seal(&self, secret: &[u8]) -> Result<Vec<u8>, String> {
        self.rooms.master_key.seal(SEALED_ANSWERS, secret).map_err(|error| error.to_string())
    }

    fn unseal(&self, sealed: &[u8]) -> Result<Vec<u8>, String> {
        let opened = self.rooms.master_key.open(SEALED_ANSWERS, sealed).map_err(|error| error.to_string())?;
        Ok(opened.to_vec())
    }

    fn follow_keys(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if let Err(error) = self.rooms.keyring.catch_up().await {
                tracing::warn!(%error, "a change is stored, and will be in force as soon as the store answers again");
            }
        })
    }

    fn rotate_signing_key(&self, now: bool) -> BoxFuture<'_, Result<Vec<SigningKeyView>, String>> {
        Box::pin(async move {
            let rotation = self.rooms.issuer.rotate(now).await.map_err(|error| error.to_string())?;
            tracing::info!(kid = %rotation.kid, now, "signing key rotated");
            self.signing_keys().await
        })
    }

    fn signing_keys(&self) -> BoxFuture<'_, Result<Vec<SigningKeyView>, String>> {
        Box::pin(async move {
            let keys = self.rooms.store.signing_keys().await.map_err(|error| error.to_string())?;
            Ok(SigningKeyView::list(&keys, self.now()))
        })
    }

    fn debug_token(&self, grant: &DebugGrant) -> String {
        DebugTokenKey::of(&self.rooms.master_key).make(grant)
    }

    fn request(&self, id: &str) -> Option<RequestView> {
        seeing::requests::request(&self.gateway, id)
    }

    fn requests(&self, filter: &RequestFilter) -> Vec<RequestSummary> {
        seeing::requests::list(&self.gateway, filter)
    }

    fn live(&self) -> LiveView {
        seeing::live::view(self)
    }

    fn recorder(&self) -> RecorderView {
        seeing::requests::recorder(&self.gateway)
    }

    fn log_levels(&self) -> Vec<LogLevelView> {
        self.levels_in_force()
    }

    fn set_log_level(&self, level: LogLevelView, until: Timestamp) -> Result<(), String> {
        self.set_level(level, until)
    }

    fn reset_log_level(&self, subject: LogSubject, name: &str) -> bool {
        self.reset_level(subject, name)
    }

    fn metrics(&self) -> String {
        self.rooms.metrics.encode().unwrap_or_default()
    }

    fn now(&self) -> Timestamp {
        self.rooms.services.clock.now()
    }
}

fn published_keys(issuer: &dyn TokenIssuer) -> Option<usize> {
    let jwks: Arc<_> = issuer.jwks();
    jwks["keys"].as_array().map(Vec::len).filter(|count| *count > 0)
}

/// A line in the log of the process for every reload.
pub(super) fn log(report: &ReloadReport) {
    if report.applied {
        tracing::info!(snapshot = %report.snapshot, routes = report.routes, "project reloaded");
        for change in &report.security_changes {
            tracing::warn!(change, "what is public, signed or limited has changed");
        }
        return;
    }
    if let Some(pin) = &report.pinned {
        let (id, by) = (pin.id, &pin.by);
        tracing::warn!(snapshot = %report.snapshot, id, by, "nothing was reloaded: a snapshot is pinned");
        return;
    }
    tracing::error!(
        snapshot = %report.snapshot,
        needs_restart = ?report.needs_restart,
        diagnostics = %report.text,
        "the project on disk was not applied; the one in force stays"
    );
}

impl Serving {
    /// Whether the store answers, as quickly as a probe wants to know it.
    async fn ping_store(&self) -> Result<(), String> {
        match tokio::time::timeout(PING, self.rooms.store.ping()).await {
            Ok(answer) => answer.map_err(|error| error.to_string()),
            Err(_) => Err(format!("the store did not answer within {} s", PING.as_secs())),
        }
    }

    /// Reloads and logs what became of it.
    pub(crate) async fn reload_and_log(&self, applied: Applied, canary: Option<Duration>) -> Vec<PathBuf> {
        let (how, by) = (applied.how.as_str(), applied.by.clone());
        let outcome = Self::reload(self, applied, canary).await;
        log(&self.report(&outcome));
        self.record_reload(&by, json!({ "how": how }), &outcome).await;
        outcome.files
    }
}
