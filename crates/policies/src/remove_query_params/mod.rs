//! Removes parameters of the query before the request reaches the upstream.

use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Exchange, Policy, Request, Step};

use crate::query;

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<RemoveQueryParams>("remove-query-params", Direction::Inbound, include_str!("docs.md"))
        .exports(&["RemoveQueryParamsInboundPolicy"])
        .shorthand("params");

/// What to remove.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Options {
    /// The names of the parameters to remove, not encoded. The list may stand in place of all options.
    params: Vec<String>,
}

/// See the module.
#[derive(Debug)]
struct RemoveQueryParams(Vec<String>);

impl Configure for RemoveQueryParams {
    type Options = Options;

    fn configure(Options { params }: Options, _: &BuildContext<'_>) -> Result<Self, BuildError> {
        if params.is_empty() {
            return Err(BuildError::at("/params", "there is no parameter to remove").help("give the names to remove"));
        }
        match params.iter().position(String::is_empty) {
            Some(index) => Err(BuildError::at(format!("/params/{index}"), "a parameter needs a name")),
            None => Ok(Self(params)),
        }
    }
}

impl Policy for RemoveQueryParams {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        if exchange.target.query.is_some() {
            for name in &self.0 {
                query::remove(&mut exchange.target, request, name);
            }
        }
        Step::CONTINUE
    }
}
