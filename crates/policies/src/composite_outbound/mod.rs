//! Runs named outbound policies in order, as if each stood in the list itself.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Exchange, Flow, Policy, Response, Route, Step};

use crate::members::{self, Members};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<CompositeOutbound>("composite-outbound", Direction::Outbound, include_str!("docs.md"))
        .exports(&["CompositeOutboundPolicy"])
        .shorthand("policies");

/// Which policies run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// The names of the policies, in the order in which they run.
    policies: Vec<String>,
}

/// See the module.
#[derive(Debug)]
struct CompositeOutbound(Members);

impl Configure for CompositeOutbound {
    type Options = Options;

    fn configure(options: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        Members::build(&options.policies, context).map(Self)
    }
}

impl Policy for CompositeOutbound {
    fn on_response<'a>(&'a self, exchange: &'a mut Exchange, response: &'a mut Response) -> Step<'a> {
        Step::later(async move {
            for member in self.0.iter() {
                match members::run_outbound(member, exchange, response).await {
                    Flow::Continue => {}
                    // As in the pipeline, an answer takes the response's place and goes on through
                    // the list …
                    Flow::Respond(other) => *response = other,
                    // … but a problem can only be written by the pipeline, so it ends this list.
                    Flow::Refuse(problem) => {
                        members::refused_by(&member.name, &problem, exchange);
                        return Flow::Refuse(problem);
                    }
                }
            }
            Flow::Continue
        })
    }

    fn bind(&self, route: &Arc<Route>) -> Result<Option<Arc<dyn Policy>>, BuildError> {
        Ok(self.0.bind(route)?.map(|members| Arc::new(Self(members)) as Arc<dyn Policy>))
    }
}

#[cfg(test)]
mod tests;
