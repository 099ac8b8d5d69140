//! The members that `Request` and `Response` share (Fetch §5.3, the mixin `Body`).

use rquickjs::class::{JsClass, Writable};
use rquickjs::function::This;
use rquickjs::{Class, Ctx, Promise, Value};

use super::BodyCell;
use super::read::{self, How};
use crate::Failure;
use crate::webapi::fetch::members::Members;

/// A message with a body.
pub(crate) trait Carrier<'js>: JsClass<'js, Mutable = Writable> {
    fn body(&self) -> &BodyCell<'js>;
    fn body_mut(&mut self) -> &mut BodyCell<'js>;
    /// The value of its `content-type`.
    fn content_type(&self) -> Option<String>;
}

/// Puts the mixin's members on a prototype.
pub(crate) fn members<'js, C: Carrier<'js> + 'js>(members: &Members<'_, 'js>) -> rquickjs::Result<()> {
    members.getter("bodyUsed", |this: This<Class<'js, C>>| this.0.borrow().body().is_used())?;
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

/// Reads a body to its end. Whatever is wrong is what the promise is rejected with.
fn consume<'js, C: Carrier<'js> + 'js>(ctx: &Ctx<'js>, this: &Value<'js>, how: How) -> rquickjs::Result<Promise<'js>> {
    let taken = this.as_object().and_then(Class::<C>::from_object).map(|message| {
        let mut message = message.borrow_mut();
        let content_type = if how.needs_type() { message.content_type() } else { None };
        message.body_mut().take(ctx).map(|source| (source, content_type))
    });
    match taken {
        Some(Ok((source, content_type))) => read::read(ctx, source, how, content_type),
        Some(Err(error)) => read::settled(ctx, Err(error)),
        None => {
            let message = format!("this is no {}", C::NAME);
            read::settled(ctx, Err(Failure::type_error(message).throw(ctx)))
        }
    }
}
