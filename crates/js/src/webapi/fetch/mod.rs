//! `Headers`, `Request`, `Response` and `fetch` (the Fetch standard), native: their state is that of the
//! `http` crate and of [`tollgate_core::Body`], and what scripts do not look at is never copied.
//!
//! *Entry points.* [`exchange`]: how messages go into an engine and come out again. `body`: what may become
//! of bytes. `fetch.js`: what is done with streams, loaded where there is one.
//!
//! *Where this is not the standard*, because it is a gateway and not a page. No name of a header is
//! forbidden, and control characters in values are. A stream may be a request's body without `duplex`.
//! URLs are absolute. `mode`, `credentials`, `cache` and their like can be read back and change nothing. What
//! is encoded by gzip, deflate or brotli is decoded when a script reads it, and its `content-encoding` and
//! `content-length` are not in the headers that scripts see; both are there again where the bytes leave
//! as they came. A length that is not that of the body does not leave.

mod abort;
mod body;
pub mod client;
pub mod exchange;
mod headers;
mod ledger;
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

pub(super) static AREA: Area = Area { native: Some(native), install: Some(install), ..Area::built("fetch") };

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
