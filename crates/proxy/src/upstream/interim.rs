//! What an upstream says before its answer.

use http::header::TRAILER;
use http::{HeaderMap, StatusCode};
use tollgate_core::interim::Interim;

use crate::hygiene::clean_response;

/// How many interim answers may come before the final one.
pub(super) const MOST: u32 = 16;

/// Passes an interim answer on to whoever waits for the final one, without what concerns this
/// connection or a body. `false` where nobody wants it.
pub(super) fn pass_on(interim: Option<&Interim>, status: StatusCode, headers: HeaderMap) -> bool {
    // The gateway has asked for the body itself, and expects nothing of upstreams (RFC 9110 §10.1.1).
    let Some(interim) = interim.filter(|_| status != StatusCode::CONTINUE) else { return false };
    let (mut parts, ()) = http::Response::new(()).into_parts();
    parts.headers = headers;
    clean_response(&mut parts, false);
    parts.headers.remove(TRAILER);
    interim.pass_on(status, &parts.headers)
}
