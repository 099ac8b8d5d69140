//! The Streams Standard, in JavaScript, in two modules: most scripts read streams and never write to
//! one.

use rquickjs::{Ctx, Object, prelude::Func};

use crate::Engine;
use crate::library::Area;

/// Readable streams, and what the engine's own code does with them.
pub(super) static AREA: Area = Area {
    native: Some(native),
    globals: &[
        "ReadableStream",
        "ReadableStreamDefaultReader",
        "ReadableStreamBYOBReader",
        "ReadableStreamDefaultController",
        "ReadableByteStreamController",
        "ReadableStreamBYOBRequest",
    ],
    ..Area::built("streams")
};

/// What is written to, and what is piped.
pub(super) static WRITABLE: Area = Area {
    globals: &[
        "WritableStream",
        "WritableStreamDefaultWriter",
        "WritableStreamDefaultController",
        "TransformStream",
        "TransformStreamDefaultController",
        "ByteLengthQueuingStrategy",
        "CountQueuingStrategy",
    ],
    ..Area::built("streams-writable")
};

fn native<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    native.set("load", Func::from(load))?;
    Ok(native)
}

/// The exports of another area of the engine, at the moment at which they are needed.
fn load<'js>(ctx: Ctx<'js>, area: String) -> rquickjs::Result<Object<'js>> {
    Engine::of(&ctx)?.library(&ctx, &area)
}
