//! The way of a request through its route. This page is the whole story: inbound policies in
//! their order, the handler, CORS, outbound policies.

use std::sync::Arc;
use std::time::Duration;

use crate::cors::{self, Cors};
use crate::exchange::RequestHead;
use crate::mcp::Concealed;
use crate::problem::ProblemContext;
use crate::project::Stage;
use crate::record::{Refusal, Verdict, Visit};
use crate::services::Hooks;
use crate::time::Clock;
use crate::{Exchange, Flow, Handler, Policy, Problem, Request, Response};

/// A policy at its place.
#[derive(Debug, Clone)]
pub struct Placed {
    /// Its name in the project.
    pub name: Arc<str>,
    /// The stage it stands in.
    pub stage: Stage,
    /// The policy.
    pub policy: Arc<dyn Policy>,
}

/// Everything that happens on one route, built at load.
#[derive(Debug)]
pub struct Pipeline {
    /// Inbound policies in running order.
    pub inbound: Vec<Placed>,
    /// What ends the route.
    pub handler: Arc<dyn Handler>,
    /// Outbound policies in running order.
    pub outbound: Vec<Placed>,
    /// Who may call from other origins; `None` strips what the upstream says of it.
    pub cors: Option<Arc<Cors>>,
    /// Whether outbound policies run on every response, or on 200–299 only.
    pub outbound_on_all: bool,
    /// Whether refusals carry CORS headers.
    pub cors_on_refusals: bool,
    /// How problems are written.
    pub problems: ProblemStyle,
    /// What the project's code does around every route, where there is any.
    pub hooks: Option<Arc<dyn Hooks>>,
    /// Whether somebody behind the handler asks for the request's head.
    pub keeps_request: bool,
}

/// How problems are written, by project and mode.
#[derive(Debug, Clone)]
pub struct ProblemStyle {
    /// Where problem pages are, ending in a slash.
    pub type_base: Arc<str>,
    /// The snapshot's id, where bodies carry `trace`.
    pub trace: Option<Arc<str>>,
    /// Whether bodies say how to mend it.
    pub explain: bool,
}

impl Pipeline {
    /// Runs it. There is always a response. The request is used up; it is lent, because a future that is given one
    /// keeps it twice.
    pub async fn run(&self, exchange: &mut Exchange, request: &mut Request) -> Response {
        if self.handler.calls_routes() {
            exchange.mcp.get_or_insert_default().concealed = Some(Concealed::default());
        }
        let clock = Arc::clone(&exchange.services.clock);
        let origin = self.cors.as_ref().and_then(|_| request.headers().get(http::header::ORIGIN).cloned());

        // Where one step ends the next begins, so that the clock is read once for both: a reading costs as much as
        // some policies.
        let started = exchange.record.started;
        let start = exchange.record.timings.routing.map_or_else(|| clock.monotonic(), |routing| started + routing);
        let mut now = start;
        let early = self.inbound(exchange, request, &*clock, &mut now).await;
        let handler_began = now;
        exchange.record.timings.inbound = Some(handler_began.saturating_sub(start));
        if self.keeps_request {
            let (method, headers) = (request.method().clone(), request.headers().clone());
            exchange.sent = Some(Box::new(RequestHead { method, headers }));
        }

        let refused_early = early.is_some();
        let mut response = match early {
            Some(response) => response,
            None => {
                exchange.record.stage = Some(Stage::Handler);
                let handled = self.handler.handle(exchange, std::mem::take(request)).await;
                let attempted = if self.handler.only_forwards() { exchange.record.attempted() } else { None };
                let ended = attempted.unwrap_or_else(|| clock.monotonic());
                exchange.record.handled = Some((handler_began, ended.saturating_sub(handler_began)));
                match handled {
                    Ok(response) => response,
                    Err(problem) => self.problems.render(exchange, problem, Stage::Handler, None),
                }
            }
        };
        let refused = exchange.record.refusal.is_some();
        if refused {
            response = self.formatted(exchange, response).await;
        }

        match &self.cors {
            Some(_) if refused_early && !self.cors_on_refusals => {}
            Some(cors) => cors.apply(origin.as_ref(), response.headers_mut()),
            None => cors::strip(response.headers_mut()),
        }

        if !refused_early && (self.outbound_on_all || response.status().is_success()) && !self.outbound.is_empty() {
            let start = clock.monotonic();
            let end = self.outbound(exchange, &mut response, &*clock, start).await;
            exchange.record.timings.outbound = Some(end.saturating_sub(start));
            if !refused && exchange.record.refusal.is_some() {
                response = self.formatted(exchange, response).await;
            }
        }
        for keeper in std::mem::take(&mut exchange.keepers) {
            keeper.keep(exchange, &mut response);
        }
        for (name, value) in &exchange.response_headers {
            response.headers_mut().append(name.clone(), value.clone());
        }
        let response = match &self.hooks {
            Some(hooks) => hooks.on_response(exchange, response).get().await,
            None => response,
        };
        exchange.ledger.settle(response.status());
        response
    }

    /// A refusal in the project's own words, where it has some.
    async fn formatted(&self, exchange: &mut Exchange, response: Response) -> Response {
        match self.hooks.as_ref().filter(|hooks| hooks.has_problem_format()) {
            Some(hooks) => hooks.format_problem(exchange, response).await,
            None => response,
        }
    }

    /// Runs what is inbound, from the moment `now` on; leaves the moment there at which it was done.
    async fn inbound(
        &self,
        exchange: &mut Exchange,
        request: &mut Request,
        clock: &dyn Clock,
        now: &mut Duration,
    ) -> Option<Response> {
        if let Some(hooks) = self.hooks.as_ref().filter(|hooks| hooks.has_request_hooks()) {
            let flow = hooks.on_request(exchange, request).await;
            *now = clock.monotonic();
            match flow {
                Flow::Continue => {}
                Flow::Respond(response) => return Some(response),
                Flow::Refuse(problem) => return Some(self.problems.render(exchange, problem, Stage::Inbound, None)),
            }
        }
        for placed in &self.inbound {
            exchange.record.stage = Some(placed.stage);
            let flow = placed.policy.on_request(exchange, request).get().await;
            visited(exchange, placed, Verdict::of(&flow), clock, now);
            match flow {
                Flow::Continue => {}
                Flow::Respond(response) => return Some(response),
                Flow::Refuse(problem) => {
                    return Some(self.problems.render(exchange, problem, placed.stage, Some(&placed.name)));
                }
            }
        }
        None
    }

    /// Runs what is outbound, from the moment `now` on; gives back the moment at which it was done.
    async fn outbound(
        &self,
        exchange: &mut Exchange,
        response: &mut Response,
        clock: &dyn Clock,
        mut now: Duration,
    ) -> Duration {
        for placed in &self.outbound {
            exchange.record.stage = Some(placed.stage);
            let flow = placed.policy.on_response(exchange, response).get().await;
            visited(exchange, placed, Verdict::of(&flow), clock, &mut now);
            match flow {
                Flow::Continue => {}
                Flow::Respond(other) => *response = other,
                Flow::Refuse(problem) => {
                    *response = self.problems.render(exchange, problem, placed.stage, Some(&placed.name));
                }
            }
        }
        now
    }
}

/// Notes a visit that began at the moment `now` and is over; moves that to this moment.
fn visited(exchange: &mut Exchange, placed: &Placed, verdict: Verdict, clock: &dyn Clock, now: &mut Duration) {
    let began = std::mem::replace(now, clock.monotonic());
    let took = now.saturating_sub(began);
    let (policy, stage) = (Arc::clone(&placed.name), placed.stage);
    exchange.record.visits.push(Visit { policy, stage, verdict, began, took });
}

impl ProblemStyle {
    /// Notes the refusal in the record and writes the answer.
    pub fn render(
        &self,
        exchange: &mut Exchange,
        mut problem: Problem,
        stage: Stage,
        policy: Option<&Arc<str>>,
    ) -> Response {
        exchange.record.refuse(Refusal {
            reason: problem.reason,
            stage: Some(stage),
            policy: policy.cloned(),
            cause: problem.cause.take(),
            detail: problem.detail.clone(),
        });
        let now = exchange.services.clock.now();
        problem.into_response(&ProblemContext {
            request_id: &exchange.id,
            instance: &exchange.target.match_path,
            type_base: &self.type_base,
            trace: self.trace.as_deref().map(|snapshot| (now, snapshot)),
            explain: self.explain,
        })
    }
}
