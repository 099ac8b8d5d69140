//! The options, and what they come to.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;
use tollgate_core::catalog::BuildError;
use tollgate_core::services::{Export, Sharing, Window};
use tollgate_core::units::Rate;

use crate::counting::amounts::{Amounts, Table, Written};
use crate::counting::function::minutes;
use crate::counting::options::{self, Algorithm, Identifier, Mode, OnFailure, number_or_text};
use crate::counting::who::is_reference;
use crate::counting::{By, HeaderMode};

/// How much of several things callers may use.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Options {
    /// How much of each thing: a rate (`100/m`), or a number in `timeWindowMinutes`. All of them are checked
    /// together, and a request that one refuses is counted by none.
    #[schemars(with = "Option<BTreeMap<String, Amount>>")]
    pub(super) limits: Option<IndexMap<String, Amount>>,
    /// In how many minutes, for limits that are numbers. Fractions are allowed. Default: 60.
    #[serde(deserialize_with = "number_or_text")]
    #[schemars(with = "Option<f64>", extend("type" = ["number", "string", "null"], "exclusiveMinimum" = 0))]
    pub(super) time_window_minutes: Option<f64>,
    /// The field of the caller's data that names his plan: `user.data.plan`.
    pub(super) plan_from: Option<String>,
    /// Limits by plan, which win over `limits`; `default` for callers whose plan is missing or not in here.
    #[schemars(with = "Option<BTreeMap<String, BTreeMap<String, Amount>>>")]
    pub(super) plans: Option<IndexMap<String, IndexMap<String, Amount>>>,
    /// The field of the caller's data with limits of his own, which win over all others: `user.data.limits`.
    pub(super) limits_from: Option<String>,
    /// How much a request counts of each limit, unless code says otherwise
    /// (`ComplexRateLimitInboundPolicy.setIncrements`). Default: 1 of `requests`.
    #[schemars(with = "Option<BTreeMap<String, u32>>")]
    pub(super) increments: Option<IndexMap<String, u32>>,
    /// What is counted: `user`, `ip`, `all`, a value of the caller's data such as `user.data.org`, or what a
    /// function of a module returns (`./modules/limits.ts#byTenant`). Default: the user where somebody was
    /// authenticated, else the address.
    pub(super) by: Option<By>,
    /// What is counted: `user`, `ip`, `all` or `function`.
    pub(super) rate_limit_by: Option<RateLimitBy>,
    /// The function that says what is counted, for `rateLimitBy: function`. It gets the request, the context and
    /// the policy's name, and returns `{ key, limits?, timeWindowMinutes? }`, or nothing where the request is not
    /// to be limited.
    pub(super) identifier: Option<Identifier>,
    /// By which algorithm is counted. Default: sliding-window.
    pub(super) algorithm: Option<Algorithm>,
    /// How much of each thing may come at once, for `token-bucket`. Default: as much as its limit.
    #[schemars(with = "Option<BTreeMap<String, std::num::NonZeroU32>>")]
    pub(super) burst: Option<IndexMap<String, NonZeroU32>>,
    /// Whether a request waits for the count of a shared store (`strict`), or is decided by what this node knows
    /// while the store is told beside it (`async`). Default: strict.
    pub(super) mode: Option<Mode>,
    /// What happens while the shared store of the counters is away: every node counts for itself (`local`),
    /// requests go through uncounted (`allow`), or they are refused with 503 (`deny`). Default: local.
    pub(super) on_failure: Option<OnFailure>,
    /// Whether requests are refused while the shared store of the counters is away: the same as
    /// `onFailure: deny`.
    pub(super) throw_on_failure: Option<bool>,
    /// Whether nothing is refused, and only the log and the metrics tell what would be. Default: false.
    pub(super) dry_run: Option<bool>,
    /// Which header fields tell clients about their limits. Default: draft-11.
    pub(super) header_mode: Option<HeaderMode>,
}

/// What is counted, in the words of `rateLimitBy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum RateLimitBy {
    /// Each user for itself.
    User,
    /// Each address for itself.
    Ip,
    /// Everyone together.
    All,
    /// What the function in `identifier` says.
    Function,
}

/// A limit as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Amount {
    /// So much in the policy's window.
    Number(u32),
    /// A rate of its own: `100/m`.
    Rate(Rate),
}

// By hand, so that a mistake in a rate says what is wrong with it.
impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Amount;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, or a rate such as 100/m")
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Amount, E> {
                u32::try_from(number)
                    .map(Amount::Number)
                    .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(number), &self))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Amount, E> {
                u32::try_from(number)
                    .map(Amount::Number)
                    .map_err(|_| E::invalid_value(de::Unexpected::Signed(number), &self))
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Amount, E> {
                crate::counting::function::requests(number)
                    .map(Amount::Number)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Float(number), &self))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Amount, E> {
                match text.trim().parse() {
                    Ok(number) => Ok(Amount::Number(number)),
                    Err(_) => text.parse().map(Amount::Rate).map_err(E::custom),
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl Amount {
    /// So much in so long.
    pub(super) fn window(self, length: std::time::Duration) -> Window {
        match self {
            Self::Number(count) => Window { count, window: length },
            Self::Rate(rate) => Window { count: rate.count.get(), window: rate.window },
        }
    }

    /// What stands in a caller's data: a number in the window of the limit that it stands in for, or a rate.
    pub(super) fn read(value: &Value, known: Option<Window>, length: std::time::Duration) -> Option<Window> {
        let amount: Self = serde_json::from_value(value.clone()).ok()?;
        Some(amount.window(known.map_or(length, |known| known.window)))
    }
}

/// What the options come to.
pub(super) struct Plan {
    pub(super) by: Option<By>,
    /// Where the options name the function, if there is one.
    pub(super) named_at: &'static str,
    pub(super) limits: Amounts<Window>,
    pub(super) length: std::time::Duration,
    pub(super) increments: Table<u32>,
    pub(super) bucket: bool,
    pub(super) burst: IndexMap<String, NonZeroU32>,
    pub(super) sharing: Sharing,
    pub(super) on_failure: OnFailure,
    pub(super) dry_run: bool,
    pub(super) header_mode: Option<HeaderMode>,
}

impl Options {
    pub(super) fn plan(self) -> Result<Plan, BuildError> {
        let on_failure = options::on_failure(self.on_failure, self.throw_on_failure)?;
        let length = self.time_window_minutes.unwrap_or(60.0);
        let length = minutes(length).ok_or_else(|| {
            BuildError::at("/timeWindowMinutes", format!("`{length}` is not a number of minutes above 0, up to a year"))
        })?;
        let by = match (self.by, self.rate_limit_by) {
            (Some(_), Some(_)) => {
                return Err(BuildError::at("/rateLimitBy", "says the same as `by`").help("keep one of them"));
            }
            (by, None) => by,
            (None, Some(RateLimitBy::User)) => Some(By::User),
            (None, Some(RateLimitBy::Ip)) => Some(By::Ip),
            (None, Some(RateLimitBy::All)) => Some(By::All),
            (None, Some(RateLimitBy::Function)) => {
                let example =
                    r#"such as `identifier: { "module": "$import(./modules/limits)", "export": "byTenant" }`"#;
                let identifier = self.identifier.as_ref().ok_or_else(|| {
                    BuildError::at("/rateLimitBy", "`function` needs an `identifier` that names the function")
                        .help(example)
                })?;
                Some(By::Function(identifier.export("/identifier", example)?))
            }
        };
        let bucket = self.algorithm == Some(Algorithm::TokenBucket);
        if self.burst.is_some() && !bucket {
            return Err(BuildError::at("/burst", "is for `algorithm: token-bucket`")
                .help("write `algorithm: token-bucket`, or leave `burst` out"));
        }
        let window = |amounts: IndexMap<String, Amount>| -> IndexMap<String, Window> {
            amounts.into_iter().map(|(name, amount)| (name, amount.window(length))).collect()
        };
        let limits = Amounts::new(Written {
            base: self.limits.map(window).unwrap_or_default(),
            plan_from: self.plan_from,
            plans: self.plans.map(|plans| plans.into_iter().map(|(name, amounts)| (name, window(amounts))).collect()),
            own_from: self.limits_from.map(|from| ("/limitsFrom", from)),
        })?;
        let names = limits.names();
        if names.is_empty() {
            return Err(BuildError::at("", "`limits` is missing")
                .help("such as `limits: { requests: 100/m, tokens: 10000/h }`"));
        }
        let known = |name: &String| names.iter().any(|known| **known == **name);
        for (pointer, mut written) in [
            ("/increments", self.increments.iter().flat_map(IndexMap::keys).collect::<Vec<_>>()),
            ("/burst", self.burst.iter().flat_map(IndexMap::keys).collect()),
        ] {
            written.retain(|name| !known(name));
            if let Some(name) = written.first() {
                return Err(BuildError::at(format!("{pointer}/{name}"), format!("there is no limit `{name}`"))
                    .help(format!("there are: {}", names.join(", "))));
            }
        }
        let increments = self.increments.unwrap_or_else(|| IndexMap::from([("requests".to_owned(), 1)]));
        Ok(Plan {
            named_at: if self.rate_limit_by.is_some() { "/identifier" } else { "/by" },
            by,
            limits,
            length,
            increments: increments.into_iter().map(|(name, cost)| (name.into(), cost)).collect(),
            bucket,
            burst: self.burst.unwrap_or_default(),
            sharing: options::sharing(self.mode, on_failure),
            on_failure,
            dry_run: self.dry_run.unwrap_or(false),
            header_mode: self.header_mode,
        })
    }
}

/// The function that the options name.
pub(super) fn functions(options: &Value) -> Vec<(&'static str, Option<Export>)> {
    let text = |pointer: &str| options.pointer(pointer).and_then(Value::as_str);
    let native = text("/by").filter(|by| is_reference(by)).map(|by| ("/by", Export::from_reference(by)));
    let named = (text("/rateLimitBy") == Some("function"))
        .then(|| Some(("/identifier", Export::of(text("/identifier/module")?, text("/identifier/export")?))))
        .flatten();
    native.into_iter().chain(named).collect()
}
