//! When repositories are looked at: every so often, and where one of them tells of a new commit.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Weak};
use std::time::Duration;

use http::header::{ALLOW, HeaderValue, RETRY_AFTER};
use http::{Method, StatusCode};
use tokio::sync::watch;
use tollgate_core::later::BoxFuture;
use tollgate_core::reason::{SOURCE_TOO_MANY, SOURCE_UNVERIFIED};
use tollgate_core::services::{Alerts, Counter, Sharing, Window};
use tollgate_core::settings::SourceWebhookSettings;
use tollgate_core::{Body, Problem, Request, Response};
use tollgate_identity::HookSecret;

use super::Serving;
use crate::wiring::Rooms;

/// How often is looked whether there is an interval now, where there was none.
const LOOK_AT_SETTINGS: Duration = Duration::from_secs(15);
/// However many messages come, and however short the interval is.
const AT_MOST_EVERY: Duration = Duration::from_secs(1);
/// The largest message. What is in it is only verified.
const LARGEST: usize = 5 * 1024 * 1024;
/// How many messages one address may send in a minute.
const MESSAGES: u32 = 60;

/// Where messages about new commits arrive.
#[derive(Debug)]
pub(super) struct CommitDesk {
    /// Changed where somebody says that there is a new commit.
    told: watch::Sender<()>,
    counter: Arc<dyn Counter>,
}

impl CommitDesk {
    pub(super) fn new(rooms: &Rooms) -> Self {
        let sharing = Sharing { overtakes: false, stands_in: true };
        Self { told: watch::Sender::new(()), counter: rooms.services.limiter.counter("source-messages", sharing) }
    }

    /// Changes where somebody says that there is a new commit.
    pub(super) fn told(&self) -> watch::Receiver<()> {
        self.told.subscribe()
    }
}

/// A time that is a tenth more or less.
fn about(time: Duration) -> Duration {
    // Which gateway asks when needs to be different, not to be secret.
    let share = f64::from(u32::try_from(uuid::Uuid::new_v4().as_u128() % 2001).unwrap_or(1000));
    time.mul_f64(0.9 + share / 10_000.0)
}

impl Serving {
    /// Waits until repositories are to be looked at. False where the gateway ends.
    pub(super) async fn until_commits_are_due(&self, told: &mut watch::Receiver<()>) -> bool {
        let started = tokio::time::Instant::now();
        loop {
            let interval = Some(self.project().settings.source.interval.0).filter(|interval| !interval.is_zero());
            let pause = interval.map_or(LOOK_AT_SETTINGS, |interval| about(interval).max(AT_MOST_EVERY));
            let is_due = tokio::select! {
                () = self.stopping.cancelled() => return false,
                told = told.changed() => told.is_ok(),
                () = tokio::time::sleep(pause) => interval.is_some(),
            };
            if is_due {
                tokio::time::sleep_until(started + AT_MOST_EVERY).await;
                return true;
            }
        }
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
        if self.repository.is_none() && !self.has_documents_of_repositories() {
            return Err(unverified("no repository is followed"));
        }
        self.messages.count(client).await?;
        let (parts, body) = request.into_parts();
        let body = body.collect_up_to(LARGEST).await.map_err(Problem::from)?;
        let secret = HookSecret::new(settings).map_err(|_| unverified("the secret cannot be used"))?;
        if !secret.proves(&parts.headers, &body, self.rooms.services.clock.now()) {
            return Err(unverified("signature or token are missing, doubled or wrong"));
        }
        self.messages.told.send_replace(());
        *response.status_mut() = StatusCode::ACCEPTED;
        Ok(response)
    }
}

impl CommitDesk {
    /// Refuses an address that sends too much. Where the counter is away, the proof still decides.
    async fn count(&self, client: IpAddr) -> Result<(), Problem> {
        let network = match client.to_canonical() {
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
            v4 @ IpAddr::V4(_) => v4,
        };
        let window = Window { count: MESSAGES, window: Duration::from_secs(60) };
        match self.counter.hit(&network.to_string(), window.into(), 1).get().await {
            Ok(decision) if !decision.allowed => {
                let seconds = decision.retry_after.as_secs().saturating_add(1);
                Err(Problem::new(&SOURCE_TOO_MANY, "Too many messages from this address.")
                    .with_header(RETRY_AFTER, HeaderValue::from(seconds)))
            }
            _ => Ok(()),
        }
    }
}
