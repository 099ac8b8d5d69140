//! Policies, handlers, functions, templates and hooks that are scripts.

use std::sync::Arc;

use serde_json::Value;
use tollgate_core::later::BoxFuture;
use tollgate_core::reason::SCRIPT_RESULT;
use tollgate_core::services::{Hooks, ScriptFunction, ScriptTemplate};
use tollgate_core::{Exchange, Flow, Handler, MaybeLater, Policy, Problem, Request, Response, Route, Step};

use crate::live::Described;
use crate::message::{Argument, Entry, Outcome};
use crate::runner::{Runner, Target, is_hooked};

/// A policy that is a script.
#[derive(Debug)]
pub(crate) struct ScriptPolicy {
    pub(crate) runner: Arc<Runner>,
    pub(crate) place: usize,
    pub(crate) name: Arc<str>,
}

impl Policy for ScriptPolicy {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        Step::later(async move {
            let target = Target { entry: Entry::Inbound(self.place), name: &self.name };
            flow(self.runner.with_request(exchange, target, request, Argument::Nothing).await)
        })
    }

    fn on_response<'a>(&'a self, exchange: &'a mut Exchange, response: &'a mut Response) -> Step<'a> {
        Step::later(async move {
            let target = Target { entry: Entry::Outbound(self.place), name: &self.name };
            let taken = std::mem::take(response);
            flow(self.runner.with_response(exchange, target, Some(taken)).await)
        })
    }

    fn wants_request(&self) -> bool {
        true
    }
}

/// What an inbound script's outcome means. A request that it gave back is in its place already.
fn flow(outcome: Result<Outcome, Problem>) -> Flow {
    match outcome {
        Ok(Outcome::Response(response)) => Flow::Respond(response),
        Ok(_) => Flow::Continue,
        Err(problem) => problem.into(),
    }
}

/// A handler that is a script.
#[derive(Debug)]
pub(crate) struct ScriptHandler {
    pub(crate) runner: Arc<Runner>,
    pub(crate) place: usize,
    pub(crate) name: Arc<str>,
}

impl Handler for ScriptHandler {
    fn handle<'a>(
        &'a self,
        exchange: &'a mut Exchange,
        mut request: Request,
    ) -> BoxFuture<'a, Result<Response, Problem>> {
        Box::pin(async move {
            let target = Target { entry: Entry::Handler(self.place), name: &self.name };
            response(self.runner.with_request(exchange, target, &mut request, Argument::Nothing).await)
        })
    }
}

fn response(outcome: Result<Outcome, Problem>) -> Result<Response, Problem> {
    match outcome? {
        Outcome::Response(response) => Ok(response),
        other => Err(unexpected(&other)),
    }
}

fn unexpected(outcome: &Outcome) -> Problem {
    let cause = format!(
        "the script gave {}",
        match outcome {
            Outcome::Request(_) => "a request",
            Outcome::Response(_) => "a response",
            Outcome::Value(_) => "a value",
            Outcome::Text(_) => "a text",
        }
    );
    Problem::new(&SCRIPT_RESULT, "The gateway could not answer this request.").caused_by(cause)
}

/// A function that the options of a policy name.
#[derive(Debug)]
pub(crate) struct Called {
    pub(crate) runner: Arc<Runner>,
    pub(crate) place: usize,
    pub(crate) name: Arc<str>,
}

impl ScriptFunction for Called {
    fn call<'a>(
        &'a self,
        exchange: &'a mut Exchange,
        request: &'a mut Request,
        policy: &'a str,
    ) -> BoxFuture<'a, Result<Value, Problem>> {
        Box::pin(async move {
            let target = Target { entry: Entry::Function(self.place), name: &self.name };
            match self.runner.beside(exchange, target, request, Argument::Policy(policy.to_owned())).await? {
                Outcome::Value(value) => Ok(value),
                other => Err(unexpected(&other)),
            }
        })
    }
}

/// A template literal.
#[derive(Debug)]
pub(crate) struct Rendered {
    pub(crate) runner: Arc<Runner>,
    pub(crate) place: usize,
    pub(crate) name: Arc<str>,
}

impl ScriptTemplate for Rendered {
    fn render<'a>(
        &'a self,
        exchange: &'a mut Exchange,
        request: &'a mut Request,
    ) -> BoxFuture<'a, Result<String, Problem>> {
        Box::pin(async move {
            let target = Target { entry: Entry::Template(self.place), name: &self.name };
            match self.runner.beside(exchange, target, request, Argument::Nothing).await? {
                Outcome::Text(text) => Ok(text),
                other => Err(unexpected(&other)),
            }
        })
    }
}

/// What `runtimeInit` and the contexts have hooked in.
#[derive(Debug)]
pub(crate) struct ScriptHooks {
    pub(crate) runner: Arc<Runner>,
    pub(crate) described: Described,
    pub(crate) name: Arc<str>,
}

impl ScriptHooks {
    fn target(&self, entry: Entry) -> Target<'_> {
        Target { entry, name: &self.name }
    }
}

impl Hooks for ScriptHooks {
    fn has_pre_routing(&self) -> bool {
        self.described.pre_routing
    }

    fn has_request_hooks(&self) -> bool {
        self.described.request
    }

    fn wants_request(&self) -> bool {
        self.described.response || self.described.problem_format
    }

    fn has_not_found(&self) -> bool {
        self.described.not_found
    }

    fn has_problem_format(&self) -> bool {
        self.described.problem_format
    }

    fn pre_routing<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> BoxFuture<'a, Flow> {
        Box::pin(async move {
            let target = self.target(Entry::PreRouting);
            flow(self.runner.with_request(exchange, target, request, Argument::Nothing).await)
        })
    }

    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> BoxFuture<'a, Flow> {
        Box::pin(async move {
            let target = self.target(Entry::RequestHooks);
            flow(self.runner.with_request(exchange, target, request, Argument::Nothing).await)
        })
    }

    fn on_response<'a>(&'a self, exchange: &'a mut Exchange, response: Response) -> MaybeLater<'a, Response> {
        if !self.described.response && !is_hooked(exchange) {
            return MaybeLater::Now(response);
        }
        MaybeLater::later(async move {
            let outcome = self.runner.with_response(exchange, self.target(Entry::ResponseHooks), Some(response)).await;
            self::response(outcome).unwrap_or_else(|problem| refused(exchange, problem))
        })
    }

    fn not_found<'a>(
        &'a self,
        exchange: &'a mut Exchange,
        mut request: Request,
        matched_by_path: Vec<Arc<Route>>,
    ) -> BoxFuture<'a, Result<Response, Problem>> {
        Box::pin(async move {
            let routes = Argument::Routes(matched_by_path);
            response(self.runner.with_request(exchange, self.target(Entry::NotFound), &mut request, routes).await)
        })
    }

    fn has_lambda_event(&self) -> bool {
        self.described.lambda_event
    }

    fn lambda_event<'a>(
        &'a self,
        exchange: &'a mut Exchange,
        mut request: Request,
        event: Value,
    ) -> BoxFuture<'a, Result<Value, Problem>> {
        Box::pin(async move {
            let target = self.target(Entry::LambdaEvent);
            match self.runner.beside(exchange, target, &mut request, Argument::Json(event)).await? {
                Outcome::Value(event) => Ok(event),
                other => Err(unexpected(&other)),
            }
        })
    }

    fn format_problem<'a>(&'a self, exchange: &'a mut Exchange, response: Response) -> BoxFuture<'a, Response> {
        Box::pin(async move {
            // Its own form has to be there where the project's fails.
            let copy = copy(&response);
            let outcome = self.runner.with_response(exchange, self.target(Entry::ProblemFormat), Some(copy)).await;
            // What went wrong is in the log already.
            self::response(outcome).unwrap_or(response)
        })
    }
}

/// A problem's answer is in memory: the same one again.
fn copy(response: &Response) -> Response {
    let mut copy = Response::new(tollgate_core::Body::full(response.body().bytes().unwrap_or_default()));
    *copy.status_mut() = response.status();
    *copy.headers_mut() = response.headers().clone();
    copy
}

fn refused(exchange: &mut Exchange, problem: Problem) -> Response {
    match exchange.gateway.clone() {
        Some(gateway) => gateway.refuse(exchange, problem),
        None => Response::default(),
    }
}
