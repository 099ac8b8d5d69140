//! The head of a request.

use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderValue, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, Method};

use crate::chunk::push_field;

/// How the body of a request is told to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyLength {
    /// It is in memory, or was announced: this many bytes, maybe none.
    Known(u64),
    /// It goes in chunks.
    Unknown,
}

/// A request without its body. What concerns one connection only is made here and nowhere else:
/// Host, framing, Connection, Upgrade. Fields of these names in `headers` are passed over.
#[derive(Debug, Clone, Copy)]
pub struct RequestHead<'a> {
    /// The method.
    pub method: &'a Method,
    /// The target as it goes on the wire: a path with its query, mostly.
    pub target: &'a str,
    /// What Host says.
    pub host: &'a HeaderValue,
    /// Everything else, sent in this order.
    pub headers: &'a HeaderMap,
    /// What framing to announce.
    pub body: BodyLength,
    /// The protocol to switch to, where a switch is asked for.
    pub upgrade: Option<&'a HeaderValue>,
}

/// A target that would end the request line, or make another line of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the target is empty or holds a byte that a request line cannot hold")]
pub struct EncodeError;

impl RequestHead<'_> {
    /// Writes the head behind what is in `out`. Names, values and the method cannot hold CR, LF
    /// or NUL by their types; the target is checked here.
    ///
    /// # Errors
    /// Where the target is empty or holds a space or a control character. Nothing is written then.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.encode_with(out, |_| {})
    }

    /// The same; `more` writes further fields, by `push_field`, none of which is one of those that
    /// are made here.
    ///
    /// # Errors
    /// As above.
    pub fn encode_with(&self, out: &mut Vec<u8>, more: impl FnOnce(&mut Vec<u8>)) -> Result<(), EncodeError> {
        let target = self.target.as_bytes();
        if target.is_empty() || target.iter().any(|&byte| byte <= b' ' || byte == 0x7f) {
            return Err(EncodeError);
        }
        let method = self.method.as_str();
        out.reserve(method.len() + target.len() + 512);
        out.extend_from_slice(method.as_bytes());
        out.push(b' ');
        out.extend_from_slice(target);
        out.extend_from_slice(b" HTTP/1.1\r\n");
        push_field(out, "host", self.host.as_bytes());
        let mut has_te = false;
        for (name, value) in self.headers {
            if *name == HOST
                || *name == CONTENT_LENGTH
                || *name == CONNECTION
                || *name == TRANSFER_ENCODING
                || *name == UPGRADE
            {
                continue;
            }
            if *name == TRAILER && self.body != BodyLength::Unknown {
                continue;
            }
            has_te |= *name == TE;
            push_field(out, name.as_str(), value.as_bytes());
        }
        more(out);
        self.push_framing(out);
        match self.upgrade {
            Some(protocol) => {
                push_field(out, "connection", if has_te { b"upgrade, te" } else { b"upgrade" });
                push_field(out, "upgrade", protocol.as_bytes());
            }
            None if has_te => out.extend_from_slice(b"connection: te\r\n"),
            None => {}
        }
        out.extend_from_slice(b"\r\n");
        Ok(())
    }

    fn push_framing(&self, out: &mut Vec<u8>) {
        match self.body {
            BodyLength::Unknown => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
            // RFC 9110 §8.6: methods that define a meaning for content say that there is none.
            BodyLength::Known(0) => {
                if matches!(*self.method, Method::POST | Method::PUT | Method::PATCH) {
                    out.extend_from_slice(b"content-length: 0\r\n");
                }
            }
            BodyLength::Known(length) => {
                out.extend_from_slice(b"content-length: ");
                push_decimal(out, length);
                out.extend_from_slice(b"\r\n");
            }
        }
    }
}

pub(crate) fn push_decimal(out: &mut Vec<u8>, mut number: u64) {
    // The largest has 20 digits.
    let mut digits = [b'0'; 20];
    let mut begin = digits.len();
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or_default();
        begin -= 1;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(begin..).unwrap_or_default());
}
