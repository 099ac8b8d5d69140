//! An answer as it is kept: its head and its body in one piece, so that a hit copies no body.

use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

/// The head of an answer that is kept. Moments are of the clock that never goes back.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Head {
    pub(super) status: StatusCode,
    /// When it came.
    pub(super) came: Duration,
    /// How old it was then.
    pub(super) age: Duration,
    /// Until when it is fresh.
    pub(super) until: Duration,
    pub(super) headers: HeaderMap,
}

/// What stands under a key.
#[derive(Debug, PartialEq)]
pub(super) enum Kept {
    /// An answer.
    Answer(Head, Bytes),
    /// Answers differ by these fields of the request: each stands under a key of its own.
    Varies(Vec<HeaderName>),
}

const ANSWER: u8 = 0;
const VARIES: u8 = 1;

impl Head {
    /// The bytes in front of the body.
    pub(super) fn encode(&self) -> BytesMut {
        let mut bytes = BytesMut::with_capacity(512);
        bytes.put_u8(ANSWER);
        bytes.put_u16(self.status.as_u16());
        for moment in [self.came, self.age, self.until] {
            bytes.put_u64(u64::try_from(moment.as_millis()).unwrap_or(u64::MAX));
        }
        bytes.put_u32(u32::try_from(self.headers.len()).unwrap_or(u32::MAX));
        for (name, value) in &self.headers {
            put(&mut bytes, name.as_str().as_bytes());
            put(&mut bytes, value.as_bytes());
        }
        bytes
    }
}

/// The bytes of a note of what answers differ by.
pub(super) fn varies(names: &[HeaderName]) -> Bytes {
    let mut bytes = BytesMut::new();
    bytes.put_u8(VARIES);
    for name in names {
        put(&mut bytes, name.as_str().as_bytes());
    }
    bytes.freeze()
}

fn put(bytes: &mut BytesMut, text: &[u8]) {
    bytes.put_u32(u32::try_from(text.len()).unwrap_or(u32::MAX));
    bytes.put_slice(text);
}

/// Reads what was put; `None` is no answer that anybody put there.
pub(super) fn read(mut bytes: Bytes) -> Option<Kept> {
    match bytes.try_get_u8().ok()? {
        VARIES => {
            let mut names = Vec::new();
            while bytes.has_remaining() {
                names.push(HeaderName::from_bytes(&take(&mut bytes)?).ok()?);
            }
            Some(Kept::Varies(names))
        }
        ANSWER => {
            let status = StatusCode::from_u16(bytes.try_get_u16().ok()?).ok()?;
            let mut moment = || Some(Duration::from_millis(bytes.try_get_u64().ok()?));
            let (came, age, until) = (moment()?, moment()?, moment()?);
            let count = bytes.try_get_u32().ok()?;
            let mut headers = HeaderMap::with_capacity(count as usize + 4);
            for _ in 0..count {
                let name = HeaderName::from_bytes(&take(&mut bytes)?).ok()?;
                headers.append(name, HeaderValue::from_maybe_shared(take(&mut bytes)?).ok()?);
            }
            Some(Kept::Answer(Head { status, came, age, until, headers }, bytes))
        }
        _ => None,
    }
}

fn take(bytes: &mut Bytes) -> Option<Bytes> {
    let length = bytes.try_get_u32().ok()? as usize;
    (length <= bytes.len()).then(|| bytes.split_to(length))
}

#[cfg(test)]
mod tests {
    use http::header::{CONTENT_TYPE, LINK};

    use super::*;

    #[test]
    fn what_is_kept_is_read_as_it_was() {
        let mut headers = HeaderMap::new();
        headers.append(LINK, HeaderValue::from_static("<a>"));
        headers.append(LINK, HeaderValue::from_bytes(b"\xff").unwrap());
        headers.append(CONTENT_TYPE, HeaderValue::from_static(""));
        let [came, age, until] = [1500, 2000, 9000].map(Duration::from_millis);
        let head = Head { status: StatusCode::NOT_FOUND, came, age, until, headers };
        let mut bytes = head.encode();
        bytes.extend_from_slice(b"body");
        assert_eq!(read(bytes.clone().freeze()), Some(Kept::Answer(head, Bytes::from_static(b"body"))));
        for end in 0..bytes.len() - 4 {
            assert_eq!(read(bytes.clone().freeze().slice(..end)), None, "{end}");
        }
        let names = vec![CONTENT_TYPE, LINK];
        assert_eq!(read(varies(&names)), Some(Kept::Varies(names)));
    }
}
