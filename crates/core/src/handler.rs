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

    /// Whether it sends the request on as it is, so that [`Exchange::introduction`] reaches the upstream.
    fn introduces(&self) -> bool {
        false
    }

    /// Whether it calls other routes on behalf of whoever called this one: their credentials are kept for it then.
    fn calls_routes(&self) -> bool {
        false
    }
}
