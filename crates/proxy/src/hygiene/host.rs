//! Which host a request asks for: exactly one, well-formed, and said only one way (RFC 9112
//! §3.2).

use std::net::Ipv6Addr;
use std::sync::Arc;

use http::header::HOST;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, Version};
use tollgate_core::Problem;
use tollgate_core::exchange::Scheme;

use super::{ConnectionInfo, malformed};

/// The host and port that the request asks for, in lower case.
///
/// # Errors
/// 400 for a target in a form that a gateway does not serve, and for a Host that is missing,
/// double, ill-formed, or another than the target's.
pub(super) fn asked_for(parts: &Parts, connection: &ConnectionInfo) -> Result<Arc<str>, Problem> {
    let field = only_host(&parts.headers)?;
    let (scheme, authority) = (parts.uri.scheme_str(), parts.uri.authority());
    if let (Some(field), None, None) = (field, scheme, authority) {
        if let Some(host) = connection.familiar.host(field) {
            return Ok(host);
        }
        let host = parse(field).ok_or_else(|| malformed(BAD_HOST))?.into();
        connection.familiar.remember(field, &host);
        return Ok(host);
    }
    let field = field.map(|text| parse(text).ok_or(BAD_HOST)).transpose().map_err(malformed)?;
    let target = match (scheme, authority) {
        (None, None) => None,
        (Some("http" | "https"), Some(authority)) => Some(authority_of(authority)?),
        _ => return Err(malformed("The request target must be a path, or a whole http or https URL.").closing()),
    };
    let host = match (field, target) {
        (Some(field), None) => field,
        (Some(field), Some(target)) if same(&field, &target, connection.scheme) => field,
        (Some(_), Some(_)) => {
            return Err(malformed("The request target and the Host field name different hosts.").closing());
        }
        (None, Some(target)) if parts.version >= Version::HTTP_2 => target,
        // HTTP/1.0 knows no Host: the address that the client reached is what it asked for.
        (None, target) if parts.version <= Version::HTTP_10 => target.unwrap_or_else(|| connection.local.to_string()),
        (None, _) => return Err(malformed("The request has no Host field.").closing()),
    };
    Ok(host.into())
}

const BAD_HOST: &str = "The Host field is not a host with an optional port.";

fn only_host(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut hosts = headers.get_all(HOST).iter();
    let Some(host) = hosts.next() else { return Ok(None) };
    if hosts.next().is_some() {
        return Err(malformed("The request has more than one Host field.").closing());
    }
    host.to_str().map(Some).map_err(|_| malformed(BAD_HOST).closing())
}

fn authority_of(authority: &Authority) -> Result<String, Problem> {
    parse(authority.as_str()).ok_or_else(|| malformed("The authority of the request target is ill-formed.").closing())
}

/// Reads `host` or `host:port` into lower case, without the root's trailing dot. Userinfo,
/// percent signs and everything else that no name or address holds make it ill-formed.
pub(super) fn parse(text: &str) -> Option<String> {
    let (name, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, after) = rest.split_once(']')?;
            address.parse::<Ipv6Addr>().ok()?;
            let port = if after.is_empty() { None } else { Some(after.strip_prefix(':')?) };
            (&text[..address.len() + 2], port)
        }
        None => match text.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (text, None),
        },
    };
    let name = if name.len() > 1 { name.strip_suffix('.').unwrap_or(name) } else { name };
    if !name.starts_with('[') && (name.is_empty() || name.len() > 255 || !name.bytes().all(is_host_byte)) {
        return None;
    }
    let mut host = name.to_ascii_lowercase();
    match port {
        None | Some("") => {}
        Some(port) if port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok() => {
            host.push(':');
            host.push_str(port);
        }
        Some(_) => return None,
    }
    Some(host)
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Splits a host that [`parse`] made.
pub(super) fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    }
}

/// Whether two hosts are one, a default port written out or not.
fn same(one: &str, other: &str, scheme: Scheme) -> bool {
    let with_port = |host| {
        let (name, port): (&str, Option<&str>) = split_port(host);
        (name.to_owned(), port.unwrap_or(default_port(scheme)).to_owned())
    };
    one == other || with_port(one) == with_port(other)
}

pub(super) const fn default_port(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Http => "80",
        Scheme::Https => "443",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(parse(text).as_deref(), expected, "{text:?}");
    }

    #[test]
    fn a_host_is_a_name_or_an_address_and_maybe_a_port() {
        check("Example.COM", Some("example.com"));
        check("example.com.", Some("example.com"));
        check("example.com:8080", Some("example.com:8080"));
        check("example.com:", Some("example.com"));
        check("127.0.0.1:9000", Some("127.0.0.1:9000"));
        check("[::1]", Some("[::1]"));
        check("[2001:DB8::1]:443", Some("[2001:db8::1]:443"));
        check("a_b.example", Some("a_b.example"));
        for bad in [
            "",
            "a b",
            "a,b",
            "user@example.com",
            "example.com:80:80",
            "example.com:x",
            "example.com:99999",
            "::1",
            "[::1",
            "[::1]x",
            "[zz]",
            "a/b",
            "a\\b",
            "a%2eb",
            "exa\u{e9}mple",
            "a?b",
            "a#b",
            "example.com:+80",
        ] {
            check(bad, None);
        }
    }

    #[test]
    fn a_default_port_makes_no_difference() {
        assert!(same("a:80", "a", Scheme::Http));
        assert!(same("a", "a:443", Scheme::Https));
        assert!(same("[::1]:80", "[::1]", Scheme::Http));
        assert!(!same("a:81", "a", Scheme::Http));
        assert!(!same("a", "b", Scheme::Http));
    }
}
