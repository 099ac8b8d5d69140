//! `console`: lines in the log.

use rquickjs::{Ctx, Object, function::Rest, prelude::Func};

use crate::Engine;
use crate::host::Level;
use crate::library::Area;

pub(super) static AREA: Area = Area { native: Some(native), globals: &["console"], ..Area::built("console") };

fn native<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    native.set("write", Func::from(write))?;
    native.set("load", Func::from(load))?;
    Ok(native)
}

/// The exports of another area: most lines need none.
fn load<'js>(ctx: Ctx<'js>, area: String) -> rquickjs::Result<Object<'js>> {
    Engine::of(&ctx)?.library(&ctx, &area)
}

fn write(ctx: Ctx<'_>, level: u8, message: String, _rest: Rest<rquickjs::Value<'_>>) -> rquickjs::Result<()> {
    let level = match level {
        0 => Level::Debug,
        1 => Level::Info,
        2 => Level::Warn,
        _ => Level::Error,
    };
    let engine = Engine::of(&ctx)?;
    engine.host().log(&engine.current()?, level, &message);
    Ok(())
}
