//! The timers of an engine, and who waits for them.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::time::Duration;

use rquickjs::{Function, Persistent};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::webapi::events::report;
use crate::{Engine, Task, Thrown};

/// Which call a timer belongs to, and whether the call has to wait for it. Compared and nothing else: the
/// call itself is kept by its [`Keeper`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Call {
    task: usize,
    pub(super) idle: bool,
}

impl Call {
    pub(super) fn of(task: &Rc<Task>, idle: bool) -> Self {
        Self { task: Rc::as_ptr(task).addr(), idle }
    }
}

/// What is called, and whether again and again.
pub(super) struct Timer {
    pub(super) call: Call,
    pub(super) callback: Persistent<Function<'static>>,
    pub(super) due: Instant,
    pub(super) repeats: Option<Duration>,
}

/// Every timer of an engine that is set.
#[derive(Default)]
pub(super) struct Timers(RefCell<Inner>);

#[derive(Default)]
struct Inner {
    last: u32,
    set: HashMap<u32, Timer>,
    queues: HashMap<Call, Queue>,
}

/// The timers of one call, in the order in which they ring.
#[derive(Default)]
struct Queue {
    due: BTreeSet<(Instant, u32)>,
    changed: Rc<Notify>,
}

impl Timers {
    /// How many timers a call has.
    pub(super) fn count(&self, call: Call) -> usize {
        self.0.borrow().queues.get(&call).map_or(0, |queue| queue.due.len())
    }

    /// Sets a timer. Says its id, and whether nobody keeps the timers of its call so far.
    pub(super) fn add(&self, timer: Timer) -> (u32, bool) {
        let mut inner = self.0.borrow_mut();
        loop {
            inner.last = inner.last.checked_add(1).unwrap_or(1);
            if !inner.set.contains_key(&inner.last) {
                break;
            }
        }
        let id = inner.last;
        let first = !inner.queues.contains_key(&timer.call);
        let queue = inner.queues.entry(timer.call).or_default();
        queue.due.insert((timer.due, id));
        queue.changed.notify_one();
        inner.set.insert(id, timer);
        (id, first)
    }

    /// Unsets a timer, whoever set it. What is no id is no mistake.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what is no id finds nothing")]
    pub(super) fn clear(&self, id: f64) {
        let key = id as u32;
        if f64::from(key) != id {
            return;
        }
        let mut inner = self.0.borrow_mut();
        let Some(timer) = inner.set.remove(&key) else { return };
        if let Some(queue) = inner.queues.get_mut(&timer.call) {
            queue.due.remove(&(timer.due, key));
            queue.changed.notify_one();
        }
    }

    /// The first timer of a call, where it is due; or when it will be.
    fn due(&self, call: Call, now: Instant) -> Due {
        let mut inner = self.0.borrow_mut();
        let Some(queue) = inner.queues.get_mut(&call) else { return Due::Never };
        match queue.due.first().copied() {
            None => Due::Never,
            Some((at, _)) if at > now => Due::At(at, Rc::clone(&queue.changed)),
            Some((at, id)) => {
                queue.due.remove(&(at, id));
                Due::Now(id)
            }
        }
    }

    /// What a timer calls. One that repeats stays set.
    fn callback(&self, id: u32) -> Option<Persistent<Function<'static>>> {
        let mut inner = self.0.borrow_mut();
        match inner.set.get(&id) {
            Some(timer) if timer.repeats.is_some() => Some(timer.callback.clone()),
            _ => inner.set.remove(&id).map(|timer| timer.callback),
        }
    }

    /// A timer that repeats, and that its own callback has not unset, will ring again.
    fn again(&self, id: u32, now: Instant) {
        let inner = &mut *self.0.borrow_mut();
        let Some(timer) = inner.set.get_mut(&id) else { return };
        if let (Some(period), Some(queue)) = (timer.repeats, inner.queues.get_mut(&timer.call)) {
            timer.due = now + period;
            queue.due.insert((timer.due, id));
        }
    }

    /// Unsets all timers of a call.
    fn forget(&self, call: Call) {
        let mut inner = self.0.borrow_mut();
        for (_, id) in inner.queues.remove(&call).unwrap_or_default().due {
            inner.set.remove(&id);
        }
    }
}

enum Due {
    Now(u32),
    At(Instant, Rc<Notify>),
    Never,
}

/// Keeps the timers of one call until there are none, or until the call is over.
pub(super) struct Keeper {
    call: Call,
    timers: Rc<Timers>,
    engine: Engine,
    task: Rc<Task>,
}

impl Keeper {
    pub(super) fn new(call: Call, timers: &Rc<Timers>, engine: &Engine, task: &Rc<Task>) -> Self {
        Self { call, timers: Rc::clone(timers), engine: engine.clone(), task: Rc::clone(task) }
    }

    pub(super) async fn keep(self) {
        loop {
            match self.timers.due(self.call, Instant::now()) {
                Due::Never => break,
                Due::At(at, changed) => {
                    // A cleared timer, or a new one, may change what there is to wait for.
                    let _ = tokio::time::timeout_at(at, changed.notified()).await;
                }
                Due::Now(id) => {
                    self.ring(id);
                    // An interval that is always late would keep everybody else out.
                    tokio::task::yield_now().await;
                }
            }
        }
        self.task.touch();
    }

    fn ring(&self, id: u32) {
        let Some(callback) = self.timers.callback(id) else { return };
        // An error here means that the call was stopped: then this ends as well.
        let _ = self.engine.enter(&self.task, |ctx| {
            let called = callback.restore(ctx).and_then(|callback| callback.call::<_, ()>(()));
            if let Err(error) = called {
                let thrown = Thrown::catch(ctx, error);
                report(&self.engine, &self.task, "the callback of a timer threw", &thrown);
            }
        });
        self.timers.again(id, Instant::now());
    }
}

impl Drop for Keeper {
    /// The callbacks have to go before the engine does.
    fn drop(&mut self) {
        self.timers.forget(self.call);
    }
}
