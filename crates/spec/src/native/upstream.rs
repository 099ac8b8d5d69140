//! upstream = URL | NAME; path = { strip?, prepend? } | { rewrite }.

use serde_json::{Map, Value};
use tollgate_core::settings::{TimeoutSettings, UpstreamOrUrl};

use super::Reader;
use crate::Diagnostic;
use crate::check::{known_or_nearest, point_at_nearest, schema, values};
use crate::tree::Node;

/// An upstream that is in order.
#[derive(Debug, Clone)]
pub(crate) struct Upstream<'a> {
    /// The name or URL, as handlers take it.
    pub(crate) reference: String,
    /// The `aud` of tokens for it.
    pub(crate) audience: Option<String>,
    /// Timeouts of its own.
    pub(crate) timeouts: TimeoutSettings,
    /// Where it is written.
    pub(crate) node: Node<'a>,
}

impl Reader<'_> {
    /// Looks an upstream up. None where it is not in order, which has been said.
    pub(crate) fn upstream<'n>(&mut self, node: &Node<'n>) -> Option<Upstream<'n>> {
        if !self.expect_text(node) {
            return None;
        }
        let text = node.as_str()?;
        let mut upstream = Upstream {
            reference: text.to_owned(),
            audience: None,
            timeouts: TimeoutSettings::default(),
            node: node.clone(),
        };
        if text.contains("://") {
            if let Err((problem, help)) = values::upstream_place(text) {
                let message = format!("`{}` {problem}", node.shown());
                self.diagnostics.push(Diagnostic::error("invalid-url", node.span(), message).help_if(help));
                return None;
            }
            return Some(upstream);
        }
        match self.settings.settings.upstreams.get(text) {
            Some(UpstreamOrUrl::Url(_)) => Some(upstream),
            Some(UpstreamOrUrl::Upstream(settings)) => {
                upstream.audience.clone_from(&settings.audience);
                upstream.timeouts = settings.timeouts.clone();
                Some(upstream)
            }
            None => {
                let root = self.settings.tree.root();
                let known = root.get("upstreams");
                // One that is there but broken has been spoken of where it stands.
                if known.as_ref().and_then(|known| known.get(text)).is_none() {
                    let names: Vec<&str> =
                        known.iter().flat_map(|all| all.entries().map(|(name, _)| name).collect::<Vec<_>>()).collect();
                    let message = format!("there is no upstream `{}`", node.shown());
                    let help = known_or_nearest(text, "upstreams", names.iter().copied()).unwrap_or_else(|| {
                        format!(
                            "write a URL, such as http://{}, or define it under `upstreams` in tollgate.yaml",
                            if text.contains(':') { text } else { "127.0.0.1:8888" }
                        )
                    });
                    let diagnostic = Diagnostic::error("unknown-upstream", node.span(), message).help(help);
                    self.diagnostics.push(point_at_nearest(diagnostic, text, known.as_ref()));
                }
                None
            }
        }
    }

    /// Reads `path`. What depends on the route's parameters is checked with [`Reader::check_rewrite`].
    pub(crate) fn path_rule(&mut self, node: &Node<'_>) -> Option<Map<String, Value>> {
        let Value::Object(map) = node.value() else {
            let help = "write `{ strip: /v1 }`, `{ prepend: /api }` or `{ rewrite: \"/v2/users/{id}\" }`";
            self.diagnostics.push(schema::wrong_type(node, "a path rule").help(help));
            return None;
        };
        let mut fits = true;
        for (name, field) in node.entries() {
            if !matches!(name, "strip" | "prepend" | "rewrite") {
                self.diagnostics.push(schema::unknown_field(node, name, ["strip", "prepend", "rewrite"]));
                fits = false;
            } else if !self.expect_text(&field) {
                fits = false;
            } else if !field.as_str().is_some_and(|text| text.starts_with('/')) {
                let message = format!("`{}` does not start with `/`", field.shown());
                let help = if field.as_str().is_some_and(|text| text.contains("://")) {
                    "the host comes from `upstream`; only the path is written here".to_owned()
                } else {
                    format!("write /{}", field.shown())
                };
                self.diagnostics.push(Diagnostic::error("invalid-path", field.span(), message).help(help));
                fits = false;
            }
        }
        if let (Some(rewrite), true) = (node.get("rewrite"), map.contains_key("strip") || map.contains_key("prepend")) {
            let message = "`rewrite` writes the whole path, so `strip` and `prepend` have nothing to do";
            self.diagnostics.push(Diagnostic::error("ambiguous-path", rewrite.key_span(), message));
            fits = false;
        }
        fits.then(|| map.clone())
    }

    /// A rewrite may use the parameters of its route, and expressions.
    pub(crate) fn check_rewrite(&mut self, rewrite: &Node<'_>, parameters: &[String], route: &Node<'_>) {
        let Some(text) = rewrite.as_str() else { return };
        for (problem, help) in rewrite_problems(text, parameters) {
            let diagnostic = Diagnostic::error("invalid-rewrite", rewrite.span(), problem).help_if(help);
            self.diagnostics.push(diagnostic.related(route.key_span(), "on this route"));
        }
    }
}

/// The names that an expression may begin with.
const ROOTS: [&str; 14] = [
    "env",
    "params",
    "request",
    "headers",
    "query",
    "url",
    "host",
    "hostname",
    "pathname",
    "search",
    "method",
    "context",
    "encodeURIComponent",
    "e",
];

fn rewrite_problems(text: &str, parameters: &[String]) -> Vec<(String, Option<String>)> {
    let mut problems = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let expression = at > 0 && rest.as_bytes()[at - 1] == b'$';
        if rest.as_bytes()[at] == b'}' {
            problems.push(("`}` closes nothing".to_owned(), None));
            rest = &rest[at + 1..];
            continue;
        }
        let Some(length) = rest[at..].find('}') else {
            let what = if expression { "${" } else { "{" };
            problems.push((format!("`{what}` is never closed"), None));
            break;
        };
        let inner = rest[at + 1..at + length].trim();
        if expression {
            let root: String = inner.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            if !ROOTS.contains(&root.as_str()) {
                let help = known_or_nearest(&root, "an expression begins with", ROOTS);
                problems.push((format!("`${{{inner}}}` is no expression that is known"), help));
            }
        } else if !parameters.iter().any(|name| name == inner) {
            let help = known_or_nearest(inner, "its parameters", parameters.iter().map(String::as_str));
            problems.push((format!("the path has no parameter `{inner}`"), help));
        }
        rest = &rest[at + length + 1..];
    }
    problems
}
