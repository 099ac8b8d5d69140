//! Templates of URLs: `https://${env.HOST}/users/${params.id}`, and `{id}` in `path.rewrite`.
//!
//! They look like JavaScript's template literals, and the expressions that projects use compile,
//! at load, to the small evaluator here. Values that a client brings are encoded for the place where they
//! stand, so that none can change the shape of the URL: a parameter in a path keeps to its
//! segment, one in a query to its value, one in an authority to its label.

mod encode;
mod expression;
mod parse;

use std::collections::BTreeMap;

use tollgate_core::catalog::BuildError;
use tollgate_core::project::{Project, ProjectForm};
use tollgate_core::reason::TARGET_UNSAFE;
use tollgate_core::route::{PathMode, PathTemplate};
use tollgate_core::{Exchange, Problem, Request};

use encode::Position;
use expression::Expression;

/// What a template is compiled against.
#[derive(Debug, Clone, Copy)]
pub struct TemplateContext<'a> {
    /// The values of `${env.NAME}`: read once, at load.
    pub environment: &'a BTreeMap<String, String>,
    /// The template of the route's path: which parameters there are.
    pub path: &'a PathTemplate,
    /// Whether `{name}` means a parameter, as in `path.rewrite`.
    pub braces: bool,
    /// Whether what has no value reads `undefined`, as in JavaScript; otherwise the request is refused.
    pub undefined: bool,
}

/// A compiled template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
    undefined: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Value { expression: Expression, position: Position },
}

impl Template {
    /// Compiles a template.
    ///
    /// # Errors
    /// Where an expression is none that the native evaluator knows, or names what does not exist.
    pub fn compile(text: &str, context: &TemplateContext<'_>) -> Result<Self, BuildError> {
        let parts = parse::parts(text, context)?;
        Ok(Self { parts, undefined: context.undefined })
    }

    /// The text, where it has no expression.
    pub fn constant(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The text in front of the first expression.
    pub fn beginning(&self) -> &str {
        match self.parts.first() {
            Some(Part::Literal(text)) => text,
            _ => "",
        }
    }

    /// Takes scheme and authority off the front, where both are fixed: `https://a.example`.
    pub fn split_origin(&self) -> Option<(String, Self)> {
        let Some(Part::Literal(first)) = self.parts.first() else { return None };
        let (scheme, rest) = first.split_once("://")?;
        let end = rest.find(['/', '?', '#']);
        // An expression right behind the host could go on with it.
        let end = match end {
            Some(end) => end,
            None if self.parts.len() == 1 => rest.len(),
            None => match &self.parts[1] {
                Part::Value { expression, .. } if expression.begins_path() => rest.len(),
                _ => return None,
            },
        };
        let origin = format!("{scheme}://{}", &rest[..end]);
        let mut path = self.clone();
        match &rest[end..] {
            "" => drop(path.parts.remove(0)),
            tail => path.parts[0] = Part::Literal(tail.to_owned()),
        }
        Some((origin, path))
    }

    /// Fills it in.
    ///
    /// # Errors
    /// [`TARGET_UNSAFE`] where a value would change the shape of the URL, or has to be there and
    /// is not.
    pub fn render(&self, exchange: &Exchange, request: &Request) -> Result<String, Problem> {
        let mut out = String::with_capacity(64);
        for part in &self.parts {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Value { expression, position } => match expression.value(exchange, request) {
                    Some(value) => expression.write(&value, *position, exchange, &mut out)?,
                    None if self.undefined => out.push_str("undefined"),
                    None if *position == Position::Query => {}
                    None => return Err(unsafe_target(format!("`{expression}` has no value."))),
                },
            }
        }
        if has_dot_segment(&out) {
            return Err(unsafe_target("The path would get a dot segment from a parameter."));
        }
        Ok(out)
    }
}

/// Whether a handler of a project has a template that only the script engine can render.
pub fn needs_scripts(project: &Project) -> bool {
    project.routes.iter().any(|route| {
        let context = TemplateContext {
            environment: &project.environment,
            path: &route.template,
            braces: false,
            undefined: project.form == ProjectForm::Zuplo,
        };
        let texts =
            ["baseUrl", "rewritePattern"].into_iter().filter_map(|field| route.handler.options.get(field)?.as_str());
        texts.filter(|text| text.contains("${")).any(|text| Template::compile(text, &context).is_err())
    })
}

fn unsafe_target(detail: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::new(&TARGET_UNSAFE, detail)
}

/// Whether the path of a URL has a segment that some reader would resolve.
fn has_dot_segment(url: &str) -> bool {
    if !url.contains('.') && !url.contains("%2") {
        return false;
    }
    let path = url.split(['?', '#']).next().unwrap_or_default();
    path.split('/').any(encode::is_dot_segment)
}

/// Whether a parameter may span several segments.
fn spans_segments(path: &PathTemplate, name: &str) -> bool {
    if path.rest.as_deref() == Some(name) {
        return true;
    }
    if path.mode == PathMode::OpenApi && !path.text.contains('*') {
        return false;
    }
    // `:name` alone stands for one segment; with a modifier or an expression of its own it may not.
    let marker = format!(":{name}");
    !path.text.match_indices(&marker).any(|(at, _)| {
        let after = path.text[at + marker.len()..].chars().next();
        !matches!(after, Some('(' | '*' | '+')) && !after.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests;
