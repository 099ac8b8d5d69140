//! Which changes of an option let more through than before. What is not listed here is a change that nobody
//! can grade without knowing the API, and is told as such.

use std::time::Duration;

use serde_json::Value;
use tollgate_core::units::{Rate, Size};

use super::leaves::LeafChange;

/// Whether a check lets more through once this option has changed.
pub(super) fn weakens(policy: &str, change: &LeafChange, options: (&Value, &Value)) -> bool {
    let name = change.pointer.trim_start_matches('/');
    let (before, after) = (change.before.as_ref(), change.after.as_ref());
    let turned_on = || is_on(after) && !is_on(before);
    match (policy, name) {
        (_, "allowUnauthenticatedRequests" | "allowUnknownIpAddress" | "dryRun") => turned_on(),
        (_, "onFailure") => after.and_then(Value::as_str) == Some("allow"),
        ("rate-limit", _) => looser_rate(options) && decides_rate(name),
        ("complex-rate-limit", _) if name.starts_with("limits/") => larger(before, after) || after.is_none(),
        ("complex-rate-limit", "timeWindowMinutes") => larger(after, before),
        ("quota", _) if name.starts_with("allowances/") => larger(before, after) || after.is_none(),
        ("request-size-limit", "maxSizeInBytes") => size(after).zip(size(before)).is_some_and(|(a, b)| a > b),
        ("request-validation", _) if name.starts_with("validate") => rejects(before) && !rejects(after),
        ("ip-restriction", "allow") => before.is_some() && (after.is_none() || longer(before, after)),
        ("ip-restriction", "deny") => longer(after, before),
        ("open-id-jwt-auth" | "upstream-jwt", "audience") | ("open-id-jwt-auth", "issuer") => after.is_none(),
        ("open-id-jwt-auth", "requiredScopes") => longer(after, before),
        _ => false,
    }
}

fn is_on(value: Option<&Value>) -> bool {
    value == Some(&Value::Bool(true))
}

fn decides_rate(name: &str) -> bool {
    matches!(name, "requestsAllowed" | "timeWindowMinutes" | "burst") || name.starts_with("rate")
}

/// Whether the same time allows more requests.
fn looser_rate((before, after): (&Value, &Value)) -> bool {
    match (rate(before), rate(after)) {
        (Some(before), Some(after)) => after > before,
        // Rates by plan: the default, and each that is in both.
        _ => {
            let (Some(before), Some(after)) = (before["rate"].as_object(), after["rate"].as_object()) else {
                return false;
            };
            let rate = |value: &Value| value.as_str().and_then(|text| text.parse::<Rate>().ok()).map(per_second);
            after.iter().any(|(plan, now)| {
                let was = before.get(plan).or_else(|| before.get("default")).and_then(rate);
                was.zip(rate(now)).is_some_and(|(was, now)| now > was)
            })
        }
    }
}

/// Requests a second, where the options say it.
fn rate(options: &Value) -> Option<f64> {
    if let Some(text) = options["rate"].as_str() {
        return text.parse::<Rate>().ok().map(per_second);
    }
    let number = |name: &str| {
        let value = &options[name];
        value.as_f64().or_else(|| value.as_str()?.parse().ok())
    };
    Some(number("requestsAllowed")? / (number("timeWindowMinutes")? * 60.0))
}

fn per_second(rate: Rate) -> f64 {
    f64::from(rate.count.get()) / rate.window.max(Duration::from_millis(1)).as_secs_f64()
}

/// Whether the second number is larger.
fn larger(before: Option<&Value>, after: Option<&Value>) -> bool {
    let number =
        |value: Option<&Value>| value.and_then(|value| value.as_f64().or_else(|| value.as_str()?.parse().ok()));
    number(before).zip(number(after)).is_some_and(|(before, after)| after > before)
}

fn size(value: Option<&Value>) -> Option<u64> {
    let value = value?;
    value.as_u64().or_else(|| value.as_str()?.parse::<Size>().ok().map(|size| size.0))
}

fn rejects(mode: Option<&Value>) -> bool {
    mode.and_then(Value::as_str).is_some_and(|mode| mode.starts_with("reject"))
}

/// Whether the second list has something that the first has not.
fn longer(before: Option<&Value>, after: Option<&Value>) -> bool {
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let before = list(before);
    list(after).iter().any(|item| !before.contains(item))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(policy: &str, before: Value, after: Value, expected: bool) {
        let described = |shown: &Value| tollgate_admin::views::OptionsDescription {
            shown: shown.clone(),
            hidden: Default::default(),
        };
        let changes = super::super::leaves::changes(&described(&before), &described(&after));
        let weakened = changes.iter().any(|change| weakens(policy, change, (&before, &after)));
        assert_eq!(weakened, expected, "{policy}: {before} → {after}");
    }

    #[test]
    fn what_lets_more_through_is_known() {
        check("rate-limit", json!({ "rate": "10/m" }), json!({ "rate": "100/m" }), true);
        check("rate-limit", json!({ "rate": "100/m" }), json!({ "rate": "1/s" }), false);
        check("rate-limit", json!({ "rate": "10/m" }), json!({ "rate": "10/s" }), true);
        let zuplo = |allowed, minutes| json!({ "requestsAllowed": allowed, "timeWindowMinutes": minutes });
        check("rate-limit", zuplo(10, 1), zuplo(20, 1), true);
        check("rate-limit", zuplo(10, 1), zuplo(10, 2), false);
        let plans = |free: &str| json!({ "by": "user.data.plan", "rate": { "free": free, "default": "5/m" } });
        check("rate-limit", plans("5/m"), plans("50/m"), true);
        check("rate-limit", json!({ "rate": "10/m" }), json!({ "rate": "10/m", "dryRun": true }), true);
        check("api-key", json!({}), json!({ "allowUnauthenticatedRequests": true }), true);
        check("api-key", json!({ "allowUnauthenticatedRequests": true }), json!({}), false);
        check("request-size-limit", json!({ "maxSizeInBytes": "1MiB" }), json!({ "maxSizeInBytes": 2_097_152 }), true);
        let body = |mode: &str| json!({ "validateBody": mode });
        check("request-validation", body("reject-only"), body("log-only"), true);
        check("request-validation", body("log-only"), body("reject-and-log"), false);
        check("ip-restriction", json!({ "allow": ["10.0.0.0/8"] }), json!({ "allow": ["10.0.0.0/8", "::/0"] }), true);
        check("ip-restriction", json!({ "deny": ["10.0.0.0/8"] }), json!({ "deny": [] }), true);
        check("quota", json!({ "allowances": { "requests": 5 } }), json!({ "allowances": { "requests": 6 } }), true);
    }
}
