//! Limits whose function says who is counted: what it may return, and what that means.

use std::time::Duration;

use serde_json::Value;
use tollgate_core::services::Window;

/// Keys are kept in memory for as long as they count, and a function may take one out of a request.
const LONGEST_KEY: usize = 4096;

/// Whom to count, and how often he may call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Whoever has the same key shares the limit.
    pub(crate) key: String,
    /// The limit's own window, or what the function said instead.
    pub(crate) window: Window,
}

/// Reads `{ key, requestsAllowed?, timeWindowMinutes? }`; nothing at all means that there is no limit.
///
/// # Errors
/// What is wrong with it, for the log: values of the caller, which may be secrets, are not in it.
pub(crate) fn read(returned: &Value, default: Window) -> Result<Option<Answer>, String> {
    let fields = match returned {
        Value::Null => return Ok(None),
        Value::Object(fields) => fields,
        other => return Err(format!("it returned {} instead of an object with a `key`", kind(other))),
    };
    let key = key(fields)?;
    let number = |name: &str| match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match number(value) {
            Some(number) => Ok(Some(number)),
            None => Err(format!("the `{name}` that it returned is {} instead of a number", kind(value))),
        },
    };
    let count = match number("requestsAllowed")? {
        None => default.count,
        Some(count) => requests(count).ok_or_else(|| {
            format!("the `requestsAllowed` that it returned is {count} instead of a whole number from 0")
        })?,
    };
    let window = match number("timeWindowMinutes")? {
        None => default.window,
        Some(length) => minutes(length).ok_or_else(|| {
            format!("the `timeWindowMinutes` that it returned is {length} instead of a number above 0, up to a year")
        })?,
    };
    Ok(Some(Answer { key, window: Window { count, window } }))
}

/// The key in what a function returned.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn key(fields: &serde_json::Map<String, Value>) -> Result<String, String> {
    let key = match fields.get("key") {
        Some(Value::String(key)) => key.clone(),
        Some(Value::Number(key)) => key.to_string(),
        None => return Err("what it returned has no `key`".to_owned()),
        Some(other) => return Err(format!("the `key` that it returned is {} instead of a text", kind(other))),
    };
    if key.len() > LONGEST_KEY {
        return Err(format!("the `key` that it returned has {} bytes; at most {LONGEST_KEY} are counted", key.len()));
    }
    Ok(key)
}

/// A number, or a text that is one: what comes out of the environment is text.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
        _ => None,
    }
}

/// So many requests; none at all is an answer too.
pub(crate) fn requests(count: f64) -> Option<u32> {
    (count.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&count)).then_some(count as u32)
}

/// A window of so many minutes: to the microsecond, so that a third of a minute is not a nanosecond
/// off, and at most a year.
pub(crate) fn minutes(length: f64) -> Option<Duration> {
    let window = Duration::try_from_secs_f64((length * 60e6).round() / 1e6).ok()?;
    (!window.is_zero() && window <= Duration::from_secs(366 * 86_400)).then_some(window)
}

/// What a value is, in words.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const DEFAULT: Window = Window { count: 5, window: Duration::from_secs(60) };

    fn answer(key: &str, count: u32, seconds: u64) -> Answer {
        Answer { key: key.to_owned(), window: Window { count, window: Duration::from_secs(seconds) } }
    }

    #[test]
    fn what_the_function_does_not_say_stays_as_the_options_have_it() {
        for (returned, expected) in [
            (json!(null), None),
            (json!({ "key": "a" }), Some(answer("a", 5, 60))),
            (json!({ "key": 7, "requestsAllowed": null, "more": true }), Some(answer("7", 5, 60))),
            (json!({ "key": "", "requestsAllowed": 100 }), Some(answer("", 100, 60))),
            (json!({ "key": "a", "requestsAllowed": 0 }), Some(answer("a", 0, 60))),
            (json!({ "key": "a", "requestsAllowed": "9", "timeWindowMinutes": 0.5 }), Some(answer("a", 9, 30))),
        ] {
            assert_eq!(read(&returned, DEFAULT), Ok(expected), "{returned}");
        }
    }

    #[test]
    fn a_wrong_answer_is_described_without_the_values_in_it() {
        for (returned, says) in [
            (json!("s3cret"), "returned a text"),
            (json!(["s3cret"]), "returned an array"),
            (json!(false), "returned a boolean"),
            (json!({ "kye": "s3cret" }), "no `key`"),
            (json!({ "key": null }), "`key` that it returned is nothing"),
            (json!({ "key": { "s3cret": 1 } }), "`key` that it returned is an object"),
            (json!({ "key": "s3cret".repeat(1000) }), "has 6000 bytes"),
            (json!({ "key": "s3cret", "requestsAllowed": -1 }), "is -1 instead of a whole number"),
            (json!({ "key": "s3cret", "requestsAllowed": 1.5 }), "is 1.5 instead"),
            (json!({ "key": "s3cret", "requestsAllowed": "s3cret" }), "is a text instead of a number"),
            (json!({ "key": "s3cret", "timeWindowMinutes": 0 }), "is 0 instead of a number above 0"),
            (json!({ "key": "s3cret", "timeWindowMinutes": 1e300 }), "up to a year"),
        ] {
            let cause = read(&returned, DEFAULT).unwrap_err();
            assert!(cause.contains(says) && !cause.contains("s3cret"), "{returned}: {cause}");
        }
    }
}
