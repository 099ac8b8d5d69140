//! Masks secrets in the bodies of answers: keys of this gateway, tokens of GitHub, private keys.
//!
//! It keeps what an upstream lets slip from going out. What shall never leave a backend is better kept from being
//! in its answers.

use std::sync::{Arc, LazyLock};

use regex::bytes::Regex;
use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::services::Keyring;
use tollgate_core::{Exchange, Policy, Problem, Response, Step};

use crate::content::UNREADABLE;
use crate::expression;
use crate::rewriting::{Rewrite, is_picture_or_sound, media_type, rewrite_response};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<SecretMasking>("secret-masking", Direction::Outbound, include_str!("docs.md"))
        .exports(&["SecretMaskingOutboundPolicy"])
        .reasons(&UNREADABLE);

/// What is masked, and by what.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// What stands in the place of a secret. Default: `[REDACTED]`.
    #[serde(default = "redacted")]
    mask: String,
    /// Regular expressions, as JavaScript writes them, of what is masked as well.
    #[serde(default)]
    additional_patterns: Vec<String>,
}

fn redacted() -> String {
    "[REDACTED]".to_owned()
}

/// Tokens of GitHub, and private keys in PEM: also where line ends are written `\n`, as in JSON. One that does not
/// end is masked as far as it may go.
const KNOWN: [&str; 3] = [
    r"\bgh[pousr]_[A-Za-z0-9]{36,255}\b",
    r"\bgithub_pat_[A-Za-z0-9_]{22,255}\b",
    r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:[A-Za-z0-9+/=:,.\-\s]|\\[nr])*",
];

static EXPRESSIONS: LazyLock<Vec<Regex>> =
    LazyLock::new(|| KNOWN.iter().filter_map(|pattern| Regex::new(pattern).ok()).collect());

/// See the module.
#[derive(Debug)]
struct SecretMasking {
    secrets: Arc<Secrets>,
    limit: usize,
}

#[derive(Debug)]
struct Secrets {
    mask: Vec<u8>,
    keyring: Arc<dyn Keyring>,
    expressions: Vec<Regex>,
}

impl Configure for SecretMasking {
    type Options = Options;

    fn configure(options: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        let mut expressions = EXPRESSIONS.clone();
        for (index, written) in options.additional_patterns.iter().enumerate() {
            let at = format!("/additionalPatterns/{index}");
            let (expression, _) = expression::compile(written, &at)?;
            if expression.is_match(b"") {
                return Err(BuildError::at(at, format!("`{written}` finds nothing at all, everywhere"))
                    .help("write what a secret has at least one character of"));
            }
            expressions.push(expression);
        }
        let secrets =
            Secrets { mask: options.mask.into_bytes(), keyring: Arc::clone(&context.services.keyring), expressions };
        Ok(Self { secrets: Arc::new(secrets), limit: context.settings.server.limits.buffered_body.as_usize() })
    }
}

impl Policy for SecretMasking {
    fn on_response<'a>(&'a self, _: &'a mut Exchange, response: &'a mut Response) -> Step<'a> {
        if is_picture_or_sound(&media_type(response.headers())) {
            return Step::CONTINUE;
        }
        rewrite_response(response, self.limit, Arc::clone(&self.secrets) as _)
    }
}

impl Rewrite for Secrets {
    fn rewrite(&self, text: &[u8]) -> Result<Option<Vec<u8>>, Problem> {
        let mut found: Vec<_> = self.keyring.sightings(text);
        for expression in &self.expressions {
            found.extend(expression.find_iter(text).map(|found| found.range()));
        }
        if found.is_empty() {
            return Ok(None);
        }
        found.sort_by_key(|range| (range.start, range.end));
        let mut out = Vec::with_capacity(text.len());
        let mut at = 0;
        for range in found {
            // What overlaps is masked as one.
            if range.start >= at {
                out.extend_from_slice(&text[at..range.start]);
                out.extend_from_slice(&self.mask);
            }
            at = at.max(range.end);
        }
        out.extend_from_slice(&text[at..]);
        Ok(Some(out))
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use serde_json::{Value, json};
    use tollgate_core::{Body, Flow};

    use super::*;
    use crate::testing::Room;

    async fn masked(options: Value, media: &str, text: &str) -> String {
        let room = Room::new();
        let policy = room.build(&KIND, options).unwrap();
        let mut response = Response::new(Body::full(text.to_owned()));
        response.headers_mut().insert("content-type", media.parse().unwrap());
        let mut exchange = room.exchange();
        let flow = policy.on_response(&mut exchange, &mut response).get().await;
        assert!(matches!(flow, Flow::Continue), "{flow:?}");
        String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn secrets_of_known_forms_are_masked_wherever_they_stand() {
        let token = format!("ghp_{}", "a".repeat(36));
        let fine = format!("github_pat_{}", "A1_".repeat(27));
        for (text, expected) in [
            (format!("a {token}, b"), "a [REDACTED], b"),
            (format!("{{\"t\":\"{fine}\"}}"), "{\"t\":\"[REDACTED]\"}"),
            (format!("{token} {token}"), "[REDACTED] [REDACTED]"),
            (
                r#"{"k":"-----BEGIN RSA PRIVATE KEY-----\nMIIE/+=\n-----END RSA PRIVATE KEY-----\n","b":1}"#.to_owned(),
                r#"{"k":"[REDACTED]","b":1}"#,
            ),
            ("x -----BEGIN PRIVATE KEY-----\r\nMIIE".to_owned(), "x [REDACTED]"),
            ("-----BEGIN PUBLIC KEY-----".to_owned(), "-----BEGIN PUBLIC KEY-----"),
            (format!("x{token}"), &format!("x{token}")),
            ("ghp_short".to_owned(), "ghp_short"),
        ] {
            assert_eq!(masked(json!({}), "application/json", &text).await, expected, "{text}");
        }
    }

    #[tokio::test]
    async fn further_patterns_are_masked_by_what_is_said() {
        let options = json!({ "mask": "***", "additionalPatterns": [r"\bpw=\S+", r"/secret-\d+/i", "w=1"] });
        let text = "pw=1234 SECRET-12 secret-x pw=1";
        assert_eq!(masked(options, "text/plain", text).await, "*** *** secret-x ***");
    }

    #[tokio::test]
    async fn pictures_are_left_alone() {
        let token = format!("ghp_{}", "a".repeat(36));
        assert_eq!(masked(json!({}), "image/png", &token).await, token);
        assert_eq!(masked(json!({}), "image/svg+xml", &token).await, "[REDACTED]");
    }

    #[test]
    fn a_pattern_that_cannot_work_is_refused_at_its_place() {
        let room = Room::new();
        for pattern in ["(", "a*", "", "(?=a)", "/a/q"] {
            let error = room.build(&KIND, json!({ "additionalPatterns": ["ok", pattern] })).unwrap_err();
            assert_eq!(error.pointer, "/additionalPatterns/1", "{pattern}");
        }
    }

    #[test]
    fn every_known_form_is_an_expression() {
        assert_eq!(EXPRESSIONS.len(), KNOWN.len());
    }
}
