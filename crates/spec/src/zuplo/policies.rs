//! `config/policies.json`: the policies by name.
//!
//! A policy that no route uses may be as broken as it likes: that is a warning. What counts is
//! the module and the export; a name that a route uses and nobody declares is an error. Where the
//! project has code, that may run what no route does: those policies are there too, as unused ones.

use std::collections::HashSet;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;
use tollgate_core::catalog::Direction;
use tollgate_core::project::{CorsChoice, NamedExport, PolicyInstance};
use tollgate_core::settings::CorsSettings;

use super::cors::CorsPolicies;
use super::definition::{Definition, Kind};
use super::environment::{Variables, misplaced};
use super::{check_fields, missing, read_json};
use crate::check::known_or_nearest;
use crate::check::schema::wrong_type;
use crate::load::LoadContext;
use crate::{Diagnostic, Diagnostics, Node, Severity, Span, Tree};

const NAME: &str = "config/policies.json";
/// The policy that signs a token for the upstream.
const SIGNS: &str = "upstream-jwt";
const FIELDS: [&str; 2] = ["policies", "corsPolicies"];

/// The policies of a project, and which of them routes use.
#[derive(Debug, Default)]
pub(super) struct Policies {
    definitions: IndexMap<String, Definition>,
    instances: Vec<PolicyInstance>,
    cors: CorsPolicies,
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

/// What the policies come to.
#[derive(Debug)]
pub(super) struct Lowered {
    pub(super) instances: Vec<PolicyInstance>,
    pub(super) exports: Vec<NamedExport>,
    pub(super) cors: Vec<CorsSettings>,
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
        if !kind.stands_in(direction) {
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
        let mut is_auth = kind.authenticates();
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
        let signs = |definition: &&Definition| {
            definition.used && matches!(definition.kind, Some(Kind::BuiltIn(kind)) if kind.name == SIGNS)
        };
        self.definitions.values().find(signs).map(|definition| definition.span.clone())
    }

    /// What is used, and beside other code (`has_code`) the rest as well; what is wrong with it, and as
    /// warnings what is wrong with the rest.
    pub(super) fn finish(mut self, has_code: bool, diagnostics: &mut Diagnostics) -> Lowered {
        let used = self.definitions.values().filter(|definition| definition.used);
        let mut exports: Vec<NamedExport> = used.flat_map(|definition| definition.exports.clone()).collect();
        if has_code || !exports.is_empty() {
            self.add_unused(&mut exports);
        }
        for (_, definition) in self.definitions {
            add(definition.diagnostics, definition.used, diagnostics);
        }
        Lowered { instances: self.instances, exports, cors: self.cors.finish(diagnostics) }
    }

    /// Makes the instances that no route runs, for the code that may.
    fn add_unused(&mut self, exports: &mut Vec<NamedExport>) {
        let unused = self.definitions.iter().filter(|(_, definition)| !definition.used);
        let unused: Vec<(String, bool)> =
            unused.map(|(name, _)| (name.clone(), self.is_whole(name, &mut Vec::new()))).collect();
        for (name, whole) in unused {
            let Some(definition) = self.definitions.get_mut(&name) else { continue };
            if let Some(instance) = definition.instance.as_ref().filter(|_| whole) {
                self.instances.push(PolicyInstance { unused: true, ..instance.clone() });
                let named = definition.exports.iter().cloned();
                exports.extend(named.map(|export| NamedExport { unused: true, ..export }));
            } else if definition.diagnostics.is_empty() {
                let message = format!("`{name}` is left out, because a policy that it runs is missing or broken");
                let span = definition.span.clone();
                definition.diagnostics.push(Diagnostic::warning("policy-left-out", span, message));
            }
        }
    }

    /// Whether a policy can be built, as far as its declaration tells: itself, and all that it runs.
    fn is_whole(&self, name: &str, around: &mut Vec<String>) -> bool {
        let Some(definition) = self.definitions.get(name) else { return false };
        if definition.instance.is_none() || definition.diagnostics.has_errors() || around.iter().any(|on| on == name) {
            return false;
        }
        around.push(name.to_owned());
        let whole = definition.nested.iter().all(|(inner, _)| self.is_whole(inner, around));
        around.pop();
        whole
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
