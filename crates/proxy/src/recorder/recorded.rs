//! One exchange that is remembered.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value, json};

use crate::access_log::{Entry, cut};

/// The longest private cause.
const CAUSE: usize = 4096;
/// The longest name of a query's parameter: what stands alone may be a secret, and is no name.
const NAME: usize = 40;
/// How many names there are at most.
const NAMES: usize = 32;
/// What policies and scripts may add, in bytes; beyond it is left out.
const FIELDS: usize = 4096;
/// What an allocation costs besides its bytes.
const ALLOCATION: usize = 16;

/// What a user's data becomes.
static NOTHING: LazyLock<Arc<Value>> = LazyLock::new(Arc::default);

/// Why an exchange is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptFor {
    /// The gateway or an upstream failed.
    Failure,
    /// The gateway refused it, or the upstream answered with a 4xx.
    Refusal,
    /// It took long.
    Slowness,
    /// It is one of the sample.
    Sample,
    /// An operator asked for it.
    Debugging,
}

impl KeptFor {
    /// `failure`, `refusal`, `slowness`, `sample` or `debugging`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Refusal => "refusal",
            Self::Slowness => "slowness",
            Self::Sample => "sample",
            Self::Debugging => "debugging",
        }
    }
}

/// One exchange that is remembered: what the access log has of it, and each step's share.
#[derive(Debug)]
pub struct Recorded {
    /// Why it is kept.
    pub kept_for: KeptFor,
    /// What is known of it. There are no values in its query and none of its user's data.
    pub entry: Box<Entry>,
    /// About how much memory it takes.
    pub(super) bytes: usize,
}

impl Recorded {
    pub(super) fn of(mut entry: Box<Entry>, kept_for: KeptFor) -> Self {
        entry.query = entry.query.as_deref().map(names);
        entry.template = None;
        if let Some(user) = &mut entry.user {
            user.data = Arc::clone(&NOTHING);
        }
        if let Some(refusal) = &mut entry.record.refusal {
            if let Cow::Owned(detail) = &mut refusal.detail {
                shorten(detail, CAUSE);
            }
            if let Some(cause) = &mut refusal.cause {
                shorten(cause, CAUSE);
            }
        }
        if fields_weight(&entry.record.fields) > FIELDS {
            entry.record.fields = Map::new();
            entry.record.fields.insert("leftOut".to_owned(), json!("they are too long"));
        }
        entry.record.visits.shrink_to_fit();
        entry.record.attempts.shrink_to_fit();
        let bytes = size_of::<Self>() + size_of::<Entry>() + 2 * ALLOCATION + heap(&entry);
        Self { kept_for, entry, bytes }
    }
}

fn shorten(text: &mut String, most: usize) {
    if text.len() > most {
        text.truncate(cut(text, most).len());
        text.push('…');
    }
    text.shrink_to_fit();
}

/// The names of a query's parameters, each once, with `&` between.
fn names(query: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in query.split('&').map(|pair| cut(pair.split('=').next().unwrap_or_default(), NAME)) {
        if !name.is_empty() && !names.contains(&name) && names.len() < NAMES {
            names.push(name);
        }
    }
    names.join("&")
}

/// What it holds besides itself. What is shared with the project (ids, names) costs it nothing.
fn heap(entry: &Entry) -> usize {
    let text = |length: usize| if length == 0 { 0 } else { length + ALLOCATION };
    let optional = |text_of: &Option<String>| text_of.as_ref().map_or(0, |it| text(it.capacity()));
    let record = &entry.record;
    let detail = |detail: &Cow<'static, str>| match detail {
        Cow::Borrowed(_) => 0,
        Cow::Owned(owned) => text(owned.capacity()),
    };
    let refusal = record.refusal.as_ref().map_or(0, |it| detail(&it.detail) + optional(&it.cause));
    let spilled = |spilled: bool, bytes: usize| if spilled { bytes + ALLOCATION } else { 0 };
    let visits = spilled(record.visits.spilled(), size_of_val(&*record.visits));
    let attempts = spilled(record.attempts.spilled(), size_of_val(&*record.attempts));
    let fetches: usize = record.fetches.iter().map(|fetch| size_of_val(fetch) + text(fetch.url.capacity())).sum();
    text(entry.id.len())
        + text(entry.path.capacity())
        + optional(&entry.query)
        + optional(&entry.user_agent)
        + text(entry.host.as_ref().map_or(0, |host| host.len()))
        + text(entry.user.as_ref().map_or(0, |user| user.sub.len()))
        + refusal
        + visits
        + attempts
        + fetches
        + size_of_val(&*record.scripts)
        + fields_weight(&record.fields)
}

fn fields_weight(fields: &Map<String, Value>) -> usize {
    fields.iter().map(|(name, value)| size_of::<(String, Value)>() + name.len() + ALLOCATION + weight(value)).sum()
}

fn weight(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len() + ALLOCATION,
        Value::Array(items) => items.iter().map(|item| size_of::<Value>() + weight(item)).sum::<usize>() + ALLOCATION,
        Value::Object(fields) => fields_weight(fields) + ALLOCATION,
    }
}
