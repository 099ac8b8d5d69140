//! What scripts give as a body (Fetch §5.2, to extract a body).

use http::HeaderValue;
use rquickjs::Value;
use tollgate_core::Body;

use super::BodyCell;
use crate::bytes;

/// A body, and what its bytes are.
pub(crate) struct Extracted<'js> {
    pub(crate) body: BodyCell<'js>,
    pub(crate) content_type: Option<HeaderValue>,
}

const TEXT: HeaderValue = HeaderValue::from_static("text/plain;charset=UTF-8");

/// A body from what a script gives, which is neither `null` nor `undefined`.
///
/// # Errors
/// A `TypeError` where it is a stream that is in use, or cannot be text.
pub(crate) fn extract<'js>(value: &Value<'js>) -> rquickjs::Result<Extracted<'js>> {
    if !value.is_string()
        && let Some(bytes) = bytes::view(value)?
    {
        return Ok(Extracted { body: BodyCell::host(Body::full(bytes)), content_type: None });
    }
    let text = bytes::usv_string(value)?;
    Ok(Extracted { body: BodyCell::host(Body::full(text)), content_type: Some(TEXT) })
}
