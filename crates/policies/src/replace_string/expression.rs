//! What an expression finds, replaced as JavaScript replaces it.

use regex::bytes::{Captures, Regex};
use tollgate_core::catalog::BuildError;

use crate::expression;

/// An expression, and what stands in the place of what it finds.
#[derive(Debug)]
pub(super) struct Expression {
    regex: Regex,
    replacement: Vec<Part>,
    everywhere: bool,
}

/// A piece of a replacement.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// What a group found; group 0 is everything.
    Group(usize),
}

impl Expression {
    /// Reads `/PATTERN/FLAGS`, or a bare pattern.
    pub(super) fn new(written: &str, replacement: &str) -> Result<Self, BuildError> {
        let (regex, flags) = expression::compile(written, "/match")?;
        let replacement = parts(replacement, &regex);
        Ok(Self { regex, replacement, everywhere: flags.contains('g') })
    }

    /// The text with what the expression finds replaced.
    pub(super) fn replace_in(&self, text: &[u8]) -> Vec<u8> {
        let most = if self.everywhere { 0 } else { 1 };
        self.regex.replacen(text, most, |found: &Captures<'_>| self.filled(found)).into_owned()
    }

    fn filled(&self, found: &Captures<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        for part in &self.replacement {
            match part {
                Part::Text(text) => out.extend_from_slice(text.as_bytes()),
                Part::Group(index) => out.extend_from_slice(found.get(*index).map_or(b"", |group| group.as_bytes())),
            }
        }
        out
    }
}

/// Reads `$$`, `$&`, `$1` to `$99` and `$<name>` (ECMA-262, GetSubstitution); a `$` before anything else is one.
fn parts(text: &str, regex: &Regex) -> Vec<Part> {
    let groups = regex.captures_len();
    let mut parts = vec![Part::Text(String::new())];
    let push = |parts: &mut Vec<Part>, piece: &str| match parts.last_mut() {
        Some(Part::Text(last)) => last.push_str(piece),
        _ => parts.push(Part::Text(piece.to_owned())),
    };
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        push(&mut parts, &rest[..at]);
        let after = &rest[at + 1..];
        let digits = after.bytes().take(2).take_while(u8::is_ascii_digit).count();
        let number = (1..=digits).rev().find_map(|length| {
            let number: usize = after[..length].parse().ok()?;
            (1..groups).contains(&number).then_some((number, length))
        });
        let name = after.strip_prefix('<').and_then(|inner| inner.split_once('>'));
        let named = name.and_then(|(name, _)| {
            let index = regex.capture_names().position(|known| known == Some(name))?;
            Some((index, name.len() + 2))
        });
        rest = if let Some(after) = after.strip_prefix('$') {
            push(&mut parts, "$");
            after
        } else if let Some(after) = after.strip_prefix('&') {
            parts.push(Part::Group(0));
            after
        } else if let Some((index, length)) = number.or(named) {
            parts.push(Part::Group(index));
            &after[length..]
        } else {
            push(&mut parts, "$");
            after
        };
    }
    push(&mut parts, rest);
    parts
}
