//! What the policies that hold other policies share.

use std::sync::Arc;

use tollgate_core::catalog::{BuildContext, BuildError, Nested};
use tollgate_core::project::Stage;
use tollgate_core::record::{Refusal, Verdict, Visit};
use tollgate_core::{Exchange, Flow, Problem, Request, Response, Route};

/// The members of a policy, in running order.
#[derive(Debug, Clone)]
pub(crate) struct Members(Vec<Nested>);

impl Members {
    /// Builds them by their names in the project; a cycle is the builder's to find.
    pub(crate) fn build(names: &[String], context: &BuildContext<'_>) -> Result<Self, BuildError> {
        if names.is_empty() {
            return Err(BuildError::at("/policies", "the list is empty").help("name at least one policy"));
        }
        let build = |(index, name): (usize, &String)| {
            (context.nested)(name).map_err(|error| {
                // The mistake may lie in the member's own options; what can be pointed at here is
                // its name.
                BuildError { pointer: format!("/policies/{index}"), ..error }
            })
        };
        names.iter().enumerate().map(build).collect::<Result<_, _>>().map(Self)
    }

    /// The members as this route gets them; `None` where no member has one of its own for it.
    pub(crate) fn bind(&self, route: &Arc<Route>) -> Result<Option<Self>, BuildError> {
        let mut bound = None;
        for (index, member) in self.0.iter().enumerate() {
            let own = member.policy.bind(route).map_err(|error| BuildError {
                pointer: format!("/policies/{index}"),
                message: format!("{}: {}", member.name, error.message),
                help: error.help,
            })?;
            if let Some(policy) = own {
                bound.get_or_insert_with(|| self.clone()).0[index].policy = policy;
            }
        }
        Ok(bound)
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &Nested> {
        self.0.iter()
    }
}

/// Runs a member on the way in, and notes how long it took.
pub(crate) async fn run_inbound(member: &Nested, exchange: &mut Exchange, request: &mut Request) -> Flow {
    let start = exchange.services.clock.monotonic();
    let flow = member.policy.on_request(exchange, request).get().await;
    visited(member, exchange, Verdict::of(&flow), start);
    flow
}

/// Runs a member on the way out, and notes how long it took.
pub(crate) async fn run_outbound(member: &Nested, exchange: &mut Exchange, response: &mut Response) -> Flow {
    let start = exchange.services.clock.monotonic();
    let flow = member.policy.on_response(exchange, response).get().await;
    visited(member, exchange, Verdict::of(&flow), start);
    flow
}

fn visited(member: &Nested, exchange: &mut Exchange, verdict: Verdict, start: std::time::Duration) {
    let stage = exchange.record.stage.unwrap_or(Stage::Inbound);
    let took = exchange.services.clock.monotonic().saturating_sub(start);
    exchange.record.visits.push(Visit { policy: Arc::clone(&member.name), stage, verdict, began: start, took });
}

/// Notes that it was this member that refused, before the pipeline notes the policy around it:
/// the first note stands.
pub(crate) fn refused_by(member: &Arc<str>, problem: &Problem, exchange: &mut Exchange) {
    exchange.record.refuse(Refusal {
        reason: problem.reason,
        stage: exchange.record.stage,
        policy: Some(Arc::clone(member)),
        cause: problem.cause.clone(),
        detail: problem.detail.clone(),
    });
}
