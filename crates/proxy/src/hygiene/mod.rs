//! What makes a request unambiguous before anything decides on it.
//!
//! An HTTP library parses; a gateway must also make sure that nobody behind it can read the same
//! bytes in another way. So everything here happens before routing and policies: one Host, one
//! framing, one path (in two spellings, see [`path`]), no field that speaks in the gateway's name,
//! and only addresses that somebody trusted has vouched for. What is refused here is refused for
//! every route alike.
//!
//! The syntax comes first (RFC 9112 and 9113: `tollgate-http1` and h2); tests on raw sockets pin the rules that the
//! gateway relies on.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Version};
use ipnet::IpNet;
use tollgate_core::exchange::{Client, Scheme, Target};
use tollgate_core::settings::Settings;
use tollgate_core::{Problem, reason};

use crate::connection::TooSlow;
use crate::named::Named;
use crate::pace::Pace;
use crate::tls::Session;

pub mod body;
mod cookies;
mod familiar;
mod fields;
mod forwarded;
mod host;
pub mod path;
pub mod upgrade;

pub use body::{BodyMeter, Patience, client_body};
pub use familiar::Familiar;
pub use fields::clean_response;
pub(crate) use fields::{clean_connection_fields, clean_response_trailers, clean_trailers, may_be_sent};
pub use forwarded::forwarding_fields;
pub(crate) use forwarded::{introduction, is_introduced_alike};
pub use upgrade::AskedUpgrade;

/// What a listener's requests are held to. Built once, when a project is loaded.
pub struct HygieneRules {
    url_length: usize,
    header_count: usize,
    header_bytes: usize,
    body_limit: Option<u64>,
    body_pace: Pace,
    trusted: Vec<IpNet>,
    allow_underscore: Vec<String>,
    upgrades: Vec<Arc<str>>,
}

impl HygieneRules {
    /// The rules that the settings ask for.
    pub fn new(settings: &Settings) -> Self {
        let limits = &settings.server.limits;
        Self {
            url_length: limits.url_length.as_usize(),
            header_count: limits.header_count,
            header_bytes: limits.header_bytes.as_usize(),
            body_limit: limits.body.map(|size| size.0),
            body_pace: Pace::new(limits.min_body_rate.0, settings.server.timeouts.body.0),
            trusted: settings.server.trusted_proxies.clone(),
            allow_underscore: settings
                .hygiene
                .allow_underscore
                .iter()
                .map(|name| name.trim().to_ascii_lowercase())
                .collect(),
            upgrades: settings
                .server
                .tunnels
                .protocols
                .iter()
                .map(|protocol| protocol.trim().to_ascii_lowercase().into())
                .collect(),
        }
    }
}

impl fmt::Debug for HygieneRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HygieneRules").field("trusted", &self.trusted).finish_non_exhaustive()
    }
}

/// What is known of a connection before its first request.
#[derive(Debug)]
pub struct ConnectionInfo {
    /// The address at the other end; what a PROXY protocol header says instead, where there is one.
    pub peer: SocketAddr,
    /// The listener's address that it reached; the same.
    pub local: SocketAddr,
    /// Whether it is encrypted.
    pub scheme: Scheme,
    /// What its TLS handshake established.
    pub tls: Option<Arc<Session>>,
    /// It is not encrypted, and should be: its requests are refused.
    pub lacks_tls: bool,
    /// What its requests have in common so far.
    pub familiar: Familiar,
    /// Whether its client is too slow for what it asks for.
    pub too_slow: TooSlow,
}

impl ConnectionInfo {
    /// Of a connection that speaks plain HTTP, as it should.
    pub fn plain(peer: SocketAddr, local: SocketAddr) -> Self {
        Self {
            peer,
            local,
            scheme: Scheme::Http,
            tls: None,
            lacks_tls: false,
            familiar: Familiar::default(),
            too_slow: TooSlow::default(),
        }
    }
}

/// A request that can be read in one way only.
#[derive(Debug)]
pub struct Inspected {
    /// Where it came from.
    pub client: Client,
    /// Its target in two spellings.
    pub target: Target,
    /// How a more lenient reader would see the path, where it has `%2F`, `%5C`, `\` or `;`. If
    /// this finds another route than the match path, the request must be refused.
    pub second_path: Option<String>,
    /// What its connection shall become, where that is allowed.
    pub upgrade: Option<AskedUpgrade>,
    /// What it brought to be told more than others, not checked yet.
    pub debug_token: Option<HeaderValue>,
    /// Whether it came from a proxy whose word about its caller counts.
    pub peer_is_trusted: bool,
}

/// Checks a request head and takes out of it what must not travel on: hop-by-hop fields, what
/// `Connection` names, the gateway's own identity fields, names that others would take for another
/// one (with an underscore, a dot…), and forwarding fields from peers that are not trusted.
///
/// # Errors
/// A [`Problem`] where the head breaks a rule: 400, 413, 414, 421, 431 or 501.
pub fn inspect(parts: &mut Parts, connection: &ConnectionInfo, rules: &HygieneRules) -> Result<Inspected, Problem> {
    if connection.lacks_tls {
        let detail = "Plain HTTP was sent to an address that speaks HTTPS: write https:// in the URL.";
        return Err(Problem::new(&reason::REQUEST_PLAIN_HTTP, detail).closing());
    }
    check_size(parts, rules)?;
    let named = Named::of(&parts.headers);
    let may_upgrade = named.upgrade || parts.method == Method::CONNECT;
    let upgrade = if may_upgrade { upgrade::asked(parts, &rules.upgrades)? } else { None };
    check_method(&parts.method)?;
    check_framing(parts, named, rules)?;
    let host = host::asked_for(parts, connection)?;
    let paths = path::canonicalise(parts.uri.path()).map_err(|why| malformed(why.0))?;

    let trusted = forwarded::is_trusted(connection.peer.ip(), &rules.trusted);
    let debug_token = fields::clean_request(&mut parts.headers, trusted, &rules.allow_underscore);
    cookies::join_crumbs(parts.version, &mut parts.headers);
    let client = forwarded::client(&parts.headers, host, connection, trusted, &rules.trusted);
    check_session(connection, &client.host)?;

    Ok(Inspected {
        client,
        target: Target {
            match_path: paths.matched,
            forward_path: paths.forward,
            query: parts.uri.query().map(path::ascii),
        },
        second_path: paths.second,
        upgrade,
        debug_token,
        peer_is_trusted: trusted,
    })
}

/// A request whose two readings find different routes, as [`Inspected::second_path`] asks for.
pub fn ambiguous_path() -> Problem {
    malformed(
        "The path has an encoded slash, a backslash or a semicolon that leads to another route once it is decoded.",
    )
}

fn malformed(detail: &'static str) -> Problem {
    Problem::new(&reason::REQUEST_MALFORMED, detail)
}

fn check_size(parts: &Parts, rules: &HygieneRules) -> Result<(), Problem> {
    let target = parts.uri.path_and_query().map_or(0, |target| target.as_str().len())
        + parts.uri.authority().map_or(0, |authority| authority.as_str().len());
    if target > rules.url_length {
        return Err(Problem::new(&reason::REQUEST_URI_TOO_LONG, "The request target is too long.").closing());
    }
    let bytes: usize = parts.headers.iter().map(|(name, value)| field_size(name.as_str(), value.as_bytes())).sum();
    if parts.headers.len() > rules.header_count || bytes > rules.header_bytes {
        return Err(Problem::new(
            &reason::REQUEST_HEADERS_TOO_LARGE,
            "The request has too many or too large header fields.",
        )
        .closing());
    }
    Ok(())
}

/// A field as it stands on the wire: name, colon, space, value, line end.
fn field_size(name: &str, value: &[u8]) -> usize {
    name.len() + value.len() + 4
}

fn check_method(method: &Method) -> Result<(), Problem> {
    // CONNECT would make a tunnel of the gateway; TRACE would echo fields that the gateway added.
    if *method == Method::CONNECT || *method == Method::TRACE {
        return Err(
            Problem::new(&reason::REQUEST_METHOD_UNSUPPORTED, "The gateway does not forward this method.").closing()
        );
    }
    Ok(())
}

/// RFC 9112 §6: exactly one kind of framing. Over HTTP/1 whatever reads the head has refused all others; this is for
/// whoever else brings one.
fn check_framing(parts: &Parts, named: Named, rules: &HygieneRules) -> Result<(), Problem> {
    if named.transfer_encoding {
        let mut codings = parts.headers.get_all(TRANSFER_ENCODING).iter();
        let coding = codings.next().map_or(&[][..], HeaderValue::as_bytes);
        if parts.version >= Version::HTTP_2 {
            return Err(malformed("Transfer-Encoding does not exist in this version of HTTP.").closing());
        }
        if codings.next().is_some() || !coding.eq_ignore_ascii_case(b"chunked") {
            return Err(malformed("Transfer-Encoding must be exactly `chunked`.").closing());
        }
        if named.content_length {
            return Err(malformed("Content-Length and Transfer-Encoding exclude each other.").closing());
        }
    }
    if let Some(limit) = rules.body_limit.filter(|_| named.content_length)
        && content_length(&parts.headers).is_some_and(|length| length > limit)
    {
        return Err(Problem::body_too_large(limit));
    }
    Ok(())
}

/// RFC 9110 §15.5.20: the host that will be routed by must be one that this connection was made
/// for, as far as client certificates go.
fn check_session(connection: &ConnectionInfo, host: &str) -> Result<(), Problem> {
    match &connection.tls {
        Some(session) if !session.serves(host::split_port(host).0) => Err(Problem::new(
            &reason::REQUEST_MISDIRECTED,
            "This host needs a connection of its own: the client's certificate is checked in another way there.",
        )),
        _ => Ok(()),
    }
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
