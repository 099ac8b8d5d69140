//! `Request` (Fetch §5.4).

mod init;
mod settings;

use std::rc::Rc;

use http::header::CONTENT_TYPE;
use http::{Extensions, Method, Uri, Version};
use rquickjs::class::{JsClass, Trace, Tracer, Writable};
use rquickjs::function::{Constructor, Opt, This};
use rquickjs::{Class, Ctx, JsLifetime, Object, Value};

use super::body::{BodyCell, Carrier, follow, members as body_members, tee};
use super::client::Client;
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
    pub(super) signal: Option<Signal<'js>>,
    /// `None` where all of it is as it is by itself.
    pub(super) settings: Option<Rc<Settings>>,
}

/// What aborts a request.
#[derive(JsLifetime)]
pub(super) enum Signal<'js> {
    /// What a script gave, or that of the request that this one is made of.
    Given(Object<'js>),
    /// Its own, which follows what was given.
    Own(Object<'js>),
}

impl<'js> Signal<'js> {
    pub(super) fn object(&self) -> &Object<'js> {
        let (Self::Given(signal) | Self::Own(signal)) = self;
        signal
    }

    /// The same for another request.
    fn given(&self) -> Self {
        Self::Given(self.object().clone())
    }
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
    pub(super) client: Option<Rc<Client>>,
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
            signal: request.signal.as_ref().map(Signal::given),
            settings: request.settings.clone(),
        }
    };
    Class::instance(ctx, copy)
}

fn headers<'js>(ctx: Ctx<'js>, this: Itself<'js>) -> rquickjs::Result<Class<'js, Headers>> {
    this.0.borrow_mut().headers.object(&ctx)
}

/// `signal`: the request's own, made when a script first looks.
fn signal<'js>(ctx: Ctx<'js>, this: Itself<'js>) -> rquickjs::Result<Object<'js>> {
    let (given, client) = {
        let request = this.0.borrow();
        match &request.signal {
            Some(Signal::Own(signal)) => return Ok(signal.clone()),
            Some(Signal::Given(signal)) => (Some(signal.clone()), None),
            None => (None, request.head.origin.as_ref().and_then(|origin| origin.client.clone())),
        }
    };
    let given = match client {
        Some(client) => client.signal(&ctx)?,
        None => given,
    };
    let signal = follow(&ctx, given)?;
    this.0.borrow_mut().signal = Some(Signal::Own(signal.clone()));
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
        if let Some(signal) = &self.signal {
            signal.object().trace(tracer);
        }
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
