//! What the functions of a quota may return.

use serde_json::Value;
use tollgate_core::time::Timestamp;

use crate::counting::amounts::{Table, whole};
use crate::counting::function::{key, kind};

/// Whose quota it is, and how much it holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Detail {
    pub(super) key: String,
    pub(super) allowances: Table<u64>,
}

/// Reads `{ key, allowances }`; nothing at all means that there is no quota.
///
/// # Errors
/// What is wrong with it, without the caller's values.
pub(super) fn detail(returned: &Value) -> Result<Option<Detail>, String> {
    let fields = match returned {
        Value::Null => return Ok(None),
        Value::Object(fields) => fields,
        other => return Err(format!("it returned {} instead of an object with a `key`", kind(other))),
    };
    let key = key(fields)?;
    let allowances = match fields.get("allowances") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Object(allowances)) => {
            let one = |(name, value): (&String, &Value)| match whole(value) {
                Some(allowance) => Ok((name.as_str().into(), allowance)),
                None => Err(format!(
                    "the allowance of `{name}` that it returned is {} instead of a whole number",
                    kind(value)
                )),
            };
            allowances.iter().map(one).collect::<Result<_, _>>()?
        }
        Some(other) => {
            return Err(format!("the `allowances` that it returned are {} instead of an object", kind(other)));
        }
    };
    Ok(Some(Detail { key, allowances }))
}

/// Reads a date: a `Date`, a text such as `2026-01-31T00:00:00Z`, or milliseconds since 1970.
///
/// # Errors
/// What is wrong with it.
pub(super) fn date(returned: &Value) -> Result<Timestamp, String> {
    match returned {
        Value::String(text) => date_of_text(text).ok_or_else(|| "the text that it returned is no date".to_owned()),
        Value::Number(number) => match number.as_f64() {
            Some(millis) if millis.abs() < 2e14 => Ok(Timestamp(millis as i64)),
            _ => Err("the number that it returned is no date".to_owned()),
        },
        other => Err(format!("it returned {} instead of a date", kind(other))),
    }
}

fn date_of_text(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text.trim()).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dates_are_read_as_functions_write_them() {
        let expected = Timestamp(1_767_225_600_000);
        for returned in [
            json!("2026-01-01T00:00:00.000Z"),
            json!("2026-01-01T01:00:00+01:00"),
            json!("2026-01-01"),
            json!(1_767_225_600_000_i64),
        ] {
            assert_eq!(date(&returned), Ok(expected), "{returned}");
        }
        for (returned, says) in
            [(json!("soon"), "no date"), (json!(1e300), "no date"), (json!({}), "an object"), (json!(null), "nothing")]
        {
            assert!(date(&returned).unwrap_err().contains(says), "{returned}");
        }
    }

    #[test]
    fn a_detail_names_a_key_and_whole_allowances() {
        let read = |value: Value| detail(&value);
        assert_eq!(read(json!(null)), Ok(None));
        let expected = Detail { key: "acme".into(), allowances: vec![("requests".into(), 5)] };
        assert_eq!(read(json!({ "key": "acme", "allowances": { "requests": 5 } })), Ok(Some(expected)));
        assert_eq!(read(json!({ "key": 7 })).unwrap().unwrap().key, "7");
        for (returned, says) in [
            (json!("s3cret"), "returned a text"),
            (json!({}), "no `key`"),
            (json!({ "key": "s3cret", "allowances": 5 }), "are a number"),
            (json!({ "key": "s3cret", "allowances": { "requests": 1.5 } }), "instead of a whole number"),
            (json!({ "key": "s3cret", "allowances": { "requests": "s3cret" } }), "is a text"),
        ] {
            let wrong = read(returned).unwrap_err();
            assert!(wrong.contains(says) && !wrong.contains("s3cret"), "{wrong}");
        }
    }
}
