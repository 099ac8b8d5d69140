//! The documents of a project: found, read, overlaid, `$env` replaced.

use serde_json::Value;

use crate::load::{LoadContext, SettingsFile};
use crate::openapi::{self, OpenApi};
use crate::source::Span;
use crate::tree::{Node, Tree, escape};
use crate::{Diagnostic, Diagnostics, overlay};

/// A document, and what the settings say of it.
#[derive(Debug)]
pub(crate) struct NativeDocument {
    pub(crate) openapi: OpenApi,
    pub(crate) mount: String,
    pub(crate) hosts: Vec<String>,
}

/// One entry of `documents`, or what stands for it by default.
struct Entry {
    from: String,
    overlay: Option<String>,
    mount: String,
    hosts: Vec<String>,
    /// Where it is asked for.
    span: Option<Span>,
    overlay_span: Option<Span>,
}

pub(crate) fn open(
    context: &LoadContext<'_>,
    settings: &SettingsFile,
    diagnostics: &mut Diagnostics,
) -> Vec<NativeDocument> {
    let entries = match settings.tree.root().get("documents").filter(|list| list.value().is_array()) {
        Some(list) => list.items().filter_map(|node| entry(&node)).collect(),
        None => default_entries(context, diagnostics),
    };
    if entries.is_empty() && !diagnostics.has_errors() {
        let span = match settings.tree.root().get("documents") {
            Some(list) => list.key_span(),
            None => Span::of_file("openapi.yaml"),
        };
        let help = "`tollgate init` writes one; or name yours under `documents` in tollgate.yaml";
        diagnostics.push(Diagnostic::error("no-document", span, "the project has no OpenAPI document").help(help));
    }
    entries.iter().filter_map(|entry| read(context, entry, diagnostics)).collect()
}

fn entry(node: &Node<'_>) -> Option<Entry> {
    let text = |name: &str| node.get(name).and_then(|field| field.as_str().map(str::to_owned));
    Some(Entry {
        from: text("from")?,
        overlay: text("overlay"),
        mount: text("mount").unwrap_or_default().trim_end_matches('/').to_owned(),
        hosts: node
            .get("hosts")
            .iter()
            .flat_map(Node::items)
            .filter_map(|host| host.as_str().map(str::to_owned))
            .collect(),
        span: node.get("from").map(|from| from.span()),
        overlay_span: node.get("overlay").map(|from| from.span()),
    })
}

/// `openapi.{yaml,yml,json}` and everything in `apis/`.
fn default_entries(context: &LoadContext<'_>, diagnostics: &mut Diagnostics) -> Vec<Entry> {
    const NAMES: [&str; 3] = ["openapi.yaml", "openapi.yml", "openapi.json"];
    let files = context.files;
    for name in NAMES {
        files.remember(&files.root().join(name));
    }
    let mut names: Vec<String> = NAMES.into_iter().filter(|name| files.exists(name)).map(str::to_owned).collect();
    for extra in names.iter().skip(1) {
        let message = format!("there is {} too, and nothing says which one is meant", names[0]);
        let help = "remove one, or list those you want under `documents` in tollgate.yaml";
        diagnostics.push(Diagnostic::error("two-documents", Span::of_file(extra.as_str()), message).help(help));
    }
    names.truncate(1);
    let is_document = |name: &String| name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json");
    names.extend(files.list("apis").into_iter().filter(is_document));
    let entry =
        |from| Entry { from, overlay: None, mount: String::new(), hosts: Vec::new(), span: None, overlay_span: None };
    names.into_iter().map(entry).collect()
}

fn read(context: &LoadContext<'_>, entry: &Entry, diagnostics: &mut Diagnostics) -> Option<NativeDocument> {
    let mut tree = file(context, &entry.from, entry.span.as_ref(), diagnostics)?;
    if let Some(name) = &entry.overlay {
        let overlay = file(context, name, entry.overlay_span.as_ref(), diagnostics)?;
        overlay::apply(&mut tree, &overlay, diagnostics);
    }
    for pointer in extensions(&tree) {
        tree.expand(&pointer, &|name| context.environment.get(name), diagnostics);
    }
    let referenced = Referenced { context, login: Login::of(&entry.from) };
    let openapi = openapi::read(tree, &entry.mount, &referenced, diagnostics)?;
    diagnostics.keep_tree(std::sync::Arc::clone(&openapi.tree));
    for tree in &openapi.resources {
        diagnostics.keep_tree(std::sync::Arc::clone(tree));
    }
    Some(NativeDocument { openapi, mount: entry.mount.clone(), hosts: entry.hosts.clone() })
}

fn file(context: &LoadContext<'_>, from: &str, asked: Option<&Span>, diagnostics: &mut Diagnostics) -> Option<Tree> {
    let name = Login::of(from).map_or_else(|| from.to_owned(), |login| login.taken_from(from));
    let name = name.as_str();
    match context.files.read(from) {
        Ok(bytes) => match &context.options.parsed {
            Some(tree) if is_of(tree, name, &bytes) => Some(Tree::clone(tree)),
            _ => Tree::parse(name, &bytes, diagnostics),
        },
        Err(reason) => {
            let span = asked.cloned().unwrap_or_else(|| Span::of_file(name));
            diagnostics.push(Diagnostic::error("unreadable-file", span, format!("{name} cannot be read: {reason}")));
            None
        }
    }
}

/// The files that a document refers to. A path item may stand in one, with what is ours in it.
struct Referenced<'a> {
    context: &'a LoadContext<'a>,
    /// What the document's own address has and its name has not.
    login: Option<Login>,
}

impl openapi::Files for Referenced<'_> {
    fn read(&self, name: &str) -> Result<Vec<u8>, String> {
        match &self.login {
            Some(login) => self.context.files.read(&login.given_to(name)),
            None => self.context.files.read(name),
        }
    }

    fn prepare(&self, tree: &mut Tree, diagnostics: &mut Diagnostics) {
        let mut found = Vec::new();
        everywhere(tree.value(), &mut String::new(), &mut found);
        for pointer in found {
            tree.expand(&pointer, &|name| self.context.environment.get(name), diagnostics);
        }
    }
}

/// User and password in the address of a document. Its name, which everybody may see, does without.
struct Login {
    /// `scheme://user:password@host`.
    with: String,
    /// `scheme://host`; with the user where that is a part of the address, with ssh.
    without: String,
}

impl Login {
    fn of(address: &str) -> Option<Self> {
        let (scheme, rest) = address.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        let (login, host) = authority.rsplit_once('@')?;
        let user = login.split_once(':').map_or(login, |(user, _)| user);
        let user = if scheme.ends_with("ssh") { format!("{user}@") } else { String::new() };
        Some(Self { with: format!("{scheme}://{authority}"), without: format!("{scheme}://{user}{host}") })
    }

    fn taken_from(&self, address: &str) -> String {
        address.replacen(&self.with, &self.without, 1)
    }

    /// The address of a file that lies on the document's host.
    fn given_to(&self, name: &str) -> String {
        match name.strip_prefix(&self.without) {
            Some(rest) if rest.starts_with('/') => format!("{}{rest}", self.with),
            _ => name.to_owned(),
        }
    }
}

/// The pointers of everything that is Tollgate's in a file whose objects may stand anywhere.
fn everywhere(value: &Value, pointer: &mut String, found: &mut Vec<String>) {
    let length = pointer.len();
    match value {
        Value::Object(map) => {
            for (name, field) in map {
                pointer.push('/');
                pointer.push_str(&escape(name));
                if name.starts_with("x-tollgate") {
                    found.push(pointer.clone());
                } else {
                    everywhere(field, pointer, found);
                }
                pointer.truncate(length);
            }
        }
        Value::Array(list) => {
            for (index, item) in list.iter().enumerate() {
                pointer.push_str(&format!("/{index}"));
                everywhere(item, pointer, found);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}

/// Whether a tree was made of this file as it is.
fn is_of(tree: &Tree, name: &str, bytes: &[u8]) -> bool {
    matches!(tree.sources(), [source] if **source.name() == *name && source.text().as_bytes() == bytes)
}

/// The pointers of everything that is Tollgate's in a document: only there `$env` has a meaning.
fn extensions(tree: &Tree) -> Vec<String> {
    let ours = |name: &&String| name.starts_with("x-tollgate");
    let mut found = Vec::new();
    let mut add = |parent: &str, value: &Value| {
        if let Value::Object(map) = value {
            found.extend(map.keys().filter(ours).map(|name| format!("{parent}/{name}")));
        }
    };
    let root = tree.value();
    add("", root);
    if let Some(Value::Object(paths)) = root.get("paths") {
        for (path, item) in paths {
            let parent = format!("/paths/{}", escape(path));
            add(&parent, item);
            let Value::Object(fields) = item else { continue };
            for (name, field) in fields {
                add(&format!("{parent}/{}", escape(name)), field);
                if let (true, Value::Object(operations)) = (name == "additionalOperations", field) {
                    for (method, operation) in operations {
                        add(&format!("{parent}/{name}/{}", escape(method)), operation);
                    }
                }
            }
        }
    }
    if let Some(Value::Object(schemes)) = root.pointer("/components/securitySchemes") {
        for (name, scheme) in schemes {
            add(&format!("/components/securitySchemes/{}", escape(name)), scheme);
        }
    }
    found
}
