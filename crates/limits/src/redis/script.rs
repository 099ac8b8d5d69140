//! The Lua script of the limits, and what it is told and answers.
//!
//! One call is one decision and one round trip. All keys of a call carry the same hash tag, so that they lie in
//! one slot of a cluster. A key names its limit by a digest: what callers are counted by (addresses, users,
//! whatever a function returns) does not stand in the store, and every key is short.

use std::time::Duration;

use aws_lc_rs::digest;
use redis::{ErrorKind, RedisError, Script, ScriptInvocation};
use tollgate_core::services::{Charge, Decision, Limit};

use crate::Outcome;
use crate::meter;

/// The script. Its arguments are described at its top.
pub const LIMITS: &str = include_str!("limits.lua");

/// How much of a digest names a counter: 128 bits.
const TAG: usize = 16;

/// The keys of one caller under one id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Tag(String);

impl Tag {
    /// Equal prefixes, ids and keys give equal tags, on every node.
    pub(crate) fn new(prefix: &str, id: &str, key: &str) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(id.as_bytes());
        context.update(&[0]);
        context.update(key.as_bytes());
        let mut tag = String::with_capacity(prefix.len() + 2 * TAG + 3);
        tag.push_str(prefix);
        tag.push('{');
        for byte in &context.finish().as_ref()[..TAG] {
            for half in [byte >> 4, byte & 15] {
                tag.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
            }
        }
        tag.push('}');
        Self(tag)
    }

    /// It, as keys begin.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Where a limit is counted: each distinct one apart.
    pub(crate) fn key(&self, name: &str, limit: Limit) -> String {
        let Self(tag) = self;
        match limit {
            Limit::Window(window) => format!("{tag}{name}:{}/{}", window.count, micros(window.window)),
            Limit::Bucket(bucket) => {
                format!("{tag}{name}:{}/{}b{}", bucket.count, micros(bucket.window), bucket.burst)
            }
        }
    }
}

/// A call of the script with these charges, in their order.
pub(crate) fn call<'s>(script: &'s Script, keys: &[String], charges: &[Charge], force: bool) -> ScriptInvocation<'s> {
    let mut call = script.prepare_invoke();
    call.arg(0).arg(u8::from(force));
    for (key, Charge { limit, cost, at_least }) in keys.iter().zip(charges) {
        call.key(key.as_str());
        let (kind, rate, burst) = match limit {
            Limit::Window(window) => ("w", *window, 0),
            Limit::Bucket(bucket) => ("b", limit.rate(), bucket.burst),
        };
        call.arg(kind).arg(rate.count).arg(micros(rate.window)).arg(burst).arg(*cost).arg(*at_least);
    }
    call
}

/// What it answered.
///
/// # Errors
/// Where that is not what the script answers: somebody else's server, or a proxy's own words.
pub(crate) fn decisions(answer: &[i64], charges: usize) -> Result<Vec<Decision>, RedisError> {
    let wrong = || RedisError::from((ErrorKind::UnexpectedReturnType, "not an answer of the script"));
    if answer.len() != charges * 4 {
        return Err(wrong());
    }
    let read = |four: &[i64]| {
        let number = |at: usize| u64::try_from(four[at]).ok();
        let outcome = Outcome {
            allowed: four[0] == 1,
            remaining: u32::try_from(number(1)?).ok()?,
            retry_after: number(2)?,
            reset_after: number(3)?,
        };
        Some(meter::decision(outcome, Duration::from_micros))
    };
    answer.chunks_exact(4).map(|four| read(four).ok_or_else(wrong)).collect()
}

/// A window in the script's ticks: at least one.
pub(crate) fn micros(window: Duration) -> u64 {
    u64::try_from(window.as_micros()).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use tollgate_core::services::Window;

    use super::*;

    #[test]
    fn keys_of_one_caller_share_a_slot_and_say_nothing_of_him() {
        let tag = Tag::new("tollgate:", "limits#/0", "alice@example.com");
        let window = |count| Limit::Window(Window { count, window: Duration::from_secs(60) });
        let (one, other) = (tag.key("", window(60)), tag.key("tokens", window(1000)));
        assert_eq!(one.split('}').next(), other.split('}').next());
        assert!(one.starts_with("tollgate:{") && one.ends_with("}:60/60000000"), "{one}");
        assert!(!one.contains("alice"));
        assert_ne!(tag, Tag::new("tollgate:", "limits#/0", "bob@example.com"));
        assert_ne!(Tag::new("", "a", "b\0c"), Tag::new("", "a\0b", "d"));
    }

    #[test]
    fn an_answer_of_something_else_is_an_error() {
        assert_eq!(decisions(&[1, 59, 0, 60], 1).unwrap()[0].remaining, 59);
        for wrong in [&[][..], &[1, 59, 0], &[1, -1, 0, 0], &[1, i64::MAX, 0, 0]] {
            assert!(decisions(wrong, 1).is_err(), "{wrong:?}");
        }
    }
}
