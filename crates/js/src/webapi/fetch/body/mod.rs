//! Bodies of requests and responses (Fetch §5.3): bytes that stay in Rust until a script reads them.

mod carrier;
mod extract;
mod read;

use rquickjs::class::{JsClass, Trace, Tracer, Writable};
use rquickjs::function::Constructor;
use rquickjs::{Class, Ctx, JsLifetime};
use tollgate_core::Body;

use crate::Failure;
pub(super) use carrier::{Carrier, members};
pub(super) use extract::extract;

/// The body of a message.
#[derive(Default, JsLifetime)]
pub(super) struct BodyCell<'js> {
    state: State<'js>,
}

#[derive(Default, JsLifetime)]
enum State<'js> {
    /// The message has none: it can be read as often as one likes, and is empty.
    #[default]
    Null,
    /// Nobody has touched it.
    Host(Source),
    /// Somebody has read it, or taken it elsewhere.
    Used,
    /// Several messages have it, and the first who reads it gets it.
    Shared(Class<'js, Shared<'js>>),
}

/// Bytes on the host's side.
#[derive(Debug, Default)]
pub(super) struct Source {
    pub(super) body: Body,
}

impl<'js> BodyCell<'js> {
    /// No body.
    pub(super) fn null() -> Self {
        Self::default()
    }

    /// A body of the host.
    pub(super) fn host(body: Body) -> Self {
        Self { state: State::Host(Source { body }) }
    }

    /// What a message from outside brings: what is known to be empty is no body.
    pub(super) fn incoming(body: Body) -> Self {
        if http_body::Body::is_end_stream(&body) { Self::null() } else { Self::host(body) }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self.state, State::Null)
    }

    /// `bodyUsed`.
    pub(super) fn is_used(&self) -> bool {
        match &self.state {
            State::Null | State::Host(_) => false,
            State::Used => true,
            State::Shared(shared) => shared.borrow().0.is_used(),
        }
    }

    /// Whether it can be read no more.
    pub(super) fn is_unusable(&self) -> bool {
        self.is_used()
    }

    /// Takes the bytes out of it, to read them; none where there is no body.
    ///
    /// # Errors
    /// A `TypeError` where they were taken before.
    pub(super) fn take(&mut self, ctx: &Ctx<'js>) -> rquickjs::Result<Option<Source>> {
        if let State::Shared(shared) = &self.state {
            return shared.borrow_mut().0.take(ctx);
        }
        match std::mem::take(&mut self.state) {
            State::Null => Ok(None),
            State::Host(source) => {
                self.state = State::Used;
                Ok(Some(source))
            }
            other => {
                self.state = other;
                Err(used().throw(ctx))
            }
        }
    }

    /// The same body for another message as well.
    ///
    /// # Errors
    /// A `TypeError` where it was read, or is being read.
    pub(super) fn share(&mut self, ctx: &Ctx<'js>) -> rquickjs::Result<Self> {
        if self.is_unusable() {
            return Err(used().throw(ctx));
        }
        let shared = match std::mem::take(&mut self.state) {
            State::Null => return Ok(Self::null()),
            State::Shared(shared) => shared,
            state => Class::instance(ctx.clone(), Shared(Self { state }))?,
        };
        self.state = State::Shared(shared.clone());
        Ok(Self { state: State::Shared(shared) })
    }

    /// Moves it into another message.
    ///
    /// # Errors
    /// A `TypeError` where it was read, or is being read.
    pub(super) fn transfer(&mut self, ctx: &Ctx<'js>) -> rquickjs::Result<Self> {
        Ok(self.take(ctx)?.map_or_else(Self::null, |source| Self { state: State::Host(source) }))
    }

    /// Takes the bytes out of the engine.
    ///
    /// # Errors
    /// A `TypeError` where it was read, or is being read.
    pub(super) fn take_out(&mut self, ctx: &Ctx<'js>) -> rquickjs::Result<Body> {
        Ok(self.take(ctx)?.map(|source| source.body).unwrap_or_default())
    }

    /// Two of one (Fetch §2.2.4, to clone a body).
    ///
    /// # Errors
    /// A `TypeError` where it was read, or is being read.
    pub(super) fn tee(&mut self, ctx: &Ctx<'js>) -> rquickjs::Result<Self> {
        match &self.state {
            State::Null => Ok(Self::null()),
            State::Host(source) => match source.body.bytes() {
                Some(bytes) => Ok(Self::host(Body::full(bytes))),
                None => Err(Failure::type_error("to come").throw(ctx)),
            },
            State::Shared(shared) => shared.borrow_mut().0.tee(ctx),
            State::Used => Err(used().throw(ctx)),
        }
    }
}

fn used() -> Failure {
    Failure::type_error("the body was read or passed on before, or is being read: `clone()` makes a second one")
}

impl<'js> Trace<'js> for BodyCell<'js> {
    fn trace<'a>(&self, tracer: Tracer<'a, 'js>) {
        if let State::Shared(shared) = &self.state {
            shared.trace(tracer);
        }
    }
}

/// A body that several messages have. It is an object of the engine, because only one owner may tell the
/// collector of a value.
#[derive(JsLifetime)]
pub(super) struct Shared<'js>(BodyCell<'js>);

impl<'js> Trace<'js> for Shared<'js> {
    fn trace<'a>(&self, tracer: Tracer<'a, 'js>) {
        self.0.trace(tracer);
    }
}

impl<'js> JsClass<'js> for Shared<'js> {
    const NAME: &'static str = "SharedBody";
    type Mutable = Writable;

    fn constructor(_: &Ctx<'js>) -> rquickjs::Result<Option<Constructor<'js>>> {
        Ok(None)
    }
}
