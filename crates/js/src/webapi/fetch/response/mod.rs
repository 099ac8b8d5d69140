//! `Response` (Fetch §5.5).

mod init;

use std::rc::Rc;

use http::header::CONTENT_TYPE;
use http::{Extensions, StatusCode, Version};
use rquickjs::class::{JsClass, Trace, Tracer, Writable};
use rquickjs::function::{Constructor, This};
use rquickjs::{Class, Ctx, JsLifetime, Object};

use super::body::{BodyCell, Carrier, members as body_members, tee};
use super::headers::{Guard, Headers, text};
use super::members::{self, Members};
use super::slot::Slot;

/// A response, as scripts have it.
#[derive(JsLifetime)]
pub(super) struct Response<'js> {
    pub(super) kind: Kind,
    /// Without meaning where `kind` is [`Kind::Error`].
    pub(super) status: StatusCode,
    /// What a script said; the usual words where it came from outside.
    pub(super) status_text: Option<Rc<[u8]>>,
    pub(super) headers: Slot<'js>,
    pub(super) body: BodyCell<'js>,
    /// Where it was fetched from.
    pub(super) url: Option<Rc<str>>,
    pub(super) redirected: bool,
    pub(super) origin: Option<Rc<Origin>>,
}

/// `type` of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A script made it.
    Default,
    /// It came from outside.
    Basic,
    /// It stands for a failure.
    Error,
}

/// What a response brings along that scripts do not see.
#[derive(Debug, Clone, Default)]
pub(super) struct Origin {
    pub(super) version: Version,
    pub(super) extensions: Extensions,
}

type Itself<'js> = This<Class<'js, Response<'js>>>;

impl Response<'_> {
    /// An empty response that a script may change.
    pub(super) fn new(status: StatusCode) -> Self {
        Self {
            kind: Kind::Default,
            status,
            status_text: None,
            headers: Slot::List(Rc::default(), Guard::None),
            body: BodyCell::null(),
            url: None,
            redirected: false,
            origin: None,
        }
    }

    fn status_number(&self) -> u16 {
        if self.kind == Kind::Error { 0 } else { self.status.as_u16() }
    }
}

/// Fetch §5.5, `clone()`.
fn clone<'js>(ctx: Ctx<'js>, this: Itself<'js>) -> rquickjs::Result<Class<'js, Response<'js>>> {
    let body = tee(&ctx, &this.0)?;
    let copy = {
        let response = this.0.borrow();
        Response {
            kind: response.kind,
            status: response.status,
            status_text: response.status_text.clone(),
            headers: response.headers.copy(),
            body,
            url: response.url.clone(),
            redirected: response.redirected,
            origin: response.origin.clone(),
        }
    };
    Class::instance(ctx, copy)
}

fn headers<'js>(ctx: Ctx<'js>, this: Itself<'js>) -> rquickjs::Result<Class<'js, Headers>> {
    this.0.borrow_mut().headers.object(&ctx)
}

impl<'js> Carrier<'js> for Response<'js> {
    fn body_mut(&mut self) -> &mut BodyCell<'js> {
        &mut self.body
    }

    fn content_type(&self) -> Option<String> {
        self.headers.combined(CONTENT_TYPE.as_str())
    }
}

impl<'js> Trace<'js> for Response<'js> {
    fn trace<'a>(&self, tracer: Tracer<'a, 'js>) {
        self.headers.trace(tracer);
        self.body.trace(tracer);
    }
}

impl<'js> JsClass<'js> for Response<'js> {
    const NAME: &'static str = "Response";
    type Mutable = Writable;

    fn prototype(ctx: &Ctx<'js>) -> rquickjs::Result<Option<Object<'js>>> {
        let prototype = Object::new(ctx.clone())?;
        let members = Members(&prototype);
        members.getter("type", |this: Itself<'js>| match this.0.borrow().kind {
            Kind::Default => "default",
            Kind::Basic => "basic",
            Kind::Error => "error",
        })?;
        members.getter("url", |ctx: Ctx<'js>, this: Itself<'js>| {
            rquickjs::String::from_str(ctx, this.0.borrow().url.as_deref().unwrap_or_default())
        })?;
        members.getter("redirected", |this: Itself<'js>| this.0.borrow().redirected)?;
        members.getter("status", |this: Itself<'js>| this.0.borrow().status_number())?;
        members.getter("ok", |this: Itself<'js>| (200..300).contains(&this.0.borrow().status_number()))?;
        members.getter("statusText", |ctx: Ctx<'js>, this: Itself<'js>| {
            text::string(&ctx, this.0.borrow().status_text.as_deref().unwrap_or_default())
        })?;
        members.getter("headers", headers)?;
        members.method("clone", clone)?;
        body_members::<Self>(&members)?;
        members.tag(Self::NAME)?;
        Ok(Some(prototype))
    }

    fn constructor(ctx: &Ctx<'js>) -> rquickjs::Result<Option<Constructor<'js>>> {
        let class = members::constructor::<Self, _>(ctx, init::construct, 0)?;
        let members = Members(&class);
        members.method("error", init::error)?;
        members.method("json", init::json)?;
        members.method("redirect", init::redirect)?;
        Ok(Some(class))
    }
}
