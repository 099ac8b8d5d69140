//! Policies on the way in that want to see the answer in the end: those that keep answers.
//!
//! They see it as the route leaves it: behind the handler and everything outbound, and before the fields that
//! belong to this one request (what is left of a limit, say) and the hooks of the project's code, which run for
//! an answer that was kept as well.

use std::fmt;

use crate::{Exchange, Response};

/// Something that waits for an answer, whoever gives it.
pub trait Keeper: Send + Sync + fmt::Debug {
    /// Looks at the answer; may add fields, and watch its body go by.
    fn keep(self: Box<Self>, exchange: &Exchange, response: &mut Response);
}
