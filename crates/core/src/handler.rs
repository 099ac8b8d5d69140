//! What ends a route.

use std::fmt;

use crate::later::BoxFuture;
use crate::{Exchange, Problem, Request, Response};

/// Ends a route with a response: forward, rewrite, redirect, openapi, a script.
pub trait Handler: Send + Sync + fmt::Debug {
    /// Answers the request.
    ///
    /// # Errors
    /// A [`Problem`] where it cannot; the pipeline renders it.
    fn handle<'a>(&'a self, exchange: &'a mut Exchange, request: Request) -> BoxFuture<'a, Result<Response, Problem>>;

    /// Whether it sends the request to an upstream as it is and gives the answer back as it comes, and does nothing
    /// else: then [`Exchange::introduction`] reaches the upstream, and its work ends with its last attempt.
    fn only_forwards(&self) -> bool {
        false
    }

    /// Whether it calls other routes on behalf of whoever called this one: their credentials are kept for it then.
    fn calls_routes(&self) -> bool {
        false
    }
}
