//! Replies that wait until the thread has run the calls that came with theirs, or one of these takes its time.

use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::message::{Replies, Reply, Word, Words};
use crate::pool::Outside;

/// As many replies as are sent at once, at most.
const MOST: usize = 32;

/// The replies of one thread.
pub(crate) struct Outbox {
    waiting: RefCell<Replies>,
    outside: Arc<Outside>,
}

impl Outbox {
    pub(crate) fn new(outside: Arc<Outside>) -> Self {
        Self { waiting: RefCell::default(), outside }
    }

    /// Puts a reply in. It goes out with the next [`Outbox::flush`], or when there are many.
    pub(crate) fn put(&self, to: Words, reply: Reply) {
        let mut waiting = self.waiting.borrow_mut();
        waiting.push((to, Box::new(reply)));
        if waiting.len() >= MOST {
            self.send(std::mem::take(&mut *waiting));
        }
    }

    /// Makes it the one that [`flush_here`] flushes.
    pub(crate) fn attach(self: &Rc<Self>) {
        HERE.set(Rc::downgrade(self));
    }

    /// Sends what waits.
    pub(crate) fn flush(&self) {
        let waiting = self.waiting.take();
        if !waiting.is_empty() {
            self.send(waiting);
        }
    }

    fn send(&self, replies: Replies) {
        let unsent = match self.outside.replies.get() {
            // One by itself has nobody to wait for.
            Some(pump) if replies.len() > 1 => pump.send(replies).map_or_else(|error| error.0, |()| Vec::new()),
            _ => replies,
        };
        hand_out(unsent);
    }
}

thread_local! {
    /// The outbox of this thread.
    static HERE: RefCell<Weak<Outbox>> = RefCell::default();
}

/// Sends what waits on this thread: a call that computes must not hold up the replies of those before it.
pub(crate) fn flush_here() {
    if let Some(outbox) = HERE.with_borrow(Weak::upgrade) {
        outbox.flush();
    }
}

/// Hands replies to those who wait for them.
pub(crate) fn hand_out(replies: Replies) {
    for (to, reply) in replies {
        // Whoever asked may have gone.
        let _ = to.send(Word::Reply(reply));
    }
}

/// Hands out on the gateway's workers what threads send: there it wakes nobody from outside.
pub(crate) async fn pump(mut replies: mpsc::UnboundedReceiver<Replies>) {
    while let Some(batch) = replies.recv().await {
        hand_out(batch);
    }
}
