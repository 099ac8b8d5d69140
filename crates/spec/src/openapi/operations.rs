//! The operations of a document, in its order, with path items of other places and shared
//! parameters taken into account.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use http::Method;

use super::shape::{METHOD_FIELDS, join};
use super::{OpenApi, References};
use crate::{Diagnostic, Diagnostics, Node};

/// The fields of a path item that are no operation (OpenAPI 3.2 §4.9).
const PATH_ITEM_FIELDS: [&str; 6] = ["$ref", "summary", "description", "servers", "parameters", "additionalOperations"];

/// The fields of an operation (OpenAPI 3.2 §4.10).
const OPERATION_FIELDS: [&str; 12] = [
    "tags",
    "summary",
    "description",
    "externalDocs",
    "operationId",
    "parameters",
    "requestBody",
    "responses",
    "callbacks",
    "deprecated",
    "security",
    "servers",
];

/// The operation of a path item that serves every method that has none of its own.
const ANY: &str = "x-tollgate-any";

/// A path item of a document.
#[derive(Debug, Clone)]
pub struct PathItem<'a> {
    /// The path as the document has it: `/users/{id}`.
    pub template: &'a str,
    /// The item in the document itself: the place of the path.
    pub key: Node<'a>,
    /// The item that its `$ref` leads to, perhaps in another file; the same as `key` without one.
    pub node: Node<'a>,
    /// JSON pointer of the item in the root of [`OpenApi::document`](super::OpenApi::document).
    pub pointer: String,
    /// Its operations, in its order.
    pub operations: Vec<OperationNode<'a>>,
}

/// An operation where it is written.
#[derive(Debug, Clone)]
pub struct OperationNode<'a> {
    /// The method as it is sent: `GET`, `QUERY`, or what `additionalOperations` calls it.
    pub method: String,
    /// The operation.
    pub node: Node<'a>,
    /// Its JSON pointer in the root of [`OpenApi::document`](super::OpenApi::document).
    pub pointer: String,
}

impl<'a> PathItem<'a> {
    /// A field of the item: its own, or that of the item it refers to.
    pub fn field(&self, name: &str) -> Option<Node<'a>> {
        self.key.get(name).or_else(|| self.node.get(name))
    }

    /// The parameters of an operation and those that its path item shares: where both have one
    /// of the same name and place, the operation's.
    pub fn parameters(&self, operation: &OperationNode<'a>, openapi: &'a OpenApi) -> Vec<Node<'a>> {
        let lists = operation.node.get("parameters").into_iter().chain(self.field("parameters"));
        let mut seen = HashSet::new();
        let mut parameters = Vec::new();
        for list in lists {
            for parameter in list.items() {
                let parameter = openapi.resolve(&parameter);
                let text = |field| parameter.get(field).and_then(|node| node.as_str());
                if seen.insert((text("name"), text("in"))) {
                    parameters.push(parameter);
                }
            }
        }
        parameters
    }
}

impl<'a> OperationNode<'a> {
    /// The operation's id, where it has one that says something.
    pub fn operation_id(&self) -> Option<&'a str> {
        self.node.get("operationId")?.as_str().filter(|id| !id.trim().is_empty())
    }
}

/// Every path item with its operations. What is wrong with them is found by [`check`].
pub(super) fn path_items(references: &References) -> Vec<PathItem<'_>> {
    let Some(paths) = references.tree.root().get("paths") else { return Vec::new() };
    let items = paths.entries().filter(|(path, item)| path.starts_with('/') && item.value().is_object());
    items
        .map(|(template, key)| {
            let chain = references.chain(&key);
            let pointer = join("/paths", template);
            let mut methods = HashSet::new();
            let mut operations = Vec::new();
            for item in &chain {
                for (field, node) in item.entries() {
                    let additional = field == "additionalOperations";
                    let parent = if additional { join(&pointer, field) } else { pointer.clone() };
                    let found: Vec<_> = match field {
                        _ if additional => node.entries().collect(),
                        _ if METHOD_FIELDS.contains(&field) => vec![(field, node)],
                        _ => continue,
                    };
                    for (name, node) in found.into_iter().filter(|(_, node)| node.value().is_object()) {
                        let Ok(method) = method(name, additional) else { continue };
                        if methods.insert(method.clone()) {
                            operations.push(OperationNode { method, node, pointer: join(&parent, name) });
                        }
                    }
                }
            }
            let node = chain.last().unwrap_or(&key).clone();
            PathItem { template, key, node, pointer, operations }
        })
        .collect()
}

/// Says what in `paths` is no path, no method and no known field. Types were checked before.
pub(super) fn check(references: &References, diagnostics: &mut Diagnostics) {
    let root = references.tree.root();
    let Some(paths) = root.get("paths") else {
        let message = "the document has no `paths`, so that it has no routes";
        let mut span = root.span();
        span.range.end = span.range.start;
        return diagnostics.push(Diagnostic::warning("no-paths", span, message));
    };
    let mut ids: HashMap<&str, Node<'_>> = HashMap::new();
    for (path, item) in paths.entries().filter(|(path, _)| !path.starts_with("x-")) {
        if !path.starts_with('/') {
            let message = format!("the path `{path}` does not begin with a slash");
            let help = format!("write `/{path}`");
            diagnostics.push(Diagnostic::error("path-invalid", item.key_span(), message).help(help));
            continue;
        }
        for item in references.chain(&item) {
            for (field, node) in item.entries() {
                if field == "additionalOperations" {
                    for (name, node) in node.entries() {
                        if let Err(message) = method(name, true) {
                            diagnostics.push(Diagnostic::error("method-invalid", node.key_span(), message));
                        }
                        check_operation(&node, &mut ids, diagnostics);
                    }
                } else if METHOD_FIELDS.contains(&field) || field == ANY {
                    check_operation(&node, &mut ids, diagnostics);
                } else {
                    check_path_item_field(field, &node, diagnostics);
                }
            }
        }
    }
}

/// Methods are tokens, not a closed list. Those with a field of their own have it in lower case;
/// those under `additionalOperations` are written as they are sent.
fn method(name: &str, additional: bool) -> Result<String, String> {
    if !additional {
        return Ok(name.to_ascii_uppercase());
    }
    let lower = name.to_ascii_lowercase();
    if METHOD_FIELDS.contains(&lower.as_str()) {
        return Err(format!("`{name}` has a field of its own: write `{lower}` in the path item"));
    }
    match Method::from_bytes(name.as_bytes()) {
        Ok(method) => Ok(method.as_str().to_owned()),
        Err(_) => Err(format!("`{name}` is not a method: methods are letters, digits and a few signs")),
    }
}

fn check_path_item_field(field: &str, node: &Node<'_>, diagnostics: &mut Diagnostics) {
    let known = field.starts_with("x-") || METHOD_FIELDS.contains(&field) || PATH_ITEM_FIELDS.contains(&field);
    if known {
        return;
    }
    let message = format!("`{field}` is neither a method nor a field of a path item");
    let help = nearest(field, METHOD_FIELDS.iter().chain(&PATH_ITEM_FIELDS).copied())
        .map(|name| format!("did you mean `{name}`?"))
        .or_else(|| Some("other methods stand under `additionalOperations`".to_owned()));
    diagnostics.push(Diagnostic::error("unknown-field", node.key_span(), message).help_if(help));
}

/// What an operation says that nobody understands is lost, so it is said; but documents are
/// often made by tools, so that it does not keep a project from running.
fn check_operation<'a>(operation: &Node<'a>, ids: &mut HashMap<&'a str, Node<'a>>, diagnostics: &mut Diagnostics) {
    for (field, node) in operation.entries() {
        if field == "operationId" {
            check_operation_id(node, ids, diagnostics);
        } else if !field.starts_with("x-") && !OPERATION_FIELDS.contains(&field) {
            let message = format!("`{field}` is not a field of an operation");
            let help = nearest(field, OPERATION_FIELDS.into_iter()).map(|name| format!("did you mean `{name}`?"));
            diagnostics.push(Diagnostic::warning("unknown-field", node.key_span(), message).help_if(help));
        }
    }
}

fn check_operation_id<'a>(node: Node<'a>, ids: &mut HashMap<&'a str, Node<'a>>, diagnostics: &mut Diagnostics) {
    let Some(id) = node.as_str() else {
        let message = format!("`operationId` must be a text, and `{}` is none", node.shown());
        return diagnostics.push(Diagnostic::warning("wrong-type", node.caret(), message));
    };
    match ids.get(id) {
        // A path item that two paths share has its operations, and their ids, only once.
        Some(first) if first.span().same(&node.span()) => {}
        Some(first) => {
            let message = format!("`{id}` is the id of two operations; ids must be unique");
            let diagnostic = Diagnostic::warning("duplicate-operation-id", node.span(), message);
            let diagnostic = diagnostic.related(first.span(), "first used here");
            diagnostics.push(diagnostic.help("the second route is called by its method and path instead"));
        }
        None => {
            ids.insert(id, node);
        }
    }
}

/// The name of a list that is most like another, where one is like it at all.
pub(crate) fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let lower = name.to_lowercase();
    names
        .map(|known| (strsim::damerau_levenshtein(&known.to_lowercase(), &lower), known))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, known)| *distance <= known.len().max(name.len()) / 3)
        .map(|(_, known)| known)
}

/// Gives every route of a project an id of its own.
#[derive(Debug, Default)]
pub struct RouteIds {
    taken: HashSet<Arc<str>>,
}

impl RouteIds {
    /// None given yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The operation id; `GET /path` where there is none or another route has it.
    pub fn claim(&mut self, operation_id: Option<&str>, method: &str, path: &str) -> Arc<str> {
        let described = format!("{method} {path}");
        let numbered = (2..).map(|number: u32| format!("{described} ({number})"));
        let candidates = operation_id.map(str::to_owned).into_iter().chain([described.clone()]).chain(numbered);
        for candidate in candidates {
            let id: Arc<str> = candidate.into();
            if self.taken.insert(Arc::clone(&id)) {
                return id;
            }
        }
        described.into()
    }
}
