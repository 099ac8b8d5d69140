//! A project that comes from a repository: how it is followed.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::units::Interval;

/// Where a repository tells of new commits, on the data listener.
pub const SOURCE_HOOK: &str = "/__tollgate/source";

/// A project that comes from a repository (`run --from git+…`), and documents that do (`documents`): how they are
/// followed. Of files in a folder only `canary` is asked, where the folder is watched (`run --watch`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SourceSettings {
    /// How often the repository is asked for new commits, give or take a tenth, so that many gateways do not
    /// ask together. `0s` for never: then a webhook or `tollgate reload` has to say that there is one.
    pub interval: Interval,
    /// How long git may take for a step.
    pub timeout: Interval,
    /// For how long the errors of routes that a commit (or changed files) changed are watched: where they jump, the snapshot
    /// before is put back and pinned. `0s`, the default, for not at all.
    pub canary: Interval,
    /// Takes messages about new commits at `/__tollgate/source` of the data listener. Default: none are taken.
    pub webhook: Option<SourceWebhookSettings>,
}

impl Default for SourceSettings {
    fn default() -> Self {
        Self {
            interval: Interval::from_secs(60),
            timeout: Interval::from_secs(60),
            canary: Interval::from_secs(0),
            webhook: None,
        }
    }
}

/// How messages about new commits are proved to come from where the repository is kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SourceWebhookSettings {
    /// Whose they are.
    pub kind: SourceWebhookKind,
    /// What is shared with them, from `$env(NAME)`: sixteen characters or more; for `standard` it is `whsec_` and
    /// 24 to 64 bytes in base64.
    #[serde(deserialize_with = "long_enough")]
    pub secret: String,
}

/// Whose messages these are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SourceWebhookKind {
    /// GitHub, Gitea, Forgejo: `X-Hub-Signature-256`.
    Github,
    /// GitLab: `X-Gitlab-Token`.
    Gitlab,
    /// Standard Webhooks: `webhook-signature`, and no message older than five minutes.
    Standard,
}

impl fmt::Debug for SourceWebhookSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceWebhookSettings").field("kind", &self.kind).finish_non_exhaustive()
    }
}

fn long_enough<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.trim().len() < 16 {
        let message = "a secret has sixteen characters or more; make one: openssl rand -base64 32";
        return Err(serde::de::Error::custom(message));
    }
    Ok(text)
}
