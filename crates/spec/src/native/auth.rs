//! auth = STEP | [STEP, …] (first that succeeds) | public.

use std::sync::Arc;

use serde_json::{Value, json};
use tollgate_core::catalog::Direction;
use tollgate_core::project::Place;

use super::Reader;
use super::step::{Authenticates, Step, id_of};
use crate::Diagnostic;
use crate::check::{known_or_nearest, point_at_nearest};
use crate::load::is_module;
use crate::tree::Node;

/// What a written `auth` says.
#[derive(Debug, Clone)]
pub(crate) enum Auth {
    /// Everyone may call.
    Public,
    /// Whoever this step knows: its instance, and where that is named, if it is elsewhere.
    Step(usize, Option<Arc<Place>>),
    /// Something that is not in order, and has been said: no reason to complain of no auth at all.
    Broken,
}

impl Reader<'_> {
    pub(crate) fn auth(&mut self, node: &Node<'_>) -> Auth {
        match node.value() {
            Value::String(text) if text == "public" => Auth::Public,
            Value::Bool(false) => {
                self.unknown_auth("false", node);
                Auth::Broken
            }
            Value::Array(list) if list.is_empty() => {
                let message = "an empty list lets nobody in";
                let help = "name a policy, such as `api-key`, or write `auth: public` for everyone";
                self.diagnostics.push(Diagnostic::error("empty-auth", node.span(), message).help(help));
                Auth::Broken
            }
            Value::Array(list) => {
                let steps: Vec<_> = node.items().filter_map(|item| self.auth_step(&item)).collect();
                if steps.len() < list.len() {
                    return Auth::Broken;
                }
                self.any_of(&id_of(node), &steps, node)
            }
            _ => self.auth_step(node).map_or(Auth::Broken, |step| Auth::Step(step.policy, step.named)),
        }
    }

    fn auth_step<'n>(&mut self, node: &Node<'n>) -> Option<Step> {
        if node.as_str() == Some("public") {
            let message = "`public` stands alone: beside another step it would let everyone in";
            self.diagnostics.push(Diagnostic::error("public-in-list", node.span(), message));
            return None;
        }
        if let Some(name) = node.as_str().filter(|name| !self.is_policy(name)) {
            self.unknown_auth(name, node);
            return None;
        }
        let step = self.step(node, Direction::Inbound)?;
        if step.authenticates != Authenticates::No {
            return Some(step);
        }
        self.not_an_auth(&step.name, node);
        None
    }

    /// Whether it names a policy, whatever that does.
    fn is_policy(&self, name: &str) -> bool {
        let own = self.settings.tree.root().get("policies").and_then(|all| all.get(name));
        is_module(name) || own.is_some() || self.catalog.policy(name).is_some()
    }

    /// Says that what tells who calls is not there, and how everyone may: that is what `none` means elsewhere.
    fn unknown_auth(&mut self, name: &str, node: &Node<'_>) {
        const NOBODY: &[&str] = &["none", "no", "off", "false", "anonymous", "open", "disabled"];
        let root = self.settings.tree.root();
        let own = root.get("policies");
        let names: Vec<&str> = (self.catalog.policies.iter().filter(|kind| kind.authenticates).map(|kind| kind.name))
            .chain(own.iter().flat_map(|all| all.entries().map(|(name, _)| name)))
            .chain(["public"])
            .collect();
        let help = match NOBODY.contains(&name.to_lowercase().as_str()) {
            true => Some("`auth: public` is what lets everyone call".to_owned()),
            false => known_or_nearest(name, "what may stand here", names.iter().copied()),
        };
        let message = format!("there is no policy `{}`", node.shown());
        let diagnostic = Diagnostic::error("unknown-policy", node.span(), message).help_if(help);
        self.diagnostics.push(point_at_nearest(diagnostic, name, own.as_ref()));
    }

    /// Says that a policy stands where only those may stand that tell who calls.
    pub(crate) fn not_an_auth(&mut self, name: &str, node: &Node<'_>) {
        let names = self.catalog.policies.iter().filter(|kind| kind.authenticates && kind.name != "any-of");
        let names = names.map(|kind| format!("`{}`", kind.name)).collect::<Vec<_>>().join(", ");
        let message = format!("`{name}` does not tell who calls");
        let help = format!("policies that do: {names}; put others under `guard` or `inbound`");
        self.diagnostics.push(Diagnostic::error("not-an-auth", node.caret(), message).help(help));
    }

    /// The first of these that succeeds.
    pub(crate) fn any_of(&mut self, id: &str, steps: &[Step], node: &Node<'_>) -> Auth {
        if let [step] = steps {
            return Auth::Step(step.policy, step.named.clone());
        }
        let ids: Vec<&str> = steps.iter().map(|step| self.instances.id(step.policy)).collect();
        let options = json!({ "policies": ids });
        Auth::Step(self.instances.built_in(id, "any-of", options, node.span().place()), None)
    }
}
