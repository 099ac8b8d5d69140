//! What only the engine can say of a value.

use rquickjs::promise::PromiseState;
use rquickjs::{Array, Ctx, Object, Promise, Value, prelude::Func};

/// `{ kind, promise, proxy }`
pub(super) fn native<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    native.set("kind", Func::from(kind))?;
    native.set("promise", Func::from(promise))?;
    native.set("proxy", Func::from(proxy))?;
    Ok(native)
}

/// Kinds of objects that have no mark which a script can see.
#[expect(clippy::needless_pass_by_value, reason = "what the engine hands over")]
fn kind(value: Value<'_>) -> &'static str {
    if value.is_proxy() {
        "proxy"
    } else if value.is_promise() {
        "promise"
    } else if value.is_error() {
        "error"
    } else if value.is_function() {
        "function"
    } else {
        ""
    }
}

/// How a promise ended: `["fulfilled", value]`, `["rejected", reason]`; nothing where it has not.
fn promise<'js>(ctx: Ctx<'js>, promise: Promise<'js>) -> rquickjs::Result<Option<Array<'js>>> {
    let state = match promise.state() {
        PromiseState::Pending => return Ok(None),
        PromiseState::Resolved => "fulfilled",
        PromiseState::Rejected => "rejected",
    };
    let value = match promise.result::<Value<'js>>() {
        Some(Ok(value)) => value,
        // The reason was thrown.
        Some(Err(_)) => ctx.catch(),
        None => Value::new_undefined(ctx.clone()),
    };
    let ended = Array::new(ctx)?;
    ended.set(0, state)?;
    ended.set(1, value)?;
    Ok(Some(ended))
}

/// What is behind a proxy: its target and its handler. Nothing where it was revoked.
#[expect(clippy::needless_pass_by_value, reason = "what the engine hands over")]
fn proxy<'js>(ctx: Ctx<'js>, value: Value<'js>) -> rquickjs::Result<Option<Array<'js>>> {
    let Some(proxy) = value.as_proxy() else { return Ok(None) };
    let (Ok(target), Ok(handler)) = (proxy.target(), proxy.handler()) else {
        drop(ctx.catch());
        return Ok(None);
    };
    let behind = Array::new(ctx)?;
    behind.set(0, target)?;
    behind.set(1, handler)?;
    Ok(Some(behind))
}
