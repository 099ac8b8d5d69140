//! Members of prototypes as Web IDL §3.7 wants them: enumerable, configurable, named.

use rquickjs::atom::PredefinedAtom;
use rquickjs::class::JsClass;
use rquickjs::function::{Constructor, IntoJsFunc};
use rquickjs::object::{Accessor, Property};
use rquickjs::{Class, Ctx, Function, Object, Value};

use crate::Failure;

/// Puts members on an object.
pub(super) struct Members<'a, 'js>(pub(super) &'a Object<'js>);

impl<'js> Members<'_, 'js> {
    /// An operation.
    pub(super) fn method<P>(&self, name: &str, run: impl IntoJsFunc<'js, P> + 'js) -> rquickjs::Result<Function<'js>> {
        let function = Function::new(self.0.ctx().clone(), run)?.with_name(name)?;
        self.0.prop(name, Property::from(function.clone()).configurable().enumerable().writable())?;
        Ok(function)
    }

    /// A read-only attribute.
    pub(super) fn getter<P>(&self, name: &str, read: impl IntoJsFunc<'js, P> + 'js) -> rquickjs::Result<()> {
        self.0.prop(name, Accessor::new_get(read).configurable().enumerable())
    }

    /// What iterates over it.
    pub(super) fn iterator(&self, function: Function<'js>) -> rquickjs::Result<()> {
        self.0.prop(PredefinedAtom::SymbolIterator, Property::from(function).configurable().writable())
    }

    /// What `Object.prototype.toString` calls it.
    pub(super) fn tag(&self, name: &str) -> rquickjs::Result<()> {
        self.0.prop(PredefinedAtom::SymbolToStringTag, Property::from(name).configurable())
    }
}

/// The prototype that `new` gives what it makes: that of the class that was named, which may extend
/// this one.
///
/// # Errors
/// A `TypeError` where the class was called without `new`.
pub(super) fn prototype<'js, C: JsClass<'js>>(
    ctx: &Ctx<'js>,
    new_target: &Value<'js>,
) -> rquickjs::Result<Object<'js>> {
    let Some(class) = new_target.as_function() else {
        let message = format!("the class {} is made with `new`", C::NAME);
        return Err(Failure::type_error(message).throw(ctx));
    };
    match class.get::<_, Value<'js>>(PredefinedAtom::Prototype)?.into_object() {
        Some(prototype) => Ok(prototype),
        None => Class::<C>::prototype(ctx)?.ok_or(rquickjs::Error::Unknown),
    }
}

/// Puts a class where scripts find it.
pub(super) fn define<'js, C: JsClass<'js>>(ctx: &Ctx<'js>) -> rquickjs::Result<()> {
    if let Some(class) = Class::<C>::create_constructor(ctx)? {
        ctx.globals().prop(C::NAME, Property::from(class).configurable().writable())?;
    }
    Ok(())
}

/// A constructor, from a function whose `this` is `new.target`.
pub(super) fn constructor<'js, C: JsClass<'js>, P>(
    ctx: &Ctx<'js>,
    make: impl IntoJsFunc<'js, P> + 'js,
    length: usize,
) -> rquickjs::Result<Constructor<'js>> {
    let class = Constructor::new_class::<C, _, P>(ctx.clone(), make)?;
    class.set_length(length)?;
    Ok(class)
}
