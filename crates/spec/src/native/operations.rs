//! From a document to its routes: each path read, each operation with the scopes around it.

use std::sync::Arc;

use super::Reader;
use super::documents::NativeDocument;
use super::extension::Extension;
use super::route::{Draft, RouteReader};
use crate::Diagnostic;
use crate::check::template::{self, Rules, Template};
use crate::openapi::{OperationNode, PathItem, RouteIds};
use crate::source::Span;
use crate::tree::Node;

/// What all routes of a document lack, said once where it is all of them.
#[derive(Debug, Default)]
pub(crate) struct Lacking {
    pub(crate) auth: Vec<Span>,
    pub(crate) upstream: Vec<Span>,
}

/// The path of a path item, in order.
pub(crate) struct Path<'a> {
    pub(crate) item: &'a PathItem<'a>,
    /// Shared by the routes at it.
    pub(crate) text: Arc<str>,
    pub(crate) template: Template,
    pub(crate) rest: Option<Arc<str>>,
}

/// Reads every route of a document.
pub(crate) fn read_document(
    reader: &mut Reader<'_>,
    document: &NativeDocument,
    ids: &mut RouteIds,
    routes: &mut Vec<Draft>,
) {
    let root = document.openapi.tree.root();
    let outer = reader.extension(&root, &[]);
    let items = document.openapi.path_items();
    let mut lacking = Lacking::default();
    let mut count = 0;
    for item in &items {
        let key = reader.extension(&item.key, &["x-tollgate-path", "x-tollgate-any"]);
        let target = std::ptr::eq(item.key.tree(), item.node.tree()) && item.key.pointer() == item.node.pointer();
        let middle = if target {
            key
        } else {
            key.or_else(|| reader.extension(&item.node, &["x-tollgate-path", "x-tollgate-any"]))
        };
        for scope in [&outer, &middle].into_iter().flatten() {
            if let Some(mcp) = &scope.mcp {
                let message = "`mcp` is about one operation";
                let diagnostic = Diagnostic::error("misplaced-mcp", mcp.node.key_span(), message);
                reader.diagnostics.push(diagnostic.help("write it under `x-tollgate` in the operation"));
            }
        }
        let Some(path) = read_path(reader, document, item) else { continue };
        let any = item.field("x-tollgate-any").filter(|node| expect_object(reader, node)).map(|node| OperationNode {
            method: "ANY".to_owned(),
            pointer: format!("{}/x-tollgate-any", item.pointer),
            node,
        });
        for operation in item.operations.iter().chain(&any) {
            count += 1;
            let inner = reader.extension(&operation.node, &[]);
            let scopes: Vec<&Extension<'_>> =
                [&outer, &middle, &inner].into_iter().filter_map(Option::as_ref).collect();
            let mut builder = RouteReader {
                reader,
                document,
                path: &path,
                operation,
                inner: inner.as_ref(),
                scopes,
                lacking: &mut lacking,
            };
            routes.push(builder.read(ids));
        }
    }
    report_lacking(reader, &root, &lacking, count);
}

fn expect_object(reader: &mut Reader<'_>, node: &Node<'_>) -> bool {
    let object = node.value().is_object();
    if !object {
        reader.diagnostics.push(crate::check::schema::wrong_type(node, "an operation"));
    }
    object
}

fn read_path<'a>(reader: &mut Reader<'_>, document: &NativeDocument, item: &'a PathItem<'a>) -> Option<Path<'a>> {
    let rules = item.field("x-tollgate-path");
    let rest = rules.as_ref().and_then(|rules| read_rest(reader, rules));
    let rest_span = rest.as_deref().and_then(|rest| rules.as_ref()?.get(rest)).map(|rule| rule.key_span());
    match template::read(item.template, rest.as_deref(), Rules::Native) {
        Ok(template) => Some(Path {
            item,
            text: format!("{}{}", document.mount, item.template).into(),
            template,
            rest: rest.map(Into::into),
        }),
        Err(errors) => {
            let key = item.key.key_span();
            let unmatched = errors.iter().all(|error| error.unmatched);
            for error in errors {
                // Inside of the key, behind its quote; a key with escapes keeps the whole of it.
                let at = key.text().find(item.template).map(|at| key.range.start + at);
                let range = at.map_or(key.range.clone(), |at| at + error.range.start..at + error.range.end);
                let span = Span { range, ..key.clone() };
                let help = error.help.map(str::to_owned);
                // A rule for a parameter that is not there is wrong itself, not the path.
                let diagnostic = match rest_span.as_ref().filter(|_| error.range == (0..item.template.len())) {
                    Some(rule) => {
                        Diagnostic::error("invalid-path", rule.clone(), error.message).related(span, "the path")
                    }
                    None if unmatched => {
                        Diagnostic::warning("invalid-path", span, format!("{}: it is left out", error.message))
                    }
                    None => Diagnostic::error("invalid-path", span, error.message),
                };
                reader.diagnostics.push(diagnostic.help_if(help));
            }
            None
        }
    }
}

/// `x-tollgate-path: { NAME: many }`.
fn read_rest(reader: &mut Reader<'_>, rules: &Node<'_>) -> Option<String> {
    let mut rest = None;
    if !rules.value().is_object() {
        let help = "write the parameter that takes the rest of the path: `{ rest: many }`";
        reader.diagnostics.push(crate::check::schema::wrong_type(rules, "an object").help(help));
    }
    for (name, rule) in rules.entries() {
        if rule.as_str() == Some("many") && rest.is_none() {
            rest = Some(name.to_owned());
        } else {
            let message = if rest.is_some() {
                "only one parameter takes the rest of a path".to_owned()
            } else {
                format!("`{}` is not `many`", rule.shown())
            };
            reader.diagnostics.push(Diagnostic::error("wrong-value", rule.span(), message));
        }
    }
    rest
}

fn report_lacking(reader: &mut Reader<'_>, root: &Node<'_>, lacking: &Lacking, count: usize) {
    let place = || root.get("x-tollgate").or_else(|| root.get("paths")).unwrap_or_else(|| root.clone()).key_span();
    let lists = [
        (
            &lacking.auth,
            "no-auth",
            "nothing says who may call",
            "write `auth: api-key` under `x-tollgate` at the document, or `auth: public` where everyone may call",
        ),
        (
            &lacking.upstream,
            "no-upstream",
            "nothing says where to forward to",
            "write `upstream: http://HOST:PORT` under `x-tollgate` at the document",
        ),
    ];
    for (spans, code, message, help) in lists {
        if spans.len() == count && count > 1 {
            let message = format!("{message}: none of the {count} routes has it");
            reader.diagnostics.push(Diagnostic::error(code, place(), message).help(help));
        } else {
            for span in spans {
                reader.diagnostics.push(Diagnostic::error(code, span.clone(), message).help(help));
            }
        }
    }
}
