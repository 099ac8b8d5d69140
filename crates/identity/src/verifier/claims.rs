//! The registered claims (RFC 7519, §4.1). One that is there and cannot be read refuses: a
//! backend may read it in another way.

use std::time::Duration;

use serde_json::{Map, Value};
use tollgate_core::services::VerifyError;
use tollgate_core::time::Timestamp;

/// How far an issuer's clock may be ahead of ours. There is none for `exp`: clients renew before
/// it, and a token that has expired shall not be served.
const LEEWAY: Duration = Duration::from_secs(30);

/// Checks the claims and says until when they are good.
pub(super) fn check(
    claims: &Value,
    issuer: Option<&str>,
    audience: Option<&str>,
    now: Timestamp,
) -> Result<Timestamp, VerifyError> {
    let Value::Object(claims) = claims else {
        return Err(VerifyError::Malformed("its claims are not an object".to_owned()));
    };
    let expires = moment(claims, "exp")?.ok_or_else(|| wrong("exp", "it is missing"))?;
    if expires <= now {
        return Err(VerifyError::Expired);
    }
    if moment(claims, "nbf")?.is_some_and(|moment| moment > now.plus(LEEWAY)) {
        return Err(VerifyError::NotYet);
    }
    moment(claims, "iat")?;
    text(claims, "sub")?;

    let found = text(claims, "iss")?;
    if let Some(issuer) = issuer
        && found != Some(issuer)
    {
        return Err(wrong("iss", if found.is_some() { "it is another issuer's" } else { "it is missing" }));
    }

    let found = audiences(claims)?;
    if let Some(audience) = audience
        && !found.contains(&audience)
    {
        return Err(wrong("aud", if found.is_empty() { "it is missing" } else { "it is for another audience" }));
    }
    Ok(expires)
}

fn wrong(claim: &str, problem: &str) -> VerifyError {
    VerifyError::Claim { claim: claim.to_owned(), problem: problem.to_owned() }
}

/// A NumericDate: seconds since the epoch, possibly with a fraction.
fn moment(claims: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, VerifyError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    if let Some(seconds) = value.as_i64() {
        return Ok(Some(Timestamp::from_seconds(seconds)));
    }
    let milliseconds = value.as_f64().map(|seconds| (seconds * 1000.0).floor());
    match milliseconds {
        // Above this a float does not hold whole milliseconds; no real moment is there.
        #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
        Some(number) if number.abs() < 9.0e15 => Ok(Some(Timestamp(number as i64))),
        _ => Err(wrong(name, "it is not a moment in seconds")),
    }
}

fn text<'c>(claims: &'c Map<String, Value>, name: &str) -> Result<Option<&'c str>, VerifyError> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(wrong(name, "it is not a text")),
    }
}

fn audiences(claims: &Map<String, Value>) -> Result<Vec<&str>, VerifyError> {
    let not_texts = || wrong("aud", "it is neither a text nor a list of texts");
    match claims.get("aud") {
        None => Ok(Vec::new()),
        Some(Value::String(one)) => Ok(vec![one]),
        Some(Value::Array(many)) => many.iter().map(|value| value.as_str().ok_or_else(not_texts)).collect(),
        Some(_) => Err(not_texts()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    #[track_caller]
    fn check_claims(claims: Value, expected: Result<i64, &str>) {
        let got = check(&claims, Some("https://issuer.test"), Some("api"), Timestamp::from_seconds(NOW));
        match (got, expected) {
            (Ok(moment), Ok(expected)) => assert_eq!(moment.0, expected),
            (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{claims}: {error}"),
            (got, expected) => panic!("{claims}: got {got:?}, expected {expected:?}"),
        }
    }

    fn with(changes: Value) -> Value {
        let mut claims = json!({ "iss": "https://issuer.test", "aud": "api", "sub": "a", "exp": NOW + 60 });
        for (name, value) in changes.as_object().expect("an object") {
            if value == "-" {
                claims.as_object_mut().expect("an object").remove(name);
            } else {
                claims[name] = value.clone();
            }
        }
        claims
    }

    #[test]
    fn claims_are_checked_to_the_letter() {
        check_claims(with(json!({})), Ok((NOW + 60) * 1000));
        check_claims(with(json!({ "exp": NOW as f64 + 60.5 })), Ok((NOW + 60) * 1000 + 500));
        check_claims(with(json!({ "exp": NOW })), Err("expired"));
        check_claims(with(json!({ "exp": NOW - 1 })), Err("expired"));
        check_claims(with(json!({ "exp": "-" })), Err("`exp`: it is missing"));
        check_claims(with(json!({ "exp": null })), Err("`exp`: it is not a moment"));
        check_claims(with(json!({ "exp": (NOW + 60).to_string() })), Err("`exp`: it is not a moment"));
        check_claims(with(json!({ "exp": 1e300 })), Err("`exp`: it is not a moment"));
        check_claims(with(json!({ "exp": u64::MAX })), Err("`exp`: it is not a moment"));
        check_claims(with(json!({ "exp": -1 })), Err("expired"));
        check_claims(with(json!({ "nbf": NOW + 30 })), Ok((NOW + 60) * 1000));
        check_claims(with(json!({ "nbf": NOW + 31 })), Err("not valid yet"));
        check_claims(with(json!({ "nbf": "soon" })), Err("`nbf`: it is not a moment"));
        check_claims(with(json!({ "iat": {} })), Err("`iat`: it is not a moment"));
        check_claims(with(json!({ "iss": "-" })), Err("`iss`: it is missing"));
        check_claims(with(json!({ "iss": "https://issuer.test/" })), Err("`iss`: it is another issuer's"));
        check_claims(with(json!({ "iss": ["https://issuer.test"] })), Err("`iss`: it is not a text"));
        check_claims(with(json!({ "aud": "-" })), Err("`aud`: it is missing"));
        check_claims(with(json!({ "aud": ["other", "api"] })), Ok((NOW + 60) * 1000));
        check_claims(with(json!({ "aud": ["other"] })), Err("`aud`: it is for another audience"));
        check_claims(with(json!({ "aud": [1, "api"] })), Err("`aud`: it is neither"));
        check_claims(with(json!({ "sub": 7 })), Err("`sub`: it is not a text"));
        check_claims(json!("text"), Err("not an object"));
    }
}
