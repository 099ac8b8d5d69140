//! CompressionStream and DecompressionStream: transform streams over what `flate2` computes.

mod codec;

use std::cell::RefCell;
use std::rc::Rc;

use rquickjs::prelude::Func;
use rquickjs::{Ctx, Function, IntoJs, Object, Value};

use crate::library::Area;
use crate::{Failure, bytes};
use codec::Codec;

pub(super) static AREA: Area =
    Area { native: Some(native), globals: &["CompressionStream", "DecompressionStream"], ..Area::built("compression") };

fn native<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    native.set("codec", Func::from(codec))?;
    Ok(native)
}

/// An object with `push(bytes)`, `step()` and `finish()`: the methods of [`Codec`].
fn codec<'js>(ctx: Ctx<'js>, format: String, compresses: bool) -> rquickjs::Result<Object<'js>> {
    let codec = Codec::new(&format, compresses);
    let codec = codec.ok_or_else(|| Failure::type_error("there is no such format").throw(&ctx))?;
    let codec = Rc::new(RefCell::new(codec));
    let object = Object::new(ctx.clone())?;
    let push = {
        let codec = Rc::clone(&codec);
        move |input: bytes::Source| codec.borrow_mut().push(input.0)
    };
    let step = {
        let codec = Rc::clone(&codec);
        move |ctx: Ctx<'_>| codec.borrow_mut().step().map(Piece).map_err(|failure| failure.throw(&ctx))
    };
    let finish = move |ctx: Ctx<'_>| codec.borrow_mut().finish().map_err(|failure| failure.throw(&ctx));
    object.set("push", Function::new(ctx.clone(), push)?)?;
    object.set("step", Function::new(ctx.clone(), step)?)?;
    object.set("finish", Function::new(ctx.clone(), finish)?)?;
    Ok(object)
}

/// A piece of output, `null` where the input is used up.
struct Piece(Option<Vec<u8>>);

impl<'js> IntoJs<'js> for Piece {
    fn into_js(self, ctx: &Ctx<'js>) -> rquickjs::Result<Value<'js>> {
        match self.0 {
            Some(piece) => bytes::uint8_array(ctx, piece),
            None => Ok(Value::new_null(ctx.clone())),
        }
    }
}
