//! How much a caller has of each thing: what the options say, what his plan says, and what stands in his own data.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;
use tollgate_core::Exchange;
use tollgate_core::catalog::BuildError;
use tollgate_core::exchange::select;

use super::who::text_of;

/// A dotted path into the caller's data, as options write it: `user.data.plan`.
pub(crate) fn data_path(text: &str, pointer: &str) -> Result<String, BuildError> {
    text.strip_prefix("user.data.")
        .filter(|path| path.split('.').all(|part| !part.is_empty()))
        .map(str::to_owned)
        .ok_or_else(|| {
            BuildError::at(pointer, format!("`{text}` is no field of the caller")).help("such as `user.data.plan`")
        })
}

/// Amounts by the names of things.
pub(crate) type Table<T> = Vec<(Arc<str>, T)>;

/// The amounts of every caller.
#[derive(Debug)]
pub(crate) struct Amounts<T> {
    base: Table<T>,
    plans: Option<Plans<T>>,
    /// Where a caller's own amounts stand in his data.
    own: Option<String>,
}

#[derive(Debug)]
struct Plans<T> {
    path: String,
    named: IndexMap<String, Table<T>>,
    default: Table<T>,
}

/// What options say of amounts.
pub(crate) struct Written<T> {
    pub(crate) base: IndexMap<String, T>,
    pub(crate) plan_from: Option<String>,
    pub(crate) plans: Option<IndexMap<String, IndexMap<String, T>>>,
    pub(crate) own_from: Option<(&'static str, String)>,
}

impl<T: Copy> Amounts<T> {
    pub(crate) fn new(written: Written<T>) -> Result<Self, BuildError> {
        let table = |amounts: IndexMap<String, T>| -> Table<T> {
            amounts.into_iter().map(|(name, amount)| (name.into(), amount)).collect()
        };
        let plans = match (written.plan_from, written.plans) {
            (None, None) => None,
            (Some(_), None) => {
                return Err(BuildError::at("/planFrom", "there are no `plans` to pick from")
                    .help("such as `plans: { gold: { requests: 10000 }, default: { requests: 100 } }`"));
            }
            (None, Some(_)) => {
                return Err(BuildError::at("/plans", "nothing says which plan a caller has")
                    .help("such as `planFrom: user.data.plan`"));
            }
            (Some(from), Some(mut plans)) => {
                let default = plans.shift_remove("default").ok_or_else(|| {
                    BuildError::at("/plans", "the plans have no `default`").help(
                        "it holds for callers whose plan is missing or not in the list; `default: {}` limits nothing",
                    )
                })?;
                let named = plans.into_iter().map(|(name, amounts)| (name, table(amounts))).collect();
                Some(Plans { path: data_path(&from, "/planFrom")?, named, default: table(default) })
            }
        };
        let own = written.own_from.map(|(pointer, from)| data_path(&from, pointer)).transpose()?;
        Ok(Self { base: table(written.base), plans, own })
    }

    /// Every name that occurs in the options.
    pub(crate) fn names(&self) -> Vec<Arc<str>> {
        let plans = self.plans.iter().flat_map(|plans| plans.named.values().chain([&plans.default]));
        let mut names: Vec<Arc<str>> = Vec::new();
        for (name, _) in self.base.iter().chain(plans.flatten()) {
            if !names.contains(name) {
                names.push(Arc::clone(name));
            }
        }
        names
    }

    /// The amounts of whoever calls: his own win over his plan's, and these over those of everybody. `read` makes
    /// an amount of a number in his data, given what he would have otherwise; what is no amount is passed over.
    pub(crate) fn of(&self, exchange: &Exchange, read: impl Fn(&Value, Option<T>) -> Option<T>) -> Table<T> {
        let mut amounts = self.base.clone();
        let Some(user) = &exchange.user else {
            if let Some(plans) = &self.plans {
                merge(&mut amounts, &plans.default);
            }
            return amounts;
        };
        if let Some(plans) = &self.plans {
            let plan = select(&user.data, &plans.path).and_then(text_of).and_then(|plan| plans.named.get(&plan));
            merge(&mut amounts, plan.unwrap_or(&plans.default));
        }
        if let Some(Value::Object(own)) = self.own.as_ref().and_then(|path| select(&user.data, path)) {
            for (name, value) in own {
                let known = amounts.iter().find(|(known, _)| **known == **name).map(|(_, amount)| *amount);
                match read(value, known) {
                    Some(amount) => merge(&mut amounts, &[(name.as_str().into(), amount)]),
                    // Never silently: a caller's limit that nobody can read would be a hole or a riddle.
                    None => tracing::warn!(field = name, "an amount in a consumer's metadata is none, and passed over"),
                }
            }
        }
        amounts
    }
}

/// Puts amounts in the place of those of the same names.
pub(crate) fn merge<T: Copy>(amounts: &mut Table<T>, over: &[(Arc<str>, T)]) {
    for (name, amount) in over {
        match amounts.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = *amount,
            None => amounts.push((Arc::clone(name), *amount)),
        }
    }
}

/// A whole number from 0, as JSON has it.
pub(crate) fn whole(value: &Value) -> Option<u64> {
    let number = value.as_f64().filter(|number| number.fract() == 0.0 && *number >= 0.0 && *number < 9e15)?;
    Some(number as u64)
}

/// What code says that something costs: parts of one count as one.
pub(crate) fn cost(number: f64) -> u64 {
    number.ceil().clamp(0.0, 9e15) as u64
}
