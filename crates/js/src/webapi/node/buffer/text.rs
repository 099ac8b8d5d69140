//! Text to bytes and back, in the encodings of Node's buffers.

use std::cmp::Ordering;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD as BASE64URL};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use rquickjs::{Ctx, FromJs, String as JsString, Value};

use crate::bytes::{Source, UsvString, uint8_array};
use crate::{Failure, bytes};

/// What text is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Latin1,
    Ascii,
    Utf16Le,
    Base64,
    Base64Url,
    Hex,
}

impl<'js> FromJs<'js> for Encoding {
    fn from_js(ctx: &Ctx<'js>, value: Value<'js>) -> rquickjs::Result<Self> {
        Ok(match JsString::from_js(ctx, value)?.to_string()?.as_str() {
            "utf8" => Self::Utf8,
            "latin1" => Self::Latin1,
            "ascii" => Self::Ascii,
            "utf16le" => Self::Utf16Le,
            "base64" => Self::Base64,
            "base64url" => Self::Base64Url,
            "hex" => Self::Hex,
            name => return Err(Failure::type_error(format!("there is no encoding `{name}`")).throw(ctx)),
        })
    }
}

/// The bytes of a text. Of what is no base64 and no hexadecimal number, as much as can be read.
pub(super) fn encode<'js>(ctx: Ctx<'js>, text: JsString<'js>, encoding: Encoding) -> rquickjs::Result<Value<'js>> {
    let bytes = match encoding {
        Encoding::Utf8 => bytes::usv_string(text.as_value())?.into_bytes(),
        Encoding::Latin1 | Encoding::Ascii => units(text)?.into_iter().map(|unit| unit.to_le_bytes()[0]).collect(),
        Encoding::Utf16Le => units(text)?.into_iter().flat_map(u16::to_le_bytes).collect(),
        Encoding::Base64 | Encoding::Base64Url => from_base64(&bytes::usv_string(text.as_value())?),
        Encoding::Hex => from_hex(&bytes::usv_string(text.as_value())?),
    };
    uint8_array(&ctx, bytes)
}

/// The text of bytes; U+FFFD for what is no UTF-8.
///
/// # Errors
/// For UTF-16, whose lone surrogates are no characters: a script reads it.
pub(super) fn decode(ctx: Ctx<'_>, bytes: Source, encoding: Encoding) -> rquickjs::Result<String> {
    let bytes = bytes.0;
    Ok(match encoding {
        Encoding::Utf8 => match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        },
        Encoding::Latin1 => bytes.into_iter().map(char::from).collect(),
        Encoding::Ascii => bytes.into_iter().map(|byte| char::from(byte & 0x7F)).collect(),
        Encoding::Base64 => BASE64.encode(bytes),
        Encoding::Base64Url => BASE64URL.encode(bytes),
        Encoding::Hex => bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(hex_digit).collect(),
        Encoding::Utf16Le => return Err(Failure::type_error("UTF-16 is read elsewhere").throw(&ctx)),
    })
}

fn hex_digit(value: u8) -> char {
    char::from_digit(u32::from(value), 16).unwrap_or_default()
}

/// The order of bytes: -1, 0 or 1.
pub(super) fn compare(one: Source, other: Source) -> i32 {
    match one.0.cmp(&other.0) {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }
}

/// How many bytes of UTF-8 a text is.
pub(super) fn utf8_length(text: UsvString) -> usize {
    text.0.len()
}

/// Whether bytes are UTF-8.
pub(super) fn is_utf8(bytes: Source) -> bool {
    std::str::from_utf8(&bytes.0).is_ok()
}

/// The code units of a text, those of lone surrogates too.
fn units(text: JsString<'_>) -> rquickjs::Result<Vec<u16>> {
    let text = text.to_cstring()?;
    let generalized: &[u8] = text.as_ref();
    let mut units = Vec::with_capacity(generalized.len());
    let mut at = 0;
    while let Some(&first) = generalized.get(at) {
        // The engine writes a lone surrogate as the three bytes that UTF-8 would have for it.
        let length = match first {
            0..0xC0 => 1,
            0xC0..0xE0 => 2,
            0xE0..0xF0 => 3,
            _ => 4,
        };
        let mask = if length == 1 { 0x7F } else { 0x7F >> length };
        let rest = generalized.get(at + 1..at + length).unwrap_or_default();
        let point = rest.iter().fold(u32::from(first & mask), |point, byte| (point << 6) | u32::from(byte & 0x3F));
        match (u16::try_from(point), char::from_u32(point)) {
            (Ok(unit), _) => units.push(unit),
            (Err(_), Some(character)) => units.extend_from_slice(character.encode_utf16(&mut [0; 2])),
            (Err(_), None) => units.push(0xFFFD),
        }
        at += length;
    }
    Ok(units)
}

/// Both alphabets, with or without padding; what belongs to neither is skipped. Ends at the padding.
fn from_base64(text: &str) -> Vec<u8> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let mut digits: Vec<u8> = text
        .bytes()
        .take_while(|byte| *byte != b'=')
        .filter_map(|byte| match byte {
            b'-' => Some(b'+'),
            b'_' => Some(b'/'),
            b'+' | b'/' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => Some(byte),
            _ => None,
        })
        .collect();
    if digits.len() % 4 == 1 {
        // Six bits make no byte.
        digits.pop();
    }
    LENIENT.decode(digits).unwrap_or_default()
}

/// Pairs of digits, up to the first that is none.
fn from_hex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pair = |pair: &[u8]| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?);
    text.as_bytes().chunks_exact(2).map_while(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_as_far_as_it_goes() {
        for (text, expected) in [
            ("YWJj", "abc"),
            ("YW Jj\n", "abc"),
            ("YWI=", "ab"),
            ("YWI", "ab"),
            ("YW", "a"),
            ("Y", ""),
            ("YQ==YQ==", "a"),
            ("=YWI", ""),
            ("YWJjZ", "abc"),
        ] {
            assert_eq!(from_base64(text), expected.as_bytes(), "{text}");
        }
        assert_eq!(from_base64("-_+/"), from_base64("+/-_"));
    }

    #[test]
    fn hexadecimal_digits_are_read_in_pairs() {
        for (text, expected) in [("0aFf", &[10, 255][..]), ("0a0", &[10]), ("0ag1", &[10]), ("é0", &[]), ("", &[])] {
            assert_eq!(from_hex(text), expected, "{text}");
        }
    }
}
