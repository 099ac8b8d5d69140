//! Alerts from outside that arrive on the data listener: keys that somebody found, new commits of the project.

use std::fmt;
use std::net::IpAddr;

use crate::later::BoxFuture;
use crate::{Problem, Request, Response};

/// Takes alerts.
pub trait Alerts: Send + Sync + fmt::Debug {
    /// Reads an alert, acts on it, and answers.
    ///
    /// # Errors
    /// A [`Problem`] where it is not believed, or nothing can be done about it at the moment.
    fn receive(&self, client: IpAddr, request: Request) -> BoxFuture<'_, Result<Response, Problem>>;
}
