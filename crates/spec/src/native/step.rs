//! STEP = NAME | { NAME: options } | { use: REF, options?, as?: NAME }.

use std::sync::Arc;

use serde_json::{Map, Value};
use tollgate_core::PolicyKind;
use tollgate_core::catalog::Direction;
use tollgate_core::project::{ExportRole, Place, Stage, StepRef, Use};

use super::Reader;
use crate::Diagnostic;
use crate::check::{known_or_nearest, point_at_nearest, schema, secrets};
use crate::load::is_module;
use crate::tree::Node;

/// A step that is in order.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// Index of the instance.
    pub(crate) policy: usize,
    /// What `without` calls it.
    pub(crate) name: Arc<str>,
    /// Whether it tells who calls.
    pub(crate) authenticates: Authenticates,
    /// Where it is named, where its instance is written elsewhere.
    pub(crate) named: Option<Arc<Place>>,
}

impl Step {
    /// The step in a stage.
    pub(crate) fn at(&self, stage: Stage) -> StepRef {
        StepRef { policy: self.policy, stage, named: self.named.clone() }
    }
}

/// Whether a step tells who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Authenticates {
    /// It does not.
    No,
    /// It is code: where it stands under `auth` it is there to tell, elsewhere nobody relies on it.
    Perhaps,
    /// It does.
    Yes,
}

impl Authenticates {
    fn of(kind: &PolicyKind) -> Self {
        if kind.authenticates { Self::Yes } else { Self::No }
    }
}

/// What a step or a handler says, before its name was looked up.
pub(crate) struct Reference<'a> {
    pub(crate) name: &'a str,
    pub(crate) name_node: Node<'a>,
    pub(crate) options: Option<Node<'a>>,
    pub(crate) alias: Option<Node<'a>>,
}

impl Reference<'_> {
    /// The name as the user wrote it.
    pub(crate) fn shown(&self) -> String {
        if self.name_node.is_expanded() { self.name_node.shown() } else { self.name.to_owned() }
    }
}

impl Reader<'_> {
    /// Reads the three forms; `what` is `policy` or `handler`.
    pub(crate) fn reference<'n>(&mut self, node: &Node<'n>, what: &str) -> Option<Reference<'n>> {
        match node.value() {
            Value::String(name) => Some(Reference { name, name_node: node.clone(), options: None, alias: None }),
            Value::Object(map) if map.contains_key("use") => {
                for (name, _) in node.entries().filter(|(name, _)| !matches!(*name, "use" | "options" | "as")) {
                    self.diagnostics.push(schema::unknown_field(node, name, ["use", "options", "as"]));
                }
                let used = node.get("use")?;
                let alias = node.get("as").filter(|alias| self.expect_text(alias));
                if !self.expect_text(&used) {
                    return None;
                }
                let options = node.get("options").filter(|options| !options.value().is_null());
                Some(Reference { name: used.as_str()?, name_node: used, options, alias })
            }
            Value::Object(map) if map.len() == 1 => {
                let (name, options) = node.entries().next()?;
                let name_node = options.clone();
                let options = Some(options).filter(|options| !options.value().is_null());
                Some(Reference { name, name_node, options, alias: None })
            }
            Value::Object(_) => {
                let message = format!("a {what} has one name, with its options below it");
                let help = "write `- NAME: { options }`, or `- use: NAME` with `options:` beside it";
                self.diagnostics.push(Diagnostic::error("ambiguous-step", node.caret(), message).help(help));
                None
            }
            _ => {
                self.diagnostics.push(schema::wrong_type(node, &format!("the name of a {what}")));
                None
            }
        }
    }

    /// Reads a step and makes its instance. None where it is not in order, which has been said.
    pub(crate) fn step<'n>(&mut self, node: &Node<'n>, direction: Direction) -> Option<Step> {
        let reference = self.reference(node, "policy")?;
        let name_span = if node.value().is_string() { node.span() } else { reference.name_node.key_span() };
        if is_module(reference.name) {
            let span = if node.get("use").is_some() { reference.name_node.span() } else { name_span };
            return self.module_step(&reference, node, span);
        }
        if self.settings.tree.root().get("policies").and_then(|all| all.get(reference.name)).is_some() {
            if let Some(options) = &reference.options {
                let message = format!("`{}` has its options under `policies`", reference.name);
                let help = "options given here would be lost: change them there, or use the built-in policy directly";
                self.diagnostics.push(Diagnostic::error("options-twice", options.caret(), message).help(help));
            }
            let (policy, authenticates) = self.named(reference.name, direction, node, &mut Vec::new())?;
            let name = reference.alias.as_ref().and_then(|alias| alias.as_str()).unwrap_or(reference.name);
            let named = Some(Arc::new(name_span.place()));
            return Some(Step { policy, name: name.into(), authenticates, named });
        }
        let Some(kind) = self.catalog.policy(reference.name) else {
            self.unknown_policy(&reference, node, direction);
            return None;
        };
        if !self.direction(kind, direction, node) {
            return None;
        }
        let options = self.options(kind, &reference, node)?;
        self.functions(kind, &options, reference.options.as_ref().unwrap_or(node));
        let authenticates = self.nested(kind, &options, &reference, direction, &mut Vec::new());
        let name = reference.alias.as_ref().and_then(|alias| alias.as_str()).unwrap_or(kind.name);
        let policy = self.instances.add(
            &id_of(node),
            name,
            Use::BuiltIn(kind.name.to_owned()),
            options,
            self.place(&reference, node),
        );
        Some(Step { policy, name: name.into(), authenticates, named: None })
    }

    /// Where an instance's options are written, so that what building it finds can be drawn there.
    fn place(&self, reference: &Reference<'_>, node: &Node<'_>) -> tollgate_core::project::Place {
        reference.options.as_ref().unwrap_or(node).span().place()
    }

    /// A list of steps.
    pub(crate) fn steps<'n>(&mut self, node: &Node<'n>, direction: Direction) -> Vec<Step> {
        if node.value().is_null() {
            return Vec::new();
        }
        if !node.value().is_array() {
            let help = "write each step on a line of its own, with `- ` in front";
            self.diagnostics.push(schema::wrong_type(node, "a list of steps").help(help));
            return Vec::new();
        }
        node.items().filter_map(|item| self.step(&item, direction)).collect()
    }

    /// The options of a step, checked.
    fn options(&mut self, kind: &PolicyKind, reference: &Reference<'_>, node: &Node<'_>) -> Option<Value> {
        let schema = self.schemas.policy(kind.name)?;
        match &reference.options {
            Some(options) if !options.value().is_object() && kind.shorthand.is_some() && node.get("use").is_none() => {
                let name = kind.shorthand.unwrap_or_default();
                let value = Value::Object(Map::from_iter([(name.to_owned(), options.value().clone())]));
                secrets::check(kind, options, true, self.diagnostics);
                schema.check_value(&value, options, self.diagnostics).then_some(value)
            }
            Some(options) => {
                let value = schema.coerced(options);
                secrets::check(kind, options, false, self.diagnostics);
                schema.check_value(&value, options, self.diagnostics).then_some(value)
            }
            None => {
                let value = Value::Object(Map::new());
                schema.check_value(&value, node, self.diagnostics).then_some(value)
            }
        }
    }

    /// The instance of a name under `policies`, and whether it tells who calls.
    pub(crate) fn named(
        &mut self,
        name: &str,
        direction: Direction,
        at: &Node<'_>,
        inside: &mut Vec<String>,
    ) -> Option<(usize, Authenticates)> {
        let tree = Arc::clone(&self.settings.tree);
        let policy = tree.root().get("policies")?.get(name)?;
        let used = policy.get("use")?;
        let text = used.as_str()?;
        let options = policy.get("options").filter(|options| !options.value().is_null());
        let place = options.as_ref().unwrap_or(&policy).span().place();
        if is_module(text) {
            let export = self.export(text, ExportRole::Policy, &used, used.span())?;
            let value = super::module::options_of(options.as_ref());
            return Some((self.instances.add(name, name, Use::Module(export), value, place), Authenticates::Perhaps));
        }
        // What is wrong with the entry itself was said when the settings were read.
        let kind = self.catalog.policy(text)?;
        if !self.direction(kind, direction, at) {
            return None;
        }
        let schema = self.schemas.policy(kind.name)?;
        let value = options.as_ref().map_or_else(|| Value::Object(Map::new()), |options| schema.coerced(options));
        self.functions(kind, &value, options.as_ref().unwrap_or(&policy));
        if inside.iter().any(|outer| outer == name) {
            let message = format!("`{name}` contains itself");
            self.diagnostics.push(Diagnostic::error("policy-cycle", policy.key_span(), message));
            return None;
        }
        inside.push(name.to_owned());
        let reference = Reference { name: text, name_node: used.clone(), options: options.clone(), alias: None };
        let authenticates = self.nested(kind, &value, &reference, direction, inside);
        inside.pop();
        let implementation = Use::BuiltIn(kind.name.to_owned());
        Some((self.instances.add(name, name, implementation, value, place), authenticates))
    }

    /// Reads the definitions that no route uses: a mistake is one before it is used. Where the project
    /// has code, that may run them, and they are there as unused ones.
    pub(crate) fn read_unused(&mut self, has_runtime: bool) {
        let has_code = has_runtime || !self.exports.is_empty();
        let (instances, exports) = (self.instances.len(), self.exports.len());
        let tree = Arc::clone(&self.settings.tree);
        for (name, policy) in tree.root().get("policies").iter().flat_map(|all| all.entries().collect::<Vec<_>>()) {
            let Some(used) = policy.get("use").and_then(|used| used.as_str()) else { continue };
            let direction = self.catalog.policy(used).map(|kind| kind.direction);
            if is_module(used) || direction.is_some() {
                self.named(name, direction.unwrap_or(Direction::Inbound), &policy, &mut Vec::new());
            }
        }
        if has_code {
            self.instances.mark_unused(instances);
            self.exports.iter_mut().skip(exports).for_each(|export| export.unused = true);
        } else {
            self.instances.truncate(instances);
            self.exports.truncate(exports);
        }
    }

    /// Makes the instances that a composite names. Whether the policy, or one in it, tells who calls.
    fn nested(
        &mut self,
        kind: &PolicyKind,
        options: &Value,
        reference: &Reference<'_>,
        direction: Direction,
        inside: &mut Vec<String>,
    ) -> Authenticates {
        let mut authenticates = Authenticates::of(kind);
        if !matches!(kind.name, "composite" | "composite-outbound" | "any-of") {
            return authenticates;
        }
        // Whoever passes one member of `any-of` is let in.
        let only_auth = kind.name == "any-of";
        let names = options.get("policies").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for (index, name) in names.iter().enumerate() {
            let node = reference.options.as_ref().map(|options| {
                let place = if options.value().is_array() { "" } else { "/policies" };
                options.nearest(&format!("{place}/{index}"))
            });
            let (Some(name), Some(node)) = (name.as_str(), node) else { continue };
            if self.settings.tree.root().get("policies").and_then(|all| all.get(name)).is_some() {
                let Some((_, member)) = self.named(name, direction, &node, inside) else { continue };
                authenticates = authenticates.max(member);
                if only_auth && member == Authenticates::No {
                    self.not_an_auth(name, &node);
                }
            } else if let Some(nested) = self.catalog.policy(name) {
                if !self.direction(nested, direction, &node) {
                    continue;
                }
                authenticates = authenticates.max(Authenticates::of(nested));
                if only_auth && !nested.authenticates {
                    self.not_an_auth(name, &node);
                    continue;
                }
                let empty = Value::Object(Map::new());
                if let Some(schema) = self.schemas.policy(name)
                    && schema.check_value(&empty, &node, self.diagnostics)
                {
                    self.instances.built_in(name, name, empty, node.span().place());
                }
            } else {
                let names = self.policy_names(direction);
                let message = format!("there is no policy `{}`", node.shown());
                let help = known_or_nearest(name, "policies", names.iter().map(String::as_str));
                self.diagnostics.push(Diagnostic::error("unknown-policy", node.span(), message).help_if(help));
            }
        }
        authenticates
    }

    fn direction(&mut self, kind: &PolicyKind, direction: Direction, node: &Node<'_>) -> bool {
        if kind.direction == direction {
            return true;
        }
        let (is, belongs) = match kind.direction {
            Direction::Inbound => ("requests", "`inbound`"),
            Direction::Outbound => ("responses", "`outbound`"),
        };
        let message = format!("`{}` works on {is} and cannot stand here", kind.name);
        self.diagnostics.push(
            Diagnostic::error("wrong-direction", node.caret(), message).help(format!("it belongs under {belongs}")),
        );
        false
    }

    fn unknown_policy(&mut self, reference: &Reference<'_>, node: &Node<'_>, direction: Direction) {
        let span = if node.value().is_string() || node.get("use").is_some() {
            reference.name_node.span()
        } else {
            reference.name_node.key_span()
        };
        let names = self.policy_names(direction);
        let help = known_or_nearest(reference.name, "policies", names.iter().map(String::as_str));
        let message = format!("there is no policy `{}`", reference.shown());
        let diagnostic = Diagnostic::error("unknown-policy", span, message).help_if(help);
        let root = self.settings.tree.root();
        let diagnostic = point_at_nearest(diagnostic, reference.name, root.get("policies").as_ref());
        self.diagnostics.push(diagnostic);
    }

    /// Every policy that may be named in a place of this direction.
    pub(crate) fn policy_names(&self, direction: Direction) -> Vec<String> {
        let own = self.settings.tree.root();
        let own = own.get("policies").map(|all| all.entries().map(|(name, _)| name.to_owned()).collect::<Vec<_>>());
        let kinds = self.catalog.policies.iter().filter(|kind| kind.direction == direction);
        kinds.map(|kind| kind.name.to_owned()).chain(own.into_iter().flatten()).collect()
    }

    pub(crate) fn expect_text(&mut self, node: &Node<'_>) -> bool {
        let text = node.value().is_string();
        if !text {
            self.diagnostics.push(schema::wrong_type(node, "a text"));
        }
        text
    }
}

/// The id of an instance: the place where it is written.
pub(crate) fn id_of(node: &Node<'_>) -> String {
    format!("{}#{}", node.tree().name(), node.pointer())
}
