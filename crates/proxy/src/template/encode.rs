//! How values are written into URLs.

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

/// Where in a URL a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Position {
    /// In front of everything: the value brings the scheme.
    Start,
    /// In scheme, host or port.
    Authority,
    /// In the path.
    Path,
    /// Behind the question mark.
    Query,
}

/// What `encodeURIComponent` leaves alone: letters, digits and `-_.!~*'()`.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// What may not stand in a segment: everything but the `pchar` of RFC 3986. The percent sign is not among them.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// What no URL holds as it is; for values that are URLs, or parts of them, already.
const RAW: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');

/// As JavaScript's `encodeURIComponent`.
pub(super) fn component(value: &str, out: &mut String) {
    out.extend(utf8_percent_encode(value, COMPONENT));
}

/// One segment of a path, slashes included.
pub(super) fn segment(value: &str, out: &mut String) {
    out.extend(utf8_percent_encode(value, SEGMENT));
}

/// Several segments: slashes stay.
pub(super) fn segments(value: &str, out: &mut String) {
    for (index, part) in value.split('/').enumerate() {
        if index > 0 {
            out.push('/');
        }
        segment(part, out);
    }
}

/// What is a piece of a URL already.
pub(super) fn raw(value: &str, out: &mut String) {
    out.extend(utf8_percent_encode(value, RAW));
}

/// Whether a segment is `.` or `..`, however its dots are spelt.
pub(super) fn is_dot_segment(segment: &str) -> bool {
    let mut rest = segment;
    let mut dots = 0;
    while !rest.is_empty() {
        rest = match rest.strip_prefix('.') {
            Some(rest) => rest,
            None => match rest.get(..3) {
                Some(encoded) if encoded.eq_ignore_ascii_case("%2e") => &rest[3..],
                _ => return false,
            },
        };
        dots += 1;
    }
    dots == 1 || dots == 2
}

/// Whether a value would be a dot segment once its slashes are read as such.
pub(super) fn hides_dot_segment(value: &str) -> bool {
    value.split(['/', '\\']).any(is_dot_segment)
}

/// Whether a value may stand in an authority: as part of a host name or as a port.
pub(super) fn is_host_part(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
}
