//! How long a body is (RFC 9112 §6.3), and whether its connection stays open.

use http::header::HeaderValue;
use http::{Method, StatusCode, Version};

use crate::HeadError;

/// How the end of a body is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// There is none.
    Empty,
    /// It has this many bytes.
    Length(u64),
    /// In chunks; it ends with the last one and its trailers.
    Chunked,
    /// It ends when the connection does.
    UntilClose,
    /// What follows is no HTTP: an answer 101, or 2xx to CONNECT.
    Tunnel,
}

/// What the fields of one head say of its framing and of its connection.
#[derive(Debug, Default)]
pub(crate) struct FramingFields {
    length: Option<u64>,
    chunked: bool,
    close: bool,
    keep_alive: bool,
}

impl FramingFields {
    /// Reads one Content-Length field. A repetition says the same, or the head is refused
    /// (RFC 9110 §8.6). Gives back the one value that stands for all, where this field is the
    /// first.
    pub(crate) fn content_length(&mut self, value: HeaderValue) -> Result<Option<HeaderValue>, HeadError> {
        let first = self.length.is_none();
        let mut members = 0;
        for member in value.as_bytes().split(|&byte| byte == b',') {
            let length = decimal(member.trim_ascii()).ok_or(HeadError::ContentLength)?;
            if *self.length.get_or_insert(length) != length {
                return Err(HeadError::ContentLength);
            }
            members += 1;
        }
        Ok(match self.length {
            Some(length) if first && members > 1 => Some(HeaderValue::from(length)),
            _ if first => Some(value),
            _ => None,
        })
    }

    /// Reads one Content-Length field of a request: one number, and no other than one before. `false` where it is
    /// a repetition.
    pub(crate) fn one_length(&mut self, value: &HeaderValue) -> Result<bool, HeadError> {
        // No body is so long that its length would not fit a signed number, and who writes one hopes that it does not.
        let length = decimal(value.as_bytes().trim_ascii())
            .filter(|length| i64::try_from(*length).is_ok())
            .ok_or(HeadError::ContentLength)?;
        match self.length.replace(length) {
            None => Ok(true),
            Some(before) if before == length => Ok(false),
            Some(_) => Err(HeadError::ContentLength),
        }
    }

    /// Reads one Transfer-Encoding field. Nobody was told that any coding but `chunked` is
    /// understood here (a request that wants others says so in TE), so any other, and `chunked`
    /// twice, is an error.
    pub(crate) fn transfer_encoding(&mut self, value: &HeaderValue) -> Result<(), HeadError> {
        if self.chunked || !value.as_bytes().eq_ignore_ascii_case(b"chunked") {
            return Err(HeadError::TransferEncoding);
        }
        self.chunked = true;
        Ok(())
    }

    /// Reads one Connection field.
    pub(crate) fn connection(&mut self, value: &HeaderValue) {
        for option in value.as_bytes().split(|&byte| byte == b',') {
            let option = option.trim_ascii();
            self.close |= option.eq_ignore_ascii_case(b"close");
            self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
        }
    }

    /// Whether the connection stays open when the body is over (RFC 9112 §9.3).
    pub(crate) fn stays_open(&self, version: Version) -> bool {
        !self.close && (version >= Version::HTTP_11 || self.keep_alive)
    }

    /// How the body of a request ends (RFC 9112 §6.3): without a field that says so, there is none.
    pub(crate) fn of_request(&self, version: Version) -> Result<Framing, HeadError> {
        self.check(version)?;
        Ok(match self.length {
            _ if self.chunked => Framing::Chunked,
            None | Some(0) => Framing::Empty,
            Some(length) => Framing::Length(length),
        })
    }

    /// What contradicts itself, or its version, is refused.
    fn check(&self, version: Version) -> Result<(), HeadError> {
        if self.chunked && self.length.is_some() {
            return Err(HeadError::BothFramings);
        }
        // RFC 9112 §6.1: the sender cannot have meant what the field means in 1.1.
        if self.chunked && version < Version::HTTP_11 {
            return Err(HeadError::TransferEncoding);
        }
        Ok(())
    }

    /// RFC 9112 §6.3, in its order. Answers without a body by nature are held to the same syntax
    /// as others: a head that contradicts itself is not trusted in any part.
    pub(crate) fn decide(&self, method: &Method, status: StatusCode, version: Version) -> Result<Framing, HeadError> {
        self.check(version)?;
        if status == StatusCode::SWITCHING_PROTOCOLS {
            return Ok(Framing::Tunnel);
        }
        if *method == Method::HEAD
            || status.is_informational()
            || status == StatusCode::NO_CONTENT
            || status == StatusCode::NOT_MODIFIED
        {
            return Ok(Framing::Empty);
        }
        if *method == Method::CONNECT && status.is_success() {
            return Ok(Framing::Tunnel);
        }
        Ok(match self.length {
            _ if self.chunked => Framing::Chunked,
            Some(0) => Framing::Empty,
            Some(length) => Framing::Length(length),
            None => Framing::UntilClose,
        })
    }
}

/// Digits only: no sign, no space, nothing that does not fit.
fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |value, &digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })
}
