//! Things that are sent to a server in batches, in the background: no request waits for them.
//!
//! What finds no room is dropped and counted. What the server does not take now is sent again, a few times; the
//! receiver knows things again by their ids.

use std::collections::VecDeque;
use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::select;
use serde_json::Value;
use tokio::sync::Notify;
use tollgate_core::later::BoxFuture;
use tollgate_core::services::Lane;
use tollgate_core::{Request, Services};

use crate::remote;

/// The most that waits.
const MOST_WAITING: usize = 10_000;
/// The most that is sent at once.
const MOST_AT_ONCE: usize = 100;
/// For how long things are gathered.
const GATHERED: Duration = Duration::from_secs(1);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Before a batch is sent again for the first time; each time twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// How often a batch is sent.
const TRIES: u32 = 6;

/// Makes the request for a batch.
pub(crate) type MakeRequest = Box<dyn Fn(Bytes) -> Request + Send + Sync>;

/// Where they wait.
pub(crate) struct Outbox {
    /// Whom they are for, as the log says it.
    name: String,
    request: MakeRequest,
    waiting: Mutex<Waiting>,
    /// Told when there is enough for a batch.
    enough: Notify,
    /// Told when nothing is left.
    idle: Notify,
}

#[derive(Default)]
struct Waiting {
    things: VecDeque<Value>,
    dropped: u64,
    /// Whether somebody sends.
    sending: bool,
    /// Whether nothing is gathered any more: the process ends.
    ending: bool,
}

impl Waiting {
    /// Whether it is time to send.
    fn is_enough(&self) -> bool {
        self.ending || self.things.len() >= MOST_AT_ONCE
    }
}

impl Outbox {
    pub(crate) fn new(name: String, services: &Services, request: MakeRequest) -> Arc<Self> {
        let (enough, idle) = (Notify::new(), Notify::new());
        let outbox = Arc::new(Self { name, request, waiting: Mutex::default(), enough, idle });
        let lane = Arc::downgrade(&outbox);
        services.outgoing.add(lane as Weak<dyn Lane>);
        outbox
    }

    /// Leaves a thing to be sent.
    pub(crate) fn push(self: &Arc<Self>, services: &Arc<Services>, thing: Value) {
        let mut waiting = self.lock();
        if waiting.things.len() >= MOST_WAITING {
            waiting.dropped += 1;
            return;
        }
        waiting.things.push_back(thing);
        if waiting.is_enough() {
            self.enough.notify_one();
        }
        if !waiting.sending
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            waiting.sending = true;
            runtime.spawn(Arc::clone(self).send_all(Arc::clone(services)));
        }
    }

    async fn send_all(self: Arc<Self>, services: Arc<Services>) {
        loop {
            self.gather(&services).await;
            let (batch, dropped) = {
                let mut waiting = self.lock();
                let count = waiting.things.len().min(MOST_AT_ONCE);
                let batch: Vec<_> = waiting.things.drain(..count).collect();
                waiting.sending = !batch.is_empty();
                (batch, std::mem::take(&mut waiting.dropped))
            };
            if dropped > 0 {
                tracing::error!(dropped, "there was no room for what {} is to be told", self.name);
            }
            if batch.is_empty() {
                self.idle.notify_waiters();
                return;
            }
            self.deliver(&services, batch).await;
        }
    }

    /// Waits until there is a batch, or a little.
    async fn gather(&self, services: &Services) {
        if !self.lock().is_enough() {
            select(pin!(self.enough.notified()), services.clock.wait(GATHERED)).await;
        }
    }

    async fn deliver(&self, services: &Services, batch: Vec<Value>) {
        let count = batch.len();
        let body = Bytes::from(Value::Array(batch).to_string());
        let mut pause = FIRST_PAUSE;
        for again in (0..TRIES).rev() {
            let why = match remote::ask(services, (self.request)(body.clone()), PATIENCE).await {
                Ok(answer) if answer.status.is_success() => return,
                Ok(answer) => {
                    let for_now = matches!(answer.status.as_u16(), 408 | 425 | 429 | 500..);
                    if !for_now {
                        tracing::error!(lost = count, "{} refuses what it is told: {}", self.name, answer.status);
                        return;
                    }
                    answer.status.to_string()
                }
                Err(error) => error.told(&self.name),
            };
            if again == 0 {
                tracing::error!(lost = count, "{} could not be told: {why}", self.name);
                return;
            }
            tracing::warn!("{} cannot be told at the moment: {why}", self.name);
            services.clock.wait(pause).await;
            pause *= 2;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane for Outbox {
    fn empty(self: Arc<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            self.lock().ending = true;
            self.enough.notify_one();
            loop {
                let idle = self.idle.notified();
                if !self.lock().sending {
                    return;
                }
                idle.await;
            }
        })
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox").field("name", &self.name).finish_non_exhaustive()
    }
}
