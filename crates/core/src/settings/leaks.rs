//! Keys that leak: who tells of them, and who is told.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::units::Rate;

/// Where GitHub's alerts arrive, on the data listener.
pub const GITHUB_ALERTS: &str = "/__tollgate/leaks/github";

/// Keys that leak: who tells of them, and who is told. What happens to such a key is a setting of
/// its bucket.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LeakSettings {
    /// Takes GitHub's alerts of its secret scanning partner program at `/__tollgate/leaks/github` of
    /// the data listener. `{}` switches it on. Default: off.
    pub github: Option<GithubAlertSettings>,
    /// Who is told of every key that leaks, by a POST that is signed as Standard Webhooks has it.
    pub webhooks: Vec<LeakWebhookSettings>,
}

/// GitHub's alerts of its secret scanning partner program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct GithubAlertSettings {
    /// Where the keys of GitHub's signatures are published.
    #[serde(deserialize_with = "http_url")]
    pub keys_url: String,
    /// How many alerts one address may send.
    pub rate: Rate,
}

impl Default for GithubAlertSettings {
    fn default() -> Self {
        const HUNDRED: std::num::NonZeroU32 = std::num::NonZeroU32::new(100).unwrap();
        Self {
            keys_url: "https://api.github.com/meta/public_keys/secret_scanning".to_owned(),
            rate: Rate { count: HUNDRED, window: std::time::Duration::from_secs(60) },
        }
    }
}

/// Who is told of keys that leak.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LeakWebhookSettings {
    /// Where the POST goes.
    #[serde(deserialize_with = "http_url")]
    pub url: String,
    /// What it is signed with, from `$env(NAME)`: `whsec_` and 24 to 64 bytes in base64, as receivers of
    /// Standard Webhooks have it.
    #[serde(deserialize_with = "webhook_secret")]
    pub secret: String,
}

impl fmt::Debug for LeakWebhookSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // There may be a token in the URL of a receiver, too.
        f.debug_struct("LeakWebhookSettings").finish_non_exhaustive()
    }
}

fn http_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let is_url = text
        .parse::<http::Uri>()
        .is_ok_and(|uri| uri.authority().is_some() && matches!(uri.scheme_str(), Some("http" | "https")));
    if is_url { Ok(text) } else { Err(serde::de::Error::custom("it is no http or https URL")) }
}

/// Says what is wrong with a secret, and nothing of the secret.
fn webhook_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let encoded = text.trim().trim_start_matches("whsec_");
    let bare = encoded.trim_end_matches('=');
    let base64 = encoded.len().is_multiple_of(4)
        && encoded.len() - bare.len() <= 2
        && bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'));
    if !base64 {
        return Err(serde::de::Error::custom("a secret of webhooks is `whsec_` and base64, and this is not base64"));
    }
    let bytes = bare.len() * 3 / 4;
    if !(24..=64).contains(&bytes) {
        let message =
            format!("a secret of webhooks has 24 to 64 bytes, and this has {bytes}; make one: openssl rand -base64 32");
        return Err(serde::de::Error::custom(message));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(settings: serde_json::Value, expected: Option<&str>) {
        let read = serde_json::from_value::<LeakSettings>(settings.clone());
        match (read, expected) {
            (Ok(_), None) => {}
            (Err(error), Some(expected)) => assert!(error.to_string().contains(expected), "{error}"),
            (read, expected) => panic!("{settings}: {read:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn a_secret_is_checked_when_it_is_read_and_never_shown() {
        let webhook =
            |secret: &str| serde_json::json!({"webhooks": [{"url": "https://a.example/hook", "secret": secret}]});
        check(webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), None);
        check(webhook("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAA=="), None);
        check(webhook("whsec_hunter2!"), Some("is not base64"));
        check(webhook("whsec_c2hvcnQ="), Some("this has 5"));
        check(webhook(""), Some("this has 0"));
        check(serde_json::json!({"github": {"keysUrl": "ftp://x"}}), Some("no http or https URL"));
        let error = serde_json::from_value::<LeakSettings>(webhook("whsec_hunter2!")).unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
        let good: LeakSettings = serde_json::from_value(webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")).unwrap();
        assert!(!format!("{good:?}").contains("MfKQ9"));
    }
}
