//! The path of a claim.

use std::borrow::Cow;

use serde_json::Value;
use tollgate_core::User;

/// The names on the way to a claim, from the outside in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Selector(Vec<String>);

impl Selector {
    /// Reads `a.b`, `a['b.c'].d` or `["a"]`; `None` where it is neither.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut names = Vec::new();
        let mut rest = text;
        loop {
            if let Some(quoted) = rest.strip_prefix('[') {
                let quote = quoted.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
                let (name, after) = quoted[1..].split_once(&format!("{quote}]"))?;
                names.push(name.to_owned());
                rest = after;
            } else {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                names.push(rest[..end].to_owned());
                rest = &rest[end..];
            }
            if names.last().is_none_or(|name| name.is_empty() || name.contains(']')) {
                return None;
            }
            if rest.is_empty() {
                return Some(Self(names));
            }
            if let Some(after) = rest.strip_prefix('.') {
                // A dot leads to a name, and not to another bracket.
                rest = Some(after).filter(|after| !after.starts_with('['))?;
            }
        }
    }

    /// The claim of a user; the user's own name where `sub` is no claim.
    pub(super) fn select<'u>(&self, user: &'u User) -> Option<Cow<'u, Value>> {
        let found = self.0.iter().try_fold(&*user.data, |value, name| value.as_object()?.get(name));
        let sub = || (self.0 == ["sub"]).then(|| Cow::Owned(Value::String(user.sub.to_string())));
        found.map(Cow::Borrowed).or_else(sub)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_dots_and_quoted_names() {
        for (text, expected) in [
            ("a", Some(&["a"][..])),
            ("a.b.c", Some(&["a", "b", "c"])),
            ("['https://e.com/roles']", Some(&["https://e.com/roles"])),
            ("a['b.c'].d", Some(&["a", "b.c", "d"])),
            (r#"a["b"]["c"]"#, Some(&["a", "b", "c"])),
            ("", None),
            (".a", None),
            ("a.", None),
            ("a..b", None),
            ("a.['b']", None),
            ("a['b", None),
            ("a[b]", None),
            ("a['']", None),
            ("a]", None),
        ] {
            let names = expected.map(|names| Selector(names.iter().map(|name| (*name).to_owned()).collect()));
            assert_eq!(Selector::parse(text), names, "{text}");
        }
    }
}
