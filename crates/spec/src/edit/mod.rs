//! Writing `x-tollgate` into a document that somebody else wrote: what `init` needs.
//!
//! A document is edited by adding text to it, never by writing it anew: comments, anchors, number
//! forms, line ends and every other byte stay as they were. An edit proves itself: the result is
//! read again, and must say what the document said and the extension beside it, or else there is
//! no edit and an [`overlay`](overlay()) has to carry the extension.
//!
//! Everything here is bytes in, bytes out; files are the caller's.

mod insert;
mod notes;
mod templates;
mod yaml;

use serde_json::{Map, Value};

use crate::openapi::METHOD_FIELDS;
use crate::{Diagnostics, Node, Span, Tree};

pub use notes::{Note, NoteGroup, grouped, notes};
pub use templates::{catch_all, overlay};

/// The field that is written.
const FIELD: &str = "x-tollgate";

/// A place where text was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Insertion {
    /// Where, in bytes of the document as it was.
    pub offset: usize,
    /// What.
    pub text: String,
}

/// An edited document.
#[derive(Debug)]
pub struct Edit {
    /// The document with the additions.
    pub bytes: Vec<u8>,
    /// The additions, in their order.
    pub insertions: Vec<Insertion>,
    /// The operations that were marked `auth: public`.
    pub public: Vec<PublicOperation>,
    /// What in the document the gateway does not use, and why.
    pub notes: Vec<Note>,
    /// The edited document as it was read to prove the edit.
    pub tree: Tree,
}

/// An operation that the document says needs no authentication: `security: []`.
#[derive(Debug, Clone)]
pub struct PublicOperation {
    /// `GET`
    pub method: String,
    /// The path in the document.
    pub path: String,
    /// JSON pointer of the operation.
    pub pointer: String,
    /// Where its `security` is.
    pub span: Span,
}

/// Why a document cannot be edited.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// It cannot be read; the diagnostics say why.
    #[error("the document cannot be read")]
    Unreadable(Diagnostics),
    /// It has `x-tollgate` already.
    #[error("the document has `x-tollgate` already")]
    AlreadyThere(Span),
    /// It is written in a way that leaves no safe place for more; use an overlay.
    #[error("the document cannot be added to without rewriting it: {0}")]
    NoPlace(String),
}

/// Adds `extension` as the document's `x-tollgate`, and `auth: public` to every operation with
/// `security: []`. `name` tells YAML from JSON.
///
/// # Errors
/// Where the document cannot be read, has the field already, or has no safe place for it.
pub fn insert(name: &str, bytes: &[u8], extension: &Map<String, Value>) -> Result<Edit, EditError> {
    let tree = parse(name, bytes)?;
    let root = tree.root();
    if let Some(field) = root.get(FIELD) {
        return Err(EditError::AlreadyThere(field.key_span()));
    }
    let public = public_operations(&root);
    let notes = notes(&tree);
    let extension = Value::Object(extension.clone());
    let marked = serde_json::json!({ "auth": "public" });
    let mut insertions = vec![insert::after(&root, "openapi", FIELD, &extension)?];
    for operation in &public {
        let Some(node) = root.at(&operation.pointer) else { continue };
        insertions.push(insert::after(&node, "security", FIELD, &marked)?);
    }
    insertions.sort_by_key(|insertion| insertion.offset);
    // An operation that an alias repeats is written, and added to, once.
    insertions.dedup();
    let text = tree.sources().first().map_or("", |source| source.text());
    let edited = insert::apply(text, &insertions);
    let mut expected = tree.into_value();
    add(&mut expected, "", &extension);
    for operation in &public {
        add(&mut expected, &operation.pointer, &marked);
    }
    match parse(name, edited.as_bytes()) {
        Ok(tree) if *tree.value() == expected => {
            Ok(Edit { bytes: edited.into_bytes(), insertions, public, notes, tree })
        }
        _ => Err(EditError::NoPlace("its aliases or merge keys would carry the addition elsewhere".to_owned())),
    }
}

/// The operations that say `security: []` and nothing of the gateway's own.
pub fn public_operations(root: &Node<'_>) -> Vec<PublicOperation> {
    let mut found = Vec::new();
    let Some(paths) = root.get("paths") else { return found };
    for (path, item) in paths.entries() {
        for (field, node) in item.entries() {
            if field == "additionalOperations" {
                node.entries().for_each(|(method, node)| found.extend(public_operation(path, method, &node)));
            } else if METHOD_FIELDS.contains(&field) {
                found.extend(public_operation(path, &field.to_ascii_uppercase(), &node));
            }
        }
    }
    found
}

fn public_operation(path: &str, method: &str, node: &Node<'_>) -> Option<PublicOperation> {
    let security = node.get("security")?;
    let none = security.value().as_array().is_some_and(Vec::is_empty);
    (none && node.get(FIELD).is_none()).then(|| PublicOperation {
        method: method.to_owned(),
        path: path.to_owned(),
        pointer: node.pointer().to_owned(),
        span: security.span(),
    })
}

fn parse(name: &str, bytes: &[u8]) -> Result<Tree, EditError> {
    let mut diagnostics = Diagnostics::new();
    match Tree::parse(name, bytes, &mut diagnostics) {
        Some(tree) if !diagnostics.has_errors() => Ok(tree),
        _ => Err(EditError::Unreadable(diagnostics)),
    }
}

fn add(value: &mut Value, pointer: &str, extension: &Value) {
    if let Some(Value::Object(object)) = value.pointer_mut(pointer) {
        object.insert(FIELD.to_owned(), extension.clone());
    }
}
