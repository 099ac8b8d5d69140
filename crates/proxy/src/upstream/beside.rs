//! What of an exchange reaches its upstream, or comes from there, beside the request and the answer.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use tollgate_core::exchange::{Introduction, Trace};
use tollgate_core::interim::Interim;

use crate::trace;

/// Nothing, for requests of the gateway itself.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Beside<'a> {
    /// Where interim answers go.
    pub(super) interim: Option<&'a Interim>,
    /// Fields that are written when the request is.
    pub(super) late: Option<Late<'a>>,
    /// This moment on the clock of the services, where somebody has just read it.
    pub(super) now: Option<Duration>,
}

/// Fields that no step of a route has looked at, so that they were not put among those of its request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Late<'a> {
    pub(super) introduction: &'a Introduction,
    pub(super) trace: &'a Trace,
    pub(super) id: &'a str,
}

impl Late<'_> {
    /// Writes them into a head of HTTP/1.
    pub(super) fn push(&self, lines: &mut Vec<u8>) {
        lines.extend_from_slice(&self.introduction.lines);
        trace::push(self.id, self.trace, lines);
    }

    /// Puts them among the fields of a request after all.
    pub(super) fn insert(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.introduction.fields {
            headers.insert(name.clone(), value.clone());
        }
        let id = HeaderValue::from_str(self.id).unwrap_or_else(|_| HeaderValue::from_static(""));
        trace::propagate(&id, self.trace, headers);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_a_head_and_the_fields_of_a_request_say_the_same() {
        let fields = [("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=192.0.2.1")]
            .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value)));
        let lines = *b"x-forwarded-for: 192.0.2.1\r\nforwarded: for=192.0.2.1\r\n";
        let introduction = Introduction { fields: fields.into(), lines: lines.into() };
        let late = Late { introduction: &introduction, trace: &Trace::default(), id: "an-id" };
        let (mut headers, mut lines) = (HeaderMap::new(), Vec::new());
        late.insert(&mut headers);
        late.push(&mut lines);
        let lines = String::from_utf8(lines).unwrap();
        let read: HeaderMap = lines
            .split_terminator("\r\n")
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap()))
            .collect();
        assert_eq!(read, headers);
        assert_eq!(headers.len(), 4);
        assert_eq!(headers["x-request-id"], "an-id");
    }
}
