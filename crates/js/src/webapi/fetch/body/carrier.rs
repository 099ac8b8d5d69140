//! The members that `Request` and `Response` share (Fetch §5.3, the mixin `Body`).

use rquickjs::class::{JsClass, Writable};
use rquickjs::function::This;
use rquickjs::{Class, Ctx, Promise, Value};

use super::read::{self, How};
use super::{BodyCell, Handle, Holder, State, is_used, scripts, take};
use crate::Failure;
use crate::webapi::fetch::members::Members;

/// A message with a body.
pub(crate) trait Carrier<'js>: JsClass<'js, Mutable = Writable> {
    fn body_mut(&mut self) -> &mut BodyCell<'js>;
    /// The value of its `content-type`.
    fn content_type(&self) -> Option<String>;
}

/// Puts the mixin's members on a prototype.
pub(crate) fn members<'js, C: Carrier<'js> + 'js>(members: &Members<'_, 'js>) -> rquickjs::Result<()> {
    members.getter("body", |ctx: Ctx<'js>, this: This<Class<'js, C>>| stream(&ctx, &this.0))?;
    members.getter("bodyUsed", |ctx: Ctx<'js>, this: This<Class<'js, C>>| is_used(&ctx, &this.0))?;
    for (name, how) in [
        ("arrayBuffer", How::ArrayBuffer),
        ("blob", How::Blob),
        ("bytes", How::Bytes),
        ("formData", How::FormData),
        ("json", How::Json),
        ("text", How::Text),
    ] {
        members.method(name, move |ctx: Ctx<'js>, this: This<Value<'js>>| consume::<C>(&ctx, &this.0, how))?;
    }
    Ok(())
}

/// `body`: the same stream each time.
fn stream<'js, C: Carrier<'js> + 'js>(ctx: &Ctx<'js>, message: &Class<'js, C>) -> rquickjs::Result<Value<'js>> {
    let handle = message.with(|state| match state {
        State::Null => Err(Value::new_null(ctx.clone())),
        State::Stream(stream, _) => Err(stream.clone().into_value()),
        State::Used => Ok(None),
        State::Host(source) => Ok(Some(Handle::new(std::mem::take(source)))),
    });
    let (handle, was_used) = match handle {
        Err(value) => return Ok(value),
        Ok(None) => (Handle::default(), true),
        Ok(Some(handle)) => (handle, false),
    };
    let handle = Class::instance(ctx.clone(), handle)?;
    let stream = scripts::open(ctx, handle.clone())?;
    if was_used {
        scripts::exhaust(ctx, &stream)?;
    }
    message.with(|state| *state = State::Stream(stream.clone(), Some(handle)));
    Ok(stream.into_value())
}

/// Reads a body to its end. Whatever is wrong is what the promise is rejected with.
fn consume<'js, C: Carrier<'js> + 'js>(ctx: &Ctx<'js>, this: &Value<'js>, how: How) -> rquickjs::Result<Promise<'js>> {
    let Some(message) = this.as_object().and_then(Class::<C>::from_object) else {
        let message = format!("this is no {}", C::NAME);
        return read::settled(ctx, Err(Failure::type_error(message).throw(ctx)));
    };
    let content_type = if how.needs_type() { message.borrow().content_type() } else { None };
    match take(ctx, &message) {
        Ok(taken) => read::read(ctx, taken, how, content_type),
        Err(error) => read::settled(ctx, Err(error)),
    }
}
