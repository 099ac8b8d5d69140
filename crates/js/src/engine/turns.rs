//! Which turn it is, and what becomes of promises: what an area needs that follows the code of a script
//! from where it waits to where it goes on.
//!
//! A turn is one job, or the part of an entry that comes before its first job. No two turns of an engine
//! have the same number. Within an entry they count on one by one; between entries there is a gap. Where somebody
//! follows, a turn that does nothing comes between the jobs that one turn has set going and those of the next.

use std::cell::Cell;

use rquickjs::promise::PromiseHookType;
use rquickjs::{Ctx, Function, JsLifetime, Persistent, Value};

/// A function of a script, kept by the host.
type Callback = Persistent<Function<'static>>;

/// The number of the turn, and whether somebody follows.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    now: Cell<u64>,
    followed: Cell<bool>,
    /// Somebody follows who is not told of promises yet.
    wants_promises: Cell<bool>,
}

/// Who follows.
#[derive(Clone, JsLifetime)]
struct Follower<'js> {
    told: Function<'js>,
    bind: Function<'js>,
}

impl Turns {
    /// The number of this turn.
    pub(crate) fn now(&self) -> u64 {
        self.now.get()
    }

    /// Whether somebody follows.
    pub(super) fn followed(&self) -> bool {
        self.followed.get()
    }

    /// The next job begins.
    pub(super) fn next(&self) {
        self.now.set(self.now.get() + 1);
    }

    /// JavaScript is entered. Says whether promises are to be told of from now on.
    pub(super) fn enter(&self) -> bool {
        self.now.set(self.now.get() + 2);
        self.wants_promises.take()
    }

    /// From the next entry on, `told` is called with what happens to a promise, and with that promise: 0
    /// where it was made, 1 where it was fulfilled, 2 before the `then` of what it was resolved with is
    /// called. It must not make promises itself. `bind` gives for a function one that goes on where the
    /// code of this moment leaves off; it is asked at once.
    pub(crate) fn follow<'js>(&self, ctx: &Ctx<'js>, told: Function<'js>, bind: Function<'js>) {
        drop(ctx.store_userdata(Follower { told, bind }));
        self.followed.set(true);
        self.wants_promises.set(true);
    }

    /// A function that the host will call in a later turn, for code that runs in this one.
    ///
    /// # Errors
    /// Where the engine has no memory for it.
    pub(crate) fn bind(&self, ctx: &Ctx<'_>, function: Callback) -> rquickjs::Result<Callback> {
        if !self.followed.get() {
            return Ok(function);
        }
        let Some(follower) = follower(ctx) else { return Ok(function) };
        let bound: Function<'_> = follower.bind.call((function.restore(ctx)?,))?;
        Ok(Persistent::save(ctx, bound))
    }

    /// Something happens to a promise.
    pub(super) fn tell<'js>(ctx: &Ctx<'js>, kind: PromiseHookType, promise: Value<'js>) {
        let kind = match kind {
            PromiseHookType::Init => 0,
            PromiseHookType::Resolve => 1,
            PromiseHookType::Before => 2,
            PromiseHookType::After => return,
        };
        let Some(follower) = follower(ctx) else { return };
        if follower.told.call::<_, ()>((kind, promise)).is_err() {
            // It was interrupted, or there is no memory: whoever watches that knows. The code that made
            // the promise must not find an exception that is none of its own.
            drop(ctx.catch());
        }
    }
}

fn follower<'js>(ctx: &Ctx<'js>) -> Option<Follower<'js>> {
    ctx.userdata::<Follower<'js>>().map(|follower| follower.clone())
}
