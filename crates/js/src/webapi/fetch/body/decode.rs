//! Content codings (RFC 9110 §8.4.1). Bytes from outside stay as they came until a script reads them: what
//! is only passed on is neither decoded nor encoded.

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderValue};
use tollgate_core::Body;
use tollgate_core::coding::ContentCoding;

use super::Raw;

/// What bytes are encoded by, and the fields that said so.
#[derive(Debug, Clone)]
pub(crate) struct Coding {
    algorithm: ContentCoding,
    name: HeaderValue,
    length: Option<HeaderValue>,
    /// Whether it is there because the host asked for it.
    ours: bool,
}

/// Takes the coding out of headers that a script is going to see: what it reads is not encoded. Codings
/// that are not known here stay, and so do their bytes.
pub(crate) fn hide(headers: &mut HeaderMap) -> Option<Coding> {
    let mut lines = headers.get_all(CONTENT_ENCODING).iter();
    let name = lines.next()?;
    if lines.next().is_some() {
        return None;
    }
    let algorithm = ContentCoding::parse(name.as_bytes())?;
    let name = headers.remove(CONTENT_ENCODING)?;
    Some(Coding { algorithm, name, length: headers.remove(CONTENT_LENGTH), ours: false })
}

impl Coding {
    /// The host asked for it, and not whoever the bytes may be passed on to.
    pub(crate) fn asked_for(&mut self) {
        self.ours = true;
    }

    pub(super) fn is_ours(&self) -> bool {
        self.ours
    }

    /// Puts it back, where the bytes leave as they came.
    pub(crate) fn show(self, headers: &mut HeaderMap) {
        headers.insert(CONTENT_ENCODING, self.name);
        match self.length {
            Some(length) => drop(headers.insert(CONTENT_LENGTH, length)),
            None => drop(headers.remove(CONTENT_LENGTH)),
        }
    }
}

/// The bytes as scripts read them.
pub(super) fn decoded(raw: Raw) -> Body {
    match raw.coding {
        None => raw.body,
        Some(coding) => coding.algorithm.decode(raw.body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coding(name: &'static str) -> Option<Coding> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
        hide(&mut headers)
    }

    #[test]
    fn the_fields_come_back_as_they_were() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("GZip"));
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("77"));
        headers.insert("x", HeaderValue::from_static("1"));
        let before = headers.clone();
        let coding = hide(&mut headers).unwrap();
        assert_eq!(headers.len(), 1);
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("a script's"));
        coding.show(&mut headers);
        assert_eq!(headers, before);
    }

    #[test]
    fn what_is_not_known_stays() {
        assert!(coding("zstd").is_none());
        assert!(coding("gzip, br").is_none());
        assert!(coding("identity").is_none());
    }
}
