//! What only all routes together show: routes that match the same, and whether the issuer can be
//! found under its name.

use std::collections::HashMap;

use tollgate_core::route::Methods;

use super::Reader;
use super::route::Draft;
use crate::source::Span;
use crate::{Diagnostic, LoadOptions};

pub(crate) fn run(reader: &mut Reader<'_>, drafts: &[Draft], options: &LoadOptions<'_>) {
    duplicates(reader, drafts);
    public_url(reader, drafts, options);
    audiences(reader, drafts);
}

fn duplicates(reader: &mut Reader<'_>, drafts: &[Draft]) {
    let mut by_shape: HashMap<&str, Vec<&Draft>> = HashMap::new();
    for draft in drafts {
        let same = by_shape.entry(&draft.shape).or_default();
        for other in same.iter().filter(|other| hosts_overlap(&other.route.hosts, &draft.route.hosts)) {
            if methods_overlap(&other.route.methods, &draft.route.methods) {
                let message =
                    format!("`{} {}` is there already", method_name(&draft.route.methods), draft.route.template.text);
                let (line, _) = other.span.start().unwrap_or_default();
                let message = format!("{message}, on line {line}");
                let diagnostic = Diagnostic::error("duplicate-route", draft.span.clone(), message)
                    .related(other.span.clone(), "first written here")
                    .help("remove one of the two, or tell them apart by `hosts` or `mount`");
                reader.diagnostics.push(diagnostic);
                break;
            }
            if other.parameters != draft.parameters && !other.path_span.same(&draft.path_span) {
                let message = "this path matches the same requests as another one with other names of parameters";
                let diagnostic = Diagnostic::warning("ambiguous-path", draft.path_span.clone(), message)
                    .related(other.path_span.clone(), "the other path")
                    .help("give the parameters the same names, and put the operations into one path item");
                reader.diagnostics.push(diagnostic);
                break;
            }
        }
        same.push(draft);
    }
}

fn hosts_overlap(a: &[String], b: &[String]) -> bool {
    // A route for any host and one for a certain host do not collide: the certain one goes first.
    if a.is_empty() || b.is_empty() { a.is_empty() && b.is_empty() } else { a.iter().any(|host| b.contains(host)) }
}

fn methods_overlap(a: &Methods, b: &Methods) -> bool {
    match (a, b) {
        (Methods::Listed(a), Methods::Listed(b)) => a.iter().any(|method| b.contains(method)),
        // A listed method goes before "any".
        (Methods::Any, Methods::Any) => true,
        _ => false,
    }
}

fn method_name(methods: &Methods) -> &str {
    match methods {
        Methods::Any => "any method of",
        Methods::Listed(list) => list.first().map_or("", |method| method.as_str()),
    }
}

/// What a project that signs must say of itself.
fn public_url(reader: &mut Reader<'_>, drafts: &[Draft], options: &LoadOptions<'_>) {
    if let Some(signs) = drafts.iter().find_map(|draft| draft.signs.as_ref()) {
        let label = "signed for this upstream";
        crate::load::public_url::check(reader.settings, &signs.span, label, options, reader.diagnostics);
    }
}

/// A token without `aud` that one upstream receives is as good at another.
fn audiences(reader: &mut Reader<'_>, drafts: &[Draft]) {
    let mut open: Vec<(&str, &Span)> = Vec::new();
    for signs in drafts.iter().filter_map(|draft| draft.signs.as_ref()).filter(|signs| !signs.audience) {
        if !signs.upstream.is_empty() && !open.iter().any(|(upstream, _)| *upstream == signs.upstream) {
            open.push((&signs.upstream, &signs.span));
        }
    }
    if let [(_, first), (_, second), ..] = open[..] {
        let message = "several upstreams receive tokens without an audience, so that one could use them at another";
        let diagnostic =
            Diagnostic::warning("audience-needed", second.clone(), message).related(first.clone(), "another one").help(
                "give each upstream an `audience` under `upstreams` in tollgate.yaml, and check `aud` in the backend",
            );
        reader.diagnostics.push(diagnostic);
    }
}
