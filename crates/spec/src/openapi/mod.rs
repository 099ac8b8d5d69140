//! OpenAPI documents 3.0, 3.1 and 3.2: opened with every file they refer to, walked operation by
//! operation, and handed on in the shape of 3.1 with nothing lost.
//!
//! [`read`] follows `$ref`s and checks what every document must have; what the gateway's
//! own fields mean is the business of the two project forms.

mod operations;
mod places;
mod references;
mod shape;
mod upgrade;

use std::sync::Arc;

use serde_json::Value;
use tollgate_core::route::Document;
use url::Url;

pub(crate) use operations::nearest;
pub use operations::{OperationNode, PathItem, RouteIds};
pub use references::Files;
use references::{Found, Referenced};
use shape::Kind;
pub(crate) use shape::METHOD_FIELDS;

use crate::{Diagnostic, Diagnostics, Node, Span, Tree};

/// The fields of a document (OpenAPI 3.2 §4.1).
const DOCUMENT_FIELDS: [&str; 11] = [
    "openapi",
    "$self",
    "info",
    "jsonSchemaDialect",
    "servers",
    "paths",
    "webhooks",
    "components",
    "security",
    "tags",
    "externalDocs",
];

/// How far a chain of `$ref`s is followed: longer ones are cycles.
const MAX_CHAIN: usize = 32;

/// A document and the files that it refers to.
#[derive(Debug)]
pub struct OpenApi {
    /// The document as it is written, its overlay applied.
    pub tree: Arc<Tree>,
    /// The document as routes carry it: in the shape of 3.1, path items of other places put where
    /// they are used.
    pub document: Arc<Document>,
    /// The files that it refers to, directly or through others.
    pub resources: Vec<Arc<Tree>>,
    references: References,
}

/// Reads a parsed document: checks its version and the types of its objects, and reads what it
/// refers to. `mount` is the path in front of all of its paths, empty for none. `None` where it
/// is no OpenAPI document that can be read.
pub fn read(tree: Tree, mount: &str, files: &dyn Files, diagnostics: &mut Diagnostics) -> Option<OpenApi> {
    if !check_version(&tree, diagnostics) {
        return None;
    }
    check_document_fields(&tree, diagnostics);
    let address = places::address(tree.name())?;
    let referenced = references::follow(&tree, &address, files, diagnostics);
    let resources = referenced.files.values().cloned().collect();
    let references = References { tree: Arc::new(tree), address, referenced };
    let document = Arc::new(references.document(mount));
    operations::check(&references, diagnostics);
    Some(OpenApi { tree: Arc::clone(&references.tree), document, resources, references })
}

impl OpenApi {
    /// Its path items in document order, each with its operations.
    pub fn path_items(&self) -> Vec<PathItem<'_>> {
        operations::path_items(&self.references)
    }

    /// The node that a node's `$ref` leads to; the node itself where it has none, or where it
    /// leads nowhere (which was said when the document was read).
    pub fn resolve<'a>(&'a self, node: &Node<'a>) -> Node<'a> {
        self.references.resolve(node)
    }
}

/// A document beside the files that it refers to: knows where every `$ref` leads.
#[derive(Debug)]
pub(crate) struct References {
    tree: Arc<Tree>,
    address: Url,
    referenced: Referenced,
}

impl References {
    /// The node that a node's `$ref` leads to; the node itself where it has none, or where it
    /// leads nowhere (which was said when the document was opened).
    fn resolve<'a>(&'a self, node: &Node<'a>) -> Node<'a> {
        let mut node = node.clone();
        for _ in 0..MAX_CHAIN {
            match self.target(&node) {
                Some(target) => node = target,
                None => break,
            }
        }
        node
    }

    /// A path item and those that its `$ref` leads to, one after the other.
    fn chain<'a>(&'a self, item: &Node<'a>) -> Vec<Node<'a>> {
        let mut items = vec![item.clone()];
        while let Some(target) = items.last().and_then(|item| self.target(item)) {
            if items.len() > MAX_CHAIN {
                break;
            }
            items.push(target);
        }
        items
    }

    fn target<'a>(&'a self, node: &Node<'a>) -> Option<Node<'a>> {
        let text = node.get("$ref")?.as_str()?;
        let from = self.address_of(node.tree())?;
        let (file, fragment) = references::split(from, text)?;
        let tree = self.tree_at(&file)?;
        tree.at(&fragment)
    }

    fn tree_at(&self, file: &Url) -> Option<&Tree> {
        if *file == self.address { Some(&self.tree) } else { self.referenced.files.get(file).map(|tree| &**tree) }
    }

    fn address_of(&self, tree: &Tree) -> Option<&Url> {
        if std::ptr::eq(tree, &raw const *self.tree) {
            return Some(&self.address);
        }
        self.referenced.files.iter().find(|(_, known)| std::ptr::eq(&raw const ***known, tree)).map(|(url, _)| url)
    }

    fn document(&self, mount: &str) -> Document {
        let mut root = self.tree.value().clone();
        self.inline_path_items(&mut root);
        let old = is_3_0(self.tree.value());
        if old {
            shape::rewrite(Kind::Document, &mut root, &mut upgrade::upgrade);
        }
        // The innermost first: rewriting an object may move what is in it.
        let mut targets: Vec<_> = self.referenced.targets.iter().collect();
        targets.sort_by_key(|target| std::cmp::Reverse(target.pointer.len()));
        for target in targets.iter().filter(|target| old && target.file == self.address) {
            if let Some(value) = root.pointer_mut(&target.pointer) {
                shape::rewrite(target.kind, value, &mut upgrade::upgrade);
            }
        }
        let resources = self.referenced.files.iter().map(|(url, tree)| {
            let mut value = tree.value().clone();
            let own_version = value.get("openapi").is_some();
            if if own_version { is_3_0(&value) } else { old } {
                for target in targets.iter().filter(|target| target.file == *url) {
                    if let Some(value) = value.pointer_mut(&target.pointer) {
                        shape::rewrite(target.kind, value, &mut upgrade::upgrade);
                    }
                }
            }
            (url.to_string(), value.into())
        });
        Document {
            name: self.tree.name().to_string(),
            uri: self.address.to_string(),
            resources: resources.collect(),
            root: root.into(),
            mount: mount.trim_end_matches('/').to_owned(),
        }
    }

    /// Puts what a path item refers to in its place, so that every operation has a pointer in
    /// the document. References in an item of another file become absolute.
    fn inline_path_items(&self, root: &mut Value) {
        let Some(paths) = self.tree.root().get("paths") else { return };
        for (path, item) in paths.entries() {
            if !item.value().get("$ref").is_some_and(Value::is_string) {
                continue;
            }
            let items = self.chain(&item);
            let Some(Value::Object(target)) = root.pointer_mut(&shape::join("/paths", path)) else { continue };
            if items.len() < 2 {
                continue;
            }
            target.shift_remove("$ref");
            for item in &items[1..] {
                let Some(from) = self.address_of(item.tree()) else { continue };
                let mut value = item.value().clone();
                if *from != self.address {
                    shape::rewrite(Kind::PathItem, &mut value, &mut |_, object| references::absolute(from, object));
                }
                let Value::Object(fields) = value else { continue };
                for (name, field) in fields.into_iter().filter(|(name, _)| name != "$ref") {
                    target.entry(name).or_insert(field);
                }
            }
        }
    }
}

fn is_3_0(document: &Value) -> bool {
    document.get("openapi").and_then(Value::as_str).is_some_and(|version| version.starts_with("3.0"))
}

fn check_version(tree: &Tree, diagnostics: &mut Diagnostics) -> bool {
    let root = tree.root();
    if !root.value().is_object() {
        let message = "this is no OpenAPI document: it is not an object";
        diagnostics.push(Diagnostic::error("openapi-version", root.span(), message));
        return false;
    }
    if let Some(swagger) = root.get("swagger") {
        let message = format!("this is a Swagger {} document; OpenAPI 3.0, 3.1 and 3.2 are read", swagger.shown());
        let help = "convert it to OpenAPI 3 first; most frameworks and editors can write both";
        diagnostics.push(Diagnostic::error("openapi-version", swagger.span(), message).help(help));
        return false;
    }
    let Some(version) = root.get("openapi") else {
        let known = root.value().as_object().map(|map| map.keys().map(String::as_str)).into_iter().flatten();
        let similar = nearest("openapi", known).and_then(|name| root.get(name));
        let span = similar.as_ref().map_or_else(
            || Span { range: root.span().range.start..root.span().range.start, ..root.span() },
            Node::key_span,
        );
        let help = similar.map_or_else(
            || "begin with `openapi: 3.1.0`".to_owned(),
            |node| format!("is `{}` meant to be `openapi`?", node.name()),
        );
        let message = "this is no OpenAPI document: `openapi` is missing";
        diagnostics.push(Diagnostic::error("openapi-version", span, message).help(help));
        return false;
    };
    let Some(text) = version.as_str() else {
        let message = format!("the version must be a text, and `{}` is none", version.shown());
        let help = "write it with three numbers: `openapi: 3.1.0`";
        diagnostics.push(Diagnostic::error("openapi-version", version.span(), message).help(help));
        return false;
    };
    let mut parts = text.split('.').map(|part| part.split('-').next().unwrap_or(part).parse::<u32>().ok());
    match (parts.next().flatten(), parts.next().flatten()) {
        (Some(3), Some(0..=2)) => true,
        (Some(3), Some(_)) => {
            let message = format!("OpenAPI {text} is newer than what is known; it is read as 3.2");
            diagnostics.push(Diagnostic::warning("openapi-version", version.span(), message));
            true
        }
        _ => {
            let message = format!("`{text}` is no version of OpenAPI that is read");
            let help = "3.0, 3.1 and 3.2 are: `openapi: 3.1.0`";
            diagnostics.push(Diagnostic::error("openapi-version", version.span(), message).help(help));
            false
        }
    }
}

/// A misspelt field of the document loses what stands below it.
fn check_document_fields(tree: &Tree, diagnostics: &mut Diagnostics) {
    for (field, node) in tree.root().entries() {
        if field.starts_with("x-") || DOCUMENT_FIELDS.contains(&field) {
            continue;
        }
        let message = format!("`{field}` is not a field of an OpenAPI document");
        let help = nearest(field, DOCUMENT_FIELDS.into_iter()).map(|name| format!("did you mean `{name}`?"));
        diagnostics.push(Diagnostic::warning("unknown-field", node.key_span(), message).help_if(help));
    }
}

/// Says where something else stands than the specification has there. What costs a route is an
/// error; the rest is one for those who use it.
fn check_types(tree: &Tree, found: &Found, diagnostics: &mut Diagnostics) {
    for mistyped in &found.mistyped {
        let node = tree.nearest(&mistyped.pointer);
        let name = node.name();
        let name = if name.is_empty() { "the document" } else { &name };
        let message = format!("`{name}` must be {}, and it is {}", mistyped.expected, describe(node.value()));
        let routes = matches!(mistyped.kind, Kind::Paths | Kind::PathItem | Kind::Operation);
        let diagnostic = if routes { Diagnostic::error } else { Diagnostic::warning };
        diagnostics.push(diagnostic("wrong-type", node.caret(), message));
    }
}

fn describe(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
