//! The header fields that tell a client about its limit.
//!
//! `RateLimit` and `RateLimit-Policy` follow draft-ietf-httpapi-ratelimit-headers-11: structured
//! field lists (RFC 9651) of policies by name. Several policies of one route share the two
//! fields. This file is the only place that knows the draft.

use std::sync::OnceLock;
use std::time::Duration;

use http::header::{Entry, HeaderMap, HeaderName, HeaderValue};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use sfv::ItemSerializer;
use tollgate_core::Exchange;
use tollgate_core::services::{Decision, Window};
use tollgate_core::time::Timestamp;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// The largest number that a structured field can hold.
const MOST: u64 = 999_999_999_999_999;
const LEGACY_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const LEGACY_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const LEGACY_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// Which header fields tell clients about their limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum HeaderMode {
    /// None.
    None,
    /// `Retry-After` on refusals.
    RetryAfter,
    /// `RateLimit` and `RateLimit-Policy` on every answer, and `Retry-After` on refusals.
    #[serde(rename = "draft-11")]
    Draft11,
    /// `X-RateLimit-Limit`, `-Remaining` and `-Reset` (seconds since 1970) on every answer, and
    /// `Retry-After` on refusals.
    Legacy,
    /// All of them.
    Both,
}

/// What a limit is called in the fields, made ready to be written: every answer on its routes has them.
#[derive(Debug)]
pub(crate) struct FieldName {
    name: sfv::String,
    /// The name as a field's item.
    item: String,
    /// What `RateLimit-Policy` first said of it. For most limits it never says anything else.
    policy: OnceLock<(u64, Duration, HeaderValue)>,
}

impl FieldName {
    /// Characters that a structured field's string cannot hold become `_`.
    pub(crate) fn new(name: &str) -> Self {
        let name: String = name.chars().map(|c| if (' '..='~').contains(&c) { c } else { '_' }).collect();
        let name = sfv::String::from_string(name).unwrap_or_else(|_| sfv::string_ref("limit").to_owned());
        let mut item = String::new();
        let _ = ItemSerializer::with_buffer(&mut item).bare_item(&*name);
        Self { name, item, policy: OnceLock::new() }
    }

    /// The name.
    pub(crate) fn as_str(&self) -> &str {
        self.name.as_str()
    }

    /// `RateLimit-Policy` for this limit alone.
    fn policy(&self, quota: u64, window: Duration) -> Option<HeaderValue> {
        // `w` counts whole seconds and is at least one.
        let write =
            || HeaderValue::try_from(format!("{};q={};w={}", self.item, quota.min(MOST), seconds(window).max(1)));
        match self.policy.get() {
            Some((known, span, field)) if (*known, *span) == (quota, window) => Some(field.clone()),
            Some(_) => write().ok(),
            None => {
                let field = write().ok()?;
                // Whoever comes second has written another one, maybe; it is right for its own answer.
                let _ = self.policy.set((quota, window, field.clone()));
                Some(field)
            }
        }
    }
}

impl HeaderMode {
    /// Whether refusals say when to come back.
    pub(crate) fn retry_after(self) -> bool {
        self != Self::None
    }

    /// Tells of a decision in the fields of the answer; some of them want to know the time.
    pub(crate) fn tell(
        self,
        name: &FieldName,
        window: Window,
        decision: Decision,
        now: impl FnOnce() -> Timestamp,
        headers: &mut HeaderMap,
    ) {
        // On a refusal `t` and `Retry-After` name the same moment.
        let until = if decision.allowed { decision.reset_after } else { decision.retry_after };
        let told = Told {
            quota: u64::from(window.count),
            window: window.window,
            remaining: u64::from(decision.remaining),
            until,
        };
        self.tell_of(name, told, now, headers);
    }

    /// Tells of so much that is left of something.
    pub(crate) fn tell_of(
        self,
        name: &FieldName,
        told: Told,
        now: impl FnOnce() -> Timestamp,
        headers: &mut HeaderMap,
    ) {
        let Told { quota, window, remaining, until } = told;
        if matches!(self, Self::Draft11 | Self::Both) {
            let mut item = String::with_capacity(name.item.len() + 32);
            let mut digits = itoa::Buffer::new();
            item.push_str(&name.item);
            item.push_str(";r=");
            item.push_str(digits.format(remaining.min(MOST)));
            if !until.is_zero() {
                item.push_str(";t=");
                item.push_str(digits.format(seconds(until)));
            }
            append(headers, RATE_LIMIT, HeaderValue::try_from(item).ok());
            append(headers, RATE_LIMIT_POLICY, name.policy(quota, window));
        }
        if matches!(self, Self::Legacy | Self::Both) {
            let left = headers.get(&LEGACY_REMAINING).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
            // These fields have room for one limit: the one that is nearest.
            if left.is_none_or(|left| remaining < left) {
                let reset = now().plus(until);
                let reset = reset.seconds() + i64::from(reset.0.rem_euclid(1000) != 0);
                headers.insert(LEGACY_LIMIT, HeaderValue::from(quota));
                headers.insert(LEGACY_REMAINING, HeaderValue::from(remaining));
                headers.insert(LEGACY_RESET, HeaderValue::from(reset));
            }
        }
    }
}

/// What the fields tell of one limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    /// How much there is …
    pub(crate) quota: u64,
    /// … in how long.
    pub(crate) window: Duration,
    /// How much of it is left.
    pub(crate) remaining: u64,
    /// Until there is more.
    pub(crate) until: Duration,
}

/// Notes in the record that a limit which only reports would have refused the request.
pub(crate) fn would_refuse(exchange: &mut Exchange, limit: &str) {
    exchange.record.would_refuse.push(limit.into());
    match exchange.record.fields.get_mut("wouldRefuse") {
        Some(Value::Array(limits)) => limits.push(Value::from(limit)),
        _ => {
            exchange.record.fields.insert("wouldRefuse".to_owned(), Value::from(vec![limit]));
        }
    }
}

/// Whole seconds, rounded up: who comes back then is not too early.
pub(crate) fn seconds(duration: Duration) -> u32 {
    let whole = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    u32::try_from(whole).unwrap_or(u32::MAX)
}

/// Adds an item to a list field, which may have items of other policies.
fn append(headers: &mut HeaderMap, name: HeaderName, item: Option<HeaderValue>) {
    let Some(item) = item else { return };
    match headers.entry(name) {
        Entry::Vacant(place) => drop(place.insert(item)),
        Entry::Occupied(mut place) => {
            let list = [place.get().as_bytes(), b", ", item.as_bytes()].concat();
            if let Ok(list) = HeaderValue::try_from(list) {
                place.insert(list);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &FieldName, quota: u64, seconds: u64, headers: &mut HeaderMap) {
        let (window, until) = (Duration::from_secs(seconds), Duration::from_millis(1500));
        let told = Told { quota, window, remaining: u64::MAX, until };
        HeaderMode::Draft11.tell_of(name, told, || Timestamp::from_seconds(0), headers);
    }

    #[test]
    fn what_was_told_of_one_rate_is_not_told_of_another_and_several_limits_make_a_list() {
        let (one, other) = (FieldName::new("a \"b\" é"), FieldName::new("other"));
        for (quota, seconds) in [(5, 60), (5, 60), (6, 60), (5, 0), (5, 60)] {
            let mut headers = HeaderMap::new();
            told(&one, quota, seconds, &mut headers);
            told(&other, quota, seconds, &mut headers);
            let w = seconds.max(1);
            let policy = format!(r#""a \"b\" _";q={quota};w={w}, "other";q={quota};w={w}"#);
            assert_eq!(headers["ratelimit-policy"], policy);
            let left = r#""a \"b\" _";r=999999999999999;t=2, "other";r=999999999999999;t=2"#;
            assert_eq!(headers["ratelimit"], left);
        }
    }
}
