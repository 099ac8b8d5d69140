//! One policy of `config/policies.json`: what it is, and what is wrong with it.

use serde_json::Value;
use tollgate_core::PolicyKind;
use tollgate_core::catalog::Direction;
use tollgate_core::project::{ExportRole, NamedExport, PolicyInstance, Use};
use tollgate_core::services::Export;

use super::implementation::{Reference, misplaced_imports, read as read_reference};
use super::{check_fields, imports, missing, placeholder, unknown};
use crate::check::{did_you_mean, secrets};
use crate::load::{LoadContext, modules};
use crate::{Diagnostic, Diagnostics, Node, Span};

const POLICY_FIELDS: [&str; 3] = ["name", "policyType", "handler"];
const HANDLER_FIELDS: [&str; 3] = ["module", "export", "options"];

/// What a policy is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    BuiltIn(&'static PolicyKind),
    /// Code of the project, which may work on requests or on responses.
    Script,
}

impl Kind {
    pub(super) fn stands_in(self, direction: Direction) -> bool {
        matches!(self, Self::BuiltIn(kind) if kind.direction == direction) || matches!(self, Self::Script)
    }

    /// What code does is not known, so nobody may rely on it to authenticate.
    pub(super) const fn authenticates(self) -> bool {
        matches!(self, Self::BuiltIn(kind) if kind.authenticates)
    }
}

/// A policy as it is declared.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) kind: Option<Kind>,
    pub(super) instance: Option<PolicyInstance>,
    /// What it names in modules: itself, or functions.
    pub(super) exports: Vec<NamedExport>,
    /// The policies that it runs itself, and where it names them.
    pub(super) nested: Vec<(String, Span)>,
    /// Whether it refuses those whom it cannot authenticate.
    pub(super) authenticates: bool,
    pub(super) diagnostics: Diagnostics,
    pub(super) span: Span,
    pub(super) index: Option<usize>,
    pub(super) used: bool,
}

impl Definition {
    pub(super) fn read(name: &str, span: Span, node: &Node<'_>, context: &LoadContext<'_>) -> Self {
        let mut definition = Self {
            kind: None,
            instance: None,
            exports: Vec::new(),
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
        let export = match read_reference(&handler, context.files) {
            Ok(Reference::Runtime(export)) => export,
            Ok(Reference::Module(export)) => {
                check_fields(&handler, &HANDLER_FIELDS, "a handler", diagnostics);
                definition.script(name, export, &handler);
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
        definition.kind = Some(Kind::BuiltIn(kind));
        let options = handler.get("options").filter(|options| !options.value().is_null());
        let at = options.clone().unwrap_or(handler);
        let mut value = options.as_ref().map_or_else(|| Value::Object(serde_json::Map::new()), own_options);
        if let Some(options) = &options {
            unknown::pass_over(export, &kind.schema(), &mut value, options, diagnostics);
            imports::inline(kind, &mut value, options, context.files, diagnostics);
            placeholder::lead_nowhere(kind, &mut value, options, diagnostics);
        }
        let schema = context.schemas.policy(kind.name);
        let fits = schema.is_none_or(|schema| schema.check_value(&value, &at, diagnostics));
        if let Some(options) = options.as_ref().filter(|_| fits) {
            secrets::check(kind, options, false, diagnostics);
            let functions = (kind.functions)(&value);
            definition.exports = named_functions(options, &functions, context, diagnostics);
            let mut known: Vec<&str> = functions.iter().map(|(pointer, _)| *pointer).collect();
            // What has no effect has been left out of the value.
            known.extend(value.get("identifier").is_none().then_some("/identifier"));
            known.extend(kind.imports);
            misplaced_imports(options, &known, diagnostics);
        }
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

    /// A policy of the project's own. Its options are for its code alone, `$import(…)` in them included.
    fn script(&mut self, name: &str, export: Export, handler: &Node<'_>) {
        let options = handler.get("options").filter(|options| !options.value().is_null());
        let at = options.clone().unwrap_or_else(|| handler.clone());
        let named = handler.get("export").unwrap_or_else(|| handler.clone());
        self.kind = Some(Kind::Script);
        self.exports.push(modules::named(export.clone(), ExportRole::Policy, &named));
        self.instance = Some(PolicyInstance {
            id: name.into(),
            name: name.into(),
            implementation: Use::Module(export),
            options: options.map_or_else(|| Value::Object(serde_json::Map::new()), |node| node.value().clone()),
            place: at.span().place(),
            unused: false,
        });
    }
}

/// The functions of modules that the options of a built-in policy name; says where there is no such
/// file.
pub(super) fn named_functions(
    options: &Node<'_>,
    functions: &[(impl AsRef<str>, Option<Export>)],
    context: &LoadContext<'_>,
    diagnostics: &mut Diagnostics,
) -> Vec<NamedExport> {
    let mut named = Vec::new();
    for (pointer, export) in functions {
        let node = options.nearest(pointer.as_ref());
        let module = node.get("module").unwrap_or_else(|| node.clone());
        match export {
            Some(export) => match modules::check_file(context.files, export, &module.shown(), module.caret()) {
                Ok(()) => named.push(modules::named(export.clone(), ExportRole::Function, &node)),
                Err(diagnostic) => diagnostics.push(*diagnostic),
            },
            None => diagnostics.push(modules::not_a_file(&module.shown(), module.caret())),
        }
    }
    named
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
