//! `node:async_hooks`: `AsyncLocalStorage` and `AsyncResource`.
//!
//! *A limit.* The engine tells of promises from the entry on that comes after the one in which this was
//! loaded. Until then a store is lost over an `await` of what is no promise.

use std::rc::Rc;

use rquickjs::{Ctx, Function, Object};

use crate::Engine;
use crate::library::Area;

pub(in crate::webapi) static ASYNC_HOOKS: Area =
    Area { specifiers: &["node:async_hooks", "async_hooks"], ..Area::built("node-async_hooks") };

/// What goes with code from where it waits to where it goes on.
pub(in crate::webapi) static CONTEXT: Area = Area { native: Some(native), ..Area::built("node-context") };

fn native<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    let turns = Rc::clone(Engine::of(ctx)?.turns());
    native.set("turn", Function::new(ctx.clone(), move || turns.now())?)?;
    native.set("follow", Function::new(ctx.clone(), follow)?)?;
    Ok(native)
}

fn follow<'js>(ctx: Ctx<'js>, told: Function<'js>, bind: Function<'js>) -> rquickjs::Result<()> {
    Engine::of(&ctx)?.turns().follow(&ctx, told, bind);
    Ok(())
}
