//! A gateway in this process: a project made of lines, a log that can be read.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Response};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tollgate_core::catalog::{BuildContext, BuildError, BuildIssue, Configure, Direction};
use tollgate_core::later::BoxFuture;
use tollgate_core::project::{
    Compatibility, CorsChoice, HandlerDefinition, Place, PolicyInstance, Project, ProjectForm, Stage, StepRef,
    Timeouts, Use,
};
use tollgate_core::route::{Document, Methods, Operation, PathMode, PathTemplate};
use tollgate_core::settings::Settings;
use tollgate_core::{Catalog, Exchange, Policy, PolicyKind, Request, Route, Services, policy::Step};
use tollgate_proxy::access_log::{AccessLog, Format};
use tollgate_proxy::listener::{self, Shutdown};
use tollgate_proxy::metrics::Metrics;
use tollgate_proxy::upstream::{MapHosts, Upstreams};
use tollgate_proxy::{Gateway, Snapshot, handlers};
use tollgate_testkit::client::{self, Reply};
use tollgate_testkit::{CapturingUpstream, PolicyBench, Seen};

/// How long a test waits for something that must happen.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

static POLICIES: &[&PolicyKind] = &[
    &tollgate_policies::api_key::KIND,
    &tollgate_policies::composite::KIND,
    &tollgate_policies::set_response_headers::KIND,
    &PANICS,
];

pub(crate) static CATALOG: Catalog = Catalog { policies: POLICIES, handlers: handlers::ALL };

/// A policy with a defect.
#[derive(Debug)]
struct Panics;

static PANICS: PolicyKind = PolicyKind::of::<Panics>("panics", Direction::Inbound, "");

impl Configure for Panics {
    type Options = serde_json::Map<String, Value>;

    fn configure(_: Self::Options, _: &BuildContext<'_>) -> Result<Self, BuildError> {
        Ok(Self)
    }
}

impl Policy for Panics {
    fn on_request<'a>(&'a self, _: &'a mut Exchange, _: &'a mut Request) -> Step<'a> {
        panic!("a defect")
    }
}

/// A project under construction.
pub(crate) struct Draft {
    pub(crate) project: Project,
    pub(crate) document: Arc<Document>,
}

impl Draft {
    pub(crate) fn new() -> Self {
        let document = Arc::new(Document {
            name: "openapi.yaml".to_owned(),
            uri: "file:///openapi.yaml".to_owned(),
            root: json!({ "openapi": "3.1.0", "paths": {} }).into(),
            resources: Vec::new(),
            mount: String::new(),
        });
        let project = Project {
            root: std::path::PathBuf::new(),
            form: ProjectForm::Native,
            compatibility: Compatibility::native(),
            settings: Settings::default(),
            policies: Vec::new(),
            cors: Vec::new(),
            routes: Vec::new(),
            documents: vec![Arc::clone(&document)],
            consumers: Vec::new(),
            runtime_module: None,
            exports: Vec::new(),
            scripts: None,
            environment: Arc::default(),
            expanded: Default::default(),
            files: Vec::new(),
            digest: "d1".to_owned(),
        };
        Self { project, document }
    }

    /// Turns the switches of the Zuplo form on.
    pub(crate) fn zuplo(mut self) -> Self {
        self.project.form = ProjectForm::Zuplo;
        self.project.compatibility = Compatibility {
            document_order: true,
            method_mismatch_is_404: true,
            zuplo_problems: true,
            strip_get_body: true,
            ..Compatibility::native()
        };
        self
    }

    pub(crate) fn document(mut self, root: Value) -> Self {
        let document = Document {
            name: self.document.name.clone(),
            uri: self.document.uri.clone(),
            root: root.into(),
            resources: Vec::new(),
            mount: String::new(),
        };
        self.document = Arc::new(document);
        self.project.documents = vec![Arc::clone(&self.document)];
        self
    }

    /// Adds an instance of a policy under a name of its own.
    pub(crate) fn policy(mut self, name: &str, kind: &str, options: Value) -> Self {
        self.project.policies.push(PolicyInstance {
            id: name.into(),
            name: name.into(),
            implementation: Use::BuiltIn(kind.to_owned()),
            options,
            place: Place { file: "tollgate.yaml".into(), pointer: format!("/policies/{name}"), line: 0, column: 0 },
            unused: false,
        });
        self
    }

    /// Adds a route: `GET,POST /todos/{id}`; its id is the same text.
    pub(crate) fn route(self, line: &str, handler: &str, options: Value) -> Self {
        self.route_with(line, handler, options, |_| {})
    }

    pub(crate) fn route_with(
        mut self,
        line: &str,
        handler: &str,
        options: Value,
        change: impl FnOnce(&mut Route),
    ) -> Self {
        let (methods, path) = line.split_once(' ').unwrap();
        let listed = methods.split(',').map(|method| Method::from_bytes(method.as_bytes()).unwrap()).collect();
        let pointer = format!("/paths/{}/{}", path.replace('/', "~1"), methods.to_lowercase());
        let mut route = Route {
            id: line.into(),
            place: Place { file: "openapi.yaml".into(), pointer: pointer.clone(), line: 0, column: 0 },
            template: PathTemplate { text: path.into(), mode: PathMode::OpenApi, rest: None },
            methods: if methods == "*" { Methods::Any } else { Methods::Listed(listed) },
            hosts: Vec::new(),
            inbound: Vec::new(),
            handler: HandlerDefinition {
                implementation: Use::BuiltIn(handler.to_owned()),
                options,
                place: Place::default(),
            }
            .into(),
            outbound: Vec::new(),
            cors: CorsChoice::None,
            timeouts: Timeouts { connect: DEADLINE, first_byte: None, idle: None, total: None },
            operation: Operation { document: Arc::clone(&self.document), pointer },
            upgrades: None,
            mcp: None,
            authenticated: false,
            internal: false,
        };
        change(&mut route);
        self.project.routes.push(Arc::new(route));
        self
    }

    /// Lets the last route run a policy on the way in.
    pub(crate) fn inbound(mut self, stage: Stage, name: &str) -> Self {
        let policy = self.project.policies.iter().position(|instance| &*instance.name == name).unwrap();
        let last = self.project.routes.last_mut().and_then(Arc::get_mut).unwrap();
        last.inbound.push(StepRef::new(policy, stage));
        self
    }

    /// The same on the way out.
    pub(crate) fn outbound(mut self, name: &str) -> Self {
        let policy = self.project.policies.iter().position(|instance| &*instance.name == name).unwrap();
        let last = self.project.routes.last_mut().and_then(Arc::get_mut).unwrap();
        last.outbound.push(StepRef::new(policy, Stage::Outbound));
        self
    }

    pub(crate) fn settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.project.settings);
        self
    }

    pub(crate) fn build(
        self,
        services: &Arc<Services>,
        upstreams: &Arc<Upstreams>,
    ) -> Result<Snapshot, Vec<BuildIssue>> {
        Snapshot::build(Arc::new(self.project), &CATALOG, services, upstreams)
    }
}

/// A gateway on a free port.
pub(crate) struct App {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) address: SocketAddr,
    pub(crate) log: Captured,
    pub(crate) bench: PolicyBench,
    pub(crate) shutdown: Shutdown,
    serving: tokio::task::JoinHandle<()>,
}

impl App {
    /// Boxed: with the settings of a project in it, the future is a large one.
    pub(crate) fn start(draft: Draft) -> BoxFuture<'static, Self> {
        Box::pin(Self::begin(draft))
    }

    async fn begin(draft: Draft) -> Self {
        let bench = PolicyBench::builder().build().await.unwrap();
        let services = Arc::clone(bench.services());
        let upstreams = Upstreams::new(Arc::clone(&services.clock), MapHosts::default());
        let metrics = Arc::new(Metrics::new());
        let log = Captured::new();
        let access_log =
            AccessLog::start(Box::new(log.clone()), Format::Json, std::path::Path::new("."), &metrics).unwrap();
        let snapshot = draft.build(&services, &upstreams).unwrap();
        let gateway = Gateway::new(services, upstreams, metrics, access_log, snapshot);
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let shutdown = Shutdown::new();
        let serving = tokio::spawn(listener::serve(socket, Arc::clone(&gateway), shutdown.clone()));
        Self { gateway, address, log, bench, shutdown, serving }
    }

    /// Stops as the process does, and waits until the listener has ended.
    pub(crate) async fn stop(&mut self) {
        self.shutdown.cancel();
        tokio::time::timeout(DEADLINE, &mut self.serving).await.expect("the listener ends").unwrap();
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], "").await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        client::send(method, &self.url(path), headers, body.to_owned()).await.unwrap()
    }

    /// Puts another project into force.
    pub(crate) fn apply(&self, draft: Draft) -> Arc<Snapshot> {
        let snapshot = draft.build(&self.gateway.services, &self.gateway.upstreams).unwrap();
        self.gateway.apply(snapshot)
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// An upstream that answers with what it was asked.
pub(crate) async fn echo() -> CapturingUpstream {
    CapturingUpstream::answering(|seen: &Seen| {
        let text = format!("{} {}", seen.method, seen.target);
        Response::new(Bytes::from(text))
    })
    .await
    .unwrap()
}

/// Text of the header fields of an answer, for messages.
pub(crate) fn text(headers: &HeaderMap, name: &str) -> String {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(", ")
}

/// Lines that were written.
#[derive(Clone)]
pub(crate) struct Captured {
    bytes: Arc<Mutex<Vec<u8>>>,
    count: watch::Sender<usize>,
}

impl Captured {
    fn new() -> Self {
        Self { bytes: Arc::default(), count: watch::Sender::new(0) }
    }

    /// All lines, once there are `count` of them.
    pub(crate) async fn lines(&self, count: usize) -> Vec<Value> {
        let mut counted = self.count.subscribe();
        let enough = tokio::time::timeout(DEADLINE, counted.wait_for(|written| *written >= count)).await;
        let text = String::from_utf8(self.bytes.lock().clone()).unwrap();
        assert!(enough.is_ok(), "{count} lines were expected:\n{text}");
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The one line that there is.
    pub(crate) async fn line(&self) -> Value {
        let mut lines = self.lines(1).await;
        assert_eq!(lines.len(), 1, "{lines:#?}");
        lines.remove(0)
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut all = self.bytes.lock();
        all.extend_from_slice(bytes);
        let lines = all.iter().filter(|byte| **byte == b'\n').count();
        self.count.send_replace(lines);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
