//! Lets a request through only if what is known of the user obeys a rule.
//!
//! Stands behind the policy that says who calls. What a rule of this kind cannot say is a script's affair.

mod rule;
mod selector;

use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Exchange, Fault, Policy, Problem, Reason, Request, Step};

use crate::authorization::{NO_USER, no_user};
use rule::{Combined, Compared, Rule};

/// The user is not one of those who may.
pub static DENIED: Reason = Reason {
    name: "claims.denied",
    code: "forbidden",
    status: 403,
    title: "Forbidden",
    fault: Fault::Client,
    meaning: "What is known of the user does not obey the rule of a require-user-claims.",
    fix: "Compare the user's claims or metadata with `rule` of the policy; a claim that is missing obeys no rule.",
};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<RequireUserClaims>("require-user-claims", Direction::Inbound, include_str!("docs.md"))
        .exports(&["RequireUserClaimsInboundPolicy"])
        .reasons(&[&NO_USER, &DENIED]);

/// Who may.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Options {
    /// What must be true of the user: `{ claim, eq }`, `{ claim, in }` or `{ claim, startsWith }`; or `{ and: […] }`
    /// or `{ or: […] }` of rules, three deep at most.
    rule: Combined<Combined<Combined<Compared>>>,
}

/// See the module.
#[derive(Debug)]
struct RequireUserClaims(Rule);

impl Configure for RequireUserClaims {
    type Options = Options;

    fn configure(options: Options, _: &BuildContext<'_>) -> Result<Self, BuildError> {
        Rule::read(options.rule, "/rule").map(Self)
    }
}

impl Policy for RequireUserClaims {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, _: &'a mut Request) -> Step<'a> {
        match &exchange.user {
            None => no_user().into(),
            Some(user) if self.0.holds(user) => Step::CONTINUE,
            // Which claim it was is nobody's business but the operator's, who knows the rule.
            Some(_) => Problem::new(&DENIED, "Forbidden").into(),
        }
    }
}

#[cfg(test)]
mod tests;
