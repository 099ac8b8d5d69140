//! Names and values of fields, between strings of JavaScript and those of HTTP.

use http::{HeaderName, HeaderValue};
use rquickjs::{Coerced, Ctx, FromJs, String as JsString, Value};

use crate::Failure;

/// Gives the bytes of a `ByteString` (Web IDL §3.2.10), one for each character.
///
/// # Errors
/// A `TypeError` where a character is above U+00FF.
pub(crate) fn with_bytes<'js, R>(value: &Value<'js>, run: impl FnOnce(&[u8]) -> R) -> rquickjs::Result<R> {
    let text = match value.as_string() {
        Some(text) => text.clone(),
        None => Coerced::<JsString<'js>>::from_js(value.ctx(), value.clone())?.0,
    };
    let text = text.to_cstring()?;
    let text: &[u8] = text.as_ref();
    if text.is_ascii() {
        return Ok(run(text));
    }
    match latin1_from_utf8(text) {
        Some(bytes) => Ok(run(&bytes)),
        None => Err(Failure::type_error("a character of the string is above U+00FF").throw(value.ctx())),
    }
}

fn latin1_from_utf8(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(&byte) = rest.next() {
        bytes.push(match byte {
            0..0x80 => byte,
            0xC2 | 0xC3 => ((byte & 3) << 6) | (rest.next()? & 0x3F),
            _ => return None,
        });
    }
    Some(bytes)
}

/// Bytes as a string, a character for each.
pub(crate) fn string<'js>(ctx: &Ctx<'js>, bytes: &[u8]) -> rquickjs::Result<Value<'js>> {
    let text = if bytes.is_ascii() { str::from_utf8(bytes).ok() } else { None };
    let text = match text {
        Some(text) => JsString::from_str(ctx.clone(), text)?,
        None => {
            let text: String = bytes.iter().copied().map(char::from).collect();
            JsString::from_str(ctx.clone(), &text)?
        }
    };
    Ok(text.into_value())
}

/// The name of a field (RFC 9110 §5.1), in lower case.
///
/// # Errors
/// A `TypeError` where it is none.
pub(crate) fn name(value: &Value<'_>) -> rquickjs::Result<HeaderName> {
    with_bytes(value, HeaderName::from_bytes)?.map_err(|_| no_name(value))
}

/// Looks something up by the name of a field, which is not copied.
///
/// # Errors
/// A `TypeError` where it is none.
pub(crate) fn with_name<R>(value: &Value<'_>, run: impl FnOnce(&str) -> R) -> rquickjs::Result<R> {
    let found = with_bytes(value, |bytes| is_token(bytes).then(|| str::from_utf8(bytes).map(run)))?;
    match found {
        Some(Ok(found)) => Ok(found),
        _ => Err(no_name(value)),
    }
}

fn no_name(value: &Value<'_>) -> rquickjs::Error {
    let text = value.as_string().and_then(|text| text.to_string().ok());
    let message = match text {
        Some(text) => format!("`{}` is no name of a header", shortened(&text)),
        None => "this is no name of a header".to_owned(),
    };
    Failure::type_error(message).throw(value.ctx())
}

fn shortened(text: &str) -> std::borrow::Cow<'_, str> {
    match text.char_indices().nth(64) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into(),
        None => text.into(),
    }
}

/// The value of a field, without the white space around it (Fetch §2.2.2). Control characters, which the
/// standard lets pass but no version of HTTP carries (RFC 9110 §5.5), are refused.
///
/// # Errors
/// A `TypeError` that does not tell the value, which may be a secret.
pub(crate) fn value(name: &HeaderName, value: &Value<'_>) -> rquickjs::Result<HeaderValue> {
    with_bytes(value, |bytes| HeaderValue::from_bytes(trimmed(bytes)))?.map_err(|_| {
        let message = format!("the value of the header `{name}` has a character that no header may have");
        Failure::type_error(message).throw(value.ctx())
    })
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' ');
    let Some(start) = bytes.iter().position(|byte| !is_space(byte)) else { return &[] };
    let end = bytes.iter().rposition(|byte| !is_space(byte)).map_or(start, |last| last + 1);
    bytes.get(start..end).unwrap_or_default()
}

/// Whether these bytes are a token (RFC 9110 §5.6.2).
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_goes_from_both_ends_and_stays_inside() {
        assert_eq!(trimmed(b" \t\r\na  b \n"), b"a  b");
        assert_eq!(trimmed(b" \t "), b"");
        assert_eq!(trimmed(b"\x0ba"), b"\x0ba");
    }

    #[test]
    fn characters_up_to_255_are_a_byte_each() {
        assert_eq!(latin1_from_utf8("aé\u{ff}".as_bytes()).unwrap(), b"a\xe9\xff");
        assert_eq!(latin1_from_utf8("\u{100}".as_bytes()), None);
        assert_eq!(latin1_from_utf8("€".as_bytes()), None);
    }

    #[test]
    fn a_long_name_is_shortened_at_a_character() {
        let long = "é".repeat(100);
        assert_eq!(shortened(&long).chars().count(), 65);
        assert_eq!(shortened("short"), "short");
    }
}
