//! What would become of a request that nobody sends: the same rules, router and policies that serve, one
//! stop after the other, so that whoever asks can tell of each. No handler is run and no upstream asked;
//! what policies ask of the rooms is the business of whoever made the snapshot.

use std::sync::Arc;

use http::Method;
use http::request::Parts;
use serde_json::Map;
use tollgate_core::exchange::Params;
use tollgate_core::record::Record;
use tollgate_core::{Body, Exchange, Flow, Problem, Request, Response};

use crate::hygiene::{self, ConnectionInfo, Inspected};
use crate::named::Named;
use crate::snapshot::Snapshot;
use crate::{preflight, routing, system, trace};

/// Where a request ends, as far as it can be followed without a policy.
#[derive(Debug)]
pub enum End {
    /// It is refused before a route is looked for.
    Refused(Problem),
    /// The gateway answers it itself: one of its own paths.
    System(Response),
    /// It is a CORS preflight that is answered.
    Preflight(Response),
    /// It is a CORS preflight that is refused.
    PreflightRefused(Problem),
    /// There is no route for it.
    Unrouted(Problem),
    /// A route takes it: its index, and the parameters.
    Route(usize, Params),
}

/// Follows a request to its route. Its fields are cleaned as every request's are.
pub fn follow(snapshot: &Snapshot, parts: &mut Parts, connection: &ConnectionInfo) -> (Option<Inspected>, End) {
    let inspected = match hygiene::inspect(parts, connection, &snapshot.hygiene) {
        Ok(inspected) => inspected,
        Err(problem) => return (None, End::Refused(problem)),
    };
    if let Some(response) = system::answer(snapshot, parts, &inspected) {
        return (Some(inspected), End::System(response));
    }
    match preflight::answer(snapshot, parts, &inspected) {
        Some(Ok(response)) => return (Some(inspected), End::Preflight(response)),
        Some(Err(problem)) => return (Some(inspected), End::PreflightRefused(problem)),
        None => {}
    }
    let end = match routing::route(&snapshot.router, &snapshot.compatibility, &parts.method, &inspected) {
        Ok((index, params)) => End::Route(index, params),
        Err(problem) => End::Unrouted(problem),
    };
    (Some(inspected), end)
}

/// The route that takes a request, by its index: for one that another request is about, as a preflight is.
pub fn find(snapshot: &Snapshot, host: &str, method: &Method, path: &str) -> Option<usize> {
    routing::find(&snapshot.router, &snapshot.compatibility, host, method, path).ok().map(|found| found.route)
}

/// Where a problem of this code is explained to callers.
pub fn problem_page(snapshot: &Snapshot, problem: &Problem) -> String {
    format!("{}{}", snapshot.problems.type_base, problem.reason.code)
}

/// A request on its route, whose inbound steps are run one by one.
#[derive(Debug)]
pub struct Walk<'s> {
    snapshot: &'s Snapshot,
    index: usize,
    /// The exchange, as the steps so far have left it.
    pub exchange: Box<Exchange>,
    /// The request, as the steps so far have left it.
    pub request: Request,
}

impl<'s> Walk<'s> {
    /// Begins on a route that [`follow`] found.
    pub fn new(
        snapshot: &'s Snapshot,
        (index, params): (usize, Params),
        inspected: Inspected,
        parts: Parts,
        body: Body,
        connection: &ConnectionInfo,
    ) -> Option<Self> {
        let route = Arc::clone(&snapshot.routes.get(index)?.route);
        let clock = &snapshot.services.clock;
        let (id, trace) = trace::identify(&parts.headers, Named::of(&parts.headers), clock.now());
        let mut request = Request::from_parts(parts, body);
        hygiene::forwarding_fields(request.headers_mut(), &inspected.client, connection);
        let exchange = Box::new(Exchange {
            id: id.text,
            route,
            params,
            client: inspected.client,
            target: inspected.target,
            trace,
            user: None,
            custom: Map::new(),
            response_headers: http::HeaderMap::new(),
            record: Record { started: clock.monotonic(), ..Record::default() }.into(),
            services: Arc::clone(&snapshot.services),
            gateway: None,
            depth: 0,
            called_by: None,
            mcp: None,
            sent: None,
            keepers: Vec::new(),
            ledger: Default::default(),
            interim: None,
            script: None,
            introduction: None,
        });
        Some(Self { snapshot, index, exchange, request })
    }

    /// Runs one inbound step, by its index among those of the route. `None` where there is none.
    pub async fn step(&mut self, step: usize) -> Option<Flow> {
        let placed = self.snapshot.routes.get(self.index)?.pipeline.inbound.get(step)?;
        Some(placed.policy.on_request(&mut self.exchange, &mut self.request).get().await)
    }
}
