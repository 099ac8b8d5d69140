//! The Zuplo form: `config/*.oas.json`, `config/policies.json`, `zuplo.jsonc`.
//!
//! A project of that form runs unchanged: its files in alphabetical order, its routes in document
//! order, its policies exactly as listed. Everything is lowered into the same
//! [`Project`]; what differs is in its [`Compatibility`](tollgate_core::project::Compatibility).

mod config;
mod cors;
mod definition;
mod environment;
mod implementation;
mod imports;
mod mcp;
mod paths;
mod placeholder;
mod policies;
mod routes;
mod unknown;

use std::collections::BTreeMap;
use std::sync::Arc;

use tollgate_core::project::{Project, ProjectForm};

use crate::load::{LoadContext, ProjectFiles, modules, public_url, settings};
use crate::openapi::{self, OpenApi};
use crate::tree::Syntax;
use crate::{Diagnostic, Diagnostics, Span, Tree};

use config::Config;
use environment::Variables;
use policies::Policies;

/// Fields of `tollgate.yaml` that this form has its own files for.
const OTHER_FORM: [&str; 3] = ["documents", "policies", "cors"];

/// Whether a project is of this form: whether it has a `config/*.oas.json`.
pub fn is_zuplo(files: &ProjectFiles<'_>) -> bool {
    !documents(files).is_empty()
}

/// The documents, in the order in which their routes are tried.
fn documents(files: &ProjectFiles<'_>) -> Vec<String> {
    let mut names = files.list("config");
    names.retain(|name| name.ends_with(".oas.json"));
    names.sort();
    names
}

/// Reads a project of this form. What is wrong with it is added to the diagnostics; without
/// errors among them, the project is whole.
pub fn read(context: &LoadContext<'_>, diagnostics: &mut Diagnostics) -> Project {
    let files = context.files;
    let config = Config::read(files, diagnostics);
    let server = settings::read(context, diagnostics);
    for field in OTHER_FORM {
        if let Some(node) = server.tree.root().get(field) {
            let message = format!("`{field}` is not read in a project with config/*.oas.json");
            let help = "the files in config/ say it";
            diagnostics.push(Diagnostic::warning("other-form", node.key_span(), message).help(help));
        }
    }
    check_what_is_left_out(files, diagnostics);
    let variables = Variables::new(context, &config, diagnostics);
    let mut policies = Policies::read(context, &variables, diagnostics);

    let mut opened = Vec::new();
    for name in documents(files) {
        if let Some(document) = open(context, &name, &variables, diagnostics) {
            opened.push(document);
        }
    }
    let mut routes = Vec::new();
    let mut reader = routes::Reader::new(context, &config, &server.settings, &opened);
    for document in &opened {
        reader.read(document, &mut policies, &mut routes, diagnostics);
    }
    if let Some(signs) = policies.signs() {
        public_url::check(&server, &signs, "this policy signs", context.options, diagnostics);
    }
    let mut exports = reader.into_exports();
    let runtime_module = modules::runtime(files, ProjectForm::Zuplo, diagnostics);
    let lowered = policies.finish(runtime_module.is_some() || !exports.is_empty(), diagnostics);
    exports.extend(lowered.exports);

    let consumers = server.settings.consumers.clone();
    Project {
        root: files.root().to_owned(),
        form: ProjectForm::Zuplo,
        compatibility: config.compatibility,
        settings: server.settings,
        policies: lowered.instances,
        cors: lowered.cors,
        routes,
        documents: opened.iter().map(|document| Arc::clone(&document.document)).collect(),
        consumers,
        runtime_module,
        exports,
        scripts: None,
        expanded: Default::default(),
        environment: variables.into_environment(&files.digest()),
        files: Vec::new(),
        digest: String::new(),
    }
}

/// Reads one document, `$env(…)` in its handlers' options replaced.
fn open(
    context: &LoadContext<'_>,
    name: &str,
    variables: &Variables,
    diagnostics: &mut Diagnostics,
) -> Option<OpenApi> {
    let mut tree = read_json(context.files, name, diagnostics)?;
    variables.expand_handlers(&mut tree, diagnostics);
    let document = openapi::read(tree, "", context.files, diagnostics)?;
    diagnostics.keep_tree(Arc::clone(&document.tree));
    Some(document)
}

/// Reads a file of JSON; comments and trailing commas are taken as they come.
fn read_json(files: &ProjectFiles<'_>, name: &str, diagnostics: &mut Diagnostics) -> Option<Tree> {
    match files.read(name) {
        Ok(bytes) => Tree::parse_as(name, &bytes, Some(Syntax::Jsonc), diagnostics),
        Err(reason) => {
            diagnostics.push(Diagnostic::error("unreadable-file", Span::of_file(name), reason));
            None
        }
    }
}

/// What a project may have that is not read here.
fn check_what_is_left_out(files: &ProjectFiles<'_>, diagnostics: &mut Diagnostics) {
    let keys = "local-config/api-keys.json";
    if files.exists(keys) {
        let message = "the keys in this file are not read";
        let help = "declare the consumers in tollgate.yaml with `keyHashes`, or create keys with `tollgate key create`";
        diagnostics.push(Diagnostic::warning("not-read", Span::of_file(keys), message).help(help));
    }
}

/// Says that an object lacks a field; where it is there under a misspelt name, it says so there.
fn missing(node: &crate::Node<'_>, field: &str, message: impl Into<String>) -> Diagnostic {
    let similar = |(name, _): &(&str, crate::Node<'_>)| crate::check::did_you_mean(name, [field]).is_some();
    match node.entries().find(similar) {
        Some((name, value)) => {
            let message = format!("`{name}` means nothing here, and `{field}` is missing");
            Diagnostic::error("unknown-field", value.key_span(), message).help(format!("did you mean `{field}`?"))
        }
        None => {
            let span = if node.name().is_empty() { node.caret() } else { node.key_span() };
            Diagnostic::error("missing-field", span, message)
        }
    }
}

/// `x-zuplo-pat` would silently be nobody's.
fn misspelt(node: &crate::Node<'_>, ours: &str, diagnostics: &mut Diagnostics) -> bool {
    let close = |name: &str| name.starts_with("x-") && name != ours && strsim::damerau_levenshtein(name, ours) <= 2;
    let found = node.entries().find(|(name, _)| close(name));
    if let Some((name, field)) = &found {
        let diagnostic = Diagnostic::error("unknown-field", field.key_span(), format!("`{name}` means nothing"));
        diagnostics.push(diagnostic.help(format!("did you mean `{ours}`?")));
    }
    found.is_some()
}

/// Says which fields of an object nobody knows: an error where another was probably meant, so
/// that a misspelt list of policies never means none.
fn check_fields(node: &crate::Node<'_>, known: &[&str], what: &str, diagnostics: &mut Diagnostics) {
    for (field, value) in node.entries() {
        if known.contains(&field) || field.starts_with("x-") || field.starts_with('$') {
            continue;
        }
        let help = crate::check::did_you_mean(field, known.iter().copied());
        let make = if help.is_some() { Diagnostic::error } else { Diagnostic::warning };
        let message = format!("`{field}` is not a field of {what}");
        diagnostics.push(make("unknown-field", value.key_span(), message).help_if(help));
    }
}

/// Names to values.
type Environment = Arc<BTreeMap<String, String>>;
