//! Keys as JavaScript holds them: objects that say nothing. What is inside leaves through an export only.

use std::any::Any;

use rquickjs::class::{JsClass, Readable, Trace, Tracer};
use rquickjs::function::Constructor;
use rquickjs::{Class, Ctx, JsLifetime};

use super::failures::Throws;
use crate::Failure;

/// What a [`KeyMaterial`] may hold. Whatever implements it wipes its bytes when it is dropped.
pub(super) trait Material: Any {
    /// The bytes of a secret key; `None` for the keys of pairs.
    fn secret(&self) -> Option<&[u8]> {
        None
    }
}

/// A key in the hands of this area's modules: no script ever sees the object.
#[derive(JsLifetime)]
pub(super) struct KeyMaterial(Box<dyn Material>);

/// A [`KeyMaterial`] as an argument of a native.
pub(super) type Key<'js> = Class<'js, KeyMaterial>;

impl KeyMaterial {
    /// Gives a key to JavaScript.
    ///
    /// # Errors
    /// Where the engine has no memory for it.
    pub(super) fn put<'js>(ctx: &Ctx<'js>, key: impl Material) -> rquickjs::Result<Key<'js>> {
        Class::instance(ctx.clone(), Self(Box::new(key)))
    }

    /// The key as what it is.
    ///
    /// # Errors
    /// Where it is something else: a mistake of this area's JavaScript.
    pub(super) fn get<T: Material>(&self, ctx: &Ctx<'_>) -> rquickjs::Result<&T> {
        let any: &dyn Any = &*self.0;
        any.downcast_ref().ok_or_else(wrong_kind).throws(ctx)
    }

    /// The bytes of a secret key.
    ///
    /// # Errors
    /// Where it is a key of a pair: a mistake of this area's JavaScript.
    pub(super) fn secret(&self, ctx: &Ctx<'_>) -> rquickjs::Result<&[u8]> {
        self.0.secret().ok_or_else(wrong_kind).throws(ctx)
    }
}

fn wrong_kind() -> Failure {
    Failure::type_error("this key is of another kind")
}

impl Trace<'_> for KeyMaterial {
    fn trace(&self, _: Tracer<'_, '_>) {}
}

impl<'js> JsClass<'js> for KeyMaterial {
    const NAME: &'static str = "KeyMaterial";
    type Mutable = Readable;

    fn constructor(_: &Ctx<'js>) -> rquickjs::Result<Option<Constructor<'js>>> {
        Ok(None)
    }
}
