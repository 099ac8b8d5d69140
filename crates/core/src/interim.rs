//! Interim answers (1xx): what an upstream says of an answer that is still to come.

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, StatusCode};

/// The connection, or the stream, of a client that takes interim answers.
pub trait InterimLine: fmt::Debug + Send + Sync {
    /// Takes an interim answer to the request of this number, to be written as soon as nothing stands
    /// before it. `false` where it comes too late, or is too large.
    fn take(&self, request: u32, status: StatusCode, headers: &HeaderMap) -> bool;
}

/// Where the interim answers to one request go.
#[derive(Debug, Clone)]
pub struct Interim {
    line: Arc<dyn InterimLine>,
    request: u32,
}

impl Interim {
    /// Those to the request of this number on the line.
    pub fn new(line: Arc<dyn InterimLine>, request: u32) -> Self {
        Self { line, request }
    }

    /// Passes one on, whose fields are fit for the client. `false` where it was dropped; where it was not, whoever
    /// is about to answer lets the connection write it first, by being pending once.
    pub fn pass_on(&self, status: StatusCode, headers: &HeaderMap) -> bool {
        self.line.take(self.request, status, headers)
    }
}
