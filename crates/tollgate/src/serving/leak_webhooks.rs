//! Tells of keys that leaked, by signed webhooks. The queue is the audit log: each receiver has a place
//! in it that is kept on disk, so that nothing is forgotten by a restart, and what the command line
//! reported is told as well. Of several nodes one tells, by a claim in the store; where that one dies
//! in between, another tells again, with the same `webhook-id`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::header::{CONTENT_TYPE, HeaderValue, USER_AGENT};
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};
use tollgate_core::egress::EgressRules;
use tollgate_core::services::TokenIssuer;
use tollgate_core::settings::LeakWebhookSettings;
use tollgate_core::store::{AuditEntry, AuditQuery, Claim, KeptAnswer, StoreError};
use tollgate_core::{Body, Request};
use tollgate_identity::{WebhookSecret, digest};

use super::Serving;
use crate::data_dir;

/// How often the log is looked at for what was reported elsewhere.
const LOOK: Duration = Duration::from_secs(2);
/// How long a receiver has to answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long is waited after the first failure, the second, …; then always the last of these.
const BACK_OFF: [Duration; 6] = [
    Duration::from_secs(2),
    Duration::from_secs(10),
    Duration::from_secs(60),
    Duration::from_secs(300),
    Duration::from_secs(1800),
    Duration::from_secs(3600),
];
/// For how long a receiver is tried, in milliseconds; then a message is given up.
const GIVE_UP: i64 = 3 * 86_400_000;
/// How many entries are read together.
const CHUNK: usize = 50;
/// Whose claims these are.
const SCOPE: &str = "leak-webhooks";
const FILE: &str = "leak-webhooks.json";

/// How far a receiver has been told.
#[derive(Debug, Default)]
struct Receiver {
    told: i64,
    failures: usize,
    /// When it is tried again; monotonic.
    next: Duration,
}

/// What became of one try.
enum Try {
    /// It was told, here or by another node, or never will be.
    Done,
    /// Another node is at it.
    UnderWay,
    /// Not yet.
    Again(String),
}

/// The places of all receivers, by the digest of their URLs: a URL may hold a token.
struct Places {
    file: PathBuf,
    receivers: BTreeMap<String, Receiver>,
}

impl Serving {
    /// Tells receivers for as long as the process lives.
    pub(super) async fn tell_of_leaks(self: Arc<Self>) {
        let mut places = Places::read(self.data.file(FILE));
        loop {
            let webhooks = self.project().settings.leaks.webhooks.clone();
            places.keep_only(&webhooks);
            for webhook in &webhooks {
                if let Err(error) = self.tell_receiver(&mut places, webhook).await {
                    tracing::debug!(%error, "webhooks about leaked keys wait");
                }
            }
            tokio::select! {
                () = self.leaks.reported.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// Tells a receiver everything that it has not been told.
    async fn tell_receiver(&self, places: &mut Places, webhook: &LeakWebhookSettings) -> Result<(), StoreError> {
        let name = name_of(webhook);
        let now = self.rooms.services.clock.monotonic();
        if !places.receivers.contains_key(&name) {
            // What leaked before somebody wanted to be told is not news.
            let latest = AuditQuery { latest_first: true, limit: 1, ..AuditQuery::default() };
            let told = self.rooms.store.audit(latest).await?.first().map_or(0, |entry| entry.sequence);
            places.receivers.insert(name.clone(), Receiver { told, ..Receiver::default() });
            places.write();
        }
        let Some(receiver) = places.receivers.get_mut(&name).filter(|receiver| receiver.next <= now) else {
            return Ok(());
        };
        let query = AuditQuery {
            after: Some(receiver.told),
            action: Some("key.leak".to_owned()),
            limit: CHUNK,
            ..AuditQuery::default()
        };
        let mut moved = false;
        for entry in self.rooms.store.audit(query).await? {
            match self.tell_once(webhook, &name, &entry).await? {
                Try::Done => {
                    (receiver.told, receiver.failures) = (entry.sequence, 0);
                    moved = true;
                }
                Try::UnderWay => break,
                Try::Again(why) => {
                    let pause = BACK_OFF[receiver.failures.min(BACK_OFF.len() - 1)];
                    receiver.failures += 1;
                    receiver.next = self.rooms.services.clock.monotonic().saturating_add(pause);
                    tracing::warn!(
                        entry = entry.sequence,
                        why,
                        again_in = ?pause,
                        "a webhook about a leaked key could not be delivered"
                    );
                    break;
                }
            }
        }
        if moved {
            places.write();
        }
        Ok(())
    }

    async fn tell_once(
        &self,
        webhook: &LeakWebhookSettings,
        receiver: &str,
        entry: &AuditEntry,
    ) -> Result<Try, StoreError> {
        let store = &self.rooms.store;
        let call = format!("{}-{receiver}", entry.sequence);
        match store.claim_call(SCOPE, &call, digest(&entry.hash)).await? {
            Claim::Yours => {}
            Claim::UnderWay => return Ok(Try::UnderWay),
            Claim::Answered(_) | Claim::Mismatch => return Ok(Try::Done),
        }
        let outcome = self.send(webhook, entry).await;
        match outcome {
            Ok(()) => {
                self.rooms.metrics.leak_told("delivered");
                store.answer_call(SCOPE, &call, KeptAnswer { status: 200, body: Vec::new() }).await?;
                Ok(Try::Done)
            }
            Err(why) => {
                self.rooms.metrics.leak_told("failed");
                let age = self.rooms.services.clock.now().0.saturating_sub(entry.on.0);
                if age > GIVE_UP {
                    self.rooms.metrics.leak_told("given_up");
                    tracing::error!(entry = entry.sequence, why, "a webhook about a leaked key is given up");
                    return Ok(Try::Done);
                }
                store.give_up_call(SCOPE, &call).await?;
                Ok(Try::Again(why))
            }
        }
    }

    async fn send(&self, webhook: &LeakWebhookSettings, entry: &AuditEntry) -> Result<(), String> {
        let secret = WebhookSecret::parse(&webhook.secret).map_err(|error| error.to_string())?;
        let id = format!("msg_{}", entry.hash.get(..32).unwrap_or(&entry.hash));
        let body = self.message(&id, entry).await;
        let seconds = self.rooms.services.clock.now().0.div_euclid(1000);
        let signature = secret.sign(&id, seconds, body.as_bytes());
        let field = |text: &str| HeaderValue::from_str(text).map_err(|error| error.to_string());
        let mut request = Request::new(Body::full(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = webhook.url.parse().map_err(|_| "the URL cannot be used".to_owned())?;
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static("tollgate"));
        headers.insert("webhook-id", field(&id)?);
        headers.insert("webhook-timestamp", HeaderValue::from(seconds));
        headers.insert("webhook-signature", field(&signature)?);
        let rules = Arc::new(EgressRules::default());
        let sent = tokio::time::timeout(TIMEOUT, self.rooms.services.http.send(request, TIMEOUT, &rules)).await;
        let response = match sent {
            Ok(Ok(response)) => response,
            // The path of the URL may hold a token.
            Ok(Err(_)) => return Err("the receiver cannot be reached".to_owned()),
            Err(_) => return Err(format!("the receiver did not answer within {} s", TIMEOUT.as_secs())),
        };
        let status = response.status();
        // The connection is of use again once the answer was read.
        let _ = tokio::time::timeout(TIMEOUT, response.into_body().collect_up_to(64 * 1024)).await;
        match status {
            _ if status.is_success() => Ok(()),
            StatusCode::GONE => {
                Err("the receiver says that it is gone (410): take it out of `leaks.webhooks`".to_owned())
            }
            _ => Err(format!("the receiver answered {status}")),
        }
    }

    /// The message: what happened in the names of CloudEvents 1.0. Never the key.
    async fn message(&self, id: &str, entry: &AuditEntry) -> String {
        let detail: Map<String, Value> = serde_json::from_str(&entry.detail).unwrap_or_default();
        let said = |name: &str| detail.get(name).cloned().unwrap_or_default();
        let mut data = json!({
            "bucket": said("bucket"),
            "consumer": said("consumer"),
            "source": said("source"),
            "place": said("place"),
            "action": said("action"),
        });
        if let Some(members) = data.as_object_mut() {
            match entry.target_kind.as_str() {
                "key" => {
                    members.insert("keyId".to_owned(), entry.target.as_str().into());
                    let hint = self.rooms.store.key(&entry.target).await.ok().map(|owned| owned.key.hint.clone());
                    members.insert("hint".to_owned(), hint.into());
                }
                "operator" => drop(members.insert("operator".to_owned(), said("operator"))),
                _ => {}
            }
        }
        let message = json!({
            "specversion": "1.0",
            "id": id,
            "source": self.rooms.issuer.issuer(),
            "type": "tollgate.key.leaked",
            "time": entry.on.rfc3339(),
            "subject": entry.target,
            "datacontenttype": "application/json",
            "data": data,
        });
        message.to_string()
    }
}

fn name_of(webhook: &LeakWebhookSettings) -> String {
    digest(&webhook.url).to_hex().chars().take(16).collect()
}

impl Places {
    fn read(file: PathBuf) -> Self {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let told: BTreeMap<String, i64> = serde_json::from_str(&text).unwrap_or_default();
        let receiver = |(name, told)| (name, Receiver { told, ..Receiver::default() });
        Self { receivers: told.into_iter().map(receiver).collect(), file }
    }

    fn write(&self) {
        let told: BTreeMap<&str, i64> =
            self.receivers.iter().map(|(name, receiver)| (name.as_str(), receiver.told)).collect();
        let text = serde_json::to_vec(&told).unwrap_or_default();
        if let Err(error) = data_dir::write_private(&self.file, &text) {
            tracing::warn!(
                error = format!("{error:#}"),
                "where the webhooks are cannot be kept: a restart may tell again"
            );
        }
    }

    /// Forgets who is not to be told any more.
    fn keep_only(&mut self, webhooks: &[LeakWebhookSettings]) {
        let names: Vec<String> = webhooks.iter().map(name_of).collect();
        let before = self.receivers.len();
        self.receivers.retain(|name, _| names.contains(name));
        if self.receivers.len() != before {
            self.write();
        }
    }
}
