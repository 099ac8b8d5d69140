//! Text to UTF-8 (Encoding Standard §7.4).

use rquickjs::{Array, Ctx, Value};

use crate::bytes::{UsvString, uint8_array};

/// A `Uint8Array` of the text.
pub(super) fn encode(ctx: Ctx<'_>, text: UsvString) -> rquickjs::Result<Value<'_>> {
    uint8_array(&ctx, text.0)
}

/// As much of the text as has room in so many bytes, character by character: how many UTF-16 code units
/// that is, and the bytes.
pub(super) fn encode_into<'js>(ctx: Ctx<'js>, text: UsvString, room: usize) -> rquickjs::Result<Array<'js>> {
    let fits = &text.0[..text.0.floor_char_boundary(room)];
    let encoded = Array::new(ctx.clone())?;
    encoded.set(0, fits.encode_utf16().count())?;
    encoded.set(1, uint8_array(&ctx, fits)?)?;
    Ok(encoded)
}
