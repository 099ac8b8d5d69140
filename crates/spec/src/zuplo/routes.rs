//! `x-zuplo-route`: the operations that are routes.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use http::Method;
use serde_json::{Map, Value};
use tollgate_core::catalog::Direction;
use tollgate_core::project::{CorsChoice, ExportRole, HandlerDefinition, NamedExport, Stage, StepRef, Timeouts, Use};
use tollgate_core::route::{Methods, Operation, PathTemplate, Route};
use tollgate_core::settings::Settings;

use super::config::Config;
use super::definition::named_functions;
use super::implementation::{Reference, misplaced_imports, read as read_reference};
use super::paths;
use super::policies::Policies;
use super::{check_fields, mcp, missing, misspelt, unknown};
use crate::check::known_or_nearest;
use crate::check::schema::wrong_type;
use crate::load::{LoadContext, modules};
use crate::openapi::{OpenApi, OperationNode, PathItem, RouteIds};
use crate::{Diagnostic, Diagnostics, Node, Span};

/// The fields of `x-zuplo-route`; those after the first four are of older days, and say nothing.
const FIELDS: [&str; 12] = [
    "corsPolicy",
    "handler",
    "policies",
    "mcp",
    "version",
    "path",
    "pathPattern",
    "methods",
    "label",
    "key",
    "custom",
    "metadata",
];

/// Turns the documents into routes, one after the other.
pub(super) struct Reader<'a> {
    context: &'a LoadContext<'a>,
    config: &'a Config,
    timeouts: Timeouts,
    documents: BTreeSet<&'a str>,
    ids: RouteIds,
    /// Where each method and path was first used.
    seen: HashMap<(String, String), Span>,
    /// The handlers that are code of the project.
    exports: Vec<NamedExport>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        context: &'a LoadContext<'a>,
        config: &'a Config,
        settings: &Settings,
        documents: &'a [OpenApi],
    ) -> Self {
        Self {
            context,
            config,
            timeouts: crate::native::resolve_timeouts(&[&settings.timeouts]),
            documents: documents.iter().map(|document| document.document.name.as_str()).collect(),
            ids: RouteIds::new(),
            seen: HashMap::new(),
            exports: Vec::new(),
        }
    }

    /// The handlers that are code of the project, once all documents were read.
    pub(super) fn into_exports(self) -> Vec<NamedExport> {
        self.exports
    }

    pub(super) fn read(
        &mut self,
        document: &OpenApi,
        policies: &mut Policies,
        routes: &mut Vec<Arc<Route>>,
        diagnostics: &mut Diagnostics,
    ) {
        for item in document.path_items() {
            misspelt(&item.key, "x-zuplo-path", diagnostics);
            let template = paths::read(&item, self.config.compatibility.literal_paths, diagnostics);
            for operation in &item.operations {
                let route = self.route(document, &item, operation, template.as_ref(), policies, diagnostics);
                routes.extend(route.map(Arc::new));
            }
        }
    }

    fn route(
        &mut self,
        document: &OpenApi,
        item: &PathItem<'_>,
        operation: &OperationNode<'_>,
        template: Option<&PathTemplate>,
        policies: &mut Policies,
        diagnostics: &mut Diagnostics,
    ) -> Option<Route> {
        let Some(extension) = operation.node.get("x-zuplo-route") else {
            if misspelt(&operation.node, "x-zuplo-route", diagnostics) {
                return None;
            }
            let message = format!("{} {} has no `x-zuplo-route` and is not served", operation.method, item.template);
            diagnostics.push(Diagnostic::warning("not-served", operation.node.key_span(), message));
            return None;
        };
        if !extension.value().is_object() {
            diagnostics.push(wrong_type(&extension, "an object"));
            return None;
        }
        check_fields(&extension, &FIELDS, "x-zuplo-route", diagnostics);
        self.check_duplicate(item, operation, diagnostics);
        let lists = extension.get("policies").filter(|node| !node.value().is_null());
        if let Some(lists) = &lists {
            if lists.value().is_object() {
                check_fields(lists, &["inbound", "outbound"], "policies", diagnostics);
            } else {
                diagnostics.push(wrong_type(lists, "an object with `inbound` and `outbound`"));
            }
        }
        let list = |name: &str| lists.as_ref().and_then(|lists| lists.get(name));
        let (inbound, authenticated) = steps(list("inbound"), Direction::Inbound, policies, diagnostics);
        let (outbound, _) = steps(list("outbound"), Direction::Outbound, policies, diagnostics);
        let cors = extension.get("corsPolicy").filter(|node| !node.value().is_null());
        let cors = cors.map_or(CorsChoice::None, |node| policies.choose_cors(&node, diagnostics));
        let handler = self.handler(&extension, diagnostics);
        let method = Method::from_bytes(operation.method.as_bytes()).ok()?;
        Some(Route {
            id: self.ids.claim(operation.operation_id(), &operation.method, item.template),
            place: operation.node.key_span().place(),
            template: template?.clone(),
            methods: Methods::Listed(vec![method]),
            hosts: Vec::new(),
            inbound,
            handler: Arc::new(handler?),
            outbound,
            cors,
            timeouts: self.timeouts,
            operation: Operation { document: Arc::clone(&document.document), pointer: operation.pointer.clone() },
            upgrades: None,
            mcp: mcp::read(&operation.node, &extension, diagnostics),
            authenticated,
            internal: operation.node.value().get("x-internal").is_some_and(|internal| internal == true),
        })
    }

    fn check_duplicate(&mut self, item: &PathItem<'_>, operation: &OperationNode<'_>, diagnostics: &mut Diagnostics) {
        let span = operation.node.key_span();
        let key = (operation.method.clone(), item.template.to_owned());
        match self.seen.get(&key) {
            Some(_) if self.config.allow_duplicate_routes => {}
            Some(first) => {
                let message = format!("{} {} is served by another route already", key.0, key.1);
                let help = "take one away, or set `allowDuplicateRoutes: true` in zuplo.jsonc: the first one wins";
                let diagnostic = Diagnostic::error("duplicate-route", span, message).help(help);
                diagnostics.push(diagnostic.related(first.clone(), "first one here"));
            }
            None => {
                self.seen.insert(key, span);
            }
        }
    }

    fn handler(&mut self, extension: &Node<'_>, diagnostics: &mut Diagnostics) -> Option<HandlerDefinition> {
        let Some(handler) = extension.get("handler") else {
            diagnostics.push(missing(extension, "handler", "`handler` is missing"));
            return None;
        };
        let reference = match read_reference(&handler, self.context.files) {
            Ok(reference) => reference,
            Err(diagnostic) => {
                diagnostics.push(*diagnostic);
                return None;
            }
        };
        check_fields(&handler, &["module", "export", "options"], "a handler", diagnostics);
        let options = handler.get("options").filter(|options| !options.value().is_null());
        let at = options.clone().unwrap_or_else(|| handler.clone());
        let mut value = options.as_ref().map_or_else(|| Value::Object(Map::new()), |node| node.value().clone());
        let export = match reference {
            Reference::Runtime(export) => export,
            Reference::Module(export) => {
                let named = handler.get("export").unwrap_or(handler);
                self.exports.push(modules::named(export.clone(), ExportRole::Handler, &named));
                let implementation = Use::Module(export);
                return Some(HandlerDefinition { implementation, options: value, place: at.span().place() });
            }
        };
        let Some(kind) = self.context.catalog.handler_by_export(export) else {
            let at = handler.get("export").unwrap_or(handler);
            let message = format!("handler `{export}` is not supported yet");
            let names = self.context.catalog.handlers.iter().flat_map(|kind| kind.exports.iter().copied());
            let help = later(export).map(str::to_owned).or_else(|| known_or_nearest(export, "supported", names));
            diagnostics.push(Diagnostic::error("unsupported-handler", at.caret(), message).help_if(help));
            return None;
        };
        old_url(&mut value, &at, diagnostics);
        if let Some(options) = &options {
            unknown::pass_over(export, &kind.schema(), &mut value, options, diagnostics);
        }
        let schema = self.context.schemas.handler(kind.name);
        let fits = schema.is_none_or(|schema| schema.check_value(&value, &at, diagnostics));
        if let Some(options) = options.as_ref().filter(|_| fits) {
            let functions = (kind.functions)(&value);
            let known: Vec<&str> = functions.iter().map(|(pointer, _)| pointer.as_str()).collect();
            misplaced_imports(options, &known, diagnostics);
            self.exports.extend(named_functions(options, &functions, self.context, diagnostics));
        }
        if let Some(path) = at.get("openApiFilePath") {
            self.check_document(&path, diagnostics);
        }
        let implementation = Use::BuiltIn(kind.name.to_owned());
        Some(HandlerDefinition { implementation, options: value, place: at.span().place() })
    }

    fn check_document(&self, path: &Node<'_>, diagnostics: &mut Diagnostics) {
        let Some(text) = path.as_str() else { return };
        let name = text.strip_prefix("./").unwrap_or(text);
        if !self.documents.contains(name) {
            let message = format!("`{}` is no document of this project", path.shown());
            let known: Vec<String> = self.documents.iter().map(|name| format!("./{name}")).collect();
            let help = known_or_nearest(text, "documents", known.iter().map(String::as_str));
            diagnostics.push(Diagnostic::error("unknown-document", path.caret(), message).help_if(help));
        }
    }
}

/// What to do meanwhile, for the handlers of parts that this gateway does not have yet.
fn later(export: &str) -> Option<&'static str> {
    Some(match export {
        "McpProxyHandler" => {
            "a gateway in front of other MCP servers comes with a later version; `urlRewriteHandler` passes their messages on"
        }
        "aiGatewayHandler" | "aiGatewayHandlerV2" => {
            "the AI gateway comes with a later version; until then `urlForwardHandler` reaches a model's API"
        }
        "legacyDevPortalHandler" | "redirectLegacyDevPortal" => {
            "the developer portal comes with a later version; until then `redirectHandler` leads to where it is"
        }
        _ => return None,
    })
}

/// The forward handler's `url` of the oldest days is its `baseUrl`.
fn old_url(options: &mut Value, node: &Node<'_>, diagnostics: &mut Diagnostics) {
    let Value::Object(map) = options else { return };
    if map.contains_key("baseUrl") || map.contains_key("rewritePattern") {
        return;
    }
    if let Some(url) = map.shift_remove("url") {
        map.insert("baseUrl".to_owned(), url);
        if let Some(field) = node.get("url") {
            let message = "`url` is an old name of `baseUrl`";
            diagnostics.push(Diagnostic::warning("old-name", field.key_span(), message));
        }
    }
}

/// The steps of a list in exactly its order, and whether one of them refuses strangers. The
/// stage is a label: what authenticates at the beginning of the list is called so.
fn steps(
    list: Option<Node<'_>>,
    direction: Direction,
    policies: &mut Policies,
    diagnostics: &mut Diagnostics,
) -> (Vec<StepRef>, bool) {
    let (mut steps, mut authenticated, mut only_auth) = (Vec::new(), false, true);
    let Some(list) = list.filter(|list| !list.value().is_null()) else { return (steps, authenticated) };
    if !list.value().is_array() {
        diagnostics.push(wrong_type(&list, "a list of policy names"));
    }
    for item in list.items() {
        let Some(chosen) = policies.choose(&item, direction, diagnostics) else { continue };
        authenticated |= chosen.authenticates;
        only_auth &= chosen.is_auth;
        let stage = match direction {
            Direction::Outbound => Stage::Outbound,
            Direction::Inbound if only_auth => Stage::Auth,
            Direction::Inbound => Stage::Inbound,
        };
        steps.push(StepRef { policy: chosen.index, stage, named: Some(Arc::new(item.span().place())) });
    }
    (steps, authenticated)
}
