//! `node:buffer`. `Buffer` is a module of its own: who uses the global wants nothing else.

mod text;

use rquickjs::{Ctx, Object, prelude::Func};

use crate::library::Area;

/// `Buffer`.
pub(in crate::webapi) static BUFFER_CLASS: Area =
    Area { native: Some(native), globals: &["Buffer"], ..Area::built("node-buffer-class") };

/// The module, with what else it exports.
pub(in crate::webapi) static BUFFER: Area =
    Area { specifiers: &["node:buffer", "buffer"], ..Area::built("node-buffer") };

fn native<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    native.set("encode", Func::from(text::encode))?;
    native.set("decode", Func::from(text::decode))?;
    native.set("compare", Func::from(text::compare))?;
    native.set("utf8Length", Func::from(text::utf8_length))?;
    native.set("isUtf8", Func::from(text::is_utf8))?;
    Ok(native)
}
