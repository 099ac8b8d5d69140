//! `Headers`, `Request`, `Response` and `fetch` (the Fetch standard), native: their state is that of the
//! `http` crate and of [`tollgate_core::Body`], and what scripts do not look at is never copied.

mod body;
pub mod exchange;
mod headers;
mod members;
mod realm;
mod request;
mod response;
mod slot;

use rquickjs::Ctx;

use crate::library::Area;
use headers::Headers;
use request::Request;
use response::Response;

pub(super) static AREA: Area = Area { install: Some(install), ..Area::new("fetch") };

fn install(ctx: &Ctx<'_>) -> rquickjs::Result<()> {
    realm::prepare(ctx)?;
    members::define::<Headers>(ctx)?;
    members::define::<Request<'_>>(ctx)?;
    members::define::<Response<'_>>(ctx)
}
