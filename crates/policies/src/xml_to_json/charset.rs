//! The letters of a document (RFC 7303 §3): a byte order mark says which they are, then the Content-Type, then
//! the declaration.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};

/// How far the declaration may reach.
const DECLARATION: usize = 256;

/// A document as text.
pub(super) fn decoded<'b>(bytes: &'b [u8], charset: Option<&str>) -> Result<Cow<'b, str>, String> {
    let marked = Encoding::for_bom(bytes);
    let (encoding, skipped) = match marked {
        Some((encoding, length)) => (encoding, length),
        None => (named(charset.map(str::to_owned).or_else(|| declared(bytes)))?, 0),
    };
    let (text, broken) = encoding.decode_without_bom_handling(&bytes[skipped..]);
    if broken { Err(format!("its letters are not {}", encoding.name())) } else { Ok(text) }
}

fn named(label: Option<String>) -> Result<&'static Encoding, String> {
    let Some(label) = label else { return Ok(UTF_8) };
    Encoding::for_label(label.as_bytes()).ok_or_else(|| "its encoding is not known here".to_owned())
}

/// The `encoding` of the declaration, which is ASCII in every encoding that has no byte order mark.
fn declared(bytes: &[u8]) -> Option<String> {
    let start = &bytes[..bytes.len().min(DECLARATION)];
    let text: String = start.iter().map(|byte| char::from(*byte)).collect();
    let declaration = text.strip_prefix("<?xml")?.split_once("?>")?.0;
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    value[1..].split_once(quote).map(|(label, _)| label.to_owned())
}
