//! Templates in URLPattern syntax: matched by the crate that follows the WHATWG's standard, one
//! after the other, behind a filter of literal prefixes.

use std::sync::Arc;

use urlpattern::{UrlPattern, UrlPatternInit};

use super::trie::Captures;

/// A compiled pathname pattern.
pub(super) struct PathPattern {
    prefix: String,
    pattern: UrlPattern,
    /// The groups, in order; unnamed ones are numbered.
    pub(super) names: Vec<Arc<str>>,
}

impl PathPattern {
    pub(super) fn new(template: &str) -> Result<Self, String> {
        let init = UrlPatternInit { pathname: Some(template.to_owned()), ..UrlPatternInit::default() };
        let pattern = UrlPattern::parse(init, Default::default()).map_err(|error| error.to_string())?;
        let names = pattern.pathname.group_name_list.iter().map(|name| name.as_str().into()).collect();
        Ok(Self { prefix: literal_prefix(template).to_owned(), pattern, names })
    }

    pub(super) fn captures<'p>(&self, path: &'p str) -> Option<Captures<'p>> {
        if !path.starts_with(&self.prefix) {
            return None;
        }
        self.pattern.pathname.matcher.matches(path).map(|values| values.into_iter().collect())
    }
}

/// What every match begins with. A character before a modifier is not part of it, nor is the
/// slash before a group, which an optional group takes along.
fn literal_prefix(template: &str) -> &str {
    let end = template.find(|c: char| !(c.is_ascii_alphanumeric() || "/-_~.".contains(c))).unwrap_or(template.len());
    let literal = &template[..end];
    if end == template.len() { literal } else { literal.rfind('/').map_or("", |slash| &literal[..slash]) }
}

/// Rewrites an open-api template as projects before 2025-02-06 meant it: `{name}` is a group, and
/// all characters that mean something to a regular expression mean it.
pub(super) fn from_loose_template(template: &str) -> Option<String> {
    if !template.contains(['(', ')', '*', '+', '?', ':']) {
        return None;
    }
    let (mut out, mut rest) = (String::with_capacity(template.len()), template);
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !plain {
            return None;
        }
        out.push_str(before);
        out.push(':');
        out.push_str(name);
        // A name goes on as far as it can: `:a` before `b` would be `:ab`.
        if after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
            out.push_str("([^/]+?)");
        }
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &str, path: &str, expected: Option<&[(&str, &str)]>) {
        let pattern = PathPattern::new(template).unwrap();
        let found = pattern.captures(path).map(|captures| {
            let named = pattern.names.iter().zip(captures);
            named.filter_map(|(name, value)| Some((name.to_string(), value?.to_owned()))).collect::<Vec<_>>()
        });
        let expected = expected
            .map(|list| list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>());
        assert_eq!(found, expected, "{template} against {path}");
    }

    #[test]
    fn patterns_match_as_the_standard_says() {
        check("/users/:id", "/users/7", Some(&[("id", "7")]));
        check("/users/:id", "/users/7/", None);
        check("/users/:id?", "/users", Some(&[]));
        check("/users{/}?", "/users/", Some(&[]));
        check("/users{/}?", "/users", Some(&[]));
        check("/files/(.*)", "/files/a/b", Some(&[("0", "a/b")]));
        check("/:path*", "/a/b", Some(&[("path", "a/b")]));
        check("/n/:id(\\d+)", "/n/12", Some(&[("id", "12")]));
        check("/n/:id(\\d+)", "/n/x", None);
        check("/a.b", "/aXb", None);
    }

    #[test]
    fn the_prefix_filter_never_hides_a_match() {
        for (template, path) in [("/users/:id?", "/users"), ("/a*", "/"), ("/ab?/c", "/ab/c"), ("/a/b{/c}?", "/a/b")] {
            let Ok(pattern) = PathPattern::new(template) else { continue };
            let unfiltered = pattern.pattern.pathname.matcher.matches(path).is_some();
            assert_eq!(pattern.captures(path).is_some(), unfiltered, "{template} against {path}");
        }
    }

    #[test]
    fn old_templates_become_patterns_only_where_they_must() {
        assert_eq!(from_loose_template("/users/{id}"), None);
        assert_eq!(from_loose_template("/files/(.*)").as_deref(), Some("/files/(.*)"));
        assert_eq!(from_loose_template("/u/{id}/(.*)").as_deref(), Some("/u/:id/(.*)"));
        assert_eq!(from_loose_template("/u/{id}x/(.*)").as_deref(), Some("/u/:id([^/]+?)x/(.*)"));
    }
}
