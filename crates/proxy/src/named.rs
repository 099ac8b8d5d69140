//! Which fields a request has, of those that are looked for in every one.
//!
//! To ask a map for a field that is not there costs what it costs to ask for one that is: its name is hashed, byte
//! after byte. One look at each name that is there answers for all of them.

use http::HeaderMap;

/// Whether there is a field of that name, at least once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) content_length: bool,
    pub(crate) content_type: bool,
    pub(crate) request_id: bool,
    pub(crate) traceparent: bool,
    pub(crate) tracestate: bool,
    pub(crate) transfer_encoding: bool,
    pub(crate) upgrade: bool,
    pub(crate) user_agent: bool,
}

impl Named {
    /// Looks at each name once.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut named = Self::default();
        for name in headers.keys() {
            match name.as_str() {
                "content-length" => named.content_length = true,
                "content-type" => named.content_type = true,
                "x-request-id" => named.request_id = true,
                "traceparent" => named.traceparent = true,
                "tracestate" => named.tracestate = true,
                "transfer-encoding" => named.transfer_encoding = true,
                "upgrade" => named.upgrade = true,
                "user-agent" => named.user_agent = true,
                _ => {}
            }
        }
        named
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn each_field_that_is_there_is_seen_and_no_other() {
        type Told = fn(Named) -> bool;
        let fields: [(&str, Told); 8] = [
            ("Content-Length", |named| named.content_length),
            ("Content-Type", |named| named.content_type),
            ("X-Request-Id", |named| named.request_id),
            ("Traceparent", |named| named.traceparent),
            ("Tracestate", |named| named.tracestate),
            ("Transfer-Encoding", |named| named.transfer_encoding),
            ("Upgrade", |named| named.upgrade),
            ("User-Agent", |named| named.user_agent),
        ];
        for (name, is_there) in fields {
            let mut headers = HeaderMap::new();
            headers.insert("accept", HeaderValue::from_static("*/*"));
            assert_eq!(Named::of(&headers), Named::default());
            headers.append(name, HeaderValue::from_static(""));
            headers.append(name, HeaderValue::from_static(""));
            assert!(is_there(Named::of(&headers)), "{name}");
            assert_eq!(fields.iter().filter(|(_, is_there)| is_there(Named::of(&headers))).count(), 1, "{name}");
        }
    }
}
