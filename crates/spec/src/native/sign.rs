//! sign = true | false | options of `upstream-jwt`.

use serde_json::{Map, Value};

use super::Reader;
use super::step::id_of;
use crate::check::schema;
use crate::tree::Node;

/// The built-in policy that signing becomes.
const KIND: &str = "upstream-jwt";

/// What a written `sign` says.
#[derive(Debug, Clone)]
pub(crate) enum Sign<'a> {
    /// Do not.
    No,
    /// Do, with these options.
    Yes(Node<'a>, Map<String, Value>),
}

impl Reader<'_> {
    pub(crate) fn sign<'n>(&mut self, node: &Node<'n>) -> Option<Sign<'n>> {
        match node.value() {
            Value::Bool(false) => Some(Sign::No),
            Value::Bool(true) => Some(Sign::Yes(node.clone(), Map::new())),
            Value::Object(options) => {
                let fits = self.schemas.policy(KIND).is_none_or(|schema| schema.check(node, self.diagnostics));
                fits.then(|| Sign::Yes(node.clone(), options.clone()))
            }
            _ => {
                self.diagnostics.push(schema::wrong_type(node, "true, false or the options of upstream-jwt"));
                None
            }
        }
    }

    /// The instance that signs: for all routes that inherit it, and for all upstreams, whose
    /// audience the policy finds itself. `None` for the default, which nobody has written.
    pub(crate) fn sign_instance(&mut self, sign: Option<&Sign<'_>>, scope: &Node<'_>) -> usize {
        let (options, id, place) = match sign {
            Some(Sign::Yes(node, options)) => (options.clone(), id_of(node), node.span().place()),
            _ => (Map::new(), KIND.to_owned(), scope.key_span().place()),
        };
        self.instances.built_in(&id, KIND, Value::Object(options), place)
    }
}
