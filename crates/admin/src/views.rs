//! What the management API answers and what the command line prints with `--output json`: the
//! same types, so that scripts learn one vocabulary.

mod debug_token;
mod described;
mod live;
mod managing;
mod requests;
mod snapshots;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tollgate_core::keys::{Consumer, Key, KeyUse};
use tollgate_core::store::{OwnedKey, StoredSigningKey};
use tollgate_core::time::Timestamp;
use utoipa::ToSchema;

pub use crate::leaks::LeakView;
pub use crate::log_levels::{LogLevel, LogLevelView, LogSubject};
pub use debug_token::DebugTokenView;
pub use described::{
    CorsDescription, HandlerDescription, OptionsDescription, ProjectDescription, RouteDescription, StepDescription,
    UpstreamDescription,
};
pub use live::{
    LatencyClass, LiveConsumer, LiveConsumers, LiveKeySet, LiveLimits, LiveRefusal, LiveRoute, LiveScript, LiveScripts,
    LiveStore, LiveTarget, LiveView, percentile,
};
pub use managing::{AuditView, BucketView, CreatedOperator, ManagerView, OperatorStatus, OperatorView, UsageView, csv};
pub use requests::{
    AttemptView, FetchView, RanView, ReasonView, RecorderView, RequestFilter, RequestSummary, RequestView, TimingsView,
};
pub use snapshots::{FileDiff, PinView, SnapshotDetail, SnapshotDiff, SnapshotFile, SnapshotView};

/// A consumer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Consumer)]
pub struct ConsumerView {
    /// `con_…`
    pub id: String,
    /// Unique in its bucket; the `sub` of its requests and tokens.
    pub name: String,
    /// The set it belongs to.
    pub bucket: String,
    /// Who it is, for people.
    pub description: Option<String>,
    /// What `user.data` holds.
    #[schema(value_type = Object)]
    pub metadata: Value,
    /// For finding it again.
    pub tags: BTreeMap<String, String>,
    /// RFC 3339.
    pub created_on: String,
    /// RFC 3339.
    pub updated_on: String,
}

impl From<&Consumer> for ConsumerView {
    fn from(consumer: &Consumer) -> Self {
        Self {
            id: consumer.id.to_string(),
            name: consumer.name.to_string(),
            bucket: consumer.bucket.to_string(),
            description: consumer.description.clone(),
            metadata: (*consumer.metadata).clone(),
            tags: consumer.tags.clone(),
            created_on: consumer.created_on.rfc3339(),
            updated_on: consumer.updated_on.rfc3339(),
        }
    }
}

/// Whether a key is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum KeyStatus {
    /// It is.
    Active,
    /// Its time is over.
    Expired,
    /// Somebody ended it.
    Revoked,
    /// It is refused until somebody releases it.
    Quarantined,
}

/// A key, without the key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Key)]
pub struct KeyView {
    /// `key_…`
    pub id: String,
    /// The name of its consumer.
    pub consumer: String,
    /// The consumer's bucket.
    pub bucket: String,
    /// Whether it is accepted at this moment.
    pub status: KeyStatus,
    /// Its first and last characters.
    pub hint: String,
    /// What it is for.
    pub description: Option<String>,
    /// RFC 3339.
    pub created_on: String,
    /// RFC 3339; from then on it is refused.
    pub expires_on: Option<String>,
    /// RFC 3339; since then it is refused.
    pub revoked_on: Option<String>,
    /// RFC 3339; since then it is refused until somebody releases it.
    pub quarantined_on: Option<String>,
    /// RFC 3339; when it was last used, to a few seconds.
    pub last_used_on: Option<String>,
    /// The address that it was last used from.
    pub last_used_from: Option<String>,
    /// Whether it is the development key, which `run` refuses.
    pub development: bool,
}

impl KeyView {
    /// Of a key and its consumer, at a moment.
    fn new(key: &Key, consumer: &Consumer, last_use: Option<&KeyUse>, now: Timestamp) -> Self {
        let status = match key {
            Key { revoked_on: Some(_), .. } => KeyStatus::Revoked,
            Key { expires_on: Some(end), .. } if *end <= now => KeyStatus::Expired,
            Key { quarantined_on: Some(_), .. } => KeyStatus::Quarantined,
            _ => KeyStatus::Active,
        };
        Self {
            id: key.id.to_string(),
            consumer: consumer.name.to_string(),
            bucket: consumer.bucket.to_string(),
            status,
            hint: key.hint.clone(),
            description: key.description.clone(),
            created_on: key.created_on.rfc3339(),
            expires_on: key.expires_on.map(Timestamp::rfc3339),
            revoked_on: key.revoked_on.map(Timestamp::rfc3339),
            quarantined_on: key.quarantined_on.map(Timestamp::rfc3339),
            last_used_on: last_use.map(|used| used.on.rfc3339()),
            last_used_from: last_use.map(|used| used.from.clone()),
            development: key.development,
        }
    }

    /// Of what a store gives.
    pub fn of(owned: &OwnedKey, now: Timestamp) -> Self {
        Self::new(&owned.key, &owned.consumer, owned.last_use.as_ref(), now)
    }
}

/// A key that was just made. The only place where the key itself is ever shown.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedKey {
    /// `key_…`
    pub id: String,
    /// The key: shown once, stored nowhere.
    pub key: String,
    /// The name of its consumer.
    pub consumer: String,
    /// RFC 3339; `null` where it does not expire.
    pub expires_on: Option<String>,
}

impl std::fmt::Debug for CreatedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreatedKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The state of a signing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum SigningKeyStatus {
    /// Published, and will sign from `activeOn` on.
    Announced,
    /// Signs.
    Active,
    /// Does not sign any more; still published for tokens that are under way.
    Retired,
    /// Not published any more.
    Withdrawn,
}

/// A key that signs tokens, without the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SigningKey)]
pub struct SigningKeyView {
    /// RFC 7638 thumbprint; the `kid` of its tokens.
    pub kid: String,
    /// `RS256`, …
    pub algorithm: String,
    /// Its state at this moment.
    pub status: SigningKeyStatus,
    /// RFC 3339; since when it is published.
    pub created_on: String,
    /// RFC 3339; from when on it signs.
    pub active_on: String,
    /// RFC 3339; from when on it does not sign any more.
    pub retired_on: Option<String>,
    /// RFC 3339; until when it is published.
    pub published_until: Option<String>,
}

impl SigningKeyView {
    /// All keys at a moment, the oldest first. Only the newest active key signs.
    pub fn list(keys: &[StoredSigningKey], now: Timestamp) -> Vec<Self> {
        keys.iter()
            .map(|key| {
                let status = if key.published_until.is_some_and(|end| end <= now) {
                    SigningKeyStatus::Withdrawn
                } else if key.retired_on.is_some_and(|end| end <= now) {
                    SigningKeyStatus::Retired
                } else if key.active_on > now {
                    SigningKeyStatus::Announced
                } else {
                    SigningKeyStatus::Active
                };
                Self {
                    kid: key.kid.clone(),
                    algorithm: key.algorithm.clone(),
                    status,
                    created_on: key.created_on.rfc3339(),
                    active_on: key.active_on.rfc3339(),
                    retired_on: key.retired_on.map(Timestamp::rfc3339),
                    published_until: key.published_until.map(Timestamp::rfc3339),
                }
            })
            .collect()
    }
}

/// A route as people look at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Route)]
pub struct RouteView {
    /// The operation id, or `GET /path`.
    pub id: String,
    /// The methods it serves; `["*"]` for any.
    pub methods: Vec<String>,
    /// Its template.
    pub path: String,
    /// The hosts it serves; empty for any.
    pub hosts: Vec<String>,
    /// Whether it needs a caller that is known.
    pub authenticated: bool,
    /// The inbound steps in running order.
    pub inbound: Vec<StepView>,
    /// What ends it.
    pub handler: String,
    /// Where it goes, where its handler forwards.
    pub upstream: Option<String>,
    /// The outbound steps in running order.
    pub outbound: Vec<StepView>,
    /// Where it is written: `openapi.yaml:9:5`.
    pub place: String,
}

/// A step of a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Step)]
pub struct StepView {
    /// `guard`, `auth`, `limit`, `inbound`, `sign`, `outbound`
    pub stage: String,
    /// The policy's name in the project.
    pub policy: String,
}

/// What runs here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Of Tollgate.
    pub version: String,
    /// The process.
    pub pid: u32,
    /// `dev` or `run`.
    pub mode: String,
    /// The folder of the project; `null` where there is none.
    pub project: Option<String>,
    /// The folder of the data.
    pub data_dir: String,
    /// The address of the data listener.
    pub listen: String,
    /// The address of the management listener.
    pub management: String,
    /// The `iss` of every token.
    pub issuer: String,
    /// The snapshot in force.
    pub snapshot: String,
    /// RFC 3339; since when the process runs.
    pub started_on: String,
    /// RFC 3339; since when the snapshot is in force.
    pub loaded_on: String,
    /// How many routes it has.
    pub routes: usize,
    /// Why the project on disk is not the one in force, where that is so.
    pub degraded: Option<String>,
}

/// What became of a reload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReloadReport {
    /// Whether the project on disk is in force now.
    pub applied: bool,
    /// The snapshot in force.
    pub snapshot: String,
    /// How many routes it has.
    pub routes: usize,
    /// Every diagnostic, as `tollgate check --format json` prints it.
    #[schema(value_type = Vec<Object>)]
    pub diagnostics: Value,
    /// The diagnostics for people: with lines, carets and help.
    pub text: String,
    /// What became public, signed or limited differently.
    pub security_changes: Vec<String>,
    /// What changed but needs a restart, so that nothing was applied.
    pub needs_restart: Vec<String>,
    /// The id under which the one in force is kept; none where it is not.
    #[serde(default)]
    pub kept: Option<u32>,
    /// Why another project is not put into force: a snapshot is pinned.
    #[serde(default)]
    pub pinned: Option<PinView>,
    /// Until when errors of the changed routes are watched (RFC 3339): where they jump, the snapshot before
    /// is put back.
    #[serde(default)]
    pub canary_until: Option<String>,
}

/// What `/readyz` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Readiness {
    /// `ready`, `degraded` (it works, but look) or `unready`
    pub status: String,
    /// The snapshot in force.
    pub snapshot: String,
    /// Each part: `ok`, or what is wrong with it.
    pub checks: BTreeMap<String, String>,
}
