//! Parameters of the query: reading, setting and removing them. Names are compared as forms decode
//! them (`%61` is `a`, `+` is a space), so that no spelling of one slips past; every other byte stays
//! as the client sent it.

use http::Uri;
use http::uri::PathAndQuery;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use tollgate_core::Request;
use tollgate_core::exchange::Target;

/// Everything but what no form and no URL gives a meaning (RFC 3986 §2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The values of a parameter, decoded as forms are.
pub(crate) fn values(target: &Target, name: &str) -> Vec<String> {
    let pairs = target.query.iter().flat_map(|query| query.split('&'));
    pairs
        .filter(|pair| is(pair, name))
        .map(|pair| decode(pair.split_once('=').map_or("", |(_, value)| value)))
        .collect()
}

/// A name and its value as they stand in a query.
pub(crate) fn pair(name: &str, value: &str) -> String {
    format!("{}={}", encoded(name), encoded(value))
}

/// A text as it stands in a query or a form.
pub(crate) fn encoded(text: &str) -> impl std::fmt::Display + '_ {
    utf8_percent_encode(text, ENCODED)
}

/// Takes a parameter out of the query, in the target and in the request.
pub(crate) fn remove(target: &mut Target, request: &mut Request, name: &str) {
    change(target, request, |query| without(query, name));
}

/// Changes the query, in the target and in the request: `change` gets it as it is, an empty one where
/// there is none.
pub(crate) fn change(target: &mut Target, request: &mut Request, change: impl Fn(&str) -> Option<String>) {
    target.query = change(target.query.as_deref().unwrap_or_default());
    let path = request.uri().path();
    let query = change(request.uri().query().unwrap_or_default());
    let text = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(text).ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
}

/// A query without a parameter; `None` where nothing is left.
pub(crate) fn without(query: &str, name: &str) -> Option<String> {
    let kept: Vec<&str> = query.split('&').filter(|pair| !is(pair, name)).collect();
    (!kept.is_empty()).then(|| kept.join("&")).filter(|query| !query.is_empty())
}

/// A query in which a parameter has one value: in the place of the first that is there, else at the end.
pub(crate) fn with(query: &str, name: &str, pair: &str) -> String {
    let mut placed = false;
    let mut kept: Vec<&str> = Vec::new();
    for present in query.split('&') {
        if !is(present, name) {
            kept.push(present);
        } else if !std::mem::replace(&mut placed, true) {
            kept.push(pair);
        }
    }
    if placed { kept.join("&") } else { beside(query, pair) }
}

/// A query with one more pair at its end.
pub(crate) fn beside(query: &str, pair: &str) -> String {
    match query {
        "" => pair.to_owned(),
        query => format!("{}&{pair}", query.strip_suffix('&').unwrap_or(query)),
    }
}

fn is(pair: &str, name: &str) -> bool {
    !pair.is_empty() && decode(pair.split_once('=').map_or(pair, |(name, _)| name)) == name
}

fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_found_in_every_spelling_and_the_rest_stays_as_it_is() {
        for (query, expected) in [
            ("a=1", None),
            ("a", None),
            ("%61=1&A=2", Some("A=2")),
            ("x=%2f&a=1&y=%2F&a=2", Some("x=%2f&y=%2F")),
            ("b=a&ab=1", Some("b=a&ab=1")),
            ("", None),
            ("&a=1&", Some("&")),
        ] {
            assert_eq!(without(query, "a").as_deref(), expected, "{query}");
        }
        assert_eq!(without("a+b=1&a%20b=2&c", "a b").as_deref(), Some("c"));
    }

    #[test]
    fn a_parameter_that_is_set_has_one_value_in_the_place_of_the_first() {
        for (query, expected) in
            [("", "a=1"), ("a=0", "a=1"), ("x=1&a=0&y=2&%61=3", "x=1&a=1&y=2"), ("x=1", "x=1&a=1"), ("x=1&", "x=1&a=1")]
        {
            assert_eq!(with(query, "a", "a=1"), expected, "{query}");
        }
        assert_eq!(beside("a=0", "a=1"), "a=0&a=1");
    }

    #[test]
    fn what_is_written_cannot_end_its_pair() {
        assert_eq!(pair("a&b", "c=d e+f#%ä"), "a%26b=c%3Dd%20e%2Bf%23%25%C3%A4");
    }
}
