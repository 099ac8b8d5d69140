//! What ends with an `AbortSignal`: work of the host, and bodies.

use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use rquickjs::class::{JsClass, Trace, Tracer, Writable};
use rquickjs::function::{Constructor, This};
use rquickjs::{Class, Ctx, JsLifetime, Object, Persistent, Value};
use tokio::sync::Notify;
use tollgate_core::{Body, BoxError};

use super::body::link;
use super::members::Members;
use crate::Failure;

/// How a body ends whose signal is aborted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the script aborted it")]
pub(super) struct Aborted;

impl Aborted {
    /// Whether an error is this one, or was caused by it.
    pub(super) fn is_in(error: &(dyn StdError + 'static)) -> bool {
        std::iter::successors(Some(error), |&error| error.source()).any(|error| error.is::<Self>())
    }

    /// What stands for it on its way to the signal's reason.
    pub(super) fn failure() -> Failure {
        Failure::dom("AbortError", "This operation was aborted")
    }
}

/// Throws a failure; where it is that the signal was aborted, the reason of the signal.
pub(super) fn failed(ctx: &Ctx<'_>, signal: Option<Persistent<Object<'static>>>, failure: &Failure) -> rquickjs::Error {
    match signal {
        Some(signal) if *failure == Aborted::failure() => match signal.restore(ctx) {
            Ok(signal) => reason(ctx, &signal),
            Err(error) => error,
        },
        _ => failure.throw(ctx),
    }
}

/// Throws the reason of a signal that is aborted.
pub(super) fn reason<'js>(ctx: &Ctx<'js>, signal: &Object<'js>) -> rquickjs::Error {
    match signal.get::<_, Value<'js>>("reason") {
        Ok(reason) => ctx.throw(reason),
        Err(error) => error,
    }
}

/// Whether a signal is aborted.
pub(super) fn is_aborted(signal: &Object<'_>) -> rquickjs::Result<bool> {
    signal.get::<_, rquickjs::Coerced<bool>>("aborted").map(|aborted| aborted.0)
}

/// A flag that is set when a signal is aborted, for as long as somebody holds it.
///
/// # Errors
/// Where the engine has no memory for it.
pub(super) fn flag<'js>(ctx: &Ctx<'js>, signal: &Object<'js>) -> rquickjs::Result<Arc<Flag>> {
    let links = link(ctx, signal)?;
    let flag = Arc::new(Flag::default());
    let mut links = links.borrow_mut();
    // Signals may live for long, and what ends with them does not.
    if links.0.len() == links.0.capacity() {
        links.0.retain(|flag| flag.strong_count() > 0);
    }
    links.0.push(Arc::downgrade(&flag));
    Ok(flag)
}

/// Whether a signal was aborted.
#[derive(Debug, Default)]
pub(super) struct Flag {
    set: AtomicBool,
    changed: Arc<Notify>,
}

impl Flag {
    fn set(&self) {
        self.set.store(true, Ordering::Release);
        self.changed.notify_waiters();
    }

    fn is_set(&self) -> bool {
        self.set.load(Ordering::Acquire)
    }

    /// Waits until it is set.
    pub(super) async fn wait(&self) {
        loop {
            let changed = self.changed.notified();
            if self.is_set() {
                return;
            }
            changed.await;
        }
    }
}

/// A body that breaks off when the flag is set.
pub(super) fn body(body: Body, flag: Arc<Flag>) -> Body {
    Body::stream(Abortable { body, changed: Box::pin(Arc::clone(&flag.changed).notified_owned()), flag })
}

struct Abortable {
    body: Body,
    flag: Arc<Flag>,
    changed: Pin<Box<tokio::sync::futures::OwnedNotified>>,
}

impl HttpBody for Abortable {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        // Polled before the flag is looked at, so that nothing is missed in between.
        let _ = this.changed.as_mut().poll(cx);
        if this.flag.is_set() {
            this.body = Body::empty();
            return Poll::Ready(Some(Err(Aborted.into())));
        }
        Pin::new(&mut this.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The flags of a signal. `fetch.js` keeps them, one for each signal.
#[derive(Default, JsLifetime)]
pub(super) struct Links(Vec<Weak<Flag>>);

impl Links {
    pub(super) fn make(ctx: Ctx<'_>) -> rquickjs::Result<Class<'_, Self>> {
        Class::instance(ctx, Self::default())
    }
}

fn abort<'js>(this: This<Class<'js, Links>>) {
    for flag in this.0.borrow_mut().0.drain(..) {
        if let Some(flag) = flag.upgrade() {
            flag.set();
        }
    }
}

impl<'js> Trace<'js> for Links {
    fn trace<'a>(&self, _: Tracer<'a, 'js>) {}
}

impl<'js> JsClass<'js> for Links {
    const NAME: &'static str = "SignalLinks";
    type Mutable = Writable;

    fn prototype(ctx: &Ctx<'js>) -> rquickjs::Result<Option<Object<'js>>> {
        let prototype = Object::new(ctx.clone())?;
        Members(&prototype).method("abort", abort)?;
        Ok(Some(prototype))
    }

    fn constructor(_: &Ctx<'js>) -> rquickjs::Result<Option<Constructor<'js>>> {
        Ok(None)
    }
}
