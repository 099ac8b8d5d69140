//! An operation of a document, fully resolved: data only.

use std::sync::Arc;

use http::Method;
use serde_json::Value;

use crate::StoredJson;
use crate::mcp::McpOperation;
use crate::project::{CorsChoice, HandlerDefinition, Place, StepRef, Timeouts};

/// How a template is matched against the match path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PathMode {
    /// `{name}` is one non-empty segment or part of one; everything else is literal.
    OpenApi,
    /// WHATWG URLPattern pathname syntax.
    UrlPattern,
}

/// A path template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathTemplate {
    /// As written, with the mount in front: `/v1/users/{id}`.
    pub text: Arc<str>,
    /// How it is matched.
    pub mode: PathMode,
    /// The parameter that takes the rest of the path, slashes included, where there is one. It
    /// stands alone in the last segment and also matches nothing.
    pub rest: Option<Arc<str>>,
}

/// Which methods a route serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Methods {
    /// Any at all (`x-tollgate-any`, catch-all routes).
    Any,
    /// These. GET brings HEAD with it unless the document has an operation of its own for it.
    Listed(Vec<Method>),
}

/// A document as it was read: upgraded to OpenAPI 3.1, otherwise untouched.
#[derive(Debug)]
pub struct Document {
    /// Its path relative to the project, as diagnostics name it.
    pub name: String,
    /// An absolute URI for `$ref` resolution.
    pub uri: String,
    /// The whole document.
    pub root: StoredJson,
    /// The files that it refers to, by absolute URI.
    pub resources: Vec<(String, StoredJson)>,
    /// The path it is mounted at, without a trailing slash; empty for the root.
    pub mount: String,
}

impl Document {
    /// Puts the trees away: from now on somebody looks at them only now and then.
    pub fn store(&self) {
        self.root.store();
        self.resources.iter().for_each(|(_, resource)| resource.store());
    }
}

/// An operation inside its document.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The document.
    pub document: Arc<Document>,
    /// JSON pointer of the operation: `/paths/~1users/get`. Empty where a route has none.
    pub pointer: String,
}

impl Operation {
    /// The operation as the document has it.
    pub fn raw(&self) -> Option<Value> {
        self.document.root.tree().pointer(&self.pointer).cloned()
    }

    /// The path item that holds it.
    pub fn path_item(&self) -> Option<Value> {
        let (parent, _) = self.pointer.rsplit_once('/')?;
        self.document.root.tree().pointer(parent).cloned()
    }
}

impl Route {
    /// Whether a request to it may upgrade to a protocol that the settings allow.
    pub fn may_upgrade_to(&self, protocol: &str) -> bool {
        self.upgrades.as_ref().is_none_or(|allowed| allowed.iter().any(|name| name.eq_ignore_ascii_case(protocol)))
    }
}

/// An operation of a document, fully resolved.
#[derive(Debug)]
pub struct Route {
    /// The operation id, or `GET /path` where there is none; unique in a project.
    pub id: Arc<str>,
    /// Where it is written.
    pub place: Place,
    /// What it matches.
    pub template: PathTemplate,
    /// The methods it serves.
    pub methods: Methods,
    /// The hosts it serves; empty for any. `*.example.com` matches one label or more.
    pub hosts: Vec<String>,
    /// Every inbound step in running order: guard, auth, limit, inbound, sign.
    pub inbound: Vec<StepRef>,
    /// What ends it; routes for which the same is written share it.
    pub handler: Arc<HandlerDefinition>,
    /// Every outbound step in running order.
    pub outbound: Vec<StepRef>,
    /// Its CORS policy.
    pub cors: CorsChoice,
    /// Its timeouts, resolved.
    pub timeouts: Timeouts,
    /// What a request to it may upgrade to; `None` for all that the settings allow.
    pub upgrades: Option<Vec<Arc<str>>>,
    /// Its operation.
    pub operation: Operation,
    /// Whether a step authenticates the caller and refuses those it cannot.
    pub authenticated: bool,
    /// How it appears to MCP clients, where the document says so.
    pub mcp: Option<Arc<McpOperation>>,
    /// Whether the operation is hidden from published documents (`x-internal`).
    pub internal: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Documents have thousands of operations: what few routes have is shared, or boxed.
    #[cfg(target_pointer_width = "64")]
    #[test]
    fn a_route_has_no_room_for_what_few_routes_have() {
        assert!(size_of::<Route>() <= 368, "{}", size_of::<Route>());
    }
}
