//! What the scopes around an operation (document, path item, the operation itself) make of it: a route.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde_json::{Map, Value, json};
use tollgate_core::Route;
use tollgate_core::project::{CorsChoice, HandlerDefinition, Stage, StepRef, Timeouts, Use};
use tollgate_core::route::{Methods, Operation, PathMode, PathTemplate};
use tollgate_core::settings::TimeoutSettings;
use tollgate_core::units::Interval;

use super::Reader;
use super::auth::Auth;
use super::documents::NativeDocument;
use super::extension::{Change, Cors, Extension};
use super::handler::Handler;
use super::operations::{Lacking, Path};
use super::sign::Sign;
use super::step::{Authenticates, Step};
use super::upstream::Upstream;
use crate::Diagnostic;
use crate::check::known_or_nearest;
use crate::openapi::{OperationNode, RouteIds};
use crate::source::Span;
use crate::tree::Node;

/// A route, and what only the checks of all routes together need.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) route: Route,
    pub(crate) shape: String,
    pub(crate) parameters: Vec<String>,
    /// The path's key.
    pub(crate) path_span: Span,
    /// The operation's key.
    pub(crate) span: Span,
    /// Where it signs: for what audience and which upstream.
    pub(crate) signs: Option<Signs>,
}

/// What a route signs for.
#[derive(Debug)]
pub(crate) struct Signs {
    pub(crate) upstream: String,
    pub(crate) audience: bool,
    pub(crate) span: Span,
}

/// Resolves what the scopes around an operation say.
pub(crate) struct RouteReader<'r, 's, 'a> {
    pub(crate) reader: &'r mut Reader<'s>,
    pub(crate) document: &'a NativeDocument,
    pub(crate) path: &'r Path<'a>,
    pub(crate) operation: &'r OperationNode<'a>,
    /// The operation's own extension.
    pub(crate) inner: Option<&'r Extension<'a>>,
    /// From the outermost to the innermost.
    pub(crate) scopes: Vec<&'r Extension<'a>>,
    pub(crate) lacking: &'r mut Lacking,
}

impl<'r, 'a> RouteReader<'r, '_, 'a> {
    pub(crate) fn read(&mut self, ids: &mut RouteIds) -> Draft {
        let auth = self.auth();
        let guard: Vec<Step> = self.scopes.iter().flat_map(|scope| scope.guard.iter().cloned()).collect();
        let inbound = self.steps(|scope| scope.inbound.as_ref());
        let outbound = self.steps(|scope| scope.outbound.as_ref());
        let authenticated = matches!(auth, Some(Auth::Step(..) | Auth::Broken))
            || guard.iter().chain(&inbound).any(|step| step.authenticates == Authenticates::Yes);
        if auth.is_none() && !authenticated {
            self.lacking.auth.push(self.operation.node.key_span());
        }
        let mut steps: Vec<StepRef> = guard.iter().map(|step| step.at(Stage::Guard)).collect();
        if let Some(Auth::Step(policy, named)) = &auth {
            steps.push(StepRef { policy: *policy, stage: Stage::Auth, named: named.clone() });
        }
        for scope in self.scopes.clone() {
            for limit in &scope.limits {
                if !authenticated && auth.is_some() {
                    self.reader.check_limit(limit, &self.operation.node);
                }
                steps.push(StepRef::new(self.reader.limit_instance(limit), Stage::Limit));
            }
        }
        steps.extend(inbound.iter().map(|step| step.at(Stage::Inbound)));

        let handler = self.nearest(|scope| scope.handler.as_ref()).map(|at| at.value.clone());
        let forwards = match &handler {
            None => true,
            Some(Handler::BuiltIn { name, .. }) => *name == "forward",
            Some(_) => false,
        };
        let upstream = if forwards { self.upstream() } else { None };
        let is_code = matches!(handler, Some(Handler::Module { .. }));
        let sign = self.sign(authenticated, forwards, is_code);
        let signs = sign.map(|sign| {
            let audience = upstream.as_ref().and_then(|upstream| upstream.audience.clone());
            let own_audience = matches!(sign, Some(Sign::Yes(_, options)) if options.contains_key("audience"));
            let root = self.document.openapi.tree.root();
            let scope = self.scopes.first().map_or(root, |scope| scope.node.clone());
            let policy = self.reader.sign_instance(sign, &scope);
            steps.push(StepRef::new(policy, Stage::Sign));
            Signs {
                upstream: upstream.as_ref().map(|upstream| upstream.reference.clone()).unwrap_or_default(),
                audience: audience.is_some() || own_audience,
                span: upstream.as_ref().map_or_else(|| scope.key_span(), |upstream| upstream.node.span()),
            }
        });
        let handler = self.handler(handler, upstream.as_ref(), &mut steps);
        let timeouts = self.timeouts(upstream.as_ref());
        let template =
            PathTemplate { text: Arc::clone(&self.path.text), mode: PathMode::OpenApi, rest: self.path.rest.clone() };
        let operation_id = self.operation.operation_id();
        let internal = [Some(&self.operation.node), Some(&self.path.item.key)]
            .into_iter()
            .flatten()
            .any(|node| node.get("x-internal").is_some_and(|flag| flag.value() == &Value::Bool(true)));
        let span = self.operation.node.key_span();
        let route = Route {
            id: ids.claim(operation_id, &self.operation.method, &template.text),
            place: span.place(),
            methods: self.methods(),
            hosts: self.hosts(),
            inbound: steps,
            handler: self.reader.handlers.share(handler),
            outbound: outbound.iter().map(|step| step.at(Stage::Outbound)).collect(),
            cors: self.cors(),
            timeouts,
            operation: Operation {
                document: Arc::clone(&self.document.openapi.document),
                pointer: self.operation.pointer.clone(),
            },
            upgrades: self.nearest(|scope| scope.upgrades.as_ref()).cloned(),
            mcp: self.inner.and_then(|inner| inner.mcp.as_ref()?.value.clone()),
            authenticated,
            internal,
            template,
        };
        Draft {
            route,
            shape: format!("{}{}", self.document.mount, self.path.template.shape),
            parameters: self.path.template.parameters.clone(),
            path_span: self.path.item.key.key_span(),
            span,
            signs,
        }
    }

    /// The innermost scope that says something.
    fn nearest<T>(&self, field: impl Fn(&'r Extension<'a>) -> Option<&'r T>) -> Option<&'r T> {
        self.scopes.iter().rev().find_map(|scope| field(scope))
    }

    /// A written `auth` decides; the document's `security` is read only where there is none.
    fn auth(&mut self) -> Option<Auth> {
        let security = self.operation.node.get("security");
        let written = self.nearest(|scope| scope.auth.as_ref());
        if let Some(auth) = written {
            let own = self.inner.is_some_and(|inner| inner.auth.is_some());
            if let Some(security) =
                security.filter(|security| !own && security.value().as_array().is_some_and(Vec::is_empty))
            {
                let (line, _) = auth.node.span().start().unwrap_or_default();
                let message = format!("`security: []` makes this operation public, and `auth` on line {line} does not");
                let diagnostic = Diagnostic::error("public-conflict", security.span(), message)
                    .related(auth.node.span(), "this is in force")
                    .help("write `x-tollgate: { auth: public }` in the operation, or take `security: []` away");
                self.reader.diagnostics.push(diagnostic);
            }
            return Some(auth.value.clone());
        }
        let openapi = &self.document.openapi;
        let security = security.or_else(|| openapi.tree.root().get("security"))?;
        Some(self.reader.security(&security, openapi))
    }

    /// Inherited steps and what each scope makes of them.
    fn steps(&mut self, field: impl Fn(&'r Extension<'a>) -> Option<&'r Change<'a>>) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for change in self.scopes.iter().filter_map(|scope| field(scope)) {
            match change {
                Change::Append(more) => steps.extend(more.iter().cloned()),
                Change::Replace(other) => steps.clone_from(other),
                Change::Adjust { without, add } => {
                    for name in without {
                        let text = name.as_str().unwrap_or_default();
                        let before = steps.len();
                        steps.retain(|step| *step.name != *text);
                        if steps.len() == before {
                            let message = format!("no inherited step is called `{}`", name.shown());
                            let names: Vec<&str> = steps.iter().map(|step| &*step.name).collect();
                            let help = known_or_nearest(text, "inherited steps", names.iter().copied());
                            self.reader
                                .diagnostics
                                .push(Diagnostic::error("unknown-step", name.span(), message).help_if(help));
                        }
                    }
                    steps.extend(add.iter().cloned());
                }
            }
        }
        steps
    }

    fn upstream(&mut self) -> Option<Upstream<'a>> {
        let written = self.nearest(|scope| scope.upstream.as_ref());
        if written.is_none() {
            self.lacking.upstream.push(self.operation.node.key_span());
        }
        written?.value.clone()
    }

    /// Whether the route signs, and with what is written, if anything is. Code may send the request
    /// on, but only what is written says so.
    #[expect(clippy::option_option, reason = "no, by default, or as written")]
    fn sign(&mut self, authenticated: bool, forwards: bool, is_code: bool) -> Option<Option<&'r Sign<'a>>> {
        let Some(written) = self.nearest(|scope| scope.sign.as_ref()) else {
            return (authenticated && forwards).then_some(None);
        };
        let sign = written.value.as_ref()?;
        if matches!(sign, Sign::No) {
            return None;
        }
        let own = self.inner.is_some_and(|inner| inner.sign.is_some());
        if !forwards && !is_code {
            if own {
                let message = "nothing is forwarded here, so there is nothing to sign";
                self.reader.diagnostics.push(Diagnostic::warning(
                    "sign-without-upstream",
                    written.node.key_span(),
                    message,
                ));
            }
            return None;
        }
        if !authenticated {
            // On a public route an inherited `sign` has nobody to speak of; one of its own says
            // at least that the request came through the gateway.
            if !own {
                return None;
            }
            if let Some(claims) = ["claims", "claimsFromUser"].iter().find_map(|name| written.node.get(name)) {
                let message = "these claims come from the caller, and nobody is authenticated here";
                let help = "add `auth`, or take the claims away";
                self.reader
                    .diagnostics
                    .push(Diagnostic::error("sign-without-auth", claims.key_span(), message).help(help));
            }
        }
        Some(Some(sign))
    }

    fn handler(
        &mut self,
        handler: Option<Handler<'a>>,
        upstream: Option<&Upstream<'a>>,
        steps: &mut Vec<StepRef>,
    ) -> HandlerDefinition {
        let built_in = |name: &str, options: Map<String, Value>, node: &Node<'_>| HandlerDefinition {
            implementation: Use::BuiltIn(name.to_owned()),
            options: Value::Object(options),
            place: node.span().place(),
        };
        let (own, node) = match handler {
            Some(Handler::BuiltIn { name, options, node }) if name != "forward" => {
                return built_in(name, options, &node);
            }
            Some(Handler::BuiltIn { options, node, .. }) => (options, Some(node)),
            Some(Handler::Module { export, options, node }) => {
                let implementation = Use::Module(export);
                return HandlerDefinition { implementation, options, place: node.span().place() };
            }
            Some(Handler::Mock(policy)) => {
                steps.push(StepRef::new(policy, Stage::Handler));
                // The step always answers, so that what stands here is never reached.
                return built_in("openapi", Map::new(), &self.operation.node);
            }
            Some(Handler::Broken) => return built_in("openapi", Map::new(), &self.operation.node),
            None => (Map::new(), None),
        };
        let mut options = own;
        if let Some(upstream) = upstream {
            options.insert("upstream".to_owned(), json!(upstream.reference));
        }
        if let Some(path) = self.nearest(|scope| scope.path.as_ref())
            && let Some(rule) = &path.value
        {
            if let Some(rewrite) = path.node.get("rewrite") {
                self.reader.check_rewrite(&rewrite, &self.path.template.parameters, &self.path.item.key);
            }
            options.insert("path".to_owned(), Value::Object(rule.clone()));
        }
        let place = node.as_ref().or_else(|| upstream.map(|upstream| &upstream.node)).unwrap_or(&self.operation.node);
        let definition = built_in("forward", options, place);
        if upstream.is_some() && node.is_some() {
            self.reader.check_forward(&definition.options, place);
        }
        definition
    }

    fn methods(&self) -> Methods {
        match Method::from_bytes(self.operation.method.as_bytes()) {
            Ok(method) if !self.operation.pointer.ends_with("/x-tollgate-any") => Methods::Listed(vec![method]),
            _ => Methods::Any,
        }
    }

    fn hosts(&self) -> Vec<String> {
        let written = self.nearest(|scope| scope.hosts.as_ref());
        written.unwrap_or(&self.document.hosts).iter().map(|host| host.to_ascii_lowercase()).collect()
    }

    fn cors(&self) -> CorsChoice {
        match self.nearest(|scope| scope.cors.as_ref()) {
            Some(Cors::AnythingGoes) => CorsChoice::AnythingGoes,
            Some(Cors::Named(index)) => CorsChoice::Named(*index),
            Some(Cors::None | Cors::Broken) | None => CorsChoice::None,
        }
    }

    /// Each from the innermost place that gives it: operation, path item, document, upstream, settings.
    fn timeouts(&self, upstream: Option<&Upstream<'a>>) -> Timeouts {
        let scopes = self.scopes.iter().rev().map(|scope| &scope.timeouts);
        let outer = upstream.map(|upstream| &upstream.timeouts);
        let all: Vec<&TimeoutSettings> = scopes.chain(outer).chain([&self.reader.settings.settings.timeouts]).collect();
        resolve_timeouts(&all)
    }
}

/// What nobody gives has a default; zero is no limit.
pub(crate) fn resolve_timeouts(scopes: &[&TimeoutSettings]) -> Timeouts {
    let first =
        |field: fn(&TimeoutSettings) -> Option<Interval>| scopes.iter().find_map(|scope| field(scope)).map(|i| i.0);
    let limit = |given: Option<Duration>, default: Option<u64>| {
        given.or_else(|| default.map(Duration::from_secs)).filter(|duration| !duration.is_zero())
    };
    Timeouts {
        connect: limit(first(|scope| scope.connect), None).unwrap_or(Duration::from_secs(5)),
        first_byte: limit(first(|scope| scope.first_byte), Some(60)),
        idle: limit(first(|scope| scope.idle), Some(60)),
        total: limit(first(|scope| scope.total), None),
    }
}
