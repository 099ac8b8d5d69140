//! `data:` URLs (Fetch §6).

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use percent_encoding::percent_decode_str;
use tollgate_core::Body;
use url::Url;

use crate::Failure;

const FORGIVING: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What such a URL holds.
///
/// # Errors
/// A `TypeError` where it is not formed as such URLs are.
pub(super) fn response(url: &Url) -> Result<tollgate_core::Response, Failure> {
    let (kind, bytes) = parse(url).ok_or_else(|| Failure::type_error("fetch failed: the `data:` URL is ill-formed"))?;
    let mut response = http::Response::new(Body::full(bytes));
    let kind = HeaderValue::from_str(&kind).unwrap_or(HeaderValue::from_static(USUAL));
    response.headers_mut().insert(CONTENT_TYPE, kind);
    Ok(response)
}

const USUAL: &str = "text/plain;charset=US-ASCII";

fn parse(url: &Url) -> Option<(String, Bytes)> {
    let (kind, data) = url.as_str().strip_prefix("data:")?.split_once(',')?;
    let data = data.split_once('#').map_or(data, |(data, _)| data);
    let bytes: Vec<u8> = percent_decode_str(data).collect();
    let kind = kind.trim_matches(' ');
    let (kind, bytes) = match kind.rsplit_once(';') {
        Some((kind, coding)) if coding.trim_start_matches(' ').eq_ignore_ascii_case("base64") => {
            let text: Vec<u8> = bytes.into_iter().filter(|byte| !byte.is_ascii_whitespace()).collect();
            (kind, FORGIVING.decode(text).ok()?)
        }
        _ => (kind, bytes),
    };
    let kind = if kind.starts_with(';') { format!("text/plain{kind}") } else { kind.to_owned() };
    Some((if kind.contains('/') { kind } else { USUAL.to_owned() }, bytes.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: Option<(&str, &[u8])>) {
        let parsed = parse(&Url::parse(url).unwrap());
        let parsed = parsed.as_ref().map(|(kind, bytes)| (kind.as_str(), &bytes[..]));
        assert_eq!(parsed, expected, "{url}");
    }

    #[test]
    fn text_base64_and_their_types() {
        check("data:,a%20b", Some((USUAL, b"a b")));
        check("data:text/html,<b>#x", Some(("text/html", b"<b>")));
        check("data:;charset=utf-8,a", Some(("text/plain;charset=utf-8", b"a")));
        check("data:nonsense,a", Some((USUAL, b"a")));
        check("data:application/json;base64,e30=", Some(("application/json", b"{}")));
        check("data:;base64,e30", Some((USUAL, b"{}")));
        check("data:;base64,e%20%33%30%3D", Some((USUAL, b"{}")));
        check("data:text/plain", None);
        check("data:;base64,*", None);
    }
}
