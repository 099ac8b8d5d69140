//! Signatures of outgoing webhooks, as Standard Webhooks 1.0 has them: HMAC-SHA256 over id, moment
//! and body.

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Behind what a secret begins, in settings and at receivers.
const MARK: &str = "whsec_";
/// The lengths that the specification allows.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// Why a text is no secret of webhooks. It says nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookSecretError {
    /// It is not base64.
    #[error("a secret of webhooks is `whsec_` and base64, and this is not base64")]
    Base64,
    /// It is too short, or too long.
    #[error("a secret of webhooks has 24 to 64 bytes, and this has {0}; make one: openssl rand -base64 32")]
    Length(usize),
}

/// What a receiver and the gateway share.
pub struct WebhookSecret(hmac::Key);

impl WebhookSecret {
    /// Reads `whsec_` and base64; the mark may be missing.
    ///
    /// # Errors
    /// Where it is not base64, or too short to be secret.
    pub fn parse(text: &str) -> Result<Self, WebhookSecretError> {
        let text = text.trim();
        let bytes = STANDARD.decode(text.strip_prefix(MARK).unwrap_or(text));
        let bytes = Zeroizing::new(bytes.map_err(|_| WebhookSecretError::Base64)?);
        if !LENGTHS.contains(&bytes.len()) {
            return Err(WebhookSecretError::Length(bytes.len()));
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// Whether one of the values of `webhook-signature` is that of a message. It is compared in a time that does
    /// not depend on where the first difference is.
    pub(super) fn signed(&self, id: &str, seconds: i64, body: &[u8], signature: &str) -> bool {
        let signature = signature.strip_prefix("v1,").and_then(|encoded| STANDARD.decode(encoded).ok());
        let mut message = format!("{id}.{seconds}.").into_bytes();
        message.extend_from_slice(body);
        signature.is_some_and(|signature| hmac::verify(&self.0, &message, &signature).is_ok())
    }

    /// The value of `webhook-signature` for a message.
    pub fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(format!("{id}.{seconds}.").as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign()))
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that implementations of Standard Webhooks test themselves with.
    #[test]
    fn the_signature_of_the_published_example_is_the_published_one() {
        for secret in ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"] {
            let secret = WebhookSecret::parse(secret).unwrap();
            let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
            assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        }
    }

    #[test]
    fn a_secret_that_is_none_is_refused_without_being_told() {
        assert_eq!(WebhookSecret::parse("whsec_not base64").err(), Some(WebhookSecretError::Base64));
        assert_eq!(WebhookSecret::parse("whsec_c2hvcnQ=").err(), Some(WebhookSecretError::Length(5)));
        assert_eq!(WebhookSecret::parse("").err(), Some(WebhookSecretError::Length(0)));
    }
}
