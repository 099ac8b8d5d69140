//! A script's stream as a body of the host: the script produces as fast as somebody reads.
//!
//! The body ends well only where the stream did. Where the script is stopped before, it breaks off with
//! an error, so that nobody takes half an answer for a whole one.

use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::Frame;
use rquickjs::class::{JsClass, Trace, Tracer, Writable};
use rquickjs::function::{Constructor, This};
use rquickjs::{Class, Ctx, JsLifetime, Object, Promise, Value};
use tokio::sync::mpsc;
use tokio::sync::{Notify, mpsc::error::TrySendError};
use tollgate_core::{Body, BoxError};

use super::scripts;
use crate::engine::{Progress, promise};
use crate::webapi::fetch::members::Members;
use crate::{Engine, Failure, Thrown, bytes as buffers};

/// How many chunks wait between a script and whoever reads.
const WAITING: usize = 1;

/// Why a body that a script produces breaks off.
#[derive(Debug, Clone, thiserror::Error)]
enum Broken {
    /// The script was stopped, or its engine is gone.
    #[error("the script that sends the body was stopped before it was done")]
    Stopped,
    /// The stream failed.
    #[error("the stream that a script sends as a body failed: {0}")]
    Failed(String),
}

/// How the stream ended.
#[derive(Debug, Default)]
struct Ending(Mutex<Option<Result<(), Broken>>>);

impl Ending {
    fn set(&self, ending: Result<(), Broken>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(ending);
    }

    fn take(&self) -> Option<Result<(), Broken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The script's end.
#[derive(JsLifetime)]
pub(crate) struct Sink {
    progress: Rc<Progress>,
    /// The work of the host has the channel open: it ends with its call, and then nobody can write.
    chunks: mpsc::WeakSender<Bytes>,
    opened: Option<mpsc::Sender<Bytes>>,
    ending: Arc<Ending>,
    ended: Arc<Notify>,
}

/// A body that a stream is pumped into. `answers` says whether the client is to read it: then the call may last
/// for as long as it does.
///
/// # Errors
/// Where the call that runs has too much under way.
pub(super) fn pump<'js>(ctx: &Ctx<'js>, stream: &Object<'js>, answers: bool) -> rquickjs::Result<Body> {
    let (sender, chunks) = mpsc::channel(WAITING);
    let ending = Arc::new(Ending::default());
    let progress = Rc::new(Progress::default());
    if answers {
        Engine::of(ctx)?.current()?.streams(&progress);
    }
    let sink = Sink {
        progress,
        chunks: sender.downgrade(),
        opened: Some(sender),
        ending: Arc::clone(&ending),
        ended: Arc::new(Notify::new()),
    };
    scripts::pump(ctx, stream, Class::instance(ctx.clone(), sink)?)?;
    Ok(Body::stream(Pumped { chunks, ending }))
}

type Itself<'js> = This<Class<'js, Sink>>;

/// Nothing where there is room for more; else a promise for when there is.
fn write<'js>(ctx: Ctx<'js>, this: Itself<'js>, chunk: Value<'js>) -> rquickjs::Result<Option<Promise<'js>>> {
    let chunk = Bytes::from(buffers::view(&chunk)?.unwrap_or_default());
    let gone = || Failure::dom("AbortError", "nobody reads the body any more");
    let (sender, progress) = {
        let sink = this.0.borrow();
        (sink.chunks.upgrade().ok_or_else(|| gone().throw(&ctx))?, Rc::clone(&sink.progress))
    };
    progress.moves();
    match sender.try_send(chunk) {
        Ok(()) => Ok(None),
        Err(TrySendError::Closed(_)) => Err(gone().throw(&ctx)),
        Err(TrySendError::Full(chunk)) => {
            let work = async move {
                progress.waits();
                let sent = sender.send(chunk).await.map_err(|_| gone());
                progress.moves();
                sent
            };
            promise(&ctx, work, |ctx, ()| Ok(Value::new_undefined(ctx.clone()))).map(Some)
        }
    }
}

fn end(this: Itself<'_>) {
    let sink = this.0.borrow();
    sink.ending.set(Ok(()));
    sink.ended.notify_one();
}

fn fail<'js>(this: Itself<'js>, error: Value<'js>) {
    let thrown = Thrown::of(&error);
    let sink = this.0.borrow();
    sink.ending.set(Err(Broken::Failed(thrown.to_string())));
    sink.ended.notify_one();
}

/// A promise for the end: whether it is the stream's, or nobody reads any more. It is a piece of work of the
/// host, so that the call goes on until then.
fn closed<'js>(ctx: Ctx<'js>, this: Itself<'js>) -> rquickjs::Result<Promise<'js>> {
    let (sender, ended, progress) = {
        let mut sink = this.0.borrow_mut();
        (sink.opened.take(), Arc::clone(&sink.ended), Rc::clone(&sink.progress))
    };
    let work = async move {
        let Some(sender) = sender else { return Ok(true) };
        let ended = tokio::select! {
            biased;
            () = ended.notified() => true,
            () = sender.closed() => false,
        };
        progress.ends(ended);
        Ok(ended)
    };
    promise(&ctx, work, |ctx, ended| Ok(Value::new_bool(ctx.clone(), ended)))
}

impl<'js> Trace<'js> for Sink {
    fn trace<'a>(&self, _: Tracer<'a, 'js>) {}
}

impl<'js> JsClass<'js> for Sink {
    const NAME: &'static str = "BodySink";
    type Mutable = Writable;

    fn prototype(ctx: &Ctx<'js>) -> rquickjs::Result<Option<Object<'js>>> {
        let prototype = Object::new(ctx.clone())?;
        let members = Members(&prototype);
        members.method("write", write)?;
        members.method("end", end)?;
        members.method("fail", fail)?;
        members.method("closed", closed)?;
        Ok(Some(prototype))
    }

    fn constructor(_: &Ctx<'js>) -> rquickjs::Result<Option<Constructor<'js>>> {
        Ok(None)
    }
}

/// The host's end.
struct Pumped {
    chunks: mpsc::Receiver<Bytes>,
    ending: Arc<Ending>,
}

impl http_body::Body for Pumped {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match std::task::ready!(self.chunks.poll_recv(cx)) {
            Some(chunk) => Poll::Ready(Some(Ok(Frame::data(chunk)))),
            None => match self.ending.take() {
                Some(Ok(())) => {
                    // Whoever asks again is told the same.
                    self.ending.set(Ok(()));
                    Poll::Ready(None)
                }
                Some(Err(broken)) => Poll::Ready(Some(Err(broken.into()))),
                None => Poll::Ready(Some(Err(Broken::Stopped.into()))),
            },
        }
    }
}
