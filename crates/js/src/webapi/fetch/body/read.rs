//! Reading a body to its end. What is in memory already needs no turn of the host.

use bytes::Bytes;
use rquickjs::{Ctx, Exception, Promise, String as JsString, Value};
use tollgate_core::body::CollectError;

use super::Source;
use crate::engine::promise;
use crate::{Engine, Failure, bytes as buffers};

/// What to make of the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    ArrayBuffer,
    Blob,
    Bytes,
    FormData,
    Json,
    Text,
}

impl How {
    /// Whether it matters what the message says that its bytes are.
    pub(super) fn needs_type(self) -> bool {
        matches!(self, Self::Blob | Self::FormData)
    }

    fn finish<'js>(self, ctx: &Ctx<'js>, bytes: &[u8], content_type: Option<String>) -> rquickjs::Result<Value<'js>> {
        match self {
            Self::ArrayBuffer => buffers::array_buffer(ctx, bytes),
            Self::Bytes => buffers::uint8_array(ctx, bytes),
            Self::Text => text(ctx, bytes),
            Self::Json => json(ctx, bytes),
            Self::Blob | Self::FormData => {
                let _ = content_type;
                Err(Failure::type_error("to come").throw(ctx))
            }
        }
    }
}

/// A promise for a body as something.
pub(super) fn read<'js>(
    ctx: &Ctx<'js>,
    source: Option<Source>,
    how: How,
    content_type: Option<String>,
) -> rquickjs::Result<Promise<'js>> {
    let body = source.unwrap_or_default().body;
    if let Some(bytes) = body.bytes() {
        return settled(ctx, how.finish(ctx, &bytes, content_type));
    }
    let limit = Engine::of(ctx)?.host().buffered_body();
    let work = async move { body.collect_up_to(limit).await.map_err(failure) };
    promise(ctx, work, move |ctx, bytes: Bytes| how.finish(ctx, &bytes, content_type))
}

fn failure(error: CollectError) -> Failure {
    match error {
        CollectError::TooLong(limit) => Failure::range_error(format!(
            "the body is longer than {limit} bytes, which is the most that a script may hold in memory: read its `body` as a stream"
        )),
        other => Failure::type_error(other.to_string()),
    }
}

/// A promise that is settled already.
pub(super) fn settled<'js>(ctx: &Ctx<'js>, outcome: rquickjs::Result<Value<'js>>) -> rquickjs::Result<Promise<'js>> {
    let (promise, resolve, reject) = ctx.promise()?;
    match outcome {
        Ok(value) => resolve.call::<_, ()>((value,))?,
        Err(error) => {
            let reason = match error {
                rquickjs::Error::Exception => ctx.catch(),
                error => Failure::error(error.to_string()).value(ctx)?,
            };
            // Nothing that is thrown to stop a script becomes a value of that script.
            if reason.is_uncatchable_error() {
                return Err(ctx.throw(reason));
            }
            reject.call::<_, ()>((reason,))?;
        }
    }
    Ok(promise)
}

/// UTF-8 as a string, without its byte order mark (Encoding §6, UTF-8 decode).
fn text<'js>(ctx: &Ctx<'js>, bytes: &[u8]) -> rquickjs::Result<Value<'js>> {
    let text = String::from_utf8_lossy(without_mark(bytes));
    JsString::from_str(ctx.clone(), &text).map(JsString::into_value)
}

fn json<'js>(ctx: &Ctx<'js>, bytes: &[u8]) -> rquickjs::Result<Value<'js>> {
    let text = String::from_utf8_lossy(without_mark(bytes));
    // With room for the NUL that the engine wants behind it.
    let mut copy = Vec::with_capacity(text.len() + 1);
    copy.extend_from_slice(text.as_bytes());
    match ctx.json_parse(copy) {
        Err(rquickjs::Error::InvalidString(_)) => Err(Exception::throw_syntax(ctx, "a NUL is no part of JSON")),
        result => result,
    }
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}
