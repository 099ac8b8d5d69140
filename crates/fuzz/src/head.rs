//! What becomes of the head of a request.
//!
//! The first byte chooses who the peer is and what is allowed; then come a line with method and
//! target, and a line for each field.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue, Request, Version};
use tollgate_core::settings::Settings;
use tollgate_proxy::hygiene::path::{self, Paths};
use tollgate_proxy::hygiene::{ConnectionInfo, HygieneRules, forwarding_fields, inspect};

const PEER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)), 4711);
const LOCAL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 80)), 9000);
const ALLOWED: &str = "x_ok";

/// The bytes are a flag and the lines of a head.
pub fn run(bytes: &[u8]) {
    let Some((&flags, rest)) = bytes.split_first() else { return };
    let trusted = flags & 1 != 0;
    let Some(request) = request(rest, flags) else { return };
    let named = named(request.headers());
    let (mut parts, ()) = request.into_parts();
    let raw = parts.uri.path().to_owned();

    let connection = ConnectionInfo::plain(PEER, LOCAL);
    let Ok(inspected) = inspect(&mut parts, &connection, &rules(trusted)) else { return };
    let (target, host) = (&inspected.target, &inspected.client.host);
    let paths = Paths {
        matched: target.match_path.clone(),
        forward: target.forward_path.clone(),
        second: inspected.second_path.clone(),
    };
    crate::path::check(&raw, &paths);
    assert_eq!(path::canonicalise(&raw).ok(), Some(paths), "{raw:?}");
    assert!(target.query.as_ref().is_none_or(|query| query.is_ascii()), "{:?}", target.query);
    assert!(
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic() && !b",@/\\?#%".contains(&byte)),
        "{host:?}"
    );
    check_fields(&parts.headers, &named, trusted);

    forwarding_fields(&mut parts.headers, &inspected.client, &connection);
    for name in
        ["x-forwarded-for", "x-real-ip", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "forwarded"]
    {
        assert_eq!(parts.headers.get_all(name).iter().count(), 1, "{name}");
    }
    if !trusted {
        assert_eq!(inspected.client.ip, PEER.ip());
        assert_eq!(parts.headers.get("x-forwarded-for").map(HeaderValue::as_bytes), Some(&b"192.0.2.7"[..]));
    }
}

fn request(bytes: &[u8], flags: u8) -> Option<Request<()>> {
    let mut lines = bytes.split(|&byte| byte == b'\n');
    let mut first = lines.next()?.splitn(2, |&byte| byte == b' ');
    let version = match flags >> 1 & 3 {
        0 => Version::HTTP_10,
        1 => Version::HTTP_2,
        _ => Version::HTTP_11,
    };
    let mut request = Request::builder().version(version).method(first.next()?).uri(first.next()?).body(()).ok()?;
    for line in lines {
        let at = line.iter().position(|&byte| byte == b':')?;
        let name = HeaderName::from_bytes(&line[..at]).ok()?;
        request.headers_mut().append(name, HeaderValue::from_bytes(line[at + 1..].trim_ascii()).ok()?);
    }
    Some(request)
}

fn rules(trusted: bool) -> HygieneRules {
    let mut settings = Settings::default();
    settings.hygiene.allow_underscore =
        vec![ALLOWED.to_owned(), "x.forwarded.for".to_owned(), "x_tollgate_user".to_owned()];
    if trusted {
        settings.server.trusted_proxies = "192.0.2.0/24".parse().into_iter().collect();
    }
    HygieneRules::new(&settings)
}

/// What `Connection` names.
fn named(headers: &HeaderMap) -> Vec<HeaderName> {
    let lists = headers.get_all("connection").iter().flat_map(|list| list.as_bytes().split(|&byte| byte == b','));
    lists.filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok()).collect()
}

fn check_fields(headers: &HeaderMap, named: &[HeaderName], trusted: bool) {
    for (name, value) in headers {
        let text = name.as_str();
        let flat: String = text.chars().map(|char| if char.is_ascii_alphanumeric() { char } else { '-' }).collect();
        assert!(!flat.starts_with("x-tollgate-"), "{name} speaks in the gateway's name");
        assert!(flat == text || text == ALLOWED, "{name} may be taken for {flat}");
        let forwarding = flat.starts_with("x-forwarded-") || matches!(&*flat, "forwarded" | "x-real-ip");
        assert!(trusted || !forwarding, "{name} is a stranger's word");
        let of_one_hop =
            ["connection", "transfer-encoding", "upgrade", "keep-alive", "proxy-connection", "expect", "proxy"];
        assert!(!of_one_hop.contains(&text), "{name} concerns one connection");
        assert!(text != "te" || value == "trailers", "{value:?}");
        let of_certificates = CERTIFICATES.iter().any(|prefix| flat.starts_with(prefix));
        assert!(trusted || !of_certificates, "{name} is a stranger's word");
        let intermediary = forwarding || of_certificates || INTERMEDIARY.contains(&text);
        let kept = matches!(text, "host" | "content-length" | "te") || intermediary;
        assert!(kept || !named.contains(name), "{name} was named by Connection");
    }
}

const CERTIFICATES: [&str; 5] = ["client-cert", "x-client-cert", "x-ssl-", "ssl-client", "x-amzn-mtls-"];
const INTERMEDIARY: [&str; 15] = [
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
