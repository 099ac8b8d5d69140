//! The header fields that tell a client about its limit.
//!
//! `RateLimit` and `RateLimit-Policy` follow draft-ietf-httpapi-ratelimit-headers-11: structured
//! field lists (RFC 9651) of policies by name. Several policies of one route share the two
//! fields. This file is the only place that knows the draft.

use std::time::Duration;

use http::header::{HeaderMap, HeaderName, HeaderValue};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use sfv::{ItemSerializer, key_ref};
use tollgate_core::Exchange;
use tollgate_core::services::{Decision, Window};
use tollgate_core::time::Timestamp;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
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

/// What a limit is called in the fields.
#[derive(Debug)]
pub(crate) struct FieldName(sfv::String);

impl FieldName {
    /// Characters that a structured field's string cannot hold become `_`.
    pub(crate) fn new(name: &str) -> Self {
        let name: String = name.chars().map(|c| if (' '..='~').contains(&c) { c } else { '_' }).collect();
        Self(sfv::String::from_string(name).unwrap_or_else(|_| sfv::string_ref("limit").to_owned()))
    }

    /// The name.
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl HeaderMode {
    /// Whether refusals say when to come back.
    pub(crate) fn retry_after(self) -> bool {
        self != Self::None
    }

    /// Tells of a decision in the fields of the answer.
    pub(crate) fn tell(
        self,
        name: &FieldName,
        window: Window,
        decision: Decision,
        now: Timestamp,
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
    pub(crate) fn tell_of(self, name: &FieldName, told: Told, now: Timestamp, headers: &mut HeaderMap) {
        let Told { quota, window, remaining, until } = told;
        if matches!(self, Self::Draft11 | Self::Both) {
            append(headers, RATE_LIMIT, |field| {
                let item = ItemSerializer::with_buffer(field).bare_item(&*name.0);
                let item = item.parameter(key_ref("r"), integer(remaining));
                if !until.is_zero() {
                    let _ = item.parameter(key_ref("t"), seconds(until));
                }
            });
            append(headers, RATE_LIMIT_POLICY, |field| {
                let item = ItemSerializer::with_buffer(field).bare_item(&*name.0);
                let item = item.parameter(key_ref("q"), integer(quota));
                // `w` counts whole seconds and is at least one.
                let _ = item.parameter(key_ref("w"), seconds(window).max(1));
            });
        }
        if matches!(self, Self::Legacy | Self::Both) {
            let left = headers.get(&LEGACY_REMAINING).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
            // These fields have room for one limit: the one that is nearest.
            if left.is_none_or(|left| remaining < left) {
                let reset = now.plus(until);
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

/// A number as structured fields have it: of at most fifteen digits.
fn integer(number: u64) -> sfv::Integer {
    const MOST: u64 = 999_999_999_999_999;
    i64::try_from(number.min(MOST)).ok().and_then(|number| number.try_into().ok()).unwrap_or(sfv::Integer::ZERO)
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
fn append(headers: &mut HeaderMap, name: HeaderName, write: impl FnOnce(&mut String)) {
    let mut field = String::with_capacity(64);
    if let Some(before) = headers.get(&name).and_then(|value| value.to_str().ok()) {
        field.push_str(before);
        field.push_str(", ");
    }
    write(&mut field);
    if let Ok(value) = HeaderValue::try_from(field) {
        headers.insert(name, value);
    }
}
