//! Lets a request through only if the user's token has all scopes of a list.
//!
//! Stands behind the policy that verifies the token: it looks at what that has found.

use http::header::{HeaderValue, WWW_AUTHENTICATE};
use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Exchange, Policy, Problem, Request, Step};

use crate::authorization::{NO_USER, no_user};
use crate::open_id_jwt_auth::{SCOPE, is_scope, missing_scope};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind = PolicyKind::of::<JwtScopes>("jwt-scopes", Direction::Inbound, include_str!("docs.md"))
    .exports(&["JWTScopeValidationInboundPolicy"])
    .shorthand("scopes")
    .reasons(&[&NO_USER, &SCOPE]);

/// Which scopes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Options {
    /// The scopes that a token must have, all of them. The list may stand in place of all options.
    scopes: Vec<String>,
}

/// See the module.
#[derive(Debug)]
struct JwtScopes {
    scopes: Vec<String>,
    challenge: HeaderValue,
}

impl Configure for JwtScopes {
    type Options = Options;

    fn configure(Options { scopes }: Options, _: &BuildContext<'_>) -> Result<Self, BuildError> {
        if scopes.is_empty() {
            return Err(BuildError::at("/scopes", "there is no scope to ask for").help("give at least one"));
        }
        if let Some(index) = scopes.iter().position(|scope| !is_scope(scope)) {
            return Err(BuildError::at(format!("/scopes/{index}"), "not a scope").help("one scope an entry, no spaces"));
        }
        let challenge = format!("Bearer realm=\"api\", error=\"insufficient_scope\", scope=\"{}\"", scopes.join(" "));
        let challenge = HeaderValue::from_str(&challenge)
            .map_err(|_| BuildError::at("/scopes", "cannot be written into a header field"))?;
        Ok(Self { scopes, challenge })
    }
}

impl Policy for JwtScopes {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, _: &'a mut Request) -> Step<'a> {
        let Some(user) = &exchange.user else { return no_user().into() };
        match missing_scope(&self.scopes, &user.data) {
            None => Step::CONTINUE,
            Some(scope) => Problem::new(&SCOPE, "The token lacks a scope that is required here")
                .caused_by(format!("scope `{scope}` is missing"))
                .with_header(WWW_AUTHENTICATE, self.challenge.clone())
                .into(),
        }
    }
}
