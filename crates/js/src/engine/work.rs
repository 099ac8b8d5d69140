//! What the host does for a script: a future on this side, a promise on the other.

use std::future::Future;
use std::rc::Rc;

use rquickjs::{Ctx, Function, Persistent, Promise, Value};

use super::{Engine, Task};
use crate::{Failure, Thrown};

/// Turns what host work brought into a value, once JavaScript has been entered again.
pub type Settle<T> = Box<dyn for<'js> FnOnce(&Ctx<'js>, T) -> rquickjs::Result<Value<'js>>>;

/// What is kept while the host works. Where the work is given up, this may be the last that holds the
/// engine, which has to go after its values: fields are dropped in this order.
struct Waiting<S> {
    settle: S,
    resolve: Persistent<Function<'static>>,
    reject: Persistent<Function<'static>>,
    owner: Rc<Task>,
    engine: Engine,
}

/// Gives a script a promise for what a future brings. The future belongs to the call whose code asks
/// for it, and ends with it. It holds no value of the engine: what it brings becomes one in `settle`, which
/// may hold some.
///
/// # Errors
/// Where the call has too much under way, or was stopped: thrown into the script.
pub fn promise<'js, T: 'static>(
    ctx: &Ctx<'js>,
    work: impl Future<Output = Result<T, Failure>> + 'static,
    settle: impl for<'a> FnOnce(&Ctx<'a>, T) -> rquickjs::Result<Value<'a>> + 'static,
) -> rquickjs::Result<Promise<'js>> {
    let engine = Engine::of(ctx)?;
    let task = engine.current()?;
    let (promise, resolve, reject) = ctx.promise()?;
    let (resolve, reject) = (Persistent::save(ctx, resolve), Persistent::save(ctx, reject));
    let waiting = Waiting { settle, resolve, reject, owner: Rc::clone(&task), engine };
    let spawned = task.spawn(async move {
        let waiting = waiting;
        let outcome = work.await;
        let Waiting { settle, resolve, reject, owner, engine } = waiting;
        // An error here has nobody left to go to: the call was stopped, and its caller told.
        let _ = engine.enter(&owner, |ctx| {
            let value = match outcome {
                Ok(value) => settle(ctx, value).map_err(|error| match error {
                    rquickjs::Error::Exception => ctx.catch(),
                    error => Failure::error(error.to_string())
                        .value(ctx)
                        .unwrap_or_else(|_| Value::new_undefined(ctx.clone())),
                }),
                Err(failure) => Err(failure.value(ctx).unwrap_or_else(|_| Value::new_undefined(ctx.clone()))),
            };
            let told = match value {
                Ok(value) => resolve.restore(ctx).and_then(|resolve| resolve.call::<_, ()>((value,))),
                Err(reason) => reject.restore(ctx).and_then(|reject| reject.call::<_, ()>((reason,))),
            };
            if let Err(error) = told {
                engine.notice_full_heap(&Thrown::catch(ctx, error));
            }
        });
        owner.touch();
    });
    match spawned {
        Ok(_) => Ok(promise),
        Err(failure) => Err(failure.throw(ctx)),
    }
}
