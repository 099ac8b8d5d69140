//! What a policy is: the thing that is added most often, so its trait stays small.

use std::fmt;
use std::sync::Arc;

use crate::catalog::BuildError;
use crate::{Exchange, MaybeLater, Problem, Request, Response, Route};

/// What happens next. Never a bool.
#[derive(Debug)]
pub enum Flow {
    /// Go on with the next policy, then the handler.
    Continue,
    /// Answer with this. On the way in, the rest of the pipeline is skipped; on the way out, it
    /// replaces the response.
    Respond(Response),
    /// Refuse. The problem is rendered once, at the end of the pipeline.
    Refuse(Problem),
}

impl From<Problem> for Flow {
    fn from(problem: Problem) -> Self {
        Self::Refuse(problem)
    }
}

/// A decision that may be there already: a policy that needs no I/O costs no box.
pub type Step<'a> = MaybeLater<'a, Flow>;

impl Step<'_> {
    /// Go on.
    pub const CONTINUE: Self = Self::Now(Flow::Continue);
}

impl From<Problem> for Step<'_> {
    fn from(problem: Problem) -> Self {
        Self::Now(problem.into())
    }
}

/// One step of a pipeline. Both methods do nothing unless a policy says otherwise.
pub trait Policy: Send + Sync + fmt::Debug {
    /// On the way in. The policy may change the request and the exchange.
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        let _ = (exchange, request);
        Step::CONTINUE
    }

    /// On the way out, for policies that stand in an outbound list. The policy may change the
    /// response.
    fn on_response<'a>(&'a self, exchange: &'a mut Exchange, response: &'a mut Response) -> Step<'a> {
        let _ = (exchange, response);
        Step::CONTINUE
    }

    /// Whether it asks for the request's head on the way out: it is kept only where somebody does.
    fn wants_request(&self) -> bool {
        false
    }

    /// Whether it looks at fields of the request that introduce the caller (`Forwarded`, `X-Forwarded-…`, `X-Real-IP`,
    /// those of the trace, `X-Request-Id`), or changes them. Where nothing on a route does, they are not made for it.
    fn reads_introduction(&self) -> bool {
        true
    }

    /// At load, once for every route that uses the policy: gives the policy that this route
    /// gets, where it is another than the shared one (compiled schemas of the operation, say).
    ///
    /// # Errors
    /// Where the policy cannot work on this route; shown to the user as a diagnostic.
    fn bind(&self, route: &Arc<Route>) -> Result<Option<Arc<dyn Policy>>, BuildError> {
        let _ = route;
        Ok(None)
    }
}
