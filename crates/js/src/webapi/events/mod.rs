//! Events, targets of events, and signals that abort.

mod report;

use rquickjs::{Ctx, Object, Value, prelude::Func};

use crate::library::Area;
use crate::{Engine, Thrown};

pub(in crate::webapi) use report::report;

pub(super) static AREA: Area = Area {
    native: Some(native),
    install: Some(install),
    globals: &[
        "Event",
        "CustomEvent",
        "MessageEvent",
        "ErrorEvent",
        "CloseEvent",
        "ProgressEvent",
        "EventTarget",
        "AbortController",
        "AbortSignal",
        "reportError",
    ],
    ..Area::built("events")
};

fn native<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    native.set("report", Func::from(report_value))?;
    Ok(native)
}

fn report_value(ctx: Ctx<'_>, what: String, value: Value<'_>) -> rquickjs::Result<()> {
    let engine = Engine::of(&ctx)?;
    report(&engine, &engine.current()?, &what, &Thrown::of(&value));
    Ok(())
}

/// The names that code looks at to find out where it runs.
fn install(ctx: &Ctx<'_>) -> rquickjs::Result<()> {
    let globals = ctx.globals();
    globals.set("self", globals.clone())?;
    let navigator = Object::new(ctx.clone())?;
    navigator.set("userAgent", "Tollgate")?;
    globals.set("navigator", navigator)
}
