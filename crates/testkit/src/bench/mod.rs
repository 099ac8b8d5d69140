//! Policies on a pipeline, without a port.
//!
//! [`PolicyBench`] builds policies the way the gateway does (options, then `bind` for every
//! operation of a document), runs requests through core's own pipeline, and ends them in an
//! upstream that remembers what it saw. Its clock stands still until told to go on.

mod factory;
mod project;
mod routes;
mod upstream;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tollgate_core::catalog::{BuildError, Direction};
use tollgate_core::exchange::{Client, Scheme, SpanId, Target, Trace, TraceId};
use tollgate_core::pipeline::ProblemStyle;
use tollgate_core::record::Record;
use tollgate_core::route::Document;
use tollgate_core::time::{Clock, ManualClock};
use tollgate_core::{Body, Exchange, Handler, Pipeline, Request, Route, Services};

use crate::rooms::{self, Rooms};
use crate::upstream::Seen;
use factory::Factory;
use project::compatibility;
pub use project::{BenchConsumer, BenchForm, BenchProject, BenchToken, BenchUpstream, KeyState, default_document};
use routes::{match_route, routes_of};
use upstream::Upstream;

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
            root: project.document.clone().into(),
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
                hooks: None,
                keeps_request: false,
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
                certificate: None,
            },
            target: Target {
                match_path: path,
                forward_path: parts.uri.path().to_owned(),
                query: parts.uri.query().map(str::to_owned),
            },
            trace: Trace {
                trace_id: TraceId::of(0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c),
                span_id: SpanId::of(0xb7ad_6b71_6920_3331),
                parent_id: None,
                flags: 0,
            },
            user: None,
            custom: serde_json::Map::new(),
            response_headers: HeaderMap::new(),
            record: Box::default(),
            services: Arc::clone(&self.rooms.services),
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
        };
        *self.upstream.seen.lock() = None;
        let response = pipeline.run(&mut exchange, &mut Request::from_parts(parts, body)).await;
        let (parts, body) = response.into_parts();
        let body = body.collect_up_to(usize::MAX).await.unwrap_or_default();
        let seen = self.upstream.seen.lock().take();
        Answer { status: parts.status, headers: parts.headers, body, seen, record: *exchange.record }
    }
}

fn in_pieces(bytes: Bytes) -> Body {
    let half = bytes.len() / 2;
    let pieces = [bytes.slice(..half), bytes.slice(half..)];
    let frames = pieces.map(|piece| Ok::<_, std::convert::Infallible>(http_body::Frame::data(piece)));
    Body::stream(http_body_util::StreamBody::new(futures_util::stream::iter(frames)))
}
