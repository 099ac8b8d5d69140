//! One request, from the connection to its answer. This page tells the story; the rest of the
//! crate does the work.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use http::request::Parts;
use http::{HeaderValue, Request, StatusCode};
use tollgate_core::exchange::{Params, RequestHead, Trace};
use tollgate_core::interim::Interim;
use tollgate_core::reason::{INTERNAL, ROUTE_METHOD, ROUTE_NOT_FOUND, UPSTREAM_MALFORMED, UPSTREAM_TIMEOUT_TOTAL};
use tollgate_core::services::Alerts;
use tollgate_core::{Body, Exchange, Flow, Problem, Response, Route};

use crate::connection::{Arrived, IncomingBody};
use crate::gateway::Gateway;
use crate::hygiene::{self, BodyMeter, ConnectionInfo, Inspected, Patience};
use crate::inside;
use crate::named::Named;
use crate::snapshot::{CompiledRoute, Snapshot};
use crate::story::Story;
use crate::trace::RequestId;
use crate::upstream::handshake::{Switched, SwitchedSlot, UpgradeRequest};
use crate::{answer, grpc, preflight, routing, system, trace};

/// How many fields a request gets on its way, so that room for them is made once: six that introduce the caller, the
/// trace, the request id and a token.
const FIELDS_ADDED: usize = 9;

/// Answers a request. There is always an answer, and always one line in the access log.
pub fn handle(
    gateway: Arc<Gateway>,
    connection: Arc<ConnectionInfo>,
    arrived: Arrived,
) -> impl Future<Output = http::Response<Body>> + Send {
    let Arrived { request, interim } = arrived;
    let (mut parts, body) = request.into_parts();
    async move {
        let snapshot = gateway.snapshot();
        let (now, started) = gateway.services.clock.both();
        let named = Named::of(&parts.headers);
        let (id, mut trace) = trace::identify(&parts.headers, named, now);
        if let Some(spans) = &snapshot.spans {
            spans.decide(&mut trace);
        }
        let mut told = Telling {
            story: Story::begin(
                &gateway,
                &snapshot,
                &connection,
                (&parts, named),
                Arc::clone(&id.text),
                &trace,
                (now, started),
            ),
            gateway: &gateway,
            snapshot: &snapshot,
            connection: &connection,
            id: &id,
            trace,
            named,
            is_call: named.content_type && grpc::is_call(&parts.headers),
            extended_connect: false,
            interim: interim.filter(|_| snapshot.project.settings.server.answers.interim),
        };

        let answered = {
            // Pinned where it is made: a future that is handed on is copied, whole.
            let mut answering = pin!(told.answer(&mut parts, body));
            poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| answering.as_mut().poll(cx))) {
                Ok(polled) => polled.map(Ok),
                Err(panic) => Poll::Ready(Err(panic)),
            })
            .await
        };
        let mut response = answered.unwrap_or_else(|panic| {
            let problem = Problem::new(&INTERNAL, "The gateway could not answer this request.");
            told.refuse(problem.caused_by(panic_text(&*panic)))
        });

        let switched = told.switched(&mut response);
        told.story.tell_in(&snapshot.project.settings.server.answers, &mut response);
        if told.is_call
            && let Some(record) = told.story.record()
        {
            response = grpc::told(record, response);
        }
        if snapshot.compatibility.zuplo_problems {
            response.headers_mut().insert(trace::ZUPLO_REQUEST_ID, id.field.clone());
        }
        response.headers_mut().insert(trace::REQUEST_ID, id.field.clone());
        match switched {
            Some(switched) => {
                told.story.open_tunnel(&mut response, switched, snapshot.tunnels, &connection);
                response
            }
            None => told.story.answer(response, &connection),
        }
    }
}

/// The body of a request, as it comes from the connection or as code has seen it.
enum Received {
    Incoming(IncomingBody),
    Whole(Body),
}

/// A request that is being answered.
struct Telling<'g> {
    story: Story,
    gateway: &'g Arc<Gateway>,
    snapshot: &'g Arc<Snapshot>,
    connection: &'g ConnectionInfo,
    id: &'g RequestId,
    trace: Trace,
    /// What it came with.
    named: Named,
    /// Whether it is a call of gRPC.
    is_call: bool,
    /// Whether the client would take any 2xx for a tunnel.
    extended_connect: bool,
    /// Where what an upstream says before its answer goes.
    interim: Option<Interim>,
}

impl Telling<'_> {
    /// Everything between the head of a request and its answer, in order.
    ///
    /// The parts of the request are lent: a future keeps what it is given twice, as it came and as it is called.
    async fn answer(&mut self, parts: &mut Parts, body: IncomingBody) -> Response {
        let mut inspected = match hygiene::inspect(parts, self.connection, &self.snapshot.hygiene) {
            Ok(inspected) => inspected,
            Err(problem) => return self.refuse(problem),
        };
        self.story.inspected(&inspected);
        self.extended_connect = inspected.upgrade.as_ref().is_some_and(|asked| asked.extended_connect);

        let has_pre_routing = self.snapshot.hooks.as_ref().is_some_and(|hooks| hooks.has_pre_routing());
        let body = if has_pre_routing {
            // What few projects have is boxed: a future is copied a few times, whole.
            match Box::pin(self.before_routing(parts, body, &mut inspected)).await {
                ControlFlow::Continue(body) => body,
                ControlFlow::Break(response) => return response,
            }
        } else {
            Received::Incoming(body)
        };
        if let Some(alerts) = self.gateway.alerts_at(self.snapshot, &inspected.target.match_path) {
            // Rare, and not to make the future of every other request larger.
            return Box::pin(self.alerted(&**alerts, parts, body, inspected)).await;
        }
        if let Some(response) = system::answer(self.snapshot, parts, &inspected) {
            return response;
        }
        match preflight::answer(self.snapshot, parts, &inspected) {
            Some(Ok(response)) => return response,
            Some(Err(problem)) => return self.refuse(problem),
            None => {}
        }
        let (index, params) =
            match routing::route(&self.snapshot.router, &self.snapshot.compatibility, &parts.method, &inspected) {
                Ok(found) => found,
                Err(problem) => {
                    let (host, path) = (&inspected.client.host, &inspected.target.match_path);
                    let told = routing::of_servers(self.snapshot, &parts.method, host, path, &problem);
                    if self.snapshot.hooks.is_none() || told.is_some() {
                        return self.refuse(told.unwrap_or(problem));
                    }
                    return Box::pin(self.unrouted(parts, body, inspected, problem)).await;
                }
            };
        let Some(route) = self.snapshot.routes.get(index) else {
            return self.refuse(Problem::new(&INTERNAL, "The route is missing."));
        };
        self.story.routed(route, self.snapshot.metrics_of(index), &parts.headers);
        if let Some(asked) = inspected.upgrade.take_if(|asked| !route.route.may_upgrade_to(&asked.protocol)) {
            if asked.extended_connect {
                // There is no request besides the upgrade.
                return self.refuse(hygiene::upgrade::not_here());
            }
            parts.extensions.remove::<UpgradeRequest>();
        }

        let origin = route.pipeline.cors.as_ref().and_then(|_| parts.headers.get(http::header::ORIGIN).cloned());
        if let Err(problem) = self.check_address(route, &inspected).await {
            let mut response = self.refuse(problem);
            route.cors_on_refusal(origin.as_ref(), &mut response);
            return response;
        }
        let mut total = route.route.timeouts.total;
        if self.is_call {
            total = grpc::note_deadline(parts, total);
        }
        let late = route.introduces_late && hygiene::is_introduced_alike(&inspected, self.connection);
        let introduction = late.then(|| hygiene::introduction(&inspected.client, self.connection));
        let mut request = self.receive(parts, body, &inspected, late);
        let ip = inspected.client.ip;
        let exchange = self.exchange(Arc::clone(&route.route), params, inspected);
        exchange.introduction = introduction;

        let answered = {
            let mut run = pin!(route.pipeline.run(exchange, &mut request));
            match total {
                None => Some(run.await),
                Some(total) => tokio::time::timeout(total, run.as_mut()).await.ok(),
            }
        };
        let response = answered.unwrap_or_else(|| {
            let mut response =
                self.refuse(Problem::new(&UPSTREAM_TIMEOUT_TOTAL, "The request was not answered in time."));
            route.cors_on_refusal(origin.as_ref(), &mut response);
            response
        });
        if route.authenticates
            && let Some(record) = self.story.record()
        {
            self.gateway
                .failed_auth
                .note(record, ip, self.snapshot.failed_auth_limit, &*self.gateway.services.clock)
                .await;
        }
        response
    }

    /// The exchange of a request on a route.
    fn exchange(&mut self, route: Arc<Route>, params: Params, inspected: Inspected) -> &mut Exchange {
        // Written where it stays: what is made first and boxed then is copied, whole.
        let exchange = Box::write(
            Box::new_uninit(),
            Exchange {
                id: Arc::clone(&self.id.text),
                route,
                params,
                client: inspected.client,
                target: inspected.target,
                trace: self.trace,
                user: None,
                custom: serde_json::Map::new(),
                response_headers: http::HeaderMap::new(),
                record: self.story.lend_record(),
                services: Arc::clone(&self.gateway.services),
                // Hardly anything else asks for it than the project's own code.
                gateway: self.snapshot.calls_routes.then(|| Arc::clone(self.snapshot) as _),
                depth: 0,
                called_by: None,
                mcp: None,
                sent: None,
                keepers: Vec::new(),
                ledger: Default::default(),
                interim: self.interim.clone(),
                script: None,
                introduction: None,
            },
        );
        self.story.exchange.insert(exchange)
    }

    /// Lets the project's code see the request before anything is found for it, where it wants to.
    async fn before_routing(
        &mut self,
        parts: &mut Parts,
        body: IncomingBody,
        inspected: &mut Inspected,
    ) -> ControlFlow<Response, Received> {
        let Some(hooks) = self.snapshot.hooks.as_ref().filter(|hooks| hooks.has_pre_routing()) else {
            return ControlFlow::Continue(Received::Incoming(body));
        };
        let mut request = self.receive(parts, Received::Incoming(body), inspected, false);
        let known = Inspected {
            client: inspected.client.clone(),
            target: inspected.target.clone(),
            second_path: None,
            upgrade: inspected.upgrade.clone(),
            debug_token: None,
            peer_is_trusted: inspected.peer_is_trusted,
        };
        let unmatched = Arc::clone(&self.snapshot.unmatched);
        let exchange = self.exchange(unmatched, Params::new(), known);
        let flow = hooks.pre_routing(exchange, &mut request).await;
        let target = std::mem::take(&mut exchange.target);
        self.story.give_record_back();
        if target.match_path != inspected.target.match_path {
            // What the code asks for has one reading: it comes out of a parsed URL.
            inspected.second_path = None;
        }
        inspected.target = target;
        let (changed, body) = request.into_parts();
        *parts = changed;
        match flow {
            Flow::Continue => ControlFlow::Continue(Received::Whole(body)),
            Flow::Respond(response) => ControlFlow::Break(response),
            Flow::Refuse(problem) => ControlFlow::Break(self.refuse(problem)),
        }
    }

    /// Hands an alert to whoever takes it.
    async fn alerted(
        &mut self,
        alerts: &dyn Alerts,
        parts: &mut Parts,
        body: Received,
        inspected: Inspected,
    ) -> Response {
        let request = self.receive(parts, body, &inspected, false);
        match alerts.receive(inspected.client.ip, request).await {
            Ok(response) => response,
            Err(problem) => self.refuse(problem),
        }
    }

    /// What no route answers: the project's code may.
    async fn unrouted(
        &mut self,
        parts: &mut Parts,
        body: Received,
        inspected: Inspected,
        problem: Problem,
    ) -> Response {
        let Some(hooks) = self.snapshot.hooks.clone() else { return self.refuse(problem) };
        if problem.reason.name != ROUTE_NOT_FOUND.name && problem.reason.name != ROUTE_METHOD.name {
            return self.refuse(problem);
        }
        let by_path = inside::matched_by_path(self.snapshot, &inspected.client.host, &inspected.target.match_path);
        let request = self.receive(parts, body, &inspected, false);
        let head = RequestHead { method: request.method().clone(), headers: request.headers().clone() };
        let unmatched = Arc::clone(&self.snapshot.unmatched);
        let exchange = self.exchange(unmatched, Params::new(), inspected);
        exchange.sent = Some(Box::new(head));
        let answered = match hooks.has_not_found() {
            true => Some(hooks.not_found(exchange, request, by_path).await),
            false => None,
        };
        let response = match answered {
            Some(Ok(response)) => response,
            Some(Err(problem)) => self.refuse(problem),
            None => {
                let response = self.refuse(problem);
                match self.story.exchange.as_deref_mut().filter(|_| hooks.has_problem_format()) {
                    Some(exchange) => hooks.format_problem(exchange, response).await,
                    None => response,
                }
            }
        };
        match self.story.exchange.as_deref_mut() {
            Some(exchange) => hooks.on_response(exchange, response).get().await,
            None => response,
        }
    }

    /// Makes the request that policies and handler see, for which the parts are used up. `late` says that the fields
    /// which introduce the caller are written when it is sent.
    fn receive(&mut self, parts: &mut Parts, body: Received, inspected: &Inspected, late: bool) -> Request<Body> {
        let body = match body {
            Received::Incoming(body) => body,
            // It has been here already, on its way to the project's code.
            Received::Whole(body) => return request_of(parts, body),
        };
        let compatibility = &self.snapshot.compatibility;
        let bare = compatibility.strip_get_body && matches!(parts.method, http::Method::GET | http::Method::HEAD);
        let body = if bare && !http_body::Body::is_end_stream(&body) {
            parts.headers.remove(http::header::CONTENT_LENGTH);
            parts.headers.remove(http::header::TRANSFER_ENCODING);
            parts.headers.insert("zp-body-removed", HeaderValue::from_static("true"));
            Body::empty()
        } else {
            let patience = if self.is_call { Patience::Endless } else { Patience::Rules };
            hygiene::client_body(body, &self.snapshot.hygiene, patience, &mut parts.extensions)
        };
        self.story.receives(parts.extensions.get::<BodyMeter>().cloned());
        if let Some(asked) = &inspected.upgrade {
            let open = self.gateway.metrics.tunnels.clone();
            let most = self.snapshot.tunnels.most;
            parts.extensions.insert(UpgradeRequest { asked: asked.clone(), most, open });
        }
        trace::leave_out(&self.trace, self.named, &mut parts.headers);
        if !late {
            parts.headers.reserve(FIELDS_ADDED);
            hygiene::forwarding_fields(&mut parts.headers, &inspected.client, self.connection);
            trace::propagate(&self.id.field, &self.trace, &mut parts.headers);
        }
        request_of(parts, body)
    }

    /// Refuses an address that failed to authenticate too often.
    async fn check_address(&self, route: &CompiledRoute, inspected: &Inspected) -> Result<(), Problem> {
        if !route.authenticates {
            return Ok(());
        }
        let clock = &*self.gateway.services.clock;
        self.gateway.failed_auth.check(inspected.client.ip, self.snapshot.failed_auth_limit, clock).await
    }

    /// The connection that an answer hands over to a tunnel. An answer of 101 without one, such as
    /// that of a policy, would leave the client with a connection that nobody reads.
    fn switched(&mut self, response: &mut Response) -> Option<Switched> {
        let switched = SwitchedSlot::take(response);
        match &switched {
            Some(switched) if switched.asked.extended_connect => *response.status_mut() = StatusCode::OK,
            Some(switched) => switched.asked.grant(response.headers_mut()),
            None if response.status() == StatusCode::SWITCHING_PROTOCOLS => {
                let problem = Problem::new(&INTERNAL, "The gateway could not answer this request.");
                *response = self.refuse(problem.caused_by("an answer of 101 that no upstream has given"));
            }
            None if self.extended_connect && response.status().is_success() => {
                let problem = Problem::new(&UPSTREAM_MALFORMED, "The upstream did not switch protocols.");
                *response = self.refuse(problem.caused_by(format_args!("{} instead of 101", response.status())));
            }
            None => {}
        }
        switched
    }

    fn refuse(&mut self, problem: Problem) -> Response {
        match self.story.record_and_path() {
            Some((record, path)) => answer::refuse(self.snapshot, record, &self.id.text, path, problem),
            None => answer::refuse(self.snapshot, &mut Default::default(), &self.id.text, "", problem),
        }
    }
}

/// Makes a request of parts that are used up.
fn request_of(parts: &mut Parts, body: Body) -> Request<Body> {
    let mut request = Request::new(body);
    *request.method_mut() = std::mem::take(&mut parts.method);
    *request.uri_mut() = std::mem::take(&mut parts.uri);
    *request.version_mut() = parts.version;
    *request.headers_mut() = std::mem::take(&mut parts.headers);
    *request.extensions_mut() = std::mem::take(&mut parts.extensions);
    request
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without words".to_owned())
}
