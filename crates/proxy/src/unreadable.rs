//! Heads that never became requests.
//!
//! The HTTP library answers a head that it cannot read by itself, with a bare status (400, 414 or
//! 431, without a body, because it has no place for one), and one that is too slow is cut off
//! without any answer. What can be told of either goes to the access log and the metrics.

use std::error::Error;
use std::io;

use tollgate_core::Reason;
use tollgate_core::reason::{
    CLIENT_FLOOD, REQUEST_HEADERS_TOO_LARGE, REQUEST_MALFORMED, REQUEST_TIMEOUT, REQUEST_URI_TOO_LONG,
};

/// Why the head of a request could not be read.
#[derive(Debug)]
pub struct UnreadableHead {
    /// The entry of the closed list.
    pub reason: &'static Reason,
    /// What was wrong with it, in words that hold nothing of it.
    pub cause: String,
}

impl UnreadableHead {
    /// From the error that a connection ended with; `None` where it ended in another way, such as
    /// within an exchange, which tells that itself.
    pub(crate) fn of(error: &hyper::Error) -> Option<Self> {
        let reason = if HeadTooSlow::in_chain(error) {
            &REQUEST_TIMEOUT
        } else if error.is_parse_too_large() {
            // The library has one test for both, but two messages.
            if error.to_string().contains("URI") { &REQUEST_URI_TOO_LONG } else { &REQUEST_HEADERS_TOO_LARGE }
        } else if error.is_parse() {
            &REQUEST_MALFORMED
        } else {
            return None;
        };
        Some(Self { reason, cause: error.to_string() })
    }

    /// From the error with which the library ended an HTTP/2 connection; `None` where the client
    /// did.
    pub(crate) fn of_frames(error: &h2::Error) -> Option<Self> {
        if !error.is_library() {
            return None;
        }
        let reason = match error.reason()? {
            h2::Reason::NO_ERROR => return None,
            h2::Reason::ENHANCE_YOUR_CALM => &CLIENT_FLOOD,
            _ => &REQUEST_MALFORMED,
        };
        Some(Self { reason, cause: error.to_string() })
    }

    /// A head that did not come in time.
    pub(crate) fn too_slow() -> Self {
        Self { reason: &REQUEST_TIMEOUT, cause: HeadTooSlow.to_string() }
    }

    /// The same where it was not known yet which protocol the client speaks.
    pub(crate) fn of_io(error: &io::Error) -> Option<Self> {
        HeadTooSlow::is_in(error).then(Self::too_slow)
    }
}

/// A head did not come in time.
#[derive(Debug, thiserror::Error)]
#[error("the head of the request did not come in time")]
pub(crate) struct HeadTooSlow;

impl HeadTooSlow {
    fn in_chain(error: &hyper::Error) -> bool {
        let causes = std::iter::successors(error.source(), |error| (*error).source());
        // An I/O error shows its own cause's causes as its source, and its cause by another name.
        causes.filter_map(|error| error.downcast_ref::<io::Error>()).any(Self::is_in)
    }

    fn is_in(error: &io::Error) -> bool {
        error.get_ref().is_some_and(|cause| cause.is::<Self>())
    }
}
