//! Refuses GraphQL requests that ask for the schema.

use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Exchange, Fault, Flow, Policy, Problem, Reason, Request, Step};

use crate::graphql::{self, Document, UNREADABLE};

/// The schema was asked for.
pub static INTROSPECTION: Reason = Reason {
    name: "graphql.introspection",
    code: "forbidden",
    status: 403,
    title: "Forbidden",
    fault: Fault::Client,
    meaning: "The GraphQL document asks for `__schema` or `__type`, which the policy forbids.",
    fix: "Take these fields out of the document; all of it is looked at, whichever operation is meant.",
};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind = PolicyKind::of::<DisableIntrospection>(
    "graphql-disable-introspection",
    Direction::Inbound,
    include_str!("docs.md"),
)
.exports(&["GraphQLDisableIntrospectionInboundPolicy"])
.reasons(&[&INTROSPECTION, &UNREADABLE]);

/// There is nothing to say.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Options {}

/// See the module.
#[derive(Debug)]
struct DisableIntrospection {
    limit: usize,
}

impl Configure for DisableIntrospection {
    type Options = Options;

    fn configure(_: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        Ok(Self { limit: context.settings.server.limits.buffered_body.as_usize() })
    }
}

impl Policy for DisableIntrospection {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        Step::later(async move {
            match graphql::documents(exchange, request, self.limit).await {
                Ok(documents) if documents.iter().any(Document::introspects) => {
                    Problem::new(&INTROSPECTION, "The schema is not shown").into()
                }
                Ok(_) => Flow::Continue,
                Err(problem) => Flow::Refuse(problem),
            }
        })
    }
}
