//! `Headers`, `Request`, `Response` and `fetch` (the Fetch standard), native: their state is that of the
//! `http` crate and of [`tollgate_core::Body`], and what scripts do not look at is never copied.

mod abort;
mod body;
pub mod exchange;
mod headers;
mod members;
mod realm;
mod request;
mod response;
mod send;
mod slot;

use rquickjs::{Ctx, Object, prelude::Func};

use crate::Engine;
use crate::library::Area;
use headers::Headers;
use request::Request;
use response::Response;

pub(super) static AREA: Area =
    Area { source: Some(include_str!("fetch.js")), native: Some(native), install: Some(install), ..Area::new("fetch") };

fn native<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    native.set("links", Func::from(abort::Links::make))?;
    native.set("load", Func::from(|ctx: Ctx<'js>, area: String| Engine::of(&ctx)?.library(&ctx, &area)))?;
    Ok(native)
}

fn install(ctx: &Ctx<'_>) -> rquickjs::Result<()> {
    realm::prepare(ctx)?;
    members::define::<Headers>(ctx)?;
    members::define::<Request<'_>>(ctx)?;
    members::define::<Response<'_>>(ctx)?;
    members::Members(&ctx.globals()).method("fetch", send::fetch).map(drop)
}
