//! Runs named policies in order, as if each stood in the list itself.
//!
//! For a sequence that many routes share. It nests; a policy that contains itself is found at
//! load.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Exchange, Flow, Policy, Request, Route, Step};

use crate::members::{self, Members};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind = PolicyKind::of::<Composite>("composite", Direction::Inbound, include_str!("docs.md"))
    .exports(&["CompositeInboundPolicy"])
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
struct Composite(Members);

impl Configure for Composite {
    type Options = Options;

    fn configure(options: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        Members::build(&options.policies, context).map(Self)
    }
}

impl Policy for Composite {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        Step::later(async move {
            for member in self.0.iter() {
                let flow = members::run_inbound(member, exchange, request).await;
                if let Flow::Refuse(problem) = &flow {
                    members::refused_by(&member.name, problem, exchange);
                }
                if !matches!(flow, Flow::Continue) {
                    return flow;
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
