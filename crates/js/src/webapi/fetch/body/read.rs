//! Reading a body to its end. What is in memory already needs no turn of the host.

use bytes::Bytes;
use futures_util::FutureExt;
use http_body_util::BodyExt;
use rquickjs::{Class, Ctx, Object, Persistent, Promise, String as JsString, Value};
use tollgate_core::body::BodyTooLarge;
use tollgate_core::{Body, BoxError};

use super::collect::Collector;
use super::{Taken, decode, scripts};
use crate::engine::promise;
use crate::webapi::fetch::abort::{self, Aborted};
use crate::webapi::fetch::ledger::{Charge, Full, Ledger};
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
    let most = Engine::of(ctx)?.host().buffered_body();
    let source = match taken {
        Taken::Null => return settled(ctx, how.finish(ctx, &[], content_type)),
        Taken::Source(source) => source,
        Taken::Stream(stream) => {
            let collector = Collector::new(how, content_type, most, Ledger::of(ctx)?.open());
            return scripts::collect(ctx, &stream, Class::instance(ctx.clone(), collector)?);
        }
    };
    let in_memory = source.raw.body.bytes();
    if source.raw.coding.is_none()
        && let Some(bytes) = &in_memory
    {
        return settled(ctx, how.finish(ctx, bytes, content_type));
    }
    let of_client = source.raw.of_client;
    let mut all = Box::pin(gather(decode::decoded(source.raw), most, Ledger::of(ctx)?.open()));
    if in_memory.is_some()
        && let Some(outcome) = (&mut all).now_or_never()
    {
        let outcome = outcome.map_err(|unread| unread.throw(ctx, None, of_client));
        return settled(ctx, outcome.and_then(|(bytes, _)| how.finish(ctx, &bytes, content_type)));
    }
    let signal = source.signal.map(|signal| Persistent::save(ctx, signal));
    promise(ctx, async move { Ok(all.await) }, move |ctx, outcome| match outcome {
        Ok((bytes, _charge)) => how.finish(ctx, &bytes, content_type),
        Err(unread) => Err(unread.throw(ctx, signal, of_client)),
    })
}

/// Why a body was not read to its end.
enum Unread {
    Failed(Failure, BoxError),
    /// Scripts have no memory for it.
    Full,
}

impl Unread {
    fn throw(self, ctx: &Ctx<'_>, signal: Option<Persistent<Object<'static>>>, of_client: bool) -> rquickjs::Error {
        match self {
            Self::Failed(failure, why) => {
                if of_client {
                    note_unread(ctx, &failure, why);
                }
                abort::failed(ctx, signal, &failure)
            }
            Self::Full => Full.throw(ctx),
        }
    }
}

/// Reads all of a body; what it takes of the scripts' memory goes with the bytes.
async fn gather(mut body: Body, most: usize, mut charge: Charge) -> Result<(Bytes, Charge), Unread> {
    let mut pieces: Vec<Bytes> = Vec::new();
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Unread::Failed(broken(&*error), error))?;
        let Ok(data) = frame.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length > most {
            return Err(Unread::Failed(too_long(most), BodyTooLarge { limit: most as u64 }.into()));
        }
        charge.add(data.len()).map_err(|Full| Unread::Full)?;
        pieces.push(data);
    }
    let bytes = if let [one] = pieces.as_slice() { one.clone() } else { pieces.concat().into() };
    Ok((bytes, charge))
}

/// The body of the client's request could not be read, and the script is told so: whoever answers the client
/// may want to know the reason.
pub(super) fn note_unread(ctx: &Ctx<'_>, told: &Failure, why: BoxError) {
    if let Ok(task) = Engine::of(ctx).and_then(|engine| engine.current()) {
        task.note_unread(told.message().to_owned(), why);
    }
}

/// What a script is told of a body that breaks off.
pub(super) fn broken(error: &(dyn std::error::Error + 'static)) -> Failure {
    if Aborted::is_in(error) {
        return Aborted::failure();
    }
    match BodyTooLarge::in_chain(error) {
        Some(too_large) => Failure::range_error(too_large.to_string()),
        None => Failure::type_error(format!("the body could not be read: {error}")),
    }
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
    crate::json::value_of(ctx, &String::from_utf8_lossy(without_mark(bytes)))
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}
