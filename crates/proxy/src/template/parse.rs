//! From the text of a template to its parts.

use http::HeaderName;
use tollgate_core::catalog::BuildError;

use super::encode::Position;
use super::expression::Expression;
use super::{Part, TemplateContext, spans_segments};

/// What an expression means: a constant, or something to evaluate.
enum Meaning {
    Constant(String),
    Value(Expression),
}

pub(super) fn parts(text: &str, context: &TemplateContext<'_>) -> Result<Vec<Part>, BuildError> {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut place = Place { position: if context.braces { Position::Path } else { Position::Start } };
    let mut rest = text;
    while !rest.is_empty() {
        let meaning = if let Some(after) = rest.strip_prefix("${") {
            let (source, after) = until_brace(after)
                .ok_or_else(|| BuildError::at("", format!("`{text}`: a `${{` that is not closed")))?;
            rest = after;
            meaning(source.trim(), context)?
        } else if let Some(after) = rest.strip_prefix('{').filter(|_| context.braces) {
            let (name, after) = after
                .split_once('}')
                .ok_or_else(|| BuildError::at("", format!("`{text}`: a `{{` that is not closed")))?;
            rest = after;
            Meaning::Value(param(name, context)?)
        } else {
            let skip = rest.chars().next().map_or(1, char::len_utf8);
            let end = rest[skip..].find(['$', '{']).map_or(rest.len(), |at| at + skip);
            place.pass(&rest[..end]);
            literal.push_str(&rest[..end]);
            rest = &rest[end..];
            continue;
        };
        match meaning {
            Meaning::Constant(value) => {
                place.pass(&value);
                literal.push_str(&value);
            }
            Meaning::Value(expression) => {
                if !literal.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut literal)));
                }
                let position = place.position;
                place.pass_value(&expression);
                parts.push(Part::Value { expression, position });
            }
        }
    }
    if !literal.is_empty() {
        parts.push(Part::Literal(literal));
    }
    Ok(parts)
}

/// Where in the URL the parser is.
struct Place {
    position: Position,
}

impl Place {
    fn pass(&mut self, literal: &str) {
        let mut rest = literal;
        if self.position == Position::Start && !rest.is_empty() {
            match rest.split_once("://") {
                Some((_, after)) => {
                    self.position = Position::Authority;
                    rest = after;
                }
                None if rest.starts_with('/') => self.position = Position::Path,
                // `https:` might be written alone before an expression with the slashes.
                None => self.position = Position::Authority,
            }
        }
        if self.position == Position::Authority {
            match rest.find(['/', '?', '#']) {
                Some(at) => {
                    self.position = Position::Path;
                    rest = &rest[at..];
                }
                None => return,
            }
        }
        if self.position == Position::Path && rest.contains('?') {
            self.position = Position::Query;
        }
    }

    fn pass_value(&mut self, expression: &Expression) {
        match (self.position, expression) {
            (_, Expression::Search) => self.position = Position::Query,
            (Position::Authority, Expression::Pathname)
            | (Position::Start, Expression::Origin | Expression::Url | Expression::Custom(_)) => {
                // A whole URL or origin: what follows goes on with its path.
                self.position = Position::Path;
            }
            (Position::Start, _) => self.position = Position::Authority,
            _ => {}
        }
    }
}

/// Splits behind the brace that closes an expression; braces in quotes do not count.
fn until_brace(text: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '}') => return Some((&text[..at], &text[at + 1..])),
            (None, '\'' | '"' | '`') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
    }
    None
}

fn meaning(source: &str, context: &TemplateContext<'_>) -> Result<Meaning, BuildError> {
    let unknown = || {
        BuildError::at("", format!("`${{{source}}}` needs the script engine"))
            .help("without a script these can be read: env, params, query, headers.get('…'), user, request, context.custom, url, origin, host, hostname, port, protocol, pathname, search, method, encodeURIComponent(…)")
    };
    for function in ["encodeURIComponent", "e"] {
        if let Some(inner) = call(source, function) {
            return Ok(match meaning(inner, context)? {
                Meaning::Constant(value) => {
                    let mut encoded = String::new();
                    super::encode::component(&value, &mut encoded);
                    Meaning::Constant(encoded)
                }
                Meaning::Value(expression @ Expression::Encoded(_)) => Meaning::Value(expression),
                Meaning::Value(expression) => Meaning::Value(Expression::Encoded(Box::new(expression))),
            });
        }
    }
    let bare = source.strip_prefix("request.").unwrap_or(source);
    if let Some(argument) = call(bare, "headers.get") {
        let name = unquote(argument).and_then(|name| HeaderName::from_bytes(name.to_ascii_lowercase().as_bytes()).ok());
        return name.map(|name| Meaning::Value(Expression::Header(name))).ok_or_else(unknown);
    }
    if let Some(text) = unquote(source) {
        return Ok(Meaning::Constant(text.to_owned()));
    }
    let path = members(bare).ok_or_else(unknown)?;
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let expression = match path.as_slice() {
        ["env", name] => return environment(name, context).map(Meaning::Constant),
        ["params", name] => param(name, context)?,
        ["query", name] => Expression::Query((*name).to_owned()),
        ["user", "sub"] => Expression::Sub,
        ["user", "data", path @ ..] => Expression::UserData(path.join(".")),
        ["context", "custom", path @ ..] if !path.is_empty() => Expression::Custom(path.join(".")),
        ["context", "requestId"] => Expression::RequestId,
        ["url"] => Expression::Url,
        ["origin"] => Expression::Origin,
        ["host"] => Expression::Host,
        ["hostname"] => Expression::Hostname,
        ["port"] => Expression::Port,
        ["protocol"] => Expression::Protocol,
        ["pathname"] => Expression::Pathname,
        ["search"] => Expression::Search,
        ["method"] => Expression::Method,
        _ => return Err(unknown()),
    };
    Ok(Meaning::Value(expression))
}

fn environment(name: &str, context: &TemplateContext<'_>) -> Result<String, BuildError> {
    match context.environment.get(name) {
        Some(value) => Ok(value.clone()),
        None if context.undefined => Ok("undefined".to_owned()),
        None => Err(BuildError::at("", format!("the environment has no `{name}`"))
            .help(format!("set `{name}` in `.env` or in the environment of the process"))),
    }
}

fn param(name: &str, context: &TemplateContext<'_>) -> Result<Expression, BuildError> {
    let text = &context.path.text;
    let known = text.contains(&format!("{{{name}}}"))
        || text.contains(&format!(":{name}"))
        || (name.bytes().all(|b| b.is_ascii_digit()) && text.contains(['(', '*']));
    if !known && !context.undefined {
        return Err(BuildError::at("", format!("the path `{text}` has no parameter `{name}`")));
    }
    Ok(Expression::Param { name: name.to_owned(), spans: known && spans_segments(context.path, name) })
}

/// The argument of a call of this function, where the source is one.
fn call<'s>(source: &'s str, function: &str) -> Option<&'s str> {
    let argument = source.strip_prefix(function)?.trim_start().strip_prefix('(')?.strip_suffix(')')?;
    Some(argument.trim())
}

fn unquote(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"' | '`'))?;
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    (!inner.contains(quote) && !inner.contains('\\') && !inner.contains("${")).then_some(inner)
}

/// `a.b['c'].d` as its names; optional chaining reads alike.
fn members(source: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut rest = source;
    loop {
        if let Some(after) = rest.strip_prefix('[') {
            let (index, after) = after.split_once(']')?;
            let index = index.trim();
            let name = unquote(index).or_else(|| index.bytes().all(|b| b.is_ascii_digit()).then_some(index))?;
            names.push(name.to_owned());
            rest = after;
        } else {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
            if end == 0 || rest.starts_with(|c: char| c.is_ascii_digit()) {
                return None;
            }
            names.push(rest[..end].to_owned());
            rest = &rest[end..];
        }
        rest = match rest {
            "" => return Some(names),
            _ if rest.starts_with('[') => rest,
            _ => rest.strip_prefix("?.").or_else(|| rest.strip_prefix('.'))?,
        };
    }
}
