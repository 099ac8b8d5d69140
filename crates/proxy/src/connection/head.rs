//! Heads of answers that the HTTP library does not write.

use http::{HeaderMap, StatusCode, Version};

/// The head as bytes, up to the empty line.
pub(super) fn bytes(version: Version, status: StatusCode, headers: &HeaderMap) -> Vec<u8> {
    let mut head = Vec::with_capacity(256);
    let mut put = |part: &[u8]| head.extend_from_slice(part);
    put(if version == Version::HTTP_10 { b"HTTP/1.0 " } else { b"HTTP/1.1 " });
    put(status.as_str().as_bytes());
    put(b" ");
    put(status.canonical_reason().unwrap_or_default().as_bytes());
    put(b"\r\n");
    for (name, value) in headers {
        put(name.as_str().as_bytes());
        put(b": ");
        put(value.as_bytes());
        put(b"\r\n");
    }
    put(b"\r\n");
    head
}
