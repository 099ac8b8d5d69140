//! Calling into JavaScript, and waiting for what it promises.

use std::cell::RefCell;
use std::rc::Rc;

use rquickjs::promise::PromiseState;
use rquickjs::{Ctx, Function, Persistent, Promise, Value};
use tokio::sync::oneshot;

use super::{Engine, Stopped, Task};
use crate::Thrown;

/// Why a call brought nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// It threw.
    #[error("{0}")]
    Thrown(Thrown),
    /// It broke a limit.
    #[error("{0}")]
    Stopped(#[from] Stopped),
}

/// What came of starting.
enum Begun<T> {
    Done(Result<T, Thrown>),
    Waits(Persistent<Promise<'static>>, oneshot::Receiver<()>),
}

impl Engine {
    /// Runs `start`; where that gives a promise, waits for it; makes of the value what `finish`
    /// says. Must run inside of a `LocalSet`, on the engine's thread. A call whose caller does not wait
    /// any longer ends.
    ///
    /// # Errors
    /// Where anything of it throws, or breaks a limit.
    pub async fn call<T>(
        &self,
        task: &Rc<Task>,
        start: impl for<'js> FnOnce(&Ctx<'js>) -> rquickjs::Result<Value<'js>>,
        finish: impl for<'js> FnOnce(&Ctx<'js>, Value<'js>) -> rquickjs::Result<T>,
    ) -> Result<T, CallError> {
        let mut finish = Some(finish);
        let begun = self.enter(task, |ctx| self.begin(ctx, start, &mut finish))?;
        let (promise, settled) = match begun {
            Begun::Done(result) => return self.told(task, result),
            Begun::Waits(promise, settled) => (promise, settled),
        };
        let waits = tokio::time::timeout(self.limits().wall, async {
            tokio::select! {
                _ = settled => None,
                why = stopped(task) => Some(why),
            }
        });
        match waits.await {
            Ok(None) => {}
            Ok(Some(why)) => return Err(why.into()),
            Err(_) => {
                self.stop(task, Stopped::Wall);
                return Err(Stopped::Wall.into());
            }
        }
        let result = self.enter(task, |ctx| {
            let result = promise.restore(ctx).and_then(|promise| finished(ctx, &promise, &mut finish));
            result.map_err(|error| Thrown::catch(ctx, error))
        })?;
        self.told(task, result)
    }

    fn begin<'js, T>(
        &self,
        ctx: &Ctx<'js>,
        start: impl FnOnce(&Ctx<'js>) -> rquickjs::Result<Value<'js>>,
        finish: &mut Option<impl FnOnce(&Ctx<'js>, Value<'js>) -> rquickjs::Result<T>>,
    ) -> Begun<T> {
        let begun = start(ctx).and_then(|value| {
            let Some(promise) = value.as_promise() else {
                return take(finish, ctx, value).map(|value| Begun::Done(Ok(value)));
            };
            self.drain(ctx);
            if promise.state() != PromiseState::Pending {
                return finished(ctx, promise, finish).map(|value| Begun::Done(Ok(value)));
            }
            let settled = when_settled(ctx, promise)?;
            Ok(Begun::Waits(Persistent::save(ctx, promise.clone()), settled))
        });
        begun.unwrap_or_else(|error| Begun::Done(Err(Thrown::catch(ctx, error))))
    }

    /// Some exceptions are limits that were broken.
    fn told<T>(&self, task: &Rc<Task>, result: Result<T, Thrown>) -> Result<T, CallError> {
        result.map_err(|thrown| match self.broken_by(&thrown) {
            Some(why) => {
                self.stop(task, why);
                CallError::Stopped(why)
            }
            None => CallError::Thrown(thrown),
        })
    }
}

/// The value of a settled promise, finished; or what it was rejected with, thrown.
fn finished<'js, T>(
    ctx: &Ctx<'js>,
    promise: &Promise<'js>,
    finish: &mut Option<impl FnOnce(&Ctx<'js>, Value<'js>) -> rquickjs::Result<T>>,
) -> rquickjs::Result<T> {
    Engine::of(ctx)?.0.rejections.forget(ctx, promise.as_value());
    match promise.result::<Value<'js>>() {
        Some(value) => take(finish, ctx, value?),
        None => Err(rquickjs::Error::WouldBlock),
    }
}

fn take<'js, T>(
    finish: &mut Option<impl FnOnce(&Ctx<'js>, Value<'js>) -> rquickjs::Result<T>>,
    ctx: &Ctx<'js>,
    value: Value<'js>,
) -> rquickjs::Result<T> {
    match finish.take() {
        Some(finish) => finish(ctx, value),
        None => Err(rquickjs::Error::Unknown),
    }
}

/// Whichever call settles the promise, this hears of it.
fn when_settled<'js>(ctx: &Ctx<'js>, promise: &Promise<'js>) -> rquickjs::Result<oneshot::Receiver<()>> {
    let (tell, settled) = oneshot::channel();
    let tell = Rc::new(RefCell::new(Some(tell)));
    let note = move || {
        if let Some(tell) = tell.borrow_mut().take() {
            let _ = tell.send(());
        }
    };
    let note = Function::new(ctx.clone(), note)?;
    let then = promise.then()?;
    then.call::<_, Value<'js>>((rquickjs::prelude::This(promise.clone()), note.clone(), note))?;
    Ok(settled)
}

/// Waits until a call is stopped.
async fn stopped(task: &Task) -> Stopped {
    loop {
        let changed = task.changed();
        if let Some(why) = task.stopped() {
            return why;
        }
        changed.await;
    }
}
