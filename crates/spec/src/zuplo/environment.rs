//! `$env(NAME)` as the Zuplo form has it, and the variables that are always there.
//!
//! A text that is nothing but `$env(NAME)` has no value where NAME is unset: a field is left out,
//! an item is null. Inside of a longer text, an unset name is empty. Both are said, because what
//! is missing may be a secret.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::Environment;
use super::config::Config;
use crate::load::{LoadContext, environment::parse_dotenv};
use crate::tree::{Children, escape};
use crate::{Diagnostic, Diagnostics, Node, Span, Tree};

/// Prefixes that a project's own variables may not have.
const RESERVED: [&str; 3] = ["ZUPLO_", "__ZUPLO", "ZUDOKU_"];
const PUBLIC: [&str; 2] = ["ZUPLO_PUBLIC_", "ZUDOKU_PUBLIC_"];

/// The variables that are always there.
const SYSTEM: [&str; 7] = [
    "ZUPLO_ENVIRONMENT_TYPE",
    "ZUPLO_ENVIRONMENT_STAGE",
    "ZUPLO_ENVIRONMENT_NAME",
    "ZUPLO_ACCOUNT_NAME",
    "ZUPLO_PROJECT_NAME",
    "ZUPLO_BUILD_ID",
    "ZUPLO_COMPATIBILITY_DATE",
];

/// Options that are templates of their own, in which `$env(…)` is text.
const TEMPLATES: [&str; 2] = ["baseUrl", "rewritePattern"];

/// What `$env(NAME)` and `${env.NAME}` may read.
pub(super) struct Variables<'a> {
    context: &'a LoadContext<'a>,
    system: BTreeMap<String, String>,
}

impl std::fmt::Debug for Variables<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Variables").field("system", &self.system.keys()).finish_non_exhaustive()
    }
}

impl<'a> Variables<'a> {
    pub(super) fn new(context: &'a LoadContext<'a>, config: &Config, diagnostics: &mut Diagnostics) -> Self {
        let values = context.environment.values();
        for name in values.keys().filter(|name| is_reserved(name) && !SYSTEM.contains(&name.as_str())) {
            let message = format!("`{name}` is left out: names that begin so are reserved");
            let help = "give the variable another name";
            diagnostics.push(Diagnostic::warning("reserved-name", Span::of_file(".env"), message).help(help));
        }
        let linked = linked(context, diagnostics);
        let name = context.options.env_name.as_deref().unwrap_or("production");
        let folder = std::path::absolute(context.files.root()).unwrap_or_default();
        let folder = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let defaults = [
            ("ZUPLO_ENVIRONMENT_TYPE", "edge"),
            ("ZUPLO_ENVIRONMENT_STAGE", if name == "production" { "production" } else { "preview" }),
            ("ZUPLO_ENVIRONMENT_NAME", name),
            ("ZUPLO_ACCOUNT_NAME", "local"),
            ("ZUPLO_PROJECT_NAME", &folder),
            ("ZUPLO_COMPATIBILITY_DATE", config.compatibility.date.as_deref().unwrap_or_default()),
        ];
        let mut system: BTreeMap<String, String> =
            defaults.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let given = linked.into_iter().chain(values.iter().map(|(name, value)| (name.clone(), value.clone())));
        system.extend(given.filter(|(name, _)| SYSTEM.contains(&name.as_str())));
        Self { context, system }
    }

    fn get(&self, name: &str) -> Option<String> {
        if let Some(value) = self.system.get(name) {
            return Some(value.clone());
        }
        self.context.environment.get(name).filter(|_| !is_reserved(name))
    }

    /// Everything that `${env.NAME}` may read. The build id is made of what was read so far.
    pub(super) fn into_environment(self, digest: &str) -> Environment {
        let mut all: BTreeMap<String, String> = (*self.context.environment.values()).clone();
        all.retain(|name, _| !is_reserved(name));
        all.extend(self.system);
        all.entry("ZUPLO_BUILD_ID".to_owned()).or_insert_with(|| build_id(digest));
        Arc::new(all)
    }

    /// Replaces `$env(…)` in the options of every handler of a document; elsewhere in the
    /// gateway's own fields it is an error.
    pub(super) fn expand_handlers(&self, tree: &mut Tree, diagnostics: &mut Diagnostics) {
        let mut places = Vec::new();
        for (path, item) in tree.root().get("paths").iter().flat_map(|paths| paths.entries().collect::<Vec<_>>()) {
            for (method, operation) in item.entries() {
                let Some(route) = operation.get("x-zuplo-route") else { continue };
                let options = format!("/paths/{}/{}/x-zuplo-route/handler/options", escape(path), escape(method));
                misplaced(&route, &|pointer| pointer.starts_with(&options), diagnostics);
                places.push(options);
            }
        }
        for place in places {
            self.expand(tree, &place, &TEMPLATES, diagnostics);
        }
    }

    /// Replaces `$env(…)` at and below a place, but not in the fields of these names right there.
    pub(super) fn expand(&self, tree: &mut Tree, place: &str, literal: &[&str], diagnostics: &mut Diagnostics) {
        let mut found = Vec::new();
        if let Some(node) = tree.at(place) {
            for name in literal {
                if let Some(field) = node.get(name).filter(Node::has_env) {
                    let message = format!("`$env(…)` is not replaced in `{name}`");
                    let help = "write `${env.NAME}` there";
                    diagnostics.push(Diagnostic::warning("env-misplaced", field.caret(), message).help(help));
                }
            }
            collect(&node, &mut found);
        }
        let kept = |pointer: &str| literal.iter().any(|name| pointer == format!("{place}/{name}"));
        // From the back, so that removing one does not move another.
        for pointer in found.into_iter().rev().filter(|pointer| !kept(pointer)) {
            self.replace(tree, &pointer, diagnostics);
        }
    }

    fn replace(&self, tree: &mut Tree, pointer: &str, diagnostics: &mut Diagnostics) {
        let Some(node) = tree.at(pointer) else { return };
        let (span, text) = (node.caret(), node.as_str().unwrap_or_default().to_owned());
        let mut unset = Vec::new();
        let value = self.substitute(&text, &mut unset);
        for name in unset {
            let message = format!("`$env({name})` is not set");
            let help = format!("set {name} in the environment or in .env");
            diagnostics.push(Diagnostic::warning("env-unset", span.clone(), message).help(help));
        }
        let is_item = pointer.rsplit_once('/').is_some_and(|(_, last)| last.bytes().all(|b| b.is_ascii_digit()))
            && pointer.rsplit_once('/').and_then(|(parent, _)| tree.at(parent)).is_some_and(|p| p.value().is_array());
        match value {
            None if !is_item => {
                tree.remove(pointer);
            }
            value => {
                if let Some((slot, spans)) = tree.at_mut(pointer) {
                    *slot = value.map_or(Value::Null, Value::String);
                    (spans.expanded, spans.children) = (true, Children::None);
                }
            }
        }
    }

    /// The text with every `$env(…)` replaced; `None` where the whole of it is one that is unset.
    fn substitute(&self, text: &str, unset: &mut Vec<String>) -> Option<String> {
        let whole = text.strip_prefix("$env(").and_then(|rest| rest.strip_suffix(')')).map(str::trim);
        if let Some(name) = whole.filter(|name| is_name(name)) {
            let value = self.get(name);
            if value.is_none() {
                unset.push(name.to_owned());
            }
            return value;
        }
        let (mut out, mut rest) = (String::with_capacity(text.len()), text);
        while let Some(start) = rest.find("$env(") {
            out.push_str(&rest[..start]);
            let inner = &rest[start + "$env(".len()..];
            let Some((name, after)) = inner.split_once(')').filter(|(name, _)| is_name(name.trim())) else {
                out.push_str("$env(");
                rest = inner;
                continue;
            };
            match self.get(name.trim()) {
                Some(value) => out.push_str(&value),
                None => unset.push(name.trim().to_owned()),
            }
            rest = after;
        }
        out.push_str(rest);
        Some(out)
    }
}

/// The variables that linking a project has written down.
fn linked(context: &LoadContext<'_>, diagnostics: &mut Diagnostics) -> BTreeMap<String, String> {
    const NAME: &str = ".env.zuplo";
    context.files.remember(&context.files.root().join(NAME));
    if !context.files.exists(NAME) {
        return BTreeMap::new();
    }
    match context.files.read(NAME).map(String::from_utf8) {
        Ok(Ok(text)) => parse_dotenv(NAME, &text, diagnostics),
        _ => {
            let message = "the file cannot be read as text";
            diagnostics.push(Diagnostic::warning("unreadable-file", Span::of_file(NAME), message));
            BTreeMap::new()
        }
    }
}

/// Says where `$env(…)` stands but is not replaced.
pub(super) fn misplaced(node: &Node<'_>, allowed: &dyn Fn(&str) -> bool, diagnostics: &mut Diagnostics) {
    let mut found = Vec::new();
    collect(node, &mut found);
    for pointer in found.into_iter().filter(|pointer| !allowed(pointer)) {
        let span = node.tree().nearest(&pointer).caret();
        let message = "`$env(…)` is not expected here";
        let help = "it may stand in the options of a handler or policy, and in the fields of a CORS policy";
        diagnostics.push(Diagnostic::error("env-misplaced", span, message).help(help));
    }
}

/// The pointers of all texts with an `$env(…)`, in document order.
fn collect(node: &Node<'_>, found: &mut Vec<String>) {
    if node.as_str().is_some_and(|text| text.contains("$env(")) {
        found.push(node.pointer().to_owned());
    }
    node.items().for_each(|item| collect(&item, found));
    node.entries().for_each(|(_, field)| collect(&field, found));
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn is_reserved(name: &str) -> bool {
    RESERVED.iter().any(|prefix| name.starts_with(prefix)) && !PUBLIC.iter().any(|prefix| name.starts_with(prefix))
}

/// A UUID of the form for own schemes (RFC 9562 §5.8), so that the same files have the same id.
fn build_id(digest: &str) -> String {
    let hex: String = digest.chars().chain(digest.chars().rev()).chain("0".repeat(32).chars()).take(32).collect();
    format!("{}-{}-8{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}
