//! Iterators over headers: they see what changes while they run (Web IDL §3.7.10).

use std::rc::Rc;

use http::{HeaderMap, HeaderName};
use rquickjs::class::{JsClass, Trace, Tracer, Writable};
use rquickjs::function::{Constructor, This};
use rquickjs::{Class, Ctx, JsLifetime, Object, Value};

use super::list::{self, Combined};
use super::{Headers, text};
use crate::webapi::fetch::members::Members;

/// What an iterator gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Keys,
    Values,
    Entries,
}

/// An iterator over headers.
#[derive(JsLifetime)]
pub(super) struct HeadersIterator<'js> {
    headers: Class<'js, Headers>,
    kind: Kind,
    at: usize,
    /// The list that `entries` was made of: whoever changes it makes another, since this one holds it.
    seen: Rc<HeaderMap>,
    entries: Vec<(HeaderName, Combined)>,
}

impl<'js> HeadersIterator<'js> {
    pub(super) fn new(headers: Class<'js, Headers>, kind: Kind) -> Self {
        let seen = headers.borrow().list();
        let entries = list::sorted(&seen);
        Self { headers, kind, at: 0, seen, entries }
    }

    pub(super) fn advance(&mut self) -> Option<&(HeaderName, Combined)> {
        let list = self.headers.borrow().list();
        if !Rc::ptr_eq(&list, &self.seen) {
            self.entries = list::sorted(&list);
            self.seen = list;
        }
        let entry = self.entries.get(self.at)?;
        self.at += 1;
        Some(entry)
    }
}

fn next<'js>(ctx: Ctx<'js>, this: This<Class<'js, HeadersIterator<'js>>>) -> rquickjs::Result<Object<'js>> {
    let mut iterator = this.0.borrow_mut();
    let kind = iterator.kind;
    let value = match iterator.advance() {
        None => None,
        Some((name, value)) => {
            let name = || text::string(&ctx, name.as_str().as_bytes());
            let value = || text::string(&ctx, value.as_bytes());
            Some(match kind {
                Kind::Keys => name()?,
                Kind::Values => value()?,
                Kind::Entries => pair(&ctx, name()?, value()?)?,
            })
        }
    };
    let result = Object::new(ctx.clone())?;
    let done = value.is_none();
    result.set("value", value)?;
    result.set("done", done)?;
    Ok(result)
}

/// A name and its value.
fn pair<'js>(ctx: &Ctx<'js>, name: Value<'js>, value: Value<'js>) -> rquickjs::Result<Value<'js>> {
    let pair = rquickjs::Array::new(ctx.clone())?;
    pair.set(0, name)?;
    pair.set(1, value)?;
    Ok(pair.into_value())
}

impl<'js> Trace<'js> for HeadersIterator<'js> {
    fn trace<'a>(&self, tracer: Tracer<'a, 'js>) {
        self.headers.trace(tracer);
    }
}

impl<'js> JsClass<'js> for HeadersIterator<'js> {
    const NAME: &'static str = "Headers Iterator";
    type Mutable = Writable;

    fn prototype(ctx: &Ctx<'js>) -> rquickjs::Result<Option<Object<'js>>> {
        let iterator: Object<'js> = ctx.globals().get::<_, Object<'js>>("Iterator")?.get("prototype")?;
        let prototype = Object::new_proto(ctx.clone(), Some(&iterator))?;
        let members = Members(&prototype);
        members.method("next", next)?;
        members.tag(Self::NAME)?;
        Ok(Some(prototype))
    }

    fn constructor(_: &Ctx<'js>) -> rquickjs::Result<Option<Constructor<'js>>> {
        Ok(None)
    }
}
