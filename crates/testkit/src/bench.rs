//! Policies on a pipeline, without a port.
//!
//! [`PolicyBench`] builds policies the way the gateway does (options, then `bind` for every
//! operation of a document), runs requests through core's own pipeline, and ends them in an
//! upstream that remembers what it saw. Its clock stands still until told to go on.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};
use tollgate_core::body::{BodyTooLarge, CollectError};
use tollgate_core::catalog::{BuildContext, BuildError, Direction, Nested};
use tollgate_core::exchange::{Client, Params, Scheme, Target, Trace};
use tollgate_core::later::BoxFuture;
use tollgate_core::pipeline::{Placed, ProblemStyle};
use tollgate_core::project::{
    Compatibility, CorsChoice, HandlerDefinition, Place, PolicyInstance, Stage, Timeouts, Use,
};
use tollgate_core::reason::{CLIENT_BODY_BROKEN, REQUEST_TOO_LARGE};
use tollgate_core::record::Record;
use tollgate_core::route::{Document, Methods, Operation, PathMode, PathTemplate};
use tollgate_core::settings::{NamedPolicy, Settings};
use tollgate_core::time::{Clock, ManualClock};
use tollgate_core::{Body, Catalog, Exchange, Handler, Pipeline, Policy, Problem, Request, Response, Route, Services};

use crate::rooms::{self, Rooms};
use crate::upstream::Seen;

/// What stands around the policies of a bench: the `yaml project` block of a transcript.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BenchProject {
    /// The document whose operations are served.
    pub document: Value,
    /// Named policies.
    pub policies: BTreeMap<String, NamedPolicy>,
    /// The consumers that have a key.
    pub consumers: BTreeMap<String, BenchConsumer>,
    /// The settings.
    pub settings: Settings,
    /// Which switches are on.
    pub form: BenchForm,
    /// What the upstream answers; it echoes the request where nothing is said.
    pub upstream: Option<BenchUpstream>,
    /// Tokens of foreign issuers (HS256).
    pub tokens: BTreeMap<String, BenchToken>,
}

impl Default for BenchProject {
    fn default() -> Self {
        Self {
            document: default_document(),
            policies: BTreeMap::new(),
            consumers: ["alice", "bob"].map(|name| (name.to_owned(), BenchConsumer::default())).into(),
            settings: Settings::default(),
            form: BenchForm::Native,
            upstream: None,
            tokens: BTreeMap::new(),
        }
    }
}

/// The form whose switches are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BenchForm {
    /// The native one.
    Native,
    /// The Zuplo form, newest date.
    Zuplo,
}

/// A consumer with one key.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BenchConsumer {
    /// Its metadata.
    pub metadata: Value,
    /// Its bucket.
    pub bucket: String,
    /// What has become of its key.
    pub key: KeyState,
}

impl Default for BenchConsumer {
    fn default() -> Self {
        Self { metadata: json!({}), bucket: tollgate_core::keys::DEFAULT_BUCKET.to_owned(), key: KeyState::Good }
    }
}

/// What has become of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyState {
    /// It is good.
    Good,
    /// It was revoked.
    Revoked,
    /// It has expired.
    Expired,
}

/// A fixed answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BenchUpstream {
    /// Its status.
    #[serde(default = "ok")]
    pub status: u16,
    /// Its header fields.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Its body: a text, or JSON.
    #[serde(default)]
    pub body: Value,
}

const fn ok() -> u16 {
    200
}

/// A token that a foreign issuer signed.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BenchToken {
    /// The secret that it is signed with.
    pub secret: String,
    /// Its claims, without the moments.
    #[serde(default)]
    pub claims: serde_json::Map<String, Value>,
    /// In how many seconds it expires; negative for an expired one.
    #[serde(default = "five_minutes")]
    pub expires_in: i64,
}

const fn five_minutes() -> i64 {
    300
}

/// What a transcript sees where its page declares no document: a list of pets.
pub fn default_document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Pets", "version": "1.0.0" },
        "paths": {
            "/pets": {
                "get": { "operationId": "listPets", "responses": { "200": { "description": "ok" } } },
                "post": { "operationId": "createPet", "responses": { "200": { "description": "ok" } } },
            },
            "/pets/{petId}": {
                "get": { "operationId": "getPet", "responses": { "200": { "description": "ok" } } },
                "put": { "operationId": "replacePet", "responses": { "200": { "description": "ok" } } },
                "delete": { "operationId": "deletePet", "responses": { "204": { "description": "gone" } } },
            },
        },
    })
}

/// What came back, and what the upstream saw.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its header fields.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// What the upstream saw; `None` where the request never got there.
    pub seen: Option<Seen>,
    /// The exchange's record.
    pub record: Record,
}

/// Says what a bench consists of.
#[derive(Debug, Default)]
pub struct PolicyBenchBuilder {
    project: BenchProject,
    steps: Vec<(String, Option<Value>)>,
}

impl PolicyBenchBuilder {
    /// What stands around the policies.
    #[must_use]
    pub fn project(mut self, project: BenchProject) -> Self {
        self.project = project;
        self
    }

    /// The document whose operations are served.
    #[must_use]
    pub fn document(mut self, document: Value) -> Self {
        self.project.document = document;
        self
    }

    /// Adds a step: a named policy, or a built-in with these options. A bare value stands for
    /// the built-in's shorthand option, as in a document.
    #[must_use]
    pub fn policy(mut self, name: &str, options: Value) -> Self {
        self.steps.push((name.to_owned(), Some(options)));
        self
    }

    /// Adds a step without options of its own.
    #[must_use]
    pub fn step(mut self, name: &str) -> Self {
        self.steps.push((name.to_owned(), None));
        self
    }

    /// Builds every policy for every operation.
    ///
    /// # Errors
    /// Where the gateway would refuse the project.
    pub async fn build(self) -> Result<PolicyBench, BuildError> {
        PolicyBench::new(self).await
    }
}

/// Policies on a pipeline, without a port.
#[derive(Debug)]
pub struct PolicyBench {
    clock: Arc<ManualClock>,
    rooms: Rooms,
    routes: Vec<(Arc<Route>, Pipeline)>,
    upstream: Arc<Upstream>,
    project: BenchProject,
    client: IpAddr,
}

impl PolicyBench {
    /// Begins a bench.
    pub fn builder() -> PolicyBenchBuilder {
        PolicyBenchBuilder::default()
    }

    async fn new(builder: PolicyBenchBuilder) -> Result<Self, BuildError> {
        let PolicyBenchBuilder { project, steps } = builder;
        let clock = Arc::new(ManualClock::default());
        let rooms = Rooms::open(&project, Arc::clone(&clock) as Arc<dyn Clock>).await?;
        let services = &rooms.services;
        let compatibility = compatibility(project.form);
        let factory = Factory { project: &project, services, compatibility: &compatibility };
        let shared = steps
            .into_iter()
            .map(|(name, options)| factory.step(&name, options))
            .collect::<Result<Vec<_>, BuildError>>()?;

        let upstream = Arc::new(Upstream { answer: project.upstream.clone(), seen: Mutex::new(None) });
        let document = Arc::new(Document {
            name: "openapi.yaml".to_owned(),
            uri: "file:///bench/openapi.yaml".to_owned(),
            root: Arc::new(project.document.clone()),
            resources: Vec::new(),
            mount: String::new(),
        });
        let mut routes = Vec::new();
        for route in routes_of(&document) {
            let mut pipeline = Pipeline {
                inbound: Vec::new(),
                handler: Arc::clone(&upstream) as Arc<dyn Handler>,
                outbound: Vec::new(),
                cors: None,
                outbound_on_all: compatibility.outbound_on_all,
                cors_on_refusals: compatibility.cors_on_refusals,
                problems: ProblemStyle {
                    type_base: "http://bench.test/__tollgate/problems/".into(),
                    trace: compatibility.zuplo_problems.then(|| "bench".into()),
                    explain: false,
                },
            };
            for (direction, placed) in &shared {
                let mut placed = placed.clone();
                if let Some(bound) = placed.policy.bind(&route)? {
                    placed.policy = bound;
                }
                match direction {
                    Direction::Inbound => pipeline.inbound.push(placed),
                    Direction::Outbound => pipeline.outbound.push(placed),
                }
            }
            routes.push((route, pipeline));
        }
        Ok(Self { clock, rooms, routes, upstream, project, client: Ipv4Addr::LOCALHOST.into() })
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// The bench's clock.
    pub fn clock(&self) -> &Arc<ManualClock> {
        &self.clock
    }

    /// The rooms behind the traits.
    pub fn services(&self) -> &Arc<Services> {
        &self.rooms.services
    }

    /// Where requests come from, from now on.
    pub fn set_client(&mut self, address: IpAddr) {
        self.client = address;
    }

    /// The key of a consumer; a well-formed but unknown one where it is not declared.
    pub fn key(&self, consumer: &str) -> String {
        let unknown = || rooms::unknown_key(&self.project.settings.keys.prefix);
        self.rooms.keys.get(consumer).cloned().unwrap_or_else(unknown)
    }

    /// A token of the project's `tokens`.
    ///
    /// # Errors
    /// Where there is none of this name.
    pub fn token(&self, name: &str) -> Result<String, String> {
        let token = self.project.tokens.get(name).ok_or_else(|| format!("there is no token `{name}`"))?;
        let mut claims = token.claims.clone();
        let now = self.clock.now().seconds();
        claims.entry("iat").or_insert(json!(now));
        claims.entry("exp").or_insert(json!(now + token.expires_in));
        rooms::sign(token.secret.as_bytes(), &Value::Object(claims))
    }

    /// Puts keys and tokens in place of `{key:NAME}` and `{token:NAME}`.
    pub(crate) fn fill_placeholders(&self, text: &str) -> Result<String, String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((at, is_key)) = [("{key:", true), ("{token:", false)]
            .iter()
            .filter_map(|(begin, is_key)| rest.find(begin).map(|at| (at, *is_key)))
            .min()
        {
            filled.push_str(&rest[..at]);
            let (begin, end) = rest[at..].split_once('}').ok_or("a placeholder is not closed")?;
            let name = begin.split_once(':').map_or("", |(_, name)| name);
            filled.push_str(&if is_key { self.key(name) } else { self.token(name)? });
            rest = end;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// Sends a request: body bytes in memory with their `Content-Length`, or in two pieces without
    /// one where the request says `transfer-encoding: chunked`.
    pub async fn send<B: Into<Bytes>>(&self, request: http::Request<B>) -> Answer {
        let (mut parts, body) = request.into_parts();
        let bytes: Bytes = body.into();
        let body = if parts.headers.remove(header::TRANSFER_ENCODING).is_some() {
            in_pieces(bytes)
        } else {
            if !bytes.is_empty() && !parts.headers.contains_key(header::CONTENT_LENGTH) {
                parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
            }
            Body::full(bytes)
        };
        let path = percent_encoding::percent_decode_str(parts.uri.path()).decode_utf8_lossy().into_owned();
        let found = self.routes.iter().find_map(|(route, pipeline)| {
            let params = match_route(route, &parts.method, parts.uri.path())?;
            Some((route, pipeline, params))
        });
        let Some((route, pipeline, params)) = found else {
            let (status, headers) = (StatusCode::NOT_FOUND, HeaderMap::new());
            let body = Bytes::from(format!("the bench has no route for {} {path}", parts.method));
            return Answer { status, headers, body, seen: None, record: Record::default() };
        };
        let mut exchange = Exchange {
            id: "bench-request".into(),
            route: Arc::clone(route),
            params,
            client: Client {
                peer: SocketAddr::new(self.client, 40_000),
                ip: self.client.to_canonical(),
                scheme: Scheme::Http,
                host: "bench.test".into(),
            },
            target: Target {
                match_path: path,
                forward_path: parts.uri.path().to_owned(),
                query: parts.uri.query().map(str::to_owned),
            },
            trace: Trace {
                trace_id: "0af7651916cd43dd8448eb211c80319c".to_owned(),
                span_id: "b7ad6b7169203331".to_owned(),
                parent_id: None,
                flags: 0,
            },
            user: None,
            custom: serde_json::Map::new(),
            response_headers: HeaderMap::new(),
            record: Record::default(),
            services: Arc::clone(&self.rooms.services),
        };
        *self.upstream.seen.lock() = None;
        let response = pipeline.run(&mut exchange, Request::from_parts(parts, body)).await;
        let (parts, body) = response.into_parts();
        let body = body.collect_up_to(usize::MAX).await.unwrap_or_default();
        let seen = self.upstream.seen.lock().take();
        Answer { status: parts.status, headers: parts.headers, body, seen, record: exchange.record }
    }
}

fn in_pieces(bytes: Bytes) -> Body {
    let half = bytes.len() / 2;
    let pieces = [bytes.slice(..half), bytes.slice(half..)];
    let frames = pieces.map(|piece| Ok::<_, std::convert::Infallible>(http_body::Frame::data(piece)));
    Body::stream(http_body_util::StreamBody::new(futures_util::stream::iter(frames)))
}

fn compatibility(form: BenchForm) -> Compatibility {
    let native = Compatibility::native();
    match form {
        BenchForm::Native => native,
        BenchForm::Zuplo => Compatibility {
            document_order: true,
            method_mismatch_is_404: true,
            follow_redirects: false,
            zuplo_problems: true,
            strip_get_body: true,
            rate_limit_fields: false,
            ..native
        },
    }
}

/// Builds policies as the gateway does.
struct Factory<'b> {
    project: &'b BenchProject,
    services: &'b Arc<Services>,
    compatibility: &'b Compatibility,
}

impl Factory<'_> {
    fn step(&self, name: &str, options: Option<Value>) -> Result<(Direction, Placed), BuildError> {
        let (implementation, options) = match (self.project.policies.get(name), options) {
            (Some(named), None) => (named.implementation.as_str(), named.options.clone().unwrap_or_default()),
            (_, options) => (name, options.unwrap_or_default()),
        };
        let catalog = Catalog { policies: tollgate_policies::ALL, handlers: &[] };
        let kind = catalog
            .policy(implementation)
            .ok_or_else(|| BuildError::at("", format!("there is no policy `{implementation}`")))?;
        let options = match kind.shorthand {
            Some(option) if !options.is_object() && !options.is_null() => json!({ option: options }),
            _ => options,
        };
        let instance = PolicyInstance {
            id: format!("bench#/{name}").into(),
            name: name.into(),
            implementation: Use::BuiltIn(kind.name.to_owned()),
            options: options.clone(),
            place: Place::default(),
        };
        let nested = |name: &str| {
            let (_, placed) = self.step(name, None)?;
            Ok(Nested { name: placed.name, policy: placed.policy })
        };
        let context = BuildContext {
            instance: &instance,
            services: self.services,
            settings: &self.project.settings,
            compatibility: self.compatibility,
            nested: &nested,
        };
        let policy: Arc<dyn Policy> = kind.build(options, &context)?;
        let stage = if kind.authenticates { Stage::Auth } else { Stage::Inbound };
        let stage = if kind.direction == Direction::Outbound { Stage::Outbound } else { stage };
        Ok((kind.direction, Placed { name: name.into(), stage, policy }))
    }
}

/// One route for each operation, in document order.
fn routes_of(document: &Arc<Document>) -> Vec<Arc<Route>> {
    let methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];
    let mut routes = Vec::new();
    for (path, item) in document.root.get("paths").and_then(Value::as_object).into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let name = method.to_ascii_uppercase();
            let Some(verb) =
                methods.contains(&method.as_str()).then(|| Method::from_bytes(name.as_bytes()).ok()).flatten()
            else {
                continue;
            };
            let escaped = path.replace('~', "~0").replace('/', "~1");
            let id = operation
                .get("operationId")
                .and_then(Value::as_str)
                .map_or_else(|| format!("{name} {path}"), str::to_owned);
            routes.push(Arc::new(Route {
                id: id.into(),
                place: Place::default(),
                template: PathTemplate { text: path.clone(), mode: PathMode::OpenApi, rest: None },
                methods: Methods::Listed(vec![verb]),
                hosts: Vec::new(),
                inbound: Vec::new(),
                handler: HandlerDefinition {
                    implementation: Use::BuiltIn("forward".to_owned()),
                    options: Value::Null,
                    place: Place::default(),
                },
                outbound: Vec::new(),
                cors: CorsChoice::None,
                timeouts: Timeouts { connect: Duration::from_secs(5), first_byte: None, idle: None, total: None },
                operation: Operation { document: Arc::clone(document), pointer: format!("/paths/{escaped}/{method}") },
                authenticated: false,
                internal: false,
            }));
        }
    }
    routes
}

/// A matcher that is enough for the documents of examples: whole segments only.
fn match_route(route: &Route, method: &Method, path: &str) -> Option<Params> {
    let Methods::Listed(methods) = &route.methods else { return None };
    if !methods.contains(method) {
        return None;
    }
    let (template, path): (Vec<_>, Vec<_>) = (route.template.text.split('/').collect(), path.split('/').collect());
    if template.len() != path.len() {
        return None;
    }
    let mut params = Params::new();
    for (expected, actual) in template.into_iter().zip(path) {
        match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) if !actual.is_empty() => {
                let value = percent_encoding::percent_decode_str(actual).decode_utf8_lossy().into_owned();
                params.push((name.into(), value));
            }
            None if expected == actual => {}
            _ => return None,
        }
    }
    Some(params)
}

/// Ends every pipeline of a bench.
#[derive(Debug)]
struct Upstream {
    answer: Option<BenchUpstream>,
    seen: Mutex<Option<Seen>>,
}

impl Handler for Upstream {
    fn handle<'a>(&'a self, exchange: &'a mut Exchange, request: Request) -> BoxFuture<'a, Result<Response, Problem>> {
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = body.collect_up_to(64 * 1024 * 1024).await.map_err(|error| match &error {
                CollectError::TooLong(_) => Problem::new(&REQUEST_TOO_LARGE, "The body is too long."),
                CollectError::Broken(cause) if BodyTooLarge::in_chain(&**cause).is_some() => {
                    Problem::new(&REQUEST_TOO_LARGE, "The body is too long.")
                }
                CollectError::Broken(cause) => {
                    Problem::new(&CLIENT_BODY_BROKEN, "The body broke off.").caused_by(cause)
                }
            })?;
            let target = match &exchange.target.query {
                Some(query) => format!("{}?{query}", exchange.target.forward_path),
                None => exchange.target.forward_path.clone(),
            };
            let seen = Seen { method: parts.method, target, headers: parts.headers, body };
            let response = match &self.answer {
                Some(answer) => fixed(answer),
                None => echo(&seen, exchange),
            };
            *self.seen.lock() = Some(seen);
            Ok(response)
        })
    }
}

fn fixed(answer: &BenchUpstream) -> Response {
    let body = match &answer.body {
        Value::Null => Body::empty(),
        Value::String(text) => Body::full(text.clone()),
        json => Body::full(json.to_string()),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &answer.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<http::HeaderName>(), HeaderValue::from_str(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

fn echo(seen: &Seen, exchange: &Exchange) -> Response {
    let user = exchange.user.as_ref().map(|user| json!({ "sub": user.sub, "data": user.data }));
    let body = json!({ "method": seen.method.as_str(), "target": seen.target, "user": user });
    let mut response = Response::new(Body::full(body.to_string()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
