//! `$ref`s: which files a document refers to, and whether there is something where they point.
//!
//! Files are followed from one to the next, each read once, cycles included. Nothing is fetched:
//! a `$ref` to an `http` address is left alone, and said. A `$ref` means something only where an
//! object of the specification stands, so that an example may hold one as data.

use std::collections::HashSet;
use std::sync::Arc;

use indexmap::IndexMap;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use url::Url;

use super::places;
use super::shape::{Kind, Visitor, walk};
use crate::{Diagnostic, Diagnostics, Tree};

/// Reads the files that documents refer to.
pub trait Files {
    /// What is in a file. The name is a path relative to the project, an absolute path where the
    /// document has one, or an `http` address (which is answered only where it was handed in).
    ///
    /// # Errors
    /// Why it cannot be read, for people.
    fn read(&self, name: &str) -> Result<Vec<u8>, String>;

    /// Replaces what is written in a file for something else, `$env(NAME)` for its value.
    fn prepare(&self, _tree: &mut Tree, _diagnostics: &mut Diagnostics) {}
}

/// A part of a file that something refers to, as an object of some kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Target {
    pub(crate) file: Url,
    pub(crate) pointer: String,
    pub(crate) kind: Kind,
}

/// The files that a document refers to, directly or through others.
#[derive(Debug, Default)]
pub(crate) struct Referenced {
    /// By address, in the order in which they were met.
    pub(crate) files: IndexMap<Url, Arc<Tree>>,
    /// What was referred to that does not stand at its usual place in a document.
    pub(crate) targets: Vec<Target>,
    /// Where references could not be loaded: said once.
    failed: HashSet<Url>,
}

/// A `$ref` as it stands in a file.
struct Reference {
    pointer: String,
    kind: Kind,
    text: String,
}

/// Something that stands where something else must.
pub(super) struct Mistyped {
    pub(super) pointer: String,
    pub(super) kind: Kind,
    pub(super) expected: &'static str,
}

/// What a walk over a part of a file brings.
#[derive(Default)]
pub(super) struct Found {
    references: Vec<Reference>,
    /// `$id`s of schemas: they change what the references below them are relative to.
    ids: HashSet<String>,
    pub(super) mistyped: Vec<Mistyped>,
}

impl Visitor for Found {
    fn object(&mut self, kind: Kind, pointer: &str, object: &Map<String, Value>) {
        if let Some(Value::String(text)) = object.get("$ref") {
            self.references.push(Reference { pointer: pointer.to_owned(), kind, text: text.clone() });
        }
        if kind == Kind::Schema
            && let Some(Value::String(id)) = object.get("$id")
        {
            self.ids.insert(id.trim_end_matches('#').to_owned());
        }
    }

    fn mistyped(&mut self, kind: Kind, pointer: &str, expected: &'static str) {
        self.mistyped.push(Mistyped { pointer: pointer.to_owned(), kind, expected });
    }
}

/// Follows every `$ref` of a document. `base` is the address of the document.
pub(crate) fn follow(document: &Tree, base: &Url, files: &dyn Files, diagnostics: &mut Diagnostics) -> Referenced {
    let mut follower = Follower {
        document,
        base,
        files,
        diagnostics,
        referenced: Referenced::default(),
        seen: HashSet::new(),
        queue: vec![Target { file: base.clone(), pointer: String::new(), kind: Kind::Document }],
    };
    while let Some(target) = follower.queue.pop() {
        follower.visit(&target);
    }
    follower.referenced
}

struct Follower<'a> {
    document: &'a Tree,
    base: &'a Url,
    files: &'a dyn Files,
    diagnostics: &'a mut Diagnostics,
    referenced: Referenced,
    seen: HashSet<Target>,
    queue: Vec<Target>,
}

impl Follower<'_> {
    fn visit(&mut self, target: &Target) {
        let mut found = Found::default();
        let tree = if target.file == *self.base { Some(self.document) } else { None };
        let Some(tree) = tree.or_else(|| self.referenced.files.get(&target.file).map(|tree| &**tree)) else { return };
        if let Some(value) = tree.value().pointer(&target.pointer) {
            walk(target.kind, value, &mut target.pointer.clone(), &mut found);
        }
        super::check_types(tree, &found, self.diagnostics);
        for reference in &found.references {
            self.reference(&target.file, reference, &found.ids);
        }
    }

    fn tree(&self, file: &Url) -> Option<&Tree> {
        if file == self.base { Some(self.document) } else { self.referenced.files.get(file).map(|tree| &**tree) }
    }

    fn reference(&mut self, from: &Url, reference: &Reference, ids: &HashSet<String>) {
        let (path, fragment) = reference.text.split_once('#').unwrap_or((&reference.text, ""));
        if ids.contains(path) && !path.is_empty() {
            return;
        }
        let file = match self.resolve(from, path) {
            Ok(file) => file,
            Err(error) => {
                let message = format!("`{}` is not a reference: {error}", reference.text);
                return self.report(from, reference, |span| Diagnostic::error("ref-invalid", span, message));
            }
        };
        if !self.load(from, reference, &file) {
            return;
        }
        let fragment = percent_decode_str(fragment).decode_utf8_lossy();
        if !fragment.is_empty() && !fragment.starts_with('/') {
            // A name that an `$anchor` gives; the validator resolves it.
            return;
        }
        let Some(tree) = self.tree(&file) else { return };
        if tree.value().pointer(&fragment).is_none() {
            if !ids.is_empty() {
                return;
            }
            let name = tree.name();
            let nearest = tree.nearest(&fragment);
            let help = closest(nearest.value(), nearest.pointer(), &fragment);
            let message = format!("`{}` points at nothing: {name} has no `{fragment}`", reference.text);
            return self.report(from, reference, |span| {
                let diagnostic = Diagnostic::error("ref-not-found", span, message);
                match help {
                    Some(help) => diagnostic.help(help),
                    None => diagnostic,
                }
            });
        }
        let usual = tree.value().get("openapi").is_some() && is_usual(&fragment);
        let target = Target { file, pointer: fragment.into_owned(), kind: reference.kind };
        if (usual && target.file == *self.base) || !self.seen.insert(target.clone()) {
            return;
        }
        self.referenced.targets.push(target.clone());
        self.queue.push(target);
    }

    /// The address that a reference means. `$self` of a 3.2 document names the document itself.
    fn resolve(&self, from: &Url, path: &str) -> Result<Url, url::ParseError> {
        if path.is_empty() {
            return Ok(from.clone());
        }
        if from == self.base && self.document.value().get("$self").and_then(Value::as_str) == Some(path) {
            return Ok(from.clone());
        }
        let mut url = from.join(path)?;
        url.set_fragment(None);
        Ok(url)
    }

    /// Whether the file is there to look into.
    fn load(&mut self, from: &Url, reference: &Reference, file: &Url) -> bool {
        if file == self.base || self.referenced.files.contains_key(file) {
            return true;
        }
        if self.referenced.failed.contains(file) {
            return false;
        }
        let name = places::name_of(file);
        // A document from elsewhere may bring the files beside it along; nothing else is fetched.
        match if places::is_near(file, self.base) { self.files.read(&name) } else { Err(String::new()) } {
            Ok(bytes) => {
                if let Some(mut tree) = Tree::parse(name.as_str(), &bytes, self.diagnostics) {
                    self.files.prepare(&mut tree, self.diagnostics);
                    self.referenced.files.insert(file.clone(), Arc::new(tree));
                    return true;
                }
            }
            Err(_) if places::is_foreign(file, self.base) => {
                let message = format!("`{}` is not followed: the gateway fetches nothing", reference.text);
                let help = "save the file in the project and refer to it by its path";
                self.report(from, reference, |span| Diagnostic::warning("ref-remote", span, message).help(help));
            }
            Err(error) => {
                let message = format!("cannot read {name}: {error}");
                self.report(from, reference, |span| Diagnostic::error("ref-not-found", span, message));
            }
        }
        self.referenced.failed.insert(file.clone());
        false
    }

    fn report(&mut self, from: &Url, reference: &Reference, say: impl FnOnce(crate::Span) -> Diagnostic) {
        let pointer = format!("{}/$ref", reference.pointer);
        if let Some(span) = self.tree(from).map(|tree| tree.nearest(&pointer).caret()) {
            self.diagnostics.push(say(span));
        }
    }
}

/// The file and the pointer in it that a reference means, where it is to a file.
pub(super) fn split(from: &Url, text: &str) -> Option<(Url, String)> {
    let (path, fragment) = text.split_once('#').unwrap_or((text, ""));
    let mut file = if path.is_empty() { from.clone() } else { from.join(path).ok()? };
    file.set_fragment(None);
    Some((file, percent_decode_str(fragment).decode_utf8().ok()?.into_owned()))
}

/// Makes an object's reference independent of the file that it stands in.
pub(super) fn absolute(from: &Url, object: &mut Map<String, Value>) {
    if let Some(Value::String(text)) = object.get_mut("$ref")
        && let Ok(url) = from.join(text)
    {
        *text = url.into();
    }
}

/// Whether a walk over the whole document comes by here anyway.
fn is_usual(pointer: &str) -> bool {
    ["/components/", "/paths/", "/webhooks/"].iter().any(|prefix| pointer.starts_with(prefix))
}

/// The name beside a missing one that is most like it.
fn closest(parent: &Value, parent_pointer: &str, wanted: &str) -> Option<String> {
    let rest = wanted.strip_prefix(parent_pointer)?.strip_prefix('/')?;
    let missing = crate::tree::unescape(rest.split('/').next()?);
    let names = parent.as_object()?.keys();
    let (distance, name) = names.map(|name| (strsim::damerau_levenshtein(name, &missing), name)).min()?;
    (distance <= missing.len() / 3 + 1).then(|| format!("did you mean `{name}`?"))
}
