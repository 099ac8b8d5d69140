//! Who the caller is when proxies stand in between, and what the upstream is told of it.
//!
//! Nothing that a peer says about somebody else is believed unless the peer is listed under
//! `server.trustedProxies`. Then the chain of addresses is walked from its right end, and the
//! first address that is not itself trusted is the caller: everything left of it may be invented.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::HeaderMap;
use http::header::{Entry, FORWARDED, HeaderName, HeaderValue};
use ipnet::IpNet;
use smallvec::SmallVec;
use tollgate_core::exchange::{Client, Introduction, Scheme};
use tollgate_http1::push_field;

use super::{ConnectionInfo, Inspected, host};

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
    host: Arc<str>,
    connection: &ConnectionInfo,
    peer_is_trusted: bool,
    trusted: &[IpNet],
) -> Client {
    let peer = connection.peer;
    let certificate = connection.tls.as_ref().and_then(|session| session.certificate.clone());
    let mut client = Client { peer, ip: peer.ip().to_canonical(), scheme: connection.scheme, host, certificate };
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
    let told = connection.familiar.known(client, || Known::new(client, connection));
    append(headers, X_FORWARDED_FOR, &told.peer);
    headers.insert(X_REAL_IP, told.ip.clone());
    headers.insert(X_FORWARDED_PROTO, told.proto.clone());
    headers.insert(X_FORWARDED_HOST, told.host.clone());
    headers.insert(X_FORWARDED_PORT, told.port.clone());
    append(headers, FORWARDED, &told.element);
    if let Some(session) = &connection.tls {
        session.forward(headers);
    }
}

/// Whether the callers of a connection are introduced by the same fields each time, whatever their requests bring:
/// nothing of what a trusted proxy says is passed on, and no field of theirs is cleared for a certificate.
pub(crate) fn is_introduced_alike(inspected: &Inspected, connection: &ConnectionInfo) -> bool {
    !inspected.peer_is_trusted && connection.tls.as_ref().is_none_or(|session| !session.forwards_certificates())
}

/// What introduces such a caller, ready to be written.
pub(crate) fn introduction(client: &Client, connection: &ConnectionInfo) -> Arc<Introduction> {
    let told = connection.familiar.known(client, || Known::new(client, connection));
    Arc::clone(told.alone.get_or_init(|| {
        let (mut fields, mut lines) = (HeaderMap::new(), Vec::new());
        forwarding_fields(&mut fields, client, connection);
        for (name, value) in &fields {
            push_field(&mut lines, name.as_str(), value.as_bytes());
        }
        let fields = fields.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        Arc::new(Introduction { fields, lines: lines.into() })
    }))
}

/// What the upstream is told of one caller, ready to be written.
pub(super) struct Known {
    of: Client,
    peer: HeaderValue,
    ip: HeaderValue,
    proto: HeaderValue,
    host: HeaderValue,
    port: HeaderValue,
    element: HeaderValue,
    /// All of it, where nobody else has told anything.
    alone: OnceLock<Arc<Introduction>>,
}

impl Known {
    fn new(client: &Client, connection: &ConnectionInfo) -> Self {
        let peer = connection.peer.ip().to_canonical();
        let port = host::split_port(&client.host).1.unwrap_or(host::default_port(client.scheme));
        let mut element = String::with_capacity(64);
        // Writing to a string does not fail.
        let _ = match peer {
            IpAddr::V4(ip) => write!(element, "for={ip}"),
            IpAddr::V6(ip) => write!(element, "for=\"[{ip}]\""),
        };
        // A colon or a bracket makes quotes necessary (RFC 7239 §4).
        let quote = if client.host.contains([':', '[']) { "\"" } else { "" };
        let _ = write!(element, ";host={quote}{}{quote};proto={}", client.host, client.scheme.as_str());
        Self {
            of: client.clone(),
            peer: value(&peer.to_string()),
            ip: value(&client.ip.to_string()),
            proto: HeaderValue::from_static(client.scheme.as_str()),
            host: value(&client.host),
            port: value(port),
            element: value(&element),
            alone: OnceLock::new(),
        }
    }

    /// Whether it would be made of this caller again.
    pub(super) fn is_of(&self, client: &Client) -> bool {
        self.of.ip == client.ip && self.of.scheme == client.scheme && self.of.host == client.host
    }
}

/// Addresses and hosts are visible ASCII: this fails for none of them.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Adds a member to a list that trusted proxies may have begun.
fn append(headers: &mut HeaderMap, name: HeaderName, member: &HeaderValue) {
    match headers.entry(name) {
        Entry::Vacant(place) => drop(place.insert(member.clone())),
        Entry::Occupied(mut place) => {
            let mut list = Vec::new();
            for value in place.iter() {
                if value.to_str().is_ok_and(|text| !text.trim().is_empty()) {
                    list.extend_from_slice(value.as_bytes());
                    list.extend_from_slice(b", ");
                }
            }
            list.extend_from_slice(member.as_bytes());
            // Nothing of the old value stays, should it be none.
            place.insert(HeaderValue::from_maybe_shared(Bytes::from(list)).unwrap_or_else(|_| member.clone()));
        }
    }
}
