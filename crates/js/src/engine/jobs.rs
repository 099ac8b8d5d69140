//! Running the jobs of promises, and noticing those that were lost because the heap is full.
//!
//! What the code of a job throws rejects a promise; but where there is no memory to do so, the job, or the one
//! that should have followed, is gone. Whoever waits for the promise would wait for ever.

use std::cell::Cell;
use std::ffi::c_int;

use rquickjs::{Ctx, qjs};

use super::{Engine, Stopped};
use crate::Thrown;

/// Memory for looking at what was thrown because there is none.
const ROOM: usize = 256 << 10;

impl Engine {
    /// Runs jobs until there are none, or until the time is up: a job that makes another is as
    /// good as a loop.
    pub(crate) fn drain(&self, ctx: &Ctx<'_>) {
        let mut jobs = 0_u32;
        self.end_turn(ctx);
        loop {
            self.0.turns.next();
            if !execute(ctx) {
                break;
            }
            if !BOUNDARY.take() {
                self.end_turn(ctx);
            }
            jobs = jobs.wrapping_add(1);
            // Short jobs may never be interrupted themselves.
            if self.0.watch.rang() || (jobs.is_multiple_of(256) && self.0.watch.asks_to_stop()) {
                break;
            }
        }
        // What comes now is no job that could follow the last one.
        self.0.turns.next();
    }

    /// Nothing more comes of the code of this turn.
    fn end_turn(&self, ctx: &Ctx<'_>) {
        if self.0.turns.followed() {
            set_boundary(ctx);
        }
        self.notice_lost_jobs(ctx);
    }

    /// Stops the call that runs where an exception is left of which no code was told.
    fn notice_lost_jobs(&self, ctx: &Ctx<'_>) {
        if !ctx.has_exception() {
            return;
        }
        let left = ctx.catch();
        // The engine throws null where there is no memory for an error either.
        if left.is_null() || Stopped::told_by(&Thrown::of(&left)) == Some(Stopped::Memory) {
            self.stop_current(Stopped::Memory);
        }
    }

    /// Stops the call that runs where what was thrown says that the heap is full, and nobody catches it.
    pub(crate) fn notice_full_heap(&self, thrown: &Thrown) {
        if self.broken_by(thrown) == Some(Stopped::Memory) {
            self.stop_current(Stopped::Memory);
        }
    }

    /// The limit that was broken, where what was thrown says so.
    pub(super) fn broken_by(&self, thrown: &Thrown) -> Option<Stopped> {
        // The engine throws null where there is no memory for an error either. So may a script, at any time.
        // And where there is just enough memory for an error, there may be none for what it says.
        let odd = *thrown == Thrown::null() || thrown.name == "InternalError";
        let full = odd && self.0.memory.was_full();
        Stopped::told_by(thrown).or_else(|| full.then_some(Stopped::Memory))
    }

    fn stop_current(&self, why: Stopped) {
        if let Ok(task) = self.current() {
            self.stop(&task, why);
        }
    }
}

thread_local! {
    /// The job that ran was a boundary.
    static BOUNDARY: Cell<bool> = const { Cell::new(false) };
}

/// Puts a job that does nothing behind those that a turn set going, where there are any: what the last of them
/// leaves for the job after it never gets to a job that another turn set going.
#[expect(unsafe_code, reason = "rquickjs has no jobs of the host's own")]
fn set_boundary(ctx: &Ctx<'_>) {
    extern "C" fn boundary(_: *mut qjs::JSContext, _: c_int, _: *mut qjs::JSValue) -> qjs::JSValue {
        BOUNDARY.set(true);
        qjs::JS_UNDEFINED
    }
    let raw = ctx.as_raw().as_ptr();
    // SAFETY: the context is alive and entered, and so is its runtime. The job is without arguments and reads none.
    // Where there is no memory for it, that is the exception that is left in the context.
    unsafe {
        if qjs::JS_IsJobPending(qjs::JS_GetRuntime(raw)) {
            qjs::JS_EnqueueJob(raw, Some(boundary), 0, std::ptr::null_mut());
        }
    }
}

/// Runs the first job, where there is one. What it could tell nobody is left in the context.
#[expect(unsafe_code, reason = "rquickjs drops what a job leaves")]
fn execute(ctx: &Ctx<'_>) -> bool {
    let mut ran_in = std::ptr::null_mut();
    // SAFETY: the context is alive and entered, and so is its runtime. The engine has no other context: the
    // one that the job ran in, which is written here, is this one.
    let ran = unsafe { qjs::JS_ExecutePendingJob(qjs::JS_GetRuntime(ctx.as_raw().as_ptr()), &raw mut ran_in) };
    ran != 0
}

/// Does something that needs a little memory, whether the heap is full or not.
pub(crate) fn with_room<R>(ctx: &Ctx<'_>, run: impl FnOnce() -> R) -> R {
    let Ok(engine) = Engine::of(ctx) else { return run() };
    let limit = engine.limits().memory;
    engine.0.memory.limit_to(limit.saturating_add(ROOM));
    let result = run();
    engine.0.memory.limit_to(limit);
    result
}
