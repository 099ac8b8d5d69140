//! Bytes to text (Encoding Standard §7.2). The encodings are those of the crate `encoding_rs`.

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};
use rquickjs::class::Trace;
use rquickjs::{Class, Ctx, JsLifetime};

use crate::Failure;
use crate::bytes::{Source, UsvString};

/// The name of the encoding that a label means, in lower case, as `TextDecoder.encoding` has it.
///
/// # Errors
/// A `RangeError` where it means none, or the one that decodes nothing.
pub(super) fn name_of(ctx: Ctx<'_>, label: UsvString) -> rquickjs::Result<String> {
    match Encoding::for_label_no_replacement(label.0.as_bytes()) {
        Some(encoding) => Ok(encoding.name().to_ascii_lowercase()),
        None => Err(Failure::range_error(format!("there is no encoding `{}`", label.0)).throw(&ctx)),
    }
}

fn encoding(name: &str) -> &'static Encoding {
    Encoding::for_label(name.as_bytes()).unwrap_or(UTF_8)
}

fn malformed(ctx: &Ctx<'_>, encoding: &'static Encoding) -> rquickjs::Error {
    Failure::type_error(format!("the bytes are not {}", encoding.name())).throw(ctx)
}

/// All of a text at once.
///
/// # Errors
/// A `TypeError` where the bytes are not of this encoding and `fatal` is set.
pub(super) fn decode(
    ctx: Ctx<'_>,
    bytes: Source,
    name: String,
    fatal: bool,
    ignore_bom: bool,
) -> rquickjs::Result<String> {
    let encoding = encoding(&name);
    if encoding == UTF_8 {
        utf_8(bytes.0, fatal, ignore_bom)
    } else {
        Decoding::new(encoding, fatal, ignore_bom).push(&bytes.0, true)
    }
    .ok_or_else(|| malformed(&ctx, encoding))
}

/// Most text is UTF-8, and becomes a text as it is.
fn utf_8(mut bytes: Vec<u8>, fatal: bool, ignore_bom: bool) -> Option<String> {
    if !ignore_bom && bytes.starts_with("\u{FEFF}".as_bytes()) {
        bytes.drain(..3);
    }
    match String::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(_) if fatal => None,
        Err(error) => Some(String::from_utf8_lossy(error.as_bytes()).into_owned()),
    }
}

/// A text that comes in pieces.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub(super) struct Decoding {
    #[qjs(skip_trace)]
    decoder: Decoder,
    fatal: bool,
}

impl Decoding {
    fn new(encoding: &'static Encoding, fatal: bool, ignore_bom: bool) -> Self {
        let decoder = match ignore_bom {
            true => encoding.new_decoder_without_bom_handling(),
            false => encoding.new_decoder_with_bom_removal(),
        };
        Self { decoder, fatal }
    }

    /// The text of a piece. `None` where `fatal` is set and the bytes are not of the encoding.
    fn push(&mut self, bytes: &[u8], last: bool) -> Option<String> {
        // With room for the longest text that the bytes can make, one step is enough.
        if self.fatal {
            let mut text = String::with_capacity(self.decoder.max_utf8_buffer_length_without_replacement(bytes.len())?);
            let (result, _) = self.decoder.decode_to_string_without_replacement(bytes, &mut text, last);
            return matches!(result, DecoderResult::InputEmpty).then_some(text);
        }
        let mut text = String::with_capacity(self.decoder.max_utf8_buffer_length(bytes.len())?);
        let _ = self.decoder.decode_to_string(bytes, &mut text, last);
        Some(text)
    }
}

/// Begins a text that comes in pieces.
pub(super) fn begin<'js>(
    ctx: Ctx<'js>,
    name: String,
    fatal: bool,
    ignore_bom: bool,
) -> rquickjs::Result<Class<'js, Decoding>> {
    Class::instance(ctx, Decoding::new(encoding(&name), fatal, ignore_bom))
}

/// The text of the next piece. Nothing may come after the last one.
///
/// # Errors
/// A `TypeError` where the bytes are not of this encoding and `fatal` is set.
pub(super) fn push<'js>(
    ctx: Ctx<'js>,
    text: Class<'js, Decoding>,
    bytes: Source,
    last: bool,
) -> rquickjs::Result<String> {
    let mut text = text.try_borrow_mut()?;
    let pushed = text.push(&bytes.0, last);
    pushed.ok_or_else(|| malformed(&ctx, text.decoder.encoding()))
}
