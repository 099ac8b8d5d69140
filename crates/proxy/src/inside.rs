//! The gateway as the project's own code sees it: other routes, policies and handlers, without a
//! connection in between.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use http::header::HOST;
use parking_lot::Mutex;
use serde_json::{Map, Value};
use tollgate_core::catalog::{BuildContext, BuildError, Nested};
use tollgate_core::exchange::{Params, Target};
use tollgate_core::later::BoxFuture;
use tollgate_core::mcp::McpPart;
use tollgate_core::project::{CorsChoice, HandlerDefinition, Place, PolicyInstance, Project, Stage, Use};
use tollgate_core::reason::{REQUEST_MALFORMED, ROUTE_METHOD, ROUTE_NOT_FOUND, SCRIPT_LOOP};
use tollgate_core::record::Record;
use tollgate_core::route::{Document, Methods, Operation, PathMode, PathTemplate};
use tollgate_core::services::{Called, Caller, Gateway};
use tollgate_core::{Exchange, Handler, Policy, Problem, Request, Response, Route, StoredJson};

use crate::handlers::{self, HandlerContext};
use crate::hygiene;
use crate::router::Outcome;
use crate::snapshot::Snapshot;
use crate::{answer, failed_auth};

/// How deep calls from within may go: a route that calls itself ends here.
const MOST_DEPTH: u8 = 8;

/// The most policies that are kept of those that code builds: options that are another with every request would
/// fill the memory.
const MOST_BUILT: usize = 256;

/// What tells policies apart that code builds: export, name, options.
type Built = (String, String, String);

/// Policies that code has built of the catalog.
#[derive(Debug, Default)]
pub(crate) struct BuiltByCode(Mutex<HashMap<Built, Arc<dyn Policy>>>);

impl BuiltByCode {
    fn get_or_build(
        &self,
        export: &str,
        options: &Value,
        name: &str,
        build: impl FnOnce() -> Result<Arc<dyn Policy>, BuildError>,
    ) -> Result<Arc<dyn Policy>, BuildError> {
        let key = (export.to_owned(), name.to_owned(), options.to_string());
        if let Some(known) = self.0.lock().get(&key) {
            return Ok(Arc::clone(known));
        }
        let built = build()?;
        let mut known = self.0.lock();
        if known.len() >= MOST_BUILT {
            return Ok(built);
        }
        Ok(Arc::clone(known.entry(key).or_insert(built)))
    }
}

impl Snapshot {
    fn build_policy(&self, export: &str, options: Value, name: &str) -> Result<Arc<dyn Policy>, BuildError> {
        let snapshot = self;
        let kind = snapshot.catalog.policy_by_export(export).or_else(|| snapshot.catalog.policy(export));
        let kind = kind.ok_or_else(|| BuildError::at("", format!("there is no policy `{export}`")))?;
        let instance = PolicyInstance {
            id: name.into(),
            name: name.into(),
            implementation: Use::BuiltIn(kind.name.to_owned()),
            options: options.clone(),
            place: Place::default(),
            unused: false,
        };
        let nested = |name: &str| {
            let found = snapshot.named.get_key_value(name);
            let found = found.map(|(name, policy)| Nested { name: Arc::clone(name), policy: Arc::clone(policy) });
            found.ok_or_else(|| BuildError::at("", format!("there is no policy `{name}`")))
        };
        let context = BuildContext {
            instance: &instance,
            services: &snapshot.services,
            settings: &snapshot.project.settings,
            compatibility: &snapshot.project.compatibility,
            scripts: snapshot.project.scripts.as_ref(),
            nested: &nested,
        };
        kind.build(options, &context)
    }
}

impl Gateway for Snapshot {
    fn call(self: Arc<Self>, caller: Caller, request: Request) -> BoxFuture<'static, Response> {
        let snapshot = self;
        Box::pin(async move {
            let path = request.uri().path().to_owned();
            let id = Arc::clone(&caller.id);
            match run(&snapshot, caller, None, request).await {
                Ok(called) => called.response,
                Err(problem) => answer::refuse(&snapshot, &mut Record::default(), &id, &path, problem),
            }
        })
    }

    fn call_route(
        self: Arc<Self>,
        caller: Caller,
        route: Arc<str>,
        request: Request,
    ) -> BoxFuture<'static, Result<Called, Problem>> {
        Box::pin(async move { run(&self, caller, Some(&route), request).await })
    }

    fn target(&self, path_and_query: &str) -> Result<Target, Problem> {
        let (path, query) = match path_and_query.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path_and_query, None),
        };
        let paths = hygiene::path::canonicalise(path).map_err(|why| Problem::new(&REQUEST_MALFORMED, why.0))?;
        Ok(Target { match_path: paths.matched, forward_path: paths.forward, query: query.map(str::to_owned) })
    }

    fn refuse(&self, exchange: &mut Exchange, problem: Problem) -> Response {
        let (stage, style) = (exchange.record.stage.unwrap_or(Stage::Handler), &self.problems);
        style.render(exchange, problem, stage, None)
    }

    fn policy(&self, name: &str) -> Option<Arc<dyn Policy>> {
        self.named.get(name).map(Arc::clone)
    }

    fn built_in_policy(&self, export: &str, options: Value, name: &str) -> Result<Arc<dyn Policy>, BuildError> {
        self.built.get_or_build(export, &options, name, || self.build_policy(export, options.clone(), name))
    }

    fn built_in_handler(
        &self,
        export: &str,
        options: Value,
        exchange: &Exchange,
    ) -> Result<Arc<dyn Handler>, BuildError> {
        let snapshot = self;
        let kind = snapshot.catalog.handler_by_export(export).or_else(|| snapshot.catalog.handler(export));
        let kind = kind.ok_or_else(|| BuildError::at("", format!("there is no handler `{export}`")))?;
        let definition =
            HandlerDefinition { implementation: Use::BuiltIn(kind.name.to_owned()), options, place: Place::default() };
        let context = HandlerContext {
            project: &snapshot.project,
            catalog: &snapshot.catalog,
            route: &exchange.route,
            services: &snapshot.services,
            upstreams: &snapshot.upstream_registry,
            used: &RefCell::default(),
            further: &RefCell::default(),
        };
        handlers::build(&definition, &context)
    }
}

/// Finds the route of a request and runs it; only that one, where one is named.
async fn run(
    snapshot: &Arc<Snapshot>,
    caller: Caller,
    only: Option<&str>,
    mut request: Request,
) -> Result<Called, Problem> {
    if caller.depth >= MOST_DEPTH {
        return Err(Problem::new(&SCRIPT_LOOP, "Routes call each other without end."));
    }
    let path_and_query = request.uri().path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let target = snapshot.target(&path_and_query)?;
    let mut client = caller.client;
    if let Some(authority) = request.uri().authority() {
        client.host = authority.as_str().to_ascii_lowercase().into();
    }
    *request.uri_mut() = path_and_query
        .parse()
        .map_err(|error| Problem::new(&REQUEST_MALFORMED, "The target is not a path.").caused_by(error))?;
    request.headers_mut().remove(HOST);
    let (route, params) = find(snapshot, &client.host, request.method(), &target)?;
    let route = snapshot.routes.get(route).ok_or_else(|| Problem::new(&ROUTE_NOT_FOUND, "The route is missing."))?;
    if let Some(only) = only {
        check_is(snapshot, only, &route.route, &client.host, request.method(), &path_and_query)?;
    }
    let now = snapshot.services.clock.monotonic();
    let mut exchange = Box::new(Exchange {
        id: caller.id,
        route: Arc::clone(&route.route),
        params,
        client,
        target,
        trace: caller.trace,
        user: None,
        custom: Map::new(),
        response_headers: http::HeaderMap::new(),
        record: Record { started: now, ..Record::default() }.into(),
        services: Arc::clone(&snapshot.services),
        gateway: Some(Arc::clone(snapshot) as _),
        depth: caller.depth + 1,
        called_by: caller.context,
        mcp: caller.tool_call.map(|call| Box::new(McpPart { tool_call: Some(call), concealed: None })),
        sent: None,
        keepers: Vec::new(),
        ledger: Default::default(),
        interim: None,
        script: None,
        introduction: None,
    });
    let response = Box::pin(route.pipeline.run(&mut exchange, &mut request)).await;
    let record = &exchange.record;
    let refused_credential =
        record.refused_within > 0 || record.refusal.as_deref().is_some_and(failed_auth::is_failure);
    Ok(Called { response, refused_credential })
}

/// Whether a path, in each of its readings, leads to the route that it shall lead to.
fn check_is(
    snapshot: &Snapshot,
    only: &str,
    found: &Route,
    host: &str,
    method: &http::Method,
    path_and_query: &str,
) -> Result<(), Problem> {
    let elsewhere = || Problem::new(&ROUTE_NOT_FOUND, "What was given for the path leads to another route.");
    if *found.id != *only {
        return Err(elsewhere());
    }
    let path = path_and_query.split_once('?').map_or(path_and_query, |(path, _)| path);
    let second = hygiene::path::canonicalise(path).ok().and_then(|paths| paths.second);
    let readings = second.iter().flat_map(|second| [second.as_str(), second.trim_end_matches('/')]);
    for reading in readings {
        if let Outcome::Found(other) = snapshot.router.find(host, method, reading)
            && snapshot.routes.get(other.route).is_none_or(|other| *other.route.id != *only)
        {
            return Err(elsewhere());
        }
    }
    Ok(())
}

fn find(snapshot: &Snapshot, host: &str, method: &http::Method, target: &Target) -> Result<(usize, Params), Problem> {
    match snapshot.router.find(host, method, &target.match_path) {
        Outcome::Found(found) => Ok((found.route, snapshot.router.params(&found)?)),
        Outcome::WrongMethod(_) if !snapshot.compatibility.method_mismatch_is_404 => {
            Err(Problem::new(&ROUTE_METHOD, "This path does not serve the method of the request."))
        }
        Outcome::WrongMethod(_) | Outcome::NotFound => {
            Err(Problem::new(&ROUTE_NOT_FOUND, "There is nothing at this path."))
        }
    }
}

/// The routes that serve a path, by whatever method.
pub(crate) fn matched_by_path(snapshot: &Snapshot, host: &str, path: &str) -> Vec<Arc<Route>> {
    let Some(methods) = snapshot.router.methods_at(host, path) else { return Vec::new() };
    let methods = methods.to_str().unwrap_or_default().to_owned();
    let methods = methods.split(',').filter_map(|method| http::Method::from_bytes(method.trim().as_bytes()).ok());
    let mut routes: Vec<Arc<Route>> = Vec::new();
    for method in methods {
        if let Outcome::Found(found) = snapshot.router.find(host, &method, path)
            && let Some(found) = snapshot.routes.get(found.route)
            && !routes.iter().any(|route| Arc::ptr_eq(route, &found.route))
        {
            routes.push(Arc::clone(&found.route));
        }
    }
    routes
}

/// The route of a request that no route matched.
pub(crate) fn unmatched(project: &Project) -> Arc<Route> {
    let document = project.documents.first().map_or_else(
        || {
            Arc::new(Document {
                name: String::new(),
                uri: "tollgate:none".to_owned(),
                root: StoredJson::from(Value::Object(Map::new())),
                resources: Vec::new(),
                mount: String::new(),
            })
        },
        Arc::clone,
    );
    Arc::new(Route {
        id: "unmatched".into(),
        place: Place::default(),
        template: PathTemplate { text: "/(.*)".into(), mode: PathMode::UrlPattern, rest: None },
        methods: Methods::Any,
        hosts: Vec::new(),
        inbound: Vec::new(),
        handler: HandlerDefinition {
            implementation: Use::BuiltIn("unmatched".to_owned()),
            options: Value::Null,
            place: Place::default(),
        }
        .into(),
        outbound: Vec::new(),
        cors: CorsChoice::None,
        timeouts: tollgate_core::project::Timeouts {
            connect: std::time::Duration::from_secs(5),
            first_byte: None,
            idle: None,
            total: None,
        },
        operation: Operation { document, pointer: String::new() },
        upgrades: None,
        mcp: None,
        authenticated: false,
        internal: true,
    })
}
