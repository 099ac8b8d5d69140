//! Everything that one project compiles to. Built beside the one in force, then swapped whole.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use tollgate_core::catalog::{BuildContext, BuildError, BuildIssue, Nested};
use tollgate_core::cors::Cors;
use tollgate_core::pipeline::{Placed, ProblemStyle};
use tollgate_core::project::{Compatibility, CorsChoice, PolicyInstance, Project, Stage, StepRef, Use};
use tollgate_core::services::{Hooks, PluginDocument};
use tollgate_core::settings::FailedAuthLimit;
use tollgate_core::{Catalog, Pipeline, Policy, Response, Route, Services};

use crate::access_log::LogRules;
use crate::handlers::{self, HandlerContext};
use crate::hygiene::HygieneRules;
use crate::inside::BuiltByCode;
use crate::metrics::{Metrics, NO_ROUTE, RouteMetrics, RoutePlaces};
use crate::metrics_export::MetricsExport;
use crate::router::Router;
use crate::spans::Spans;
use crate::tunnel::TunnelLimits;
use crate::upstream::{Upstream, Upstreams};
use crate::{inside, system};

/// Everything that one project compiles to.
pub struct Snapshot {
    /// The digest of the project's files.
    pub id: Arc<str>,
    /// The project it was compiled from.
    pub project: Arc<Project>,
    pub(crate) services: Arc<Services>,
    pub(crate) compatibility: Compatibility,
    pub(crate) router: Router,
    pub(crate) routes: Vec<CompiledRoute>,
    pub(crate) problems: ProblemStyle,
    pub(crate) hygiene: HygieneRules,
    pub(crate) tunnels: TunnelLimits,
    pub(crate) failed_auth_limit: FailedAuthLimit,
    pub(crate) issuer_path: String,
    pub(crate) problem_pages: Vec<(&'static str, Bytes)>,
    pub(crate) access_log: LogRules,
    /// Where spans go, once it is in force.
    pub(crate) spans: Option<Arc<Spans>>,
    /// Where metrics are sent, once it is in force.
    pub(crate) export: Option<Arc<MetricsExport>>,
    /// What the project's code does around every route, where there is any.
    pub(crate) hooks: Option<Arc<dyn Hooks>>,
    /// Stands for a route where none matched, and the project's code is asked.
    pub(crate) unmatched: Arc<Route>,
    /// What the project can name, for code that builds policies and handlers of its own.
    pub(crate) catalog: Catalog,
    /// The policies that code has built, so that those that keep something keep it from one call to the next.
    pub(crate) built: BuiltByCode,
    /// Whether there is something on a route that calls others from within: code of the project, or a handler.
    pub(crate) calls_routes: bool,
    /// The policies by name, for code that runs one.
    pub(crate) named: HashMap<Arc<str>, Arc<dyn Policy>>,
    /// The registry of upstreams, for handlers that code builds.
    pub(crate) upstream_registry: Arc<Upstreams>,
    /// The upstreams that handlers hold, so that a reload can close the others.
    pub(crate) upstreams: Vec<Arc<Upstream>>,
    pub(crate) unrouted_metrics: Arc<RouteMetrics>,
    route_metrics: RoutePlaces,
}

/// A route, ready to run.
#[derive(Debug)]
pub(crate) struct CompiledRoute {
    pub(crate) route: Arc<Route>,
    pub(crate) pipeline: Pipeline,
    /// Whether a step of it asks who calls, or one of a route that its handler calls may.
    pub(crate) authenticates: bool,
    /// Whether nothing on it looks at the fields that introduce the caller, so that they need not be made before the
    /// request is sent.
    pub(crate) introduces_late: bool,
}

impl CompiledRoute {
    /// Adds CORS fields to a refusal that the pipeline did not make.
    pub(crate) fn cors_on_refusal(&self, origin: Option<&http::HeaderValue>, response: &mut Response) {
        if let Some(cors) = self.pipeline.cors.as_ref().filter(|_| self.pipeline.cors_on_refusals) {
            cors.apply(origin, response.headers_mut());
        }
    }
}

impl Snapshot {
    /// Compiles a project. Nothing is opened and nobody is asked, so that `check` can do it with
    /// services that are not there.
    ///
    /// # Errors
    /// Every issue of every route, policy and handler, not only the first.
    pub fn build(
        project: Arc<Project>,
        catalog: &Catalog,
        services: &Arc<Services>,
        upstreams: &Arc<Upstreams>,
    ) -> Result<Self, Vec<BuildIssue>> {
        let builder = Builder {
            project: &project,
            catalog,
            services,
            upstreams,
            hooks: project.scripts.as_ref().and_then(|scripts| scripts.hooks()),
            anything_goes: Arc::new(Cors::anything_goes()),
            cors: project.cors.iter().map(|settings| Arc::new(Cors::new(settings))).collect(),
            used: RefCell::default(),
            states: RefCell::new(vec![State::Untouched; project.policies.len()]),
            issues: RefCell::default(),
        };
        let problems = builder.problem_style();
        let router = builder.router();
        let mut routes = Vec::with_capacity(project.routes.len());
        routes.extend(project.routes.iter().filter_map(|route| builder.route(route, &problems)));
        let named = builder.named();
        let issues = builder.issues.into_inner();
        let used = builder.used.into_inner();
        let Some(router) = router.filter(|_| issues.is_empty() && routes.len() == project.routes.len()) else {
            return Err(issues);
        };
        let settings = &project.settings;
        let nowhere = Metrics::new();
        Ok(Self {
            id: project.digest.as_str().into(),
            services: Arc::clone(services),
            compatibility: project.compatibility.clone(),
            router,
            problems,
            hygiene: HygieneRules::new(settings),
            tunnels: TunnelLimits::new(&settings.server.tunnels),
            failed_auth_limit: settings.failed_auth_limit,
            issuer_path: settings.issuer.path.trim_end_matches('/').to_owned(),
            problem_pages: system::problem_pages(catalog),
            access_log: LogRules::new(&settings.access_log),
            spans: None,
            export: None,
            upstreams: used,
            hooks: project.scripts.as_ref().and_then(|scripts| scripts.hooks()),
            unmatched: inside::unmatched(&project),
            catalog: *catalog,
            calls_routes: project.scripts.is_some() || routes.iter().any(|route| route.pipeline.handler.calls_routes()),
            routes,
            named,
            built: BuiltByCode::default(),
            upstream_registry: Arc::clone(upstreams),
            unrouted_metrics: Arc::new(nowhere.route(&NO_ROUTE.into())),
            route_metrics: nowhere.places(std::iter::empty()),
            project,
        })
    }

    /// Before it serves: takes over the series of its routes, and puts away what only building needed.
    pub(crate) fn connect(&mut self, metrics: &Metrics) {
        self.project.documents.iter().for_each(|document| document.store());
        self.unrouted_metrics = Arc::new(metrics.route(&NO_ROUTE.into()));
        self.route_metrics = metrics.places(self.routes.iter().map(|route| &route.route.id));
    }

    /// The document that a plugin serves at a path, or at one above it.
    pub(crate) fn plugin_document(&self, path: &str) -> Option<&PluginDocument> {
        let documents = &self.project.scripts.as_ref()?.plugins().documents;
        let serves = |document: &&PluginDocument| {
            path.strip_prefix(document.path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        documents.iter().find(serves)
    }

    pub(crate) fn metrics_of(&self, route: usize) -> &Arc<RouteMetrics> {
        let id = self.routes.get(route).map(|route| &route.route.id);
        id.and_then(|id| self.route_metrics.get(route, id)).unwrap_or(&self.unrouted_metrics)
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("id", &self.id).field("routes", &self.routes.len()).finish_non_exhaustive()
    }
}

/// How far a policy instance has come.
#[derive(Clone)]
enum State {
    Untouched,
    /// Being built at this moment: whoever asks for it now stands inside of it.
    Building,
    Built(Arc<dyn Policy>),
    Failed,
}

struct Builder<'a> {
    project: &'a Project,
    catalog: &'a Catalog,
    services: &'a Arc<Services>,
    upstreams: &'a Arc<Upstreams>,
    hooks: Option<Arc<dyn Hooks>>,
    /// What routes share: the CORS policy for every origin, and those of the project.
    anything_goes: Arc<Cors>,
    cors: Vec<Arc<Cors>>,
    used: RefCell<Vec<Arc<Upstream>>>,
    states: RefCell<Vec<State>>,
    issues: RefCell<Vec<BuildIssue>>,
}

impl Builder<'_> {
    fn problem_style(&self) -> ProblemStyle {
        // The issuer's name is `publicUrl`, or what stands for it, and the issuer's path.
        let issuer = self.services.issuer.issuer();
        let base = issuer.strip_suffix(self.project.settings.issuer.path.as_str()).unwrap_or_default();
        ProblemStyle {
            type_base: format!("{base}{}problems/", system::RESERVED).into(),
            trace: self.project.compatibility.zuplo_problems.then(|| self.project.digest.as_str().into()),
            explain: self.services.explain,
        }
    }

    fn router(&self) -> Option<Router> {
        match Router::new(&self.project.routes, &self.project.compatibility) {
            Ok(router) => Some(router),
            Err(errors) => {
                for error in errors {
                    if let Some(route) = self.project.routes.get(error.route) {
                        self.route_issue(route, BuildError::at("", error.message));
                    }
                }
                None
            }
        }
    }

    fn route(&self, route: &Arc<Route>, problems: &ProblemStyle) -> Option<CompiledRoute> {
        let reserved = system::RESERVED;
        if route.template.text.starts_with(reserved) || *route.template.text == *reserved.trim_end_matches('/') {
            let error = BuildError::at("", format!("paths below `{reserved}` belong to the gateway"));
            self.route_issue(route, error.help("give the path another name, or mount the document elsewhere"));
        }
        // All three are tried, so that one mistake does not hide the others.
        let inbound = self.steps(route, &route.inbound);
        let outbound = self.steps(route, &route.outbound);
        let handler = self.handler(route);
        let compatibility = &self.project.compatibility;
        let pipeline = Pipeline {
            inbound: inbound?,
            handler: handler?,
            outbound: outbound?,
            cors: match route.cors {
                CorsChoice::None => None,
                CorsChoice::AnythingGoes => Some(Arc::clone(&self.anything_goes)),
                CorsChoice::Named(index) => self.cors.get(index).map(Arc::clone),
            },
            outbound_on_all: compatibility.outbound_on_all,
            cors_on_refusals: compatibility.cors_on_refusals,
            problems: problems.clone(),
            hooks: self.hooks.clone(),
            keeps_request: false,
        };
        let mut policies = pipeline.inbound.iter().chain(&pipeline.outbound);
        let asks = policies.any(|placed| placed.policy.wants_request())
            || matches!(route.handler.implementation, Use::Module(_))
            || self.hooks.as_ref().is_some_and(|hooks| hooks.wants_request());
        let pipeline = Pipeline { keeps_request: asks, ..pipeline };
        let authenticates =
            pipeline.handler.calls_routes() || route.inbound.iter().any(|step| step.stage == Stage::Auth);
        let introduces_late = pipeline.handler.only_forwards()
            && !asks
            && pipeline.hooks.is_none()
            && !pipeline.inbound.iter().chain(&pipeline.outbound).any(|placed| placed.policy.reads_introduction());
        Some(CompiledRoute { route: Arc::clone(route), pipeline, authenticates, introduces_late })
    }

    fn steps(&self, route: &Arc<Route>, steps: &[StepRef]) -> Option<Vec<Placed>> {
        // Not a short-circuiting collect: every step is built, so that every issue shows.
        let placed: Vec<_> = steps.iter().map(|step| self.step(route, step)).collect();
        placed.into_iter().collect()
    }

    fn step(&self, route: &Arc<Route>, step: &StepRef) -> Option<Placed> {
        let instance = self.project.policies.get(step.policy)?;
        let shared = self.policy(step.policy)?;
        let policy = match shared.bind(route) {
            Ok(bound) => bound.unwrap_or(shared),
            Err(mut error) => {
                error.message = format!("{} (on route `{}`)", error.message, route.id);
                self.issue(instance, error);
                return None;
            }
        };
        Some(Placed { name: Arc::clone(&instance.name), stage: step.stage, policy })
    }

    /// Every policy by its name, where code may ask for one: what no route uses may be broken, and
    /// is then not there.
    fn named(&self) -> HashMap<Arc<str>, Arc<dyn Policy>> {
        if self.project.scripts.is_none() {
            return HashMap::new();
        }
        let before = self.issues.borrow().len();
        let named = self
            .project
            .policies
            .iter()
            .enumerate()
            .filter_map(|(index, instance)| Some((Arc::clone(&instance.name), self.policy(index)?)));
        let named = named.collect();
        self.issues.borrow_mut().truncate(before);
        named
    }

    /// The policy of an instance, built at most once.
    fn policy(&self, index: usize) -> Option<Arc<dyn Policy>> {
        let state = self.states.borrow().get(index).cloned();
        match state? {
            State::Built(policy) => return Some(policy),
            State::Failed | State::Building => return None,
            State::Untouched => {}
        }
        let instance = self.project.policies.get(index)?;
        self.set(index, State::Building);
        match self.build(instance) {
            Ok(policy) => {
                self.set(index, State::Built(Arc::clone(&policy)));
                Some(policy)
            }
            Err(error) => {
                self.set(index, State::Failed);
                self.issue(instance, error);
                None
            }
        }
    }

    fn build(&self, instance: &PolicyInstance) -> Result<Arc<dyn Policy>, BuildError> {
        let nested = |name: &str| self.nested(name);
        let context = BuildContext {
            instance,
            services: self.services,
            settings: &self.project.settings,
            compatibility: &self.project.compatibility,
            scripts: self.project.scripts.as_ref(),
            nested: &nested,
        };
        match &instance.implementation {
            Use::BuiltIn(name) => match self.catalog.policy(name) {
                Some(kind) => kind.build(instance.options.clone(), &context),
                None => Err(BuildError::at("", format!("there is no policy `{name}`"))),
            },
            Use::Module(export) => context.scripts()?.policy(export, &context),
        }
    }

    /// Another instance by its id or name, for policies that hold others.
    fn nested(&self, name: &str) -> Result<Nested, BuildError> {
        let policies = &self.project.policies;
        let found = policies.iter().position(|instance| &*instance.id == name);
        let found = found.or_else(|| policies.iter().position(|instance| &*instance.name == name));
        let index = found.ok_or_else(|| BuildError::at("", format!("there is no policy `{name}`")))?;
        let building = matches!(self.states.borrow().get(index), Some(State::Building));
        if building {
            return Err(BuildError::at("", format!("`{name}` would hold itself"))
                .help("take one of the policies out of the circle"));
        }
        let policy = self.policy(index).ok_or_else(|| BuildError::at("", format!("`{name}` cannot be built")))?;
        Ok(Nested { name: Arc::clone(&policies[index].name), policy })
    }

    fn handler(&self, route: &Arc<Route>) -> Option<Arc<dyn tollgate_core::Handler>> {
        let definition = &route.handler;
        let context = HandlerContext {
            project: self.project,
            catalog: self.catalog,
            route,
            services: self.services,
            upstreams: self.upstreams,
            used: &self.used,
            further: &RefCell::default(),
        };
        match handlers::build(definition, &context) {
            Ok(handler) => Some(handler),
            Err(error) => {
                let name = match &definition.implementation {
                    Use::BuiltIn(name) => name.as_str().into(),
                    Use::Module(export) => export.path.as_str().into(),
                };
                let mut issues = self.issues.borrow_mut();
                for error in std::iter::once(error).chain(context.further.take()) {
                    issues.push(BuildIssue { place: definition.place.clone(), name: Arc::clone(&name), error });
                }
                None
            }
        }
    }

    fn set(&self, index: usize, state: State) {
        if let Some(slot) = self.states.borrow_mut().get_mut(index) {
            *slot = state;
        }
    }

    fn issue(&self, instance: &PolicyInstance, error: BuildError) {
        let (place, name) = (instance.place.clone(), Arc::clone(&instance.name));
        self.issues.borrow_mut().push(BuildIssue { place, name, error });
    }

    fn route_issue(&self, route: &Route, error: BuildError) {
        let (place, name) = (route.place.clone(), Arc::clone(&route.id));
        self.issues.borrow_mut().push(BuildIssue { place, name, error });
    }
}
