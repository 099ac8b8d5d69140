//! A document's own `security`, read where no `auth` is in force.

use serde_json::{Value, json};
use tollgate_core::catalog::Direction;

use super::Reader;
use super::auth::Auth;
use super::step::{Authenticates, Step, id_of};
use crate::Diagnostic;
use crate::check::known_or_nearest;
use crate::openapi::OpenApi;
use crate::tree::Node;

impl Reader<'_> {
    /// What `security` means: its schemes say with `x-tollgate: STEP` which policy checks them.
    pub(crate) fn security(&mut self, security: &Node<'_>, openapi: &OpenApi) -> Auth {
        let Value::Array(list) = security.value() else {
            // The shape of the document has been checked where it was opened.
            return Auth::Broken;
        };
        if list.is_empty() {
            return Auth::Public;
        }
        let mut alternatives = Vec::new();
        let mut broken = false;
        for requirement in security.items() {
            let schemes: Vec<_> = requirement.entries().collect();
            if schemes.is_empty() {
                let message = "`{}` makes authentication optional, and a route here is either public or not";
                let help = "write `auth: public` or name a policy under `auth`; `security: []` means public";
                self.diagnostics.push(Diagnostic::error("optional-security", requirement.caret(), message).help(help));
                broken = true;
                continue;
            }
            let steps: Vec<Option<Step>> =
                schemes.iter().map(|(name, node)| self.scheme(name, node, openapi)).collect();
            match steps.into_iter().collect::<Option<Vec<_>>>() {
                Some(steps) => alternatives.push(self.all_of(steps, &requirement)),
                None => broken = true,
            }
        }
        if broken { Auth::Broken } else { self.any_of(&id_of(security), &alternatives, security) }
    }

    /// Several schemes in one requirement must all succeed.
    fn all_of<'n>(&mut self, steps: Vec<Step>, requirement: &Node<'n>) -> Step {
        let mut steps = steps;
        if steps.len() == 1 {
            return steps.remove(0);
        }
        let ids: Vec<&str> = steps.iter().map(|step| self.instances.id(step.policy)).collect();
        let options = json!({ "policies": ids });
        let place = requirement.span().place();
        let policy = self.instances.built_in(&id_of(requirement), "composite", options, place);
        Step { policy, name: "composite".into(), authenticates: Authenticates::Yes, named: None }
    }

    fn scheme<'n>(&mut self, name: &str, node: &Node<'n>, openapi: &'n OpenApi) -> Option<Step> {
        let root = openapi.tree.root();
        let schemes = root.at("/components/securitySchemes");
        let Some(scheme) = schemes.as_ref().and_then(|schemes| schemes.get(name)) else {
            let names: Vec<&str> =
                schemes.iter().flat_map(|s| s.entries().map(|(name, _)| name).collect::<Vec<_>>()).collect();
            let message = format!("there is no security scheme `{name}`");
            let help = known_or_nearest(name, "security schemes", names.iter().copied());
            self.diagnostics.push(Diagnostic::error("unknown-scheme", node.key_span(), message).help_if(help));
            return None;
        };
        let Some(step) = scheme.get("x-tollgate") else {
            let message = format!("nothing says which policy checks the security scheme `{name}`");
            let help = "write `x-tollgate: api-key` (or another policy) in it, or write `auth` under `x-tollgate`";
            let diagnostic = Diagnostic::error("scheme-without-policy", scheme.key_span(), message);
            self.diagnostics.push(diagnostic.help(help).related(node.key_span(), "asked for here"));
            return None;
        };
        let read = self.step(&step, Direction::Inbound)?;
        if read.authenticates == Authenticates::No {
            let message = format!("`{}` does not tell who calls", read.name);
            self.diagnostics.push(Diagnostic::error("not-an-auth", step.caret(), message));
            return None;
        }
        Some(read)
    }
}
