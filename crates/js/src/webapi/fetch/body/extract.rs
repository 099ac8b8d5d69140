//! What scripts give as a body (Fetch §5.2, to extract a body).

use http::HeaderValue;
use rquickjs::atom::PredefinedAtom;
use rquickjs::{Ctx, Object, Value};

use super::{BodyCell, State, scripts};
use crate::{Failure, bytes};

/// A body, and what its bytes are.
pub(crate) struct Extracted<'js> {
    pub(crate) body: BodyCell<'js>,
    pub(crate) content_type: Option<HeaderValue>,
}

const TEXT: HeaderValue = HeaderValue::from_static("text/plain;charset=UTF-8");
const PARAMETERS: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded;charset=UTF-8");

/// A body from what a script gives, which is neither `null` nor `undefined`.
///
/// # Errors
/// A `TypeError` where it is a stream that is in use, or cannot be text.
pub(crate) fn extract<'js>(ctx: &Ctx<'js>, value: &Value<'js>) -> rquickjs::Result<Extracted<'js>> {
    let Some(object) = value.as_object() else { return text(value, TEXT) };
    // The classes are loaded where there is an instance of one, and the tag says of which.
    let tag: Value<'js> = object.get(PredefinedAtom::SymbolToStringTag)?;
    let tag = tag.as_string().and_then(|tag| tag.to_string().ok()).unwrap_or_default();
    match tag.as_str() {
        "ReadableStream" if scripts::is_readable(ctx, value)? => return stream(ctx, object),
        "URLSearchParams" => return text(value, PARAMETERS),
        "Blob" | "File" | "FormData" => {
            if let Some((body, content_type)) = scripts::bytes_of(ctx, value)? {
                return Ok(Extracted { body: BodyCell::made(ctx, body)?, content_type });
            }
        }
        _ => {}
    }
    if let Some(bytes) = bytes::view(value)? {
        return Ok(Extracted { body: BodyCell::made(ctx, bytes)?, content_type: None });
    }
    if object.get::<_, Value<'js>>(PredefinedAtom::SymbolAsyncIterator)?.is_function() {
        return stream(ctx, &scripts::stream_from(ctx, value)?);
    }
    text(value, TEXT)
}

fn text<'js>(value: &Value<'js>, content_type: HeaderValue) -> rquickjs::Result<Extracted<'js>> {
    let text = bytes::usv_string(value)?;
    Ok(Extracted { body: BodyCell::made(value.ctx(), text)?, content_type: Some(content_type) })
}

fn stream<'js>(ctx: &Ctx<'js>, stream: &Object<'js>) -> rquickjs::Result<Extracted<'js>> {
    if scripts::is_unusable(ctx, stream)? {
        let message = "the stream that is to be a body was read before, or is being read";
        return Err(Failure::type_error(message).throw(ctx));
    }
    let handle = scripts::handle_of(ctx, stream)?;
    Ok(Extracted { body: BodyCell::Own(State::Stream(stream.clone(), handle)), content_type: None })
}
