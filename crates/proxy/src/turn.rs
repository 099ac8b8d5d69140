//! Who has something to write lets the others of a busy thread read first.
//!
//! A busy thread finds many sockets ready at a time. If each is served to its end before the next, the processor goes
//! through the code of reading, deciding and sending once for each of them, and holds none of it; and a peer that
//! sleeps is woken for one message, and sleeps again before the next is sent. If whoever is about to send goes to the
//! end of the queue instead, everything is read first, and then everything is sent. (To group requests by stage so is
//! known as cohort scheduling: Larus and Parkes, USENIX 2002.) Where nobody waits there is nothing to gain: a thread
//! that has little to do sends at once.

use std::cell::Cell;
use std::task::{Context, Poll};

/// From so many messages at a time on, a thread is busy.
const MANY: u32 = 4;

thread_local! {
    static ROUND: Round = const { Round { last: Cell::new(0), now: Cell::new(0) } };
}

/// What a thread had to send between two moments at which it had nothing to do.
struct Round {
    last: Cell<u32>,
    now: Cell<u32>,
}

/// The thread has nothing to do: to be called by its runtime, whenever that is so.
pub fn thread_rests() {
    ROUND.with(|round| round.last.set(round.now.take()));
}

/// Somebody's turn to send a message.
#[derive(Debug)]
pub(crate) struct Turn {
    waits: bool,
}

impl Turn {
    /// For a message that is ready now.
    pub(crate) fn of_message() -> Self {
        let waits = ROUND.with(|round| {
            let now = round.now.get().saturating_add(1);
            round.now.set(now);
            // A thread that never rests counts on.
            round.last.get().max(now) >= MANY
        });
        Self { waits }
    }

    /// At once, whoever else there is.
    pub(crate) fn at_once() -> Self {
        Self { waits: false }
    }

    /// Ready when it has come: now, or behind all whom the thread knows to have something to do.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::take(&mut self.waits) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::*;

    /// What `count` tasks of one thread do, each of which reads and then sends, in its order.
    async fn order_of(count: usize) -> String {
        let done = Arc::new(Mutex::new(String::new()));
        let tasks = tokio::task::LocalSet::new();
        for _ in 0..count {
            let done = Arc::clone(&done);
            tasks.spawn_local(async move {
                done.lock().push('r');
                let mut turn = Turn::of_message();
                poll_fn(|cx| turn.poll(cx)).await;
                done.lock().push('s');
            });
        }
        tasks.await;
        let done = done.lock();
        done.clone()
    }

    #[tokio::test]
    async fn a_busy_thread_reads_everything_before_it_sends_anything_and_another_sends_at_once() {
        thread_rests();
        thread_rests();
        assert_eq!(order_of(2).await, "rsrs");
        // As many as now came the last time.
        thread_rests();
        assert_eq!(order_of(6).await, "rsrsrsrrrsss", "from the fourth on it is busy");
        thread_rests();
        assert_eq!(order_of(6).await, "rrrrrrssssss");
        thread_rests();
        thread_rests();
        assert_eq!(order_of(1).await, "rs");
    }

    #[tokio::test]
    async fn what_must_not_wait_does_not() {
        thread_rests();
        for _ in 0..10 {
            let _ = Turn::of_message();
        }
        let mut turn = Turn::at_once();
        assert!(poll_fn(|cx| Poll::Ready(turn.poll(cx))).await.is_ready());
    }
}
