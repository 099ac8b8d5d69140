//! Cookies, which HTTP/2 may cut into crumbs (RFC 9113 §8.2.3).

use http::header::{COOKIE, HeaderValue};
use http::{HeaderMap, Version};

/// Puts the crumbs together again: policies and upstreams read one field, and some read only the
/// first.
pub(super) fn join_crumbs(version: Version, headers: &mut HeaderMap) {
    if version < Version::HTTP_2 {
        return;
    }
    let mut crumbs = headers.get_all(COOKIE).iter();
    if crumbs.next().is_none() || crumbs.next().is_none() {
        return;
    }
    let mut joined = Vec::new();
    for crumb in headers.get_all(COOKIE) {
        if !joined.is_empty() {
            joined.extend_from_slice(b"; ");
        }
        joined.extend_from_slice(crumb.as_bytes());
    }
    // Values that were valid apart are valid together.
    if let Ok(mut whole) = HeaderValue::from_bytes(&joined) {
        whole.set_sensitive(true);
        headers.insert(COOKIE, whole);
    }
}
