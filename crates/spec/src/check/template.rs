//! Path templates in OpenAPI's form: `/users/{id}`.

use std::ops::Range;

/// A template, read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    /// The parameters in their order.
    pub parameters: Vec<String>,
    /// The template with every name taken out: templates of the same shape match the same paths.
    pub shape: String,
}

/// What is wrong with a template, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// The bytes of the template that are meant.
    pub range: Range<usize>,
    /// What is wrong with them.
    pub message: String,
    /// What would be right.
    pub help: Option<&'static str>,
    /// Whether documents are published that have it, which run without the path: no request can
    /// ever match it.
    pub unmatched: bool,
}

/// Which templates are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rules {
    /// Parameters in one segment need text between them, or nobody could tell where one ends.
    Native,
    /// They do not.
    Zuplo,
}

/// Reads a template; all mistakes at once.
///
/// # Errors
/// Each mistake at its place.
pub fn read(text: &str, rest: Option<&str>, rules: Rules) -> Result<Template, Vec<TemplateError>> {
    let mut template = Template::default();
    let mut errors = Vec::new();
    let mut error = |range: Range<usize>, message: String, help: Option<&'static str>| {
        errors.push(TemplateError { range, message, help, unmatched: false });
    };
    if !text.starts_with('/') {
        error(0..text.len().min(1), "a path starts with `/`".to_owned(), None);
    }
    let mut offset = 0;
    for (index, segment) in text.split('/').enumerate() {
        if index > 0 {
            template.shape.push('/');
        }
        segment_of(segment, offset, rules, &mut template, &mut error);
        offset += segment.len() + 1;
    }
    if let Some(rest) = rest {
        let last = text.rsplit('/').next().unwrap_or_default();
        if last != format!("{{{rest}}}") {
            let start = text.find(&format!("{{{rest}}}"));
            let range = start.map_or(0..text.len(), |start| start..start + rest.len() + 2);
            let message = if start.is_some() {
                format!("`{{{rest}}}` takes many segments, so it must stand alone at the end of the path")
            } else {
                format!("the path has no parameter `{rest}`")
            };
            error(range, message, None);
        } else {
            template.shape.truncate(template.shape.len() - "{}".len());
            template.shape.push_str("{*}");
        }
    }
    if let Some(at) = text.find(['?', '#']) {
        let message = "a path has no query and no fragment".to_owned();
        let help = Some("declare query parameters under `parameters`");
        errors.push(TemplateError { range: at..text.len(), message, help, unmatched: true });
    }
    if errors.is_empty() { Ok(template) } else { Err(errors) }
}

fn segment_of(
    segment: &str,
    offset: usize,
    rules: Rules,
    template: &mut Template,
    error: &mut dyn FnMut(Range<usize>, String, Option<&'static str>),
) {
    let (mut at, mut count) = (0, 0);
    while let Some(found) = segment[at..].find(['{', '}']) {
        let open = at + found;
        template.shape.push_str(&segment[at..open]);
        if segment.as_bytes().get(open) == Some(&b'}') {
            error(offset + open..offset + open + 1, "`}` closes nothing".to_owned(), None);
            at = open + 1;
            continue;
        }
        let Some(length) = segment[open..].find('}') else {
            error(offset + open..offset + segment.len(), "`{` is never closed in its segment".to_owned(), None);
            return;
        };
        let (close, name) = (open + length, &segment[open + 1..open + length]);
        let range = offset + open..offset + close + 1;
        if name.is_empty() {
            error(range, "a parameter needs a name: `{id}`".to_owned(), None);
        } else if name.starts_with('*') {
            let help = Some("write `{rest}`, and `x-tollgate-path: { rest: many }` on the path item");
            error(range, format!("`{{{name}}}` is no OpenAPI parameter"), help);
        } else if name.contains(['{', '?', '#', '/', '*']) || name.chars().any(char::is_whitespace) {
            error(range, format!("`{name}` is no name for a parameter"), Some("use letters, digits, `-`, `_` and `.`"));
        } else if template.parameters.iter().any(|known| known == name) {
            error(range, format!("the parameter `{name}` stands in the path twice"), None);
        } else if count > 0 && open == at && rules == Rules::Native {
            let help = Some("put a `/` or another character between them");
            error(range, "two parameters stand side by side: nobody could tell where the first ends".to_owned(), help);
        } else {
            template.parameters.push(name.to_owned());
        }
        template.shape.push_str("{}");
        count += 1;
        at = close + 1;
    }
    template.shape.push_str(&segment[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, rest: Option<&str>, expected: Result<&str, &[&str]>) {
        let read = read(text, rest, Rules::Native);
        let read =
            read.map(|t| t.shape).map_err(|errors| errors.into_iter().map(|e| text[e.range].to_owned()).collect());
        assert_eq!(
            read,
            expected.map(str::to_owned).map_err(|all: &[&str]| all.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()),
            "{text}"
        );
    }

    #[test]
    fn every_mistake_in_a_template_is_found_at_its_place() {
        check("/", None, Ok("/"));
        check("/users/{id}/v{n}.json", None, Ok("/users/{}/v{}.json"));
        check("/files/{rest}", Some("rest"), Ok("/files/{*}"));
        check("users", None, Err(&["u"]));
        check("/{a}-{b}", None, Ok("/{}-{}"));
        check("/{a}{b}", None, Err(&["{b}"]));
        check("/{a}/{a}", None, Err(&["{a}"]));
        check("/{}/x}/{y", None, Err(&["{}", "}", "{y"]));
        check("/{*all}", None, Err(&["{*all}"]));
        check("/{rest}/x", Some("rest"), Err(&["{rest}"]));
        check("/a?b=c", None, Err(&["?b=c"]));
    }

    #[test]
    fn the_zuplo_form_takes_parameters_side_by_side() {
        assert_eq!(read("/{a}{b}", None, Rules::Zuplo).map(|t| t.shape), Ok("/{}{}".to_owned()));
    }
}
