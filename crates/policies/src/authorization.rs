//! What the policies that ask who the user is have in common: without one they refuse.

use http::header::{HeaderValue, WWW_AUTHENTICATE};
use tollgate_core::{Fault, Problem, Reason};

/// Nobody was authenticated, and the policy is about somebody.
pub(crate) static NO_USER: Reason = Reason {
    name: "user.missing",
    code: "unauthenticated",
    status: 401,
    title: "Unauthorized",
    fault: Fault::Client,
    meaning: "The policy asks for something of the caller, and nobody was authenticated.",
    fix: "Send a credential; put an authenticating policy in front of this one, and see that it does not let requests through without one.",
};

/// The refusal of a request without a user.
pub(crate) fn no_user() -> Problem {
    // RFC 9110 §15.5.2 wants a challenge. Which scheme would do is known to the policy in front.
    Problem::new(&NO_USER, "Authentication is required")
        .with_header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"api\""))
}
