//! What a document says and the gateway does not do: said when a project is made of it.

use indexmap::IndexMap;

use crate::check::template::{self, Rules};
use crate::openapi::METHOD_FIELDS;
use crate::{Node, Span, Tree};

/// Something in a document that is not used.
#[derive(Debug, Clone)]
pub struct Note {
    /// Where it is.
    pub span: Span,
    /// What is not used, and why.
    pub message: String,
}

/// Notes that say the same of several places.
#[derive(Debug)]
pub struct NoteGroup<'a> {
    /// What they say.
    pub message: &'a str,
    /// The first place that they say it of.
    pub first: &'a Span,
    /// Of how many places.
    pub count: usize,
}

/// Notes that say the same put together, in the order in which each was said first: a large
/// document has many operations and few habits.
pub fn grouped(notes: &[Note]) -> Vec<NoteGroup<'_>> {
    let mut groups: IndexMap<&str, NoteGroup<'_>> = IndexMap::new();
    for note in notes {
        let new = || NoteGroup { message: &note.message, first: &note.span, count: 0 };
        groups.entry(&note.message).or_insert_with(new).count += 1;
    }
    groups.into_values().collect()
}

/// Everything in a document that is not used, or not as it says.
pub fn notes(document: &Tree) -> Vec<Note> {
    let root = document.root();
    let mut notes = Vec::new();
    let mut say = |node: &Node<'_>, message: String| notes.push(Note { span: node.caret(), message });
    for server in root.get("servers").iter().flat_map(Node::items) {
        if let Some(url) = server.get("url")
            && let Some(path) = url.as_str().and_then(base_path)
        {
            say(&url, format!("the path `{path}` of this server is not matched; `mount: {path}` puts it in front"));
        }
    }
    if let Some(security) = root.get("security") {
        let message = if security.value().as_array().is_some_and(Vec::is_empty) {
            "the document lets everybody in, but `auth` decides: callers need a key"
        } else {
            "`security` is not read where `auth` is written"
        };
        say(&security, message.to_owned());
    }
    if let Some(webhooks) = root.get("webhooks") {
        say(&webhooks, "webhooks are requests of the backend, which do not pass the gateway".to_owned());
    }
    for (path, item) in root.get("paths").iter().flat_map(|paths| paths.entries().collect::<Vec<_>>()) {
        if path.starts_with("x-") {
            continue;
        }
        if let Err(errors) = template::read(path, None, Rules::Native) {
            for error in errors {
                say(&item, format!("{path}: {}", error.message));
            }
        }
        for (_, operation) in item.entries().filter(|(field, _)| METHOD_FIELDS.contains(field)) {
            operation_notes(&operation, &mut say);
        }
    }
    notes
}

fn operation_notes(operation: &Node<'_>, say: &mut dyn FnMut(&Node<'_>, String)) {
    let Some(security) = operation.get("security") else { return };
    let choices = security.value().as_array().map_or(&[][..], Vec::as_slice);
    if choices.iter().any(|choice| choice.as_object().is_some_and(serde_json::Map::is_empty)) {
        let message =
            "authentication is optional here; with `auth` it is not, unless the operation says `auth: public`";
        say(&security, message.to_owned());
    }
    let scopes = choices.iter().filter_map(|choice| choice.as_object()).flat_map(|choice| choice.values());
    if scopes.filter_map(|scopes| scopes.as_array()).any(|scopes| !scopes.is_empty()) {
        say(&security, "the scopes that are asked for here are not checked".to_owned());
    }
}

/// The path of a server's URL, where it has one; variables in it are left alone.
fn base_path(url: &str) -> Option<&str> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = &rest[rest.find('/')?..];
    let path = path.trim_end_matches('/');
    (!path.is_empty()).then_some(path)
}
