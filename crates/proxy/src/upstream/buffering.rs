//! Request bodies for upstreams that must know the length before the first byte.
//!
//! Servers of WSGI applications read as many bytes as Content-Length says, and none where it is
//! missing: a chunked body is lost on them, or is taken for the next request.

use http_body::Body as _;
use tollgate_core::body::CollectError;
use tollgate_core::reason::REQUEST_LENGTH_UNKNOWN;
use tollgate_core::{Body, Problem, Request};

use super::Upstream;

impl Upstream {
    /// Reads a body of unknown length into memory, where the upstream asks for that, so that it is
    /// sent with a Content-Length. Its trailers are lost: there is no place for them.
    pub(super) async fn buffer(&self, request: &mut Request) -> Result<(), Problem> {
        let Some(limit) = self.buffering.filter(|_| request.body().size_hint().exact().is_none()) else {
            return Ok(());
        };
        let body = std::mem::take(request.body_mut());
        // Boxed so that other exchanges need not carry its size.
        match Box::pin(body.collect_up_to(limit)).await {
            Ok(bytes) => {
                *request.body_mut() = Body::full(bytes);
                Ok(())
            }
            // A limit of the listener may have been passed before this one.
            Err(CollectError::TooLong(passed)) if passed == limit => Err(Problem::new(
                &REQUEST_LENGTH_UNKNOWN,
                format!("The request body has no Content-Length and is longer than {limit} bytes."),
            )
            .closing()),
            Err(error) => Err(error.into()),
        }
    }
}
