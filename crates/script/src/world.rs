//! What one engine may reach: the network through the gateway's own connections, the log, the cache.

use std::cell::{OnceCell, RefCell};
use std::fmt;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

use http::header::{HeaderName, HeaderValue, SEC_WEBSOCKET_PROTOCOL, USER_AGENT};
use serde_json::json;
use tokio_tungstenite::tungstenite::protocol::Role;
use tollgate_core::egress::EgressRules;
use tollgate_core::exchange::{SpanId, Trace};
use tollgate_core::record::Fetch;
use tollgate_core::{Body, Request, Response, Services};
use tollgate_js::host::{Level, LocalBoxFuture};
use tollgate_js::webapi::caches::ByteCache;
use tollgate_js::webapi::websocket::Socket;
use tollgate_js::{Failure, Host, Task};
use url::Url;

use crate::context::State;
use crate::generation::Generation;
use crate::live::Live;
use crate::outbox;
use crate::pool::Outside;
use crate::socket::WireSocket;

/// The W3C trace context.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// How long the head of an answer to `fetch` may take, where the script does not say.
const CONNECT: Duration = Duration::from_secs(10);

/// What one engine may reach.
pub(crate) struct World {
    pub(crate) generation: Arc<Generation>,
    pub(crate) outside: Arc<Outside>,
    live: RefCell<Weak<Live>>,
    /// Lines that plugins have not seen yet.
    lines: RefCell<Vec<String>>,
    rules: OnceCell<Arc<EgressRules>>,
}

impl World {
    pub(crate) fn new(generation: Arc<Generation>, outside: Arc<Outside>) -> Self {
        Self { generation, outside, live: RefCell::default(), lines: RefCell::default(), rules: OnceCell::new() }
    }

    pub(crate) fn attach(&self, live: &Rc<Live>) {
        *self.live.borrow_mut() = Rc::downgrade(live);
    }

    /// Writes a line of a script: to the gateway's log, and for the plugins that read along.
    pub(crate) fn write(&self, state: Option<&State>, level: Level, text: &str, messages: Option<serde_json::Value>) {
        let text = self.generation.graph.translate_stack(text);
        let (id, route) =
            state.and_then(|state| state.with(|seed| (Arc::clone(&seed.id), Arc::clone(&seed.route.id)))).unzip();
        let (id, route) = (id.as_deref().unwrap_or_default(), route.as_deref().unwrap_or_default());
        match level {
            Level::Debug => tracing::debug!(target: "script", request_id = id, route, "{text}"),
            Level::Info => tracing::info!(target: "script", request_id = id, route, "{text}"),
            Level::Warn => tracing::warn!(target: "script", request_id = id, route, "{text}"),
            Level::Error => tracing::error!(target: "script", request_id = id, route, "{text}"),
        }
        let wanted = self.live.borrow().upgrade().is_some_and(|live| live.has_sinks());
        if wanted {
            let now = self.outside.services.get().map(|services| services.clock.now().rfc3339());
            let line = json!({
                "timestamp": now,
                "level": name(level),
                "text": text,
                "messages": messages,
                "requestId": (!id.is_empty()).then_some(id),
                "source": if id.is_empty() { "runtime" } else { "request" },
                "properties": state.map(State::fields),
            });
            self.lines.borrow_mut().push(line.to_string());
        }
    }

    /// Where spans are sent, a request goes on with the trace of the exchange that it is made for, unless the
    /// script has said otherwise.
    fn traced(&self, task: &Task, request: &mut Request) -> Option<Traced> {
        if !self.generation.traces.load(std::sync::atomic::Ordering::Relaxed) {
            return None;
        }
        let state = Rc::clone(task.data::<Rc<State>>()?);
        let trace = state.with(|seed| seed.caller.trace).filter(|trace| trace.flags & 1 == 1)?;
        let span_id = SpanId::of(uuid::Uuid::new_v4().as_u64_pair().0.into());
        let field = HeaderValue::from_bytes(&Trace { span_id, ..trace }.traceparent()).ok()?;
        request.headers_mut().entry(TRACEPARENT).or_insert(field);
        let (method, url) = (request.method().clone(), request.uri().to_string());
        let url = url.split('?').next().unwrap_or_default().to_owned();
        let services = Arc::clone(self.outside.services.get()?);
        let began = services.clock.monotonic();
        Some(Traced {
            services,
            state,
            fetch: Fetch { method, url, status: None, began, took: Duration::ZERO, span_id },
        })
    }

    /// Where requests may go.
    fn rules(&self) -> Arc<EgressRules> {
        let management = self.outside.management.get().copied();
        let make = || Arc::new(self.generation.fetch.rules(management.as_slice()));
        Arc::clone(self.rules.get_or_init(make))
    }

    /// The lines that plugins have not seen yet.
    pub(crate) fn take_lines(&self) -> Vec<String> {
        self.lines.take()
    }
}

fn name(level: Level) -> &'static str {
    match level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    }
}

impl Host for World {
    fn fetch(&self, task: &Rc<Task>, mut request: Request) -> LocalBoxFuture<'static, Result<Response, Failure>> {
        let traced = self.traced(task, &mut request);
        let (services, workers) = (self.outside.services.get().cloned(), self.outside.workers.get().cloned());
        let rules = self.rules();
        Box::pin(async move {
            let (Some(services), Some(workers)) = (services, workers) else {
                return Err(Failure::type_error("fetch failed: there is no network while modules are loaded"));
            };
            // Connections live on the gateway's workers: a script that spins must not hold up what
            // others read from them.
            let sent = workers.spawn(async move { services.http.send(request, CONNECT, &rules).await });
            let sent = AbortOnDrop(sent);
            let sent = sent.await;
            if let Some(traced) = traced {
                traced.note(sent.as_ref().ok().and_then(|sent| sent.as_ref().ok()));
            }
            match sent {
                Ok(Ok(response)) => Ok(response),
                Ok(Err(error)) => Err(Failure::type_error(format!("fetch failed: {error}"))),
                Err(_) => Err(Failure::type_error("fetch failed: the gateway is stopping")),
            }
        })
    }

    fn websocket(
        &self,
        _: &Rc<Task>,
        url: &str,
        protocols: &[String],
    ) -> LocalBoxFuture<'static, Result<Box<dyn Socket>, Failure>> {
        let (services, workers) = (self.outside.services.get().cloned(), self.outside.workers.get().cloned());
        let (rules, longest) = (self.rules(), self.generation.buffered_body);
        let request = handshake(url, protocols);
        Box::pin(async move {
            let (Some(services), Some(workers)) = (services, workers) else {
                return Err(Failure::type_error("there is no network while modules are loaded"));
            };
            let request = request?;
            let opened = workers.spawn(async move { services.http.open_websocket(request, CONNECT, &rules).await });
            let switched = match AbortOnDrop(opened).await {
                Ok(switched) => switched.map_err(|error| Failure::error(error.to_string()))?,
                Err(_) => return Err(Failure::error("the gateway is stopping")),
            };
            let chosen = switched.headers.get(SEC_WEBSOCKET_PROTOCOL).and_then(|chosen| chosen.to_str().ok());
            let protocol = chosen.unwrap_or_default().trim().to_owned();
            Ok(Box::new(WireSocket::start(&workers, switched.stream, Role::Client, protocol, longest)) as _)
        })
    }

    fn log(&self, task: &Rc<Task>, level: Level, message: &str) {
        let state = task.data::<Rc<State>>();
        self.write(state.map(|state| &**state), level, message, None);
    }

    fn while_busy(&self) {
        outbox::flush_here();
    }

    fn cache(&self) -> Option<Arc<ByteCache>> {
        self.outside.cache.get().map(Arc::clone)
    }

    fn buffered_body(&self) -> usize {
        self.generation.buffered_body
    }

    fn monotonic(&self) -> Duration {
        self.outside.services.get().map_or(Duration::ZERO, |services| services.clock.monotonic())
    }
}

/// A request that becomes a span.
struct Traced {
    services: Arc<Services>,
    state: Rc<State>,
    fetch: Fetch,
}

impl Traced {
    fn note(self, response: Option<&Response>) {
        let took = self.services.clock.monotonic().saturating_sub(self.fetch.began);
        let status = response.map(|response| response.status().as_u16());
        self.state.fetched(Fetch { status, took, ..self.fetch });
    }
}

/// What a server is asked for a WebSocket with.
fn handshake(url: &str, protocols: &[String]) -> Result<Request, Failure> {
    let wrong = |error: &dyn fmt::Display| Failure::error(format!("`{url}` cannot be asked for: {error}"));
    let mut address = Url::parse(url).map_err(|error| wrong(&error))?;
    let scheme = if address.scheme() == "wss" { "https" } else { "http" };
    address.set_scheme(scheme).map_err(|()| wrong(&"its scheme is not `ws:` or `wss:`"))?;
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = address.as_str().parse().map_err(|error| wrong(&error))?;
    request.headers_mut().insert(USER_AGENT, HeaderValue::from_static("tollgate"));
    if !protocols.is_empty() {
        let offered = HeaderValue::try_from(protocols.join(", ")).map_err(|error| wrong(&error))?;
        request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, offered);
    }
    Ok(request)
}

/// A request that nobody waits for any more ends.
struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Future for AbortOnDrop<T> {
    type Output = Result<T, tokio::task::JoinError>;

    fn poll(mut self: std::pin::Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> std::task::Poll<Self::Output> {
        std::pin::Pin::new(&mut self.0).poll(cx)
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("generation", &self.generation.id).finish_non_exhaustive()
    }
}
