//! Two spellings of one path.
//!
//! The *match path* is what routing, policies, limits and logs see: unreserved characters
//! decoded, everything that a path may not hold encoded, dot segments resolved, empty segments
//! merged (RFC 3986 §6.2.2). The *forward path* keeps the client's bytes; only dot segments and
//! empty segments are gone, so that the upstream cannot resolve them differently, and bytes above
//! ASCII are encoded: some of them are white space to readers that take a request line for Latin-1.
//!
//! Bytes that one server takes for a separator and another does not (`%2F`, `%5C`, `\`, `;`) stay
//! where they are, but a third reading tells where they would lead, for the router to compare.

use std::borrow::Cow;
use std::fmt::Write as _;

use percent_encoding::{AsciiSet, percent_decode_str, utf8_percent_encode};
use smallvec::SmallVec;

/// The readings of one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// For routing, policies, limits and logs.
    pub matched: String,
    /// For the upstream.
    pub forward: String,
    /// How a lenient reader would see it, where that differs from the match path.
    pub second: Option<String>,
}

/// Why a path is refused, in a sentence for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathError(pub &'static str);

/// Reads a path in origin form.
///
/// # Errors
/// [`PathError`] where it has no leading slash, is not well-formed percent-encoded UTF-8, holds a
/// NUL, holds a dot or a slash that is encoded twice, or mixes separators so that even lenient
/// readers disagree.
pub fn canonicalise(raw: &str) -> Result<Paths, PathError> {
    let Some(rest) = raw.strip_prefix('/') else {
        return Err(PathError("The request target must begin with a slash."));
    };
    if is_plain(raw) {
        return Ok(Paths { matched: raw.to_owned(), forward: raw.to_owned(), second: None });
    }
    check_encoding(raw)?;

    let mut matched = Resolver::with_capacity(raw.len());
    let mut forward = Resolver::with_capacity(raw.len());
    let mut spelling = String::new();
    for segment in rest.split('/') {
        spelling.clear();
        normalise(segment, &mut spelling);
        let kind = Kind::of(&spelling);
        matched.push(kind, &spelling);
        // The kind comes from the decoded spelling: `%2e%2e` is a dot segment to many servers.
        forward.push(kind, &ascii_or_same(segment));
    }
    let matched = matched.finish();
    let second = lenient(&matched)?;
    Ok(Paths { matched, forward: forward.finish(), second })
}

/// The same text with bytes above ASCII percent-encoded, which have no place in a target (RFC 3986
/// §2).
pub(super) fn ascii(text: &str) -> String {
    ascii_or_same(text).into_owned()
}

fn ascii_or_same(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, &AsciiSet::EMPTY).into()
}

/// Nearly every path: nothing in it has a second spelling.
fn is_plain(raw: &str) -> bool {
    let mut previous = b'/';
    for (at, &byte) in raw.as_bytes().iter().enumerate() {
        let dull = is_path_byte(byte) && byte != b';' && byte != b'%';
        let starts_segment = previous == b'/' && at > 0;
        if !(dull || byte == b'/') || (starts_segment && (byte == b'/' || byte == b'.')) {
            return false;
        }
        previous = byte;
    }
    true
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// `pchar` of RFC 3986 §3.3, without the percent sign.
fn is_path_byte(byte: u8) -> bool {
    is_unreserved(byte)
        || matches!(byte, b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':' | b'@')
}

fn check_encoding(raw: &str) -> Result<(), PathError> {
    let bytes = raw.as_bytes();
    if bytes.iter().any(u8::is_ascii_control) {
        return Err(PathError("The path holds a control character."));
    }
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|&byte| byte == b'%') {
        rest = &rest[at + 1..];
        let &[high, low, ..] = rest else { return Err(BAD_ESCAPE) };
        if !(high.is_ascii_hexdigit() && low.is_ascii_hexdigit()) {
            return Err(BAD_ESCAPE);
        }
        if rest.starts_with(b"00") {
            return Err(PathError("The path holds a NUL."));
        }
        if hides_separator(rest) {
            return Err(PathError("The path holds a dot or a slash that is encoded twice."));
        }
    }
    percent_decode_str(raw).decode_utf8().map_or(Err(PathError("The path is not well-formed UTF-8.")), |_| Ok(()))
}

const BAD_ESCAPE: PathError = PathError("The path holds a percent sign without two hexadecimal digits.");

/// Whether what follows a percent sign is `25`, once or more, and then a dot or a slash.
fn hides_separator(escape: &[u8]) -> bool {
    let mut rest = escape;
    while let Some(inner) = rest.strip_prefix(b"25") {
        rest = inner;
    }
    let deep = rest.len() < escape.len();
    deep && rest.get(..2).is_some_and(|digits| {
        [b"2e", b"2f", b"5c"].iter().any(|separator| digits.eq_ignore_ascii_case(separator.as_slice()))
    })
}

/// Appends a segment with one spelling for each character: unreserved ones bare, pct-encoded ones
/// with capital digits, what may not stand in a path encoded.
fn normalise(segment: &str, into: &mut String) {
    let bytes = segment.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'%' {
            // `check_encoding` has seen two digits after each percent sign.
            let value = u8::from_str_radix(segment.get(at + 1..at + 3).unwrap_or_default(), 16).unwrap_or_default();
            if is_unreserved(value) {
                into.push(char::from(value))
            } else {
                escape(value, into)
            }
            at += 3;
        } else {
            if is_path_byte(byte) {
                into.push(char::from(byte))
            } else {
                escape(byte, into)
            }
            at += 1;
        }
    }
}

fn escape(byte: u8, into: &mut String) {
    // Writing to a string does not fail.
    let _ = write!(into, "%{byte:02X}");
}

/// What a segment does to the path before it (RFC 3986 §5.2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing: empty, or one dot.
    Nothing,
    /// It takes the last segment away.
    Up,
    /// It is a name.
    Name,
}

impl Kind {
    fn of(segment: &str) -> Self {
        match segment {
            "" | "." => Self::Nothing,
            ".." => Self::Up,
            _ => Self::Name,
        }
    }
}

/// Puts segments together, and takes them back.
struct Resolver {
    path: String,
    starts: SmallVec<[usize; 16]>,
    directory: bool,
}

impl Resolver {
    fn with_capacity(bytes: usize) -> Self {
        Self { path: String::with_capacity(bytes), starts: SmallVec::new(), directory: true }
    }

    fn push(&mut self, kind: Kind, segment: &str) {
        self.directory = kind != Kind::Name;
        match kind {
            Kind::Nothing => {}
            Kind::Up => {
                if let Some(start) = self.starts.pop() {
                    self.path.truncate(start);
                }
            }
            Kind::Name => {
                self.starts.push(self.path.len());
                self.path.push('/');
                self.path.push_str(segment);
            }
        }
    }

    fn finish(mut self) -> String {
        if self.directory {
            self.path.push('/');
        }
        self.path
    }
}

/// The match path as a server sees it that takes encoded slashes and backslashes for slashes and
/// cuts path parameters off. Such servers do the two in either order; where that makes a
/// difference, nobody can say what the path means.
fn lenient(matched: &str) -> Result<Option<String>, PathError> {
    if !["%2F", "%5C", "%3B", ";"].iter().any(|separator| matched.contains(separator)) {
        return Ok(None);
    }
    let decoded = matched.replace("%2F", "/").replace("%5C", "/").replace("%3B", ";");
    let decoded_first = resolve(decoded.split('/').map(without_parameters).map(str::to_owned));
    let cut_first = resolve(matched.replace("%3B", ";").split('/').flat_map(|segment| {
        let whole = without_parameters(segment).replace("%2F", "/").replace("%5C", "/");
        whole.split('/').map(str::to_owned).collect::<Vec<_>>()
    }));
    if decoded_first != cut_first {
        return Err(PathError("The path mixes a semicolon with an encoded slash or a backslash."));
    }
    Ok((decoded_first != matched).then_some(decoded_first))
}

fn without_parameters(segment: &str) -> &str {
    segment.split_once(';').map_or(segment, |(name, _)| name)
}

fn resolve(segments: impl Iterator<Item = String>) -> String {
    let mut resolver = Resolver::with_capacity(64);
    for segment in segments {
        resolver.push(Kind::of(&segment), &segment);
    }
    resolver.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(raw: &str, matched: &str, forward: &str, second: Option<&str>) {
        let paths = canonicalise(raw).unwrap();
        assert_eq!(
            (paths.matched.as_str(), paths.forward.as_str(), paths.second.as_deref()),
            (matched, forward, second)
        );
    }

    #[track_caller]
    fn refused(raw: &str) {
        assert!(canonicalise(raw).is_err(), "{raw} must be refused");
    }

    #[test]
    fn the_match_path_has_one_spelling_and_the_forward_path_keeps_the_clients() {
        check("/", "/", "/", None);
        check("/a/b", "/a/b", "/a/b", None);
        check("/a/", "/a/", "/a/", None);
        check("/%61/%62", "/a/b", "/%61/%62", None);
        check("/a%2db%7E", "/a-b~", "/a%2db%7E", None);
        check("/caf%c3%a9", "/caf%C3%A9", "/caf%c3%a9", None);
        check("/café", "/caf%C3%A9", "/caf%C3%A9", None);
        check("/a b".replace(' ', "%20").as_str(), "/a%20b", "/a%20b", None);
        check("/{id}", "/%7Bid%7D", "/{id}", None);
        check("/100%25", "/100%25", "/100%25", None);
        check("/a:b@c!$&'()*+,=", "/a:b@c!$&'()*+,=", "/a:b@c!$&'()*+,=", None);
    }

    #[test]
    fn dot_segments_are_resolved_and_empty_ones_merged_in_both() {
        check("/a/./b", "/a/b", "/a/b", None);
        check("/a/../b", "/b", "/b", None);
        check("/a/%2e%2E/b", "/b", "/b", None);
        check("/a/.%2e/b", "/b", "/b", None);
        check("/../../b", "/b", "/b", None);
        check("/a/b/..", "/a/", "/a/", None);
        check("/a/b/.", "/a/b/", "/a/b/", None);
        check("/..", "/", "/", None);
        check("//a///b//", "/a/b/", "/a/b/", None);
        check("//evil.example/a", "/evil.example/a", "/evil.example/a", None);
        check("/.well-known/x", "/.well-known/x", "/.well-known/x", None);
        check("/...", "/...", "/...", None);
    }

    #[test]
    fn bytes_that_some_servers_take_for_separators_stay_and_are_read_a_second_time() {
        check("/a%2fb", "/a%2Fb", "/a%2fb", Some("/a/b"));
        check("/a%5Cb", "/a%5Cb", "/a%5Cb", Some("/a/b"));
        check("/a\\b", "/a%5Cb", "/a\\b", Some("/a/b"));
        check("/a;x=1/b", "/a;x=1/b", "/a;x=1/b", Some("/a/b"));
        check("/a%3bx/b", "/a%3Bx/b", "/a%3bx/b", Some("/a/b"));
        check("/public/..;/admin", "/public/..;/admin", "/public/..;/admin", Some("/admin"));
        check("/public/%2e%2e;x/admin", "/public/..;x/admin", "/public/%2e%2e;x/admin", Some("/admin"));
        check("/public/..%2fadmin", "/public/..%2Fadmin", "/public/..%2fadmin", Some("/admin"));
        check("/public/..%5cadmin", "/public/..%5Cadmin", "/public/..%5cadmin", Some("/admin"));
        check("/a%2F%2Fb", "/a%2F%2Fb", "/a%2F%2Fb", Some("/a/b"));
    }

    #[test]
    fn what_no_two_servers_agree_on_is_refused() {
        for raw in [
            "",
            "a",
            "*",
            "/a%",
            "/a%4",
            "/a%zz",
            "/a%00",
            "/%00",
            "/a\0",
            "/a\nb",
            "/a\x7f",
            "/%c3",
            "/%ff",
            "/%c0%ae",
            "/%ed%a0%80",
            "/%252e",
            "/%252E%252e/a",
            "/a%252fb",
            "/a%255Cb",
            "/a%25252fb",
            "/a;x%2f..%2fb",
            "/a;x%5c..%5cb",
        ] {
            refused(raw);
        }
    }

    proptest! {
        #[test]
        fn reading_a_path_again_changes_nothing(raw in "/([a-c./;%\\\\]|%2[eEfF5]|%5[cC]|%3[bB]|%[46][1-9]|é|%C3%A9){0,24}") {
            if let Ok(paths) = canonicalise(&raw) {
                let again = canonicalise(&paths.matched).unwrap();
                prop_assert_eq!(&again.matched, &paths.matched);
                prop_assert_eq!(&again.forward, &paths.matched);
                let forwarded = canonicalise(&paths.forward).unwrap();
                prop_assert_eq!(&forwarded.matched, &paths.matched);
                prop_assert_eq!(&forwarded.forward, &paths.forward);
            }
        }

        #[test]
        fn no_reading_has_dot_segments_or_empty_segments(raw in "/.{0,40}") {
            if let Ok(paths) = canonicalise(&raw) {
                for path in [Some(&paths.matched), Some(&paths.forward), paths.second.as_ref()].into_iter().flatten() {
                    let inner = path.strip_prefix('/').unwrap();
                    let inner = inner.strip_suffix('/').unwrap_or(inner);
                    if !inner.is_empty() {
                        prop_assert!(inner.split('/').all(|s| !matches!(s, "" | "." | "..")), "{}", path);
                    }
                }
                prop_assert!(paths.matched.is_ascii() && paths.forward.is_ascii());
            }
        }
    }
}
