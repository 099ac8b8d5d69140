//! `URL`, `URLSearchParams` and `URLPattern`.
//!
//! The classes are JavaScript and hold text that the engine counts against its limit of memory; what is
//! known of URLs and patterns is in the crates `url` and `urlpattern`, behind functions without state.

mod parts;
mod pattern;
mod query;

use rquickjs::{Ctx, Object, prelude::Func};

use crate::library::Area;

pub(super) static AREA: Area =
    Area { native: Some(native), globals: &["URL", "URLSearchParams", "URLPattern"], ..Area::built("url") };

fn native<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    native.set("parse", Func::from(parts::parse))?;
    native.set("tryParse", Func::from(parts::try_parse))?;
    native.set("change", Func::from(parts::change))?;
    native.set("origin", Func::from(parts::origin))?;
    native.set("split", Func::from(query::split))?;
    native.set("join", Func::from(query::join))?;
    native.set("compile", Func::from(pattern::compile))?;
    native.set("partsOfInit", Func::from(pattern::parts))?;
    Ok(native)
}
