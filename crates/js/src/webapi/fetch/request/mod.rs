//! `Request` (Fetch §5.4).

mod init;
mod settings;

use std::rc::Rc;

use http::header::CONTENT_TYPE;
use http::{Extensions, Method, Uri, Version};
use rquickjs::class::{JsClass, Trace, Tracer, Writable};
use rquickjs::function::{Constructor, Opt, This};
use rquickjs::{Class, Ctx, JsLifetime, Object, Value};

use super::body::{BodyCell, Carrier, members as body_members, tee};
use super::headers::Headers;
use super::members::{self, Members};
use super::slot::Slot;
pub(super) use init::make;
pub(super) use settings::{Redirect, Settings};

/// A request, as scripts have it.
#[derive(JsLifetime)]
pub(super) struct Request<'js> {
    pub(super) head: Head,
    pub(super) headers: Slot<'js>,
    pub(super) body: BodyCell<'js>,
    pub(super) redirect: Redirect,
    /// What a script gave as `signal`, or what it was given when it asked for one.
    pub(super) signal: Option<Object<'js>>,
    /// `None` where all of it is as it is by itself.
    pub(super) settings: Option<Rc<Settings>>,
}

/// What a request line says.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) method: Method,
    /// Absolute, and normalised.
    pub(super) url: Rc<str>,
    /// What it was on the wire, where it came from outside.
    pub(super) origin: Option<Rc<Origin>>,
}

/// What a request brings along that scripts do not see.
#[derive(Debug, Clone, Default)]
pub(super) struct Origin {
    pub(super) url: Rc<str>,
    pub(super) uri: Uri,
    pub(super) version: Version,
    pub(super) extensions: Extensions,
}

type Itself<'js> = This<Class<'js, Request<'js>>>;

fn construct<'js>(
    ctx: Ctx<'js>,
    target: This<Value<'js>>,
    input: Value<'js>,
    init: Opt<Value<'js>>,
) -> rquickjs::Result<Class<'js, Request<'js>>> {
    let prototype = members::prototype::<Request<'js>>(&ctx, &target.0)?;
    Class::instance_proto(make(&ctx, &input, init.0)?, prototype)
}

/// Fetch §5.4, `clone()`.
fn clone<'js>(ctx: Ctx<'js>, this: Itself<'js>) -> rquickjs::Result<Class<'js, Request<'js>>> {
    let body = tee(&ctx, &this.0)?;
    let copy = {
        let request = this.0.borrow();
        Request {
            head: request.head.clone(),
            headers: request.headers.copy(),
            body,
            redirect: request.redirect,
            signal: request.signal.clone(),
            settings: request.settings.clone(),
        }
    };
    Class::instance(ctx, copy)
}

fn headers<'js>(ctx: Ctx<'js>, this: Itself<'js>) -> rquickjs::Result<Class<'js, Headers>> {
    this.0.borrow_mut().headers.object(&ctx)
}

/// The signal of a request that has none never aborts.
fn signal<'js>(ctx: Ctx<'js>, this: Itself<'js>) -> rquickjs::Result<Object<'js>> {
    if let Some(signal) = &this.0.borrow().signal {
        return Ok(signal.clone());
    }
    let controller: Constructor<'js> = ctx.globals().get("AbortController")?;
    let controller: Object<'js> = controller.construct(())?;
    let signal: Object<'js> = controller.get("signal")?;
    this.0.borrow_mut().signal = Some(signal.clone());
    Ok(signal)
}

fn setting<'js, T>(read: impl Fn(&Settings) -> T) -> impl Fn(Itself<'js>) -> T {
    move |this| match &this.0.borrow().settings {
        Some(settings) => read(settings),
        None => read(&Settings::default()),
    }
}

impl<'js> Carrier<'js> for Request<'js> {
    fn body_mut(&mut self) -> &mut BodyCell<'js> {
        &mut self.body
    }

    fn content_type(&self) -> Option<String> {
        self.headers.combined(CONTENT_TYPE.as_str())
    }
}

impl<'js> Trace<'js> for Request<'js> {
    fn trace<'a>(&self, tracer: Tracer<'a, 'js>) {
        self.headers.trace(tracer);
        self.body.trace(tracer);
        self.signal.trace(tracer);
    }
}

impl<'js> JsClass<'js> for Request<'js> {
    const NAME: &'static str = "Request";
    type Mutable = Writable;

    fn prototype(ctx: &Ctx<'js>) -> rquickjs::Result<Option<Object<'js>>> {
        let prototype = Object::new(ctx.clone())?;
        let members = Members(&prototype);
        members.getter("method", |ctx: Ctx<'js>, this: Itself<'js>| {
            rquickjs::String::from_str(ctx, this.0.borrow().head.method.as_str())
        })?;
        members.getter("url", |ctx: Ctx<'js>, this: Itself<'js>| {
            rquickjs::String::from_str(ctx, &this.0.borrow().head.url)
        })?;
        members.getter("headers", headers)?;
        members.getter("redirect", |this: Itself<'js>| this.0.borrow().redirect.as_str())?;
        members.getter("signal", signal)?;
        members.getter("cache", setting(|settings| settings.cache))?;
        members.getter("credentials", setting(|settings| settings.credentials))?;
        members.getter("destination", |_: Itself<'js>| "")?;
        members.getter("duplex", |_: Itself<'js>| "half")?;
        members.getter("integrity", setting(|settings| settings.integrity.to_string()))?;
        members.getter("keepalive", setting(|settings| settings.keepalive))?;
        members.getter("mode", setting(|settings| settings.mode))?;
        members.getter("referrer", setting(|settings| settings.referrer.to_string()))?;
        members.getter("referrerPolicy", setting(|settings| settings.referrer_policy))?;
        members.method("clone", clone)?;
        body_members::<Self>(&members)?;
        members.tag(Self::NAME)?;
        Ok(Some(prototype))
    }

    fn constructor(ctx: &Ctx<'js>) -> rquickjs::Result<Option<Constructor<'js>>> {
        members::constructor::<Self, _>(ctx, construct, 1).map(Some)
    }
}
