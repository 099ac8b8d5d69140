//! A project that comes from a repository: asked for new commits, or told of them, and put into force.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use http::header::{ALLOW, HeaderValue, RETRY_AFTER};
use http::{Method, StatusCode};
use serde_json::json;
use tokio::sync::Notify;
use tollgate_core::later::BoxFuture;
use tollgate_core::reason::{SOURCE_TOO_MANY, SOURCE_UNVERIFIED};
use tollgate_core::services::{Alerts, Counter, Sharing, Window};
use tollgate_core::settings::{SourceSettings, SourceWebhookSettings};
use tollgate_core::store::NewAuditEntry;
use tollgate_core::{Body, Problem, Request, Response};
use tollgate_identity::HookSecret;

use super::{Outcome, Serving, control};
use crate::git::Checkout;
use crate::snapshots::{Applied, How, Revision};
use crate::wiring::Rooms;

/// How often is looked whether there is an interval now, where there was none.
const LOOK_AT_SETTINGS: Duration = Duration::from_secs(15);
/// However many messages come, and however short the interval is.
const AT_MOST_EVERY: Duration = Duration::from_secs(1);
/// The largest message. What is in it is only verified.
const LARGEST: usize = 5 * 1024 * 1024;
/// How many messages one address may send in a minute.
const MESSAGES: u32 = 60;

/// A repository that is followed.
#[derive(Debug)]
pub(crate) struct Repository {
    pub(super) checkout: Checkout,
    /// Rung where somebody says that there is a new commit.
    told: Notify,
    /// Two fetches into one folder would be in each other's way.
    fetching: tokio::sync::Mutex<()>,
    /// The last commit that was to be put into force, whatever became of it: it is not tried again by itself.
    tried: Mutex<Option<String>>,
    /// Why it cannot be fetched.
    pub(super) away: ArcSwapOption<String>,
    /// Whether it was said that a commit waits for the pin to be lifted.
    waits: AtomicBool,
    counter: Arc<dyn Counter>,
}

impl Repository {
    pub(super) fn new(checkout: Checkout, rooms: &Rooms) -> Self {
        let tried = Mutex::new(checkout.commit());
        let sharing = Sharing { overtakes: false, stands_in: true };
        Self {
            checkout,
            told: Notify::new(),
            fetching: tokio::sync::Mutex::new(()),
            tried,
            away: ArcSwapOption::empty(),
            waits: AtomicBool::new(false),
            counter: rooms.services.limiter.counter("source-messages", sharing),
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

/// A time that is a tenth more or less.
fn about(time: Duration) -> Duration {
    // Which gateway asks when needs to be different, not to be secret.
    let share = f64::from(u32::try_from(uuid::Uuid::new_v4().as_u128() % 2001).unwrap_or(1000));
    time.mul_f64(0.9 + share / 10_000.0)
}

impl Serving {
    /// Asks for new commits for as long as the process lives.
    pub(super) async fn follow_repository(self: Arc<Self>) {
        let Some(repository) = &self.repository else { return };
        loop {
            let settings = self.project().settings.source.clone();
            let interval = Some(settings.interval.0).filter(|interval| !interval.is_zero());
            let pause = interval.map_or(LOOK_AT_SETTINGS, |interval| about(interval).max(AT_MOST_EVERY));
            let is_due = tokio::select! {
                () = self.stopping.cancelled() => return,
                () = repository.told.notified() => true,
                () = tokio::time::sleep(pause) => interval.is_some(),
            };
            if is_due {
                self.look_for_commit(repository, &settings).await;
                tokio::time::sleep(AT_MOST_EVERY).await;
            }
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
        self.record_commit(&from.to_string(), &commit, &outcome).await;
        if outcome.applied {
            tracing::info!(%from, commit, "the commit is in force");
        } else {
            tracing::error!(%from, commit, "the commit was not put into force");
        }
    }

    /// Writes a commit into the audit log. It has happened, whatever the store says.
    async fn record_commit(&self, from: &str, commit: &str, outcome: &Outcome) {
        let detail = json!({ "applied": outcome.applied, "snapshot": self.project().digest, "commit": commit });
        let entry = NewAuditEntry {
            action: "project.reload".to_owned(),
            target_kind: "project".to_owned(),
            target: from.to_owned(),
            detail: detail.as_object().cloned().unwrap_or_default(),
        };
        if let Err(error) = self.rooms.store.record(entry).await {
            tracing::error!(%error, action = "project.reload", "this could not be written into the audit log");
        }
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

/// Takes messages about new commits for a gateway that serves: public by nature, so that nothing is done
/// before the proof was verified, and then no more than a look at the repository.
#[derive(Debug)]
pub(super) struct CommitMessages(pub(super) Weak<Serving>);

impl Alerts for CommitMessages {
    fn receive(&self, client: IpAddr, request: Request) -> BoxFuture<'_, Result<Response, Problem>> {
        let serving = self.0.upgrade();
        Box::pin(async move {
            let settings = serving.as_ref().and_then(|serving| serving.project().settings.source.webhook.clone());
            let unverified =
                || Problem::new(&SOURCE_UNVERIFIED, "The message is not proved to come from the repository.");
            let (Some(serving), Some(settings)) = (serving, settings) else { return Err(unverified()) };
            serving.take_message(&settings, client, request).await
        })
    }
}

impl Serving {
    async fn take_message(
        &self,
        settings: &SourceWebhookSettings,
        client: IpAddr,
        request: Request,
    ) -> Result<Response, Problem> {
        let mut response = Response::new(Body::empty());
        if request.method() != Method::POST {
            *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
            return Ok(response);
        }
        let unverified = |why: &'static str| {
            Problem::new(&SOURCE_UNVERIFIED, "The message is not proved to come from the repository.").caused_by(why)
        };
        let repository = self.repository.as_ref().ok_or_else(|| unverified("no repository is followed"))?;
        count_message(repository, client).await?;
        let (parts, body) = request.into_parts();
        let body = body.collect_up_to(LARGEST).await.map_err(Problem::from)?;
        let secret = HookSecret::new(settings).map_err(|_| unverified("the secret cannot be used"))?;
        if !secret.proves(&parts.headers, &body, self.rooms.services.clock.now()) {
            return Err(unverified("signature or token are missing, doubled or wrong"));
        }
        repository.told.notify_one();
        *response.status_mut() = StatusCode::ACCEPTED;
        Ok(response)
    }
}

/// Refuses an address that sends too much. Where the counter is away, the proof still decides.
async fn count_message(repository: &Repository, client: IpAddr) -> Result<(), Problem> {
    let network = match client.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    };
    let window = Window { count: MESSAGES, window: Duration::from_secs(60) };
    match repository.counter.hit(&network.to_string(), window.into(), 1).get().await {
        Ok(decision) if !decision.allowed => {
            let seconds = decision.retry_after.as_secs().saturating_add(1);
            Err(Problem::new(&SOURCE_TOO_MANY, "Too many messages from this address.")
                .with_header(RETRY_AFTER, HeaderValue::from(seconds)))
        }
        _ => Ok(()),
    }
}
