//! A timer for deadlines that are moved far more often than they are reached.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep, sleep_until};

/// The moment `wait` after `since`. A wait that is longer than any clock can tell, which settings
/// may well ask for, becomes a very long one.
pub(crate) fn after(since: Instant, wait: Duration) -> Instant {
    const AGES: Duration = Duration::from_secs(30 * 365 * 86_400);
    since.checked_add(wait).unwrap_or(since + AGES)
}

/// One timer for a whole connection. Setting a later deadline costs nothing: the timer keeps the
/// earlier one, and when that passes it is set anew. So a connection that is busy touches the
/// runtime's timers once per timeout, not once per request.
#[derive(Debug, Default)]
pub(crate) struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    /// Ready once `deadline` has passed.
    pub(crate) fn poll_until(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() > deadline || sleep.is_elapsed() {
            sleep.as_mut().reset(deadline);
        }
        loop {
            ready!(sleep.as_mut().poll(cx));
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(deadline);
        }
    }

    /// Makes sure that the task is polled again within `period`, for a deadline that cannot be
    /// known yet.
    pub(crate) fn tick(&mut self, period: Duration, cx: &mut Context<'_>) {
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep(period)));
        while sleep.as_mut().poll(cx).is_ready() {
            sleep.as_mut().reset(after(Instant::now(), period));
        }
    }
}
