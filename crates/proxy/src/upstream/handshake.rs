//! What an upstream is asked when a request wants another protocol, and what its answer may be.

use std::fmt;
use std::sync::Arc;

use http::header::{HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use http::{HeaderMap, StatusCode};
use parking_lot::Mutex;
use prometheus_client::metrics::gauge::Gauge;
use tollgate_core::reason::GATEWAY_OVERLOADED;
use tollgate_core::services::Duplex;
use tollgate_core::{Problem, Response};

use crate::hygiene::AskedUpgrade;
use crate::hygiene::upgrade::{WEBSOCKET, accept_of, list, names, single};

/// A request that asks for an upgrade carries this in its extensions: what it asks for, and the
/// leave to open a tunnel.
#[derive(Debug, Clone)]
pub(crate) struct UpgradeRequest {
    pub(crate) asked: AskedUpgrade,
    /// The most tunnels at once.
    pub(crate) most: Option<usize>,
    /// How many there are.
    pub(crate) open: Gauge,
}

impl UpgradeRequest {
    /// A WebSocket that the gateway itself asks for.
    pub(crate) fn websocket() -> Self {
        let asked = AskedUpgrade { protocol: WEBSOCKET.into(), key: None, extended_connect: false };
        Self { asked, most: None, open: Gauge::default() }
    }

    /// Counts one more tunnel.
    ///
    /// # Errors
    /// 503 where there are as many as there may be.
    pub(super) fn begin(&self) -> Result<OpenTunnel, Problem> {
        let before = self.open.inc();
        let counted = OpenTunnel(self.open.clone());
        match self.most {
            Some(most) if usize::try_from(before).unwrap_or_default() >= most => {
                Err(Problem::new(&GATEWAY_OVERLOADED, "There are as many tunnels as the gateway allows.")
                    .caused_by("server.tunnels.most"))
            }
            _ => Ok(counted),
        }
    }
}

/// Counts as an open tunnel until it is dropped.
#[derive(Debug)]
pub(crate) struct OpenTunnel(Gauge);

impl Drop for OpenTunnel {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// An upstream's connection that speaks another protocol now.
pub(crate) struct Switched {
    pub(crate) asked: AskedUpgrade,
    /// Begins with whatever came behind the head of the answer.
    pub(crate) stream: Box<dyn Duplex>,
    _open: OpenTunnel,
}

impl Switched {
    pub(super) fn new(asked: AskedUpgrade, stream: Box<dyn Duplex>, open: OpenTunnel) -> Self {
        Self { asked, stream, _open: open }
    }
}

impl fmt::Debug for Switched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Switched").field("asked", &self.asked).finish_non_exhaustive()
    }
}

/// How [`Switched`] travels in the extensions of an answer of 101. Whoever replaces the answer on
/// its way closes the connection.
#[derive(Debug, Clone)]
pub(crate) struct SwitchedSlot(Arc<Mutex<Option<Switched>>>);

impl SwitchedSlot {
    pub(crate) fn new(switched: Switched) -> Self {
        Self(Arc::new(Mutex::new(Some(switched))))
    }

    /// Takes it out of an answer, where that still is one of 101.
    pub(crate) fn take(response: &mut Response) -> Option<Switched> {
        let slot = response.extensions_mut().remove::<Self>()?;
        let switched = slot.0.lock().take();
        switched.filter(|_| response.status() == StatusCode::SWITCHING_PROTOCOLS)
    }
}

/// What an answer of 101 may say.
pub(super) struct Expected {
    protocols: Vec<Vec<u8>>,
    extensions: Vec<Vec<u8>>,
    accept: Option<HeaderValue>,
}

impl Expected {
    /// Writes the fields of the handshake, and notes what was asked for. Sub-protocols and
    /// extensions stand there already, as the client, and perhaps a policy, has written them.
    pub(super) fn of(asked: &AskedUpgrade, headers: &mut HeaderMap) -> Self {
        let protocols = list(headers, &SEC_WEBSOCKET_PROTOCOL).map(<[u8]>::to_vec).collect();
        let extensions = list(headers, &SEC_WEBSOCKET_EXTENSIONS).map(|name| extension_name(name).to_vec()).collect();
        let key = asked.ask(headers);
        Self { protocols, extensions, accept: key.as_ref().map(accept_of) }
    }

    /// Checks an answer of 101, before its hop-by-hop fields are dropped (RFC 6455 §4.1).
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn check(&self, asked: &AskedUpgrade, headers: &HeaderMap) -> Result<(), &'static str> {
        let switches = single(headers, &UPGRADE)
            .is_some_and(|protocol| protocol.as_bytes().trim_ascii().eq_ignore_ascii_case(asked.protocol.as_bytes()));
        if !switches {
            return Err("its Upgrade field does not name the protocol that was asked for");
        }
        if !names(headers, "upgrade") {
            return Err("its Connection field does not name Upgrade");
        }
        let Some(accept) = &self.accept else { return Ok(()) };
        if single(headers, &SEC_WEBSOCKET_ACCEPT) != Some(accept) {
            return Err("its Sec-WebSocket-Accept does not fit the key");
        }
        self.check_choices(headers)
    }

    /// Checks what an answer chooses of what was offered.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn check_choices(&self, headers: &HeaderMap) -> Result<(), &'static str> {
        if headers.contains_key(SEC_WEBSOCKET_PROTOCOL) {
            let chosen = single(headers, &SEC_WEBSOCKET_PROTOCOL).map(|value| value.as_bytes().trim_ascii());
            if !chosen.is_some_and(|chosen| self.protocols.iter().any(|protocol| protocol == chosen)) {
                return Err("its Sec-WebSocket-Protocol was not asked for");
            }
        }
        let granted = list(headers, &SEC_WEBSOCKET_EXTENSIONS).map(extension_name);
        for extension in granted {
            if !self.extensions.iter().any(|asked| asked.eq_ignore_ascii_case(extension)) {
                return Err("its Sec-WebSocket-Extensions were not asked for");
            }
        }
        Ok(())
    }
}

/// The name of an extension, without its parameters.
fn extension_name(extension: &[u8]) -> &[u8] {
    extension.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii()
}

#[cfg(test)]
mod tests {
    use http::header::HeaderName;

    use super::*;

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
    const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let mut headers = HeaderMap::new();
        for (name, value) in fields.iter().map(pair) {
            headers.append(name, value);
        }
        headers
    }

    fn request() -> UpgradeRequest {
        let asked = AskedUpgrade {
            protocol: "websocket".into(),
            key: Some(HeaderValue::from_static(KEY)),
            extended_connect: false,
        };
        UpgradeRequest { asked, most: Some(1), open: Gauge::default() }
    }

    #[test]
    fn only_an_answer_that_keeps_to_what_was_asked_for_is_trusted() {
        let request = request();
        let mut sent = headers(&[
            ("sec-websocket-protocol", "chat, superchat"),
            ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits"),
        ]);
        let expected = Expected::of(&request.asked, &mut sent);
        assert_eq!(sent["sec-websocket-key"], KEY);
        assert_eq!(sent["sec-websocket-version"], "13");
        let good = [("connection", "Upgrade"), ("upgrade", "WebSocket"), ("sec-websocket-accept", ACCEPT)];
        let with = |changed: &[(&'static str, &'static str)]| {
            let mut fields = good.to_vec();
            fields.retain(|(name, _)| !changed.iter().any(|(other, _)| name == other));
            fields.extend(changed.iter().filter(|(_, value)| !value.is_empty()));
            expected.check(&request.asked, &headers(&fields))
        };
        for changed in [
            &[][..],
            &[("sec-websocket-protocol", "superchat")],
            &[("sec-websocket-extensions", "permessage-deflate; server_no_context_takeover")],
        ] {
            assert_eq!(with(changed), Ok(()), "{changed:?}");
        }
        for changed in [
            &[("upgrade", "h2c")][..],
            &[("upgrade", "")],
            &[("upgrade", "websocket, h2c")],
            &[("upgrade", "websocket"), ("upgrade", "websocket")],
            &[("connection", "close")],
            &[("sec-websocket-accept", "")],
            &[("sec-websocket-accept", "c3RyYW5nZXI=")],
            &[("sec-websocket-accept", ACCEPT), ("sec-websocket-accept", ACCEPT)],
            &[("sec-websocket-protocol", "other")],
            &[("sec-websocket-protocol", "chat, superchat")],
            &[("sec-websocket-protocol", "chat"), ("sec-websocket-protocol", "chat")],
            &[("sec-websocket-extensions", "x-webkit-deflate-frame")],
            &[("sec-websocket-extensions", "permessage-deflate, other")],
        ] {
            assert!(with(changed).is_err(), "{changed:?}");
        }
    }

    #[test]
    fn there_are_no_more_tunnels_than_allowed() {
        let request = request();
        let first = request.begin().unwrap();
        assert_eq!(request.begin().unwrap_err().status, StatusCode::SERVICE_UNAVAILABLE);
        drop(first);
        assert!(request.begin().is_ok());
        assert_eq!(request.open.get(), 0);
    }
}
