//! Asks a language model whether an answer tries to give orders to the model that will read it, and holds it back
//! if it does.
//!
//! A model that judges can be deceived as well: it makes attacks harder, and nothing impossible.

mod model;

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Body, Exchange, Fault, Flow, Policy, Problem, Reason, Response, Step};

use crate::content::{ANSWER_CODED, ANSWER_MALFORMED, ANSWER_PARTIAL, ANSWER_TOO_LONG, collect, open_response};
use crate::remote;
use crate::rewriting::{is_picture_or_sound, media_type};
use model::{Model, Verdict};

/// The answer gives orders.
pub static DETECTED: Reason = Reason {
    name: "prompt.injection",
    code: "prompt-injection",
    status: 400,
    title: "Prompt Injection",
    fault: Fault::Upstream,
    meaning: "The model says that the answer of the upstream tries to give orders to whoever reads it.",
    fix: "Look at the answer of the upstream; another `model` may judge otherwise.",
};

/// Nobody knows.
pub static UNCHECKED: Reason = Reason {
    name: "prompt.unchecked",
    code: "unavailable",
    status: 503,
    title: "Service Unavailable",
    fault: Fault::Gateway,
    meaning: "The model could not judge the answer, and `strict` says that it must.",
    fix: "The log has what it said; check `baseUrl`, `apiKey` and `model` of the policy.",
};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind = PolicyKind::of::<PromptInjectionDetection>(
    "prompt-injection-detection",
    Direction::Outbound,
    include_str!("docs.md"),
)
.exports(&["PromptInjectionDetectionOutboundPolicy"])
.secrets(&["/apiKey"])
.reasons(&[&DETECTED, &UNCHECKED, &ANSWER_CODED, &ANSWER_MALFORMED, &ANSWER_TOO_LONG, &ANSWER_PARTIAL]);

/// Which model judges.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// The key of the service. Take it from the environment: `$env(NAME)`.
    api_key: String,
    /// The name of the model. Default: `gpt-3.5-turbo`.
    #[serde(default = "gpt")]
    model: String,
    /// Whether answers that could not be judged are held back. Default: false.
    #[serde(default)]
    strict: bool,
    /// Where a service with OpenAI's chat completions is. Default: `https://api.openai.com/v1`.
    #[serde(default = "open_ai")]
    base_url: String,
}

fn gpt() -> String {
    "gpt-3.5-turbo".to_owned()
}

fn open_ai() -> String {
    "https://api.openai.com/v1".to_owned()
}

/// See the module.
struct PromptInjectionDetection {
    model: Arc<Model>,
    strict: bool,
    limit: usize,
}

impl fmt::Debug for PromptInjectionDetection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PromptInjectionDetection").field("strict", &self.strict).finish_non_exhaustive()
    }
}

impl Configure for PromptInjectionDetection {
    type Options = Options;

    fn configure(options: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        let wrong = || {
            BuildError::at("/baseUrl", format!("`{}` is not the URL of a service", options.base_url))
                .help("write it whole: https://HOST/v1, without user and password")
        };
        let base = remote::url(&options.base_url).ok_or_else(wrong)?;
        let url = remote::below(&base, "/chat/completions").ok_or_else(wrong)?;
        let key = remote::secret(&format!("Bearer {}", options.api_key))
            .ok_or_else(|| BuildError::at("/apiKey", "has a character that no header field may hold"))?;
        if options.model.is_empty() {
            return Err(BuildError::at("/model", "is empty").help("such as gpt-4o-mini"));
        }
        Ok(Self {
            model: Arc::new(Model { url, key, name: options.model }),
            strict: options.strict,
            limit: context.settings.server.limits.buffered_body.as_usize(),
        })
    }
}

impl Policy for PromptInjectionDetection {
    fn on_response<'a>(&'a self, exchange: &'a mut Exchange, response: &'a mut Response) -> Step<'a> {
        if is_picture_or_sound(&media_type(response.headers())) {
            return Step::CONTINUE;
        }
        let body = match open_response(response) {
            Ok(Some(body)) => body,
            Ok(None) => return Step::CONTINUE,
            Err(problem) => return problem.into(),
        };
        Step::later(async move {
            let whole = match collect(body, self.limit).await {
                Ok(whole) => whole,
                Err(problem) => return problem.into(),
            };
            match self.model.judge(&exchange.services, &whole).await {
                Ok(Verdict::Harmless) => {}
                Ok(Verdict::Injection) => return Problem::new(&DETECTED, "The answer was held back").into(),
                Err(why) if self.strict => {
                    return Problem::new(&UNCHECKED, "The answer cannot be checked at the moment")
                        .caused_by(why)
                        .into();
                }
                Err(why) => {
                    tracing::warn!(request_id = &*exchange.id, why, "an answer goes out that nobody has judged");
                    exchange.record.fields.insert("unjudged".to_owned(), Value::from(true));
                }
            }
            *response.body_mut() = Body::full(whole);
            Flow::Continue
        })
    }
}

#[cfg(test)]
mod tests;
