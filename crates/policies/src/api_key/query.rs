//! A key in the query: reading it, and taking it out.

use http::Uri;
use http::uri::PathAndQuery;
use percent_encoding::percent_decode_str;
use tollgate_core::Request;
use tollgate_core::exchange::Target;

/// The values of a parameter, decoded as forms are.
pub(super) fn values(target: &Target, name: &str) -> Vec<String> {
    let pairs = target.query.iter().flat_map(|query| query.split('&'));
    pairs
        .filter(|pair| is(pair, name))
        .map(|pair| decode(pair.split_once('=').map_or("", |(_, value)| value)))
        .collect()
}

/// Takes a parameter out of the query, in the target and in the request; every other byte stays.
pub(super) fn remove(target: &mut Target, request: &mut Request, name: &str) {
    if let Some(query) = &target.query {
        target.query = without(query, name);
    }
    let Some(query) = request.uri().query() else { return };
    let path = request.uri().path();
    let text = without(query, name).map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(text).ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
}

fn without(query: &str, name: &str) -> Option<String> {
    let kept: Vec<&str> = query.split('&').filter(|pair| !is(pair, name)).collect();
    (!kept.is_empty()).then(|| kept.join("&"))
}

fn is(pair: &str, name: &str) -> bool {
    decode(pair.split_once('=').map_or(pair, |(name, _)| name)) == name
}

fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}
