//! Chunks, as they are written.

use http::HeaderMap;

use crate::trailers::may_trail;

/// What ends a chunked body that has no trailers.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Begins a chunk of `length` bytes, which is not 0; CR LF goes behind its data.
pub fn push_chunk_size(out: &mut Vec<u8>, length: u64) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = (64 - length.leading_zeros()).div_ceil(4).max(1);
    for place in (0..digits).rev() {
        let digit = (length >> (place * 4)) & 0xf;
        out.extend(DIGITS.get(digit as usize));
    }
    out.extend_from_slice(b"\r\n");
}

/// Ends a chunked body with trailers. Fields that have no business there (RFC 9110 §6.5.1) are
/// left out.
pub fn push_trailers(out: &mut Vec<u8>, trailers: &HeaderMap) {
    out.extend_from_slice(b"0\r\n");
    for (name, value) in trailers.iter().filter(|(name, _)| may_trail(name)) {
        push_field(out, name.as_str(), value.as_bytes());
    }
    out.extend_from_slice(b"\r\n");
}

/// Writes a field as a line of a head. Neither name nor value may hold CR or LF, nor the name a colon: types that
/// cannot, such as those of `http`, are whose bytes to give.
pub fn push_field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.reserve(name.len() + value.len() + 4);
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}
