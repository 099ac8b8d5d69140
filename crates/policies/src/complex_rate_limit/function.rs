//! What the function of a complex limit may return.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tollgate_core::services::Window;

use super::options::Amount;
use crate::counting::amounts::{Table, merge};
use crate::counting::function::{key, kind, minutes};

/// Reads `{ key, limits?, timeWindowMinutes? }` into the limits, and gives the key; nothing at all means that there is
/// no limit.
///
/// # Errors
/// What is wrong with it, without the caller's values.
pub(super) fn read<T>(
    returned: &Value,
    limits: &mut Table<Window>,
    length: Duration,
    names: &[(Arc<str>, T)],
) -> Result<Option<String>, String> {
    let fields = match returned {
        Value::Null => return Ok(None),
        Value::Object(fields) => fields,
        other => return Err(format!("it returned {} instead of an object with a `key`", kind(other))),
    };
    let key = key(fields)?;
    let length = match fields.get("timeWindowMinutes") {
        None | Some(Value::Null) => None,
        Some(value) => Some(value.as_f64().and_then(minutes).ok_or_else(|| {
            format!(
                "the `timeWindowMinutes` that it returned is {} instead of a number above 0, up to a year",
                kind(value)
            )
        })?),
    }
    .map_or(Ok::<_, String>(length), |own| {
        // A window of its own holds for limits that the function leaves as they are, too.
        for (_, window) in limits.iter_mut() {
            window.window = own;
        }
        Ok(own)
    })?;
    match fields.get("limits") {
        None | Some(Value::Null) => {}
        Some(Value::Object(own)) => {
            for (name, value) in own {
                if !names.iter().any(|(known, _)| **known == **name) {
                    return Err("it returned a limit that the options do not have: name it in `limits` too".to_owned());
                }
                let window = Amount::read(value, None, length).ok_or_else(|| {
                    format!(
                        "the limit `{name}` that it returned is {} instead of a whole number or a rate",
                        kind(value)
                    )
                })?;
                merge(limits, &[(name.as_str().into(), window)]);
            }
        }
        Some(other) => return Err(format!("the `limits` that it returned are {} instead of an object", kind(other))),
    }
    Ok(Some(key))
}
