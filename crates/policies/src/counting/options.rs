//! Options that several of them have.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;
use tollgate_core::catalog::BuildError;
use tollgate_core::services::{Export, Sharing};

/// What happens while the shared store of the counters is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OnFailure {
    /// Every node counts for itself.
    Local,
    /// Let requests through, uncounted.
    Allow,
    /// Refuse them with 503.
    Deny,
}

/// Whether requests wait for the count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// They do.
    Strict,
    /// They may overtake it.
    Async,
}

/// By which algorithm is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Algorithm {
    /// Never more than the limit in any interval of its length.
    SlidingWindow,
    /// A burst at once, then evenly at the pace of the rate.
    TokenBucket,
}

/// An export of a module of the project.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identifier {
    /// The name of the export; `default` for the default one.
    pub(crate) export: String,
    /// The module, from the project's folder: `./modules/limits.ts`, or `$import(./modules/limits)`.
    pub(crate) module: String,
}

impl Identifier {
    /// The export that it names; `pointer` is where it stands.
    pub(crate) fn export(&self, pointer: &str, example: &str) -> Result<Export, BuildError> {
        Export::of(&self.module, &self.export).ok_or_else(|| {
            let message = format!("`{}` is no module of the project", self.module);
            BuildError::at(format!("{pointer}/module"), message).help(example)
        })
    }
}

/// What `onFailure` and `throwOnFailure` come to: one of them, or neither.
pub(crate) fn on_failure(on_failure: Option<OnFailure>, throw: Option<bool>) -> Result<OnFailure, BuildError> {
    match (on_failure, throw) {
        (Some(_), Some(_)) => {
            Err(BuildError::at("/throwOnFailure", "says the same as `onFailure`").help("keep one of them"))
        }
        (Some(on_failure), None) => Ok(on_failure),
        (None, Some(true)) => Ok(OnFailure::Deny),
        (None, _) => Ok(OnFailure::Local),
    }
}

/// How a counter with these options deals with a shared store.
pub(crate) fn sharing(mode: Option<Mode>, on_failure: OnFailure) -> Sharing {
    Sharing { overtakes: mode == Some(Mode::Async), stands_in: on_failure == OnFailure::Local }
}

/// A value that comes from the environment is text.
pub(crate) fn number_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::Number(number) => Ok(number.as_f64()),
        Value::String(text) => {
            text.trim().parse().map(Some).map_err(|_| de::Error::custom(format!("`{text}` is not a number")))
        }
        _ => Err(de::Error::custom("expected a number")),
    }
}
