//! What the gateway knows of gRPC: how long a call may take, and how one is refused.
//!
//! A call is a POST whose answer says how it went in its trailers, `grpc-status` and
//! `grpc-message`. Messages pass like any other body. A client of gRPC reads no problem document,
//! so a refusal of the gateway is told as a server tells it that has nothing else to say: status
//! 200, and the trailers as head ("Trailers-Only").

use std::time::Duration;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use tollgate_core::project::Timeouts;
use tollgate_core::record::Record;
use tollgate_core::{Body, Request, Response};

const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
/// What stands as it is in a `grpc-message`: printable ASCII but the percent sign.
const NOT_IN_MESSAGES: &AsciiSet = &CONTROLS.add(b'%');

/// How long the whole exchange may take, counted from its beginning, as the caller asks. It stands
/// in the extensions of the request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Duration);

/// Whether a request is a call.
pub(crate) fn is_call(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|value| {
        value.as_bytes().get(..16).is_some_and(|start| start.eq_ignore_ascii_case(b"application/grpc"))
    })
}

/// Notes the deadline of a request that is a call. Gives back how long the exchange may take: as the route says, or
/// less where the caller waits less.
pub(crate) fn note_deadline(parts: &mut http::request::Parts, total: Option<Duration>) -> Option<Duration> {
    let asked = parts.headers.get(GRPC_TIMEOUT);
    let Some(asked) = asked.and_then(|value| parse_timeout(value.to_str().ok()?)) else { return total };
    parts.extensions.insert(Deadline(asked));
    Some(total.map_or(asked, |total| total.min(asked)))
}

/// Passes the deadline of a call on: the upstream is told what is left, `spent` having passed, and
/// the exchange with it must be over by then.
pub(crate) fn pass_deadline_on(request: &mut Request, timeouts: &Timeouts, spent: Duration) -> Timeouts {
    let mut timeouts = *timeouts;
    if let Some(Deadline(asked)) = request.extensions().get().copied() {
        let total = timeouts.total.map_or(asked, |total| total.min(asked));
        timeouts.total = Some(total);
        request.headers_mut().insert(GRPC_TIMEOUT, written(total.saturating_sub(spent)));
    }
    timeouts
}

/// `1S`, `100m`: at most eight digits and a unit.
fn parse_timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > 8 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(count * 3600),
        "M" => Duration::from_secs(count * 60),
        "S" => Duration::from_secs(count),
        "m" => Duration::from_millis(count),
        "u" => Duration::from_micros(count),
        "n" => Duration::from_nanos(count),
        _ => return None,
    })
}

/// In the finest unit that needs no more than eight digits; never longer than it is.
fn written(left: Duration) -> HeaderValue {
    const MOST: u128 = 99_999_999;
    let (count, unit) = match left {
        left if left.as_nanos() <= MOST => (left.as_nanos().max(1), 'n'),
        left if left.as_micros() <= MOST => (left.as_micros(), 'u'),
        left if left.as_millis() <= MOST => (left.as_millis(), 'm'),
        left => (u128::from(left.as_secs()).min(MOST), 'S'),
    };
    HeaderValue::try_from(format!("{count}{unit}")).unwrap_or(HeaderValue::from_static("1n"))
}

/// Tells a call why it was refused. An answer that is no refusal of the gateway stays as it is.
pub(crate) fn told(record: &Record, response: Response) -> Response {
    let is_problem =
        response.headers().get(CONTENT_TYPE).is_some_and(|value| value.as_bytes() == b"application/problem+json");
    let Some(refusal) = record.refusal.as_ref().filter(|_| is_problem) else { return response };
    let (mut parts, _) = response.into_parts();
    let status = status_of(parts.status);
    parts.status = StatusCode::OK;
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    parts.headers.insert(GRPC_STATUS, HeaderValue::from(status));
    let message = utf8_percent_encode(&refusal.detail, NOT_IN_MESSAGES).to_string();
    if let Ok(message) = HeaderValue::try_from(message) {
        parts.headers.insert(GRPC_MESSAGE, message);
    }
    Response::from_parts(parts, Body::empty())
}

/// The code of gRPC that says what a status of HTTP says.
fn status_of(status: StatusCode) -> u16 {
    match status.as_u16() {
        499 => 1,                               // CANCELLED
        400 | 411 | 414 | 415 | 417 | 422 => 3, // INVALID_ARGUMENT
        408 | 504 => 4,                         // DEADLINE_EXCEEDED
        409 => 10,                              // ABORTED
        403 => 7,                               // PERMISSION_DENIED
        413 | 429 | 431 => 8,                   // RESOURCE_EXHAUSTED
        412 | 428 => 9,                         // FAILED_PRECONDITION
        404 | 405 | 501 => 12,                  // UNIMPLEMENTED
        502 | 503 => 14,                        // UNAVAILABLE
        401 | 407 => 16,                        // UNAUTHENTICATED
        500..=599 => 13,                        // INTERNAL
        _ => 2,                                 // UNKNOWN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_eight_digits_and_a_unit() {
        let check = |text, expected| assert_eq!(parse_timeout(text), expected, "{text}");
        check("1H", Some(Duration::from_secs(3600)));
        check("2M", Some(Duration::from_secs(120)));
        check("3S", Some(Duration::from_secs(3)));
        check("4m", Some(Duration::from_millis(4)));
        check("5u", Some(Duration::from_micros(5)));
        check("99999999n", Some(Duration::from_nanos(99_999_999)));
        for bad in ["", "1", "S", "123456789S", "-1S", "+1S", "1s", "1 S", "1.5S", "é"] {
            check(bad, None);
        }
    }

    #[test]
    fn what_is_left_is_told_in_the_finest_unit_that_fits() {
        let check = |left, expected: &str| assert_eq!(written(left), expected);
        check(Duration::ZERO, "1n");
        check(Duration::from_millis(50), "50000000n");
        check(Duration::from_millis(1500), "1500000u");
        check(Duration::from_secs(300), "300000m");
        check(Duration::from_secs(200_000), "200000S");
        for left in [1, 99, 12_345, 999_999_999_999] {
            let left = Duration::from_micros(left);
            let again = parse_timeout(written(left).to_str().unwrap()).unwrap();
            assert!(again <= left && left - again < Duration::from_secs(1), "{left:?} {again:?}");
        }
    }

    #[test]
    fn calls_are_told_by_their_content_type() {
        for (value, expected) in [
            ("application/grpc", true),
            ("application/grpc+proto", true),
            ("Application/gRPC; charset=x", true),
            ("application/json", false),
            ("application/grp", false),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(value))]);
            assert_eq!(is_call(&headers), expected, "{value}");
        }
        assert!(!is_call(&HeaderMap::new()));
    }
}
