//! Answering from what is kept (RFC 9111 §4, RFC 9110 §13).

use std::time::Duration;

use bytes::Bytes;
use http::header::{
    AGE, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use http::{Method, StatusCode};
use tollgate_core::{Body, Response};

use super::directives::Directives;
use super::kept::Head;

/// The field in which a cache says what it did (RFC 9211).
pub(super) const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

impl Head {
    /// How old the answer is.
    pub(super) fn age(&self, now: Duration) -> Duration {
        self.age + now.saturating_sub(self.came)
    }

    /// Whether a client that asks like this takes it.
    pub(super) fn suits(&self, asked: &Directives, now: Duration) -> bool {
        let left = self.until.saturating_sub(now);
        !left.is_zero()
            && asked.max_age.is_none_or(|most| self.age(now).as_secs() <= most)
            && asked.min_fresh.is_none_or(|least| left.as_secs() >= least)
    }

    /// The answer to a request with this method and these fields.
    pub(super) fn answer(mut self, body: Bytes, method: &Method, asked: &HeaderMap, now: Duration) -> Response {
        let (age, left) = (self.age(now).as_secs(), self.until.saturating_sub(now).as_secs());
        let unchanged = self.status == StatusCode::OK && self.is_known(asked);
        let headers = &mut self.headers;
        headers.insert(AGE, HeaderValue::from(age));
        if let Ok(value) = HeaderValue::from_str(&format!("tollgate;hit;ttl={left}")) {
            headers.insert(CACHE_STATUS, value);
        }
        let body = if unchanged {
            for name in [CONTENT_LENGTH, CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LANGUAGE] {
                headers.remove(name);
            }
            self.status = StatusCode::NOT_MODIFIED;
            Body::empty()
        } else if *method == Method::HEAD {
            if !body.is_empty() {
                headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
            }
            Body::empty()
        } else {
            Body::full(body)
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }

    /// Whether the client has it already (RFC 9110 §13.1.2, §13.1.3).
    fn is_known(&self, asked: &HeaderMap) -> bool {
        if asked.contains_key(IF_NONE_MATCH) {
            let Some(tag) = self.headers.get(ETAG).map(|tag| opaque(tag.as_bytes())) else { return false };
            return asked.get_all(IF_NONE_MATCH).iter().any(|field| names(field.as_bytes(), tag));
        }
        let moment = |value: &HeaderValue| httpdate::parse_http_date(value.to_str().ok()?).ok();
        let since = asked.get(IF_MODIFIED_SINCE).and_then(moment);
        let modified = self.headers.get(LAST_MODIFIED).and_then(moment);
        since.zip(modified).is_some_and(|(since, modified)| modified <= since)
    }
}

/// A tag without what says that it is weak.
fn opaque(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

/// Whether a field of If-None-Match names a tag.
fn names(field: &[u8], tag: &[u8]) -> bool {
    let mut quoted = false;
    let mut listed = field.split(move |byte| {
        quoted ^= *byte == b'"';
        *byte == b',' && !quoted
    });
    listed.any(|one| {
        let one = one.trim_ascii();
        one == b"*" || opaque(one) == tag
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_in_a_list_weak_or_strong() {
        for (field, found) in [
            (r#""a""#, true),
            (r#"W/"a""#, true),
            (r#""b", W/"a" "#, true),
            ("*", true),
            (r#""b,"a"","#, false),
            ("a", false),
            (r#""A""#, false),
        ] {
            assert_eq!(names(field.as_bytes(), b"\"a\""), found, "{field}");
        }
    }
}
