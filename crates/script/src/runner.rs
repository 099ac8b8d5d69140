//! Calls of scripts, as the gateway's workers make them: the message, the questions that the script
//! asks meanwhile, and what the reply changes about the exchange.

use std::sync::Arc;

use http::Uri;
use serde_json::Value;
use tokio::sync::mpsc;
use tollgate_core::exchange::{Credential, Params, User};
use tollgate_core::reason;
use tollgate_core::record::ScriptShare;
use tollgate_core::services::{Caller, ScriptContext};
use tollgate_core::{Body, Exchange, Flow, Problem, Request, Response};
use tollgate_js::Thrown;
use tollgate_js::engine::Stopped;

use crate::at_hand::at_hand;
use crate::generation::Generation;
use crate::message::{Argument, Ask, Asked, Call, Changes, Entry, Failed, Outcome, Reply, Seed, Told, Word};
use crate::pool::ScriptPool;

/// What callers see of a script that failed: the rest is the log's.
const FAILED: &str = "The gateway could not answer this request.";

/// Runs what one project's modules define. When the last snapshot with it has gone, its engines go.
#[derive(Debug)]
pub(crate) struct Runner {
    pub(crate) pool: ScriptPool,
    pub(crate) generation: Arc<Generation>,
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.pool.unload(self.generation.id);
    }
}

/// Where the context of an exchange lives. Dropped with the exchange, so that the context goes too.
#[derive(Debug)]
pub(crate) struct Pinned {
    runner: Arc<Runner>,
    at: ScriptContext,
    /// Whether the context has hooks of its own.
    hooked: bool,
}

impl Drop for Pinned {
    fn drop(&mut self) {
        self.runner.pool.forget(self.at.thread, self.runner.generation.id, self.at.key);
    }
}

/// Whether the context of an exchange has hooks of its own.
pub(crate) fn is_hooked(exchange: &Exchange) -> bool {
    pinned(exchange).is_some_and(|pinned| pinned.hooked)
}

fn pinned(exchange: &Exchange) -> Option<&Pinned> {
    exchange.script.as_ref()?.downcast_ref()
}

/// What is called, and what it is called in logs and metrics.
pub(crate) struct Target<'a> {
    pub(crate) entry: Entry,
    pub(crate) name: &'a Arc<str>,
}

impl Runner {
    /// Calls a script with a request that it may change.
    pub(crate) async fn with_request(
        self: &Arc<Self>,
        exchange: &mut Exchange,
        target: Target<'_>,
        request: &mut Request,
        argument: Argument,
    ) -> Result<Outcome, Problem> {
        // What only this side can read stays here.
        let extensions = std::mem::take(request.extensions_mut());
        let (uri, version) = (request.uri().clone(), request.version());
        let mut taken = std::mem::replace(request, Request::new(Body::empty()));
        // A client that waits to be asked for its body is not asked before a script is.
        if !taken.headers().contains_key(http::header::EXPECT) {
            *taken.body_mut() = at_hand(std::mem::take(taken.body_mut())).await;
        }
        let outcome = self.call(exchange, &target, Some(taken), None, argument).await?;
        Ok(match outcome {
            Outcome::Request(changed) => {
                *request = changed;
                *request.extensions_mut() = extensions;
                *request.version_mut() = version;
                *request.uri_mut() = if asks_for(&uri, exchange) { uri } else { target_uri(exchange)? };
                Outcome::Value(Value::Null)
            }
            other => other,
        })
    }

    /// Calls a script that looks at a request which then goes on as it was, but for what the script says
    /// of user, parameters and bag. The body stays here.
    pub(crate) async fn beside(
        self: &Arc<Self>,
        exchange: &mut Exchange,
        target: Target<'_>,
        request: &mut Request,
        argument: Argument,
    ) -> Result<Outcome, Problem> {
        let mut head = Request::new(Body::empty());
        *head.method_mut() = request.method().clone();
        *head.headers_mut() = request.headers().clone();
        self.call(exchange, &target, Some(head), None, argument).await
    }

    /// Calls a script with a response, or with nothing but the head of the request.
    pub(crate) async fn with_response(
        self: &Arc<Self>,
        exchange: &mut Exchange,
        target: Target<'_>,
        mut response: Option<Response>,
    ) -> Result<Outcome, Problem> {
        let request = sent(exchange);
        if let Some(response) = &mut response {
            *response.body_mut() = at_hand(std::mem::take(response.body_mut())).await;
        }
        self.call(exchange, &target, Some(request), response, Argument::Nothing).await
    }

    /// Calls a script, and serves what it asks of the exchange until it is done.
    pub(crate) async fn call(
        self: &Arc<Self>,
        exchange: &mut Exchange,
        target: &Target<'_>,
        request: Option<Request>,
        response: Option<Response>,
        argument: Argument,
    ) -> Result<Outcome, Problem> {
        let at = self.pin(exchange);
        let (words, mut said) = mpsc::unbounded_channel();
        let http2 = request.as_ref().is_some_and(|request| request.version() == http::Version::HTTP_2);
        let call = Call {
            generation: Arc::clone(&self.generation),
            entry: target.entry,
            seed: seed(exchange, at, http2),
            request,
            response,
            argument,
            words,
        };
        self.pool.call(at.thread, Box::new(call)).map_err(|_| {
            Problem::new(&reason::SCRIPT_BUSY, "The gateway is too busy to answer this request.")
                .with_header(http::header::RETRY_AFTER, http::HeaderValue::from_static("1"))
        })?;
        let reply = loop {
            match said.recv().await {
                Some(Word::Ask(ask)) => serve(exchange, *ask).await,
                Some(Word::Reply(reply)) => break reply,
                None => return Err(Problem::new(&reason::INTERNAL, FAILED).caused_by("a script thread has ended")),
            }
        };
        self.take_in(exchange, target, *reply)
    }

    fn pin(self: &Arc<Self>, exchange: &mut Exchange) -> ScriptContext {
        if let Some(pinned) = pinned(exchange) {
            return pinned.at;
        }
        let (key, thread) = self.pool.assign();
        // A route that a script calls is looked at where that script is, so that contexts find each other.
        let thread = exchange.called_by.map_or(thread, |caller| caller.thread);
        let at = ScriptContext { thread, key };
        exchange.script = Some(Box::new(Pinned { runner: Arc::clone(self), at, hooked: false }));
        at
    }

    /// What the reply changes about the exchange.
    fn take_in(&self, exchange: &mut Exchange, target: &Target<'_>, reply: Reply) -> Result<Outcome, Problem> {
        exchange.record.scripts.push(ScriptShare { name: Arc::clone(target.name), cpu: reply.cpu });
        exchange.record.fields.extend(reply.fields);
        exchange.record.fetches.extend(reply.fetches);
        if reply.hooked
            && let Some(pinned) = exchange.script.as_mut().and_then(|script| script.downcast_mut::<Pinned>())
        {
            pinned.hooked = true;
        }
        let outcome = reply.outcome.map_err(|why| problem(exchange, target.name, why))?;
        apply(exchange, reply.changes)?;
        Ok(outcome)
    }
}

fn seed(exchange: &mut Exchange, at: ScriptContext, http2: bool) -> Box<Seed> {
    let mut caller = Caller::of(exchange);
    caller.context = Some(at);
    let target = &exchange.target;
    let (scheme, host, path) = (exchange.client.scheme.as_str(), &*exchange.client.host, &*target.forward_path);
    let mut url = String::with_capacity(scheme.len() + host.len() + path.len() + 64);
    url.extend([scheme, "://", host, path]);
    if let Some(query) = &target.query {
        url.push('?');
        url.push_str(query);
    }
    Box::new(Seed {
        key: at.key,
        id: Arc::clone(&exchange.id),
        route: Arc::clone(&exchange.route),
        matched: !exchange.route.operation.pointer.is_empty() || &*exchange.route.id != "unmatched",
        client: exchange.client.clone(),
        params: exchange.params.clone(),
        url,
        started: exchange.record.started,
        http2,
        user: exchange.user.clone(),
        custom: exchange.custom.clone(),
        usage: exchange.ledger.usage.clone(),
        gateway: exchange.gateway.clone(),
        caller,
        called_by: exchange.called_by,
        tool_call: exchange.mcp.as_ref().and_then(|mcp| mcp.tool_call.clone()),
    })
}

/// The request as it was sent, without its body.
fn sent(exchange: &Exchange) -> Request {
    let mut request = Request::new(Body::empty());
    if let Some(head) = &exchange.sent {
        *request.method_mut() = head.method.clone();
        *request.headers_mut() = head.headers.clone();
    }
    request
}

/// Whether a URI is the target of an exchange, spelt in the same way.
fn asks_for(uri: &Uri, exchange: &Exchange) -> bool {
    uri.path() == exchange.target.forward_path && uri.query() == exchange.target.query.as_deref()
}

fn target_uri(exchange: &Exchange) -> Result<Uri, Problem> {
    let target = &exchange.target;
    let text = match &target.query {
        Some(query) => format!("{}?{query}", target.forward_path),
        None => target.forward_path.clone(),
    };
    text.parse().map_err(|error| {
        Problem::new(&reason::SCRIPT_RESULT, FAILED).caused_by(format_args!("the script's URL is no target: {error}"))
    })
}

/// What a script has changed about the exchange.
fn apply(exchange: &mut Exchange, changes: Changes) -> Result<(), Problem> {
    match changes.user {
        None => {}
        Some(None) => exchange.user = None,
        Some(Some((sub, data))) => {
            let same = exchange.user.as_ref().is_some_and(|user| *user.sub == *sub && *user.data == data);
            if !same {
                // Whatever the caller proved itself with, this is now what the script says of it.
                exchange.user = Some(User { sub: sub.into(), data: Arc::new(data), credential: Credential::Other });
            }
        }
    }
    if let Some(params) = changes.params {
        let value = |value: Value| match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        exchange.params = params.into_iter().map(|(name, param)| (name.into(), value(param))).collect::<Params>();
    }
    if let Some(custom) = changes.custom {
        exchange.custom = custom;
    }
    exchange.ledger.notes.extend(changes.notes);
    if let Some(target) = changes.target {
        let read = exchange.gateway.as_ref().map(|gateway| gateway.target(&target));
        exchange.target = match read {
            Some(Ok(target)) => target,
            Some(Err(problem)) => {
                let cause = format!("the script's URL is no target: {}", problem.detail);
                return Err(Problem::new(&reason::SCRIPT_RESULT, FAILED).caused_by(cause));
            }
            None => return Ok(()),
        };
    }
    Ok(())
}

/// The problem that a failed script is answered with. The error itself is told to the log alone.
fn problem(exchange: &Exchange, name: &str, why: Failed) -> Problem {
    let (reason, cause) = match &why {
        Failed::Stopped(stopped) => {
            let reason = match stopped {
                Stopped::Cpu => &reason::SCRIPT_CPU_LIMIT,
                Stopped::Memory => &reason::SCRIPT_MEMORY_LIMIT,
                Stopped::Stack => &reason::SCRIPT_STACK_LIMIT,
                Stopped::Wall => &reason::SCRIPT_TIMEOUT,
            };
            (reason, stopped.to_string())
        }
        // That is between the client and the gateway: the script has done nothing wrong.
        Failed::Unread(why) => return Problem::of_request_body(&**why),
        Failed::Broken(what) => (&reason::SCRIPT_THREW, format!("the modules cannot be loaded again: {what}")),
        Failed::Thrown(thrown) => {
            let wrong = thrown.message.contains("` must return ");
            let reason = if wrong { &reason::SCRIPT_RESULT } else { &reason::SCRIPT_THREW };
            (reason, told(thrown))
        }
    };
    tracing::error!(target: "script", request_id = &*exchange.id, route = &*exchange.route.id, script = name, reason = reason.name, "{cause}");
    let mut problem = Problem::new(reason, FAILED).caused_by(cause);
    if let Failed::Thrown(Thrown { extension_members: Some(members), .. }) = why
        && let Ok(Value::Object(members)) = serde_json::from_str(&members)
    {
        for (member, value) in members {
            problem = problem.with(&member, value);
        }
    }
    problem
}

fn told(thrown: &Thrown) -> String {
    match thrown.stack.trim_end() {
        "" => thrown.to_string(),
        stack => format!("{thrown}\n{stack}"),
    }
}

/// Serves what a script asks of the exchange while it runs.
async fn serve(exchange: &mut Exchange, ask: Ask) {
    let Ask { what, changes, answer } = ask;
    let served = match apply(exchange, changes) {
        Ok(()) => part(exchange, what).await,
        Err(mut problem) => Err(problem.cause.take().unwrap_or_default()),
    };
    let told = served.map(|result| Told {
        result,
        user: exchange.user.clone(),
        params: exchange.params.clone(),
        custom: exchange.custom.clone(),
        usage: exchange.ledger.usage.clone(),
        url: seed(exchange, ScriptContext { thread: 0, key: 0 }, false).url,
    });
    let _ = answer.send(told);
}

/// Runs a part of the gateway on the exchange.
async fn part(exchange: &mut Exchange, what: Asked) -> Result<Outcome, String> {
    let gateway = exchange.gateway.clone().ok_or("there is no gateway here")?;
    let no_policy = |name: &str| format!("there is no policy `{name}` in this project");
    match what {
        Asked::Inbound { name, request } => {
            let policy = gateway.policy(&name).ok_or_else(|| no_policy(&name))?;
            inbound(exchange, &*policy, request).await
        }
        Asked::Outbound { name, response } => {
            let policy = gateway.policy(&name).ok_or_else(|| no_policy(&name))?;
            outbound(exchange, &*policy, response).await
        }
        Asked::BuiltInPolicy { export, options, name, request } => {
            let policy = gateway.built_in_policy(&export, options, &name).map_err(|error| error.to_string())?;
            inbound(exchange, &*policy, request).await
        }
        Asked::BuiltInOutbound { export, options, name, response } => {
            let policy = gateway.built_in_policy(&export, options, &name).map_err(|error| error.to_string())?;
            outbound(exchange, &*policy, response).await
        }
        Asked::BuiltInHandler { export, options, request } => {
            let handler = gateway.built_in_handler(&export, options, exchange).map_err(|error| error.to_string())?;
            let request = with_target(exchange, request)?;
            let handled = handler.handle(exchange, request).await;
            Ok(Outcome::Response(handled.unwrap_or_else(|problem| gateway.refuse(exchange, problem))))
        }
    }
}

async fn inbound(
    exchange: &mut Exchange,
    policy: &dyn tollgate_core::Policy,
    request: Request,
) -> Result<Outcome, String> {
    let mut request = with_target(exchange, request)?;
    let bound = policy.bind(&exchange.route).map_err(|error| error.to_string())?;
    let flow = bound.as_deref().unwrap_or(policy).on_request(exchange, &mut request).get().await;
    Ok(flowed(exchange, flow).map_or(Outcome::Request(request), Outcome::Response))
}

async fn outbound(
    exchange: &mut Exchange,
    policy: &dyn tollgate_core::Policy,
    mut response: Response,
) -> Result<Outcome, String> {
    let flow = policy.on_response(exchange, &mut response).get().await;
    Ok(Outcome::Response(flowed(exchange, flow).unwrap_or(response)))
}

fn flowed(exchange: &mut Exchange, flow: Flow) -> Option<Response> {
    match flow {
        Flow::Continue => None,
        Flow::Respond(response) => Some(response),
        Flow::Refuse(problem) => {
            let gateway = exchange.gateway.clone();
            gateway.map(|gateway| gateway.refuse(exchange, problem))
        }
    }
}

/// A request of a script in the form that policies and handlers know: its target stands in the exchange.
fn with_target(exchange: &mut Exchange, mut request: Request) -> Result<Request, String> {
    let path_and_query = request.uri().path_and_query().map_or("/", |target| target.as_str()).to_owned();
    if let Some(gateway) = exchange.gateway.clone() {
        exchange.target = gateway.target(&path_and_query).map_err(|problem| problem.detail.to_string())?;
    }
    *request.uri_mut() = path_and_query.parse().map_err(|error| format!("the request's URL is no target: {error}"))?;
    Ok(request)
}
