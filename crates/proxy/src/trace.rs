//! Request ids and the W3C trace context (level 1, with the random flag's rule of level 2:
//! unknown flags are not passed on).

use http::{HeaderMap, HeaderName, HeaderValue};
use tollgate_core::exchange::Trace;
use uuid::Uuid;

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub(crate) const ZUPLO_REQUEST_ID: HeaderName = HeaderName::from_static("zp-rid");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The request id and the trace of a request: the caller's, where they are well-formed.
pub(crate) fn identify(headers: &HeaderMap) -> (String, Trace) {
    let fresh = Uuid::now_v7();
    let id = caller_id(headers).map_or_else(|| fresh.to_string(), str::to_owned);
    let span_id = format!("{:016x}", Uuid::new_v4().as_u64_pair().0);
    let trace = match parent(headers) {
        Some((trace_id, parent_id, flags)) => {
            Trace { trace_id: trace_id.to_owned(), span_id, parent_id: Some(parent_id.to_owned()), flags }
        }
        // Sampled, as a backend without a gateway in front of it would have decided for itself.
        None => Trace { trace_id: fresh.simple().to_string(), span_id, parent_id: None, flags: 1 },
    };
    (id, trace)
}

/// At most 128 visible ASCII characters, sent once.
fn caller_id(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(REQUEST_ID).iter();
    let id = values.next()?.to_str().ok()?;
    let well_formed = !id.is_empty() && id.len() <= 128 && id.bytes().all(|b| b.is_ascii_graphic());
    (well_formed && values.next().is_none()).then_some(id)
}

/// Trace id, span id and the sampled flag of a well-formed `traceparent`.
fn parent(headers: &HeaderMap) -> Option<(&str, &str, u8)> {
    let mut values = headers.get_all(TRACEPARENT).iter();
    let value = values.next().filter(|_| values.next().is_none())?.to_str().ok()?;
    let (version, trace_id, span_id, flags) =
        (value.get(..2)?, value.get(3..35)?, value.get(36..52)?, value.get(53..55)?);
    let hex = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let dashes = [2, 35, 52].iter().all(|at| value.as_bytes().get(*at) == Some(&b'-'));
    // Version 00 ends here; later ones may go on behind a dash; ff is not one.
    let end = match version {
        "00" => value.len() == 55,
        "ff" => false,
        _ => value.len() == 55 || value.as_bytes().get(55) == Some(&b'-'),
    };
    let zero = |text: &str| text.bytes().all(|b| b == b'0');
    let fields = [version, trace_id, span_id, flags];
    if !dashes || !end || !fields.iter().all(|field| hex(field)) || zero(trace_id) || zero(span_id) {
        return None;
    }
    Some((trace_id, span_id, u8::from_str_radix(flags, 16).ok()? & 1))
}

/// Writes the id and the trace context that the upstream gets.
pub(crate) fn propagate(id: &str, trace: &Trace, headers: &mut HeaderMap) {
    if trace.parent_id.is_none() {
        // It belongs to a `traceparent` that was ill-formed, or to none.
        headers.remove(TRACESTATE);
    }
    let parent = format!("00-{}-{}-{:02x}", trace.trace_id, trace.span_id, trace.flags);
    if let Ok(value) = HeaderValue::try_from(parent) {
        headers.insert(TRACEPARENT, value);
    }
    if let Ok(value) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)));
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(name, value);
        }
        map
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
            let (_, trace) = identify(&headers(&[("traceparent", value)]));
            assert_eq!(trace.trace_id == ID, goes_on, "{value}");
            assert_eq!(trace.parent_id.is_some(), goes_on, "{value}");
            assert_eq!((trace.trace_id.len(), trace.span_id.len()), (32, 16), "{value}");
        }
    }

    #[test]
    fn only_well_formed_request_ids_are_taken_over() {
        assert_eq!(identify(&headers(&[("x-request-id", "abc-1")])).0, "abc-1");
        for pairs in [
            &[("x-request-id", "a b")][..],
            &[("x-request-id", "")],
            &[("x-request-id", "a"), ("x-request-id", "b")],
            &[],
        ] {
            assert_eq!(identify(&headers(pairs)).0.len(), 36, "{pairs:?}");
        }
    }

    #[test]
    fn the_state_of_a_broken_trace_is_not_passed_on() {
        let mut broken = headers(&[("traceparent", "nonsense"), ("tracestate", "a=b")]);
        let (id, trace) = identify(&broken);
        propagate(&id, &trace, &mut broken);
        assert!(!broken.contains_key("tracestate"));
        assert!(broken["traceparent"].to_str().unwrap().contains(&trace.span_id));
    }
}
