//! Reading a body to its end. What is in memory already needs no turn of the host.

use bytes::Bytes;
use futures_util::FutureExt;
use rquickjs::{Class, Ctx, Exception, Persistent, Promise, String as JsString, Value};
use tollgate_core::body::CollectError;

use super::collect::Collector;
use super::{Taken, decode, scripts};
use crate::engine::promise;
use crate::webapi::fetch::abort::{self, Aborted};
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

    pub(super) fn finish<'js>(
        self,
        ctx: &Ctx<'js>,
        bytes: &[u8],
        content_type: Option<String>,
    ) -> rquickjs::Result<Value<'js>> {
        match self {
            Self::ArrayBuffer => buffers::array_buffer(ctx, bytes),
            Self::Bytes => buffers::uint8_array(ctx, bytes),
            Self::Text => text(ctx, bytes),
            Self::Json => json(ctx, bytes),
            Self::Blob => scripts::to_blob(ctx, buffers::uint8_array(ctx, bytes)?, content_type),
            Self::FormData => scripts::to_form(ctx, buffers::uint8_array(ctx, bytes)?, content_type),
        }
    }
}

/// A promise for a body as something.
pub(super) fn read<'js>(
    ctx: &Ctx<'js>,
    taken: Taken<'js>,
    how: How,
    content_type: Option<String>,
) -> rquickjs::Result<Promise<'js>> {
    let source = match taken {
        Taken::Null => return settled(ctx, how.finish(ctx, &[], content_type)),
        Taken::Source(source) => source,
        Taken::Stream(stream) => {
            let most = Engine::of(ctx)?.host().buffered_body();
            let collector = Class::instance(ctx.clone(), Collector::new(how, content_type, most))?;
            return scripts::collect(ctx, &stream, collector);
        }
    };
    if source.raw.coding.is_none()
        && let Some(bytes) = source.raw.body.bytes()
    {
        return settled(ctx, how.finish(ctx, &bytes, content_type));
    }
    let in_memory = source.raw.body.bytes().is_some();
    let most = Engine::of(ctx)?.host().buffered_body();
    let mut all = decode::decoded(source.raw).collect_up_to(most).boxed_local();
    if in_memory && let Some(outcome) = (&mut all).now_or_never() {
        let outcome = outcome.map_err(|error| failure(&error, most).throw(ctx));
        return settled(ctx, outcome.and_then(|bytes| how.finish(ctx, &bytes, content_type)));
    }
    let signal = source.signal.map(|signal| Persistent::save(ctx, signal));
    promise(ctx, async move { Ok(all.await) }, move |ctx, outcome: Result<Bytes, CollectError>| match outcome {
        Ok(bytes) => how.finish(ctx, &bytes, content_type),
        Err(error) => Err(abort::failed(ctx, signal, &failure(&error, most))),
    })
}

fn failure(error: &CollectError, most: usize) -> Failure {
    match error {
        CollectError::TooLong(limit) if *limit == most => too_long(most),
        // A policy says that it may not be that long.
        CollectError::TooLong(_) => Failure::range_error(error.to_string()),
        CollectError::TimedOut(error) => broken(error),
        CollectError::Broken(error) => broken(&**error),
    }
}

/// What a script is told of a body that breaks off.
pub(super) fn broken(error: &(dyn std::error::Error + 'static)) -> Failure {
    if Aborted::is_in(error) {
        return Aborted::failure();
    }
    Failure::type_error(format!("the body could not be read: {error}"))
}

pub(super) fn too_long(most: usize) -> Failure {
    Failure::range_error(format!(
        "the body is longer than {most} bytes, the most that a script may have in memory at once: read `body` as a stream"
    ))
}

/// A promise that is settled already.
pub(crate) fn settled<'js>(ctx: &Ctx<'js>, outcome: rquickjs::Result<Value<'js>>) -> rquickjs::Result<Promise<'js>> {
    let (promise, resolve, reject) = ctx.promise()?;
    match outcome {
        Ok(value) => resolve.call::<_, ()>((value,))?,
        Err(error) => {
            let reason = match error {
                rquickjs::Error::Exception => ctx.catch(),
                error => Failure::error(error.to_string()).value(ctx)?,
            };
            // What is thrown to stop a script does not become a value of that script.
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
