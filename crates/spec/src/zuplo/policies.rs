//! `config/policies.json`: the policies by name.
//!
//! A policy that no route uses may be as broken as it likes: that is a warning. What counts is
//! the module and the export; a name that a route uses and nobody declares is an error.

use std::collections::HashSet;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;
use tollgate_core::PolicyKind;
use tollgate_core::catalog::Direction;
use tollgate_core::project::{CorsChoice, PolicyInstance, Use};
use tollgate_core::settings::CorsSettings;

use super::cors::CorsPolicies;
use super::environment::{Variables, misplaced};
use super::implementation::{Reference, modules_in, needs_module, read as read_reference};
use super::{check_fields, missing, read_json};
use crate::check::schema::wrong_type;
use crate::check::{did_you_mean, known_or_nearest};
use crate::load::LoadContext;
use crate::{Diagnostic, Diagnostics, Node, Severity, Span, Tree};

const NAME: &str = "config/policies.json";
/// The policy that signs a token for the upstream.
const SIGNS: &str = "upstream-jwt";
const FIELDS: [&str; 2] = ["policies", "corsPolicies"];
const POLICY_FIELDS: [&str; 3] = ["name", "policyType", "handler"];
const HANDLER_FIELDS: [&str; 3] = ["module", "export", "options"];

/// The policies of a project, and which of them routes use.
#[derive(Debug, Default)]
pub(super) struct Policies {
    definitions: IndexMap<String, Definition>,
    instances: Vec<PolicyInstance>,
    cors: CorsPolicies,
}

#[derive(Debug)]
struct Definition {
    kind: Option<&'static PolicyKind>,
    instance: Option<PolicyInstance>,
    /// The policies that it runs itself, and where it names them.
    nested: Vec<(String, Span)>,
    /// Whether it refuses those whom it cannot authenticate.
    authenticates: bool,
    diagnostics: Diagnostics,
    span: Span,
    index: Option<usize>,
    used: bool,
}

/// A policy at its place in a route.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chosen {
    /// Index into the project's policies.
    pub(super) index: usize,
    /// Whether it tells who calls.
    pub(super) is_auth: bool,
    /// Whether it refuses those whom it cannot authenticate.
    pub(super) authenticates: bool,
}

/// Adds what was found in a definition: as warnings where nothing uses it.
pub(super) fn add(found: Diagnostics, used: bool, diagnostics: &mut Diagnostics) {
    for diagnostic in &found {
        let mut diagnostic = diagnostic.clone();
        if !used {
            diagnostic.severity = Severity::Warning;
        }
        diagnostics.push(diagnostic);
    }
}

impl Policies {
    pub(super) fn read(context: &LoadContext<'_>, variables: &Variables<'_>, diagnostics: &mut Diagnostics) -> Self {
        context.files.remember(&context.files.root().join(NAME));
        if !context.files.exists(NAME) {
            return Self::default();
        }
        let Some(mut tree) = read_json(context.files, NAME, diagnostics) else { return Self::default() };
        if !tree.value().is_object() {
            diagnostics.push(wrong_type(&tree.root(), "an object"));
            return Self::default();
        }
        expand(&mut tree, variables, diagnostics);
        let tree = Arc::new(tree);
        diagnostics.keep_tree(Arc::clone(&tree));
        let root = tree.root();
        check_fields(&root, &FIELDS, NAME, diagnostics);
        let mut policies = Self::default();
        if let Some(list) = root.get("corsPolicies") {
            policies.cors = CorsPolicies::read(&list, diagnostics);
        }
        if let Some(list) = root.get("policies") {
            if !list.value().is_array() {
                diagnostics.push(wrong_type(&list, "a list"));
            }
            list.items().for_each(|policy| policies.define(&policy, context, diagnostics));
        }
        policies
    }

    fn define(&mut self, node: &Node<'_>, context: &LoadContext<'_>, diagnostics: &mut Diagnostics) {
        let name = node.get("name");
        let Some((name, span)) = name.and_then(|name| Some((name.as_str()?.to_owned(), name.span()))) else {
            // What uses it says that there is no such policy: that is the error.
            let found = match node.get("name") {
                Some(name) => wrong_type(&name, "a name"),
                None => missing(node, "name", "the policy has no name, so that nothing can use it"),
            };
            diagnostics.push(Diagnostic { severity: Severity::Warning, ..found });
            return;
        };
        if let Some(first) = self.definitions.get_mut(&name) {
            let message = format!("`{name}` is the name of two policies");
            let diagnostic = Diagnostic::error("duplicate-policy", span, message);
            first.diagnostics.push(diagnostic.related(first.span.clone(), "first declared here"));
            return;
        }
        let definition = Definition::read(&name, span, node, context);
        self.definitions.insert(name, definition);
    }

    /// The policy that an item of a route's list names.
    pub(super) fn choose(
        &mut self,
        node: &Node<'_>,
        direction: Direction,
        diagnostics: &mut Diagnostics,
    ) -> Option<Chosen> {
        let Some(name) = node.as_str() else {
            diagnostics.push(wrong_type(node, "the name of a policy"));
            return None;
        };
        self.use_policy(name, &node.span(), direction, &mut HashSet::new(), diagnostics)
    }

    fn use_policy(
        &mut self,
        name: &str,
        at: &Span,
        direction: Direction,
        around: &mut HashSet<String>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Chosen> {
        let Some(definition) = self.definitions.get_mut(name) else {
            let message = format!("there is no policy `{name}`");
            let help = known_or_nearest(name, "declared policies", self.definitions.keys().map(String::as_str));
            let help = help.or_else(|| Some(format!("declare it in {NAME}")));
            diagnostics.push(Diagnostic::error("unknown-policy", at.clone(), message).help_if(help));
            return None;
        };
        definition.used = true;
        let kind = definition.kind?;
        if kind.direction != direction {
            let (is, list) = match direction {
                Direction::Inbound => ("an outbound", "inbound"),
                Direction::Outbound => ("an inbound", "outbound"),
            };
            let message = format!("`{name}` is {is} policy and cannot stand in the {list} list");
            let label = "declared here";
            let diagnostic = Diagnostic::error("wrong-direction", at.clone(), message);
            diagnostics.push(diagnostic.related(definition.span.clone(), label));
            return None;
        }
        let (mut authenticates, nested) = (definition.authenticates, definition.nested.clone());
        let mut is_auth = kind.authenticates;
        if !around.insert(name.to_owned()) {
            let message = format!("`{name}` would run itself without end");
            diagnostics.push(Diagnostic::error("policy-cycle", at.clone(), message));
            return None;
        }
        for (name, at) in nested {
            if let Some(inner) = self.use_policy(&name, &at, direction, around, diagnostics) {
                authenticates |= inner.authenticates;
                is_auth |= inner.is_auth;
            }
        }
        around.remove(name);
        let definition = self.definitions.get_mut(name)?;
        let instance = definition.instance.as_ref()?;
        let index = *definition.index.get_or_insert_with(|| {
            self.instances.push(instance.clone());
            self.instances.len() - 1
        });
        Some(Chosen { index, is_auth, authenticates })
    }

    /// The CORS policy that a route names.
    pub(super) fn choose_cors(&mut self, node: &Node<'_>, diagnostics: &mut Diagnostics) -> CorsChoice {
        self.cors.choose(node, diagnostics)
    }

    /// Where a policy is declared that routes use to sign tokens.
    pub(super) fn signs(&self) -> Option<Span> {
        let signs =
            |definition: &&Definition| definition.used && definition.kind.is_some_and(|kind| kind.name == SIGNS);
        self.definitions.values().find(signs).map(|definition| definition.span.clone())
    }

    /// What is used; what is wrong with it, and as warnings what is wrong with the rest.
    pub(super) fn finish(self, diagnostics: &mut Diagnostics) -> (Vec<PolicyInstance>, Vec<CorsSettings>) {
        for (_, definition) in self.definitions {
            add(definition.diagnostics, definition.used, diagnostics);
        }
        (self.instances, self.cors.finish(diagnostics))
    }
}

/// Replaces `$env(…)` where it may stand, and says where it may not.
fn expand(tree: &mut Tree, variables: &Variables<'_>, diagnostics: &mut Diagnostics) {
    let count = |field: &str| tree.value().get(field).and_then(Value::as_array).map_or(0, Vec::len);
    let options = (0..count("policies")).map(|index| format!("/policies/{index}/handler/options"));
    let cors = (0..count("corsPolicies")).map(|index| format!("/corsPolicies/{index}"));
    let places: Vec<String> = options.chain(cors).collect();
    let allowed = |pointer: &str| {
        let mut tokens = pointer.split('/').skip(1);
        match tokens.next() {
            Some("policies") => tokens.skip(1).take(2).eq(["handler", "options"]),
            Some("corsPolicies") => tokens.nth(1).is_some_and(|field| field != "name"),
            _ => false,
        }
    };
    misplaced(&tree.root(), &allowed, diagnostics);
    for place in places {
        variables.expand(tree, &place, &[], diagnostics);
    }
}

impl Definition {
    fn read(name: &str, span: Span, node: &Node<'_>, context: &LoadContext<'_>) -> Self {
        let mut definition = Self {
            kind: None,
            instance: None,
            nested: Vec::new(),
            authenticates: false,
            diagnostics: Diagnostics::new(),
            span,
            index: None,
            used: false,
        };
        let diagnostics = &mut definition.diagnostics;
        check_fields(node, &POLICY_FIELDS, "a policy", diagnostics);
        let Some(handler) = node.get("handler") else {
            diagnostics.push(missing(node, "handler", "`handler` is missing"));
            return definition;
        };
        let export = match read_reference(&handler) {
            Ok(Reference::Runtime(export)) => export,
            Ok(Reference::Module { path, .. }) => {
                let at = handler.get("module").unwrap_or(handler);
                diagnostics.push(needs_module(&at, &format!("policy `{name}` is written in `{path}`: it")));
                return definition;
            }
            Err(diagnostic) => {
                diagnostics.push(*diagnostic);
                return definition;
            }
        };
        check_fields(&handler, &HANDLER_FIELDS, "a handler", diagnostics);
        let Some(kind) = context.catalog.policy_by_export(export) else {
            let at = handler.get("export").unwrap_or(handler);
            let message = format!("policy `{export}` is not supported yet");
            let names = context.catalog.policies.iter().flat_map(|kind| kind.exports.iter().copied());
            // The whole list would drown everything else where several are missing.
            let help = did_you_mean(export, names).unwrap_or_else(|| {
                "`tollgate policies` lists those that are; take it out of the routes that use it until it is".to_owned()
            });
            diagnostics.push(Diagnostic::error("unsupported-policy", at.caret(), message).help(help));
            return definition;
        };
        definition.kind = Some(kind);
        let options = handler.get("options").filter(|options| !options.value().is_null());
        let at = options.clone().unwrap_or(handler);
        let value = options.as_ref().map_or_else(|| Value::Object(serde_json::Map::new()), own_options);
        let mut found = Vec::new();
        for (field, node) in options.iter().flat_map(|options| options.entries().collect::<Vec<_>>()) {
            // Without `function`, what the identifier names is never called.
            if value.get(field).is_some() {
                modules_in(&node, &mut found);
                if field.ends_with("By") && node.value() == "function" {
                    found.push(needs_module(&node, &format!("`{field}: function`")));
                }
            }
        }
        if found.is_empty()
            && let Some(schema) = context.schemas.policy(kind.name)
        {
            schema.check_value(&value, &at, diagnostics);
        }
        found.into_iter().for_each(|diagnostic| diagnostics.push(diagnostic));
        if kind.exports.iter().any(|export| export.starts_with("Composite")) {
            let list = options.as_ref().and_then(|options| options.get("policies"));
            for item in list.iter().flat_map(Node::items) {
                definition.nested.extend(item.as_str().map(|name| (name.to_owned(), item.span())));
            }
        }
        let lets_pass = value.get("allowUnauthenticatedRequests").is_some_and(|allow| *allow != Value::Bool(false));
        definition.authenticates = kind.authenticates && !lets_pass;
        definition.instance = Some(PolicyInstance {
            id: name.into(),
            name: name.into(),
            implementation: Use::BuiltIn(kind.name.to_owned()),
            options: value,
            place: at.span().place(),
            unused: false,
        });
        definition
    }
}

/// The options without what has no effect: `identifier` counts only beside `rateLimitBy: function`.
fn own_options(node: &Node<'_>) -> Value {
    let mut value = node.value().clone();
    if let Value::Object(options) = &mut value
        && options.get("rateLimitBy").is_some_and(|by| by != "function")
    {
        options.shift_remove("identifier");
    }
    value
}
