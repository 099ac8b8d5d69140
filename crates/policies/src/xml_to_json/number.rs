//! Texts that are meant as numbers or booleans, by the rules of fast-xml-parser: a number stays a text where a
//! number would lose some of its digits.

use serde_json::{Number, Value};

/// The longest text that may be a number.
const LONGEST: usize = 32;

/// A text as the value that it spells, or as itself.
pub(super) fn value_of(text: String) -> Value {
    match text.trim() {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        spelt => number_of(spelt).map_or(Value::String(text), Value::Number),
    }
}

fn number_of(text: &str) -> Option<Number> {
    if text.len() > LONGEST {
        return None;
    }
    let (sign, digits) = match text.strip_prefix(['+', '-']) {
        Some(digits) => (if text.starts_with('-') { "-" } else { "" }, digits),
        None => ("", text),
    };
    if let Some(hex) = digits.strip_prefix("0x") {
        let number = i64::from_str_radix(hex, 16).ok().filter(|_| hex.bytes().all(|b| b.is_ascii_hexdigit()))?;
        return exact(if sign == "-" { -number } else { number });
    }
    if !digits.bytes().any(|byte| byte.is_ascii_digit())
        || !digits.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b))
    {
        return None;
    }
    let number: f64 = digits.parse().ok()?;
    if !number.is_finite() {
        return None;
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if digits.contains(['e', 'E']) {
        return of_float(sign, number);
    }
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    let canonical = if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") };
    // The number is written as the text is, so nothing of it is lost.
    (number.to_string() == canonical).then(|| of_float(sign, number)).flatten()
}

fn of_float(sign: &str, number: f64) -> Option<Number> {
    let number = if sign == "-" { -number } else { number };
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
    match number {
        whole if whole.fract() == 0.0 && whole.abs() < 9_007_199_254_740_992.0 => exact(whole as i64),
        other => Number::from_f64(other),
    }
}

/// What JavaScript can hold as a whole number.
fn exact(number: i64) -> Option<Number> {
    (number.unsigned_abs() < 1 << 53).then(|| Number::from(number))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_number_can_hold_is_one() {
        for (text, expected) in [
            ("1", json!(1)),
            ("-1", json!(-1)),
            ("+1", json!(1)),
            ("007", json!(7)),
            ("0", json!(0)),
            ("1.50", json!(1.5)),
            (".5", json!(0.5)),
            ("1e3", json!(1000)),
            ("0x1F", json!(31)),
            (" 12 ", json!(12)),
            ("true", json!(true)),
            ("True", json!("True")),
            ("", json!("")),
            (".", json!(".")),
            ("1.2.3", json!("1.2.3")),
            ("12 34", json!("12 34")),
            ("1-2", json!("1-2")),
            ("inf", json!("inf")),
            ("NaN", json!("NaN")),
            ("1e999", json!("1e999")),
            ("12345678901234567890", json!("12345678901234567890")),
            ("0.1234567890123456789", json!("0.1234567890123456789")),
            ("0xZZ", json!("0xZZ")),
        ] {
            assert_eq!(value_of(text.to_owned()), expected, "{text}");
        }
    }
}
