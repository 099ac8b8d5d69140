//! Heads that never became requests.
//!
//! Over HTTP/1 the connection answers a head that it cannot read, or that does not come in time, with a problem
//! (`connection/h1/refusal`); over HTTP/2 the library ends the connection. What can be told of either goes to the access
//! log and the metrics.

use std::io;

use tollgate_core::exchange::Trace;
use tollgate_core::reason::{
    CLIENT_FLOOD, REQUEST_HEADERS_TOO_LARGE, REQUEST_MALFORMED, REQUEST_TIMEOUT, REQUEST_URI_TOO_LONG,
};
use tollgate_core::{Reason, Response};
use tollgate_http1::ReceivedHeadError;

use crate::trace::RequestId;

/// Why the head of a request could not be read.
#[derive(Debug)]
pub struct UnreadableHead {
    /// The entry of the closed list.
    pub reason: &'static Reason,
    /// What was wrong with it, in words that hold nothing of it.
    pub cause: String,
    /// What it was answered with, where that was a problem.
    pub(crate) answered: Option<Box<AnsweredHead>>,
}

/// The answer to a head that could not be read.
#[derive(Debug)]
pub struct RefusedHead {
    pub(crate) identity: Option<(RequestId, Trace)>,
    pub(crate) response: Response,
}

impl RefusedHead {
    /// An answer in memory, which goes by no id that a log would know.
    pub fn new(response: Response) -> Self {
        Self { identity: None, response }
    }
}

/// What is left to tell of such an answer once it was given to the client.
#[derive(Debug)]
pub(crate) struct AnsweredHead {
    pub(crate) identity: Option<(RequestId, Trace)>,
    /// How many bytes its body had.
    pub(crate) bytes: u64,
}

impl UnreadableHead {
    /// One that was not answered.
    pub(crate) fn new(reason: &'static Reason, cause: String) -> Self {
        Self { reason, cause, answered: None }
    }

    /// From what is wrong with a head over HTTP/1.
    pub(crate) fn of_head(error: ReceivedHeadError) -> Self {
        let reason = match error {
            ReceivedHeadError::TargetTooLong => &REQUEST_URI_TOO_LONG,
            ReceivedHeadError::TooLarge(_) | ReceivedHeadError::TooManyFields(_) => &REQUEST_HEADERS_TOO_LARGE,
            _ => &REQUEST_MALFORMED,
        };
        Self::new(reason, error.to_string())
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
        Some(Self::new(reason, error.to_string()))
    }

    /// A head that did not come in time.
    pub(crate) fn too_slow() -> Self {
        Self::new(&REQUEST_TIMEOUT, HeadTooSlow.to_string())
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
    fn is_in(error: &io::Error) -> bool {
        error.get_ref().is_some_and(|cause| cause.is::<Self>())
    }
}
