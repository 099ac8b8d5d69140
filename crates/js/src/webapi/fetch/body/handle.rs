//! A stream over bytes of the host: what `fetch.js` pulls from.

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use http_body_util::BodyExt;
use rquickjs::class::{JsClass, Trace, Tracer, Writable};
use rquickjs::function::{Constructor, This};
use rquickjs::{Class, Ctx, JsLifetime, Object, Persistent, Promise, Value};
use tokio::sync::Notify;
use tollgate_core::{Body, BoxError};

use super::read::{broken, note_unread, settled};
use super::{Raw, Source, decode};
use crate::engine::promise;
use crate::webapi::fetch::abort;
use crate::webapi::fetch::members::Members;
use crate::{Failure, bytes as buffers};

/// What a stream pulls from.
#[derive(Default, JsLifetime)]
pub(crate) struct Handle<'js> {
    signal: Option<Object<'js>>,
    of_client: bool,
    supply: Rc<Supply>,
}

/// The bytes, as a stream and the work of the host for it share them.
#[derive(Default)]
struct Supply {
    state: RefCell<Reading>,
    cancelled: Notify,
}

#[derive(Default)]
enum Reading {
    /// Nobody has pulled.
    Untouched(Raw),
    /// Between two pulls: decoded.
    Waits(Body),
    /// The host reads the next ones.
    Reads,
    /// There are none any more, or nobody wants them.
    #[default]
    Over,
}

impl<'js> Handle<'js> {
    pub(super) fn new(source: Source<'js>) -> Self {
        let of_client = source.raw.of_client;
        let state = RefCell::new(Reading::Untouched(source.raw));
        Self { signal: source.signal, of_client, supply: Rc::new(Supply { state, cancelled: Notify::new() }) }
    }

    /// Takes the bytes, where nobody has pulled any.
    pub(super) fn untouched(handle: &Class<'js, Self>) -> Option<Source<'js>> {
        let handle = handle.borrow();
        let state = &mut *handle.supply.state.borrow_mut();
        match std::mem::take(state) {
            Reading::Untouched(raw) => Some(Source { raw, signal: handle.signal.clone() }),
            other => {
                *state = other;
                None
            }
        }
    }
}

impl Supply {
    /// The body, to read the next bytes of it.
    fn begin(&self) -> Option<Body> {
        match self.state.replace(Reading::Reads) {
            Reading::Untouched(raw) => Some(decode::decoded(raw)),
            Reading::Waits(body) => Some(body),
            Reading::Reads | Reading::Over => {
                self.state.replace(Reading::Over);
                None
            }
        }
    }

    /// Puts it back until the next pull.
    fn finish(&self, body: Body) {
        let mut state = self.state.borrow_mut();
        if matches!(*state, Reading::Reads) {
            *state = Reading::Waits(body);
        }
    }

    fn cancel(&self) {
        self.state.replace(Reading::Over);
        self.cancelled.notify_waiters();
    }

    /// The next bytes; none at the end, and where nobody wants them.
    async fn next(&self, mut body: Body) -> Result<Option<Bytes>, (Failure, BoxError)> {
        loop {
            // The stream may have been cancelled before this was polled.
            if !matches!(*self.state.borrow(), Reading::Reads) {
                return Ok(None);
            }
            let frame = tokio::select! {
                biased;
                () = self.cancelled.notified() => None,
                frame = body.frame() => frame,
            };
            match frame {
                None => {
                    self.state.replace(Reading::Over);
                    return Ok(None);
                }
                Some(Err(error)) => {
                    self.state.replace(Reading::Over);
                    return Err((broken(&*error), error));
                }
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data()
                        && !data.is_empty()
                    {
                        self.finish(body);
                        return Ok(Some(data));
                    }
                }
            }
        }
    }
}

fn pull<'js>(ctx: Ctx<'js>, this: This<Class<'js, Handle<'js>>>) -> rquickjs::Result<Promise<'js>> {
    let (supply, signal, of_client) = {
        let handle = this.0.borrow();
        (Rc::clone(&handle.supply), handle.signal.clone(), handle.of_client)
    };
    let Some(body) = supply.begin() else { return settled(&ctx, Ok(Value::new_null(ctx.clone()))) };
    if let Some(all) = body.bytes() {
        supply.state.replace(Reading::Over);
        return settled(&ctx, chunk(&ctx, Some(all)));
    }
    let signal = signal.map(|signal| Persistent::save(&ctx, signal));
    promise(&ctx, async move { Ok(supply.next(body).await) }, move |ctx, outcome| match outcome {
        Ok(bytes) => chunk(ctx, bytes),
        Err((failure, why)) => {
            if of_client {
                note_unread(ctx, &failure, why);
            }
            Err(abort::failed(ctx, signal, &failure))
        }
    })
}

fn chunk<'js>(ctx: &Ctx<'js>, bytes: Option<Bytes>) -> rquickjs::Result<Value<'js>> {
    match bytes {
        Some(bytes) if !bytes.is_empty() => buffers::uint8_array(ctx, bytes),
        _ => Ok(Value::new_null(ctx.clone())),
    }
}

fn cancel<'js>(this: This<Class<'js, Handle<'js>>>) {
    this.0.borrow().supply.cancel();
}

impl<'js> Trace<'js> for Handle<'js> {
    fn trace<'a>(&self, tracer: Tracer<'a, 'js>) {
        self.signal.trace(tracer);
    }
}

impl<'js> JsClass<'js> for Handle<'js> {
    const NAME: &'static str = "BodyHandle";
    type Mutable = Writable;

    fn prototype(ctx: &Ctx<'js>) -> rquickjs::Result<Option<Object<'js>>> {
        let prototype = Object::new(ctx.clone())?;
        let members = Members(&prototype);
        members.method("pull", pull)?;
        members.method("cancel", cancel)?;
        Ok(Some(prototype))
    }

    fn constructor(_: &Ctx<'js>) -> rquickjs::Result<Option<Constructor<'js>>> {
        Ok(None)
    }
}
