//! What an upstream says before its answer.

use std::task::{Context, Poll};

use h2::client::ResponseFuture;
use http::header::TRAILER;
use http::{HeaderMap, StatusCode};
use tollgate_core::Problem;
use tollgate_core::interim::Interim;
use tollgate_core::reason::UPSTREAM_MALFORMED;

use super::wait::problem;
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

/// Passes on what has come over HTTP/2 before an answer; `said` counts it. Pending for a moment where
/// something is to be written first.
///
/// # Errors
/// Where there have been too many.
pub(super) fn poll_http2(
    answer: &mut ResponseFuture,
    said: &mut u32,
    interim: Option<&Interim>,
    cx: &mut Context<'_>,
) -> Poll<Result<(), Problem>> {
    while let Poll::Ready(Some(Ok(head))) = answer.poll_informational(cx) {
        *said += 1;
        if *said > MOST {
            let cause = format!("more than {MOST} interim answers");
            return Poll::Ready(Err(problem(&UPSTREAM_MALFORMED).caused_by(cause)));
        }
        let (head, ()) = head.into_parts();
        if pass_on(interim, head.status, head.headers) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
    }
    Poll::Ready(Ok(()))
}
