//! `Headers` (Fetch §5.1) over a `HeaderMap`, which several objects share until one of them changes it.
//!
//! Names come out in lower case. Of the standard's guards there are two: what came from outside is
//! immutable, all else is free. The names that browsers forbid are those that a gateway has to set.

mod init;
mod iterate;
pub(super) mod list;
pub(super) mod text;

use std::rc::Rc;

use http::{HeaderMap, HeaderName, header};
use rquickjs::class::{JsClass, Trace, Tracer, Writable};
use rquickjs::function::{Constructor, Opt, This};
use rquickjs::{Class, Ctx, Function, JsLifetime, Object, Value};

use super::members::{self, Members};
use crate::Failure;
pub(super) use init::fill;
use iterate::{HeadersIterator, Kind};

/// Whether headers may be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Guard {
    /// They may.
    #[default]
    None,
    /// They may not: they belong to a message that came from outside.
    Immutable,
}

/// The headers of a message, or headers on their own.
#[derive(JsLifetime)]
pub(super) struct Headers {
    list: Rc<HeaderMap>,
    guard: Guard,
}

impl Headers {
    pub(super) fn new(list: Rc<HeaderMap>, guard: Guard) -> Self {
        Self { list, guard }
    }

    /// The list as it is now.
    pub(super) fn list(&self) -> Rc<HeaderMap> {
        Rc::clone(&self.list)
    }

    pub(super) fn guard(&self) -> Guard {
        self.guard
    }

    /// The list, to change it.
    fn change(&mut self) -> Result<&mut HeaderMap, Failure> {
        match self.guard {
            Guard::None => Ok(Rc::make_mut(&mut self.list)),
            Guard::Immutable => {
                let message = "these headers are immutable: `new Headers(headers)` makes a copy to change";
                Err(Failure::type_error(message))
            }
        }
    }
}

type Itself<'js> = This<Class<'js, Headers>>;

fn construct<'js>(
    ctx: Ctx<'js>,
    target: This<Value<'js>>,
    init: Opt<Value<'js>>,
) -> rquickjs::Result<Class<'js, Headers>> {
    let prototype = members::prototype::<Headers>(&ctx, &target.0)?;
    let list = match init.0 {
        Some(init) if !init.is_undefined() => fill(&ctx, &init)?,
        _ => Rc::default(),
    };
    Class::instance_proto(Headers::new(list, Guard::None), prototype)
}

fn append<'js>(ctx: Ctx<'js>, this: Itself<'js>, name: Value<'js>, value: Value<'js>) -> rquickjs::Result<()> {
    let (name, value) = line(&name, &value)?;
    changed(&ctx, &this, |headers| list::append(headers.change()?, name, value))
}

fn set<'js>(ctx: Ctx<'js>, this: Itself<'js>, name: Value<'js>, value: Value<'js>) -> rquickjs::Result<()> {
    let (name, value) = line(&name, &value)?;
    changed(&ctx, &this, |headers| list::set(headers.change()?, name, value))
}

fn line(name: &Value<'_>, value: &Value<'_>) -> rquickjs::Result<(HeaderName, http::HeaderValue)> {
    let name = text::name(name)?;
    let value = text::value(&name, value)?;
    Ok((name, value))
}

fn delete<'js>(ctx: Ctx<'js>, this: Itself<'js>, name: Value<'js>) -> rquickjs::Result<()> {
    let name = text::name(&name)?;
    changed(&ctx, &this, |headers| {
        // What is not there needs no copy of the list to be gone.
        if headers.guard == Guard::Immutable || headers.list.contains_key(&name) {
            headers.change()?.remove(&name);
        }
        Ok(())
    })
}

/// Changes headers. What is thrown is thrown when nothing is borrowed any more.
fn changed<'js>(
    ctx: &Ctx<'js>,
    this: &Itself<'js>,
    change: impl FnOnce(&mut Headers) -> Result<(), Failure>,
) -> rquickjs::Result<()> {
    let changed = change(&mut this.0.borrow_mut());
    changed.map_err(|failure| failure.throw(ctx))
}

fn get<'js>(ctx: Ctx<'js>, this: Itself<'js>, name: Value<'js>) -> rquickjs::Result<Value<'js>> {
    let list = this.0.borrow().list();
    match text::with_name(&name, |name| list::combined(&list, name))? {
        Some(value) => text::string(&ctx, value.as_bytes()),
        None => Ok(Value::new_null(ctx)),
    }
}

fn has<'js>(this: Itself<'js>, name: Value<'js>) -> rquickjs::Result<bool> {
    let list = this.0.borrow().list();
    text::with_name(&name, |name| list.contains_key(name))
}

fn get_set_cookie<'js>(ctx: Ctx<'js>, this: Itself<'js>) -> rquickjs::Result<Value<'js>> {
    let list = this.0.borrow().list();
    let cookies = rquickjs::Array::new(ctx.clone())?;
    for (at, cookie) in list.get_all(header::SET_COOKIE).iter().enumerate() {
        cookies.set(at, text::string(&ctx, cookie.as_bytes())?)?;
    }
    Ok(cookies.into_value())
}

fn for_each<'js>(
    ctx: Ctx<'js>,
    this: Itself<'js>,
    callback: Function<'js>,
    this_arg: Opt<Value<'js>>,
) -> rquickjs::Result<()> {
    let this_arg = this_arg.0.unwrap_or_else(|| Value::new_undefined(ctx.clone()));
    let mut iterator = HeadersIterator::new(this.0.clone(), Kind::Entries);
    while let Some((name, value)) = iterator.advance() {
        let (name, value) = (text::string(&ctx, name.as_str().as_bytes())?, text::string(&ctx, value.as_bytes())?);
        callback.call::<_, Value<'js>>((This(this_arg.clone()), value, name, this.0.clone()))?;
    }
    Ok(())
}

fn iterator<'js>(ctx: &Ctx<'js>, this: Itself<'js>, kind: Kind) -> rquickjs::Result<Class<'js, HeadersIterator<'js>>> {
    Class::instance(ctx.clone(), HeadersIterator::new(this.0, kind))
}

impl<'js> Trace<'js> for Headers {
    fn trace<'a>(&self, _: Tracer<'a, 'js>) {}
}

impl<'js> JsClass<'js> for Headers {
    const NAME: &'static str = "Headers";
    type Mutable = Writable;

    fn prototype(ctx: &Ctx<'js>) -> rquickjs::Result<Option<Object<'js>>> {
        let prototype = Object::new(ctx.clone())?;
        let members = Members(&prototype);
        members.method("append", append)?;
        members.method("delete", delete)?;
        members.method("get", get)?;
        members.method("getSetCookie", get_set_cookie)?;
        members.method("has", has)?;
        members.method("set", set)?;
        members.method("forEach", for_each)?;
        members.method("keys", |ctx: Ctx<'js>, this: Itself<'js>| iterator(&ctx, this, Kind::Keys))?;
        members.method("values", |ctx: Ctx<'js>, this: Itself<'js>| iterator(&ctx, this, Kind::Values))?;
        let entries =
            members.method("entries", |ctx: Ctx<'js>, this: Itself<'js>| iterator(&ctx, this, Kind::Entries))?;
        members.iterator(entries)?;
        members.tag(Self::NAME)?;
        Ok(Some(prototype))
    }

    fn constructor(ctx: &Ctx<'js>) -> rquickjs::Result<Option<Constructor<'js>>> {
        members::constructor::<Self, _>(ctx, construct, 0).map(Some)
    }
}
