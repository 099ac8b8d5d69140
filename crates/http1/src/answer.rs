//! The head of an answer, as a server writes it.

use http::header::{CONNECTION, CONTENT_LENGTH, DATE, HeaderValue, TRANSFER_ENCODING};
use http::{HeaderMap, StatusCode, Version};

use crate::chunk::push_field;
use crate::request::push_decimal;

/// What an answer says of the length of its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerLength {
    /// Nothing: there is none by nature (1xx, 204, a switch of protocols), or it ends with the connection.
    Unsaid,
    /// What its own field says, where there is one: there is no body that it could contradict (an answer to HEAD,
    /// 304), and it tells what a GET would bring (RFC 9110 §8.6).
    OfGet,
    /// This many bytes.
    Known(u64),
    /// It goes in chunks.
    Chunked,
}

/// What is to be said of what becomes of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Persistence {
    /// Nothing: it is what the version means anyway, or the fields of the answer say it.
    Unsaid,
    /// It stays open, which HTTP/1.0 must be told.
    KeepAlive,
    /// It ends with this answer.
    Close,
}

/// The head of an answer. Fields that frame it are written here and nowhere else; those of these names in `headers`
/// are passed over.
#[derive(Debug, Clone, Copy)]
pub struct AnswerHead<'a> {
    /// That of the client's request: 1.1 or 1.0.
    pub version: Version,
    /// The status.
    pub status: StatusCode,
    /// What stands behind the status in its line, where it is another than the status' own.
    pub reason: Option<&'a [u8]>,
    /// All other fields, sent in this order.
    pub headers: &'a HeaderMap,
    /// How the end of the body is told.
    pub length: AnswerLength,
    /// What is said of the connection.
    pub persistence: Persistence,
    /// The `Date`, where the fields have none.
    pub date: Option<&'a HeaderValue>,
}

impl AnswerHead<'_> {
    /// Writes the head behind what is in `out`, with its empty line. No name, value or reason can hold CR, LF or NUL
    /// by its type.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.push_status(out);
        let mut has_date = self.date.is_none();
        for (name, value) in self.headers {
            if *name == TRANSFER_ENCODING || (*name == CONTENT_LENGTH && self.length != AnswerLength::OfGet) {
                continue;
            }
            if *name == CONNECTION && self.persistence != Persistence::Unsaid {
                continue;
            }
            has_date |= *name == DATE;
            push_field(out, name.as_str(), value.as_bytes());
        }
        match self.length {
            AnswerLength::Unsaid | AnswerLength::OfGet => {}
            AnswerLength::Chunked => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
            AnswerLength::Known(length) => {
                out.extend_from_slice(b"content-length: ");
                push_decimal(out, length);
                out.extend_from_slice(b"\r\n");
            }
        }
        match self.persistence {
            Persistence::Unsaid => {}
            Persistence::KeepAlive => out.extend_from_slice(b"connection: keep-alive\r\n"),
            Persistence::Close => out.extend_from_slice(b"connection: close\r\n"),
        }
        if let Some(date) = self.date.filter(|_| !has_date) {
            push_field(out, "date", date.as_bytes());
        }
        out.extend_from_slice(b"\r\n");
    }

    fn push_status(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if self.version == Version::HTTP_10 { b"HTTP/1.0 " } else { b"HTTP/1.1 " });
        out.extend_from_slice(self.status.as_str().as_bytes());
        out.push(b' ');
        let reason = self.reason.unwrap_or_else(|| self.status.canonical_reason().unwrap_or_default().as_bytes());
        out.extend_from_slice(reason);
        out.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn framing_is_written_once_whatever_the_fields_say() {
        let mut headers = HeaderMap::new();
        for (name, value) in [("content-length", "9"), ("transfer-encoding", "x"), ("connection", "close"), ("a", "b")]
        {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let date = HeaderValue::from_static("now");
        let head = AnswerHead {
            version: Version::HTTP_11,
            status: StatusCode::OK,
            reason: None,
            headers: &headers,
            length: AnswerLength::Known(12),
            persistence: Persistence::Close,
            date: Some(&date),
        };
        let written = |head: AnswerHead<'_>| {
            let mut out = Vec::new();
            head.encode(&mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            written(head),
            "HTTP/1.1 200 OK\r\na: b\r\ncontent-length: 12\r\nconnection: close\r\ndate: now\r\n\r\n"
        );
        let chunked = AnswerHead { length: AnswerLength::Chunked, date: None, ..head };
        assert_eq!(
            written(chunked),
            "HTTP/1.1 200 OK\r\na: b\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
        );
        let of_get = AnswerHead { length: AnswerLength::OfGet, persistence: Persistence::Unsaid, ..head };
        assert_eq!(
            written(of_get),
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\na: b\r\ndate: now\r\n\r\n"
        );
    }
}
