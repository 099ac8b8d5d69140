//! Request ids and the W3C trace context (level 1, with the random flag's rule of level 2:
//! unknown flags are not passed on).

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use tollgate_core::exchange::{SpanId, Trace, TraceId};
use tollgate_core::time::Timestamp;
use tollgate_http1::push_field;
use uuid::Uuid;

use crate::named::Named;

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub(crate) const ZUPLO_REQUEST_ID: HeaderName = HeaderName::from_static("zp-rid");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The id of a request, as text and as the field that upstream and client get.
#[derive(Debug, Clone)]
pub(crate) struct RequestId {
    pub(crate) text: Arc<str>,
    pub(crate) field: HeaderValue,
}

/// The request id and the trace of a request: the caller's, where they are well-formed.
pub(crate) fn identify(headers: &HeaderMap, named: Named, now: Timestamp) -> (RequestId, Trace) {
    let fresh = fresh_id(now);
    let id = match caller_id(headers, named) {
        Some((text, field)) => RequestId { text: text.into(), field: field.clone() },
        None => {
            let mut digits = Uuid::encode_buffer();
            let text: &str = fresh.hyphenated().encode_lower(&mut digits);
            let field = HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""));
            RequestId { text: text.into(), field }
        }
    };
    let span_id = SpanId::of(Uuid::new_v4().as_u64_pair().0.into());
    let trace = match parent(headers, named) {
        Some((trace_id, parent_id, flags)) => Trace { trace_id, span_id, parent_id: Some(parent_id), flags },
        // Sampled, as a backend without a gateway in front of it would have decided for itself.
        None => Trace { trace_id: TraceId::of(fresh.as_u128()), span_id, parent_id: None, flags: 1 },
    };
    (id, trace)
}

/// A UUID of version 7 (RFC 9562 §5.7): the moment, and 74 random bits.
fn fresh_id(now: Timestamp) -> Uuid {
    // Of version 4 the bytes 6 and 8 are not wholly random.
    let [a, b, c, d, e, f, _, g, _, h, i, j, ..] = Uuid::new_v4().into_bytes();
    let random = [a, b, c, d, e, f, g, h, i, j];
    uuid::Builder::from_unix_timestamp_millis(u64::try_from(now.0).unwrap_or_default(), &random).into_uuid()
}

/// At most 128 visible ASCII characters, sent once.
fn caller_id(headers: &HeaderMap, named: Named) -> Option<(&str, &HeaderValue)> {
    let field = named.request_id.then(|| only(headers, &REQUEST_ID))??;
    let id = field.to_str().ok()?;
    let well_formed = !id.is_empty() && id.len() <= 128 && id.bytes().all(|b| b.is_ascii_graphic());
    well_formed.then_some((id, field))
}

/// A field that was sent once.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

/// Trace id, span id and the sampled flag of a well-formed `traceparent`.
fn parent(headers: &HeaderMap, named: Named) -> Option<(TraceId, SpanId, u8)> {
    let value = named.traceparent.then(|| only(headers, &TRACEPARENT))??.to_str().ok()?;
    let (version, flags) = (value.get(..2)?, value.get(53..55)?);
    let (trace_id, span_id) = (TraceId::parse(value.get(3..35)?)?, SpanId::parse(value.get(36..52)?)?);
    let hex = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let dashes = [2, 35, 52].iter().all(|at| value.as_bytes().get(*at) == Some(&b'-'));
    // Version 00 ends here; later ones may go on behind a dash; ff is not one.
    let end = match version {
        "00" => value.len() == 55,
        "ff" => false,
        _ => value.len() == 55 || value.as_bytes().get(55) == Some(&b'-'),
    };
    if !dashes || !end || !hex(version) || !hex(flags) || trace_id.is_zero() || span_id.is_zero() {
        return None;
    }
    Some((trace_id, span_id, u8::from_str_radix(flags, 16).ok()? & 1))
}

/// Takes out what the caller said of both, for which the gateway has its own word.
pub(crate) fn leave_out(trace: &Trace, named: Named, headers: &mut HeaderMap) {
    // Without a parent it belongs to a `traceparent` that was ill-formed, or to none.
    if named.tracestate && trace.parent_id.is_none() {
        headers.remove(TRACESTATE);
    }
    if named.traceparent {
        headers.remove(TRACEPARENT);
    }
    if named.request_id {
        headers.remove(REQUEST_ID);
    }
}

/// Writes the id and the trace context that the upstream gets; the caller's have been left out.
pub(crate) fn propagate(id: &HeaderValue, trace: &Trace, headers: &mut HeaderMap) {
    if let Ok(value) = HeaderValue::from_bytes(&trace.traceparent()) {
        headers.insert(TRACEPARENT, value);
    }
    headers.insert(REQUEST_ID, id.clone());
}

/// The same as lines of a head.
pub(crate) fn push(id: &str, trace: &Trace, lines: &mut Vec<u8>) {
    push_field(lines, TRACEPARENT.as_str(), &trace.traceparent());
    push_field(lines, REQUEST_ID.as_str(), id.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_767_225_600);

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)));
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(name, value);
        }
        map
    }

    fn identified(headers: &HeaderMap) -> (RequestId, Trace) {
        identify(headers, Named::of(headers), NOW)
    }

    #[test]
    fn a_well_formed_trace_goes_on_and_any_other_begins_anew() {
        const ID: &str = "0af7651916cd43dd8448eb211c80319c";
        for (value, goes_on) in [
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true),
            ("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what", true),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what", false),
            ("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false),
            ("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", false),
            ("00-00000000000000000000000000000000-b7ad6b7169203331-01", false),
            ("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false),
            ("00-0af7651916cd43dd8448eb211c80319c", false),
            ("", false),
        ] {
            let (_, trace) = identified(&headers(&[("traceparent", value)]));
            assert_eq!(trace.trace_id.as_str() == ID, goes_on, "{value}");
            assert_eq!(trace.parent_id.is_some(), goes_on, "{value}");
            assert!(!trace.trace_id.is_zero() && !trace.span_id.is_zero(), "{value}");
        }
    }

    #[test]
    fn only_well_formed_request_ids_are_taken_over() {
        assert_eq!(identified(&headers(&[("x-request-id", "abc-1")])).0.field, "abc-1");
        for pairs in [
            &[("x-request-id", "a b")][..],
            &[("x-request-id", "")],
            &[("x-request-id", "a"), ("x-request-id", "b")],
            &[],
        ] {
            assert_eq!(identified(&headers(pairs)).0.text.len(), 36, "{pairs:?}");
        }
    }

    #[test]
    fn the_state_of_a_broken_trace_is_not_passed_on() {
        let mut broken = headers(&[("traceparent", "nonsense"), ("tracestate", "a=b")]);
        let (id, trace) = identified(&broken);
        leave_out(&trace, Named::of(&broken), &mut broken);
        propagate(&id.field, &trace, &mut broken);
        assert!(!broken.contains_key("tracestate"));
        assert!(broken["traceparent"].to_str().unwrap().contains(trace.span_id.as_str()));
    }

    #[test]
    fn a_fresh_id_is_a_uuid_of_version_7_of_its_moment_and_no_two_are_equal() {
        let ids: Vec<_> = (0..1000).map(|_| fresh_id(NOW)).collect();
        for id in &ids {
            assert_eq!((id.get_version_num(), id.get_variant()), (7, uuid::Variant::RFC4122));
            assert_eq!(id.get_timestamp().map(|at| at.to_unix().0), Some(1_767_225_600));
        }
        assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), ids.len());
    }
}
