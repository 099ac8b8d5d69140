//! One QuickJS runtime on one thread. Calls interleave at their `await`s; each entry into
//! JavaScript has a budget, and ends with no job left to run.

mod call;
mod jobs;
mod limits;
mod memory;
mod progress;
mod rejections;
mod task;
mod turns;
mod work;

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::{Rc, Weak};
use std::time::Duration;

use rquickjs::{Context, Ctx, JsLifetime, Runtime};

pub use call::CallError;
pub(crate) use jobs::with_room;
pub use limits::{Limits, Stopped};
pub(crate) use progress::Progress;
pub use progress::Streams;
pub use task::Task;
pub use work::{Settle, promise};

use crate::host::Host;
use crate::library::{Area, Library, Modules};
use limits::{Watch, begin_lap, lap};
use memory::{Heap, Memory};
use rejections::Rejections;
use turns::Turns;

/// One QuickJS runtime. Clones share it; it goes when the last call and the last handle have gone.
#[derive(Clone)]
pub struct Engine(Rc<Inner>);

struct Inner {
    // What belongs to the context has to go before it: fields are dropped in this order.
    rejections: Rc<Rejections>,
    library: Library,
    context: Context,
    runtime: Runtime,
    limits: Limits,
    memory: Rc<Memory>,
    watch: Rc<Watch>,
    turns: Rc<Turns>,
    current: RefCell<Option<Rc<Task>>>,
    broken: Cell<bool>,
    host: Rc<dyn Host>,
}

/// How host functions find the engine that they run in.
#[derive(JsLifetime)]
struct EngineOf(#[qjs(skip)] Weak<Inner>);

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
#[error("the JavaScript engine cannot be started: {0}")]
pub struct EngineError(pub String);

impl Engine {
    /// Makes an engine with the Web's globals and these modules. `areas` are added to those of
    /// [`crate::webapi::ALL`].
    ///
    /// # Errors
    /// Where there is no memory for it, or an area cannot be installed.
    pub fn new(
        limits: Limits,
        host: Rc<dyn Host>,
        modules: Rc<dyn Modules>,
        areas: &'static [&'static Area],
    ) -> Result<Self, EngineError> {
        let failed = |error: rquickjs::Error| EngineError(error.to_string());
        let memory = Memory::new(limits.memory);
        let runtime = Runtime::new_with_alloc(Heap(Rc::clone(&memory))).map_err(failed)?;
        runtime.set_max_stack_size(limits.stack);
        // What loading makes is there to stay: to look through it for garbage is in vain.
        runtime.set_gc_threshold(1 << 20);
        let watch = Rc::new(Watch::default());
        watch.set(Duration::MAX);
        let (asked, told) = (Rc::clone(&watch), Rc::clone(&host));
        runtime.set_interrupt_handler(Some(Box::new(move || {
            told.while_busy();
            asked.asks_to_stop()
        })));
        let rejections = Rc::new(Rejections::default());
        let noted = Rc::clone(&rejections);
        runtime.set_host_promise_rejection_tracker(Some(Box::new(move |ctx, promise, reason, handled| {
            noted.note(&ctx, promise, &reason, handled);
        })));
        let library = Library::new(areas);
        runtime.set_loader(library.resolver(Rc::clone(&modules)), library.loader(modules));
        let context = Context::full(&runtime).map_err(failed)?;
        let engine = Self(Rc::new(Inner {
            rejections,
            library,
            context,
            runtime,
            limits,
            memory,
            watch,
            turns: Rc::default(),
            current: RefCell::default(),
            broken: Cell::new(false),
            host,
        }));
        let reference = EngineOf(Rc::downgrade(&engine.0));
        engine.0.context.with(|ctx| {
            drop(ctx.store_userdata(reference));
            let installed = engine.0.library.install(&ctx);
            installed.map_err(|error| EngineError(crate::Thrown::catch(&ctx, error).to_string()))
        })?;
        Ok(engine)
    }

    /// The engine that a context belongs to.
    ///
    /// # Errors
    /// Where it is going away at this moment.
    pub fn of(ctx: &Ctx<'_>) -> rquickjs::Result<Self> {
        let found = ctx.userdata::<EngineOf>().and_then(|reference| reference.0.upgrade());
        found.map(Self).ok_or(rquickjs::Error::Unknown)
    }

    /// A new call. `data` is what host code finds in [`Task::data`].
    pub fn task(&self, data: impl Any) -> Rc<Task> {
        Task::new(self.0.limits.work, None, Box::new(data))
    }

    /// A new call that may use more, or less, processor time than the engine's limits say.
    pub fn task_allowing(&self, data: impl Any, cpu: Duration) -> Rc<Task> {
        Task::new(self.0.limits.work, Some(cpu), Box::new(data))
    }

    /// The call whose code runs at this moment.
    ///
    /// # Errors
    /// Where none does.
    pub fn current(&self) -> rquickjs::Result<Rc<Task>> {
        self.0.current.borrow().clone().ok_or(rquickjs::Error::Unknown)
    }

    /// The turns of its code.
    pub(crate) fn turns(&self) -> &Rc<Turns> {
        &self.0.turns
    }

    /// The world outside.
    pub fn host(&self) -> &Rc<dyn Host> {
        &self.0.host
    }

    /// The limits of its calls.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Whether a limit was broken in it: calls that run may end on it, new ones want another.
    pub fn is_broken(&self) -> bool {
        self.0.broken.get()
    }

    /// The module of an area, loaded when it is first asked for.
    ///
    /// # Errors
    /// Where there is no such area, or it cannot be loaded.
    pub fn library<'js>(&self, ctx: &Ctx<'js>, name: &str) -> rquickjs::Result<rquickjs::Object<'js>> {
        self.0.library.require(ctx, name)
    }

    /// Enters JavaScript on behalf of a call, and leaves it with no job left. `None` where the call
    /// was stopped before, or was stopped now.
    pub fn enter<R>(&self, task: &Rc<Task>, run: impl FnOnce(&Ctx<'_>) -> R) -> Result<R, Stopped> {
        if let Some(why) = task.stopped() {
            return Err(why);
        }
        let inner = &*self.0;
        let outer = inner.current.replace(Some(Rc::clone(task)));
        if let Some(outer) = &outer {
            outer.charge(lap());
        }
        let before = inner.watch.set(begin_lap().saturating_add(task.budget(inner.limits.cpu)));
        if inner.turns.enter() {
            inner.runtime.set_promise_hook(Some(Box::new(|ctx, kind, promise, _| Turns::tell(&ctx, kind, promise))));
        }
        let result = inner.context.with(|ctx| {
            let result = run(&ctx);
            self.drain(&ctx);
            inner.rejections.tell(|thrown, what| {
                self.notice_full_heap(thrown);
                inner.host.unhandled(task, what);
            });
            result
        });
        task.charge(lap());
        inner.current.replace(outer);
        if inner.watch.rang() {
            self.stop(task, Stopped::Cpu);
        }
        inner.watch.set(before);
        match task.stopped() {
            Some(why) => Err(why),
            None => Ok(result),
        }
    }

    /// Stops a call for good. What it left in the engine may be half done, so that the engine takes no
    /// more calls.
    pub fn stop(&self, task: &Task, why: Stopped) {
        if why != Stopped::Wall {
            self.0.broken.set(true);
        }
        task.stop(why);
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("limits", &self.0.limits).field("broken", &self.0.broken).finish_non_exhaustive()
    }
}
