//! `structuredClone`.

use rquickjs::{Ctx, Object, prelude::Func};

use crate::Engine;
use crate::library::Area;

pub(super) static AREA: Area = Area { native: Some(native), globals: &["structuredClone"], ..Area::built("clone") };

fn native<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    native.set("load", Func::from(load))?;
    Ok(native)
}

/// The exports of another area, at the moment at which they are needed.
fn load<'js>(ctx: Ctx<'js>, area: String) -> rquickjs::Result<Object<'js>> {
    Engine::of(&ctx)?.library(&ctx, &area)
}
