//! Templates of open-api paths, cut into segments.
//!
//! A template is brought into the spelling of match paths first (see `hygiene`): unreserved characters decoded, whatever a
//! path cannot hold percent-encoded in upper-case hexadecimal. Then both sides compare byte for
//! byte.

use std::fmt::Write;

/// One segment of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Segment {
    /// Only itself.
    Literal(String),
    /// One whole, non-empty segment.
    Param(String),
    /// Literals and parameters in turn: `get({id})`, `{a}.{b}`.
    Mixed {
        /// What the segment must look like.
        pattern: Pattern,
        /// The parameters, in their order.
        names: Vec<String>,
    },
}

/// Literals with a non-empty parameter between each two of them. The first and the last may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    literals: Vec<String>,
}

impl Pattern {
    /// Matches a segment; captures what stands for each parameter. A parameter takes as little
    /// as possible, as in a regular expression of lazy groups: `{a}.{b}` cuts `x.y.z` after the `x`.
    pub(super) fn captures<'p>(&self, segment: &'p str, mut capture: impl FnMut(&'p str)) -> bool {
        let (Some(first), Some(last)) = (self.literals.first(), self.literals.last()) else { return false };
        let Some(mut rest) = segment.strip_prefix(first.as_str()) else { return false };
        for literal in &self.literals[1..self.literals.len() - 1] {
            // The parameter takes one character at least.
            let Some(width) = rest.chars().next().map(char::len_utf8) else { return false };
            let Some(at) = rest[width..].find(literal.as_str()) else { return false };
            capture(&rest[..width + at]);
            rest = &rest[width + at + literal.len()..];
        }
        match rest.strip_suffix(last.as_str()) {
            Some(value) if !value.is_empty() => {
                capture(value);
                true
            }
            _ => false,
        }
    }

    /// How much of it is fixed: more is tried first.
    pub(super) fn weight(&self) -> usize {
        self.literals.iter().map(String::len).sum()
    }
}

/// Cuts a template into its segments; a trailing slash is an empty last segment.
pub(super) fn parse(template: &str) -> Result<Vec<Segment>, String> {
    let Some(relative) = template.strip_prefix('/') else {
        return Err("a path begins with a slash".to_owned());
    };
    split(relative).into_iter().map(parse_segment).collect()
}

/// Splits at slashes that stand outside of braces.
fn split(text: &str) -> Vec<&str> {
    let (mut segments, mut start, mut depth) = (Vec::new(), 0, 0_u32);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b'/' if depth == 0 => {
                segments.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    segments.push(&text[start..]);
    segments
}

fn parse_segment(text: &str) -> Result<Segment, String> {
    let (mut literals, mut names, mut rest) = (Vec::new(), Vec::new(), text);
    while let Some(open) = rest.find('{') {
        let Some(close) = rest[open..].find('}').map(|at| open + at) else {
            return Err(format!("`{text}` opens a brace that is not closed"));
        };
        let name = &rest[open + 1..close];
        if name.is_empty() {
            return Err(format!("`{text}` has a parameter without a name"));
        }
        literals.push(normalize(&rest[..open]));
        names.push(name.to_owned());
        rest = &rest[close + 1..];
    }
    let last = normalize(rest);
    Ok(match names.len() {
        0 => Segment::Literal(last),
        1 if last.is_empty() && literals.iter().all(String::is_empty) => Segment::Param(names.remove(0)),
        _ => {
            literals.push(last);
            Segment::Mixed { pattern: Pattern { literals }, names }
        }
    })
}

/// The spelling of match paths: RFC 3986, section 6.2.2.
fn normalize(literal: &str) -> String {
    let bytes = literal.as_bytes();
    let mut out = String::with_capacity(literal.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let pair = literal.get(at + 1..at + 3).filter(|_| byte == b'%');
        if let Some(decoded) = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            push(&mut out, decoded, is_unreserved(decoded));
            at += 3;
        } else {
            push(&mut out, byte, is_unreserved(byte) || b"!$&'()*+,;=:@%".contains(&byte));
            at += 1;
        }
    }
    out
}

fn push(out: &mut String, byte: u8, plain: bool) {
    if plain {
        out.push(char::from(byte));
    } else {
        let _ = write!(out, "%{byte:02X}");
    }
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &str, segment: &str, expected: Option<&[&str]>) {
        let Ok(Segment::Mixed { pattern, .. }) = parse_segment(template) else { panic!("{template} is not mixed") };
        let mut captures = Vec::new();
        let matched = pattern.captures(segment, |value| captures.push(value));
        assert_eq!(matched.then_some(captures.as_slice()), expected, "{template} against {segment}");
    }

    #[test]
    fn parameters_in_the_middle_of_a_segment_are_non_empty_and_take_little() {
        check("get({id})", "get(7)", Some(&["7"]));
        check("get({id})", "get()", None);
        check("get({id})", "get(7", None);
        check("{a}.{b}", "x.y", Some(&["x", "y"]));
        check("{a}.{b}", "x.y.z", Some(&["x", "y.z"]));
        check("{a}.{b}", ".y", None);
        check("{a}.{b}", "..y", Some(&[".", "y"]));
        check("{a}.{b}", "x.", None);
        check("{a}{b}", "xyz", Some(&["x", "yz"]));
        check("{a}{b}", "x", None);
        check("v{major}-{minor}.json", "v1-2.json", Some(&["1", "2"]));
        check("{a}-{b}-end", "x-y-z-end", Some(&["x", "y-z"]));
    }

    #[test]
    fn literals_are_spelt_like_match_paths() {
        for (written, expected) in
            [("café", "caf%C3%A9"), ("%7euser", "~user"), ("a b", "a%20b"), ("%2f", "%2F"), ("a:b@(c)", "a:b@(c)")]
        {
            assert_eq!(parse_segment(written), Ok(Segment::Literal(expected.to_owned())), "{written}");
        }
    }

    #[test]
    fn broken_templates_are_errors() {
        for template in ["users", "/{id", "/{}", "/a/{b"] {
            assert!(parse(template).is_err(), "{template}");
        }
    }
}
