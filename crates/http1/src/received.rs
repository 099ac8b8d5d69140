//! The head of a request, as a server reads it.

use std::mem::MaybeUninit;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HeaderName, HeaderValue, TRANSFER_ENCODING};
use http::{HeaderMap, Method, Request, Uri, Version};

use crate::framing::{Framing, FramingFields};
use crate::response::{HeadLimits, field_of};
use crate::{HeadError, lines};

/// So many fields are read without asking for memory.
const FIELDS_IN_PLACE: usize = 100;
/// The longest target that [`Uri`] holds, in bytes.
const LONGEST_TARGET: usize = 65_534;

/// The head of a request, and what follows from it.
#[derive(Debug)]
pub struct ReceivedHead {
    /// The request without its body. Equal Content-Length fields have become one.
    pub request: Request<()>,
    /// How the end of its body is told: nothing, a length, or chunks.
    pub framing: Framing,
    /// Whether another request may follow on the connection, as far as the head says (RFC 9112 §9.3).
    pub keep_alive: bool,
    /// Whether the client waits to be asked for the body (RFC 9110 §10.1.1).
    pub expects_continue: bool,
}

/// A head that cannot be read, or not in exactly one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceivedHeadError {
    /// The request line or a field breaks the grammar.
    #[error("the head is ill-formed: {0}")]
    Syntax(httparse::Error),
    /// The target is no URI.
    #[error("the target of the request is none")]
    Target,
    /// The target is longer than the limits let the whole head be, or than any URI.
    #[error("the target of the request is too long")]
    TargetTooLong,
    /// The head is longer than the limit, in bytes.
    #[error("the head is longer than {0} bytes")]
    TooLarge(usize),
    /// It has more fields than the limit.
    #[error("the head has more than {0} fields")]
    TooManyFields(usize),
    /// A field holds bytes that no field may hold.
    #[error("a field of the head holds a forbidden byte")]
    Field,
    /// A Content-Length that is no number, is a list, or contradicts another (RFC 9110 §8.6).
    #[error("the Content-Length is ill-formed or contradicts another")]
    ContentLength,
    /// A Transfer-Encoding other than one `chunked`, or one in HTTP/1.0 (RFC 9112 §6.1).
    #[error("the Transfer-Encoding is not exactly `chunked`")]
    TransferEncoding,
    /// Content-Length and Transfer-Encoding together, which RFC 9112 §6.3 lets a server refuse.
    #[error("the request has Content-Length and Transfer-Encoding")]
    BothFramings,
}

impl From<HeadError> for ReceivedHeadError {
    fn from(error: HeadError) -> Self {
        match error {
            HeadError::ContentLength => Self::ContentLength,
            HeadError::TransferEncoding => Self::TransferEncoding,
            HeadError::BothFramings => Self::BothFramings,
            _ => Self::Field,
        }
    }
}

/// Finds and reads the heads of one connection, one after the other.
#[derive(Debug)]
pub struct RequestDecoder {
    limits: HeadLimits,
    end: lines::LenientScanner,
    /// Whether the beginning of this head has been held against the grammar.
    checked: bool,
}

impl RequestDecoder {
    /// At the beginning of a connection.
    pub fn new(limits: HeadLimits) -> Self {
        Self { limits, end: lines::LenientScanner::default(), checked: false }
    }

    /// How long the head is that `unread` begins with, with its empty line and with those that stand before it;
    /// `None` while it is not complete. Between two calls `unread` may only grow at its end. What cannot become a
    /// head is noticed with its first bytes.
    ///
    /// # Errors
    /// A head that breaks a rule, or is too large. What is in `unread` then belongs to nobody.
    pub fn end(&mut self, unread: &[u8]) -> Result<Option<usize>, ReceivedHeadError> {
        let end = self.end.end(unread);
        if end.unwrap_or(unread.len()) > self.limits.bytes {
            return Err(match self.end.has_line() {
                true => ReceivedHeadError::TooLarge(self.limits.bytes),
                false => ReceivedHeadError::TargetTooLong,
            });
        }
        if end.is_none() && !self.checked && !unread.is_empty() {
            self.checked = true;
            self.check(unread)?;
        }
        Ok(end)
    }

    /// Holds the first bytes of a head against the grammar.
    #[cold]
    fn check(&self, unread: &[u8]) -> Result<(), ReceivedHeadError> {
        let most = self.most_fields();
        let mut fields = vec![httparse::EMPTY_HEADER; most];
        match httparse::Request::new(&mut fields).parse(unread) {
            Ok(_) => Ok(()),
            Err(error) => Err(told(error, most)),
        }
    }

    /// Reads a head, which is as long as [`Self::end`] has told. The next one may be looked for then.
    ///
    /// # Errors
    /// A head that breaks a rule.
    pub fn read(&mut self, head: &Bytes) -> Result<ReceivedHead, ReceivedHeadError> {
        self.end = lines::LenientScanner::default();
        self.checked = false;
        let most = self.most_fields();
        if most <= FIELDS_IN_PLACE {
            let mut fields = [const { MaybeUninit::uninit() }; FIELDS_IN_PLACE];
            read(head, fields.get_mut(..most).unwrap_or_default())
        } else {
            read(head, &mut vec![MaybeUninit::uninit(); most])
        }
    }

    /// Some more than are allowed are read, so that whoever counts them can say more of the request.
    fn most_fields(&self) -> usize {
        self.limits.fields.max(FIELDS_IN_PLACE)
    }
}

fn told(error: httparse::Error, most: usize) -> ReceivedHeadError {
    match error {
        httparse::Error::TooManyHeaders => ReceivedHeadError::TooManyFields(most),
        error => ReceivedHeadError::Syntax(error),
    }
}

fn read<'h>(
    head: &'h Bytes,
    fields: &mut [MaybeUninit<httparse::Header<'h>>],
) -> Result<ReceivedHead, ReceivedHeadError> {
    let most = fields.len();
    let mut parsed = httparse::Request::new(&mut []);
    match httparse::ParserConfig::default().parse_request_with_uninit_headers(&mut parsed, head, fields) {
        Ok(httparse::Status::Complete(length)) if length == head.len() => {}
        Ok(_) => return Err(ReceivedHeadError::Syntax(httparse::Error::NewLine)),
        Err(error) => return Err(told(error, most)),
    }
    let version = if parsed.version == Some(1) { Version::HTTP_11 } else { Version::HTTP_10 };
    let method = Method::from_bytes(parsed.method.unwrap_or_default().as_bytes())
        .map_err(|_| ReceivedHeadError::Syntax(httparse::Error::Token))?;
    let target = parsed.path.unwrap_or_default();
    if target.len() > LONGEST_TARGET {
        return Err(ReceivedHeadError::TargetTooLong);
    }
    let uri = Uri::from_maybe_shared(head.slice_ref(target.as_bytes())).map_err(|_| ReceivedHeadError::Target)?;

    let mut framing = FramingFields::default();
    let mut expects_continue = false;
    // Room for what whoever passes the request on will add.
    let mut headers = HeaderMap::with_capacity(parsed.headers.len() + FIELDS_ADDED);
    for field in parsed.headers.iter() {
        let (name, value) = field_of(head, field)?;
        if !note(&mut framing, &mut expects_continue, &name, &value)? {
            continue;
        }
        headers.append(name, value);
    }
    let keep_alive = framing.stays_open(version);
    let framing = framing.of_request(version)?;
    let mut request = Request::new(());
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.version_mut() = version;
    *request.headers_mut() = headers;
    // HTTP/1.0 knows no interim answers.
    let expects_continue = expects_continue && version == Version::HTTP_11;
    Ok(ReceivedHead { request, framing, keep_alive, expects_continue })
}

/// How many fields a gateway adds to most: a token, and one more.
const FIELDS_ADDED: usize = 2;

/// Notes what a field says of the connection and of the body; `false` where it is to be left out.
fn note(
    framing: &mut FramingFields,
    expects_continue: &mut bool,
    name: &HeaderName,
    value: &HeaderValue,
) -> Result<bool, ReceivedHeadError> {
    if *name == CONTENT_LENGTH {
        return Ok(framing.one_length(value)?);
    }
    if *name == TRANSFER_ENCODING {
        framing.transfer_encoding(value)?;
    } else if *name == CONNECTION {
        framing.connection(value);
    } else if *name == EXPECT {
        *expects_continue |= value.as_bytes().eq_ignore_ascii_case(b"100-continue");
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoder() -> RequestDecoder {
        RequestDecoder::new(HeadLimits { bytes: 4096, fields: 10 })
    }

    fn received(text: &str) -> Result<ReceivedHead, ReceivedHeadError> {
        let mut decoder = decoder();
        let end = decoder.end(text.as_bytes())?.expect("a whole head");
        decoder.read(&Bytes::copy_from_slice(&text.as_bytes()[..end]))
    }

    #[test]
    fn it_makes_no_difference_in_what_pieces_a_head_comes() {
        for text in [
            "GET / HTTP/1.1\r\nHost: a\r\n\r\nrest",
            "\r\n\nGET / HTTP/1.1\nHost: a\n\r\nrest",
            "GET / HTTP/1.1\r\n\r\n",
        ] {
            let whole = decoder().end(text.as_bytes()).unwrap().expect("a whole head");
            assert!(["", "rest"].contains(&&text[whole..]), "{text:?}");
            let mut pieces = decoder();
            for until in 0..whole {
                assert_eq!(pieces.end(&text.as_bytes()[..until]), Ok(None), "{text:?} up to {until}");
            }
            assert_eq!(pieces.end(text.as_bytes()), Ok(Some(whole)), "{text:?}");
        }
    }

    #[test]
    fn the_framing_is_one_or_the_head_is_refused() {
        for (fields, framing) in [
            ("", Ok(Framing::Empty)),
            ("Content-Length: 5\r\n", Ok(Framing::Length(5))),
            ("Content-Length: 5\r\ncontent-length: 005\r\n", Ok(Framing::Length(5))),
            ("Content-Length: 0\r\n", Ok(Framing::Empty)),
            ("Transfer-Encoding: Chunked\r\n", Ok(Framing::Chunked)),
            ("Content-Length: 5, 5\r\n", Err(ReceivedHeadError::ContentLength)),
            ("Content-Length: 5\r\nContent-Length: 6\r\n", Err(ReceivedHeadError::ContentLength)),
            ("Content-Length: \r\n", Err(ReceivedHeadError::ContentLength)),
            ("Transfer-Encoding: gzip, chunked\r\n", Err(ReceivedHeadError::TransferEncoding)),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", Err(ReceivedHeadError::TransferEncoding)),
            ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", Err(ReceivedHeadError::BothFramings)),
        ] {
            let got = received(&format!("POST / HTTP/1.1\r\n{fields}\r\n")).map(|head| head.framing);
            assert_eq!(got, framing, "{fields:?}");
        }
        let old = received("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n");
        assert_eq!(old.map(|head| head.framing), Err(ReceivedHeadError::TransferEncoding));
    }

    #[test]
    fn what_cannot_become_a_head_is_noticed_with_its_first_bytes_and_what_is_too_large_by_name() {
        for text in ["nonsense\r\n", "GET /\r\n", "GET / HTTP/1.1\r\nno colon\r\n", "GET / HTTP/1.2\r\n"] {
            assert!(matches!(decoder().end(text.as_bytes()), Err(ReceivedHeadError::Syntax(_))), "{text:?}");
        }
        let endless = format!("GET /{}", "a".repeat(5000));
        assert_eq!(decoder().end(endless.as_bytes()), Err(ReceivedHeadError::TargetTooLong));
        let large = format!("GET / HTTP/1.1\r\nX: {}", "a".repeat(5000));
        assert_eq!(decoder().end(large.as_bytes()), Err(ReceivedHeadError::TooLarge(4096)));
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: a\r\n".repeat(101));
        assert_eq!(received(&many).map(|_| ()), Err(ReceivedHeadError::TooManyFields(100)));
    }

    #[test]
    fn a_client_that_waits_to_be_asked_is_known_where_the_version_has_that() {
        let expects = |version| {
            let text = format!("POST / HTTP/{version}\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n");
            received(&text).unwrap().expects_continue
        };
        assert!(expects("1.1") && !expects("1.0"));
    }
}
