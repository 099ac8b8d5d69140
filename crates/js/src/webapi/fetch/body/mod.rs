//! Bodies of requests and responses (Fetch §5.3): bytes that stay in Rust until a script reads them.
//!
//! A body becomes a `ReadableStream` only where a script asks for one, and while nobody has read of that
//! stream, its bytes can still be had without it ([`take`]). Nothing of a script runs while a message is
//! borrowed: what has to call into streams looks first ([`BodyCell::with`]) and calls afterwards.

mod carrier;
mod collect;
mod decode;
mod extract;
mod handle;
mod pump;
mod read;
mod scripts;
mod tee;

use std::sync::Arc;

use bytes::Bytes;
use rquickjs::class::{JsClass, Trace, Tracer, Writable};
use rquickjs::function::Constructor;
use rquickjs::{Class, Ctx, JsLifetime, Object};
use tollgate_core::Body;

use super::ledger::{Charge, Ledger};
use crate::{Engine, Failure};
pub(super) use carrier::{Carrier, members};
pub(super) use decode::{Coding, hide as hide_coding};
pub(super) use extract::extract;
pub(super) use handle::Handle;
pub(super) use read::settled;
pub(super) use scripts::{abandon, follow, is_signal, link};

/// Where a message keeps its body.
#[derive(JsLifetime)]
pub(super) enum BodyCell<'js> {
    /// It is its own.
    Own(State<'js>),
    /// Several messages have it, and the first who reads it gets it.
    Shared(Class<'js, Shared<'js>>),
}

/// What has become of a body.
#[derive(Default, JsLifetime)]
pub(super) enum State<'js> {
    /// The message has none: it can be read as often as one likes, and is empty.
    #[default]
    Null,
    /// Nobody has touched it.
    Host(Source<'js>),
    /// Somebody has read it, or taken it elsewhere.
    Used,
    /// Scripts have it as a stream; the handle is that of a stream over bytes of the host.
    Stream(Object<'js>, Option<Class<'js, Handle<'js>>>),
}

/// Bytes on the host's side.
#[derive(Default, JsLifetime)]
pub(super) struct Source<'js> {
    pub(super) raw: Raw,
    /// Whose `reason` they end with, where they are cut off by it.
    pub(super) signal: Option<Object<'js>>,
}

/// Bytes as they came.
#[derive(Debug, Default)]
pub(super) struct Raw {
    pub(super) body: Body,
    /// What they have to be decoded by before a script sees them.
    pub(super) coding: Option<Coding>,
    /// What they take of the memory that scripts may have.
    pub(super) charge: Option<Arc<Charge>>,
    /// Whether it is the body of the request that the call is about: that it cannot be read may be its
    /// client's fault.
    pub(super) of_client: bool,
}

/// A body that has been taken out of its message.
pub(super) enum Taken<'js> {
    /// There is none.
    Null,
    /// Bytes that no script has seen.
    Source(Source<'js>),
    /// A stream that nobody reads so far.
    Stream(Object<'js>),
}

impl<'js> BodyCell<'js> {
    /// No body.
    pub(super) const fn null() -> Self {
        Self::Own(State::Null)
    }

    /// A body that a script made.
    ///
    /// # Errors
    /// Where scripts hold too much in memory.
    pub(super) fn made(ctx: &Ctx<'js>, bytes: impl Into<Bytes>) -> rquickjs::Result<Self> {
        let bytes = bytes.into();
        let charge = Some(Ledger::charge(ctx, bytes.len())?);
        let raw = Raw { body: Body::full(bytes), charge, ..Raw::default() };
        Ok(Self::source(Source { raw, signal: None }))
    }

    pub(super) fn source(source: Source<'js>) -> Self {
        Self::Own(State::Host(source))
    }

    /// What a message from outside brings: what is known to be empty is no body.
    pub(super) fn incoming(body: Body) -> Self {
        if http_body::Body::is_end_stream(&body) {
            return Self::null();
        }
        Self::source(Source { raw: Raw { body, ..Raw::default() }, signal: None })
    }

    /// Looks at the state, or changes it.
    pub(super) fn with<R>(&mut self, run: impl FnOnce(&mut State<'js>) -> R) -> R {
        match self {
            Self::Own(state) => run(state),
            Self::Shared(shared) => run(&mut shared.borrow_mut().0),
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Own(State::Null))
    }

    /// The same body for another message as well.
    pub(super) fn share(&mut self, ctx: &Ctx<'js>) -> rquickjs::Result<Self> {
        let shared = match self {
            Self::Own(State::Null) => return Ok(Self::null()),
            Self::Shared(shared) => shared.clone(),
            Self::Own(state) => Class::instance(ctx.clone(), Shared(std::mem::take(state)))?,
        };
        *self = Self::Shared(shared.clone());
        Ok(Self::Shared(shared))
    }
}

/// A message whose body is looked at while nothing is borrowed.
pub(super) trait Holder<'js> {
    fn with<R>(&self, run: impl FnOnce(&mut State<'js>) -> R) -> R;
}

impl<'js, C: Carrier<'js>> Holder<'js> for Class<'js, C> {
    fn with<R>(&self, run: impl FnOnce(&mut State<'js>) -> R) -> R {
        self.borrow_mut().body_mut().with(run)
    }
}

/// `bodyUsed`.
pub(super) fn is_used<'js>(ctx: &Ctx<'js>, holder: &impl Holder<'js>) -> rquickjs::Result<bool> {
    match holder.with(|state| stream_of(state)) {
        Ok(used) => Ok(used),
        Err((stream, _)) => scripts::is_disturbed(ctx, &stream),
    }
}

/// Whether a body can be read no more.
pub(super) fn is_unusable<'js>(ctx: &Ctx<'js>, holder: &impl Holder<'js>) -> rquickjs::Result<bool> {
    match holder.with(|state| stream_of(state)) {
        Ok(used) => Ok(used),
        Err((stream, _)) => scripts::is_unusable(ctx, &stream),
    }
}

/// Whether it is used, or the stream that knows.
fn stream_of<'js>(state: &State<'js>) -> Result<bool, (Object<'js>, Option<Class<'js, Handle<'js>>>)> {
    match state {
        State::Null | State::Host(_) => Ok(false),
        State::Used => Ok(true),
        State::Stream(stream, handle) => Err((stream.clone(), handle.clone())),
    }
}

/// Takes the body out of a message, for somebody who is going to read all of it.
///
/// # Errors
/// A `TypeError` where it was read, or is being read.
pub(super) fn take<'js>(ctx: &Ctx<'js>, holder: &impl Holder<'js>) -> rquickjs::Result<Taken<'js>> {
    let looked = holder.with(|state| {
        if let State::Host(_) = state
            && let State::Host(source) = std::mem::replace(state, State::Used)
        {
            return Ok(Taken::Source(source));
        }
        match stream_of(state) {
            Ok(false) => Ok(Taken::Null),
            Ok(true) => Err(None),
            Err(stream) => Err(Some(stream)),
        }
    });
    let (stream, handle) = match looked {
        Ok(taken) => return Ok(taken),
        Err(Some(stream)) => stream,
        Err(None) => return Err(used().throw(ctx)),
    };
    if scripts::is_unusable(ctx, &stream)? {
        return Err(used().throw(ctx));
    }
    match handle.and_then(|handle| Handle::untouched(&handle)) {
        Some(source) => {
            scripts::exhaust(ctx, &stream)?;
            Ok(Taken::Source(source))
        }
        None => Ok(Taken::Stream(stream)),
    }
}

/// Moves the body of a message into another one (Fetch §2.2.4, to create a proxy for it).
///
/// # Errors
/// A `TypeError` where it was read, or is being read.
pub(super) fn transfer<'js>(ctx: &Ctx<'js>, holder: &impl Holder<'js>) -> rquickjs::Result<BodyCell<'js>> {
    Ok(match take(ctx, holder)? {
        Taken::Null => BodyCell::null(),
        Taken::Source(source) => BodyCell::source(source),
        Taken::Stream(stream) => {
            holder.with(|state| *state = State::Used);
            BodyCell::Own(State::Stream(stream, None))
        }
    })
}

/// Takes the bytes of a message out of the engine; says by what they are still to be decoded. A stream
/// of a script is read as far as somebody reads the body. `answers` says whether that is the client.
///
/// # Errors
/// A `TypeError` where it was read, or is being read.
pub(super) fn take_out<'js>(ctx: &Ctx<'js>, holder: &impl Holder<'js>, answers: bool) -> rquickjs::Result<Raw> {
    Ok(match take(ctx, holder)? {
        Taken::Null => Raw::default(),
        // Whoever gets these bytes has not said that they may be encoded.
        Taken::Source(Source { raw, .. }) if raw.coding.as_ref().is_some_and(Coding::is_ours) => {
            Raw { body: decode::decoded(raw), ..Raw::default() }
        }
        Taken::Source(source) => source.raw,
        Taken::Stream(stream) => Raw { body: pump::pump(ctx, &stream, answers)?, ..Raw::default() },
    })
}

/// Makes two of one (Fetch §2.2.4, to clone a body); gives the second.
///
/// # Errors
/// A `TypeError` where it was read, or is being read.
pub(super) fn tee<'js>(ctx: &Ctx<'js>, holder: &impl Holder<'js>) -> rquickjs::Result<BodyCell<'js>> {
    match take(ctx, holder)? {
        Taken::Null => Ok(BodyCell::null()),
        Taken::Source(source) => {
            let most = Engine::of(ctx)?.host().buffered_body();
            let (first, second) = tee::tee(source.raw.body, most, &Ledger::of(ctx)?);
            let branch = |body| Source {
                raw: Raw {
                    body,
                    coding: source.raw.coding.clone(),
                    charge: source.raw.charge.clone(),
                    of_client: source.raw.of_client,
                },
                signal: source.signal.clone(),
            };
            holder.with(|state| *state = State::Host(branch(first)));
            Ok(BodyCell::source(branch(second)))
        }
        Taken::Stream(stream) => {
            let (first, second) = scripts::tee(ctx, &stream)?;
            holder.with(|state| *state = State::Stream(first, None));
            Ok(BodyCell::Own(State::Stream(second, None)))
        }
    }
}

fn used() -> Failure {
    Failure::type_error("the body was read or passed on before, or is being read: `clone()` makes a second one")
}

impl<'js> Trace<'js> for BodyCell<'js> {
    fn trace<'a>(&self, tracer: Tracer<'a, 'js>) {
        match self {
            Self::Own(state) => state.trace(tracer),
            Self::Shared(shared) => shared.trace(tracer),
        }
    }
}

impl<'js> Trace<'js> for State<'js> {
    fn trace<'a>(&self, tracer: Tracer<'a, 'js>) {
        match self {
            Self::Null | Self::Used => {}
            Self::Host(source) => source.signal.trace(tracer),
            Self::Stream(stream, handle) => {
                stream.trace(tracer);
                handle.trace(tracer);
            }
        }
    }
}

/// A body that several messages have. It is an object of the engine, because only one owner may tell the
/// collector of a value.
#[derive(JsLifetime)]
pub(super) struct Shared<'js>(State<'js>);

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
