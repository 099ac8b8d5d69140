//! Lets a request through if one of several authenticating policies does.
//!
//! The first that says who calls decides; what the others did before it failed is undone.

use std::sync::Arc;

use http::StatusCode;
use http::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::exchange::Target;
use tollgate_core::record::Refusal;
use tollgate_core::{Exchange, Flow, Policy, Problem, Request, Route, Step, User};

use crate::members::{self, Members};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind = PolicyKind::of::<AnyOf>("any-of", Direction::Inbound, include_str!("docs.md"))
    .authenticates()
    .shorthand("policies");

/// Which policies are tried.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// The names of the policies, in the order in which they are tried.
    policies: Vec<String>,
}

/// See the module.
#[derive(Debug)]
struct AnyOf(Members);

impl Configure for AnyOf {
    type Options = Options;

    fn configure(options: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        Members::build(&options.policies, context).map(Self)
    }
}

impl Policy for AnyOf {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        Step::later(self.run(exchange, request))
    }

    fn bind(&self, route: &Arc<Route>) -> Result<Option<Arc<dyn Policy>>, BuildError> {
        Ok(self.0.bind(route)?.map(|members| Arc::new(Self(members)) as Arc<dyn Policy>))
    }
}

impl AnyOf {
    async fn run(&self, exchange: &mut Exchange, request: &mut Request) -> Flow {
        let before = State::of(exchange, request);
        let mut anonymous: Option<State> = None;
        let mut refusals = Refusals::default();
        for member in self.0.iter() {
            exchange.user = None;
            let flow = members::run_inbound(member, exchange, request).await;
            let known = exchange.user.is_some();
            match flow {
                Flow::Continue if known => return Flow::Continue,
                // It lets everyone through, and knows nobody: that counts only if no other does
                // know who calls.
                Flow::Continue => {
                    exchange.user.clone_from(&before.user);
                    anonymous.get_or_insert_with(|| State::of(exchange, request));
                }
                Flow::Refuse(problem) => {
                    // What a policy inside this member has noted stays with its refusal.
                    let noted = exchange.record.refusal.take().map(|noted| *noted);
                    refusals.add(&member.name, Flow::Refuse(problem), noted, known);
                }
                Flow::Respond(response) => refusals.add(&member.name, Flow::Respond(response), None, known),
            }
            before.clone().restore(exchange, request);
        }
        match anonymous {
            Some(state) => {
                state.restore(exchange, request);
                Flow::Continue
            }
            None => refusals.into_flow(exchange),
        }
    }
}

/// Everything that a policy may change about a request, but its body.
#[derive(Clone)]
struct State {
    method: http::Method,
    headers: HeaderMap,
    uri: http::Uri,
    target: Target,
    user: Option<User>,
    custom: Map<String, Value>,
    response_headers: HeaderMap,
    refusal: Option<Box<Refusal>>,
    fields: Map<String, Value>,
}

impl State {
    fn of(exchange: &Exchange, request: &Request) -> Self {
        Self {
            method: request.method().clone(),
            headers: request.headers().clone(),
            uri: request.uri().clone(),
            target: exchange.target.clone(),
            user: exchange.user.clone(),
            custom: exchange.custom.clone(),
            response_headers: exchange.response_headers.clone(),
            refusal: exchange.record.refusal.clone(),
            fields: exchange.record.fields.clone(),
        }
    }

    fn restore(self, exchange: &mut Exchange, request: &mut Request) {
        *request.method_mut() = self.method;
        *request.headers_mut() = self.headers;
        *request.uri_mut() = self.uri;
        exchange.target = self.target;
        exchange.user = self.user;
        exchange.custom = self.custom;
        exchange.response_headers = self.response_headers;
        exchange.record.refusal = self.refusal;
        exchange.record.fields = self.fields;
    }
}

/// What the members said, and the answer that tells the client most.
#[derive(Default)]
struct Refusals {
    best: Option<(u8, Arc<str>, Flow, Option<Refusal>)>,
    challenges: Vec<HeaderValue>,
}

impl Refusals {
    fn add(&mut self, member: &Arc<str>, mut flow: Flow, noted: Option<Refusal>, known: bool) {
        let headers = match &mut flow {
            Flow::Refuse(problem) => &mut problem.headers,
            Flow::Respond(response) => response.headers_mut(),
            Flow::Continue => return,
        };
        for challenge in headers.get_all(WWW_AUTHENTICATE) {
            if !self.challenges.contains(challenge) {
                self.challenges.push(challenge.clone());
            }
        }
        let rank = rank(&flow, known);
        if self.best.as_ref().is_none_or(|(best, ..)| rank > *best) {
            self.best = Some((rank, Arc::clone(member), flow, noted));
        }
    }

    fn into_flow(self, exchange: &mut Exchange) -> Flow {
        let Some((_, member, mut flow, noted)) = self.best else {
            // Members are never empty, so one of them has spoken.
            return Problem::new(&tollgate_core::reason::INTERNAL, "Nobody could be authenticated").into();
        };
        let status = match &flow {
            Flow::Refuse(problem) => {
                match noted {
                    Some(noted) => exchange.record.refuse(noted),
                    None => members::refused_by(&member, problem, exchange),
                }
                problem.status
            }
            Flow::Respond(response) => response.status(),
            Flow::Continue => return flow,
        };
        // A 503 or a 403 is about one credential; a 401 is where the client may choose another.
        if status == StatusCode::UNAUTHORIZED {
            let headers = match &mut flow {
                Flow::Refuse(problem) => &mut problem.headers,
                Flow::Respond(response) => response.headers_mut(),
                Flow::Continue => return flow,
            };
            headers.remove(WWW_AUTHENTICATE);
            for challenge in self.challenges {
                headers.append(WWW_AUTHENTICATE, challenge);
            }
        }
        flow
    }
}

/// How much a refusal has seen. One that knows the caller says most, then one that knows the
/// credential (it has expired, say), one to whom it is unknown (to a key policy a token may be just
/// that), one for whom it has the wrong form, and one that saw none. Least says a 403 that is about
/// no credential (an address list): a client that can authenticate must learn that it may.
fn rank(flow: &Flow, known: bool) -> u8 {
    match flow {
        _ if known => 5,
        Flow::Refuse(problem) if problem.reason.name.ends_with(".missing") => 1,
        Flow::Refuse(problem) if problem.reason.name.ends_with(".malformed") => 2,
        Flow::Refuse(problem)
            if problem.status == StatusCode::FORBIDDEN && !problem.headers.contains_key(WWW_AUTHENTICATE) =>
        {
            0
        }
        Flow::Refuse(problem) if problem.reason.name.ends_with(".unknown") => 3,
        Flow::Refuse(_) => 4,
        Flow::Respond(_) | Flow::Continue => 1,
    }
}

#[cfg(test)]
mod tests;
