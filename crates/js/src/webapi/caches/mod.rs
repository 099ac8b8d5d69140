//! `caches`: answers that are kept for a while; and, for other areas, the bytes under them.

use std::sync::Arc;
use std::time::Duration;

use rquickjs::prelude::Func;
use rquickjs::{Ctx, Object, Value};

use crate::bytes::{Source, UsvString, uint8_array};
use crate::library::Area;
use crate::{Engine, Failure};

pub use tollgate_core::ByteCache;

pub(super) static AREA: Area = Area { native: Some(native), globals: &["Cache", "caches"], ..Area::built("caches") };

fn native<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    native.set("get", Func::from(get))?;
    native.set("put", Func::from(put))?;
    native.set("delete", Func::from(delete))?;
    Ok(native)
}

fn cache(ctx: &Ctx<'_>) -> rquickjs::Result<Arc<ByteCache>> {
    let found = Engine::of(ctx)?.host().cache();
    found.ok_or_else(|| Failure::type_error("there is no cache here").throw(ctx))
}

fn get<'js>(ctx: Ctx<'js>, namespace: UsvString, key: UsvString) -> rquickjs::Result<Value<'js>> {
    match cache(&ctx)?.get(&namespace.0, &key.0) {
        Some(bytes) => uint8_array(&ctx, bytes),
        None => Ok(Value::new_undefined(ctx)),
    }
}

fn put(ctx: Ctx<'_>, namespace: UsvString, key: UsvString, bytes: Source, ttl: f64) -> rquickjs::Result<bool> {
    // Ends of time are of no use to anybody: what lives forever lives for a hundred years.
    let ttl = Duration::try_from_secs_f64(ttl.clamp(0.0, 3.2e9)).unwrap_or_default();
    Ok(cache(&ctx)?.put(&namespace.0, &key.0, bytes.0.into(), ttl))
}

fn delete(ctx: Ctx<'_>, namespace: UsvString, key: UsvString) -> rquickjs::Result<bool> {
    Ok(cache(&ctx)?.delete(&namespace.0, &key.0))
}
