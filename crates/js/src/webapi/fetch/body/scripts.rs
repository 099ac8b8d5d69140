//! The functions of `fetch.js`, loaded when the first of them is needed.

use http::HeaderValue;
use rquickjs::{Class, Ctx, Function, Object, Promise, Value};

use super::Handle;
use super::collect::Collector;
use super::pump::Sink;
use crate::webapi::fetch::abort::Links;
use crate::{Engine, bytes};

fn function<'js>(ctx: &Ctx<'js>, name: &str) -> rquickjs::Result<Function<'js>> {
    Engine::of(ctx)?.library(ctx, "fetch")?.get(name)
}

pub(super) fn open<'js>(ctx: &Ctx<'js>, handle: Class<'js, Handle<'js>>) -> rquickjs::Result<Object<'js>> {
    function(ctx, "open")?.call((handle,))
}

pub(super) fn handle_of<'js>(
    ctx: &Ctx<'js>,
    stream: &Object<'js>,
) -> rquickjs::Result<Option<Class<'js, Handle<'js>>>> {
    function(ctx, "handleOf")?.call((stream.clone(),))
}

pub(super) fn is_readable<'js>(ctx: &Ctx<'js>, value: &Value<'js>) -> rquickjs::Result<bool> {
    function(ctx, "isReadable")?.call((value.clone(),))
}

pub(super) fn is_disturbed<'js>(ctx: &Ctx<'js>, stream: &Object<'js>) -> rquickjs::Result<bool> {
    function(ctx, "isDisturbed")?.call((stream.clone(),))
}

pub(super) fn is_unusable<'js>(ctx: &Ctx<'js>, stream: &Object<'js>) -> rquickjs::Result<bool> {
    function(ctx, "isUnusable")?.call((stream.clone(),))
}

pub(super) fn exhaust<'js>(ctx: &Ctx<'js>, stream: &Object<'js>) -> rquickjs::Result<()> {
    function(ctx, "exhaust")?.call((stream.clone(),))
}

pub(super) fn collect<'js>(
    ctx: &Ctx<'js>,
    stream: &Object<'js>,
    collector: Class<'js, Collector>,
) -> rquickjs::Result<Promise<'js>> {
    function(ctx, "collect")?.call((stream.clone(), collector))
}

pub(super) fn pump<'js>(ctx: &Ctx<'js>, stream: &Object<'js>, sink: Class<'js, Sink>) -> rquickjs::Result<()> {
    function(ctx, "pump")?.call((stream.clone(), sink))
}

pub(super) fn tee<'js>(ctx: &Ctx<'js>, stream: &Object<'js>) -> rquickjs::Result<(Object<'js>, Object<'js>)> {
    let branches: rquickjs::Array<'js> = function(ctx, "tee")?.call((stream.clone(),))?;
    Ok((branches.get(0)?, branches.get(1)?))
}

/// A stream of what an object iterates over.
pub(super) fn stream_from<'js>(ctx: &Ctx<'js>, iterable: &Value<'js>) -> rquickjs::Result<Object<'js>> {
    function(ctx, "streamFrom")?.call((iterable.clone(),))
}

/// The bytes of a `Blob` or of `FormData`, and what they are; none where the value only calls itself so.
pub(super) fn bytes_of<'js>(
    ctx: &Ctx<'js>,
    value: &Value<'js>,
) -> rquickjs::Result<Option<(Vec<u8>, Option<HeaderValue>)>> {
    let found: Option<rquickjs::Array<'js>> = function(ctx, "bytesOf")?.call((value.clone(),))?;
    let Some(found) = found else { return Ok(None) };
    let kind: String = found.get(1)?;
    let kind = HeaderValue::from_str(&kind).ok().filter(|kind| !kind.is_empty());
    Ok(Some((bytes::view(&found.get(0)?)?.unwrap_or_default(), kind)))
}

/// Bytes as a `Blob`.
pub(super) fn to_blob<'js>(ctx: &Ctx<'js>, bytes: Value<'js>, kind: Option<String>) -> rquickjs::Result<Value<'js>> {
    function(ctx, "toBlob")?.call((bytes, kind.unwrap_or_default()))
}

/// A promise for bytes as `FormData`.
pub(super) fn to_form<'js>(ctx: &Ctx<'js>, bytes: Value<'js>, kind: Option<String>) -> rquickjs::Result<Value<'js>> {
    function(ctx, "toForm")?.call((bytes, kind))
}

/// Whether a value is an `AbortSignal`.
pub(in crate::webapi::fetch) fn is_signal<'js>(ctx: &Ctx<'js>, value: &Value<'js>) -> rquickjs::Result<bool> {
    function(ctx, "isSignal")?.call((value.clone(),))
}

/// Aborts a signal whose client has gone.
pub(in crate::webapi::fetch) fn abandon<'js>(ctx: &Ctx<'js>, signal: &Object<'js>) -> rquickjs::Result<()> {
    function(ctx, "abandon")?.call((signal.clone(),))
}

/// A signal that is aborted when another one is; where there is none, when the host says so.
pub(in crate::webapi::fetch) fn follow<'js>(
    ctx: &Ctx<'js>,
    signal: Option<Object<'js>>,
) -> rquickjs::Result<Object<'js>> {
    match signal {
        Some(signal) => function(ctx, "follow")?.call((signal,)),
        None => function(ctx, "freshSignal")?.call(()),
    }
}

/// What ends with a signal.
pub(in crate::webapi::fetch) fn link<'js>(ctx: &Ctx<'js>, signal: &Object<'js>) -> rquickjs::Result<Class<'js, Links>> {
    function(ctx, "link")?.call((signal.clone(),))
}
