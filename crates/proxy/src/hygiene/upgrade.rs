//! A request that asks for another protocol on its connection (RFC 9110 §7.8), such as WebSocket
//! (RFC 6455), and the same over HTTP/2 (extended CONNECT, RFC 8441).
//!
//! Whatever is not asked for in the one right way, or for a protocol that the settings do not name,
//! travels on as an ordinary request without its `Upgrade` field. What is passed on is written anew,
//! so that nobody behind the gateway sees an upgrade that it did not understand.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use h2::ext::Protocol;
use http::header::{
    CONNECTION, CONTENT_LENGTH, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, Method, Version};

use sha1::{Digest, Sha1};
use tollgate_core::{Problem, reason};

use super::malformed;

/// The one protocol whose handshake the gateway knows.
pub(crate) const WEBSOCKET: &str = "websocket";
/// The one version of it that there is.
const WEBSOCKET_VERSION: HeaderValue = HeaderValue::from_static("13");
/// What the key is hashed with (RFC 6455 §1.3).
const WEBSOCKET_GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// What a client wants its connection to become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedUpgrade {
    /// The protocol's token, as the settings spell it.
    pub protocol: Arc<str>,
    /// The client's `Sec-WebSocket-Key`; `None` for other protocols, and over HTTP/2, which has none.
    pub(crate) key: Option<HeaderValue>,
    /// Whether it was asked for with extended CONNECT, so that it is granted with 200.
    pub(crate) extended_connect: bool,
}

impl AskedUpgrade {
    /// Whether it is the protocol whose handshake the gateway checks.
    pub(crate) fn is_websocket(&self) -> bool {
        &*self.protocol == WEBSOCKET
    }

    /// Writes the fields of the protocol's own handshake, and gives back the key that the
    /// upstream's answer must prove to have seen. `Connection` and `Upgrade` are the connection's.
    pub(crate) fn ask(&self, headers: &mut HeaderMap) -> Option<HeaderValue> {
        if !self.is_websocket() {
            return None;
        }
        let key = self.key.clone().unwrap_or_else(new_key);
        headers.insert(SEC_WEBSOCKET_VERSION, WEBSOCKET_VERSION);
        headers.insert(SEC_WEBSOCKET_KEY, key.clone());
        Some(key)
    }

    /// Writes the fields that grant it to an HTTP/1.1 client.
    pub(crate) fn grant(&self, headers: &mut HeaderMap) {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        if let Ok(protocol) = HeaderValue::from_str(&self.protocol) {
            headers.insert(UPGRADE, protocol);
        }
        if let Some(key) = &self.key {
            headers.insert(SEC_WEBSOCKET_ACCEPT, accept_of(key));
        }
    }
}

/// The refusal of an extended CONNECT on a route that takes none.
pub(crate) fn not_here() -> Problem {
    Problem::new(&reason::REQUEST_METHOD_UNSUPPORTED, "No WebSocket may be opened here.")
        .caused_by("`upgrades` of the route does not list it")
}

/// What proves that a WebSocket server has read the key (RFC 6455 §4.2.2).
pub(crate) fn accept_of(key: &HeaderValue) -> HeaderValue {
    let mut hash = Sha1::new();
    hash.update(key.as_bytes());
    hash.update(WEBSOCKET_GUID);
    // Base64 is made of characters that every field may hold.
    HeaderValue::try_from(BASE64.encode(hash.finalize())).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The key only shows that the answer is not somebody's cached one; nothing depends on its secrecy.
fn new_key() -> HeaderValue {
    let text = BASE64.encode(uuid::Uuid::new_v4().as_bytes());
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Reads what a request asks for, before its hop-by-hop fields are dropped. A CONNECT that asks
/// for a WebSocket becomes the GET that it stands for.
///
/// # Errors
/// A [`Problem`] where the handshake of an allowed protocol breaks the rules: 400 or 426.
pub(super) fn asked(parts: &mut Parts, allowed: &[Arc<str>]) -> Result<Option<AskedUpgrade>, Problem> {
    if parts.method == Method::CONNECT {
        return asked_with_connect(parts, allowed);
    }
    // HTTP/1.0 has no upgrades, and the field means nothing in HTTP/2.
    if parts.version != Version::HTTP_11 || !parts.headers.contains_key(UPGRADE) || !names(&parts.headers, "upgrade") {
        return Ok(None);
    }
    let mut tokens = list(&parts.headers, &UPGRADE);
    let Some(protocol) =
        tokens.find_map(|token| allowed.iter().find(|known| token.eq_ignore_ascii_case(known.as_bytes())).cloned())
    else {
        return Ok(None);
    };
    drop(tokens);
    // Bytes that follow the head would be a body to one reader and the tunnel's to another.
    let length = parts.headers.get(CONTENT_LENGTH);
    if parts.headers.contains_key(TRANSFER_ENCODING) || length.is_some_and(|length| length != "0") {
        return Err(malformed("A request for an upgrade has no body.").closing());
    }
    let mut asked = AskedUpgrade { protocol, key: None, extended_connect: false };
    if asked.is_websocket() {
        if parts.method != Method::GET {
            return Err(malformed("A WebSocket handshake is a GET request."));
        }
        check_version(&parts.headers)?;
        asked.key = Some(key(&parts.headers)?);
    }
    Ok(Some(asked))
}

fn asked_with_connect(parts: &mut Parts, allowed: &[Arc<str>]) -> Result<Option<AskedUpgrade>, Problem> {
    let is_websocket = parts.version == Version::HTTP_2
        && parts.extensions.get::<Protocol>().is_some_and(|protocol| protocol.as_str() == WEBSOCKET);
    let Some(protocol) = allowed.iter().find(|known| is_websocket && &***known == WEBSOCKET) else {
        // Whatever else CONNECT may mean is refused with its method.
        return Ok(None);
    };
    check_version(&parts.headers)?;
    parts.headers.remove(SEC_WEBSOCKET_KEY);
    parts.method = Method::GET;
    Ok(Some(AskedUpgrade { protocol: Arc::clone(protocol), key: None, extended_connect: true }))
}

fn check_version(headers: &HeaderMap) -> Result<(), Problem> {
    match single(headers, &SEC_WEBSOCKET_VERSION) {
        Some(version) if version == WEBSOCKET_VERSION => Ok(()),
        _ => Err(Problem::new(&reason::REQUEST_WEBSOCKET_VERSION, "The gateway speaks WebSocket version 13 only.")
            .with_header(SEC_WEBSOCKET_VERSION, WEBSOCKET_VERSION)
            .with_header(UPGRADE, HeaderValue::from_static(WEBSOCKET))),
    }
}

/// Exactly one key, of 16 bytes.
fn key(headers: &HeaderMap) -> Result<HeaderValue, Problem> {
    single(headers, &SEC_WEBSOCKET_KEY)
        .filter(|key| BASE64.decode(key.as_bytes()).is_ok_and(|bytes| bytes.len() == 16))
        .cloned()
        .ok_or_else(|| malformed("A WebSocket handshake has exactly one Sec-WebSocket-Key, of 16 bytes in base64."))
}

/// The value of a field that stands there exactly once.
pub(crate) fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h HeaderValue> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    values.next().is_none().then_some(first)
}

/// Whether `Connection` names a field.
pub(crate) fn names(headers: &HeaderMap, field: &str) -> bool {
    list(headers, &CONNECTION).any(|name| name.eq_ignore_ascii_case(field.as_bytes()))
}

/// The members of a comma-separated field, over all of its lines, without empty ones.
pub(crate) fn list<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h [u8]> {
    let values = headers.get_all(name).into_iter();
    values
        .flat_map(|value| value.as_bytes().split(|&byte| byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|member| !member.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

    fn parts(fields: &[(&str, &str)]) -> Parts {
        let mut request = http::Request::builder().uri("/");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn handshake<'a>(changed: &[(&'a str, &'a str)]) -> Parts {
        let mut fields = vec![
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", KEY),
        ];
        fields.retain(|(name, _)| !changed.iter().any(|(other, _)| name == other));
        fields.extend(changed.iter().filter(|(_, value)| !value.is_empty()));
        parts(&fields)
    }

    fn websocket() -> Vec<Arc<str>> {
        vec![WEBSOCKET.into()]
    }

    #[test]
    fn the_accept_field_is_that_of_the_rfc() {
        assert_eq!(accept_of(&HeaderValue::from_static(KEY)), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn a_handshake_is_recognised_whatever_its_case() {
        let asked = asked(&mut handshake(&[]), &websocket()).unwrap().unwrap();
        assert_eq!(&*asked.protocol, "websocket");
        assert_eq!(asked.key.unwrap(), KEY);
    }

    #[test]
    fn what_is_not_allowed_or_not_named_by_connection_is_an_ordinary_request() {
        for changed in [
            &[("upgrade", "h2c")][..],
            &[("upgrade", "websockets")],
            &[("connection", "keep-alive")],
            &[("connection", "")],
            &[("upgrade", "")],
        ] {
            assert_eq!(asked(&mut handshake(changed), &websocket()).unwrap(), None, "{changed:?}");
        }
        assert_eq!(asked(&mut handshake(&[]), &[]).unwrap(), None);
        let mut old = handshake(&[]);
        old.version = Version::HTTP_10;
        assert_eq!(asked(&mut old, &websocket()).unwrap(), None);
        let mut second = handshake(&[]);
        second.version = Version::HTTP_2;
        assert_eq!(asked(&mut second, &websocket()).unwrap(), None);
    }

    #[test]
    fn a_handshake_that_breaks_a_rule_is_refused() {
        for (changed, status) in [
            (&[("sec-websocket-version", "8")][..], 426),
            (&[("sec-websocket-version", "")], 426),
            (&[("sec-websocket-version", "13"), ("sec-websocket-version", "13")], 426),
            (&[("sec-websocket-key", "")], 400),
            (&[("sec-websocket-key", KEY), ("sec-websocket-key", KEY)], 400),
            (&[("sec-websocket-key", "c2hvcnQ=")], 400),
            (&[("sec-websocket-key", "not base64 at all!!!!==")], 400),
            (&[("content-length", "5")], 400),
            (&[("transfer-encoding", "chunked")], 400),
        ] {
            let problem = asked(&mut handshake(changed), &websocket()).unwrap_err();
            assert_eq!(problem.status.as_u16(), status, "{changed:?}");
        }
        let mut post = handshake(&[]);
        post.method = Method::POST;
        assert_eq!(asked(&mut post, &websocket()).unwrap_err().status.as_u16(), 400);
    }

    #[test]
    fn the_first_protocol_that_is_allowed_is_taken() {
        let allowed: Vec<Arc<str>> = vec!["websocket".into(), "terminal".into()];
        let asked = asked(&mut handshake(&[("upgrade", "h2c, Terminal, websocket")]), &allowed).unwrap().unwrap();
        assert_eq!(&*asked.protocol, "terminal");
        assert!(asked.key.is_none());
    }

    #[test]
    fn connect_is_a_get_where_it_asks_for_a_websocket_and_nothing_otherwise() {
        let mut connect = parts(&[("sec-websocket-version", "13"), ("sec-websocket-key", KEY)]);
        connect.method = Method::CONNECT;
        connect.version = Version::HTTP_2;
        assert_eq!(asked(&mut connect, &websocket()).unwrap(), None, "a CONNECT without :protocol");
        assert_eq!(connect.method, Method::CONNECT);
        connect.extensions.insert(Protocol::from_static("connect-udp"));
        assert_eq!(asked(&mut connect, &websocket()).unwrap(), None);
        connect.extensions.insert(Protocol::from_static("websocket"));
        assert_eq!(asked(&mut connect, &[]).unwrap(), None);
        let found = asked(&mut connect, &websocket()).unwrap().unwrap();
        assert!(found.extended_connect && found.key.is_none());
        assert_eq!(connect.method, Method::GET);
        assert!(!connect.headers.contains_key(SEC_WEBSOCKET_KEY));
        let mut headers = HeaderMap::new();
        let key = found.ask(&mut headers).unwrap();
        assert_eq!(BASE64.decode(key.as_bytes()).unwrap().len(), 16);
        assert_eq!(headers["sec-websocket-version"], "13");
    }
}
