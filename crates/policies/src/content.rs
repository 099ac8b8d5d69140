//! A body in the place of another, and the header fields that speak of it made true.

use bytes::Bytes;
use http::header::{
    CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_TYPE, HeaderMap, HeaderName,
    HeaderValue, TRAILER, TRANSFER_ENCODING,
};
use tollgate_core::{Body, Request};

/// Digests of the bytes that were there (RFC 9530, RFC 3230, RFC 1864).
const DIGESTS: [HeaderName; 4] = [
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-md5"),
];

/// Gives a request a body that is in memory. Its media type is `media`, or stays as it is.
pub(crate) fn replace_request_body(request: &mut Request, bytes: Bytes, media: Option<HeaderValue>) {
    let length = HeaderValue::from(bytes.len());
    *request.body_mut() = Body::full(bytes);
    let headers = request.headers_mut();
    forget_bytes(headers);
    headers.insert(CONTENT_LENGTH, length);
    if let Some(media) = media {
        headers.insert(CONTENT_TYPE, media);
    }
}

/// Takes a request's body away, with every field that speaks of one.
pub(crate) fn drop_request_body(request: &mut Request) {
    *request.body_mut() = Body::empty();
    let headers = request.headers_mut();
    forget_content(headers);
}

/// Takes away what is said of the content of a message that has none.
pub(crate) fn forget_content(headers: &mut HeaderMap) {
    forget_bytes(headers);
    for name in [CONTENT_TYPE, CONTENT_LANGUAGE, CONTENT_LOCATION] {
        headers.remove(name);
    }
}

/// Takes away what is true of the bytes that were there only.
pub(crate) fn forget_bytes(headers: &mut HeaderMap) {
    for name in [CONTENT_LENGTH, CONTENT_ENCODING, TRANSFER_ENCODING, TRAILER] {
        headers.remove(name);
    }
    for name in &DIGESTS {
        headers.remove(name);
    }
}
