//! The options, in both of their vocabularies, and what they come to.

use std::num::NonZeroU32;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;
use tollgate_core::catalog::BuildError;
use tollgate_core::services::{Bucket, Export, Limit, Sharing, Window};
use tollgate_core::units::{Interval, Rate};

use crate::counting::function::{minutes, requests};
use crate::counting::options::{self, Algorithm, Identifier, Mode, OnFailure, number_or_text};
use crate::counting::who::is_reference;
use crate::counting::{By, HeaderMode};

/// How often callers may call. Either `rate` (and `by`), or `rateLimitBy`, `requestsAllowed` and
/// `timeWindowMinutes`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Options {
    /// What is counted: `user`, `ip`, `all`, a value of the caller's data such as
    /// `user.data.plan`, or what a function of a module returns (`./modules/limits.ts#byTenant`).
    /// With a table of rates the value picks the rate, and users are counted; with one rate,
    /// everyone who shares the value shares the rate. Default: the user where somebody was
    /// authenticated, else the address.
    pub(super) by: Option<By>,
    /// How often: `100/m`, or one rate for each value of the caller's data and a `default`.
    pub(super) rate: Option<RateChoice>,
    /// By which algorithm is counted. Default: sliding-window.
    pub(super) algorithm: Option<Algorithm>,
    /// How many requests may come at once, for `token-bucket`. Default: as many as the rate has.
    pub(super) burst: Option<NonZeroU32>,
    /// What happens while the shared store of the counters is away: every node counts for itself (`local`),
    /// requests go through uncounted (`allow`), or they are refused with 503 (`deny`). Counters in memory are
    /// always there. Default: local.
    pub(super) on_failure: Option<OnFailure>,
    /// Whether nothing is refused, and only the log and the metrics tell what would be. Default: false.
    pub(super) dry_run: Option<bool>,
    /// Which header fields tell clients about their limit. Default: draft-11.
    pub(super) header_mode: Option<HeaderMode>,
    /// What is counted: `user`, `ip`, `all` or `function`.
    pub(super) rate_limit_by: Option<RateLimitBy>,
    /// How many requests, in `timeWindowMinutes`. With `rateLimitBy: function` 1000 unless the function
    /// says otherwise.
    #[serde(deserialize_with = "number_or_text")]
    #[schemars(with = "Option<NonZeroU32>", extend("type" = ["integer", "string", "null"]))]
    pub(super) requests_allowed: Option<f64>,
    /// In how many minutes. Fractions are allowed. With `rateLimitBy: function` 60 unless the function
    /// says otherwise.
    #[serde(deserialize_with = "number_or_text")]
    #[schemars(with = "Option<f64>", extend("type" = ["number", "string", "null"], "exclusiveMinimum" = 0))]
    pub(super) time_window_minutes: Option<f64>,
    /// The function that says what is counted, for `rateLimitBy: function`. It gets the request,
    /// the context and the policy's name, and returns `{ key, requestsAllowed?,
    /// timeWindowMinutes? }`, or nothing where the request is not to be limited.
    pub(super) identifier: Option<Identifier>,
    /// Whether a request waits for the count of a shared store (`strict`), or is decided by what this node knows
    /// while the store is told beside it (`async`). Counters in memory answer at once: for them both are the
    /// same. Default: strict.
    pub(super) mode: Option<Mode>,
    /// Whether requests are refused while the shared store of the counters is away: the same as
    /// `onFailure: deny`.
    pub(super) throw_on_failure: Option<bool>,
}

/// The function that options of either vocabulary name.
pub(super) fn functions(options: &Value) -> Vec<(&'static str, Option<Export>)> {
    let text = |pointer: &str| options.pointer(pointer).and_then(Value::as_str);
    let native = text("/by").filter(|by| is_reference(by)).map(|by| ("/by", Export::from_reference(by)));
    let named = (text("/rateLimitBy") == Some("function"))
        .then(|| Some(("/identifier", Export::of(text("/identifier/module")?, text("/identifier/export")?))))
        .flatten();
    native.into_iter().chain(named).collect()
}

/// One rate, or one for each value.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum RateChoice {
    /// For everyone.
    One(Rate),
    /// By the value of the caller's data that `by` names; `default` for all other values.
    #[schemars(with = "std::collections::BTreeMap<String, Rate>")]
    Table(IndexMap<String, Rate>),
}

// By hand, so that a mistake in a rate says what is wrong with it.
impl<'de> Deserialize<'de> for RateChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = RateChoice;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a rate such as 100/m, or a table of rates")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<RateChoice, E> {
                text.parse().map(RateChoice::One).map_err(E::custom)
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<RateChoice, A::Error> {
                IndexMap::deserialize(de::value::MapAccessDeserializer::new(map)).map(RateChoice::Table)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
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

/// What the options come to, whichever words they used.
#[derive(Debug)]
pub(super) struct Plan {
    /// What is counted; `None` for the user where there is one, else the address.
    pub(super) by: Option<By>,
    /// How often.
    pub(super) rates: Rates,
    /// What happens while the store is away.
    pub(super) on_failure: OnFailure,
    /// How the counters deal with a shared store.
    pub(super) sharing: Sharing,
    /// How many at once, where tokens are counted.
    pub(super) bucket: Option<Burst>,
    /// Whether nothing is refused.
    pub(super) dry_run: bool,
}

/// How many a token bucket holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Burst {
    /// As many as its rate has.
    Rate,
    /// So many.
    Of(NonZeroU32),
}

impl Plan {
    /// The limit of a rate.
    pub(super) fn limit(bucket: Option<Burst>, window: Window) -> Limit {
        match bucket {
            None => Limit::Window(window),
            Some(burst) => {
                let burst = match burst {
                    Burst::Rate => window.count,
                    Burst::Of(burst) => burst.get(),
                };
                Limit::Bucket(Bucket { count: window.count, window: window.window, burst })
            }
        }
    }
}

/// How often.
#[derive(Debug)]
pub(super) enum Rates {
    /// The same for everyone.
    One(Window),
    /// By value.
    Table {
        /// For the values that are named.
        named: IndexMap<String, Window>,
        /// For all others.
        default: Window,
    },
}

impl Options {
    /// Reads either vocabulary.
    pub(super) fn plan(self) -> Result<Plan, BuildError> {
        let on_failure = options::on_failure(self.on_failure, self.throw_on_failure)?;
        let sharing = options::sharing(self.mode, on_failure);
        let dry_run = self.dry_run.unwrap_or(false);
        let bucket = match (self.algorithm.unwrap_or(Algorithm::SlidingWindow), self.burst) {
            (Algorithm::SlidingWindow, None) => None,
            (Algorithm::SlidingWindow, Some(_)) => {
                return Err(BuildError::at("/burst", "is for `algorithm: token-bucket`")
                    .help("write `algorithm: token-bucket`, or leave `burst` out"));
            }
            (Algorithm::TokenBucket, None) => Some(Burst::Rate),
            (Algorithm::TokenBucket, Some(burst)) => Some(Burst::Of(burst)),
        };
        let other = [
            ("/rateLimitBy", self.rate_limit_by.is_some()),
            ("/requestsAllowed", self.requests_allowed.is_some()),
            ("/timeWindowMinutes", self.time_window_minutes.is_some()),
            ("/identifier", self.identifier.is_some()),
        ];
        let other = other.iter().find(|(_, given)| *given).map(|(pointer, _)| *pointer);
        let (by, rates) = match (self.by.is_some() || self.rate.is_some(), other) {
            (true, Some(pointer)) => {
                return Err(BuildError::at(pointer, "does not go together with `by` and `rate`")
                    .help("write either `rate` (and `by`), or `rateLimitBy`, `requestsAllowed`, `timeWindowMinutes`"));
            }
            (true, None) => {
                let rates = native_rates(self.by.as_ref(), self.rate)?;
                (self.by, rates)
            }
            (false, _) => {
                let (by, window) = self.named_rates()?;
                (Some(by), Rates::One(window))
            }
        };
        Ok(Plan { by, rates, on_failure, sharing, bucket, dry_run })
    }

    /// Reads `rateLimitBy`, `requestsAllowed` and `timeWindowMinutes`.
    fn named_rates(&self) -> Result<(By, Window), BuildError> {
        let missing =
            |name: &str, example: &str| BuildError::at("", format!("`{name}` is missing")).help(example.to_owned());
        let by = match self.rate_limit_by {
            None if self.requests_allowed.is_none() && self.time_window_minutes.is_none() => {
                return Err(missing("rate", "such as `rate: 100/m`"));
            }
            None => return Err(missing("rateLimitBy", "one of user, ip, all, function")),
            Some(RateLimitBy::User) => By::User,
            Some(RateLimitBy::Ip) => By::Ip,
            Some(RateLimitBy::All) => By::All,
            Some(RateLimitBy::Function) => By::Function(self.identifier()?),
        };
        // A function says itself how many; these hold for what it leaves open.
        let by_function = matches!(by, By::Function(_));
        let (count, length) = (
            self.requests_allowed.or_else(|| by_function.then_some(1000.0)),
            self.time_window_minutes.or_else(|| by_function.then_some(60.0)),
        );
        let count = count.ok_or_else(|| missing("requestsAllowed", "such as `requestsAllowed: 100`"))?;
        let length = length.ok_or_else(|| missing("timeWindowMinutes", "such as `timeWindowMinutes: 1`"))?;
        let count = requests(count).filter(|count| *count > 0).ok_or_else(|| {
            BuildError::at("/requestsAllowed", format!("`{count}` is not a whole number of requests from 1"))
        })?;
        let window = minutes(length).ok_or_else(|| {
            BuildError::at("/timeWindowMinutes", format!("`{length}` is not a number of minutes above 0, up to a year"))
        })?;
        Ok((by, Window { count, window }))
    }

    fn identifier(&self) -> Result<Export, BuildError> {
        let example = r#"such as `identifier: { "module": "$import(./modules/limits)", "export": "byTenant" }`"#;
        let identifier = self.identifier.as_ref().ok_or_else(|| {
            BuildError::at("/rateLimitBy", "`function` needs an `identifier` that names the function").help(example)
        })?;
        identifier.export("/identifier", example)
    }
}

fn native_rates(by: Option<&By>, rate: Option<RateChoice>) -> Result<Rates, BuildError> {
    match rate {
        None => Err(BuildError::at("", "`rate` is missing").help("such as `rate: 100/m`")),
        Some(RateChoice::One(rate)) => Ok(Rates::One(window(rate))),
        Some(RateChoice::Table(_)) if !matches!(by, Some(By::Data(_))) => {
            Err(BuildError::at("/rate", "a table of rates needs a `by` that picks from it")
                .help("such as `by: user.data.plan`"))
        }
        Some(RateChoice::Table(mut table)) => {
            let default = table.shift_remove("default").ok_or_else(|| {
                BuildError::at("/rate", "the table has no `default`")
                    .help("it holds for callers whose value is missing or not in the table")
            })?;
            let named = table.into_iter().map(|(value, rate)| (value, window(rate))).collect();
            Ok(Rates::Table { named, default: window(default) })
        }
    }
}

fn window(rate: Rate) -> Window {
    Window { count: rate.count.get(), window: rate.window }
}

/// What a limit is called that was given no name: its rate, and what it counts. Two limits on one
/// route are told apart by it in the `RateLimit` fields.
pub(super) fn default_name(plan: &Plan) -> String {
    let rate = match &plan.rates {
        Rates::One(Window { count, window }) => match Interval(*window).to_string().as_str() {
            "1s" => format!("{count}-per-second"),
            "1m" => format!("{count}-per-minute"),
            "1h" => format!("{count}-per-hour"),
            "1d" => format!("{count}-per-day"),
            other => format!("{count}-per-{other}"),
        },
        Rates::Table { .. } => "rates".to_owned(),
    };
    match &plan.by {
        None => rate,
        Some(By::User) => format!("{rate}-by-user"),
        Some(By::Ip) => format!("{rate}-by-ip"),
        Some(By::All) => format!("{rate}-by-all"),
        Some(By::Data(path)) => format!("{rate}-by-{}", path.rsplit('.').next().unwrap_or(path)),
        Some(By::Function(export)) => format!("{rate}-by-{}", export.name),
    }
}
