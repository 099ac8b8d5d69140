use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tollgate_core::exchange::Trace;
use tollgate_core::problem::ProblemContext;
use tollgate_core::project::{CorsChoice, HandlerDefinition, Place, Timeouts, Use};
use tollgate_core::record::Record;
use tollgate_core::route::{Document, Methods, Operation, PathMode, PathTemplate, Route};
use tollgate_core::settings::{Settings, UpstreamSettings};
use tollgate_core::{Body, Exchange, Problem, Reason, Response, Services};
use tollgate_proxy::connection::{Arrived, WireSettings};
use tollgate_proxy::hygiene::{self, ConnectionInfo, HygieneRules};
use tollgate_proxy::listener::{self, Observer};
use tollgate_proxy::unreadable::{RefusedHead, UnreadableHead};
use tollgate_proxy::upstream::{MapHosts, Upstream, Upstreams};

use super::client::Client;
use super::services;

/// What a test wants of the gateway; everything has a patient default.
pub(crate) struct Setup {
    pub(crate) settings: Settings,
    pub(crate) upstream: UpstreamSettings,
    pub(crate) timeouts: Timeouts,
    pub(crate) map_hosts: MapHosts,
}

impl Setup {
    pub(crate) fn to(url: impl Into<String>) -> Self {
        let patient = Some(Duration::from_secs(30));
        Self {
            settings: Settings::default(),
            upstream: UpstreamSettings::new(url),
            timeouts: Timeouts { connect: Duration::from_secs(30), first_byte: patient, idle: patient, total: None },
            map_hosts: MapHosts::default(),
        }
    }

    pub(crate) async fn start(self) -> Gate {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let services = services::none();
        let upstreams = Upstreams::new(Arc::clone(&services.clock), self.map_hosts);
        let upstream = upstreams.get(&self.upstream).unwrap();
        let app = Arc::new(App {
            rules: HygieneRules::new(&self.settings),
            upstream: Arc::clone(&upstream),
            timeouts: self.timeouts,
            services,
            records: Mutex::default(),
            sent: Mutex::default(),
        });
        let wire = WireSettings::new(&self.settings);
        let shutdown = CancellationToken::new();
        let handling = Arc::clone(&app);
        let ends = Arc::new(Ends::default());
        let serving = tokio::spawn(listener::serve_with(
            listener,
            Arc::new(wire),
            Arc::clone(&ends),
            shutdown.clone(),
            move |info, arrived| {
                let app = Arc::clone(&handling);
                async move { app.answer(info, arrived).await }
            },
        ));
        Gate { address, app, ends, upstream, shutdown, serving: Some(serving) }
    }
}

/// A gateway on a free port of loopback.
pub(crate) struct Gate {
    pub(crate) address: SocketAddr,
    app: Arc<App>,
    ends: Arc<Ends>,
    pub(crate) upstream: Arc<Upstream>,
    pub(crate) shutdown: CancellationToken,
    serving: Option<JoinHandle<()>>,
}

impl Gate {
    pub(crate) async fn before(upstream: &super::Upstream) -> Self {
        Setup::to(upstream.url()).start().await
    }

    /// A gateway whose upstream must never be asked.
    pub(crate) async fn alone() -> Self {
        Setup::to("http://127.0.0.1:1").start().await
    }

    pub(crate) async fn client(&self) -> Client {
        Client::connect(self.address).await
    }

    /// Sends bytes on a connection of their own and reads all that comes until it is closed.
    pub(crate) async fn exchange(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut client = self.client().await;
        client.send(bytes).await;
        client.rest().await.0
    }

    /// The requests that were to go to the upstream, method and target.
    pub(crate) fn sent(&self) -> Vec<String> {
        self.app.sent.lock().clone()
    }

    /// How many of them were sent a second time.
    pub(crate) fn retries(&self) -> usize {
        self.app.records.lock().iter().map(|record| record.attempts.len().saturating_sub(1)).sum()
    }

    /// The records of the exchanges whose answer has begun.
    pub(crate) fn records(&self) -> Vec<Record> {
        self.app.records.lock().clone()
    }

    /// How the next connection ended that ended by a head, or by frames, that could not be taken:
    /// its reason and its cause.
    pub(crate) async fn bad_end(&self) -> (&'static str, String) {
        super::soon("a bad end", async {
            loop {
                let next = self.ends.told.notified();
                if let Some(end) = self.ends.bad.lock().pop() {
                    return end;
                }
                next.await;
            }
        })
        .await
    }

    /// Whether no connection ended badly.
    pub(crate) fn all_well(&self) -> bool {
        self.ends.bad.lock().is_empty()
    }

    /// Waits until the listener has ended.
    pub(crate) async fn ended(&mut self) {
        if let Some(serving) = self.serving.take() {
            super::soon("the end of the listener", serving).await.unwrap();
        }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.shutdown.cancel();
        if let Some(serving) = &self.serving {
            serving.abort();
        }
    }
}

/// How connections ended that no exchange tells of.
#[derive(Default)]
struct Ends {
    bad: Mutex<Vec<(&'static str, String)>>,
    told: Notify,
}

impl Observer for Ends {
    fn refuse(&self, _: &ConnectionInfo, reason: &'static Reason) -> Option<RefusedHead> {
        Some(RefusedHead::new(refuse(Problem::new(reason, "unreadable").closing())))
    }

    fn unreadable(&self, _: &ConnectionInfo, head: &UnreadableHead) {
        self.bad.lock().push((head.reason.name, head.cause.clone()));
        self.told.notify_one();
    }
}

struct App {
    rules: HygieneRules,
    upstream: Arc<Upstream>,
    timeouts: Timeouts,
    services: Arc<Services>,
    records: Mutex<Vec<Record>>,
    sent: Mutex<Vec<String>>,
}

impl App {
    async fn answer(&self, info: Arc<ConnectionInfo>, arrived: Arrived) -> Response {
        let (mut parts, body) = arrived.request.into_parts();
        let inspected = match hygiene::inspect(&mut parts, &info, &self.rules) {
            Ok(inspected) => inspected,
            Err(problem) => return refuse(problem),
        };
        let body = hygiene::client_body(body, &self.rules, hygiene::Patience::Rules, &mut parts.extensions);
        hygiene::forwarding_fields(&mut parts.headers, &inspected.client, &info);
        let query = inspected.target.query.as_ref().map_or(String::new(), |query| format!("?{query}"));
        parts.uri = format!("{}{query}", inspected.target.forward_path).parse().unwrap();
        self.sent.lock().push(format!("{} {}", parts.method, parts.uri));
        let mut exchange = Exchange {
            id: Arc::from("test"),
            route: route(self.timeouts),
            params: Default::default(),
            client: inspected.client,
            target: inspected.target,
            trace: Trace::default(),
            user: None,
            custom: Default::default(),
            response_headers: Default::default(),
            record: Record { started: self.services.clock.monotonic(), ..Record::default() }.into(),
            services: Arc::clone(&self.services),
            gateway: None,
            depth: 0,
            called_by: None,
            mcp: None,
            sent: None,
            keepers: Vec::new(),
            ledger: Default::default(),
            interim: arrived.interim,
            script: None,
            introduction: None,
        };
        let request = http::Request::from_parts(parts, body);
        let result = self.upstream.send(&mut exchange, request, self.timeouts).await;
        self.records.lock().push(*exchange.record);
        result.unwrap_or_else(refuse)
    }
}

/// The body names the reason, so that a test can tell one 400 from another.
fn refuse(problem: Problem) -> Response {
    let context =
        ProblemContext { request_id: "test", instance: "/", type_base: "/problems/", trace: None, explain: true };
    let response: http::Response<Body> = problem.into_response(&context);
    response
}

fn route(timeouts: Timeouts) -> Arc<Route> {
    let place = Place { file: Arc::from("test"), pointer: String::new(), line: 0, column: 0 };
    let document = Document {
        name: String::new(),
        uri: String::new(),
        root: serde_json::Value::Null.into(),
        resources: Vec::new(),
        mount: String::new(),
    };
    Arc::new(Route {
        id: Arc::from("test"),
        place: place.clone(),
        template: PathTemplate { text: "/".into(), mode: PathMode::OpenApi, rest: None },
        methods: Methods::Any,
        hosts: Vec::new(),
        inbound: Vec::new(),
        handler: HandlerDefinition {
            implementation: Use::BuiltIn("forward".into()),
            options: serde_json::Value::Null,
            place,
        }
        .into(),
        outbound: Vec::new(),
        cors: CorsChoice::None,
        timeouts,
        operation: Operation { document: Arc::new(document), pointer: String::new() },
        upgrades: None,
        mcp: None,
        authenticated: false,
        internal: false,
    })
}
