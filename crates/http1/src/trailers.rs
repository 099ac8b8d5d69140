//! Fields behind a chunked body.

use bytes::Bytes;
use http::HeaderMap;
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, COOKIE,
    EXPECT, HOST, HeaderName, LOCATION, MAX_FORWARDS, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, SET_COOKIE, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE, WWW_AUTHENTICATE,
};

use crate::HeadError;
use crate::response::{MOST_FIELDS, field_of};

/// What a trailer section may weigh at most, in bytes.
pub(crate) const MOST_BYTES: usize = 16 * 1024;

/// Reads a whole section with its empty line. Fields that have no business in one are left out.
pub(crate) fn parse(section: &Bytes) -> Result<HeaderMap, HeadError> {
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let parsed = match httparse::parse_headers(section, &mut fields) {
        Ok(httparse::Status::Complete((length, parsed))) if length == section.len() => parsed,
        Ok(_) => return Err(HeadError::Syntax(httparse::Error::NewLine)),
        Err(httparse::Error::TooManyHeaders) => return Err(HeadError::TooManyFields(MOST_FIELDS)),
        Err(error) => return Err(HeadError::Syntax(error)),
    };
    let mut trailers = HeaderMap::with_capacity(parsed.len());
    for field in parsed {
        let (name, value) = field_of(section, field)?;
        if may_trail(&name) {
            trailers.append(name, value);
        }
    }
    Ok(trailers)
}

/// RFC 9110 §6.5.1: framing, routing, authentication, request modifiers and what describes the
/// content must be known before it; a reader that merges trailers into the head would be misled.
pub(crate) fn may_trail(name: &HeaderName) -> bool {
    const NEVER: [HeaderName; 19] = [
        AUTHORIZATION,
        CACHE_CONTROL,
        CONNECTION,
        CONTENT_ENCODING,
        CONTENT_LENGTH,
        CONTENT_RANGE,
        CONTENT_TYPE,
        COOKIE,
        EXPECT,
        HOST,
        LOCATION,
        MAX_FORWARDS,
        PROXY_AUTHENTICATE,
        PROXY_AUTHORIZATION,
        SET_COOKIE,
        TE,
        TRAILER,
        TRANSFER_ENCODING,
        UPGRADE,
    ];
    !NEVER.contains(name)
        && *name != WWW_AUTHENTICATE
        && !matches!(name.as_str(), "keep-alive" | "proxy-connection" | "forwarded")
        && !name.as_str().starts_with("x-forwarded-")
}
