//! Proofs that a message about a new commit comes from where the repository is kept. All are compared in a
//! time that does not depend on where the first difference is.

use std::fmt;

use aws_lc_rs::hmac;
use http::HeaderMap;
use tollgate_core::settings::{SourceWebhookKind, SourceWebhookSettings};
use tollgate_core::time::Timestamp;

use super::{WebhookSecret, WebhookSecretError};

/// How far a message's clock may be from ours.
const TOLERANCE_SECONDS: i64 = 300;

/// What is shared with whoever tells of commits.
pub struct HookSecret(Inner);

enum Inner {
    GitHub(hmac::Key),
    GitLab(hmac::Key, hmac::Tag),
    Standard(WebhookSecret),
}

impl HookSecret {
    /// Reads a secret from the settings.
    ///
    /// # Errors
    /// Where it is none of its kind.
    pub fn new(settings: &SourceWebhookSettings) -> Result<Self, WebhookSecretError> {
        let secret = settings.secret.trim();
        Ok(Self(match settings.kind {
            SourceWebhookKind::Github => Inner::GitHub(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes())),
            SourceWebhookKind::Gitlab => {
                // A token is compared by its digest, so that nothing tells how long it is.
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
                let tag = hmac::sign(&key, secret.as_bytes());
                Inner::GitLab(key, tag)
            }
            SourceWebhookKind::Standard => Inner::Standard(WebhookSecret::parse(secret)?),
        }))
    }

    /// Whether a message is proved to come from there.
    pub fn proves(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> bool {
        match &self.0 {
            Inner::GitHub(key) => {
                let signature = only(headers, "x-hub-signature-256").and_then(|value| value.strip_prefix("sha256="));
                signature.and_then(from_hex).is_some_and(|signature| hmac::verify(key, body, &signature).is_ok())
            }
            Inner::GitLab(key, tag) => {
                let token = only(headers, "x-gitlab-token");
                token.is_some_and(|token| hmac::verify(key, token.as_bytes(), tag.as_ref()).is_ok())
            }
            Inner::Standard(secret) => standard(secret, headers, body, now).unwrap_or(false),
        }
    }
}

fn standard(secret: &WebhookSecret, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Option<bool> {
    let id = only(headers, "webhook-id")?;
    let seconds: i64 = only(headers, "webhook-timestamp")?.parse().ok()?;
    if now.0.div_euclid(1000).abs_diff(seconds) > TOLERANCE_SECONDS.unsigned_abs() {
        return None;
    }
    // There are several while a secret is being replaced.
    let signatures = only(headers, "webhook-signature")?;
    Some(signatures.split(' ').any(|signature| secret.signed(id, seconds, body, signature)))
}

/// The value of a field; none where it comes twice, because two readers could take different ones.
fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let byte = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    (0..text.len()).step_by(2).map(byte).collect()
}

impl fmt::Debug for HookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HookSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(kind: SourceWebhookKind, secret: &str) -> HookSecret {
        HookSecret::new(&SourceWebhookSettings { kind, secret: secret.to_owned() }).unwrap()
    }

    fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    /// The example of GitHub's documentation on validating deliveries.
    #[test]
    fn a_signature_of_github_is_of_this_body_by_this_secret() {
        let good = secret(SourceWebhookKind::Github, "It's a Secret to Everybody");
        let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let field = headers(&[("x-hub-signature-256", signature)]);
        assert!(good.proves(&field, b"Hello, World!", Timestamp(0)));
        assert!(!good.proves(&field, b"Hello, World?", Timestamp(0)));
        let other = secret(SourceWebhookKind::Github, "It's no Secret to Everybody");
        assert!(!other.proves(&field, b"Hello, World!", Timestamp(0)));
        let twice = headers(&[("x-hub-signature-256", signature), ("x-hub-signature-256", signature)]);
        assert!(!good.proves(&twice, b"Hello, World!", Timestamp(0)));
        for wrong in ["sha256=", "sha256=zz", "", "sha1=757107ea0eb2509fc211221cce984b8a37570b6d"] {
            assert!(
                !good.proves(&headers(&[("x-hub-signature-256", wrong)]), b"Hello, World!", Timestamp(0)),
                "{wrong}"
            );
        }
        assert!(!good.proves(&HeaderMap::new(), b"Hello, World!", Timestamp(0)));
    }

    #[test]
    fn a_token_of_gitlab_is_the_whole_secret() {
        let good = secret(SourceWebhookKind::Gitlab, "a-token-of-gitlab");
        assert!(good.proves(&headers(&[("x-gitlab-token", "a-token-of-gitlab")]), b"", Timestamp(0)));
        for wrong in ["a-token-of-gitla", "a-token-of-gitlab2", ""] {
            assert!(!good.proves(&headers(&[("x-gitlab-token", wrong)]), b"", Timestamp(0)), "{wrong}");
        }
    }

    #[test]
    fn a_standard_webhook_is_signed_and_not_old() {
        let text = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let good = secret(SourceWebhookKind::Standard, text);
        let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        let field = |signature: &str| {
            headers(&[
                ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
                ("webhook-timestamp", "1614265330"),
                ("webhook-signature", signature),
            ])
        };
        let (body, then) = (br#"{"test": 2432232314}"#, Timestamp(1_614_265_330_000));
        assert!(good.proves(&field(signature), body, then));
        assert!(good.proves(&field(&format!("v1,AAAA {signature}")), body, Timestamp(then.0 + 300_000)));
        assert!(!good.proves(&field(signature), body, Timestamp(then.0 + 301_000)), "too old");
        assert!(!good.proves(&field(signature), b"{}", then));
        assert!(!good.proves(&field("v1,AAAA"), body, then));
        assert!(!good.proves(&field(&signature.replace("v1,", "v1a,")), body, then));
    }
}
