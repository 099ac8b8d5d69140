//! The head of an answer.

use std::mem::MaybeUninit;

use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use http::{HeaderMap, Method, StatusCode, Version};

use crate::framing::{Framing, FramingFields};
use crate::lines::LineScanner;

/// The most fields of a head or a trailer section, whatever the limits say.
pub(crate) const MOST_FIELDS: usize = 128;

/// What the head of an answer may weigh.
#[derive(Debug, Clone, Copy)]
pub struct HeadLimits {
    /// Status line and fields together, in bytes.
    pub bytes: usize,
    /// How many fields; above 128 it is 128.
    pub fields: usize,
}

impl Default for HeadLimits {
    /// 256 KiB and 128 fields.
    fn default() -> Self {
        Self { bytes: 256 * 1024, fields: MOST_FIELDS }
    }
}

/// The head of an answer, and what follows from it.
#[derive(Debug, Clone)]
pub struct ResponseHead {
    /// 1.0 or 1.1.
    pub version: Version,
    /// The status.
    pub status: StatusCode,
    /// Every field in its order, as it came; equal Content-Length fields have become one.
    pub headers: HeaderMap,
    /// How the end of the body is told.
    pub framing: Framing,
    /// Whether another request may follow on the connection, as far as the head says.
    pub keep_alive: bool,
}

/// A head that cannot be read in exactly one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// The first bytes are not `HTTP/1.0` or `HTTP/1.1`.
    #[error("the answer does not begin like one of HTTP/1")]
    NotHttp1,
    /// The first bytes are a frame that servers of HTTP/2 begin with, or end with.
    #[error("the answer is a frame of HTTP/2")]
    Http2,
    /// A status line or a field breaks the grammar.
    #[error("the head is ill-formed: {0}")]
    Syntax(httparse::Error),
    /// The status is below 100.
    #[error("the status is none of HTTP")]
    Status,
    /// A CR without LF, or an LF without CR.
    #[error("a line does not end with CR LF")]
    BareLineEnd,
    /// Longer than the limit, in bytes.
    #[error("the head is longer than {0} bytes")]
    TooLarge(usize),
    /// More fields than the limit.
    #[error("the head has more than {0} fields")]
    TooManyFields(usize),
    /// A field holds bytes that no field may hold.
    #[error("a field of the head holds a forbidden byte")]
    Field,
    /// A Content-Length that is no number, or several that differ.
    #[error("the Content-Length is ill-formed or contradicts another")]
    ContentLength,
    /// A Transfer-Encoding other than one `chunked`, or one in HTTP/1.0.
    #[error("the Transfer-Encoding is not exactly `chunked`")]
    TransferEncoding,
    /// Content-Length and Transfer-Encoding together (RFC 9112 §6.3: handled as an error).
    #[error("the answer has Content-Length and Transfer-Encoding")]
    BothFramings,
}

/// Reads heads one after the other: informational ones, then the final one.
#[derive(Debug, Clone)]
pub struct ResponseDecoder {
    limits: HeadLimits,
    lines: LineScanner,
}

impl ResponseDecoder {
    /// At the beginning of an answer.
    pub fn new(limits: HeadLimits) -> Self {
        Self { limits, lines: LineScanner::default() }
    }

    /// Takes the head that answers a request with `method` out of `buf`; `None`, and nothing
    /// taken, while it is not complete. Between two calls `buf` may only grow at its end.
    ///
    /// # Errors
    /// A head that breaks a rule. What is in `buf` then belongs to nobody.
    pub fn decode(&mut self, buf: &mut BytesMut, method: &Method) -> Result<Option<ResponseHead>, HeadError> {
        check_beginning(buf)?;
        let Some(end) = self.lines.end(buf, self.limits.bytes)? else { return Ok(None) };
        self.lines = LineScanner::default();
        parse(buf.split_to(end).freeze(), method, self.limits.fields.min(MOST_FIELDS)).map(Some)
    }
}

/// Whoever speaks something else is noticed with the first bytes, not when time is up.
fn check_beginning(buf: &[u8]) -> Result<(), HeadError> {
    const BEGINNING: &[u8] = b"HTTP/1.";
    let known = buf.len().min(BEGINNING.len());
    let version_is_known = buf.get(BEGINNING.len()).is_none_or(|minor| matches!(minor, b'0' | b'1'));
    if buf.get(..known) == BEGINNING.get(..known) && version_is_known {
        return Ok(());
    }
    match begins_http2(buf) {
        true if buf.len() < FRAME_HEAD => Ok(()),
        true => Err(HeadError::Http2),
        false => Err(HeadError::NotHttp1),
    }
}

/// The length of what each frame of HTTP/2 begins with (RFC 9113 §4.1).
const FRAME_HEAD: usize = 9;

/// Whether this may be a frame of SETTINGS or GOAWAY, of a size that those have: what a server says to whom it does
/// not understand.
fn begins_http2(buf: &[u8]) -> bool {
    buf.iter().take(FRAME_HEAD).enumerate().all(|(at, &byte)| match at {
        1 => byte <= 1,
        2 => true,
        3 => matches!(byte, 4 | 7),
        _ => byte == 0,
    })
}

fn parse(head: Bytes, method: &Method, most: usize) -> Result<ResponseHead, HeadError> {
    let mut fields = [const { MaybeUninit::uninit() }; MOST_FIELDS];
    let mut response = httparse::Response::new(&mut []);
    let allowed = fields.get_mut(..most).unwrap_or_default();
    let parsed = httparse::ParserConfig::default().parse_response_with_uninit_headers(&mut response, &head, allowed);
    match parsed {
        Ok(httparse::Status::Complete(length)) if length == head.len() => {}
        Ok(_) => return Err(HeadError::Syntax(httparse::Error::NewLine)),
        Err(httparse::Error::TooManyHeaders) => return Err(HeadError::TooManyFields(most)),
        Err(error) => return Err(HeadError::Syntax(error)),
    }
    let version = if response.version == Some(1) { Version::HTTP_11 } else { Version::HTTP_10 };
    let status = StatusCode::from_u16(response.code.unwrap_or_default()).map_err(|_| HeadError::Status)?;

    let mut framing = FramingFields::default();
    // Room for some that whoever passes the answer on will add.
    let mut headers = HeaderMap::with_capacity(response.headers.len() + 4);
    for field in response.headers.iter() {
        let (name, mut value) = field_of(&head, field)?;
        if name == CONTENT_LENGTH {
            match framing.content_length(value)? {
                Some(first) => value = first,
                None => continue,
            }
        } else if name == TRANSFER_ENCODING {
            framing.transfer_encoding(&value)?;
        } else if name == CONNECTION {
            framing.connection(&value);
        }
        headers.append(name, value);
    }
    let keep_alive = framing.stays_open(version);
    let framing = framing.decide(method, status, version)?;
    Ok(ResponseHead { version, status, headers, framing, keep_alive: keep_alive && framing != Framing::UntilClose })
}

/// The value is a slice of the section that it stands in, and is not copied.
pub(crate) fn field_of(section: &Bytes, field: &httparse::Header<'_>) -> Result<(HeaderName, HeaderValue), HeadError> {
    let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| HeadError::Field)?;
    let value = HeaderValue::from_maybe_shared(section.slice_ref(field.value)).map_err(|_| HeadError::Field)?;
    Ok((name, value))
}
