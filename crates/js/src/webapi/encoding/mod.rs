//! `TextEncoder`, `TextDecoder` and their streams. `atob` and `btoa` are the engine's own.

mod decode;
mod encode;

use rquickjs::{Ctx, Object, prelude::Func};

use crate::bytes;
use crate::library::Area;

pub(super) static AREA: Area = Area {
    native: Some(native),
    install: Some(bytes::prepare),
    globals: &["TextEncoder", "TextDecoder", "TextEncoderStream", "TextDecoderStream"],
    ..Area::built("encoding")
};

fn native<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    native.set("encode", Func::from(encode::encode))?;
    native.set("encodeInto", Func::from(encode::encode_into))?;
    native.set("nameOf", Func::from(decode::name_of))?;
    native.set("decode", Func::from(decode::decode))?;
    native.set("begin", Func::from(decode::begin))?;
    native.set("push", Func::from(decode::push))?;
    Ok(native)
}
