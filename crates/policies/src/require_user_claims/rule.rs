//! A rule: as it is written, and as it is asked.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use tollgate_core::User;
use tollgate_core::catalog::BuildError;

use super::selector::Selector;

/// A rule, or several of the next level. How deep rules go is bounded by the types.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Combined<T> {
    /// Rules that must all hold.
    and: Option<Vec<T>>,
    /// Rules of which one must hold.
    or: Option<Vec<T>>,
    /// The claim that is compared: a dotted path, with `['…']` for a name that has dots in it. `sub` is the user.
    claim: Option<String>,
    /// The value that the claim has.
    eq: Option<Value>,
    /// Values of which the claim has one.
    #[serde(rename = "in")]
    one_of: Option<Vec<Value>>,
    /// What the claim, a text, begins with.
    starts_with: Option<String>,
}

/// A rule about one claim.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Compared {
    /// The claim that is compared: a dotted path, with `['…']` for a name that has dots in it. `sub` is the user.
    claim: Option<String>,
    /// The value that the claim has.
    eq: Option<Value>,
    /// Values of which the claim has one.
    #[serde(rename = "in")]
    one_of: Option<Vec<Value>>,
    /// What the claim, a text, begins with.
    starts_with: Option<String>,
}

/// A rule as it is asked.
#[derive(Debug)]
pub(super) enum Rule {
    All(Vec<Rule>),
    Any(Vec<Rule>),
    Claim(Selector, Test),
}

/// What is asked of a claim.
#[derive(Debug)]
pub(super) enum Test {
    OneOf(Vec<Value>),
    StartsWith(String),
}

/// What can be turned into a rule.
pub(super) trait Written {
    /// Its members that combine others, with those others as rules; and the comparison.
    fn read(self, pointer: &str) -> Result<Rule, BuildError>;
}

impl Rule {
    /// Reads a rule as it is written.
    pub(super) fn read(written: impl Written, pointer: &str) -> Result<Self, BuildError> {
        written.read(pointer)
    }

    /// Whether it holds of a user. Whatever is missing or of another kind does not.
    pub(super) fn holds(&self, user: &User) -> bool {
        match self {
            Self::All(rules) => rules.iter().all(|rule| rule.holds(user)),
            Self::Any(rules) => rules.iter().any(|rule| rule.holds(user)),
            Self::Claim(selector, test) => match selector.select(user) {
                None => false,
                Some(value) => match &*value {
                    Value::Array(values) => values.iter().any(|value| test.passes(value)),
                    value => test.passes(value),
                },
            },
        }
    }
}

impl Test {
    fn passes(&self, value: &Value) -> bool {
        match self {
            Self::OneOf(values) => values.iter().any(|known| equal(known, value)),
            Self::StartsWith(beginning) => value.as_str().is_some_and(|text| text.starts_with(beginning)),
        }
    }
}

/// Whether two scalars are the same; one and 1.0 are.
fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        _ => one == other,
    }
}

impl Written for Compared {
    fn read(self, pointer: &str) -> Result<Rule, BuildError> {
        compared(self, pointer)
    }
}

impl<T: Written> Written for Combined<T> {
    fn read(self, pointer: &str) -> Result<Rule, BuildError> {
        let Self { and, or, claim, eq, one_of, starts_with } = self;
        let compares = claim.is_some() || eq.is_some() || one_of.is_some() || starts_with.is_some();
        match (and, or) {
            (None, None) => compared(Compared { claim, eq, one_of, starts_with }, pointer),
            (Some(rules), None) if !compares => several(rules, &format!("{pointer}/and")).map(Rule::All),
            (None, Some(rules)) if !compares => several(rules, &format!("{pointer}/or")).map(Rule::Any),
            _ => Err(BuildError::at(pointer, "a rule is one of `and`, `or` and a comparison of a claim")
                .help("put the others into a list of their own: { and: [ …, { or: [ … ] } ] }")),
        }
    }
}

fn several(rules: Vec<impl Written>, pointer: &str) -> Result<Vec<Rule>, BuildError> {
    if rules.is_empty() {
        return Err(BuildError::at(pointer, "the list is empty").help("give at least one rule"));
    }
    rules.into_iter().enumerate().map(|(index, rule)| rule.read(&format!("{pointer}/{index}"))).collect()
}

fn compared(rule: Compared, pointer: &str) -> Result<Rule, BuildError> {
    let Compared { claim, eq, one_of, starts_with } = rule;
    let help = "write { claim, eq }, { claim, in } or { claim, startsWith }";
    let claim = claim.ok_or_else(|| BuildError::at(pointer, "the rule names no claim").help(help))?;
    let selector = Selector::parse(&claim).ok_or_else(|| {
        BuildError::at(format!("{pointer}/claim"), format!("`{claim}` is not the path of a claim"))
            .help("write a.b.c, and ['…'] for a name with dots in it: app['https://example.com/roles']")
    })?;
    let scalar = |value: &Value| matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_));
    let no_scalar = |pointer: String| BuildError::at(pointer, "a claim is compared with a text, a number or a boolean");
    let test = match (eq, one_of, starts_with) {
        (Some(value), None, None) if scalar(&value) => Test::OneOf(vec![value]),
        (Some(_), None, None) => return Err(no_scalar(format!("{pointer}/eq"))),
        (None, Some(values), None) => match values.iter().position(|value| !scalar(value)) {
            Some(index) => return Err(no_scalar(format!("{pointer}/in/{index}"))),
            None if values.is_empty() => {
                return Err(BuildError::at(format!("{pointer}/in"), "no claim has one of no values"));
            }
            None => Test::OneOf(values),
        },
        (None, None, Some(text)) if text.is_empty() => {
            return Err(BuildError::at(format!("{pointer}/startsWith"), "every text begins with an empty one"));
        }
        (None, None, Some(text)) => Test::StartsWith(text),
        _ => return Err(BuildError::at(pointer, "a claim is compared in exactly one way").help(help)),
    };
    Ok(Rule::Claim(selector, test))
}
