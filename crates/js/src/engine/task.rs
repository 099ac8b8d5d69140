//! One call, from its start until the last of its background work is done: its budget, and the
//! work that the host does for it.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tollgate_core::BoxError;

use super::limits::Stopped;
use super::progress::{Progress, Streams};
use crate::{Failure, Thrown};

/// One call. Its code, and all that this code set going, is charged to it.
pub struct Task {
    cpu: Cell<Duration>,
    answered: Cell<bool>,
    stopped: Cell<Option<Stopped>>,
    most_work: usize,
    /// Instead of the engine's limit of processor time, until it is answered.
    allowance: Option<Duration>,
    work: RefCell<Vec<AbortHandle>>,
    /// Work that nobody waits for.
    idle: RefCell<Vec<AbortHandle>>,
    changed: Notify,
    /// The streams that it answers with.
    streams: RefCell<Vec<Rc<Progress>>>,
    /// What its code was told of the body of the client's request, and why.
    unread: RefCell<Option<(String, BoxError)>>,
    /// What the engine's user wants to find again when host code runs for this call.
    data: Box<dyn Any>,
}

impl Task {
    pub(super) fn new(most_work: usize, allowance: Option<Duration>, data: Box<dyn Any>) -> Rc<Self> {
        Rc::new(Self {
            cpu: Cell::new(Duration::ZERO),
            answered: Cell::new(false),
            stopped: Cell::new(None),
            most_work,
            allowance,
            work: RefCell::default(),
            idle: RefCell::default(),
            changed: Notify::new(),
            streams: RefCell::default(),
            unread: RefCell::default(),
            data,
        })
    }

    /// What the task was made with.
    pub fn data<T: 'static>(&self) -> Option<&T> {
        self.data.downcast_ref()
    }

    /// The processor time it has used.
    pub fn cpu(&self) -> Duration {
        self.cpu.get()
    }

    /// How much processor time its next entry may take.
    pub(super) fn budget(&self, limit: Duration) -> Duration {
        if self.answered.get() { limit } else { self.allowance.unwrap_or(limit).saturating_sub(self.cpu.get()) }
    }

    pub(super) fn charge(&self, used: Duration) {
        self.cpu.set(self.cpu.get() + used);
    }

    /// Notes that its caller has the answer: what still runs is background work.
    pub fn answered(&self) {
        self.answered.set(true);
    }

    /// Why it was stopped, where it was.
    pub fn stopped(&self) -> Option<Stopped> {
        self.stopped.get()
    }

    /// Stops it: the work of the host ends, and its code is not entered again.
    pub fn stop(&self, why: Stopped) {
        if self.stopped.get().is_none() {
            self.stopped.set(Some(why));
        }
        self.abort();
    }

    /// Ends all that the host does for it.
    pub fn abort(&self) {
        for work in self.work.take().into_iter().chain(self.idle.take()) {
            work.abort();
        }
        self.changed.notify_waiters();
    }

    /// Notes why the body of the client's request cannot be read, and what its code is told of it.
    pub(crate) fn note_unread(&self, told: String, why: BoxError) {
        *self.unread.borrow_mut() = Some((told, why));
    }

    /// Why the body of the client's request cannot be read, where that is what its code threw.
    pub fn unread(&self, thrown: &Thrown) -> Option<BoxError> {
        self.unread.borrow_mut().take_if(|(told, _)| *told == thrown.message).map(|(_, why)| why)
    }

    /// It answers with a stream.
    pub(crate) fn streams(&self, progress: &Rc<Progress>) {
        self.streams.borrow_mut().push(Rc::clone(progress));
    }

    /// What has become of the streams that it answers with.
    pub fn streamed(&self) -> Streams {
        Streams::of(&self.streams.borrow())
    }

    /// Waits until something has happened: a piece of the host's work ended, or it was stopped.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Says that something has happened.
    pub(crate) fn touch(&self) {
        self.changed.notify_waiters();
    }

    /// Whether the host still does something for it.
    pub fn is_busy(&self) -> bool {
        self.work.borrow_mut().retain(|work| !work.is_finished());
        !self.work.borrow().is_empty()
    }

    /// Does something for it on this thread. The engine's thread must be inside of a
    /// [`tokio::task::LocalSet`].
    ///
    /// # Errors
    /// Where it has too much under way already, or was stopped.
    pub fn spawn(&self, future: impl Future<Output = ()> + 'static) -> Result<AbortHandle, Failure> {
        self.start(&self.work, future)
    }

    /// Does something that ends with the call, and that does not make it busy: a time limit that may never
    /// be reached.
    ///
    /// # Errors
    /// As [`spawn`](Self::spawn).
    pub fn spawn_idle(&self, future: impl Future<Output = ()> + 'static) -> Result<AbortHandle, Failure> {
        self.start(&self.idle, future)
    }

    fn start(
        &self,
        work: &RefCell<Vec<AbortHandle>>,
        future: impl Future<Output = ()> + 'static,
    ) -> Result<AbortHandle, Failure> {
        if let Some(why) = self.stopped.get() {
            return Err(Failure::error(format!("the call was stopped: {why}")));
        }
        let mut work = work.borrow_mut();
        if work.len() >= self.most_work.min(64) {
            work.retain(|work| !work.is_finished());
        }
        if work.len() >= self.most_work {
            let message = format!("more than {} requests and timers under way", self.most_work);
            return Err(Failure::range_error(message));
        }
        let handle = tokio::task::spawn_local(future).abort_handle();
        work.push(handle.clone());
        Ok(handle)
    }
}

impl std::fmt::Debug for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Task").field("cpu", &self.cpu).field("stopped", &self.stopped).finish_non_exhaustive()
    }
}
