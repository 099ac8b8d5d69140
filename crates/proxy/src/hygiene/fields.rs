//! Which header fields travel on.

use http::HeaderMap;
use http::header::{
    CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderName, HeaderValue, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE,
    TRANSFER_ENCODING, UPGRADE,
};
use smallvec::SmallVec;

/// The gateway's own fields begin with this, whatever stands between the words.
const OWN_PREFIX: &str = "x-tollgate-";

/// Fields by which an intermediary describes the caller or replaces the target or the method. From
/// a peer that is not trusted they are the caller's own claims about itself; some frameworks believe
/// them, and what they then serve is not what was routed, checked and limited here.
const INTERMEDIARY_FIELDS: [&str; 17] = [
    "forwarded",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "fastly-client-ip",
    "x-scheme",
    "x-original-url",
    "x-rewrite-url",
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
    "front-end-https",
    "x-original-host",
    "x-tls-client-cert",
    "x-arr-clientcert",
];
/// What they begin with, above all where they tell of a client's certificate: `Client-Cert` of RFC
/// 9440, and the spellings of servers and load balancers.
const INTERMEDIARY_PREFIXES: [&str; 6] =
    ["x-forwarded-", "client-cert", "x-client-cert", "x-ssl-", "ssl-client", "x-amzn-mtls-"];

/// With which letters the names of intermediaries begin. Most names begin with another, which is
/// all that has to be looked at then.
static INTERMEDIARY_LETTERS: [bool; 256] = first_letters(&[&INTERMEDIARY_FIELDS, &INTERMEDIARY_PREFIXES]);

const fn first_letters(lists: &[&[&str]]) -> [bool; 256] {
    let mut letters = [false; 256];
    let mut list = 0;
    while list < lists.len() {
        let mut name = 0;
        while name < lists[list].len() {
            letters[lists[list][name].as_bytes()[0] as usize] = true;
            name += 1;
        }
        list += 1;
    }
    letters
}

/// The field that a debug token comes in.
const DEBUG: HeaderName = HeaderName::from_static("x-tollgate-debug");

/// Takes out of a request what must not travel on. Gives back the debug token that was in it.
pub(super) fn clean_request(
    headers: &mut HeaderMap,
    peer_is_trusted: bool,
    allow_underscore: &[String],
) -> Option<HeaderValue> {
    // One look at each name; only what is there is then looked up.
    let mut doomed: SmallVec<[HeaderName; 8]> = SmallVec::new();
    let (mut has_connection, mut has_te) = (false, false);
    for name in headers.keys() {
        has_connection |= *name == CONNECTION;
        has_te |= *name == TE;
        if is_hop_by_hop(name)
            || is_own(name)
            || is_hidden_twin(name, allow_underscore)
            || (!peer_is_trusted && is_intermediary(name))
        {
            doomed.push(name.clone());
        }
    }
    let wants_trailers = has_te && accepts_trailers(headers);
    if has_connection {
        remove_nominated(headers);
    }
    let mut debug_token = None;
    for name in doomed {
        let is_debug = name == DEBUG;
        let value = headers.remove(name);
        if is_debug {
            debug_token = value;
        }
    }
    // `TE: trailers` is the one value that is true of the gateway as well: it passes trailers on.
    if wants_trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
    debug_token
}

/// Takes out of an upstream's answer what concerns only its connection with the gateway, and
/// leaves the framing to be made anew. Content-Length stays only where there is no body that it
/// could contradict (answers to HEAD, and 304): there it tells what a GET would bring.
pub fn clean_response(parts: &mut http::response::Parts, has_no_body: bool) {
    let headers = &mut parts.headers;
    let mut doomed: SmallVec<[HeaderName; 8]> = SmallVec::new();
    let (mut has_connection, mut has_length) = (false, false);
    for name in headers.keys() {
        has_connection |= *name == CONNECTION;
        has_length |= *name == CONTENT_LENGTH;
        if is_hop_by_hop(name) {
            doomed.push(name.clone());
        }
    }
    if has_connection {
        remove_nominated(headers);
    }
    for name in doomed {
        headers.remove(name);
    }
    if has_length && (!has_no_body || !is_one_number(headers)) {
        headers.remove(CONTENT_LENGTH);
    }
}

fn is_one_number(headers: &HeaderMap) -> bool {
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    let length = lengths.next().map_or(&[][..], HeaderValue::as_bytes);
    lengths.next().is_none() && (1..=19).contains(&length.len()) && length.iter().all(u8::is_ascii_digit)
}

/// Fields that have no place in trailers (RFC 9110 §6.5.1): a receiver that merges trailers into
/// the head would let them change framing, routing, who calls, or how the content is read, after
/// everybody has looked.
const NOT_IN_TRAILERS: [&str; 28] = [
    "accept-encoding",
    "authorization",
    "age",
    "cache-control",
    "content-encoding",
    "content-length",
    "content-location",
    "content-range",
    "content-type",
    "cookie",
    "date",
    "expires",
    "host",
    "location",
    "max-forwards",
    "pragma",
    "priority",
    "range",
    "retry-after",
    "set-cookie",
    "trailer",
    "traceparent",
    "tracestate",
    "vary",
    "via",
    "warning",
    "www-authenticate",
    "x-request-id",
];

fn is_forbidden_in_trailers(name: &HeaderName) -> bool {
    is_hop_by_hop(name) || NOT_IN_TRAILERS.contains(&name.as_str())
}

/// Takes out of a request's trailers what must not travel on. Some servers merge trailers into the
/// head, so nothing may come that way which was taken out of the head: the gateway's own fields,
/// names that others take for another one, and what only intermediaries say.
pub(crate) fn clean_trailers(trailers: &mut HeaderMap) {
    remove(trailers, |name| {
        is_forbidden_in_trailers(name)
            || is_own(name)
            || is_intermediary(name)
            || is_hidden_twin(name, &[])
            || name.as_str().starts_with("if-")
    });
}

/// Takes what HTTP/2 has no place for out of an answer, whoever has written it there (RFC 9113 §8.2.2).
pub(crate) fn clean_connection_fields(headers: &mut HeaderMap) {
    if headers.contains_key(CONNECTION) {
        remove_nominated(headers);
    }
    remove(headers, |name| {
        [CONNECTION, TRANSFER_ENCODING, UPGRADE, TE].contains(name)
            || matches!(name.as_str(), "keep-alive" | "proxy-connection")
    });
}

/// Takes out of an answer's trailers what must not stand there.
pub(crate) fn clean_response_trailers(trailers: &mut HeaderMap) {
    remove(trailers, is_forbidden_in_trailers);
}

fn remove(headers: &mut HeaderMap, which: impl Fn(&HeaderName) -> bool) {
    let doomed: SmallVec<[HeaderName; 4]> = headers.keys().filter(|name| which(name)).cloned().collect();
    for name in doomed {
        headers.remove(name);
    }
}

/// Removes what `Connection` names (RFC 9110 §7.6.1). The framing and the host cannot be named
/// away: others depend on them, and they are made anew for the next hop anyway. Nor can what a
/// trusted proxy says of the caller: a caller behind it could hide its address.
fn remove_nominated(headers: &mut HeaderMap) {
    let mut nominated: SmallVec<[HeaderName; 4]> = SmallVec::new();
    for value in headers.get_all(CONNECTION) {
        for name in value.as_bytes().split(|&byte| byte == b',') {
            if let Ok(name) = HeaderName::from_bytes(name.trim_ascii())
                && name != CONTENT_LENGTH
                && name != TRANSFER_ENCODING
                && name != HOST
                && !is_intermediary(&name)
            {
                nominated.push(name);
            }
        }
    }
    for name in nominated {
        headers.remove(name);
    }
}

fn accepts_trailers(headers: &HeaderMap) -> bool {
    headers.get_all(TE).iter().any(|value| {
        value.as_bytes().split(|&byte| byte == b',').any(|coding| coding.trim_ascii().eq_ignore_ascii_case(b"trailers"))
    })
}

/// Whether a field is one that a client's request may bring to a route, from whoever it is.
pub(crate) fn may_be_sent(name: &HeaderName) -> bool {
    !(is_hop_by_hop(name) || is_own(name) || is_hidden_twin(name, &[]) || is_intermediary(name))
}

/// Fields that concern one connection only. `Trailer` is not among them: it travels with the
/// trailers that it announces. `Expect` is met by the gateway itself, and `Proxy` is read as an
/// environment variable by CGI programs.
fn is_hop_by_hop(name: &HeaderName) -> bool {
    *name == CONNECTION
        || *name == TRANSFER_ENCODING
        || *name == TE
        || *name == UPGRADE
        || *name == EXPECT
        || *name == PROXY_AUTHENTICATE
        || *name == PROXY_AUTHORIZATION
        || matches!(
            name.as_str(),
            "keep-alive" | "proxy-connection" | "proxy-authentication-info" | "http2-settings" | "proxy"
        )
}

fn is_own(name: &HeaderName) -> bool {
    name.as_str().get(..OWN_PREFIX.len()).is_some_and(|start| reads_as(start, OWN_PREFIX))
}

/// Whether some programs would see this name as another one. CGI and WSGI turn hyphens into
/// underscores, and some servers do that to every byte that is no letter and no digit. `allowed`
/// names pass, unless what they would be taken for is something that others rely on.
fn is_hidden_twin(name: &HeaderName, allowed: &[String]) -> bool {
    let name = name.as_str();
    if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return false;
    }
    !allowed.iter().any(|allowed| allowed == name)
        || INTERMEDIARY_PREFIXES
            .iter()
            .any(|prefix| name.get(..prefix.len()).is_some_and(|start| reads_as(start, prefix)))
        || INTERMEDIARY_FIELDS.iter().any(|other| reads_as(name, other))
        || ["content-length", "transfer-encoding"].iter().any(|other| reads_as(name, other))
}

/// Whether a name is another one but for what stands between its words. Both are in lower case.
fn reads_as(name: &str, other: &str) -> bool {
    name.len() == other.len()
        && name.bytes().zip(other.bytes()).all(|(a, b)| a == b || (b == b'-' && !a.is_ascii_alphanumeric()))
}

fn is_intermediary(name: &HeaderName) -> bool {
    let name = name.as_str();
    let begins_like_one = name.as_bytes().first().is_some_and(|letter| INTERMEDIARY_LETTERS[usize::from(*letter)]);
    if !begins_like_one {
        return false;
    }
    INTERMEDIARY_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || INTERMEDIARY_FIELDS.contains(&name)
}
