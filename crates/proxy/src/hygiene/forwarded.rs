//! Who the caller is when proxies stand in between, and what the upstream is told of it.
//!
//! Nothing that a peer says about somebody else is believed unless the peer is listed under
//! `server.trustedProxies`. Then the chain of addresses is walked from its right end, and the
//! first address that is not itself trusted is the caller: everything left of it may be invented.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::HeaderMap;
use http::header::{FORWARDED, HeaderName, HeaderValue};
use ipnet::IpNet;
use smallvec::SmallVec;
use tollgate_core::exchange::{Client, Scheme};

use super::{ConnectionInfo, host};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// Whether a peer's word about others counts.
pub(super) fn is_trusted(ip: IpAddr, trusted: &[IpNet]) -> bool {
    let ip = ip.to_canonical();
    trusted.iter().any(|net| net.contains(&ip))
}

/// Who the caller is. `host` is what the request itself asked for.
pub(super) fn client(
    headers: &HeaderMap,
    host: String,
    connection: &ConnectionInfo,
    peer_is_trusted: bool,
    trusted: &[IpNet],
) -> Client {
    let peer = connection.peer;
    let mut client =
        Client { peer, ip: peer.ip().to_canonical(), scheme: connection.scheme, host: Arc::from(host.as_str()) };
    if !peer_is_trusted {
        return client;
    }
    // Many proxies write X-Forwarded-For and let a caller's own Forwarded pass untouched, so the
    // former decides where both are there.
    let only_standard = headers.contains_key(FORWARDED) && !headers.contains_key(X_FORWARDED_FOR);
    let told = if only_standard { standard(headers) } else { x_forwarded(headers) };
    let hops = told.addresses.len();
    let mut chosen = hops;
    for (index, address) in told.addresses.iter().enumerate().rev() {
        // An address that cannot be read hides everything left of it.
        let Some(address) = address else { break };
        client.ip = *address;
        chosen = index;
        if !is_trusted(*address, trusted) {
            break;
        }
    }
    // Protocol and host are taken from the same place in the chain where each hop has noted its
    // own, and from the nearest proxy otherwise.
    let at_place = |list: &[Option<String>]| -> Option<String> {
        let entry = if list.len() == hops && chosen < hops { list.get(chosen) } else { list.last() };
        entry.cloned().flatten()
    };
    match at_place(&told.protocols).as_deref() {
        Some("https") => client.scheme = Scheme::Https,
        Some("http") => client.scheme = Scheme::Http,
        _ => {}
    }
    if let Some(host) = at_place(&told.hosts).as_deref().and_then(host::parse) {
        client.host = Arc::from(host);
    }
    client
}

/// What a chain of proxies says, in the order of the chain.
#[derive(Default)]
struct Told {
    addresses: SmallVec<[Option<IpAddr>; 4]>,
    protocols: SmallVec<[Option<String>; 2]>,
    hosts: SmallVec<[Option<String>; 2]>,
}

fn x_forwarded(headers: &HeaderMap) -> Told {
    let lower = |text: &str| Some(text.to_ascii_lowercase());
    Told {
        addresses: members(headers, &X_FORWARDED_FOR).map(address).collect(),
        protocols: members(headers, &X_FORWARDED_PROTO).map(lower).collect(),
        hosts: members(headers, &X_FORWARDED_HOST).map(lower).collect(),
    }
}

/// The members of a comma-separated field.
fn members<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    headers.get_all(name).iter().flat_map(|value| value.to_str().unwrap_or_default().split(',')).map(str::trim)
}

/// `Forwarded` of RFC 7239. A field that is not well-formed from some place on says nothing: no
/// part of it is believed.
fn standard(headers: &HeaderMap) -> Told {
    let mut told = Told::default();
    for value in headers.get_all(FORWARDED) {
        let Some(elements) = value.to_str().ok().and_then(elements) else { return Told::default() };
        for element in elements {
            let get = |key: &str| element.iter().find(|(k, _)| k.eq_ignore_ascii_case(key)).map(|(_, v)| v.as_str());
            told.addresses.push(get("for").and_then(address));
            told.protocols.push(get("proto").map(str::to_ascii_lowercase));
            told.hosts.push(get("host").map(str::to_owned));
        }
    }
    told
}

type Element = Vec<(String, String)>;

fn elements(text: &str) -> Option<Vec<Element>> {
    let mut elements = vec![Element::new()];
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=')?;
        let (value, after) = token_or_quoted(after)?;
        elements.last_mut()?.push((key.trim().to_owned(), value));
        let after = after.trim_start();
        rest = match after.chars().next() {
            None => break,
            Some(';') => after[1..].trim_start(),
            Some(',') => {
                elements.push(Element::new());
                after[1..].trim_start()
            }
            Some(_) => return None,
        };
    }
    Some(elements)
}

fn token_or_quoted(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([';', ',', ' ', '\t']).unwrap_or(text.len());
        return Some((text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(chars.next()?.1),
            _ => value.push(char),
        }
    }
    None
}

/// An address with or without a port and brackets.
fn address(text: &str) -> Option<IpAddr> {
    let ip = text.parse::<IpAddr>().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|a| a.ip())).or_else(|| {
        text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).and_then(|inner| inner.parse().ok())
    })?;
    Some(ip.to_canonical())
}

/// Tells the upstream who the caller is: `X-Forwarded-For`, `-Proto`, `-Host`, `-Port`,
/// `X-Real-IP` and `Forwarded`. What trusted proxies said before stays in front of it; from
/// everybody else [`super::inspect`] has removed it. And who the client is by its certificate,
/// where that is asked for.
pub fn forwarding_fields(headers: &mut HeaderMap, client: &Client, connection: &ConnectionInfo) {
    let peer = connection.peer.ip().to_canonical();
    append(headers, X_FORWARDED_FOR, &peer.to_string());
    set(headers, X_REAL_IP, &client.ip.to_string());
    set(headers, X_FORWARDED_PROTO, client.scheme.as_str());
    set(headers, X_FORWARDED_HOST, &client.host);
    let port = host::split_port(&client.host).1.unwrap_or(host::default_port(client.scheme));
    set(headers, X_FORWARDED_PORT, port);

    let mut element = String::with_capacity(64);
    // Writing to a string does not fail.
    let _ = match peer {
        IpAddr::V4(ip) => write!(element, "for={ip}"),
        IpAddr::V6(ip) => write!(element, "for=\"[{ip}]\""),
    };
    // A colon or a bracket makes quotes necessary (RFC 7239 §4).
    let quote = if client.host.contains([':', '[']) { "\"" } else { "" };
    let _ = write!(element, ";host={quote}{}{quote};proto={}", client.host, client.scheme.as_str());
    append(headers, FORWARDED, &element);
    if let Some(session) = &connection.tls {
        session.forward(headers);
    }
}

fn append(headers: &mut HeaderMap, name: HeaderName, member: &str) {
    let mut list = String::new();
    for value in headers.get_all(&name) {
        if let Ok(text) = value.to_str()
            && !text.trim().is_empty()
        {
            list.push_str(text);
            list.push_str(", ");
        }
    }
    if list.is_empty() {
        set(headers, name, member);
    } else {
        list.push_str(member);
        set(headers, name, &list);
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    match HeaderValue::from_str(text) {
        Ok(value) => drop(headers.insert(name, value)),
        // Nothing is better than what the caller may have said.
        Err(_) => drop(headers.remove(name)),
    }
}
