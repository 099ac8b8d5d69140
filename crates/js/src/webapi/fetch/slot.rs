//! The headers of a message: an object for scripts only once one of them looks.

use std::rc::Rc;

use http::{HeaderMap, HeaderName, HeaderValue};
use rquickjs::class::{Trace, Tracer};
use rquickjs::{Class, Ctx, JsLifetime};

use super::headers::{Guard, Headers, list};

/// Where a message keeps its headers.
#[derive(JsLifetime)]
pub(super) enum Slot<'js> {
    /// No script has asked for them.
    List(Rc<HeaderMap>, Guard),
    /// A script has them.
    Object(Class<'js, Headers>),
}

impl<'js> Slot<'js> {
    /// The list as it is now.
    pub(super) fn list(&self) -> Rc<HeaderMap> {
        match self {
            Self::List(list, _) => Rc::clone(list),
            Self::Object(headers) => headers.borrow().list(),
        }
    }

    /// The list on its own: copied only where something else still has it.
    pub(super) fn to_map(&self) -> HeaderMap {
        self.list().as_ref().clone()
    }

    /// The same headers for another message.
    pub(super) fn copy(&self) -> Self {
        let guard = match self {
            Self::List(_, guard) => *guard,
            Self::Object(headers) => headers.borrow().guard(),
        };
        Self::List(self.list(), guard)
    }

    /// The value of a field, as text.
    pub(super) fn combined(&self, name: &str) -> Option<String> {
        let value = list::combined(&self.list(), name)?;
        Some(value.as_bytes().iter().copied().map(char::from).collect())
    }

    /// Sets a field that is not there. Only for a message that nobody has seen.
    pub(super) fn set_default(&mut self, ctx: &Ctx<'js>, name: HeaderName, value: HeaderValue) -> rquickjs::Result<()> {
        let Self::List(list, _) = self else { return Ok(()) };
        if list.contains_key(&name) {
            return Ok(());
        }
        list::set(Rc::make_mut(list), name, value).map_err(|failure| failure.throw(ctx))
    }

    /// The object that scripts have.
    pub(super) fn object(&mut self, ctx: &Ctx<'js>) -> rquickjs::Result<Class<'js, Headers>> {
        let (list, guard) = match self {
            Self::Object(headers) => return Ok(headers.clone()),
            Self::List(list, guard) => (Rc::clone(list), *guard),
        };
        let headers = Class::instance(ctx.clone(), Headers::new(list, guard))?;
        *self = Self::Object(headers.clone());
        Ok(headers)
    }
}

impl<'js> Trace<'js> for Slot<'js> {
    fn trace<'a>(&self, tracer: Tracer<'a, 'js>) {
        if let Self::Object(headers) = self {
            headers.trace(tracer);
        }
    }
}
